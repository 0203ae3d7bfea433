/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * states.c - the exchange of MS-CSSP (3.1.5), initiator and acceptor: what may
 * come when, and what it means.
 *
 * What may come in which state is a table.  A message goes through it before
 * anything looks at its fields.
 */
#include "config.h"

#include <string.h>
#include <openssl/rand.h>

#include "plugin/credssp/exchange.h"
#include "plugin/credssp/tlsconf.h"
#include "plugin/credssp/tscreds.h"

#define LEGS_MAX 32             /* no authentication takes as many */

/* A handler takes a message and says in reply what to answer. */
typedef int (*handler)(struct credssp *c, const struct cs_tsrequest *in,
                       struct reply *reply, struct cs_error *err);

static int init_nego(struct credssp *c, const struct cs_tsrequest *in,
                     struct reply *reply, struct cs_error *err);
static int init_proof(struct credssp *c, const struct cs_tsrequest *in,
                      struct reply *reply, struct cs_error *err);
static int acc_nego(struct credssp *c, const struct cs_tsrequest *in,
                    struct reply *reply, struct cs_error *err);
static int acc_authinfo(struct credssp *c, const struct cs_tsrequest *in,
                        struct reply *reply, struct cs_error *err);

/* errorCode ends the exchange in every state before its turn comes. */
static const struct {
    const char *name;
    unsigned int required, allowed;
    handler take;
} states[] = {
    [S_TLS] = { "TLS handshake", 0, 0, NULL },
    [S_START] = { "start", 0, 0, NULL },
    [S_INIT_NEGO] = { "negotiation", CS_NEGO, CS_NEGO | CS_NONCE, init_nego },
    [S_INIT_PROOF] = { "pubKeyAuth", CS_PUBKEY,
                       CS_PUBKEY | CS_NEGO | CS_NONCE, init_proof },
    [S_ACC_NEGO] = { "negotiation", 0, CS_NEGO | CS_PUBKEY | CS_NONCE,
                     acc_nego },
    [S_ACC_AUTHINFO] = { "authInfo", CS_AUTHINFO, CS_AUTHINFO | CS_NONCE,
                         acc_authinfo },
    [S_DONE] = { "done", 0, 0, NULL },
    [S_DEAD] = { "failed", 0, 0, NULL },
};

const char *
cs_state_name(enum state state)
{
    return states[state].name;
}

/* --- Rules that hold for every message --- */

static int
check_fields(const struct credssp *c, const struct cs_tsrequest *in,
             struct cs_error *err)
{
    unsigned int missing = states[c->state].required & ~in->fields;
    unsigned int extra = in->fields & ~states[c->state].allowed &
        ~(unsigned int)CS_ERRORCODE;

    /* The lowest bit, for the message. */
    if (missing != 0)
        return cs_fail(err, CS_UNEXPECTED, "the peer's message lacks %s "
                       "(state: %s)", cs_field_name(missing & -missing),
                       states[c->state].name);
    if (extra != 0)
        return cs_fail(err, CS_UNEXPECTED, "the peer sent %s out of turn "
                       "(state: %s)", cs_field_name(extra & -extra),
                       states[c->state].name);
    return 0;
}

/* The effective version is the lower one, pinned by the first message. */
static int
check_version(struct credssp *c, uint32_t version, struct cs_error *err)
{
    if (c->peer_version == 0) {
        c->peer_version = version;
        c->version = (version < c->announce) ? version : c->announce;
    }
    if (version != c->peer_version)
        return cs_fail(err, CS_UNEXPECTED, "the peer changed its version from "
                       "%u to %u", (unsigned int)c->peer_version,
                       (unsigned int)version);
    if (c->version < c->minimum)
        return cs_fail(err, CS_VERSION, "the peer's version of CredSSP is %u "
                       "and at least %u is required (older than 5: "
                       "CVE-2018-0886)", (unsigned int)version,
                       (unsigned int)c->minimum);
    return 0;
}

/* The nonce is the client's, and never changes.  (Before ours is known there
 * is nothing to compare a server's with: FreeRDP's sends one of its own.) */
static int
check_nonce(struct credssp *c, const struct cs_tsrequest *in,
            struct cs_error *err)
{
    if (!(in->fields & CS_NONCE) || (!c->acceptor && !c->has_nonce))
        return 0;
    if (in->nonce.len != CS_NONCE_LENGTH)
        return cs_fail(err, CS_MALFORMED, "clientNonce has %zu bytes",
                       in->nonce.len);
    if (c->has_nonce &&
        memcmp(c->nonce, in->nonce.p, CS_NONCE_LENGTH) != 0)
        return cs_fail(err, CS_UNEXPECTED, "the peer changed clientNonce");
    if (c->has_nonce)
        return 0;
    memcpy(c->nonce, in->nonce.p, CS_NONCE_LENGTH);
    c->has_nonce = 1;
    return 0;
}

static int
check_error_code(const struct cs_tsrequest *in, struct cs_error *err)
{
    const char *name = cs_ntstatus_name(in->error_code);
    int ret;

    if (!(in->fields & CS_ERRORCODE) || in->error_code == 0)
        return 0;
    ret = cs_fail(err, CS_REMOTE, "the peer answered %s (0x%08X): %s",
                  name != NULL ? name : "with an error",
                  (unsigned int)in->error_code,
                  cs_ntstatus_text(in->error_code));
    if (err != NULL)
        err->ntstatus = in->error_code;
    return ret;
}

static int
check_message(struct credssp *c, const struct cs_tsrequest *in,
              struct cs_error *err)
{
    int ret = check_error_code(in, err);

    if (ret == 0 && ++c->legs > LEGS_MAX)
        ret = cs_fail(err, CS_UNEXPECTED, "the exchange takes too many "
                      "messages");
    if (ret == 0)
        ret = check_version(c, in->version, err);
    if (ret == 0)
        ret = check_fields(c, in, err);
    if (ret == 0)
        ret = check_nonce(c, in, err);
    return ret;
}

/* --- What is bound to what --- */

static int
get_binding(const struct credssp *c, struct cs_binding *b,
            struct cs_error *err)
{
    if (c->version >= 5 && !c->has_nonce)
        return cs_fail(err, CS_UNEXPECTED, "the client sent no clientNonce");
    memset(b, 0, sizeof(*b));
    b->version = c->version;
    b->nonce.p = c->nonce;
    b->nonce.len = CS_NONCE_LENGTH;
    b->verified = c->verified;
    return cs_tls_server_key(c->tls, &b->key, err);
}

static int
send_proof(struct credssp *c, struct reply *reply, struct cs_error *err)
{
    struct cs_binding b;
    int ret = get_binding(c, &b, err);

    if (ret == 0)
        ret = c->inner->ops->bind(c->inner, &b, &reply->proof, err);
    if (ret != 0)
        return ret;
    reply->m.fields |= CS_PUBKEY;
    reply->m.pub_key_auth = cs_buf_span(&reply->proof);
    return 0;
}

static int
verify_proof(struct credssp *c, struct cs_span sealed, struct cs_error *err)
{
    struct cs_binding b;
    int ret = get_binding(c, &b, err);

    return ret != 0 ? ret :
        c->inner->ops->verify(c->inner, &b, sealed, err);
}

/* A token in, perhaps one out. */
static int
step_inner(struct credssp *c, struct cs_span token, struct reply *reply,
           struct cs_error *err)
{
    int ret = c->inner->ops->step(c->inner, token, &reply->nego, err);

    if (ret == 0 && reply->nego.len > 0) {
        reply->m.fields |= CS_NEGO;
        reply->m.nego = cs_buf_span(&reply->nego);
    }
    return ret;
}

static int
silent(struct cs_error *err)
{
    return cs_fail(err, CS_INNER, "the inner authentication is not complete "
                   "but has no token to send");
}

/* --- Initiator --- */

static int
make_nonce(struct credssp *c, struct cs_error *err)
{
    if (RAND_bytes(c->nonce, sizeof(c->nonce)) != 1)
        return cs_tls_fail(err, "RAND_bytes");
    c->has_nonce = 1;
    return 0;
}

/* Our last token goes out together with our pubKeyAuth. */
static int
init_nego(struct credssp *c, const struct cs_tsrequest *in,
          struct reply *reply, struct cs_error *err)
{
    int ret = step_inner(c, in->nego, reply, err);

    if (ret != 0)
        return ret;
    if (!c->inner->ready)
        return (reply->m.fields & CS_NEGO) ? 0 : silent(err);
    if (c->version >= 5) {
        ret = make_nonce(c, err);
        if (ret != 0)
            return ret;
        reply->m.fields |= CS_NONCE;
        reply->m.nonce.p = c->nonce;
        reply->m.nonce.len = CS_NONCE_LENGTH;
    }
    ret = send_proof(c, reply, err);
    if (ret == 0)
        c->state = S_INIT_PROOF;
    return ret;
}

/* The server's last token, when there is one, before its pubKeyAuth; and only
 * then the password. */
static int
init_proof(struct credssp *c, const struct cs_tsrequest *in,
           struct reply *reply, struct cs_error *err)
{
    int ret = 0;

    if (in->fields & CS_NEGO)
        ret = step_inner(c, in->nego, reply, err);
    if (ret == 0 && (reply->m.fields & CS_NEGO))
        ret = cs_fail(err, CS_UNEXPECTED, "the inner authentication continues "
                      "after pubKeyAuth");
    if (ret == 0)
        ret = verify_proof(c, in->pub_key_auth, err);
    if (ret == 0)
        ret = c->inner->ops->delegate(c->inner, &reply->auth_info, err);
    if (ret != 0)
        return ret;
    reply->m.fields |= CS_AUTHINFO;
    reply->m.auth_info = cs_buf_span(&reply->auth_info);
    c->state = S_DONE;
    return 0;
}

/* --- Acceptor --- */

static int
acc_nego(struct credssp *c, const struct cs_tsrequest *in,
         struct reply *reply, struct cs_error *err)
{
    int ret = 0;

    if (!(in->fields & (CS_NEGO | CS_PUBKEY)))
        return cs_fail(err, CS_UNEXPECTED, "the client's message has neither "
                       "negoTokens nor pubKeyAuth");
    if (in->fields & CS_NEGO)
        ret = step_inner(c, in->nego, reply, err);
    if (ret != 0)
        return ret;
    if (!(in->fields & CS_PUBKEY))
        return (reply->m.fields & CS_NEGO) ? 0 : silent(err);
    ret = verify_proof(c, in->pub_key_auth, err);
    if (ret == 0)
        ret = send_proof(c, reply, err);
    if (ret == 0)
        c->state = S_ACC_AUTHINFO;
    return ret;
}

static int
acc_authinfo(struct credssp *c, const struct cs_tsrequest *in,
             struct reply *reply, struct cs_error *err)
{
    struct cs_tscreds creds;
    int ret;

    (void)reply;
    ret = c->inner->ops->receive(c->inner, in->auth_info, &c->delegated, err);
    if (ret == 0)
        ret = cs_tscreds_decode(cs_buf_span(&c->delegated), &creds, err);
    explicit_bzero(&creds, sizeof(creds));
    if (ret == 0)
        c->state = S_DONE;
    return ret;
}

/* --- For credssp.c --- */

int
cs_answer(struct credssp *c, struct cs_span der, struct reply *reply,
          struct cs_error *err)
{
    struct cs_tsrequest in;
    int ret = cs_tsrequest_decode(der, &in, err);

    if (ret == 0)
        ret = check_message(c, &in, err);
    return ret != 0 ? ret : states[c->state].take(c, &in, reply, err);
}

int
cs_begin(struct credssp *c, struct reply *reply, struct cs_error *err)
{
    struct cs_span none = { NULL, 0 };
    int ret = step_inner(c, none, reply, err);

    if (ret == 0 && !(reply->m.fields & CS_NEGO))
        ret = silent(err);
    if (ret == 0)
        c->state = S_INIT_NEGO;
    return ret;
}
