/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * creds.h - a user's credential: what CredSSP authenticates with, and
 * delegates.
 *
 * Holds the password (secret.h) until it is released or wiped.  Kerberos
 * tickets come from the named credential cache, or are obtained with the
 * password into a memory cache of this credential; a password that the KDC has
 * rejected is not tried again.  For NTLM the mechanism is given the hash of
 * the password and never the password.
 */
#ifndef CS_CREDS_H
#define CS_CREDS_H

#include <string.h>
#include <time.h>

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/* Inner mechanisms, as bits. */
enum {
    CS_MECH_KRB5 = 1,           /* in SPNEGO */
    CS_MECH_NTLM = 2,           /* in SPNEGO */
    CS_MECH_RAW_NTLM = 4,       /* initiator: NTLMSSP without SPNEGO (for
                                 * servers that know nothing else) */
    CS_MECH_RAW_KRB5 = 8        /* Kerberos without SPNEGO; not in CredSSP */
};

extern const gss_OID_desc cs_oid_krb5, cs_oid_ntlmssp, cs_oid_spnego;

/* Either may be GSS_C_NO_OID, which is no other. */
static inline int
cs_same_oid(gss_const_OID a, gss_const_OID b)
{
    return a != GSS_C_NO_OID && b != GSS_C_NO_OID && a->length == b->length &&
        memcmp(a->elements, b->elements, a->length) == 0;
}

struct cs_creds;

/* All strings are UTF-8 and borrowed for the call only; NULL: none. */
struct cs_creds_options {
    /* "user", "user@realm" or "DOMAIN\user"; domain overrides the latter's. */
    const char *user, *domain;
    struct cs_span password;    /* may hold no NUL; p == NULL: there is none,
                                 * and nothing can be delegated */
    const char *ccache;         /* "TYPE:RESIDUAL" with the user's tickets */
    int user_tickets;           /* use those in the user's default collection
                                 * while there are some of this principal */
    int private;                /* a child of this process has no password */
};

/* Safe to share between threads once made. */
int cs_creds_new(const struct cs_creds_options *options, struct cs_creds **out,
                 struct cs_error *err);
struct cs_creds *cs_creds_ref(struct cs_creds *creds);
void cs_creds_free(struct cs_creds **creds);

/* Wipe the password now, whoever else refers to it, and the tickets obtained
 * with it.  Contexts that have begun keep their keys until they end. */
void cs_creds_wipe(struct cs_creds *creds);

int cs_creds_has_password(struct cs_creds *creds);
/* Is the password in locked memory? */
int cs_creds_locked(struct cs_creds *creds);
/* "user@realm" or "DOMAIN\user" for people.  Borrowed from creds. */
const char *cs_creds_name(const struct cs_creds *creds);
/* Another number for each that was made in this process, from 1. */
uint64_t cs_creds_serial(const struct cs_creds *creds);
/* "realm" or "DOMAIN", in the case that was given; or "".  Borrowed. */
const char *cs_creds_domain(const struct cs_creds *creds);

/* Get a Kerberos ticket with the password now, whatever tickets there are.
 * *expiry, unless it is NULL, becomes the ticket's. */
int cs_creds_check(struct cs_creds *creds, time_t *expiry,
                   struct cs_error *err);

/*
 * Acquire the credential for the inner context with these mechanisms: one for
 * SPNEGO, restricted to them, or for the mechanism of a CS_MECH_RAW.  Fails if
 * none of them has credentials.  cache: the one with the Kerberos ticket to use
 * (ticket.h), or NULL for any.  The caller releases *out before the cache.
 */
int cs_creds_acquire(struct cs_creds *creds, unsigned int mechs,
                     const char *cache, gss_cred_id_t *out,
                     struct cs_error *err);

/* Append DER of TSCredentials with TSPasswordCreds (MS-CSSP 2.2.1.2.1). */
int cs_creds_encode(struct cs_creds *creds, struct cs_buf *out,
                    struct cs_error *err);

#endif /* CS_CREDS_H */
