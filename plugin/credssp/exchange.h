/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* exchange.h - the inside of an exchange, for its three sources. */
#ifndef CS_EXCHANGE_H
#define CS_EXCHANGE_H

#include "plugin/credssp/credssp.h"

enum state {
    S_TLS, S_START, S_INIT_NEGO, S_INIT_PROOF, S_ACC_NEGO, S_ACC_AUTHINFO,
    S_DONE, S_DEAD
};

struct credssp {
    struct cs_tls *tls;
    struct cs_inner *inner;
    enum state state;
    int acceptor, stream, verified;
    uint32_t announce, minimum, peer_version, version;
    uint8_t nonce[CS_NONCE_LENGTH];
    int has_nonce;
    int legs;
    struct cs_buf in;           /* plaintext that is not yet a TSRequest */
    struct cs_buf delegated;    /* acceptor: TSCredentials */
};

/* What to send: the buffers hold what m's spans point to. */
struct reply {
    struct cs_tsrequest m;
    struct cs_buf nego, proof, auth_info;
};

/* Take one whole message in this state, and move to the next.  Fills reply,
 * whose fields stay 0 when nothing is to be said. */
int cs_answer(struct credssp *c, struct cs_span der, struct reply *reply,
              struct cs_error *err);
/* The initiator's first message. */
int cs_begin(struct credssp *c, struct reply *reply, struct cs_error *err);

/* What a state is called, for people. */
const char *cs_state_name(enum state state);

#endif /* CS_EXCHANGE_H */
