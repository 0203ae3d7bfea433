/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* rundir.h - where a user's sockets are, for both ends of each. */
#ifndef GW_RUNDIR_H
#define GW_RUNDIR_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The directory's name: "RUNTIME/gss-winrm" where runtime, the user's
 * $XDG_RUNTIME_DIR, is an absolute name; else "/tmp/gss-winrm-UID".  Pure.
 * Returns 0, or ENAMETOOLONG when it does not fit into size bytes.
 */
int gw_rundir_of(const char *runtime, uid_t uid, char *buf, size_t size);

/* The same for this process: by its environment (secure_getenv) and its
 * effective user. */
int gw_rundir(char *buf, size_t size);

#endif /* GW_RUNDIR_H */
