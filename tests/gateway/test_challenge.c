/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_challenge.c - WWW-Authenticate, Authorization and Base64. */
#include "config.h"

#include "helper/wsman/challenge.h"
#include "tests/unit/cs_hex.h"

enum { N = GATE_OFFERS_NEGOTIATE, K = GATE_OFFERS_KERBEROS,
       C = GATE_OFFERS_CREDSSP, B = GATE_OFFERS_BASIC };

static const struct {
    const char *lines[4];
    int ret;
    unsigned int offers, with_token;
    const char *tokens[3];      /* Negotiate, Kerberos, CredSSP */
} answers[] = {
    { { "Negotiate", "Kerberos", "CredSSP", "Basic realm=\"WSMAN\"" }, 0,
      N | K | C | B, 0, { NULL } },
    { { "Negotiate, Kerberos,CredSSP , Basic realm=\"WSMAN\"" }, 0,
      N | K | C | B, 0, { NULL } },
    { { "Negotiate YWJj" }, 0, N, N, { "abc" } },
    { { "Negotiate YWI=" }, 0, N, N, { "ab" } },
    { { "Negotiate YQ==" }, 0, N, N, { "a" } },
    { { "negotiate   YWJj , credssp ZGVm,KERBEROS\t" }, 0, N | C | K, N | C,
      { "abc", NULL, "def" } },
    { { "CredSSP ZGVm, Negotiate" }, 0, N | C, C, { NULL, NULL, "def" } },
    { { "CredSSP", "CredSSP ZGVm" }, 0, C, C, { NULL, NULL, "def" } },
    { { "CredSSP " }, 0, C, 0, { NULL } },
    { { "Basic realm=\"a, Negotiate YWJj, \\\"CredSSP\", charset=\"UTF-8\", "
        "Kerberos" }, 0, B | K, 0, { NULL } },
    { { "Basic realm=\"\"" }, 0, B, 0, { NULL } },
    { { "Digest qop=\"auth\",algorithm=MD5-sess,nonce=\"+Up=\",charset=utf-8,"
        "realm=\"x\", NTLM, Negotiate" }, 0, N, 0, { NULL } },
    { { "NTLM TlRMTVNTUAAC" }, 0, 0, 0, { NULL } },
    { { "Bearer a.b-c_~==, Negotiate YWJj" }, 0, N, N, { "abc" } },
    { { "Bearer realm = x , scope = \"y\", Negotiate" }, 0, N, 0, { NULL } },
    { { ", ,Negotiate,, ,Kerberos,," }, 0, N | K, 0, { NULL } },
    { { "" }, 0, 0, 0, { NULL } },
    { { "Negotiater YWJj, Negotiat" }, 0, 0, 0, { NULL } },

    { { "Negotiate YWJj", "Negotiate YWJj" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "CredSSP YWJj, CredSSP ZGVm" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate YWJ" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate YWJj=" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate YW-j" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate YWJj ZGVm" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate \"YWJj\"" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate\"YWJj\"" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate/WJj" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Basic realm=\"open" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Basic realm=\"open\\" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Basic realm=\"a\" \"b\"" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Basic realm=\"a\" Negotiate" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "realm=\"a\"" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "=" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate\r\nX: y" }, CS_MALFORMED, 0, 0, { NULL } },
    { { "Negotiate MDEyMzQ1Njc4OTAxMjM0NQ==" }, 0, N, N,
      { "0123456789012345" } },
    { { "Negotiate MDEyMzQ1Njc4OTAxMjM0NTY=" }, CS_MALFORMED, 0, 0, { NULL } },
};

static int
add_all(struct gate_challenge *c, const char *const *lines)
{
    struct cs_error err = { 0 };
    struct cs_span line;
    size_t i;
    int ret = 0;

    gate_challenge_init(c, 16);
    for (i = 0; i < 4 && lines[i] != NULL && ret == 0; i++) {
        line = exact(lines[i], strlen(lines[i]));
        ret = gate_challenge_add(c, (const char *)line.p, line.len, &err);
        drop(line);
    }
    assert_int_equal(ret != 0, err.text[0] != '\0');
    return ret;
}

static void
test_answers(void **state)
{
    struct gate_challenge c;
    const char *token;
    size_t i, j;
    int ok;

    (void)state;
    for (i = 0; i < COUNT(answers); i++) {
        ok = (add_all(&c, answers[i].lines) == answers[i].ret);
        if (answers[i].ret == 0)
            ok = ok && c.offers == answers[i].offers &&
                c.with_token == answers[i].with_token;
        for (j = 0; j < 3 && answers[i].ret == 0; j++) {
            token = (answers[i].tokens[j] != NULL) ? answers[i].tokens[j] : "";
            ok = ok && c.token[j].len == strlen(token) &&
                (c.token[j].len == 0 ||
                 memcmp(c.token[j].p, token, strlen(token)) == 0);
        }
        if (!ok)
            fail_msg("%zu: %s", i, answers[i].lines[0]);
        gate_challenge_free(&c);
        assert_int_equal(c.offers, 0);
        assert_null(c.token[0].p);
    }
}

/* RFC 4648 10, and what is not it. */
static const struct {
    const char *text, *bytes;   /* NULL: malformed */
} texts[] = {
    { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
    { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" },
    { "+/+/", "\xfb\xff\xbf" },
    { "Zh==", NULL }, { "Zm9=", NULL }, { "Zm9", NULL }, { "Zm", NULL },
    { "Z", NULL }, { "Z===", NULL }, { "====", NULL }, { "Zg==Zg==", NULL },
    { "Zg=v", NULL }, { "=m9v", NULL }, { "Zm9v ", NULL }, { " Zm9v", NULL },
    { "Zm9\n", NULL }, { "Zm9v\r\nYg==", NULL }, { "Zm9-", NULL },
    { "Zm9_", NULL }, { "Zm9v====", NULL }, { "Zm9v=", NULL },
};

static void
test_base64(void **state)
{
    struct cs_buf out = CS_BUF_INIT(64);
    struct cs_span text;
    size_t i;
    int ret;

    (void)state;
    for (i = 0; i < COUNT(texts); i++) {
        text = exact(texts[i].text, strlen(texts[i].text));
        ret = gate_base64_decode((const char *)text.p, text.len, &out);
        drop(text);
        if (ret != (texts[i].bytes == NULL ? CS_MALFORMED : 0))
            fail_msg("%s", texts[i].text);
        if (texts[i].bytes != NULL && (out.len != strlen(texts[i].bytes) ||
            (out.len > 0 && memcmp(out.p, texts[i].bytes, out.len) != 0)))
            fail_msg("%s", texts[i].text);
        cs_buf_reset(&out);
    }
    cs_buf_free(&out);
}

/* All lengths, all values of an octet, both ways. */
static void
test_round_trip(void **state)
{
    struct cs_buf out = CS_BUF_INIT(4096), back = CS_BUF_INIT(1024);
    uint8_t bytes[512];
    size_t i, len;

    (void)state;
    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = i * 7;
    for (len = 0; len <= sizeof(bytes); len++) {
        struct cs_span in = exact(bytes, len);

        gate_authorization(&out, "X", in);
        assert_int_equal(out.len, len == 0 ? 1 : 2 + 4 * ((len + 2) / 3));
        assert_memory_equal(out.p, "X ", len == 0 ? 1 : 2);
        if (len > 0)
            assert_int_equal(gate_base64_decode((char *)out.p + 2, out.len - 2,
                                                &back), 0);
        assert_true(same(cs_buf_span(&back), in));
        cs_buf_reset(&out);
        cs_buf_reset(&back);
        drop(in);
    }
    cs_buf_free(&out);
    cs_buf_free(&back);
}

static void
test_authorization(void **state)
{
    struct cs_buf out = CS_BUF_INIT(14);
    struct cs_span token = { (const uint8_t *)"abcd", 4 };

    (void)state;
    gate_authorization(&out, "CredSSP", token);
    assert_int_equal(out.error, CS_MALFORMED);
    cs_buf_free(&out);
    out.max = 16;
    gate_authorization(&out, "CredSSP", token);
    assert_int_equal(out.error, 0);
    assert_int_equal(out.len, 16);
    assert_memory_equal(out.p, "CredSSP YWJjZA==", 16);
    cs_buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_authorization),
    };

    return cmocka_run_group_tests_name("challenges", tests, NULL, NULL);
}
