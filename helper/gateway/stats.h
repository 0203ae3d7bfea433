/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * stats.h - the sessions that there are, and counts of those that were: for
 * `gss-winrm status', and for the log.
 *
 * Never a token, a key or a body.  Thread-safe.
 */
#ifndef GATE_STATS_H
#define GATE_STATS_H

#include <stdint.h>
#include <time.h>

#include "helper/wsman/target.h"
#include "helper/gateway/sockowner.h"

struct stats;
struct stats_entry;

/* How a session was authenticated.  Strings are copied. */
struct stats_session {
    const char *program;        /* sockowner_program() */
    const char *credential;     /* whose, as the broker calls it */
    const char *host, *node;    /* node "": none */
    uint16_t port;
    const char *way;            /* "CredSSP", "Negotiate", "Kerberos", "pass" */
    const char *spn;            /* the service name that was asked for */
    const char *why;            /* and which part of krb5.conf gave it */
    uint32_t candidate, candidates;     /* which of how many names, from 0 */
    const char *mech;           /* "Kerberos", "NTLM", "?" */
    unsigned int version;       /* of CredSSP; 0: another way */
    const char *tls;            /* of CredSSP, or of HTTPS; "": none */
    int delegated;              /* the password, or a ticket, was */
};

int stats_new(struct stats **out, struct cs_error *err);
void stats_free(struct stats **ledger);

/* A session is there: writes the line of the log.  *entry is NULL for the first
 * time and on lack of memory, after which all calls with it do nothing. */
void stats_open(struct stats *ledger, struct stats_entry **entry,
                const struct stats_session *session);
/* A request of it was answered: plaintext bytes of both bodies. */
void stats_request(struct stats *ledger, struct stats_entry *entry,
                   uint64_t up, uint64_t down);
/* A request or an authentication has failed. */
void stats_failed(struct stats *ledger);
/* The session is over. */
void stats_close(struct stats *ledger, struct stats_entry **entry);

/* All of it as JSON, in new memory; NULL without.  At most max bytes (512 or
 * more): the oldest sessions are left out, and "left_out" says how many. */
char *stats_json(struct stats *ledger, size_t max);

#endif /* GATE_STATS_H */
