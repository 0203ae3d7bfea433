/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_adversary.c - a man in the middle who breaks the rules.
 *
 * Whatever he does, the client must not send its credentials: that is looked
 * for in what the client really sent, which the man in the middle can read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/ssl.h>

#include "tests/unit/cs_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* --- What he does --- */

static uint8_t other_nonce[CS_NONCE_LENGTH];
static struct cs_buf old_proof = CS_BUF_INIT(65536);

static struct cs_span
span(const void *p, size_t len)
{
    struct cs_span s = { p, len };

    return s;
}

static int
is_proof(enum direction to, const struct cs_tsrequest *m, enum direction want)
{
    return to == want && (m->fields & CS_PUBKEY);
}

#define MEDDLER(name)                                                   \
    static void                                                         \
    name(struct pair *p, enum direction to, int n,                      \
         struct cs_tsrequest *m, struct cs_buf *raw)                    \
    {                                                                   \
        (void)p; (void)to; (void)n; (void)m; (void)raw;

MEDDLER(nothing)
}

MEDDLER(downgrade_2)
    if (to == TO_CLIENT)
        m->version = 2;
}

MEDDLER(downgrade_4)
    if (to == TO_CLIENT)
        m->version = 4;
}

MEDDLER(reflect)
    if (is_proof(to, m, TO_CLIENT))
        m->pub_key_auth = cs_buf_span(&p->proof);
}

MEDDLER(replay)
    if (is_proof(to, m, TO_CLIENT))
        m->pub_key_auth = cs_buf_span(&old_proof);
}

MEDDLER(shorten_proof)
    if (is_proof(to, m, TO_CLIENT))
        m->pub_key_auth.len = 16;
}

MEDDLER(empty_proof)
    if (is_proof(to, m, TO_CLIENT))
        m->pub_key_auth.len = 0;
}

MEDDLER(change_nonce)
    if (m->fields & CS_NONCE)
        m->nonce = span(other_nonce, sizeof(other_nonce));
}

MEDDLER(short_nonce)
    if (m->fields & CS_NONCE)
        m->nonce.len--;
}

MEDDLER(change_version)
    if (to == TO_CLIENT && n > 0)
        m->version = 7;
}

MEDDLER(two_tokens)
    static const uint8_t two[] = {
        0x30, 0x17, 0xa0, 0x03, 0x02, 0x01, 0x06, 0xa1, 0x10, 0x30, 0x0e,
        0x30, 0x05, 0xa0, 0x03, 0x04, 0x01, 0x31, 0x30, 0x05, 0xa0, 0x03,
        0x04, 0x01, 0x31
    };

    if (to == TO_CLIENT)
        cs_buf_add(raw, two, sizeof(two));
}

MEDDLER(truncate_message)
    if (to == TO_CLIENT) {
        cs_tsrequest_encode(m, raw);
        raw->len -= 3;
    }
}

MEDDLER(garbage_behind)
    if (to == TO_CLIENT) {
        cs_tsrequest_encode(m, raw);
        cs_buf_add(raw, "", 1);
    }
}

MEDDLER(twice)
    if (to == TO_CLIENT) {
        cs_tsrequest_encode(m, raw);
        cs_tsrequest_encode(m, raw);
    }
}

MEDDLER(not_a_message)
    if (to == TO_CLIENT)
        cs_buf_add(raw, "HTTP/1.1 200 OK\r\n\r\n", 19);
}

MEDDLER(too_long)
    static const uint8_t head[] = { 0x30, 0x83, 0x7f, 0xff, 0xff };

    if (to == TO_CLIENT)
        cs_buf_add(raw, head, sizeof(head));
}

static const struct {
    const char *name;
    meddler meddle;
    int client, server;         /* codes expected, 0: whatever it is */
    const char *text;           /* in the client's error; or NULL */
} attacks[] = {
    { "version 2", downgrade_2, CS_VERSION, 0, "CVE-2018-0886" },
    { "version 4", downgrade_4, CS_VERSION, 0, "CVE-2018-0886" },
    { "reflected proof", reflect, 0, 0, NULL },
    { "replayed proof", replay, 0, 0, NULL },
    { "proof cut", shorten_proof, CS_MALFORMED, 0, "too short" },
    { "proof empty", empty_proof, CS_MALFORMED, 0, "too short" },
    { "nonce changed", change_nonce, CS_REMOTE, CS_BINDING, "LOGON_FAILURE" },
    { "nonce cut", short_nonce, CS_REMOTE, CS_MALFORMED, "LOGON_FAILURE" },
    { "version changes", change_version, CS_UNEXPECTED, 0,
      "changed its version" },
    { "two tokens", two_tokens, CS_MALFORMED, 0, "malformed" },
    { "truncated", truncate_message, CS_MALFORMED, 0, "inside a message" },
    { "garbage behind", garbage_behind, CS_MALFORMED, 0, "more than one" },
    { "twice", twice, CS_MALFORMED, 0, "more than one" },
    { "not a message", not_a_message, CS_MALFORMED, 0, "not a TSRequest" },
    { "too long", too_long, CS_MALFORMED, 0, "not a TSRequest" },
};

static void
check_refused(const char *name, const struct pair *p)
{
    if (p->client_error.code == 0 || p->client_done || p->secrets != 0 ||
        p->delegated.len != 0)
        fail_msg("%s: client %d \"%s\" done %d, server %d \"%s\", %d secrets",
                 name, p->client_error.code, p->client_error.text,
                 p->client_done, p->server_error.code, p->server_error.text,
                 p->secrets);
    print_message("# %s: %s\n", name, p->client_error.text);
}

static void
run_attacks(int tls_max)
{
    struct pair p;
    size_t i;

    for (i = 0; i < COUNT(attacks); i++) {
        memset(&p, 0, sizeof(p));
        p.tls_max = tls_max;
        p.meddle = attacks[i].meddle;
        pair_run(&p);
        check_refused(attacks[i].name, &p);
        if (attacks[i].client != 0)
            assert_int_equal(p.client_error.code, attacks[i].client);
        if (attacks[i].server != 0)
            assert_int_equal(p.server_error.code, attacks[i].server);
        if (attacks[i].text != NULL)
            assert_non_null(strstr(p.client_error.text, attacks[i].text));
        pair_free(&p);
    }
}

static void
test_attacks_tls13(void **state)
{
    (void)state;
    run_attacks(0);
}

static void
test_attacks_tls12(void **state)
{
    (void)state;
    run_attacks(TLS1_2_VERSION);
}

/* What makes the tests above tests. */
static void
test_control(void **state)
{
    struct pair p = { .meddle = nothing };

    (void)state;
    pair_run(&p);
    if (!p.client_done || !p.server_done)
        fail_msg("%s / %s", p.client_error.text, p.server_error.text);
    assert_int_equal(p.secrets, 1);
    assert_true(p.delegated.len > 0);
    assert_int_equal(p.info.version, 6);
    assert_true(p.info.inner->mech == &cs_oid_ntlmssp);
    cs_buf_add(&old_proof, p.proof.p, p.proof.len);
    pair_free(&p);
}

/* Another key than the server's: each proof is for another connection. */
static void
test_other_key(void **state)
{
    struct pair p = { .other_key = 1, .meddle = nothing };

    (void)state;
    pair_run(&p);
    check_refused("another key", &p);
    assert_int_equal(p.server_error.code, CS_BINDING);
    pair_free(&p);
}

/* CVE-2018-0886: with the echo of old versions what the client seals is what
 * the server sent as its key.  Even where that is allowed the keys differ. */
static void
test_other_key_old(void **state)
{
    struct pair p = { .other_key = 1, .meddle = nothing,
                      .client_minimum = 2, .server_minimum = 2,
                      .server_announce = 4 };

    (void)state;
    pair_run(&p);
    check_refused("another key, version 4", &p);
    pair_free(&p);
}

static void
test_versions(void **state)
{
    struct pair p;
    int client, server, low;

    (void)state;
    for (client = 2; client <= 6; client++) {
        for (server = 2; server <= 6; server++) {
            low = client < server ? client : server;
            memset(&p, 0, sizeof(p));
            p.client_announce = client;
            p.server_announce = server;
            p.client_minimum = p.server_minimum = 2;
            pair_run(&p);
            assert_true(p.client_done && p.server_done);
            assert_int_equal(p.info.version, low);
            pair_free(&p);
            p = (struct pair){ .client_announce = client,
                               .server_announce = server };
            pair_run(&p);
            assert_int_equal(p.client_done, low >= 5);
            assert_int_equal(p.secrets, low >= 5);
            pair_free(&p);
        }
    }
}

MEDDLER(spoil_client_proof)
    if (is_proof(to, m, TO_SERVER))
        m->pub_key_auth.len--;
}

/* errorCode exists in versions 3, 4 and 6 only. */
static void
test_error_codes(void **state)
{
    struct pair p;
    int version;

    (void)state;
    for (version = 2; version <= 6; version++) {
        p = (struct pair){ .client_announce = version, .client_minimum = 2,
                           .server_minimum = 2, .meddle = spoil_client_proof };
        pair_run(&p);
        assert_int_equal(p.secrets, 0);
        assert_int_equal(p.delegated.len, 0);
        assert_int_not_equal(p.server_error.code, 0);
        assert_int_equal(p.error_codes, version == 3 || version == 4 ||
                         version == 6);
        pair_free(&p);
    }
}

static void
test_wrong_password(void **state)
{
    struct pair p = { .password = "something else altogether" };

    (void)state;
    pair_run(&p);
    check_refused("wrong password", &p);
    assert_int_equal(p.server_error.code, CS_INNER);
    pair_free(&p);
}

/* NTLM proves nothing about the server: it is not even offered. */
static void
test_ntlm_only(void **state)
{
    struct pair p = { .no_ntlm = 1 };
    struct cs_inner *inner = NULL;
    struct cs_error err;

    (void)state;
    assert_int_equal(pair_inner(&p, &inner, &err), CS_POLICY);
    assert_null(inner);
    assert_non_null(strstr(err.text, "NTLM"));
}

static int
teardown(void **state)
{
    cs_buf_free(&old_proof);
    return pair_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_attacks_tls13),
        cmocka_unit_test(test_attacks_tls12),
        cmocka_unit_test(test_other_key),
        cmocka_unit_test(test_other_key_old),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_error_codes),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_ntlm_only),
    };

    return cmocka_run_group_tests_name("CredSSP's adversaries", tests,
                                       pair_setup, teardown);
}
