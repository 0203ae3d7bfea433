/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * wire.h - frames over a socket, for both ends.
 *
 * Blocking; no SIGPIPE.
 */
#ifndef BP_WIRE_H
#define BP_WIRE_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/* Send a frame (its length included), and a descriptor with it unless passed
 * is -1.  0 or CS_SYSTEM. */
int bp_send(int fd, struct cs_span frame, int passed, struct cs_error *err);

/*
 * Receive one frame into in, which is emptied first; its length is left off.
 * *passed becomes the descriptor that came with it, or -1; with passed NULL a
 * descriptor is closed.  CS_SYSTEM, also at the end of the connection;
 * CS_MALFORMED for a length that no frame has; CS_NOMEM.
 */
int bp_receive(int fd, struct cs_buf *in, int *passed, struct cs_error *err);

/* 0 if the process at the other end runs as this one's user. */
int bp_check_peer(int fd, struct cs_error *err);

#endif /* BP_WIRE_H */
