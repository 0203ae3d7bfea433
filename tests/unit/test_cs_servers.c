/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_servers.c - servers made by hand, of OpenSSL alone, that do what
 * ours never does.
 */
#include "config.h"

#include <string.h>
#include <openssl/ssl.h>

#include "tests/unit/cs_cert.h"
#include "tests/unit/cs_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Of OpenSSL with its defaults: tickets, renegotiation. */
static SSL_CTX *ctx;

struct server {
    SSL *ssl;
    BIO *in, *out;
    struct credssp *client;     /* of ours */
    int done;
    struct cs_error error;      /* the client's */
};

static void
server_new(struct server *s)
{
    memset(s, 0, sizeof(*s));
    s->ssl = SSL_new(ctx);
    s->in = BIO_new(BIO_s_mem());
    s->out = BIO_new(BIO_s_mem());
    assert_non_null(s->ssl);
    SSL_set_bio(s->ssl, s->in, s->out);
    SSL_set_accept_state(s->ssl);
}

static void
server_free(struct server *s)
{
    credssp_free(&s->client);
    SSL_free(s->ssl);
}

/* What the server has said so far; then it is forgotten. */
static struct cs_span
said(struct server *s)
{
    static char copy[65536];
    char *p = NULL;
    struct cs_span span = { (uint8_t *)copy, BIO_get_mem_data(s->out, &p) };

    assert_true(span.len <= sizeof(copy));
    if (span.len > 0)
        memcpy(copy, p, span.len);
    (void)BIO_reset(s->out);
    return span;
}

static void
hear(struct server *s, struct cs_buf *out)
{
    if (out->len > 0)
        assert_int_equal(BIO_write(s->in, out->p, out->len), (int)out->len);
    cs_buf_reset(out);
}

/* One leg of the client with what the server has to say. */
static int
leg(struct server *s)
{
    struct cs_buf out = CS_BUF_INIT(CS_TSREQUEST_MAX);
    int ret = credssp_step(s->client, said(s), &out, &s->done, &s->error);

    hear(s, &out);
    cs_buf_free(&out);
    return ret;
}

static void
client_new(struct server *s, struct cs_tls_config *tls)
{
    struct credssp_params params = { .tls = tls };
    struct pair p = { 0 };

    server_new(s);
    assert_int_equal(pair_inner(&p, &params.inner, NULL), 0);
    assert_int_equal(credssp_new(&params, &s->client, NULL), 0);
}

/* Up to the client's first TSRequest. */
static void
connect_to(struct server *s, struct cs_tls_config *tls)
{
    int i;

    client_new(s, tls);
    for (i = 0; i < 6 && !(SSL_is_init_finished(s->ssl) &&
                           BIO_pending(s->in) > 0); i++) {
        assert_int_equal(leg(s), 0);
        (void)SSL_do_handshake(s->ssl);
    }
    assert_true(SSL_is_init_finished(s->ssl));
    (void)BIO_reset(s->out);
}

static void
test_renegotiation(void **state)
{
    struct cs_tls_config *tls = pair_client_tls(TLS1_2_VERSION);
    struct server s;

    (void)state;
    connect_to(&s, tls);
    assert_int_equal(SSL_renegotiate(s.ssl), 1);
    (void)SSL_do_handshake(s.ssl);
    assert_true(BIO_pending(s.out) > 0);
    assert_int_equal(leg(&s), CS_TLS);
    assert_non_null(strstr(s.error.text, "renegotiation"));
    server_free(&s);
    cs_tls_config_free(&tls);
}

/* A server that hands out tickets gets a full handshake every time. */
static void
test_resumption(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    struct cs_tls_config *tls;
    struct server s;
    size_t i;
    int again;

    (void)state;
    for (i = 0; i < COUNT(versions); i++) {
        tls = pair_client_tls(versions[i]);
        for (again = 0; again < 2; again++) {
            connect_to(&s, tls);
            assert_int_equal(SSL_version(s.ssl), versions[i]);
            assert_int_equal(SSL_session_reused(s.ssl), 0);
            server_free(&s);
        }
        cs_tls_config_free(&tls);
    }
}

/* Nothing where something is due. */
static void
test_empty_tokens(void **state)
{
    struct cs_tls_config *tls = pair_client_tls(TLS1_2_VERSION);
    struct server s;

    (void)state;
    client_new(&s, tls);
    assert_int_equal(leg(&s), 0);
    assert_int_equal(leg(&s), CS_UNEXPECTED);
    assert_non_null(strstr(s.error.text, "empty token"));
    assert_int_equal(leg(&s), CS_USAGE);
    server_free(&s);
    connect_to(&s, tls);
    assert_int_equal(leg(&s), CS_UNEXPECTED);
    server_free(&s);
    cs_tls_config_free(&tls);
}

static void
test_close_notify(void **state)
{
    struct cs_tls_config *tls = pair_client_tls(TLS1_2_VERSION);
    struct server s;

    (void)state;
    connect_to(&s, tls);
    (void)SSL_shutdown(s.ssl);
    assert_int_equal(leg(&s), CS_TLS);
    assert_non_null(strstr(s.error.text, "closed"));
    server_free(&s);
    cs_tls_config_free(&tls);
}

/* --- TLS alone --- */

/* Both sides of a bare connection, until it stands. */
static void
connect_bare(struct cs_tls *tls, struct server *s)
{
    struct cs_buf out = CS_BUF_INIT(65536);
    int i, up = 0;

    for (i = 0; i < 4; i++) {
        assert_int_equal(cs_tls_handshake(tls, &up, NULL), 0);
        assert_int_equal(cs_tls_drain(tls, &out, NULL), 0);
        hear(s, &out);
        (void)SSL_do_handshake(s->ssl);
        assert_int_equal(cs_tls_feed(tls, said(s), NULL), 0);
    }
    assert_true(up && SSL_is_init_finished(s->ssl));
    assert_int_equal(cs_tls_read(tls, &out, NULL), 0);     /* tickets */
    cs_buf_free(&out);
}

/* A message of ours is what the frame says, and arrives. */
static void
say_bare(struct cs_tls *tls, struct server *s, int with_update)
{
    struct cs_buf out = CS_BUF_INIT(65536);
    struct cs_span text = { (const uint8_t *)"whole", 5 };
    struct cs_tls_frame frame;
    char got[16];
    size_t n;

    cs_tls_frame(tls, text.len, &frame);
    assert_int_equal(frame.before > 0, with_update);
    assert_int_equal(cs_tls_write(tls, text, NULL), 0);
    assert_int_equal(cs_tls_drain(tls, &out, NULL), 0);
    assert_int_equal(out.len, frame.before + frame.header + text.len +
                     frame.trailer);
    hear(s, &out);
    assert_int_equal(SSL_read_ex(s->ssl, got, sizeof(got), &n), 1);
    assert_int_equal(n, text.len);
    assert_memory_equal(got, text.p, n);
    cs_buf_free(&out);
}

/* A server that wants other keys gets them before the next message. */
static void
test_key_update(void **state)
{
    struct cs_tls_config *config = pair_client_tls(0);
    struct cs_buf plain = CS_BUF_INIT(65536);
    struct cs_tls *tls;
    struct server s;
    int i;

    (void)state;
    assert_int_equal(cs_tls_new(config, NULL, &tls, NULL), 0);
    server_new(&s);
    connect_bare(tls, &s);
    say_bare(tls, &s, 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(SSL_key_update(s.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(s.ssl), 1);
    }
    assert_int_equal(SSL_write(s.ssl, "hello", 5), 5);
    assert_int_equal(cs_tls_feed(tls, said(&s), NULL), 0);
    assert_int_equal(cs_tls_read(tls, &plain, NULL), 0);
    assert_int_equal(plain.len, 5);
    say_bare(tls, &s, 1);
    say_bare(tls, &s, 0);
    cs_buf_free(&plain);
    cs_tls_free(&tls);
    server_free(&s);
    cs_tls_config_free(&config);
}

static int
setup(void **state)
{
    const char *file = cert_file("odd.pem");

    ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_use_certificate_file(ctx, file, SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, file, SSL_FILETYPE_PEM),
                     1);
    return pair_setup(state);
}

static int
teardown(void **state)
{
    SSL_CTX_free(ctx);
    return pair_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_empty_tokens),
        cmocka_unit_test(test_close_notify),
        cmocka_unit_test(test_key_update),
    };

    return cmocka_run_group_tests_name("CredSSP's odd servers", tests,
                                       setup, teardown);
}
