/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_headers.c - which headers go on, and which requests are refused. */
#include "config.h"

#include "tests/unit/cs_hex.h"
#include "helper/wsman/headers.h"

/* A request's headers as "Name:value|Name:value"; '%' is a NUL. */
static const struct {
    const char *headers, *why;  /* NULL: fine */
    int chunked;
    uint64_t length;
} requests[] = {
    { "", NULL, 0, 0 },
    { "Host: web01|Content-Length: 12|User-Agent: \xc3\xa9\t(x)", NULL, 0,
      12 },
    { "host:a|content-length:0", NULL, 0, 0 },
    { "Content-Length: \t12 \t", NULL, 0, 12 },
    { "Content-Length: 012", NULL, 0, 12 },
    { "Content-Length: 9223372036854775807", NULL, 0, INT64_MAX },
    { "Transfer-Encoding: chunked", NULL, 1, 0 },
    { "transfer-encoding:CHUNKED ", NULL, 1, 0 },
    { "X-Empty:|X_!#$&'*+-.^`~1: y", NULL, 0, 0 },

    { "Content-Length: 1|Content-Length: 1", "two Content-Length", 0, 0 },
    { "Content-Length: 1|content-length: 2", "two Content-Length", 0, 0 },
    { "Content-Length: 1, 1", "not a number", 0, 0 },
    { "Content-Length:", "not a number", 0, 0 },
    { "Content-Length: -1", "not a number", 0, 0 },
    { "Content-Length: +1", "not a number", 0, 0 },
    { "Content-Length: 0x1", "not a number", 0, 0 },
    { "Content-Length: 1 2", "not a number", 0, 0 },
    { "Content-Length: 9223372036854775808", "not a number", 0, 0 },
    { "Content-Length: 99999999999999999999999999", "not a number", 0, 0 },
    { "Content-Length : 1", "name", 0, 0 },
    { "Content-Length: 1|Transfer-Encoding: chunked", "both", 0, 0 },
    { "Transfer-Encoding: chunked|Content-Length: 0", "both", 0, 0 },
    { "Transfer-Encoding: chunked|Transfer-Encoding: chunked",
      "two Transfer-Encoding", 0, 0 },
    { "Transfer-Encoding: identity", "alone", 0, 0 },
    { "Transfer-Encoding: gzip, chunked", "alone", 0, 0 },
    { "Transfer-Encoding: chunked, chunked", "alone", 0, 0 },
    { "Transfer-Encoding: chunked;a=b", "alone", 0, 0 },
    { "Transfer-Encoding: \"chunked\"", "alone", 0, 0 },
    { "Transfer-Encoding:", "alone", 0, 0 },
    { "Transfer-Encoding: x\x0b" "chunked", "control", 0, 0 },
    { "Transfer-Encoding : chunked", "name", 0, 0 },
    { "Host: a|Host: a", "two Host", 0, 0 },
    { ": x", "name", 0, 0 },
    { "A B: x", "name", 0, 0 },
    { "A\tB: x", "name", 0, 0 },
    { "\xc3\xa9: x", "name", 0, 0 },
    { "A\"B: x", "name", 0, 0 },
    { "A%B: x", "name", 0, 0 },
    { "A: x\r\nB: y", "control", 0, 0 },
    { "A: x\r\n y", "folded", 0, 0 },
    { "A: x\n y", "control", 0, 0 },
    { "A: x\ry", "control", 0, 0 },
    { "A: x%y", "control", 0, 0 },
    { "A: x\x7fy", "control", 0, 0 },
    { "A: \x1b[0m", "control", 0, 0 },
    /* What was wrong first stays. */
    { "A B: x|Content-Length: x", "name", 0, 0 },
};

static void
add(struct gate_headers_check *check, const char *text, size_t len)
{
    struct cs_span line = exact(text, len);
    uint8_t *p = (uint8_t *)(uintptr_t)line.p;
    size_t colon, i;

    for (colon = 0; colon < len && p[colon] != ':'; colon++)
        continue;
    for (i = 0; i < len; i++) {
        if (p[i] == '%')
            p[i] = '\0';
    }
    i = colon + (colon < len);
    gate_headers_add(check, (char *)p, colon, (char *)p + i, len - i);
    drop(line);
}

static int
check_all(struct gate_headers_check *check, const char *text,
          struct cs_error *err)
{
    size_t len;

    gate_headers_init(check, 4096);
    while (*text != '\0') {
        len = strcspn(text, "|");
        add(check, text, len);
        text += len + (text[len] == '|');
    }
    return gate_headers_finish(check, err);
}

static void
test_requests(void **state)
{
    struct gate_headers_check check;
    struct cs_error err;
    size_t i;
    int ret, ok;

    (void)state;
    for (i = 0; i < COUNT(requests); i++) {
        memset(&err, 0, sizeof(err));
        ret = check_all(&check, requests[i].headers, &err);
        if (requests[i].why != NULL)
            ok = (ret == CS_MALFORMED &&
                  strstr(err.text, requests[i].why) != NULL);
        else
            ok = (ret == 0 && err.code == 0 &&
                  check.chunked == requests[i].chunked &&
                  check.length == requests[i].length);
        if (!ok)
            fail_msg("%zu: %s: %s", i, requests[i].headers, err.text);
    }
}

/* Every octet, in a value and in a name. */
static void
test_octets(void **state)
{
    static const char tchars[] = "!#$%&'*+-.^_`|~0123456789"
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct gate_headers_check check;
    char c;
    int i, ok;

    (void)state;
    for (i = 0; i < 256; i++) {
        c = (char)i;
        gate_headers_init(&check, 100);
        gate_headers_add(&check, "a", 1, &c, 1);
        ok = (i >= 0x20 || i == '\t') && i != 0x7F;
        assert_int_equal(gate_headers_finish(&check, NULL) == 0, ok);
        assert_int_equal(gate_header_value_ok(&c, 1), ok);
        gate_headers_init(&check, 100);
        gate_headers_add(&check, &c, 1, "", 0);
        ok = i != 0 && strchr(tchars, c) != NULL;
        assert_int_equal(gate_headers_finish(&check, NULL) == 0, ok);
    }
}

static void
test_limits(void **state)
{
    struct gate_headers_check check;
    struct cs_error err;
    int i;

    (void)state;
    gate_headers_init(&check, 12);
    gate_headers_add(&check, "a", 1, "b", 1);
    gate_headers_add(&check, "a", 1, "b", 1);
    assert_int_equal(gate_headers_finish(&check, &err), 0);
    gate_headers_add(&check, "a", 1, "", 0);
    assert_int_equal(gate_headers_finish(&check, &err), CS_MALFORMED);
    assert_non_null(strstr(err.text, "too long"));
    gate_headers_init(&check, 11);
    gate_headers_add(&check, "a", SIZE_MAX, "b", 1);
    assert_int_equal(gate_headers_finish(&check, NULL), CS_MALFORMED);
    gate_headers_init(&check, 11);
    gate_headers_add(&check, "a", 1, "b", SIZE_MAX);
    assert_int_equal(gate_headers_finish(&check, NULL), CS_MALFORMED);
    gate_headers_init(&check, 100000);
    for (i = 0; i < GATE_HEADERS_MAX; i++)
        gate_headers_add(&check, "a", 1, "b", 1);
    assert_int_equal(gate_headers_finish(&check, NULL), 0);
    gate_headers_add(&check, "a", 1, "b", 1);
    assert_int_equal(gate_headers_finish(&check, &err), CS_MALFORMED);
    assert_non_null(strstr(err.text, "too many"));
}

/* Nothing that speaks for somebody, or is one connection's, goes on. */
static void
test_lists(void **state)
{
    static const char *const never[] = {
        "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
        "Host", "Connection", "Proxy-Connection", "Keep-Alive", "TE",
        "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length",
        "Content-Type", "Expect", "Via", "Forwarded", "X-Forwarded-For",
        "X-Anything", "WWW-Authenticate", "Proxy-Authenticate",
        "Authentication-Info", "Accept-Encoding", "Location", "", "Server2",
        "SOAPAction ",
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(never); i++) {
        if (gate_header_up(never[i]) || gate_header_down(never[i]))
            fail_msg("%s", never[i]);
    }
    assert_true(gate_header_up("SOAPAction") && gate_header_up("soapaction"));
    assert_true(gate_header_up("WSMANIDENTIFY"));
    assert_true(gate_header_up("Accept-Language"));
    assert_true(gate_header_up("User-Agent"));
    assert_true(gate_header_down("server") && gate_header_down("Retry-After"));
    assert_false(gate_header_up("Server") || gate_header_down("User-Agent"));
}

/* What a browser says of who asks. */
static void
test_pages(void **state)
{
    static const char *const pages[][2] = {
        { "Origin", "http://evil.example" }, { "origin", "null" },
        { "ORIGIN", "" }, { "Sec-Fetch-Site", "cross-site" },
        { "sec-fetch-site", "same-origin" }, { "Sec-Fetch-Site", "same-site" },
        { "Sec-Fetch-Site", "" }, { "Sec-Fetch-Site", "none, cross-site" },
    }, *const others[][2] = {
        { "Sec-Fetch-Site", "none" }, { "sec-fetch-site", " None\t" },
        { "Sec-Fetch-Mode", "cors" }, { "Referer", "http://evil.example" },
        { "X-Origin", "a" }, { "", "" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
        assert_true(gate_header_of_page(pages[i][0], pages[i][1]));
    for (i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(gate_header_of_page(others[i][0], others[i][1]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_pages),
    };

    return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
