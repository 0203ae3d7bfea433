/*
 * credssp.c - the exchange of MS-CSSP (3.1.5), initiator and acceptor.
 *
 * What may come in which state is a table.  A message goes through it before
 * anything looks at its fields.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>

#include "der.h"
#include "exchange.h"
#include "tscreds.h"

#define LEGS_MAX 32             /* no authentication takes as many */

/* A handler takes a message and says in reply what to answer. */
struct reply {
    struct cs_tsrequest m;
    struct cs_buf nego, proof, auth_info;
};

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

int
credssp_new(const struct credssp_params *params, struct credssp **out,
            struct cs_error *err)
{
    struct cs_inner *inner = params->inner;
    struct credssp *c = calloc(1, sizeof(*c));
    int ret;

    *out = NULL;
    if (c == NULL) {
        cs_inner_free(&inner);
        return cs_nomem(err);
    }
    c->inner = inner;
    c->in = (struct cs_buf)CS_BUF_INIT(CS_TSREQUEST_MAX + CS_RECORD_MAX);
    c->delegated = (struct cs_buf)CS_BUF_INIT(CS_TSCREDS_MAX);
    c->stream = params->stream;
    c->announce = params->announce ? params->announce : CS_VERSION_OWN;
    c->minimum = params->minimum_version ? params->minimum_version : 5;
    c->verified = cs_tls_config_verifies(params->tls);
    ret = cs_tls_new(params->tls, params->host, &c->tls, err);
    if (ret != 0) {
        credssp_free(&c);
        return ret;
    }
    c->acceptor = cs_tls_is_acceptor(c->tls);
    *out = c;
    return 0;
}

void
credssp_free(struct credssp **context)
{
    struct credssp *c = *context;

    *context = NULL;
    if (c == NULL)
        return;
    cs_tls_free(&c->tls);
    cs_inner_free(&c->inner);
    cs_buf_free(&c->in);
    cs_buf_free(&c->delegated);
    explicit_bzero(c, sizeof(*c));
    free(c);
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
                       "and at least %u is wanted (older than 5: "
                       "CVE-2018-0886)", (unsigned int)version,
                       (unsigned int)c->minimum);
    return 0;
}

/* The nonce is the client's, and never changes. */
static int
check_nonce(struct credssp *c, const struct cs_tsrequest *in,
            struct cs_error *err)
{
    if (!(in->fields & CS_NONCE))
        return 0;
    if (in->nonce.len != CS_NONCE_LENGTH)
        return cs_fail(err, CS_MALFORMED, "clientNonce has %zu bytes",
                       in->nonce.len);
    if (c->has_nonce &&
        memcmp(c->nonce, in->nonce.p, CS_NONCE_LENGTH) != 0)
        return cs_fail(err, CS_UNEXPECTED, "the peer changed clientNonce");
    if (c->has_nonce)
        return 0;
    if (!c->acceptor)
        return cs_fail(err, CS_UNEXPECTED, "the server made up a clientNonce");
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
        ret = cs_fail(err, CS_UNEXPECTED, "the exchange does not end");
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
    return cs_fail(err, CS_INNER, "the authentication inside goes on without "
                   "anything to say");
}

/* --- Initiator --- */

static int
make_nonce(struct credssp *c, struct cs_error *err)
{
    if (RAND_bytes(c->nonce, sizeof(c->nonce)) != 1)
        return cs_fail(err, CS_SYSTEM, "no random numbers");
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
        ret = cs_fail(err, CS_UNEXPECTED, "the authentication inside goes on "
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

/* --- Messages in and out --- */

static void
reply_init(struct reply *r, const struct credssp *c)
{
    memset(&r->m, 0, sizeof(r->m));
    r->m.version = c->announce;
    r->nego = (struct cs_buf)CS_BUF_INIT(CS_TSREQUEST_MAX - 1024);
    r->proof = (struct cs_buf)CS_BUF_INIT(2 * CS_KEY_MAX);
    r->auth_info = (struct cs_buf)CS_BUF_INIT(CS_TSREQUEST_MAX - 1024);
}

static void
reply_free(struct reply *r)
{
    cs_buf_free(&r->nego);
    cs_buf_free(&r->proof);
    cs_buf_free(&r->auth_info);
}

static int
send_message(struct credssp *c, const struct cs_tsrequest *m,
             struct cs_error *err)
{
    struct cs_buf der = CS_BUF_INIT(CS_TSREQUEST_MAX);
    int ret;

    cs_tsrequest_encode(m, &der);
    ret = der.error == 0 ? cs_tls_write(c->tls, cs_buf_span(&der), err) :
        der.error == CS_NOMEM ? cs_nomem(err) :
        cs_fail(err, CS_INNER, "a token is too long for CredSSP");
    cs_buf_free(&der);
    return ret;
}

/* One whole message. */
static int
take_message(struct credssp *c, struct cs_span der, struct cs_error *err)
{
    struct cs_tsrequest in;
    struct reply reply;
    int ret;

    reply_init(&reply, c);
    ret = cs_tsrequest_decode(der, &in, err);
    if (ret == 0)
        ret = check_message(c, &in, err);
    if (ret == 0)
        ret = states[c->state].take(c, &in, &reply, err);
    if (ret == 0 && reply.m.fields != 0)
        ret = send_message(c, &reply.m, err);
    reply_free(&reply);
    return ret;
}

/* The initiator's first message needs none before it. */
static int
start(struct credssp *c, struct cs_error *err)
{
    struct cs_span none = { NULL, 0 };
    struct reply reply;
    int ret;

    reply_init(&reply, c);
    ret = step_inner(c, none, &reply, err);
    if (ret == 0 && !(reply.m.fields & CS_NEGO))
        ret = silent(err);
    if (ret == 0)
        ret = send_message(c, &reply.m, err);
    reply_free(&reply);
    if (ret == 0)
        c->state = S_INIT_NEGO;
    return ret;
}

/* Take the message that has come, if it is whole. */
static int
take_input(struct credssp *c, struct cs_error *err)
{
    size_t total;
    int ret;

    if (c->in.len == 0)
        return 0;
    if (c->state == S_START || c->state == S_DONE)
        return cs_fail(err, CS_UNEXPECTED, "the peer speaks out of turn");
    ret = cs_der_length(c->in.p, c->in.len, CS_DER_SEQUENCE, CS_TSREQUEST_MAX,
                        &total);
    if (ret < 0)
        return cs_fail(err, CS_MALFORMED, "the peer sent something else than "
                       "a TSRequest");
    if (ret > 0 || total > c->in.len)
        return 0;
    if (total < c->in.len)
        return cs_fail(err, CS_MALFORMED,
                       "the peer sent more than one message at once");
    ret = take_message(c, cs_buf_span(&c->in), err);
    cs_buf_reset(&c->in);
    return ret;
}

/* Is the handshake over?  Then find the next state. */
static int
go_on_with_tls(struct credssp *c, struct cs_buf *out, struct cs_error *err)
{
    size_t before = out->len;
    int done, ret;

    ret = cs_tls_handshake(c->tls, &done, err);
    if (ret != 0 || !done)
        return ret;
    if (c->acceptor) {
        c->state = S_ACC_NEGO;
        return 0;
    }
    c->state = S_START;
    ret = cs_tls_drain(c->tls, out, err);
    /* TLS 1.3 ends with a token of ours: Windows gets it by itself. */
    return (ret != 0 || (out->len > before && !c->stream)) ? ret :
        start(c, err);
}

/*
 * In legs of request and answer, each must say something.  With TLS 1.3 the
 * client's Finished wants no answer, and gets a KeyUpdate: many programs take
 * an empty token for none at all, and wait.
 */
static int
keep_talking(struct credssp *c, struct cs_span in, struct cs_error *err)
{
    if (c->in.len > 0 || cs_tls_pending_input(c->tls))
        return cs_fail(err, CS_MALFORMED, "the peer's token ends in the middle "
                       "of a message");
    if (in.len == 0)
        return cs_fail(err, CS_UNEXPECTED, "the peer sent an empty token "
                       "(state: %s)", states[c->state].name);
    if (c->state == S_ACC_NEGO && c->legs == 0)
        return cs_tls_key_update(c->tls, err);
    return 0;
}

static int
step(struct credssp *c, struct cs_span in, struct cs_buf *out,
     struct cs_error *err)
{
    size_t before = out->len;
    enum state began = c->state;
    int ret = cs_tls_feed(c->tls, in, err);

    if (ret == 0 && c->state == S_TLS)
        ret = go_on_with_tls(c, out, err);
    if (ret == 0 && c->state != S_TLS)
        ret = cs_tls_read(c->tls, &c->in, err);
    if (ret == 0)
        ret = take_input(c, err);
    /* Nothing but tickets, or nothing at all, has come after our Finished. */
    if (ret == 0 && began == S_START)
        ret = start(c, err);
    if (ret == 0)
        ret = cs_tls_drain(c->tls, out, err);
    if (ret != 0 || c->stream || out->len > before || c->state == S_DONE)
        return ret;
    ret = keep_talking(c, in, err);
    return ret != 0 ? ret : cs_tls_drain(c->tls, out, err);
}

/* Tell the client, in the versions that can be told. */
static void
send_error_code(struct credssp *c, int code)
{
    struct cs_tsrequest m;

    if (c->state < S_ACC_NEGO || code == CS_TLS || code == CS_REMOTE ||
        !(c->version == 3 || c->version == 4 || c->version == 6))
        return;
    memset(&m, 0, sizeof(m));
    m.version = c->announce;
    m.fields = CS_ERRORCODE;
    m.error_code = (code == CS_VERSION) ? 0xC00000BB : 0xC000006D;
    (void)send_message(c, &m, NULL);
}

/* Nothing of the exchange is left, but what should still be sent. */
static void
die(struct credssp *c, int code, struct cs_buf *out)
{
    if (c->acceptor)
        send_error_code(c, code);
    (void)cs_tls_drain(c->tls, out, NULL);
    c->state = S_DEAD;
    cs_inner_free(&c->inner);
    cs_buf_reset(&c->in);
    cs_buf_reset(&c->delegated);
}

int
credssp_step(struct credssp *c, struct cs_span in, struct cs_buf *out,
             int *done, struct cs_error *err)
{
    struct cs_buf next = CS_BUF_INIT(2 * CS_TSREQUEST_MAX);
    int ret;

    *done = 0;
    if (c->state == S_DONE || c->state == S_DEAD)
        return cs_fail(err, CS_USAGE, "the exchange is over");
    ret = step(c, in, &next, err);
    if (ret != 0)
        die(c, ret, &next);
    cs_buf_add(out, next.p, next.len);
    cs_buf_free(&next);
    if (ret == 0 && out->error != 0) {
        ret = cs_nomem(err);
        die(c, ret, out);
    }
    if (ret == 0 && c->state == S_DONE) {
        c->inner->ops->finish(c->inner);
        *done = 1;
    }
    return ret;
}
