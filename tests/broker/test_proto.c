/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_proto.c - the broker's messages, as bytes. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/proto/proto.h"
#include "tests/unit/unit.h"

#define S(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static struct cs_span
span(const char *text)
{
    struct cs_span s = { (const uint8_t *)text, strlen(text) };

    return s;
}

/* A message with something in every field that any has. */
static struct bp_message *
full(enum bp_number number)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    static const uint8_t key[] = { 0, 1, 2, 0xFF };
    int i;

    assert_non_null(m);
    *m = (struct bp_message){
        .number = number, .version = 1, .pid = 4711, .lifetime = 36000,
        .port = 5985, .candidate = 1, .candidates = 4, .flags = 0x3E,
        .code = 6, .ntstatus = 0xC000006A, .major = 0xD0000, .minor = 7,
        .expiry = UINT64_C(0x100000002), .check = 1, .has_token = 1,
        .scheme = BP_KERBEROS, .locked = 1, .ready = 1, .complete = 1,
        .mech = BP_MECH_NTLM, .user = S("alice"), .domain = S("TEST"),
        .password = S("p\xC3\xA4ss:word"), .name = S("TEST\\alice"),
        .host = S("web01"), .node = S("node1"), .token = S("\0token"),
        .sealed = S("\xFF\0sealed"), .data = S("\0\0"), .bindings = S("b"),
        .text = S("why"), .source = S("alice@TEST"), .target = S("HOST@web01"),
        .spn = S("HOST@web01"), .credential = S("TEST\\alice"),
        .binding = { 6, { key, 4 }, { key, 3 }, 1 }, .ncredentials = 3,
        .nhosts = 2
    };
    for (i = 0; i < 3; i++)
        m->credentials[i] = (struct bp_credential){
            S("name"), S("login"), UINT64_MAX, 3, 0xC0000234, S("locked")
        };
    for (i = 0; i < 2; i++)
        m->hosts[i] = (struct bp_host){ S("web01"), 9, 0, S("") };
    return m;
}

static const enum bp_number all[] = {
    BP_HELLO, BP_LOGIN, BP_LOGOUT, BP_STATUS, BP_CONFINE, BP_CHANNEL,
    BP_CREDSSP, BP_STEP, BP_BIND, BP_VERIFY, BP_DELEGATE, BP_FINISH,
    BP_CONTEXT, BP_EXPORT, BP_REPORT, BP_OK, BP_ERROR, BP_WELCOME, BP_DATA,
    BP_STEPPED, BP_STATUS_IS, BP_STARTED, BP_LOGGED_IN, BP_KEYS
};
#define NALL (sizeof(all) / sizeof(*all))

/* A frame without its length. */
static struct cs_span
body(const struct cs_buf *frame)
{
    struct cs_span s = { frame->p + 4, frame->len - 4 };

    assert_true(frame->len >= 5);
    assert_int_equal(frame->len - 4, (size_t)frame->p[0] << 24 |
                     (size_t)frame->p[1] << 16 | (size_t)frame->p[2] << 8 |
                     frame->p[3]);
    return s;
}

/* In a block of its own, so that a tool sees a read behind it. */
static int
decode_copy(struct cs_span s, size_t n, struct bp_message *out)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    struct cs_span cut = { copy, n };
    int ret;

    assert_non_null(copy);
    memcpy(copy, s.p, n);
    ret = bp_decode(cut, out, NULL);
    free(copy);
    return ret;
}

static void
test_round_trip(void **state)
{
    struct bp_message *out = calloc(1, sizeof(*out)), *m;
    struct cs_buf a = CS_BUF_INIT(BP_FRAME_MAX + 4);
    struct cs_buf b = CS_BUF_INIT(BP_FRAME_MAX + 4);
    size_t i;

    (void)state;
    for (i = 0; i < NALL; i++) {
        m = full(all[i]);
        cs_buf_reset(&a);
        cs_buf_reset(&b);
        assert_int_equal(bp_encode(m, &a, NULL), 0);
        assert_int_equal(bp_decode(body(&a), out, NULL), 0);
        assert_int_equal(out->number, all[i]);
        assert_int_equal(bp_encode(out, &b, NULL), 0);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.p, b.p, a.len);
        assert_string_not_equal(bp_name(all[i]), "unknown");
        free(m);
    }
    cs_buf_free(&a);
    cs_buf_free(&b);
    free(out);
}

static void
test_cut_and_trailing(void **state)
{
    struct bp_message *out = calloc(1, sizeof(*out)), *m;
    struct cs_buf a = CS_BUF_INIT(BP_FRAME_MAX + 4);
    size_t i, n;

    (void)state;
    for (i = 0; i < NALL; i++) {
        m = full(all[i]);
        cs_buf_reset(&a);
        assert_int_equal(bp_encode(m, &a, NULL), 0);
        for (n = 0; n < a.len - 4; n++)
            assert_int_equal(decode_copy(body(&a), n, out), CS_MALFORMED);
        assert_int_equal(decode_copy(body(&a), a.len - 4, out), 0);
        cs_buf_add(&a, "", 1);
        assert_int_equal(decode_copy((struct cs_span){ a.p + 4, a.len - 4 },
                                     a.len - 4, out), CS_MALFORMED);
        free(m);
    }
    cs_buf_free(&a);
    free(out);
}

/* The bytes of one message, as the page says. */
static void
test_bytes(void **state)
{
    static const uint8_t expected[] = {
        0, 0, 0, 25, 10,
        0, 0, 0, 5, 'w', 'e', 'b', '0', '1',
        0, 0, 0x17, 0x61,
        0, 0, 0, 3, 'n', 'o', '1',
        0, 0, 0, 2
    };
    struct bp_message *m = calloc(1, sizeof(*m));
    struct cs_buf out = CS_BUF_INIT(100);

    (void)state;
    m->number = BP_CREDSSP;
    m->host = span("web01");
    m->node = span("no1");
    m->port = 5985;
    m->candidate = 2;
    assert_int_equal(bp_encode(m, &out, NULL), 0);
    assert_int_equal(out.len, sizeof(expected));
    assert_memory_equal(out.p, expected, sizeof(expected));
    cs_buf_free(&out);
    free(m);
}

/* One field that is out of range, in both directions. */
static void
check_refused(struct bp_message *m, size_t at, uint8_t octet)
{
    struct cs_buf out = CS_BUF_INIT(BP_FRAME_MAX + 4);
    struct bp_message *in = calloc(1, sizeof(*in));

    assert_int_equal(bp_encode(m, &out, NULL), 0);
    assert_true(at < out.len);
    out.p[at] = octet;
    assert_int_equal(bp_decode(body(&out), in, NULL), CS_MALFORMED);
    cs_buf_free(&out);
    free(in);
    free(m);
}

static void
test_ranges(void **state)
{
    struct bp_message *m = full(BP_STEP);

    (void)state;
    m->token.len = 0;
    check_refused(m, 5, 2);                     /* has_token is 0 or 1 */
    m = full(BP_STEP);
    check_refused(m, 5, 0);                     /* no token, and a token */
    check_refused(full(BP_CONTEXT), 5, 3);      /* scheme */
    check_refused(full(BP_CONTEXT), 15, 1);     /* port > 65535 */
    check_refused(full(BP_LOGIN), 9, 0);        /* a NUL in text */
    check_refused(full(BP_LOGIN), 9, 0xFF);     /* not UTF-8 */
    check_refused(full(BP_LOGIN), 5, 0xFF);     /* a length over all */
    check_refused(full(BP_HELLO), 4, 0);        /* numbers */
    check_refused(full(BP_HELLO), 4, 136);
    check_refused(full(BP_STATUS_IS), 6, 1);    /* too many of a list */
    m = full(BP_STEPPED);
    check_refused(m, 9 + 6 + 2, 0);             /* mechanism */
}

/* A list of as many as there is room for, and of one more: all of it there. */
static void
check_list(int hosts, unsigned int n, int ret)
{
    struct bp_message *in = calloc(1, sizeof(*in));
    size_t len = 9 + (size_t)n * (hosts ? 20 : 28);
    uint8_t *frame = calloc(1, len);

    assert_non_null(frame);
    frame[0] = BP_STATUS_IS;
    frame[hosts ? 7 : 3] = (uint8_t)(n >> 8);
    frame[hosts ? 8 : 4] = (uint8_t)n;
    assert_int_equal(bp_decode((struct cs_span){ frame, len }, in, NULL), ret);
    free(frame);
    free(in);
}

static void
test_lists(void **state)
{
    int hosts;

    (void)state;
    for (hosts = 0; hosts < 2; hosts++) {
        check_list(hosts, BP_LIST_MAX, 0);
        check_list(hosts, BP_LIST_MAX + 1, CS_MALFORMED);
    }
}

static void
test_encode_refuses(void **state)
{
    struct cs_buf out = CS_BUF_INIT(2 * BP_FRAME_MAX);
    struct bp_message *m = full(BP_LOGIN);
    char *big = calloc(1, BP_FRAME_MAX);
    struct cs_error err;

    (void)state;
    m->user = (struct cs_span){ (const uint8_t *)"a\0b", 3 };
    assert_int_equal(bp_encode(m, &out, &err), CS_MALFORMED);
    assert_int_equal(out.len, 0);
    m->number = BP_DATA;
    m->data = (struct cs_span){ (const uint8_t *)big, BP_FRAME_MAX - 5 };
    assert_int_equal(bp_encode(m, &out, &err), 0);
    cs_buf_reset(&out);
    m->data.len++;
    assert_int_equal(bp_encode(m, &out, &err), CS_MALFORMED);
    m->number = 99;
    assert_int_equal(bp_encode(m, &out, &err), CS_MALFORMED);
    m->number = BP_STATUS_IS;
    m->nhosts = BP_LIST_MAX + 1;
    assert_int_equal(bp_encode(m, &out, &err), CS_MALFORMED);
    m->number = BP_CREDSSP;
    m->port = 0;
    assert_int_equal(bp_encode(m, &out, &err), CS_MALFORMED);
    assert_int_equal(out.len, 0);
    assert_string_equal(bp_name(99), "unknown");
    cs_buf_free(&out);
    free(big);
    free(m);
}

/* What follows "complete" is there only then. */
static void
test_optional(void **state)
{
    struct bp_message *m = full(BP_STEPPED), *in = calloc(1, sizeof(*in));
    struct cs_buf out = CS_BUF_INIT(1000);

    (void)state;
    m->complete = 0;
    assert_int_equal(bp_encode(m, &out, NULL), 0);
    assert_int_equal(out.len, 4 + 1 + 4 + 6 + 2);
    assert_int_equal(bp_decode(body(&out), in, NULL), 0);
    assert_int_equal(in->mech, 0);
    cs_buf_free(&out);
    free(in);
    free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut_and_trailing),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_optional)
    };

    return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
