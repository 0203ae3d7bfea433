/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* web.h - asking a WinRM server over HTTP, and authenticating to it. */
#ifndef DOC_WEB_H
#define DOC_WEB_H

#include <time.h>
#include <gssapi/gssapi.h>

#include "helper/doctor/doctor.h"
#include "helper/wsman/upstream.h"

/* Seconds: for one request, for all of them on one connection, and for all of
 * a server's connections.  Whoever is there may answer byte by byte. */
#define WEB_REQUEST_MAX 10
#define WEB_ALL_MAX 20
#define WEB_SERVER_MAX 60

/* Seconds of a clock that nobody sets. */
time_t web_now(void);

/* krb5.conf's limits, or less: a gateway may wait longer than a person. */
int web_limits(struct hc_gateway **out, struct cs_error *err);

/* What one authentication is to be like. */
struct web_try {
    const char *name;           /* a form of names.h */
    const char *address;        /* where; NULL: any of the host's */
    int bindings;               /* send channel bindings (5986) */
    int encrypt;                /* then send an encrypted message (5985) */
};

struct web_result {
    enum doc_outcome outcome;
    int encrypted;              /* 1: an answer could be decrypted; -1: not */
    char why[256];
};

/*
 * A connection to the host; address: to that one of its addresses, or NULL.
 * What is wrong with the certificate has been said by check_certificate: here
 * the key that it has seen is trusted.
 */
struct web {
    struct hc_host conf;
    struct gw_policy policy;
    struct upstream *up;
    time_t deadline;            /* for all that is asked on it: monotonic */
};
int web_open(const struct doctor *d, const char *address, struct web *web,
             struct cs_error *err);
void web_close(struct web *web);

/* POST to /wsman with "SCHEME TOKEN" (scheme NULL: without). */
int web_post(struct web *web, const char *scheme, struct cs_span token,
             const char *type, struct cs_span body, struct up_reply *reply,
             struct cs_error *err);

/* Authenticate on a new connection, with the default credential. */
void web_authenticate(const struct doctor *d, const struct web_try *how,
                      struct web_result *result);

/* "Negotiate, Kerberos", or "nothing". */
const char *web_offers(unsigned int offers, char *buf, size_t size);

#endif /* DOC_WEB_H */
