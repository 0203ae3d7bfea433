/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_cs_der.c - the DER that MS-CSSP uses, strictly, both ways. */
#include "config.h"

#include "tests/unit/cs_hex.h"
#include "plugin/bytes/der.h"
#include "plugin/bytes/error.h"
#include "plugin/credssp/kdcerr.h"

#define OCTETS_MAX 0xFFFFFF     /* what three octets of length say */

/* --- Reading --- */

/* OCTET STRINGs and how long what is in them is; -1: malformed. */
static const struct {
    const char *hex;
    long len;
} octets[] = {
    { "0400", 0 },
    { "040161", 1 },
    { "0403616263", 3 },
    { "", -1 },                         /* nothing at all */
    { "04", -1 },                       /* no length */
    { "0401", -1 },                     /* no contents */
    { "04026161616161", -1 },           /* something behind it */
    { "04030000", -1 },                 /* cut */
    { "0500", -1 }, { "030100", -1 },   /* NULL, BIT STRING */
    { "24030401aa", -1 },               /* constructed */
    { "84016161", -1 },                 /* implicit */
    { "04800000", -1 },                 /* indefinite */
    { "04810161", -1 },                 /* long forms of short lengths */
    { "0482000161", -1 },
    { "0483000001", -1 },
    { "048100", -1 },
    { "0481", -1 }, { "048201", -1 }, { "04830100", -1 },   /* cut */
    { "048400000001aa", -1 },           /* more octets than we take */
    { "04880000000000000001aa", -1 },
    { "0485ffffffffff", -1 },
    { "0483ffffff", -1 },               /* longer than what is there */
    { "04ff", -1 }, { "04feaa", -1 },   /* reserved; 126 octets */
};

static void
test_octets(void **state)
{
    struct cs_span in, got;
    struct cs_der der;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(octets); i++) {
        in = unhex(octets[i].hex);
        cs_der_begin(&der, in.p, in.len);
        got = cs_der_octets(&der);
        cs_der_end(&der);
        if (der.root_bad != (octets[i].len < 0))
            fail_msg("%s", octets[i].hex);
        if (octets[i].len >= 0) {
            assert_int_equal(got.len, octets[i].len);
            assert_ptr_equal(got.p, in.p + 2);
        }
        drop(in);
    }
}

/* Lengths in the long form, around the limits of each: the shortest that is
 * legal, and one below it, which is not. */
static void
test_long_lengths(void **state)
{
    static const struct {
        size_t octets, least;
    } forms[] = { { 1, 0x80 }, { 2, 0x100 }, { 3, 0x10000 } };
    static uint8_t p[5 + 0x10000];
    struct cs_der der;
    size_t i, j, len, less, head;

    (void)state;
    for (i = 0; i < COUNT(forms); i++) {
        for (less = 0; less <= 1; less++) {
            len = forms[i].least - less;
            head = 2 + forms[i].octets;
            p[0] = CS_DER_OCTETS;
            p[1] = 0x80 | forms[i].octets;
            for (j = 0; j < forms[i].octets; j++)
                p[2 + j] = len >> 8 * (forms[i].octets - 1 - j);
            cs_der_begin(&der, p, head + len);
            assert_int_equal(cs_der_octets(&der).len, less ? 0 : len);
            assert_int_equal(der.root_bad, less);
            cs_der_begin(&der, p, head + len - 1);
            (void)cs_der_octets(&der);
            assert_int_equal(der.root_bad, 1);
        }
    }
}

enum { BAD = 0, NATURAL = 1, NEGATIVE = 2 };

static const struct {
    const char *hex;
    int kind;
    uint32_t value;
} integers[] = {
    { "020100", NATURAL, 0 },
    { "020106", NATURAL, 6 },
    { "02017f", NATURAL, 0x7F },
    { "02020080", NATURAL, 0x80 },
    { "020200ff", NATURAL, 0xFF },
    { "02020100", NATURAL, 0x100 },
    { "02027fff", NATURAL, 0x7FFF },
    { "0203008000", NATURAL, 0x8000 },
    { "02037fffff", NATURAL, 0x7FFFFF },
    { "020400800000", NATURAL, 0x800000 },
    { "02047fffffff", NATURAL, 0x7FFFFFFF },
    { "02050080000000", NATURAL, 0x80000000 },
    { "020500c00700ea", NATURAL, 0xC00700EA },
    { "020500ffffffff", NATURAL, 0xFFFFFFFF },
    { "0201ff", NEGATIVE, 0xFFFFFFFF },
    { "020180", NEGATIVE, 0xFFFFFF80 },
    { "0202ff7f", NEGATIVE, 0xFFFFFF7F },
    { "02028000", NEGATIVE, 0xFFFF8000 },
    { "0203800000", NEGATIVE, 0xFF800000 },
    { "0204c00700ea", NEGATIVE, 0xC00700EA },
    { "020480000000", NEGATIVE, 0x80000000 },
    { "0200", BAD, 0 },
    { "02020000", BAD, 0 },             /* not minimal */
    { "02020006", BAD, 0 }, { "0202007f", BAD, 0 },
    { "0202ff80", BAD, 0 }, { "0202ffff", BAD, 0 },
    { "0204ffffffff", BAD, 0 }, { "0205007fffffff", BAD, 0 },
    { "02050000000001", BAD, 0 },
    { "02050100000000", BAD, 0 },       /* 2^32 */
    { "02057fffffffff", BAD, 0 },
    { "0205ff7fffffff", BAD, 0 },       /* below -2^31 */
    { "02058000000000", BAD, 0 }, { "0205ffffffffff", BAD, 0 },
    { "0206000000000006", BAD, 0 },
    { "0206008000000000", BAD, 0 },
    { "", BAD, 0 }, { "02", BAD, 0 }, { "0201", BAD, 0 },
    { "02810106", BAD, 0 }, { "0280060000", BAD, 0 },
    { "040106", BAD, 0 }, { "0a0106", BAD, 0 }, { "220106", BAD, 0 },
};

static void
read_integer(const char *hex, uint32_t (*f)(struct cs_der *), int good,
             uint32_t want)
{
    struct cs_span in = unhex(hex);
    struct cs_der der;
    uint32_t value;

    cs_der_begin(&der, in.p, in.len);
    value = f(&der);
    cs_der_end(&der);
    if (der.root_bad != !good || (good && value != want))
        fail_msg("%s: %d, %08X", hex, der.root_bad, (unsigned int)value);
    drop(in);
}

static void
test_integers(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(integers); i++) {
        read_integer(integers[i].hex, cs_der_uint32, integers[i].kind != BAD,
                     integers[i].value);
        read_integer(integers[i].hex, cs_der_natural,
                     integers[i].kind == NATURAL, integers[i].value);
    }
}

/* What is inside may not reach past what is around it, even where there are
 * more bytes; and must fill it. */
static void
test_nesting(void **state)
{
    static const struct {
        const char *hex;
        int good;
    } forms[] = {
        { "3005a0030401610500", 1 },    /* what follows is not looked at */
        { "3005a0030402610500", 0 },    /* OCTET STRING over its tag */
        { "3005a0040401610500", 0 },    /* tag over the SEQUENCE */
        { "3004a0030401610500", 0 },
        { "3006a0030401610500", 0 },    /* a byte is left in the SEQUENCE */
        { "3006a004040161050000", 0 },  /* in the tag */
        { "300ba0030401610500", 0 },    /* SEQUENCE over the end */
        { "3005a1030401610500", 0 },
        { "3005a0030201610500", 0 },
        { "3080a003040161000000", 0 },
        { "3002a000", 0 },
        { "3000", 0 },
    };
    struct cs_der der, inside;
    struct cs_span in, got;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(forms); i++) {
        in = unhex(forms[i].hex);
        cs_der_begin(&der, in.p, in.len);
        cs_der_enter(&der, CS_DER_SEQUENCE, &inside);
        got = cs_der_tagged_octets(&inside, 0);
        cs_der_end(&inside);
        if (der.root_bad == forms[i].good)
            fail_msg("%s", forms[i].hex);
        if (forms[i].good) {
            assert_int_equal(got.len, 1);
            assert_int_equal(der.left, 2);
            cs_der_end(&der);
            assert_int_equal(der.root_bad, 1);
        }
        drop(in);
    }
}

/* Once anything is wrong nothing is right any more. */
static void
test_sticky_reader(void **state)
{
    struct cs_span in = unhex("3003020105020106a003040161");
    struct cs_der der, inside, more;

    (void)state;
    cs_der_begin(&der, in.p, in.len);
    assert_true(cs_der_next_is(&der, CS_DER_SEQUENCE));
    assert_false(cs_der_next_is(&der, CS_DER_INTEGER));
    cs_der_enter(&der, CS_DER_SEQUENCE, &inside);
    assert_int_equal(cs_der_natural(&inside), 5);
    assert_false(cs_der_next_is(&inside, CS_DER_INTEGER));
    cs_der_end(&inside);
    assert_false(der.root_bad);
    assert_true(cs_der_next_is(&der, CS_DER_INTEGER));
    (void)cs_der_octets(&inside);
    assert_true(der.root_bad);
    assert_false(cs_der_next_is(&der, CS_DER_INTEGER));
    assert_int_equal(cs_der_natural(&der), 0);
    assert_null(cs_der_octets(&der).p);
    assert_null(cs_der_optional_octets(&der, 0).p);
    cs_der_enter(&der, CS_DER_INTEGER, &more);
    assert_null(more.p);
    assert_int_equal(more.left, 0);
    cs_der_end(&der);
    assert_true(der.root_bad);
    drop(in);
}

static void
test_tagged(void **state)
{
    struct cs_span in = unhex("a0020400a20404026161a303020107"), got;
    struct cs_der der;

    (void)state;
    cs_der_begin(&der, in.p, in.len);
    got = cs_der_optional_octets(&der, 0);
    assert_int_equal(got.len, 0);
    assert_non_null(got.p);             /* there, if empty */
    assert_null(cs_der_optional_octets(&der, 1).p);
    got = cs_der_optional_octets(&der, 2);
    assert_int_equal(got.len, 2);
    assert_int_equal(cs_der_tagged_natural(&der, 3), 7);
    cs_der_end(&der);
    assert_false(der.root_bad);
    assert_null(cs_der_optional_octets(&der, 3).p);
    assert_false(der.root_bad);
    (void)cs_der_tagged_natural(&der, 3);
    assert_true(der.root_bad);
    drop(in);
}

/* total; 0: not yet known; -1: malformed.  At most 1000 bytes. */
static const struct {
    const char *hex;
    long total;
} heads[] = {
    { "", 0 }, { "30", 0 }, { "3000", 2 }, { "3005", 7 }, { "3005a0", 7 },
    { "307f", 129 }, { "3081", 0 }, { "308180", 131 }, { "3081ff", 258 },
    { "3082", 0 }, { "308201", 0 }, { "30820100", 260 },
    { "308203e4", 1000 }, { "308203e5", -1 }, { "3082ffff", -1 },
    { "3083", 0 }, { "308301", 0 }, { "30830100", 0 }, { "3083010000", -1 },
    { "3083ffffff", -1 }, { "3084", -1 }, { "3080", -1 }, { "30ff", -1 },
    { "30817f", -1 }, { "30820080", -1 }, { "308300ffff", -1 },
    { "31", -1 }, { "3100", -1 }, { "00", -1 }, { "16030100", -1 },
};

static void
test_length(void **state)
{
    struct cs_span in;
    size_t i, total;
    int ret;

    (void)state;
    for (i = 0; i < COUNT(heads); i++) {
        in = unhex(heads[i].hex);
        total = 4711;
        ret = cs_der_length(in.p, in.len, CS_DER_SEQUENCE, 1000, &total);
        if (ret != (heads[i].total > 0 ? 0 : heads[i].total == 0 ? 1 :
                    CS_MALFORMED) ||
            total != (heads[i].total > 0 ? (size_t)heads[i].total : 4711))
            fail_msg("%s: %d, %zu", heads[i].hex, ret, total);
        drop(in);
    }
}

/* --- Writing --- */

static void
test_write_lengths(void **state)
{
    static const struct {
        size_t len;
        const char *head;
    } forms[] = {
        { 0, "0400" }, { 1, "0401" }, { 0x7F, "047f" }, { 0x80, "048180" },
        { 0xFF, "0481ff" }, { 0x100, "04820100" }, { 0xFFFF, "0482ffff" },
        { 0x10000, "0483010000" }, { OCTETS_MAX, "0483ffffff" },
    };
    struct cs_buf out = CS_BUF_INIT((size_t)2 * OCTETS_MAX);
    uint8_t *data = calloc(1, OCTETS_MAX + 1);
    struct cs_span head;
    size_t i;

    (void)state;
    assert_non_null(data);
    for (i = 0; i < OCTETS_MAX; i++)
        data[i] = i % 251;
    for (i = 0; i < COUNT(forms); i++) {
        head = unhex(forms[i].head);
        cs_der_put_octets(&out, data, forms[i].len);
        assert_int_equal(out.error, 0);
        assert_int_equal(out.len, head.len + forms[i].len);
        assert_memory_equal(out.p, head.p, head.len);
        assert_int_equal(memcmp(out.p + head.len, data, forms[i].len), 0);
        cs_buf_reset(&out);
        drop(head);
    }
    cs_der_put_octets(&out, data, OCTETS_MAX + 1);
    assert_int_equal(out.error, CS_MALFORMED);
    cs_buf_free(&out);
    free(data);
}

static void
test_write_integers(void **state)
{
    struct cs_buf out = CS_BUF_INIT(100);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(integers); i++) {
        if (integers[i].kind == BAD)
            continue;
        if (integers[i].kind == NATURAL)
            cs_der_put_natural(&out, integers[i].value);
        else
            cs_der_put_status(&out, integers[i].value);
        if (!is_hex(cs_buf_span(&out), integers[i].hex))
            fail_msg("%s", integers[i].hex);
        cs_buf_reset(&out);
        if (integers[i].kind == NATURAL && integers[i].value < 0x80000000) {
            cs_der_put_status(&out, integers[i].value);
            assert_true(is_hex(cs_buf_span(&out), integers[i].hex));
            cs_buf_reset(&out);
        }
    }
    cs_buf_free(&out);
}

static void
write_nested(struct cs_buf *out)
{
    struct cs_span text = { (const uint8_t *)"abc", 3 }, none = { NULL, 0 };
    size_t all = cs_der_open(out, CS_DER_SEQUENCE);
    size_t tag = cs_der_open(out, CS_DER_CONTEXT(30));

    cs_der_put_tagged_octets(out, 0, text);
    cs_der_put_tagged_octets(out, 1, none);
    cs_der_close(out, tag);
    cs_der_put_tagged_natural(out, 2, 0x80);
    cs_der_close(out, all);
}

/* Behind what was there; and with each limit, of which all but the last are
 * too small: that error stays, and nothing goes past the limit. */
static void
test_nested_and_overflow(void **state)
{
    struct cs_span whole = unhex(
        "783013be0ba0050403616263a1020400a20402020080");
    struct cs_buf out;
    size_t max;

    (void)state;
    for (max = 1; max <= whole.len; max++) {
        out = (struct cs_buf)CS_BUF_INIT(max);
        cs_buf_add(&out, "x", 1);
        write_nested(&out);
        assert_true(out.len <= max);
        assert_int_equal(out.error, max < whole.len ? CS_MALFORMED : 0);
        if (max == whole.len)
            assert_true(same(cs_buf_span(&out), whole));
        cs_der_put_natural(&out, 1);
        assert_int_equal(out.error, CS_MALFORMED);
        assert_true(out.len <= max);
        cs_buf_reset(&out);
        assert_int_equal(out.error, 0);
        cs_buf_free(&out);
    }
    drop(whole);
}

/* What a domain controller's errors carry beside their code. */
static void
test_kdc_errors(void **state)
{
    static const struct { const char *hex; uint32_t status; } cases[] = {
        /* METHOD-DATA: another entry, then the status */
        { "30223009a103020113a20204003015a103020103a20e040c240200c0"
          "0000000001000000", 0xC0000224 },
        /* KERB-ERROR-DATA */
        { "3015a103020103a20e040c710000c00000000001000000", 0xC0000071 },
        /* a salt, and no error's severity */
        { "3020301ea103020103a2170415434f52502e4558414d504c452e434f4d61"
          "6c696365", 0 },
        /* too short, another type, cut, nothing */
        { "300ca103020103a2050403710000", 0 },
        { "3015a103020102a20e040c710000c00000000001000000", 0 },
        { "3015a103020103a20e040c710000c000000000010000", 0 },
        { "", 0 }, { "3000", 0 }
    };
    struct cs_span in;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        in = unhex(cases[i].hex);
        assert_int_equal(cs_kdc_error_status(in), cases[i].status);
        drop(in);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kdc_errors),
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_long_lengths),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_sticky_reader),
        cmocka_unit_test(test_tagged),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_write_lengths),
        cmocka_unit_test(test_write_integers),
        cmocka_unit_test(test_nested_and_overflow),
    };

    return cmocka_run_group_tests_name("CredSSP's DER", tests, NULL, NULL);
}
