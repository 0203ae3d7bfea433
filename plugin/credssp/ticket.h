/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * ticket.h - a service ticket that only one context uses.
 *
 * Whoever has a ticket's session key and saw the exchange can decrypt what was
 * encrypted for a server under that ticket.  So a context that delegates
 * something has a ticket of its own: fetched for it, in a memory cache of this
 * process, used once, and wiped.
 */
#ifndef CS_TICKET_H
#define CS_TICKET_H

#include "plugin/credssp/creds.h"

/* Owns both: cs_ticket_free(). */
struct cs_ticket {
    char *cache;                /* "MEMORY:..."; NULL: there is no ticket */
    char *server;               /* whose it is: "HOST/web01@REALM" */
};

/* What is going to be encrypted under it. */
enum cs_gift { CS_GIFT_PASSWORD, CS_GIFT_TICKET };

/*
 * Fetch one for a principal, whose realm may be empty (the KDC refers).  For
 * CS_GIFT_PASSWORD it is obtained with the password, without any cache of the
 * user's; for CS_GIFT_TICKET as cs_creds_acquire() would get it (creds NULL:
 * with the user's default cache), and the ticket-granting ticket, which is to
 * be forwarded, is in the cache as well.
 *
 * CS_INNER with krb5's code in minor; CS_UNEXPECTED, after which nothing else is
 * to be tried, when the ticket is not for the name that was asked for, or DNS
 * has chosen its realm.
 */
int cs_ticket_fetch(struct cs_creds *creds, const char *service,
                    enum cs_gift gift, struct cs_ticket *out,
                    struct cs_error *err);
/* The first of these names (which end with NULL), from *at on, that the KDC
 * knows; *at becomes its number. */
int cs_ticket_find(struct cs_creds *creds, char *const *services,
                   enum cs_gift gift, uint32_t *at, struct cs_ticket *out,
                   struct cs_error *err);
void cs_ticket_free(struct cs_ticket *ticket);

/* Did the KDC not know the service?  Of an error of krb5's or GSSAPI's. */
int cs_ticket_unknown(const struct cs_error *err);

#endif /* CS_TICKET_H */
