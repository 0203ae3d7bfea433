/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * conn.h - a client's connections to winrm_end.c, of the kinds that
 * gateway.py compares.
 *
 * What fails says so with fail() (parts.h), and returns 0 or NULL.  Not safe
 * between threads, except different connections.
 */
#ifndef CONN_H
#define CONN_H

#include <stdint.h>

#include "plugin/bytes/buf.h"

enum conn_kind {
    CONN_CREDSSP,               /* to the server, by this process itself: the
                                 * gateway's own code for HTTP and messages */
    CONN_NEGOTIATE,
    CONN_GATEWAY,               /* plain HTTP, with the gateway as a proxy */
    CONN_PLAIN                  /* plain HTTP, to the server's /plain */
};

/* Strings are borrowed, and stay. */
struct conn_target {
    const char *host;
    uint16_t port;
    const char *gateway;        /* "ADDRESS:PORT" */
    const char *user, *password;        /* for CONN_CREDSSP; Kerberos' tickets
                                         * are those in KRB5CCNAME */
};

struct conn;

/* Once: what connections share. */
int conn_prepare(const struct conn_target *target);

/* CONN_CREDSSP and CONN_NEGOTIATE authenticate now, the others' connections
 * are made by their first request. */
struct conn *conn_open(enum conn_kind kind, const struct conn_target *target);
/* One message there and back, which must be the same. */
int conn_request(struct conn *conn, struct cs_span body);
void conn_close(struct conn **conn);

#endif /* CONN_H */
