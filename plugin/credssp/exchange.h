/* exchange.h - the inside of an exchange, for credssp.c and bulk.c. */
#ifndef CS_EXCHANGE_H
#define CS_EXCHANGE_H

#include "credssp.h"

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

/* What a state is called, for people. */
const char *cs_state_name(enum state state);

#endif /* CS_EXCHANGE_H */
