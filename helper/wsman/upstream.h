/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * upstream.h - one connection to a WinRM server, as HTTP requests on it.
 *
 * By libcurl.  A caller that authenticates on a connection, or encrypts for
 * it, must know that the next request is sent on that one: a request is either
 * allowed to connect or not, and then fails without a byte sent if the
 * connection is gone.
 */
#ifndef GATE_UPSTREAM_H
#define GATE_UPSTREAM_H

#include <sys/types.h>

#include "helper/wsman/challenge.h"
#include "helper/common/conf.h"

/* Borrowed, and must live as long as the connection. */
struct up_options {
    const struct hc_host *conf;
    const struct hc_gateway *limits;
    const char *host;           /* where to connect */
    uint16_t port;
    int tls;
    int client;                 /* a socket: when its peer hangs up, give up */
    void *share;                /* addresses_share(), or NULL */
};

struct up_request {             /* borrowed for the call */
    const char *path;
    const char *authorization;  /* or NULL */
    const char *content_type;
    const char *const *headers; /* "NAME: VALUE"..., NULL at the end; or NULL */
    struct cs_span body;
    unsigned int seconds;       /* for all of it; 0: while bytes come */
};

#define UP_HEADERS_MAX 64

struct up_reply {               /* owned; up_reply_free() */
    long status;
    struct gate_challenge challenge;
    char *headers[UP_HEADERS_MAX];      /* "NAME: VALUE" */
    size_t nheaders;
    struct cs_buf body;
    int lost;                   /* not sent: the connection was gone */
};

struct upstream;

int up_new(const struct up_options *options, struct upstream **out,
           struct cs_error *err);
void up_free(struct upstream **up);

/* Close the connection; the next request opens another. */
int up_fresh(struct upstream *up, struct cs_error *err);
/* Is there a connection that a request has been answered on? */
int up_established(const struct upstream *up);

/* POST, and the whole answer.  With lost set in *reply, nothing was sent. */
int up_post(struct upstream *up, const struct up_request *request,
            struct up_reply *reply, struct cs_error *err);
void up_reply_free(struct up_reply *reply);
/* The value of a header, or NULL; the first if there are several. */
const char *up_header(const struct up_reply *reply, const char *name);

/* Application data of the channel bindings of this TLS connection, once it is
 * established; p == NULL without TLS.  Borrowed. */
struct cs_span up_bindings(const struct upstream *up);

#endif /* GATE_UPSTREAM_H */
