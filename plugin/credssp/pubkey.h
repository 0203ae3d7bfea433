/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * pubkey.h - pubKeyAuth: what binds the authentication to the TLS connection
 * (MS-CSSP 3.1.5, steps 3 and 4).
 *
 * Each side encrypts, with the inner context, a proof that it sees the same
 * server key in TLS:
 *
 *     versions 5 and up
 *       client SHA256("CredSSP Client-To-Server Binding Hash", 0, nonce, key)
 *       server SHA256("CredSSP Server-To-Client Binding Hash", 0, nonce, key)
 *     versions 2 to 4 (open to CVE-2018-0886)
 *         client  key
 *         server  key, one added to its first octet
 *
 * where key is the contents of the BIT STRING of the server's
 * SubjectPublicKeyInfo, and nonce the client's.
 */
#ifndef CS_PUBKEY_H
#define CS_PUBKEY_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"
#include "plugin/credssp/tsrequest.h"

#define CS_KEY_MAX ((size_t)4096)       /* bytes: RSA-16384 has 2061 */

struct cs_binding {
    uint32_t version;           /* effective: 2 to 6 */
    struct cs_span nonce;       /* borrowed; versions 5 and up */
    struct cs_span key;         /* borrowed */
    int verified;               /* the server's certificate was verified: by
                                 * authorities and host name, or a pin */
};

enum cs_side { CS_CLIENT, CS_SERVER };

/* Append the proof of one side.  Returns 0 or an error. */
int cs_pubkey_proof(const struct cs_binding *binding, enum cs_side side,
                    struct cs_buf *out, struct cs_error *err);

/* Is this that side's proof?  Compared in constant time.  Returns 0,
 * CS_BINDING, CS_TLS (no usable key) or CS_NOMEM. */
int cs_pubkey_check(const struct cs_binding *binding, enum cs_side side,
                    struct cs_span proof, struct cs_error *err);

#endif /* CS_PUBKEY_H */
