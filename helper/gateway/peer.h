/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * peer.h - the user of the process at the other end of a local TCP connection
 * (sock_diag(7)).
 */
#ifndef GATE_PEER_H
#define GATE_PEER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "plugin/bytes/error.h"

struct peer;

/* Opens the kernel's interface, which a sandbox may forbid later. */
int peer_new(struct peer **out, struct cs_error *err);
void peer_free(struct peer **peer);

/*
 * The uid that owns the other end of the accepted socket fd, and that socket's
 * inode (either may be NULL).  CS_POLICY when there is none any more, or it is
 * not on this machine.  Thread-safe.
 */
int peer_find(struct peer *peer, int fd, uid_t *uid, unsigned long *inode,
              struct cs_error *err);

#endif /* GATE_PEER_H */
