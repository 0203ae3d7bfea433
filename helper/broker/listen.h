/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* listen.h - the broker's socket: one broker for a user. */
#ifndef BD_LISTEN_H
#define BD_LISTEN_H

#include "plugin/bytes/error.h"

struct listener {
    int fd, lock;               /* -1: none */
    char *path;                 /* ours to remove; NULL: systemd's socket */
};

/*
 * The socket that systemd has passed, or a new one at path (NULL: runtime.h's)
 * in the place of a stale one.  CS_SYSTEM, with a text that says so, if a
 * broker already listens there.
 */
int listener_open(const char *path, struct listener *out,
                  struct cs_error *err);
void listener_close(struct listener *listener);

#endif /* BD_LISTEN_H */
