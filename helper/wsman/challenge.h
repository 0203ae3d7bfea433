/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * challenge.h - WWW-Authenticate (RFC 9110 11.6.1): schemes and their tokens,
 * one header line or several, one scheme a line or several.  No I/O.
 */
#ifndef GATE_CHALLENGE_H
#define GATE_CHALLENGE_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

enum {
    GATE_OFFERS_NEGOTIATE = 1, GATE_OFFERS_KERBEROS = 2,
    GATE_OFFERS_CREDSSP = 4, GATE_OFFERS_BASIC = 8
};

/* All header lines of one answer. */
struct gate_challenge {
    unsigned int offers;        /* schemes that were named */
    unsigned int with_token;    /* those that came with a token68 */
    struct cs_buf token[3];     /* decoded: Negotiate, Kerberos, CredSSP */
};

/* token_max: bytes, decoded. */
void gate_challenge_init(struct gate_challenge *c, size_t token_max);
/* Take one header's value.  Schemes that are not known are skipped.  Returns 0
 * or CS_MALFORMED (bad base64, two tokens for one scheme, too long). */
int gate_challenge_add(struct gate_challenge *c, const char *value,
                       size_t len, struct cs_error *err);
void gate_challenge_free(struct gate_challenge *c);

/* Append "SCHEME BASE64" for an Authorization header. */
void gate_authorization(struct cs_buf *out, const char *scheme,
                        struct cs_span token);

/* Base64 (RFC 4648 4): strict, padded, no white space.  Returns 0 or
 * CS_MALFORMED. */
int gate_base64_decode(const char *text, size_t len, struct cs_buf *out);

#endif /* GATE_CHALLENGE_H */
