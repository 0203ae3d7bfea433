/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * loopback.h - TCP sockets on which the gateway listens: on this machine only.
 *
 * A program that starts a gateway for a command opens them and keeps them, so
 * that the port stays reserved when the gateway ends.
 */
#ifndef LB_LOOPBACK_H
#define LB_LOOPBACK_H

#include <stdint.h>

#include "plugin/bytes/error.h"

/*
 * Take a port of an address ("127.0.0.1", "::1"); 0: any.  Nobody can connect
 * before loopback_listen().  *absent: there is no such address on this
 * machine, or no IPv6.  0, CS_USAGE (not of this machine) or CS_SYSTEM.
 */
int loopback_bind(const char *host, uint16_t port, int *fd, int *absent,
                  struct cs_error *err);

/* Only from now on nobody else can take the port: of two who have bound it,
 * one can listen. */
int loopback_listen(int fd, struct cs_error *err);

/* Is this, which somebody has passed to us, such a socket?  Then make it as
 * the others are. */
int loopback_adopt(int fd, struct cs_error *err);

#endif /* LB_LOOPBACK_H */
