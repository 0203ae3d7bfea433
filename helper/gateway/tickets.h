/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * tickets.h - the Unix sockets at which the plugin asks for tickets
 * (docs/PROTOCOL.tickets.md), served by a thread.
 */
#ifndef GATE_TICKETS_H
#define GATE_TICKETS_H

#include "helper/gateway/stats.h"
#include "helper/gateway/issuer.h"
#include "helper/wsman/target.h"

struct tickets;

/* Make the sockets' directory, and what sockets there need. */
int tickets_new(struct tickets **out, struct cs_error *err);
/* Add the socket for a port that the gateway listens on.  Before the sandbox. */
int tickets_add(struct tickets *tickets, uint16_t port, struct cs_error *err);
/* The directory, which has to be writable to remove the sockets.  Borrowed. */
const char *tickets_directory(const struct tickets *tickets);

/* Serve from now on.  fixed: the one target, or NULL.  All is borrowed. */
int tickets_start(struct tickets *tickets, struct issuer *mint,
                  struct stats *ledger, const struct gate_target *fixed,
                  struct cs_error *err);
/* Remove the sockets. */
void tickets_free(struct tickets **tickets);

/* Take a question apart: a host is asked about, or the status, with which host
 * becomes "".  Pure; CS_MALFORMED. */
int tickets_parse(const void *question, size_t len,
                  char host[GATE_HOST_MAX + 1]);

/* Append the answer that has a ticket: for name, as an exported credential.
 * Pure. */
void tickets_offer(const char *name, struct cs_span cred, struct cs_buf *out);

/* The host that a name stands for: without ".localhost"; fixed's, if there is
 * one.  Borrowed from the arguments, or buf. */
const char *tickets_host(const char *typed, const struct gate_target *fixed,
                         char buf[GATE_HOST_MAX + 1]);

#endif /* GATE_TICKETS_H */
