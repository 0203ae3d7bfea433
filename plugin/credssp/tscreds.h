/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * tscreds.h - TSCredentials, what CredSSP delegates (MS-CSSP 2.2.1.2).
 *
 *     TSCredentials ::= SEQUENCE { credType    [0] INTEGER,
 *                                  credentials [1] OCTET STRING }
 *
 * with the DER of one of the structures below in credentials.  All strings are
 * UTF-16LE without a byte order mark or a NUL.  We send passwords only; the
 * other kinds can be read, and written for tests.
 */
#ifndef CS_TSCREDS_H
#define CS_TSCREDS_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/* credType */
enum { CS_PASSWORD = 1, CS_SMARTCARD = 2, CS_REMOTEGUARD = 6 };

/* The longest TSCredentials that is read or written. */
#define CS_TSCREDS_MAX ((size_t)64 * 1024)

/* Packages of a remote guard credential that are read, at most. */
#define CS_GUARD_MAX 8

/* All spans are borrowed.  An optional one that is absent has p == NULL. */
struct cs_password {            /* TSPasswordCreds, 2.2.1.2.1 */
    struct cs_span domain, user, password;
};

struct cs_smartcard {           /* TSSmartCardCreds, 2.2.1.2.2 */
    struct cs_span pin;
    uint32_t key_spec;          /* 1 key exchange, 2 signature */
    struct cs_span card, reader, container, csp;    /* optional */
    struct cs_span user_hint, domain_hint;          /* optional */
};

struct cs_guard_package {       /* TSRemoteGuardPackageCred, 2.2.1.2.3.1 */
    struct cs_span name, buffer;
};

struct cs_remoteguard {         /* TSRemoteGuardCreds, 2.2.1.2.3 */
    struct cs_guard_package logon;
    int has_supplemental;       /* the list is there, if only empty */
    size_t count;
    struct cs_guard_package supplemental[CS_GUARD_MAX];
};

struct cs_tscreds {
    uint32_t type;              /* credType */
    union {
        struct cs_password password;
        struct cs_smartcard smartcard;
        struct cs_remoteguard remoteguard;
    } u;
};

/* Decode the whole of in; the spans point into it.  Returns 0 or
 * CS_MALFORMED. */
int cs_tscreds_decode(struct cs_span in, struct cs_tscreds *out,
                      struct cs_error *err);

/* Append the encoding of in to out, whose sticky error is the result. */
void cs_tscreds_encode(const struct cs_tscreds *in, struct cs_buf *out);

#endif /* CS_TSCREDS_H */
