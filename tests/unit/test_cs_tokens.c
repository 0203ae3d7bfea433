/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_tokens.c - tokens that are cut, changed, too long or not there; and
 * exchanges over a stream.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/ssl.h>

#include "tests/unit/cs_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const int versions[] = { 0, TLS1_2_VERSION };

/* --- Damage --- */

/* A token becomes this, at a place in 1/256 of it. */
struct damage {
    enum direction to;
    int token;
    unsigned int place;
    enum { CUT, FLIP, SHORTER, LONGER, EMPTY, ALERT, HOWS } how;
};

/* How long is a token without its last record? */
static size_t
without_last(const struct cs_buf *token)
{
    size_t at = 0, next = 0;

    while (next + CS_RECORD_HEADER <= token->len) {
        at = next;
        next += CS_RECORD_HEADER +
            ((size_t)token->p[at + 3] << 8 | token->p[at + 4]);
    }
    return at;
}

static void
do_damage(struct pair *p, enum direction to, int n, struct cs_buf *token)
{
    static const uint8_t alert[] = { 0x15, 3, 3, 0, 2, 2, 40 };
    const struct damage *d = p->what;
    size_t at;

    if (to != d->to || n != d->token || token->len == 0)
        return;
    at = (token->len - 1) * d->place / 256;
    switch (d->how) {
    case CUT: token->len = at; break;
    case FLIP: token->p[at] ^= 1; break;
    case SHORTER: token->len = without_last(token); break;
    case LONGER: cs_buf_add(token, "\1\2\3", 3); break;
    case EMPTY: token->len = 0; break;
    default:
        cs_buf_reset(token);
        cs_buf_add(token, alert, sizeof(alert));
        break;
    }
}

/* Whoever gets it fails, says why, and nothing is delegated. */
static void
run_damage(const struct damage *d, int tls_max)
{
    struct pair p = { .tls_max = tls_max, .damage = do_damage, .what = d };
    const struct cs_error *e = (d->to == TO_CLIENT) ? &p.client_error :
        &p.server_error;

    pair_run(&p);
    if (e->code == 0 || e->text[0] == '\0' || p.server_done ||
        p.delegated.len != 0 ||
        (d->to == TO_CLIENT && (p.client_done || p.secrets != 0)))
        fail_msg("token %d to the %s, %d at %u/256: client \"%s\", server "
                 "\"%s\"", d->token, d->to == TO_CLIENT ? "client" : "server",
                 (int)d->how, d->place, p.client_error.text,
                 p.server_error.text);
    pair_free(&p);
}

static void
damage_token(struct damage *d, int tls_max)
{
    /* (Not a header's version, which RFC 8446 5.1 says to ignore.) */
    static const unsigned int places[] = { 40, 128, 200, 256 };
    /* Under valgrind one place, another one for each token. */
    const int slow = getenv("GW_VALGRIND") != NULL;
    size_t i, n;
    int how;

    for (how = CUT; how < HOWS; how++) {
        d->how = how;
        n = (how <= FLIP && !slow) ? COUNT(places) : 1;
        for (i = 0; i < n; i++) {
            d->place = places[(i + (size_t)d->token) % COUNT(places)];
            run_damage(d, tls_max);
        }
    }
}

static void
damage_all(enum direction to, const int tokens[2], int tls_max)
{
    struct damage d = { .to = to };

    /* The client's first turn has no token to be damaged. */
    for (d.token = (to == TO_CLIENT); d.token < tokens[to]; d.token++)
        damage_token(&d, tls_max);
}

static void
test_damage(void **state)
{
    struct pair p;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(versions); i++) {
        p = (struct pair){ .tls_max = versions[i] };
        pair_run(&p);
        assert_true(p.client_done && p.server_done);
        assert_true(p.tokens[TO_CLIENT] >= 4 && p.tokens[TO_SERVER] >= 4);
        print_message("# %d tokens to the client, %d to the server\n",
                      p.tokens[TO_CLIENT] - 1, p.tokens[TO_SERVER]);
        pair_free(&p);
        damage_all(TO_CLIENT, p.tokens, versions[i]);
        damage_all(TO_SERVER, p.tokens, versions[i]);
    }
}

/* --- Over a stream --- */

#define MORE "said without waiting"

/* Behind authInfo the client goes on. */
static void
say_more(struct pair *p, enum direction to, int n, struct cs_tsrequest *m,
         struct cs_buf *raw)
{
    (void)n;
    if (to != TO_SERVER || !(m->fields & CS_AUTHINFO))
        return;
    cs_tsrequest_encode(m, raw);
    assert_int_equal(cs_tls_write(p->back, cs_buf_span(raw), NULL), 0);
    cs_buf_reset(raw);
    cs_buf_add(raw, MORE, strlen(MORE));
}

/* What the stream keeps back, of the last token. */
static struct cs_buf late = CS_BUF_INIT(1024);
static size_t late_len;

static void
delay(struct pair *p, enum direction to, int n, struct cs_buf *token)
{
    (void)n;
    if (to != TO_SERVER || p->secrets == 0)
        return;
    cs_buf_add(&late, token->p + token->len - late_len, late_len);
    token->len -= late_len;
}

static void
unwrap(struct credssp *c, struct cs_span in, struct cs_buf *plain)
{
    assert_int_equal(credssp_unwrap(c, in, plain, NULL), 0);
}

static void
run_stream(int tls_max, size_t keep_back)
{
    struct pair p = { .stream = 1, .tls_max = tls_max, .meddle = say_more,
                      .damage = delay };
    struct cs_buf plain = CS_BUF_INIT(1024);
    struct cs_span none = { NULL, 0 };

    late_len = keep_back;
    pair_run(&p);
    if (!p.client_done || !p.server_done)
        fail_msg("%s / %s", p.client_error.text, p.server_error.text);
    assert_true(p.delegated.len > 0);
    unwrap(p.server, none, &plain);
    assert_int_equal(plain.len, keep_back > 0 ? 0 : strlen(MORE));
    unwrap(p.server, cs_buf_span(&late), &plain);
    assert_int_equal(plain.len, strlen(MORE));
    assert_memory_equal(plain.p, MORE, plain.len);
    unwrap(p.server, none, &plain);
    assert_int_equal(plain.len, strlen(MORE));
    cs_buf_free(&plain);
    cs_buf_free(&late);
    pair_free(&p);
}

static void
test_stream(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(versions); i++) {
        run_stream(versions[i], 0);
        run_stream(versions[i], 3);
    }
}

/* Byte by byte. */
static void
test_pieces(void **state)
{
    struct pair p;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(versions); i++) {
        p = (struct pair){ .stream = 1, .piece = 1, .tls_max = versions[i] };
        pair_run(&p);
        if (!p.client_done || !p.server_done)
            fail_msg("%s / %s", p.client_error.text, p.server_error.text);
        pair_free(&p);
    }
}

/* A message in as many records as it has octets: odd, and legal. */
static void
split(struct pair *p, enum direction to, int n, struct cs_tsrequest *m,
      struct cs_buf *raw)
{
    struct cs_tls *tls = (to == TO_CLIENT) ? p->front : p->back;
    struct cs_span octet = { NULL, 1 };

    (void)n;
    cs_tsrequest_encode(m, raw);
    while (raw->len > 1) {
        octet.p = raw->p;
        assert_int_equal(cs_tls_write(tls, octet, NULL), 0);
        cs_buf_take(raw, 1);
    }
}

static void
test_records(void **state)
{
    struct pair p = { .meddle = split };

    (void)state;
    pair_run(&p);
    if (!p.client_done || !p.server_done)
        fail_msg("%s / %s", p.client_error.text, p.server_error.text);
    pair_free(&p);
}

/* In legs nobody says anything without being asked. */
static void
test_no_stream(void **state)
{
    struct pair p = { .meddle = say_more };

    (void)state;
    pair_run(&p);
    assert_int_equal(p.server_error.code, CS_MALFORMED);
    assert_non_null(strstr(p.server_error.text, "more than one message"));
    assert_int_equal(p.delegated.len, 0);
    pair_free(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_no_stream),
    };

    return cmocka_run_group_tests_name("CredSSP's tokens", tests,
                                       pair_setup, pair_teardown);
}
