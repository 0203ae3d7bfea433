/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * credssp.c - the exchange of MS-CSSP: bytes in, messages, bytes out.
 *
 * What the messages mean is in states.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/der.h"
#include "plugin/credssp/exchange.h"
#include "plugin/credssp/tscreds.h"

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

/* Answer a message, or (in == NULL) begin. */
static int
converse(struct credssp *c, const struct cs_span *in, struct cs_error *err)
{
    struct reply reply;
    int ret;

    reply_init(&reply, c);
    ret = (in != NULL) ? cs_answer(c, *in, &reply, err) :
        cs_begin(c, &reply, err);
    if (ret == 0 && reply.m.fields != 0)
        ret = send_message(c, &reply.m, err);
    reply_free(&reply);
    return ret;
}

/* Take the message that has come, if it is whole. */
static int
take_input(struct credssp *c, struct cs_error *err)
{
    struct cs_span whole = { c->in.p, 0 };
    size_t total;
    int ret;

    if (c->in.len == 0)
        return 0;
    if (c->state == S_START || c->state == S_DONE)
        return cs_fail(err, CS_UNEXPECTED, "the peer sent a message out of "
                       "turn");
    ret = cs_der_length(c->in.p, c->in.len, CS_DER_SEQUENCE, CS_TSREQUEST_MAX,
                        &total);
    if (ret < 0)
        return cs_fail(err, CS_MALFORMED, "the peer sent something that is "
                       "not a TSRequest");
    if (ret > 0 || total > c->in.len)
        return 0;
    /* In a stream a client need not wait for anything after its last message:
     * what it says then is kept for credssp_unwrap(). */
    if (total < c->in.len && !(c->stream && c->state == S_ACC_AUTHINFO))
        return cs_fail(err, CS_MALFORMED,
                       "the peer sent more than one message at once");
    whole.len = total;
    ret = converse(c, &whole, err);
    cs_buf_take(&c->in, total);
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
        converse(c, NULL, err);
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
        return cs_fail(err, CS_MALFORMED, "the peer's token ends inside a "
                       "message");
    if (in.len == 0)
        return cs_fail(err, CS_UNEXPECTED, "the peer sent an empty token "
                       "(state: %s)", cs_state_name(c->state));
    if (c->state == S_TLS)
        return cs_fail(err, CS_MALFORMED, "the peer's token ends inside the "
                       "TLS handshake");
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
    /* A leg is whole records: before anything is said in answer to it. */
    if (ret == 0 && !c->stream && c->state != S_TLS &&
        cs_tls_pending_input(c->tls))
        ret = cs_fail(err, CS_MALFORMED, "the peer's token ends inside a TLS "
                      "record");
    if (ret == 0)
        ret = take_input(c, err);
    /* Nothing but tickets, or nothing at all, has come after our Finished. */
    if (ret == 0 && began == S_START)
        ret = converse(c, NULL, err);
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

void
credssp_drop_inner(struct credssp *c)
{
    if (c->state == S_DONE)
        cs_inner_free(&c->inner);
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
        return cs_fail(err, CS_USAGE, "the exchange is already complete");
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
    if (c->state == S_DONE || c->state == S_DEAD)
        cs_wipe_stack();
    return ret;
}
