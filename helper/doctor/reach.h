/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* reach.h - TCP connections within a time limit. */
#ifndef DOC_REACH_H
#define DOC_REACH_H

#include <stdint.h>

/* Milliseconds of a clock that nobody sets. */
long reach_now(void);

/* poll() for events until reach_now() is that.  0, or -1 when it is. */
int reach_wait(int fd, short events, long until);

/*
 * Connect to a port of a host: the first of its addresses that takes it, three
 * seconds for each.  Returns 0 with a socket in *fd, which does not block and
 * is the caller's; or an errno, the last address's.
 */
int reach(const char *host, uint16_t port, int *fd);

#endif /* DOC_REACH_H */
