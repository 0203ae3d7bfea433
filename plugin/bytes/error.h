/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * error.h - what went wrong, for programs and for people.
 *
 * Functions of this library return 0 or one of these codes, and where they
 * take a struct cs_error they say why in it.  A code is all that a caller may
 * branch on; text is one line for a person, without a secret or a token.
 */
#ifndef CS_ERROR_H
#define CS_ERROR_H

#include <stdint.h>

enum cs_code {
    CS_OK = 0,
    CS_NOMEM = -1,
    CS_MALFORMED = -2,          /* the peer's bytes are not MS-CSSP's */
    CS_UNEXPECTED = -3,         /* a field that is not legal in this state */
    CS_VERSION = -4,            /* the peer's version is older than allowed */
    CS_BINDING = -5,            /* pubKeyAuth is not for this TLS connection */
    CS_POLICY = -6,             /* not allowed by krb5.conf or the caller */
    CS_TLS = -7,                /* TLS, a certificate or an alert */
    CS_INNER = -8,              /* the inner authentication failed */
    CS_REMOTE = -9,             /* the peer sent an errorCode (ntstatus) */
    CS_USAGE = -10,             /* the caller's mistake */
    CS_SYSTEM = -11             /* a file, or the random generator */
};

struct cs_error {
    int code;                   /* enum cs_code */
    uint32_t ntstatus;          /* CS_REMOTE: MS-ERREF 2.3; CS_INNER: what
                                 * Kerberos' error is there; else 0 */
    uint32_t major, minor;      /* CS_INNER: of the GSSAPI call; else 0 */
    char text[256];
};

/* Set *err, unless it is NULL. */
void cs_set_error(struct cs_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A call failed with this errno: the text, a colon and the reason, which is
 * never cut off.  No lock and no locale: it is safe after a fork. */
void cs_set_errno(struct cs_error *err, int code, int error, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

/* Set *err and be that code.  (Macros, so that every compiler and analyzer
 * sees that it is not 0.) */
#define cs_fail(err, code, ...) (cs_set_error((err), (code), __VA_ARGS__), \
                                 (int)(code))
#define cs_fail_errno(err, code, error, ...) \
    (cs_set_errno((err), (code), (error), __VA_ARGS__), (int)(code))

static inline int
cs_nomem(struct cs_error *err)
{
    return cs_fail(err, CS_NOMEM, "out of memory");
}

/*
 * NTSTATUS values that a logon server answers with (MS-ERREF 2.3.1): the
 * symbol, or NULL for one that is not in the table; and a sentence.
 */
const char *cs_ntstatus_name(uint32_t status);
const char *cs_ntstatus_text(uint32_t status);

/* Is this a statement about the user, which another mechanism would only
 * repeat (and which may lock the account)?  By ntstatus. */
int cs_is_verdict(const struct cs_error *err);

/* A sentence for a code by itself. */
const char *cs_code_text(int code);

#endif /* CS_ERROR_H */
