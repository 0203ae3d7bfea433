/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * accept.h - the client's own authentication, Negotiate or Kerberos with a
 * ticket of the gateway, bound to its connection as in WinRM.
 */
#ifndef GATE_ACCEPT_H
#define GATE_ACCEPT_H

#include "helper/gateway/issuer.h"
#include "helper/wsman/seal.h"

#define ACCEPT_TOKEN_MAX ((size_t)64 * 1024)    /* bytes, both ways */

/* What the client has on this connection. */
enum accept_state {
    ACCEPT_NONE,                /* nothing: plain HTTP, or Basic */
    ACCEPT_GOING_ON,            /* another leg is needed */
    ACCEPT_DONE,                /* a context with us */
    ACCEPT_PASS                 /* an authentication with the server itself */
};

struct accept {
    enum accept_state state;
    enum gate_protocol protocol;        /* SPNEGO or Kerberos */
    gss_ctx_id_t ctx;           /* while it goes on */
    struct seal *seal;          /* once it is done */
};

/* An Authorization header: its scheme, and what follows. */
struct accept_header {
    const char *scheme;         /* "Negotiate", "Kerberos"; NULL: another */
    enum gate_protocol protocol;
    struct cs_buf token;        /* owned */
};

/* Returns 0 or CS_MALFORMED.  value may be NULL: no header. */
int accept_parse(const char *value, struct accept_header *out,
                 struct cs_error *err);

/*
 * Take a token, for a request to host; the answer is appended to out.  Moves
 * a->state to GOING_ON, DONE or PASS (the token is not for us); on an error,
 * which means 401, back to NONE.
 */
int accept_token(struct accept *a, struct issuer *mint,
                 const struct accept_header *header, const char *host,
                 struct cs_buf *out, struct cs_error *err);

void accept_reset(struct accept *a);

#endif /* GATE_ACCEPT_H */
