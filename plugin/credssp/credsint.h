/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* credsint.h - the inside of a credential, for creds.c and tickets.c. */
#ifndef CS_CREDSINT_H
#define CS_CREDSINT_H

#include <pthread.h>
#include <time.h>
#include <krb5.h>

#include "plugin/credssp/creds.h"
#include "plugin/bytes/secret.h"

#define CS_NTHASH_LENGTH 16     /* bytes: MD4 */

struct cs_creds {
    int refs;                   /* atomic */
    uint64_t serial;
    char *user, *domain;        /* domain may be "" */
    char *upn;                  /* "user@realm" if that is what was given */
    char *principal;            /* for krb5 */
    char *display;
    char *ccache;               /* named by the caller, or NULL */
    int user_tickets, private;  /* of the options */
    pthread_mutex_t asking;     /* whoever asks the KDC; before lock */
    pthread_mutex_t lock;       /* of all below; never while one waits */
    struct cs_secret password;  /* none: there is none, or it was wiped */
    struct cs_secret nthash;    /* none: not needed yet */
    char *tickets;              /* memory cache of our own, or NULL */
    time_t expiry;              /* of the ticket in it */
    struct cs_error refused;    /* that the password is wrong; else code 0 */
};

/* The name, in new memory, of a cache with tickets of this user: the one that
 * was named, one of the user's own (unless own: then not, since all programs of
 * the user read that), or ours, filled if need be. */
int cs_tickets_get(struct cs_creds *c, int own, char **name,
                   struct cs_error *err);
/* Under the lock, or when nobody else has c. */
void cs_tickets_forget(struct cs_creds *c);

/* The NT hash of the password (MS-NLMP 3.3.1) in hexadecimal: as good as the
 * password, to be wiped. */
int cs_nthash_hex(struct cs_creds *c, char hex[2 * CS_NTHASH_LENGTH + 1],
                  struct cs_error *err);

/* CS_INNER (or CS_NOMEM) with "WHAT: krb5's text", its code in minor.  said:
 * the NTSTATUS that came with it, or 0. */
int cs_krb5_fail(krb5_context context, krb5_error_code code, uint32_t said,
                 const char *what, struct cs_error *err);

#endif /* CS_CREDSINT_H */
