/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * cs_pair.h - both ends of CredSSP in one process, and somebody between them.
 *
 * NTLM inside, so that no KDC is needed; gss-ntlmssp is the real one.  The man
 * in the middle ends TLS on both sides, sees each TSRequest, and may change it
 * or put other bytes in its place.  By default he has the server's own key, so
 * that what he changes is the only thing that is wrong.
 */
#ifndef CS_PAIR_H
#define CS_PAIR_H

#include "plugin/credssp/credssp.h"
#include "tests/unit/unit.h"

#define PAIR_PASSWORD "correct horse battery staple"

enum direction { TO_SERVER, TO_CLIENT };

struct pair;

/* Change the message in place; or fill raw, which is then sent instead.  n
 * counts the messages in this direction from 0. */
typedef void (*meddler)(struct pair *pair, enum direction to, int n,
                        struct cs_tsrequest *m, struct cs_buf *raw);
/* Damage a token, TLS and all, that an end is about to be given. */
typedef void (*damager)(struct pair *pair, enum direction to, int n,
                        struct cs_buf *token);

/* Put another context in the place of one end's, which it then owns. */
typedef struct cs_inner *(*replacer)(struct cs_inner *inner);

struct pair {
    /* To be set before pair_run(); zero is the usual. */
    replacer inside;            /* of both ends */
    int client_announce, server_announce, client_minimum, server_minimum;
    int tls_max;                /* 0x0303: TLS 1.2 */
    int other_key;              /* he in the middle has a key of his own */
    int no_ntlm;                /* policy for the client */
    const char *password;       /* of the client, if it is wrong */
    int stream;                 /* for both ends */
    size_t piece;               /* of a stream: bytes at a time; 0: all */
    meddler meddle;
    damager damage;
    const void *what;           /* for the two above */

    /* Afterwards. */
    int client_done, server_done;
    struct cs_error client_error, server_error;
    int tokens[2];              /* that each end was given */
    int secrets;                /* messages with authInfo from the client */
    int error_codes;            /* messages with errorCode from the server */
    struct credssp_info info;   /* the client's; strings are static */
    struct cs_span delegated;   /* the server's; until pair_free() */
    int count[2];               /* messages that have passed by */

    /* Inside. */
    struct credssp *client, *server;
    struct cs_tls *front, *back;        /* the man in the middle's */
    struct cs_buf proof;        /* the client's pubKeyAuth as it was */
};

/* Once for the program, as cmocka's fixtures: users for gss-ntlmssp, keys. */
int pair_setup(void **state);
int pair_teardown(void **state);
/* The key's configuration for an acceptor, and one for an initiator. */
struct cs_tls_config *pair_server_tls(void);
struct cs_tls_config *pair_client_tls(int tls_max);

/* A context inside with the test's user. */
int pair_inner(const struct pair *pair, struct cs_inner **out,
               struct cs_error *err);

/* Exchange until both ends are done or one has failed. */
void pair_run(struct pair *pair);
void pair_free(struct pair *pair);

#endif /* CS_PAIR_H */
