/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * tsrequest.h - TSRequest, the one message of MS-CSSP (2.2.1).
 *
 *     TSRequest ::= SEQUENCE {
 *         version     [0] INTEGER,
 *         negoTokens  [1] SEQUENCE OF SEQUENCE { negoToken [0] OCTET STRING }
 *                                                 OPTIONAL,
 *         authInfo    [2] OCTET STRING OPTIONAL,
 *         pubKeyAuth  [3] OCTET STRING OPTIONAL,
 *         errorCode   [4] INTEGER OPTIONAL,       -- versions 3, 4, 6
 *         clientNonce [5] OCTET STRING OPTIONAL } -- versions 5 and up
 *
 * Where the grammar allows several negoTokens nobody sends them: exactly one
 * is accepted.
 */
#ifndef CS_TSREQUEST_H
#define CS_TSREQUEST_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

#define CS_VERSION_OWN 6        /* what we announce */
#define CS_VERSION_OLDEST 2     /* there is no version 1 */
#define CS_NONCE_LENGTH 32      /* bytes (MS-CSSP 2.2.1) */

/* The longest TSRequest that is read or written: a Kerberos token with a large
 * PAC has some 64 KiB. */
#define CS_TSREQUEST_MAX ((size_t)128 * 1024)

/* Which of the optional fields are there. */
enum {
    CS_NEGO = 1, CS_AUTHINFO = 2, CS_PUBKEY = 4, CS_ERRORCODE = 8,
    CS_NONCE = 16
};

struct cs_tsrequest {
    uint32_t version;           /* as announced: may be above our own */
    unsigned int fields;
    struct cs_span nego, auth_info, pub_key_auth, nonce;  /* borrowed */
    uint32_t error_code;        /* NTSTATUS */
};

/* Decode the whole of in; the spans point into it.  Returns 0 or
 * CS_MALFORMED. */
int cs_tsrequest_decode(struct cs_span in, struct cs_tsrequest *out,
                        struct cs_error *err);

/* Append the encoding of in to out, whose sticky error is the result. */
void cs_tsrequest_encode(const struct cs_tsrequest *in, struct cs_buf *out);

/* A name for one field, for messages. */
const char *cs_field_name(unsigned int field);

#endif /* CS_TSREQUEST_H */
