/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * runtime.h - the directory of this user's sockets.
 *
 * Its name is that of rundir.h.
 */
#ifndef RT_RUNTIME_H
#define RT_RUNTIME_H

#include <stddef.h>

#include "plugin/bytes/error.h"

/* Is our uid ours alone (uid.h)?  0 or CS_POLICY. */
int rt_check_user(struct cs_error *err);

/* The directory, in new memory.  With create it is made (0700).  Fails with
 * CS_SYSTEM unless it is a directory of ours that nobody else can enter. */
int rt_directory(int create, char **out, struct cs_error *err);

/* "DIRECTORY/NAME" of it, in new memory; fails when it does not fit into a
 * socket's address. */
int rt_socket(int create, const char *name, char **out, struct cs_error *err);

/* Is path (or the directory that it is in) a directory of ours that nobody
 * else can enter, and not a link to one?  0, CS_SYSTEM or CS_POLICY. */
int rt_check(const char *path, struct cs_error *err);
int rt_check_parent(const char *path, struct cs_error *err);

#endif /* RT_RUNTIME_H */
