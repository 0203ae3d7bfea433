/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * issuer.h - Kerberos tickets of the gateway's own, for programs that speak
 * Negotiate or Kerberos to it.
 *
 * A ticket is for a service principal in a realm that has no KDC, sealed with a
 * key that this process has made and nobody else has; so it is good here, for
 * one context, for some minutes, and nowhere else (docs/PROTOCOL.tickets.md).
 */
#ifndef GATE_ISSUER_H
#define GATE_ISSUER_H

#include <gssapi/gssapi.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

#define ISSUER_REALM "GSS-WINRM"
#define ISSUER_LIFETIME 120       /* seconds in which it has to be used, once */
/* ... and for which the context is good then: GSSAPI ends it with the ticket,
 * and a client's session may be long. */
#define ISSUER_SESSION (7L * 24 * 60 * 60)
#define ISSUER_MAX 4096           /* tickets that have not been used yet */
#define ISSUER_CRED_MAX 8192      /* bytes of an exported credential */

struct issuer;

int issuer_new(struct issuer **out, struct cs_error *err);
void issuer_free(struct issuer **mint);
/* The key only, at the very end, while others may still be at work. */
void issuer_wipe(struct issuer *mint);

/*
 * A ticket for host, as an exported krb5 credential (of gss_export_cred(),
 * without the mechglue's frame) that has nothing else.  *name becomes the
 * service principal, "HTTP/HOST@REALM", in new memory.  Thread-safe.
 */
int issuer_ticket(struct issuer *mint, const char *host, struct cs_buf *cred,
                  char **name, struct cs_error *err);

/* The serial in "gateway/SERIAL@GSS-WINRM", which is who a ticket is for.
 * Pure; returns 0 or CS_MALFORMED. */
#define ISSUER_SERIAL_LENGTH 16   /* hexadecimal digits */
int issuer_serial(const char *text, size_t len,
                  char serial[ISSUER_SERIAL_LENGTH + 1]);

/* Take the mechglue's frame off an exported credential with one mechanism, and
 * append what is in it.  Pure; returns 0, CS_MALFORMED, or out's error. */
int issuer_unframe(struct cs_span framed, struct cs_buf *out);

/* The acceptor's credential.  Borrowed. */
gss_cred_id_t issuer_acceptor(const struct issuer *mint);

/* May the finished context be for host?  Its ticket is one of ours, was for that
 * host, and was not used before; from now on it has been.  Thread-safe. */
int issuer_redeem(struct issuer *mint, gss_ctx_id_t ctx, const char *host,
                  struct cs_error *err);

#endif /* GATE_ISSUER_H */
