/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * session.h - what one client connection has with one server: a connection,
 * authenticated and encrypted as krb5.conf says, and nobody else's.
 *
 *     session.c   requests; when to authenticate, and when again
 *     auth.c      the choice of a way, a server's name, and the next one
 *     legs.c      the legs of CredSSP, Negotiate and Kerberos over HTTP
 *
 * Not safe between threads; sessions share nothing but the gateway.
 */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include "helper/common/conf.h"
#include "helper/gateway/stats.h"
#include "helper/link/link.h"
#include "helper/gateway/peer.h"
#include "helper/wsman/seal.h"
#include "helper/wsman/target.h"
#include "helper/wsman/upstream.h"

/* What all sessions share, read-only. */
struct gate {
    struct bl_link *broker;     /* confined; for bl_channel() */
    const struct hc_gateway *limits;
    struct cs_tls_config *tls;  /* inside CredSSP: certificate not verified */
    struct addresses *addresses;
    struct peer *peer;
    struct sockowner *who;
    struct stats *ledger;
};

enum gate_way { GATE_WAY_CREDSSP, GATE_WAY_NEGOTIATE, GATE_WAY_KERBEROS };

struct session {
    const struct gate *gate;
    int client;                 /* its socket, to notice that it hangs up */
    char host[GATE_HOST_MAX + 1];
    uint16_t port;
    int tls;                    /* outside, of HTTPS */
    struct hc_host *conf;
    char node[GATE_HOST_MAX + 1];       /* of a cluster's name; or "" */
    struct upstream *up;
    struct bl_link *link;       /* to the broker, while we authenticate */
    int authenticated;
    int passing;                /* the client authenticates, not we */
    struct seal *seal;          /* NULL with HTTPS, which encrypts */
    struct session_how {        /* it was authenticated, for stats.h */
        char spn[2 * GATE_HOST_MAX], credential[128], tls[16];
        uint32_t candidate, candidates;
        unsigned int version;
        int delegated;          /* the password, or a ticket */
        const char *mech;       /* static */
    } how;
    struct stats_entry *entry;
};

/* What the client gets.  Owned; session_answer_free(). */
struct gate_answer {
    long status;
    char *type;                 /* Content-Type of body; or NULL */
    char *headers[UP_HEADERS_MAX];      /* to pass on, "NAME: VALUE" */
    size_t nheaders;
    struct cs_buf body;
    char *authenticate;         /* client.h: "SCHEME TOKEN"; or NULL */
    int challenge;              /* client.h: 401, with all schemes */
};

int session_new(const struct gate *gate, int client, struct session **out,
                struct cs_error *err);
void session_free(struct session **session);

/*
 * One request to HOST:PORT, connected, authenticated and encrypted if it is
 * not yet; once more from the start if the server had dropped the connection
 * before the request was sent, or asks to authenticate anew.  The request's
 * own Authorization, which is the client's to us, does not go along.
 * CS_POLICY: the target, or what would be needed there, is not allowed.
 */
int session_request(struct session *s, const struct gate_target *target,
                    const struct up_request *request,
                    struct gate_answer *answer, struct cs_error *err);

/*
 * One request as the client has made it, authentication and encryption
 * included, and the answer as it is.  The connection is the client's for as
 * long as it goes on so; once the server has closed it, only a request that
 * authenticates begins another.
 */
int session_pass(struct session *s, const struct gate_target *target,
                 const struct up_request *request,
                 struct gate_answer *answer, struct cs_error *err);
void session_answer_free(struct gate_answer *answer);

/* --- For session.c, auth.c and legs.c --- */

/* Authenticate on a connection of its own. */
int session_authenticate(struct session *s, const char *path,
                         struct cs_error *err);

/* How one attempt of a way ended. */
enum gate_legs {
    GATE_LEGS_DONE = 0,         /* in */
    GATE_LEGS_REFUSED = 1,      /* the server does not know this name, or this
                                 * user: another name may do; err says why */
    GATE_LEGS_KERBEROS = 2      /* the scheme is not offered, Kerberos is */
};                              /* negative: an error, the end */

/* The legs, on a connection that may be established already; *candidate is the
 * service name's number, and becomes that of the one that was used, *candidates
 * how many there are. */
int legs_credssp(struct session *s, const char *path, uint32_t *candidate,
                 uint32_t *candidates, struct cs_error *err);
int legs_gss(struct session *s, const char *path, enum gate_way way,
             uint32_t *candidate, uint32_t *candidates, struct cs_error *err);

/* One leg without a body: SCHEME and a token. */
int leg_post(struct session *s, const char *path, const char *scheme,
             struct cs_span token, struct up_reply *reply,
             struct cs_error *err);
/* The schemes of an answer, for people; static storage of the caller. */
const char *leg_offers(const struct up_reply *reply, char *buf, size_t size);

#endif /* GATE_SESSION_H */
