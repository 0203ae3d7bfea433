/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_rest.c - connections that rest between messages, and those that end
 * anywhere: nothing crashes, and no plaintext is left in OpenSSL's buffers.
 *
 * OpenSSL's releases differ in when they free a buffer, in what they wipe with
 * it, and in what they take for a buffer that is there (tls.c).
 */
#include "config.h"

#include <string.h>

#include "tests/unit/cs_pair.h"
#include "tests/unit/cs_search.h"
#include "plugin/credssp/tls.h"

#define TLS_1_2 0x0303
#define TLS_1_3 0x0304
#define ROUNDS 5

static const int versions[] = { TLS_1_2, TLS_1_3 };

struct ends {
    struct cs_tls *client, *server;
};

static void
make_ends(struct ends *e, int version)
{
    struct cs_tls_config *config = pair_client_tls(version);

    assert_int_equal(cs_tls_new(config, NULL, &e->client, NULL), 0);
    assert_int_equal(cs_tls_new(pair_server_tls(), NULL, &e->server, NULL), 0);
    cs_tls_config_free(&config);
}

static void
free_ends(struct ends *e)
{
    cs_tls_free(&e->client);
    cs_tls_free(&e->server);
}

/* What one end has to say reaches the other. */
static void
carry(struct cs_tls *from, struct cs_tls *to)
{
    struct cs_buf wire = CS_BUF_INIT(1 << 20);

    assert_int_equal(cs_tls_drain(from, &wire, NULL), 0);
    assert_int_equal(cs_tls_feed(to, cs_buf_span(&wire), NULL), 0);
    cs_buf_free(&wire);
}

/* One turn of the handshake; are both ends through? */
static int
turn(struct ends *e)
{
    int client, server;

    assert_int_equal(cs_tls_handshake(e->client, &client, NULL), 0);
    carry(e->client, e->server);
    assert_int_equal(cs_tls_handshake(e->server, &server, NULL), 0);
    carry(e->server, e->client);
    return client && server;
}

static void
shake_hands(struct ends *e)
{
    int turns = 0;

    while (!turn(e))
        assert_true(++turns < 10);
}

static void
rest(struct ends *e)
{
    cs_tls_rest(e->client);
    cs_tls_rest(e->server);
}

/* The secret from one end to the other, where it is found and then wiped. */
static void
tell_secret(struct cs_tls *from, struct cs_tls *to)
{
    struct cs_buf plain = CS_BUF_INIT(CS_RECORD_MAX);
    char secret[SECRET_LENGTH + 1];
    struct cs_span message = { (uint8_t *)secret, SECRET_LENGTH };

    secret_decode(secret);
    assert_int_equal(cs_tls_write(from, message, NULL), 0);
    explicit_bzero(secret, sizeof(secret));
    carry(from, to);
    assert_int_equal(secret_in_memory(), 0);
    assert_int_equal(cs_tls_read(to, &plain, NULL), 0);
    assert_int_equal(plain.len, SECRET_LENGTH);
    assert_true(secret_in_memory() > 0);
    cs_buf_free(&plain);
}

/* --- Secrets --- */

/* Each way, before and after a rest, and at the end. */
static void
test_secrets(void **state)
{
    struct ends e;
    size_t v, i;

    (void)state;
    for (v = 0; v < 2; v++) {
        make_ends(&e, versions[v]);
        shake_hands(&e);
        for (i = 0; i < ROUNDS; i++) {
            tell_secret(e.client, e.server);
            tell_secret(e.server, e.client);
            assert_int_equal(secret_in_memory(), 0);
            rest(&e);
            assert_int_equal(secret_in_memory(), 0);
        }
        tell_secret(e.client, e.server);
        free_ends(&e);
        assert_int_equal(secret_in_memory(), 0);
    }
}

/* A record of which only the beginning was read, when the connection rests
 * and when it ends. */
static void
test_unread(void **state)
{
    struct cs_buf plain = CS_BUF_INIT(2);
    char text[2 + SECRET_LENGTH + 1] = "--";
    struct cs_span message = { (uint8_t *)text, 2 + SECRET_LENGTH };
    struct ends e;
    size_t v;

    (void)state;
    for (v = 0; v < 2; v++) {
        make_ends(&e, versions[v]);
        shake_hands(&e);
        tell_secret(e.client, e.server);
        rest(&e);
        secret_decode(text + 2);
        assert_int_equal(cs_tls_write(e.client, message, NULL), 0);
        explicit_bzero(text + 2, SECRET_LENGTH);
        carry(e.client, e.server);
        assert_int_equal(cs_tls_read(e.server, &plain, NULL), CS_MALFORMED);
        assert_int_equal(plain.len, 2);
        cs_buf_free(&plain);
        assert_true(secret_in_memory() > 0);
        rest(&e);
        free_ends(&e);
        assert_int_equal(secret_in_memory(), 0);
    }
}

/* --- Anywhere --- */

/* Rest, or end, after each turn of the handshake. */
static void
test_handshake(void **state)
{
    struct ends e;
    int turns, i, resting, over;
    size_t v;

    (void)state;
    for (v = 0; v < 2; v++) {
        for (resting = 0; resting < 2; resting++) {
            for (turns = 0, over = 0; !over; turns++) {
                make_ends(&e, versions[v]);
                for (i = 0; i < turns; i++) {
                    over = turn(&e);
                    if (resting)
                        rest(&e);
                }
                free_ends(&e);
                assert_true(turns < 10);
            }
        }
    }
}

static void
test_twice(void **state)
{
    struct ends e;
    size_t v, i;

    (void)state;
    for (v = 0; v < 2; v++) {
        make_ends(&e, versions[v]);
        shake_hands(&e);
        for (i = 0; i < ROUNDS; i++) {
            rest(&e);
            rest(&e);
            assert_int_equal(cs_tls_key_update(e.client, NULL), 0);
            rest(&e);
            tell_secret(e.client, e.server);
            rest(&e);
            rest(&e);
        }
        free_ends(&e);
    }
}

/* --- The exchange --- */

/* The man in the middle keeps the ends apart from each other's keys, so each
 * speaks to him; that is as good as a peer. */
static void
say_to(struct cs_tls *middle, struct credssp *end)
{
    struct cs_span plain = { (const uint8_t *)"hello", 5 };
    struct cs_buf wire = CS_BUF_INIT(1 << 20), got = CS_BUF_INIT(1 << 20);

    assert_int_equal(cs_tls_write(middle, plain, NULL), 0);
    assert_int_equal(cs_tls_drain(middle, &wire, NULL), 0);
    assert_int_equal(credssp_unwrap(end, cs_buf_span(&wire), &got, NULL), 0);
    assert_int_equal(got.len, 5);
    credssp_rest(end);
    credssp_rest(end);
    cs_buf_reset(&wire);
    assert_int_equal(credssp_wrap(end, plain, &wire, NULL), 0);
    credssp_rest(end);
    assert_int_equal(cs_tls_feed(middle, cs_buf_span(&wire), NULL), 0);
    cs_buf_reset(&got);
    assert_int_equal(cs_tls_read(middle, &got, NULL), 0);
    assert_int_equal(got.len, 5);
    cs_buf_free(&wire);
    cs_buf_free(&got);
}

static void
test_exchange(void **state)
{
    struct pair p;
    size_t v, i;

    (void)state;
    for (v = 0; v < 2; v++) {
        memset(&p, 0, sizeof(p));
        p.tls_max = versions[v];
        pair_run(&p);
        if (!p.client_done)
            print_message("# %s\n", p.client_error.text);
        assert_true(p.client_done && p.server_done);
        for (i = 0; i < ROUNDS; i++) {
            say_to(p.front, p.client);
            say_to(p.back, p.server);
        }
        pair_free(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_handshake),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_exchange),
    };

    return cmocka_run_group_tests_name("CredSSP connections at rest", tests,
                                       pair_setup, pair_teardown);
}
