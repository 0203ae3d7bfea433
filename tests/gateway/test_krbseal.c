/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_krbseal.c - messages made of a Kerberos context's keys. */
#include "config.h"

#include <string.h>

#include "tests/unit/cs_hex.h"
#include "helper/wsman/krbseal.h"

#define MAX ((size_t)1 << 20)

/* Sealed by impacket 0.10's GSSAPI_AES and GSSAPI_RC4, as an initiator, with the
 * key 00 01 02 ...; RC4's frame made for a token with a message. */
static const struct vector {
    int enctype, subkey;
    size_t key;
    uint64_t seq;
    const char *plain, *header, *data;
} vectors[] = {
    { 17, 1, 16, 0x1122334455, "Get-Process | Select-Object Name",
      "050406ff0000001c0000001122334455361bdb7ebf6be8725efe7f839ad71b4558"
      "97548f09cad1422e61d99ca2f8ac29e90386cb2bfd1bdcd94e46ef",
      "e63ef3883d893aae8914d8e5b2eff9464d9c00d41cfc6915902ad3fe9b28b15e" },
    { 18, 1, 32, 0x1122334455, "Get-Process | Select-Object Name",
      "050406ff0000001c00000011223344555c30cac6c898c9553787b26bf1a7cf37de"
      "a3c6e6225e27e74b30f74401461e1c4eab16ae55181284e6f19638",
      "89b50ae61d37de074264e4c5735f863838232de5a137a40d6b6d97bcde3e5f4d" },
    { 23, 0, 16, 0x11223344, "Get-Process -Id",
      "603b06092a864886f712010202020111001000ffff62b60fe3c1bba63ddafd367c"
      "6ee1558ee1ecf7d3576c9d0b",
      "d596042fef932f47e2a97efd2cd28ba5" }
};

static struct krb_keys
keys_of(const struct vector *v, int initiator)
{
    struct krb_keys keys = { 0 };
    size_t i;

    keys.initiator = initiator;
    keys.acceptor_subkey = v->subkey;
    keys.enctype = v->enctype;
    keys.send_seq = keys.recv_seq = v->seq;
    keys.len = v->key;
    for (i = 0; i < v->key; i++)
        keys.key[i] = (uint8_t)i;
    return keys;
}

static struct krbseal *
end_of(const struct vector *v, int initiator)
{
    struct krb_keys keys = keys_of(v, initiator);
    struct krbseal *s;

    assert_int_equal(krbseal_new(&keys, &s, NULL), 0);
    return s;
}

/* A message that is whole: its two parts. */
struct sealed {
    struct cs_buf header, data;
};

static void
seal(struct krbseal *s, const char *text, struct sealed *out)
{
    struct cs_span plain = { (const uint8_t *)text, strlen(text) };

    out->header = (struct cs_buf)CS_BUF_INIT(MAX);
    out->data = (struct cs_buf)CS_BUF_INIT(MAX);
    assert_int_equal(krbseal_wrap(s, plain, &out->header, &out->data, NULL),
                     0);
}

static void
release(struct sealed *m)
{
    cs_buf_free(&m->header);
    cs_buf_free(&m->data);
}

/* Open it; what is given is exactly in its memory. */
static int
opens(struct krbseal *s, struct cs_span header, struct cs_span data,
      const char *want)
{
    struct cs_span h = exact(header.p, header.len);
    struct cs_span d = exact(data.p, data.len);
    struct cs_buf plain = CS_BUF_INIT(MAX);
    struct cs_error err = { 0 };
    int ret = krbseal_unwrap(s, h, d, &plain, &err);

    assert_int_equal(ret == 0, err.text[0] == '\0');
    if (ret == 0) {
        assert_int_equal(plain.len, strlen(want));
        assert_memory_equal(plain.p, want, plain.len);
    } else {
        assert_int_equal(plain.len, 0);
    }
    cs_buf_free(&plain);
    drop(h);
    drop(d);
    return ret;
}

static int
opens_whole(struct krbseal *s, const struct sealed *m, const char *want)
{
    return opens(s, cs_buf_span(&m->header), cs_buf_span(&m->data), want);
}

static void
test_theirs(void **state)
{
    const struct vector *v;

    (void)state;
    for (v = vectors; v < vectors + COUNT(vectors); v++) {
        struct krbseal *acceptor = end_of(v, 0);
        struct cs_span header = unhex(v->header), data = unhex(v->data);

        assert_int_equal(opens(acceptor, header, data, v->plain), 0);
        /* Once. */
        assert_int_equal(opens(acceptor, header, data, v->plain), CS_INNER);
        drop(header);
        drop(data);
        krbseal_free(&acceptor);
    }
}

static void
test_both_ways(void **state)
{
    static const char *const texts[] = { "", "a", "sixteen bytes...", "more" };
    const struct vector *v;
    size_t i;

    (void)state;
    for (v = vectors; v < vectors + COUNT(vectors); v++) {
        struct krbseal *a = end_of(v, 1), *b = end_of(v, 0);

        for (i = 0; i < 2 * COUNT(texts); i++) {
            struct sealed m;

            seal(i % 2 ? b : a, texts[i / 2], &m);
            assert_int_equal(m.data.len, strlen(texts[i / 2]) +
                             (v->enctype == 23));
            assert_int_equal(opens_whole(i % 2 ? a : b, &m, texts[i / 2]), 0);
            release(&m);
        }
        krbseal_free(&a);
        krbseal_free(&b);
    }
}

/* One bit of anything; a byte less; a byte more. */
static void
test_changed(void **state)
{
    const struct vector *v;
    size_t i, n;

    (void)state;
    for (v = vectors; v < vectors + COUNT(vectors); v++) {
        struct krbseal *acceptor = end_of(v, 0);
        struct cs_span header = unhex(v->header), data = unhex(v->data);
        uint8_t *h = (uint8_t *)(uintptr_t)header.p;
        uint8_t *d = (uint8_t *)(uintptr_t)data.p;

        n = header.len + data.len;
        for (i = 0; i < 8 * n; i++) {
            uint8_t *at = (i / 8 < header.len) ? h + i / 8 :
                d + i / 8 - header.len;

            /* The 16 bytes' own RRC says where to turn back to: a multiple
             * of the whole is the same. */
            *at ^= 1u << (i % 8);
            assert_true(opens(acceptor, header, data, v->plain) < 0);
            *at ^= 1u << (i % 8);
        }
        for (i = 0; i < header.len; i++) {
            struct cs_span cut = { header.p, i };

            assert_true(opens(acceptor, cut, data, v->plain) < 0);
        }
        for (i = 0; i < data.len; i++) {
            struct cs_span cut = { data.p, i };

            assert_true(opens(acceptor, header, cut, v->plain) < 0);
        }
        assert_int_equal(opens(acceptor, header, data, v->plain), 0);
        drop(header);
        drop(data);
        krbseal_free(&acceptor);
    }
}

/* Our own message back; one left out; the order changed. */
static void
test_order(void **state)
{
    const struct vector *v;

    (void)state;
    for (v = vectors; v < vectors + COUNT(vectors); v++) {
        struct krbseal *a = end_of(v, 1), *b = end_of(v, 0);
        struct sealed one, two;

        seal(a, "one", &one);
        seal(a, "two", &two);
        assert_true(opens_whole(a, &one, "one") < 0);
        assert_int_equal(opens_whole(b, &two, "two"), CS_INNER);
        assert_int_equal(opens_whole(b, &one, "one"), 0);
        assert_int_equal(opens_whole(b, &one, "one"), CS_INNER);
        assert_int_equal(opens_whole(b, &two, "two"), 0);
        release(&one);
        release(&two);
        krbseal_free(&a);
        krbseal_free(&b);
    }
}

/* A message of the same key, whose sender takes another for the acceptor's. */
static void
test_other_subkey(void **state)
{
    const struct vector *v;

    (void)state;
    for (v = vectors; v < vectors + COUNT(vectors); v++) {
        struct krb_keys keys = keys_of(v, 0);
        struct krbseal *a, *b;
        struct sealed m;

        if (v->enctype == 23)
            continue;           /* has none */
        a = end_of(v, 1);
        keys.acceptor_subkey = !keys.acceptor_subkey;
        assert_int_equal(krbseal_new(&keys, &b, NULL), 0);
        seal(b, "text", &m);
        assert_int_equal(opens_whole(a, &m, "text"), CS_MALFORMED);
        release(&m);
        krbseal_free(&a);
        krbseal_free(&b);
    }
}

static void
test_only_signed(void **state)
{
    static const char *const signed_only[] = {
        "050405ff000c000c0000001122334455", NULL,
        "603b06092a864886f71201020202011100ffffffff62b60fe3c1bba63ddafd367c"
        "6ee1558ee1ecf7d3576c9d0b"
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(vectors); i++) {
        struct krbseal *end;
        struct cs_span header, data;

        if (signed_only[i] == NULL)
            continue;
        end = end_of(&vectors[i], vectors[i].enctype != 23);
        header = unhex(signed_only[i]);
        data = unhex(vectors[i].data);
        assert_int_equal(opens(end, header, data, ""), CS_POLICY);
        drop(header);
        drop(data);
        krbseal_free(&end);
    }
}

static void
test_bad_keys(void **state)
{
    struct krb_keys keys = keys_of(&vectors[1], 1);
    struct krbseal *s;

    (void)state;
    keys.len = 31;
    assert_true(krbseal_new(&keys, &s, NULL) < 0);
    assert_null(s);
    keys.enctype = 4711;
    assert_true(krbseal_new(&keys, &s, NULL) < 0);
    keys = keys_of(&vectors[2], 1);
    keys.len = 15;
    assert_true(krbseal_new(&keys, &s, NULL) < 0);
    assert_null(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_theirs),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_other_subkey),
        cmocka_unit_test(test_only_signed),
        cmocka_unit_test(test_bad_keys)
    };

    return cmocka_run_group_tests_name("krbseal", tests, NULL, NULL);
}
