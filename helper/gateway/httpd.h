/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * httpd.h - the HTTP/1.1 server for clients, by libmicrohttpd, a thread per
 * connection.
 */
#ifndef GATE_HTTPD_H
#define GATE_HTTPD_H

#include "helper/gateway/issuer.h"
#include "helper/gateway/slots.h"
#include "helper/gateway/session.h"

struct httpd;

/* fixed: the one target of `gss-winrm forward'; or NULL.  All is
 * borrowed. */
int httpd_new(const struct gate *gate, struct issuer *mint,
              struct slots *places, const struct gate_target *fixed,
              struct httpd **out, struct cs_error *err);
/* Serve an accepted connection that has a place, and close it in the end.
 * addr is its peer. */
void httpd_serve(struct httpd *front, int fd, const struct sockaddr *addr,
                 socklen_t len);
/* Ends every connection. */
void httpd_free(struct httpd **front);

#endif /* GATE_HTTPD_H */
