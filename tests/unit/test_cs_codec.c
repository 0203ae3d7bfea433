/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_cs_codec.c - DER, TSRequest, TSCredentials, UTF-16, pubKeyAuth. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/der.h"
#include "plugin/credssp/pubkey.h"
#include "plugin/bytes/utf16.h"
#include "plugin/credssp/tscreds.h"
#include "plugin/credssp/tsrequest.h"
#include "tests/unit/unit.h"
#include "tests/unit/vectors_cs.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Hexadecimal as bytes, in memory of exactly that size. */
static struct cs_span
unhex(const char *hex)
{
    size_t len = strlen(hex) / 2, i;
    uint8_t *p = malloc(len > 0 ? len : 1);
    struct cs_span span = { p, len };
    char pair[3] = { 0 };

    assert_non_null(p);
    for (i = 0; i < len; i++) {
        memcpy(pair, hex + 2 * i, 2);
        p[i] = strtoul(pair, NULL, 16);
    }
    return span;
}

static void
drop(struct cs_span span)
{
    free((void *)(uintptr_t)span.p);
}

static int
same(struct cs_span a, const void *p, size_t len)
{
    return a.len == len && (len == 0 || memcmp(a.p, p, len) == 0);
}

static int
decodes_request(struct cs_span in)
{
    struct cs_tsrequest m;

    return cs_tsrequest_decode(in, &m, NULL) == 0;
}

static int
decodes_creds(struct cs_span in)
{
    struct cs_tscreds creds;

    return cs_tscreds_decode(in, &creds, NULL) == 0;
}

/*
 * What must not decode: each prefix, one byte more, and every byte that is the
 * head of an element changed.  (Bytes of contents may change, so only the
 * first ones are tried, which are heads in all vectors.)
 */
static void
check_negatives(struct cs_span in, int (*decodes)(struct cs_span))
{
    struct cs_span part;
    uint8_t *copy;
    size_t i;

    assert_true(decodes(in));
    for (i = 0; i < in.len; i++) {
        copy = malloc(i > 0 ? i : 1);
        assert_non_null(copy);
        memcpy(copy, in.p, i);
        part.p = copy;
        part.len = i;
        assert_false(decodes(part));
        free(copy);
    }
    copy = calloc(1, in.len + 1);
    assert_non_null(copy);
    memcpy(copy, in.p, in.len);
    part.p = copy;
    part.len = in.len + 1;
    assert_false(decodes(part));
    part.len = in.len;
    for (i = 0; i < 2; i++) {
        copy[i] ^= 1;
        assert_false(decodes(part));
        copy[i] ^= 1;
    }
    assert_true(decodes(part));
    free(copy);
}

static void
test_requests(void **state)
{
    struct cs_buf out = CS_BUF_INIT(CS_TSREQUEST_MAX);
    struct cs_tsrequest m;
    struct cs_span in;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(ts_requests); i++) {
        in = unhex(ts_requests[i]);
        assert_int_equal(cs_tsrequest_decode(in, &m, NULL), 0);
        cs_tsrequest_encode(&m, &out);
        assert_int_equal(out.error, 0);
        assert_true(same(in, out.p, out.len));
        cs_buf_reset(&out);
        check_negatives(in, decodes_request);
        drop(in);
    }
    cs_buf_free(&out);
}

static void
test_credentials(void **state)
{
    struct cs_buf out = CS_BUF_INIT(CS_TSCREDS_MAX);
    struct cs_tscreds creds;
    struct cs_span in;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(ts_credentials); i++) {
        in = unhex(ts_credentials[i]);
        assert_int_equal(cs_tscreds_decode(in, &creds, NULL), 0);
        cs_tscreds_encode(&creds, &out);
        assert_int_equal(out.error, 0);
        assert_true(same(in, out.p, out.len));
        cs_buf_reset(&out);
        check_negatives(in, decodes_creds);
        drop(in);
    }
    cs_buf_free(&out);
    /* A type that nobody knows, with nothing in it. */
    in = unhex("300ba003020109a10404023000");
    assert_false(decodes_creds(in));
    drop(in);
}

/* All fields of pyspnego's first vector, as it says what they are. */
static void
test_fields(void **state)
{
    struct cs_span in = unhex(
        "3044a003020106a10b30093007a0050403313233a20b04096175746820696e66"
        "6fa30e040c707562206b65792061757468a40302010aa50e040c636c69656e74"
        "206e6f6e6365");
    struct cs_tsrequest m;

    (void)state;
    assert_int_equal(cs_tsrequest_decode(in, &m, NULL), 0);
    assert_int_equal(m.version, 6);
    assert_int_equal(m.fields, CS_NEGO | CS_AUTHINFO | CS_PUBKEY |
                     CS_ERRORCODE | CS_NONCE);
    assert_true(same(m.nego, "123", 3));
    assert_true(same(m.auth_info, "auth info", 9));
    assert_true(same(m.pub_key_auth, "pub key auth", 12));
    assert_int_equal(m.error_code, 10);
    assert_true(same(m.nonce, "client nonce", 12));
    drop(in);
}

/* The contents of a TSRequest; or, behind a "=", all of it. */
static const struct {
    const char *hex;
    int good;
} request_forms[] = {
    { "a003020102", 1 },                /* a version and nothing else */
    { "a003020107", 1 },                /* newer than ours */
    { "a003020101", 0 },                /* there is no version 1 */
    { "a0030201ff", 0 },                /* negative */
    { "a00402020006", 0 },              /* not minimal */
    { "", 0 },                          /* no version */
    { "=3080a0030201060000", 0 },       /* indefinite length */
    { "=308105a003020106", 0 },         /* a long form of a short length */
    { "=30820005a003020106", 0 },
    { "a103020106", 0 },                /* another tag */
    { "=3105a003020106", 0 },
    /* negoTokens: one; two; none; one with something behind it */
    { "a003020106a10930073005a003040131", 1 },
    { "a003020106a110300e3005a0030401313005a003040131", 0 },
    { "a003020106a1023000", 0 },
    { "a003020106a10b30093007a0030401310500", 0 },
    /* pubKeyAuth after and before authInfo; twice; an unknown field */
    { "a003020106a203040131a303040131", 1 },
    { "a003020106a303040131a203040131", 0 },
    { "a003020106a203040131a203040131", 0 },
    { "a003020106a603040131", 0 },
    /* errorCode: C00700EA in four octets, in five; bad ones */
    { "a003020106a4060204c00700ea", 1 },
    { "a003020106a407020500c00700ea", 1 },
    { "a003020106a40802060000c00700ea", 0 },
    { "a003020106a407020501c00700ea", 0 },
    { "a003020106a4020200", 0 },
    { "a003020106a4030401aa", 0 },
};

/* Put the head of a SEQUENCE before the contents. */
static int
decodes_form(const char *hex)
{
    struct cs_span in = unhex(*hex == '=' ? hex + 1 : hex);
    struct cs_buf whole = CS_BUF_INIT(1000);
    size_t mark;
    int ret;

    if (*hex == '=') {
        ret = decodes_request(in);
    } else {
        mark = cs_der_open(&whole, CS_DER_SEQUENCE);
        cs_buf_add(&whole, in.p, in.len);
        cs_der_close(&whole, mark);
        ret = decodes_request(cs_buf_span(&whole));
    }
    cs_buf_free(&whole);
    drop(in);
    return ret;
}

static void
test_request_forms(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(request_forms); i++) {
        if (decodes_form(request_forms[i].hex) != request_forms[i].good)
            fail_msg("%s", request_forms[i].hex);
    }
}

static void
test_error_code(void **state)
{
    struct cs_span in = unhex("300da003020106a4060204c00700ea");
    struct cs_buf out = CS_BUF_INIT(100);
    struct cs_tsrequest m;

    (void)state;
    assert_int_equal(cs_tsrequest_decode(in, &m, NULL), 0);
    assert_int_equal(m.error_code, 0xC00700EA);
    cs_tsrequest_encode(&m, &out);
    assert_true(same(in, out.p, out.len));
    cs_buf_free(&out);
    drop(in);
    assert_string_equal(cs_ntstatus_name(0xC000006D), "STATUS_LOGON_FAILURE");
    assert_null(cs_ntstatus_name(0xC00700EA));
    assert_non_null(strstr(cs_ntstatus_text(0xC00700EA), "Win32"));
}

/* The reason is there whatever the length of what is in front of it. */
static void
test_errno(void **state)
{
    struct cs_error err;
    char path[1000];
    size_t i;

    (void)state;
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    for (i = 0; i < sizeof(path); i++) {
        assert_int_equal(cs_fail_errno(&err, CS_POLICY, EMFILE, "open %s",
                                       path + i), CS_POLICY);
        assert_int_equal(err.code, CS_POLICY);
        assert_int_equal(err.ntstatus, 0);
        assert_string_equal(strchr(err.text, ':'), ": Too many open files");
        assert_memory_equal(err.text, "open ", 5);
    }
    assert_int_equal(cs_fail_errno(&err, CS_SYSTEM, 99999, "x"), CS_SYSTEM);
    assert_string_equal(err.text, "x: error 99999");
    assert_int_equal(cs_fail_errno(NULL, CS_SYSTEM, EPERM, "x"), CS_SYSTEM);
}

/* A list of as many packages as are read, and of one more: an error, not a
 * short list. */
static int
decodes_packages(size_t n)
{
    struct cs_buf out = CS_BUF_INIT(CS_TSCREDS_MAX);
    size_t all = cs_der_open(&out, CS_DER_SEQUENCE), marks[5], i;
    static const uint8_t package[] = {
        0x30, 0x0a, 0xa0, 0x03, 0x04, 0x01, 0x61, 0xa1, 0x03, 0x04, 0x01, 0x62
    };
    int ret;

    cs_der_put_tagged_natural(&out, 0, CS_REMOTEGUARD);
    marks[0] = cs_der_open(&out, CS_DER_CONTEXT(1));
    marks[1] = cs_der_open(&out, CS_DER_OCTETS);
    marks[2] = cs_der_open(&out, CS_DER_SEQUENCE);
    marks[3] = cs_der_open(&out, CS_DER_CONTEXT(0));
    cs_buf_add(&out, package, sizeof(package));
    cs_der_close(&out, marks[3]);
    marks[3] = cs_der_open(&out, CS_DER_CONTEXT(1));
    marks[4] = cs_der_open(&out, CS_DER_SEQUENCE);
    for (i = 0; i < n; i++)
        cs_buf_add(&out, package, sizeof(package));
    for (i = 5; i-- > 0;)
        cs_der_close(&out, marks[i]);
    cs_der_close(&out, all);
    assert_int_equal(out.error, 0);
    ret = decodes_creds(cs_buf_span(&out));
    cs_buf_free(&out);
    return ret;
}

static void
test_many_packages(void **state)
{
    (void)state;
    assert_true(decodes_packages(0));
    assert_true(decodes_packages(CS_GUARD_MAX));
    assert_false(decodes_packages(CS_GUARD_MAX + 1));
}

static const struct {
    const char *utf8, *utf16;   /* NULL: malformed */
} texts[] = {
    { "", "" },
    { "41c3a9", "4100e900" },
    { "e282ac", "ac20" },
    { "f09f9880", "3dd800de" },
    { "f48fbfbf", "ffdbffdf" },
    { "c080", NULL }, { "e08080", NULL }, { "f0808080", NULL },
    { "eda080", NULL }, { "f4908080", NULL }, { "80", NULL }, { "c3", NULL },
    { "c341", NULL }, { "ff", NULL },
    { NULL, "41" }, { NULL, "00d8" }, { NULL, "00dc" }, { NULL, "00d84100" },
};

static void
convert(const char *from, const char *to,
        int (*f)(struct cs_span, struct cs_buf *))
{
    struct cs_buf out = CS_BUF_INIT(100);
    struct cs_span in, want;

    if (from == NULL)
        return;
    in = unhex(from);
    if (to == NULL) {
        assert_int_equal(f(in, &out), CS_MALFORMED);
    } else {
        want = unhex(to);
        assert_int_equal(f(in, &out), 0);
        assert_true(same(want, out.p, out.len));
        drop(want);
    }
    cs_buf_free(&out);
    drop(in);
}

static void
test_utf16(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(texts); i++) {
        convert(texts[i].utf8, texts[i].utf16, cs_utf16_from_utf8);
        convert(texts[i].utf16, texts[i].utf8, cs_utf8_from_utf16);
    }
}

/* The lengths at which the form of the length changes. */
static void
test_lengths(void **state)
{
    static const size_t lengths[] = { 0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF };
    struct cs_buf out = CS_BUF_INIT(0x20000), small = CS_BUF_INIT(10);
    static uint8_t zeros[0xFFFF];
    struct cs_der in;
    struct cs_span span;
    size_t i, total;

    (void)state;
    for (i = 0; i < COUNT(lengths); i++) {
        cs_der_put_octets(&out, zeros, lengths[i]);
        assert_int_equal(cs_der_length(out.p, out.len, CS_DER_OCTETS, 0x20000,
                                       &total), 0);
        assert_int_equal(total, out.len);
        cs_der_begin(&in, out.p, out.len);
        span = cs_der_octets(&in);
        cs_der_end(&in);
        assert_false(in.root_bad);
        assert_int_equal(span.len, lengths[i]);
        cs_buf_reset(&out);
    }
    assert_int_equal(cs_der_length("\x30\x82\x01", 3, 0x30, 99, &total), 1);
    assert_int_equal(cs_der_length("\x31", 1, 0x30, 99, &total),
                     CS_MALFORMED);
    assert_int_equal(cs_der_length("\x30\x60", 2, 0x30, 50, &total),
                     CS_MALFORMED);
    cs_der_put_octets(&small, zeros, 11);
    assert_int_equal(small.error, CS_MALFORMED);
    cs_buf_free(&small);
    cs_buf_free(&out);
}

/* redemption's tests/core/RDP/nla/test_nla.cpp: a recorded exchange. */
static const char nla_key[] =
    "30818902818100cbfcaaad1d2b92a11130999cd6e6578025fce46533e4f421f96a11"
    "8d6a5a703569d558ed3d61830e9644bc011e0e82885887abdd0480ac5734e7fd69f4"
    "1e5c3016696f3e93a45f122d21fa1cc040f5e649f38528800defb5f0777996efc80a"
    "3d158e88eb39fafd2dce3479eaa8c6c03a38a944e1e336fad74a2b2f03b5745e3502"
    "03010001";
static const char nla_nonce[] =
    "ad88fafb737a14bd20efb47b759d4fac0d139872066ba7f13acd16dd43ee90fb";

static const struct {
    uint32_t version;
    const char *key, *nonce, *client, *server;
} proofs[] = {
    { 6, nla_key, nla_nonce,
      "621bf3feff603aae9c953e1f16bf2a1d3053e38aa09b9edf117592fb3ae1e7e0",
      "facd73fc6b51deb3129627b27ab73766abc5abd8c88253e66b28b3c2a339c700" },
    { 5, "0001", "0000",
      "4590c26c837dacdf3da8fae578264d9e45486afc3951f21ef357064cd55fbbb5",
      "cdf4ffee6cb6395e5b692c2da397386f6a1eab2d3a6271816a04c7a2914d333f" },
    { 2, "0001", "", "0001", "0101" },
    { 4, "31323435373839363532333235343135", "",
      "31323435373839363532333235343135",
      "32323435373839363532333235343135" },
};

static void
check_proof(const struct cs_binding *b, enum cs_side side, const char *hex)
{
    struct cs_buf out = CS_BUF_INIT(CS_KEY_MAX);
    struct cs_span want = unhex(hex);
    enum cs_side other = (side == CS_CLIENT) ? CS_SERVER : CS_CLIENT;
    struct cs_span part = want;
    size_t i;

    assert_int_equal(cs_pubkey_proof(b, side, &out, NULL), 0);
    assert_true(same(want, out.p, out.len));
    assert_int_equal(cs_pubkey_check(b, side, want, NULL), 0);
    /* Reflected, shortened, empty, with any byte changed. */
    assert_int_equal(cs_pubkey_check(b, other, want, NULL), CS_BINDING);
    part.len--;
    assert_int_equal(cs_pubkey_check(b, side, part, NULL), CS_BINDING);
    part.len = 0;
    assert_int_equal(cs_pubkey_check(b, side, part, NULL), CS_BINDING);
    for (i = 0; i < out.len; i++) {
        out.p[i] ^= 0x80;
        assert_int_equal(cs_pubkey_check(b, side, cs_buf_span(&out), NULL),
                         CS_BINDING);
        out.p[i] ^= 0x80;
    }
    cs_buf_free(&out);
    drop(want);
}

static void
test_proofs(void **state)
{
    struct cs_binding b = { 0 };
    struct cs_buf out = CS_BUF_INIT(CS_KEY_MAX);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(proofs); i++) {
        b.version = proofs[i].version;
        b.key = unhex(proofs[i].key);
        b.nonce = unhex(proofs[i].nonce);
        check_proof(&b, CS_CLIENT, proofs[i].client);
        check_proof(&b, CS_SERVER, proofs[i].server);
        drop(b.key);
        drop(b.nonce);
    }
    b.key.len = 0;
    assert_int_equal(cs_pubkey_proof(&b, CS_CLIENT, &out, NULL), CS_TLS);
    b.key.len = CS_KEY_MAX + 1;
    assert_int_equal(cs_pubkey_proof(&b, CS_CLIENT, &out, NULL), CS_TLS);
    cs_buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_request_forms),
        cmocka_unit_test(test_error_code),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_many_packages),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_proofs),
    };

    return cmocka_run_group_tests_name("CredSSP's messages", tests, NULL,
                                       NULL);
}
