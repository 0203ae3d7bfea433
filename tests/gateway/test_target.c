/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_target.c - where a request wants to go. */
#include "config.h"

#include "tests/unit/cs_hex.h"
#include "helper/wsman/target.h"

static const struct {
    const char *url, *header;   /* Host, or NULL */
    const char *host;           /* NULL: refused, and path has a word of why */
    uint16_t port;
    const char *path;
} targets[] = {
    { "http://web01:5985/wsman", "web01:5985", "web01", 5985, "/wsman" },
    { "http://web01/wsman", "web01", "web01", 0, "/wsman" },
    { "http://web01/wsman", NULL, "web01", 0, "/wsman" },
    { "HTTP://Web01.Example.COM:5986/wsman?a=b%20c", "web01.example.com:5986",
      "web01.example.com", 5986, "/wsman?a=b%20c" },
    { "http://web01./x", "web01", "web01", 0, "/x" },
    { "http://web01:80/x", "web01", "web01", 80, "/x" },
    { "http://web01/x", "web01:80", "web01", 0, "/x" },
    { "http://web01", "web01", "web01", 0, "/" },
    { "http://10.0.0.1:65535/", "10.0.0.1:65535", "10.0.0.1", 65535, "/" },
    { "http://[::1]:5985/wsman", "[::1]:5985", "::1", 5985, "/wsman" },
    { "http://[2001:DB8:0::1]/", "[2001:db8::1]", "2001:db8::1", 0, "/" },
    { "http://my_host-1/x", "my_host-1", "my_host-1", 0, "/x" },
    { "http://localhost/x", NULL, "localhost", 0, "/x" },
    { "http://web01.localhost/x", NULL, "web01.localhost", 0, "/x" },
    { "/wsman", "web01.localhost:5980", "web01", 0, "/wsman" },
    { "/wsman", "Web01.Example.Com.LOCALHOST", "web01.example.com", 0,
      "/wsman" },
    { "/wsman?x=/y", "10.0.0.1.localhost:1", "10.0.0.1", 0, "/wsman?x=/y" },
    { "//x", "a.localhost", "a", 0, "//x" },

    { "https://web01:5986/wsman", "web01:5986", NULL, 0, "TLS" },
    { "HTTPS://web01/", NULL, NULL, 0, "TLS" },
    { "ftp://web01/", NULL, NULL, 0, "neither" },
    { "web01:5985", "web01:5985", NULL, 0, "neither" },
    { "*", "web01.localhost", NULL, 0, "neither" },
    { "", "web01.localhost", NULL, 0, "neither" },
    { "http:/web01/", "web01.localhost", NULL, 0, "neither" },
    { "http://user@web01/", "web01", NULL, 0, "user name" },
    { "http://user:p@web01/", "web01", NULL, 0, "user name" },
    { "http://web01@evil/", "web01", NULL, 0, "user name" },
    { "http://evil\\@web01/", "web01", NULL, 0, "characters" },
    { "http://web01?x", "web01", NULL, 0, "path" },
    { "http://web01?/x", "web01", NULL, 0, "path" },
    { "http://web01#/x", "web01", NULL, 0, "characters" },
    { "http://web01/x#y", "web01", NULL, 0, "characters" },
    { "http://web01/a b", "web01", NULL, 0, "characters" },
    { "http://web01/a\r\nX: y", "web01", NULL, 0, "characters" },
    { "http://web01/a\tb", "web01", NULL, 0, "characters" },
    { "http://web01/\x80", "web01", NULL, 0, "characters" },
    { "http://web01/\x7f", "web01", NULL, 0, "characters" },
    { "http://web01/%", "web01", NULL, 0, "characters" },
    { "http://web01/%4", "web01", NULL, 0, "characters" },
    { "http://web01/%4g", "web01", NULL, 0, "characters" },
    { "http://web%30/", NULL, NULL, 0, "host" },
    { "http:///x", NULL, NULL, 0, "host" },
    { "http://:80/x", NULL, NULL, 0, "host" },
    { "http://./x", NULL, NULL, 0, "host" },
    { "http://a..b/x", NULL, NULL, 0, "host" },
    { "http://.a/x", NULL, NULL, 0, "host" },
    { "http://a../x", NULL, NULL, 0, "host" },
    { "http://-a/x", NULL, NULL, 0, "host" },
    { "http://a-.b/x", NULL, NULL, 0, "host" },
    { "http://a$b/x", NULL, NULL, 0, "host" },
    { "http://a,b/x", NULL, NULL, 0, "host" },
    { "http://127.1/x", NULL, NULL, 0, "host" },
    { "http://2130706433/x", NULL, NULL, 0, "host" },
    { "http://0x7f000001/x", NULL, NULL, 0, "host" },
    { "http://0x/x", NULL, NULL, 0, "host" },
    { "http://127.0.0.0x1/x", NULL, NULL, 0, "host" },
    { "http://127.0.0.01/x", NULL, NULL, 0, "host" },
    { "http://127.0.0.256/x", NULL, NULL, 0, "host" },
    { "http://1.2.3.4.5/x", NULL, NULL, 0, "host" },
    { "http://::1/x", NULL, NULL, 0, "host" },
    { "http://[::1/x", NULL, NULL, 0, "host" },
    { "http://[::1]x/x", NULL, NULL, 0, "host" },
    { "http://[fe80::1%25eth0]/x", NULL, NULL, 0, "host" },
    { "http://[1.2.3.4]/x", NULL, NULL, 0, "host" },
    { "http://[]/x", NULL, NULL, 0, "host" },
    { "http://a:/x", NULL, NULL, 0, "port" },
    { "http://a:0/x", NULL, NULL, 0, "port" },
    { "http://a:080/x", NULL, NULL, 0, "port" },
    { "http://a:65536/x", NULL, NULL, 0, "port" },
    { "http://a:4294967376/x", NULL, NULL, 0, "port" },
    { "http://a:+80/x", NULL, NULL, 0, "port" },
    { "http://a:80:80/x", NULL, NULL, 0, "port" },
    { "http://web01/x", "web02", NULL, 0, "a different host" },
    { "http://web01/x", "web01:5985", NULL, 0, "a different host" },
    { "http://web01:5985/x", "web01", NULL, 0, "a different host" },
    { "http://web01/x", "", NULL, 0, "Host" },
    { "http://web01/x", "web01, web02", NULL, 0, "Host" },
    { "/wsman", NULL, NULL, 0, "no Host" },
    { "/wsman", "", NULL, 0, "malformed" },
    { "/wsman", "localhost:5980", NULL, 0, "does not say" },
    { "/wsman", "127.0.0.1:5980", NULL, 0, "does not say" },
    { "/wsman", "[::1]:5980", NULL, 0, "does not say" },
    { "/wsman", "web01:5980", NULL, 0, "does not say" },
    { "/wsman", "web01.localhost.evil.com", NULL, 0, "does not say" },
    { "/wsman", "xlocalhost", NULL, 0, "does not say" },
    { "/wsman", ".localhost", NULL, 0, "malformed" },
    { "/wsman", "127.1.localhost", NULL, 0, "malformed" },
    { "/wsman", "[::1].localhost", NULL, 0, "malformed" },
    { "/wsman", "web01.localhost ", NULL, 0, "malformed" },
    { "/wsman", "user@web01.localhost", NULL, 0, "malformed" },
    { "/wsman", "web01\x01.localhost", NULL, 0, "malformed" },
};

/* In memory of exactly their size. */
static int
parse(const char *url, const char *header, struct gate_target *out,
      struct cs_error *err, char **copy)
{
    char *header_copy = (header != NULL) ? strdup(header) : NULL;
    int ret;

    *copy = strdup(url);
    ret = gate_target_parse(*copy, header_copy, out, err);
    free(header_copy);
    return ret;
}

static void
test_targets(void **state)
{
    struct gate_target target;
    struct cs_error err;
    char *url;
    size_t i;
    int ret, ok;

    (void)state;
    for (i = 0; i < COUNT(targets); i++) {
        memset(&err, 0, sizeof(err));
        ret = parse(targets[i].url, targets[i].header, &target, &err, &url);
        if (targets[i].host == NULL)
            ok = (ret == CS_MALFORMED && target.host[0] == '\0' &&
                  strstr(err.text, targets[i].path) != NULL);
        else
            ok = (ret == 0 && target.port == targets[i].port &&
                  strcmp(target.host, targets[i].host) == 0 &&
                  strcmp(target.path, targets[i].path) == 0);
        if (!ok)
            fail_msg("%zu: %s, Host: %s: %s", i, targets[i].url,
                     targets[i].header, ret == 0 ? target.host : err.text);
        free(url);
    }
}

/* At a listener on port 5980 for web01.example.com:5986. */
static const struct {
    const char *url, *header, *why;     /* NULL: taken */
} fixed_ones[] = {
    { "/wsman", "127.0.0.1:5980", NULL },
    { "/wsman?a=%20b", "127.200.3.4:5980", NULL },
    { "/wsman", "[::1]:5980", NULL },
    { "/wsman", "[0:0::1]:5980", NULL },
    { "/wsman", "localhost:5980", NULL },
    { "/wsman", "LocalHost.:5980", NULL },
    { "/wsman", "web01.example.com", NULL },
    { "/wsman", "WEB01.example.com.:5986", NULL },
    { "/wsman", "web01.example.com:5985", NULL },
    { "/wsman", "web01.example.com.localhost:5980", NULL },
    { "/wsman", NULL, "no Host" },
    { "/wsman", "", "malformed" },
    { "/wsman", "localhost:5980, x", "malformed" },
    { "/wsman", "localhost", "another host or port" },
    { "/wsman", "localhost:5981", "another host or port" },
    { "/wsman", "127.0.0.1", "another host or port" },
    { "/wsman", "127.1:5980", "malformed" },
    { "/wsman", "128.0.0.1:5980", "another host or port" },
    { "/wsman", "0.0.0.0:5980", "another host or port" },
    { "/wsman", "[::]:5980", "another host or port" },
    { "/wsman", "[::ffff:127.0.0.1]:5980", "another host or port" },
    { "/wsman", "evil.example:5980", "another host or port" },
    { "/wsman", "evil.localhost:5980", "another host or port" },
    { "/wsman", "127.0.0.1.evil.example:5980", "another host or port" },
    { "/wsman", "web01.example.com.evil.example", "another host or port" },
    { "/wsman", "web01", "another host or port" },
    { "/wsman", "web01.example.comlocalhost", "another host or port" },
    { "http://web01.example.com/wsman", "web01.example.com", "not a proxy" },
    { "*", "localhost:5980", "not a proxy" },
    { "", "localhost:5980", "not a proxy" },
    { "/ws man", "localhost:5980", "characters" },
    { "/wsman\r\nX: y", "localhost:5980", "characters" },
};

static void
test_fixed(void **state)
{
    const struct gate_target fixed = { "web01.example.com", 5986, NULL };
    struct gate_target target;
    struct cs_error err;
    size_t i;
    int ret, ok;

    (void)state;
    for (i = 0; i < COUNT(fixed_ones); i++) {
        memset(&err, 0, sizeof(err));
        ret = gate_target_fixed(fixed_ones[i].url, fixed_ones[i].header,
                                &fixed, 5980, &target, &err);
        if (fixed_ones[i].why != NULL)
            ok = (ret == CS_MALFORMED && target.host[0] == '\0' &&
                  strstr(err.text, fixed_ones[i].why) != NULL);
        else
            ok = (ret == 0 && target.port == 5986 &&
                  strcmp(target.host, fixed.host) == 0 &&
                  target.path == fixed_ones[i].url);
        if (!ok)
            fail_msg("%zu: %s, Host: %s: %s", i, fixed_ones[i].url,
                     fixed_ones[i].header, ret == 0 ? "taken" : err.text);
    }
}

static const struct {
    const char *text, *host;    /* NULL: refused */
    uint16_t port;
} hostports[] = {
    { "web01", "web01", 0 }, { "WEB01:5985", "web01", 5985 },
    { "::1", "::1", 0 }, { "[::1]", "::1", 0 }, { "[::1]:1", "::1", 1 },
    { "2001:db8::5985", "2001:db8::5985", 0 }, { "10.1.2.3:1", "10.1.2.3", 1 },
    { "127.0.0.1:0", "127.0.0.1", 0 }, { "[::1]:0", "::1", 0 },
    { "a:00", NULL, 0 }, { "a:01", NULL, 0 },
    { "", NULL, 0 }, { ":1", NULL, 0 }, { "a:", NULL, 0 }, { "a:b", NULL, 0 },
    { "a:1:2", NULL, 0 }, { "[::1]:", NULL, 0 }, { "[a]", NULL, 0 },
    { "a b", NULL, 0 }, { "a/b", NULL, 0 }, { "a@b", NULL, 0 },
    { "a\n", NULL, 0 }, { "::g", NULL, 0 }, { "a:65536", NULL, 0 },
};

static void
test_hostports(void **state)
{
    char host[GATE_HOST_MAX + 1], longest[GATE_HOST_MAX + 2], small[5];
    uint16_t port;
    size_t i;
    int ret, ok;

    (void)state;
    for (i = 0; i < COUNT(hostports); i++) {
        ret = gate_hostport_parse(hostports[i].text, host, sizeof(host), &port,
                                  NULL);
        if (hostports[i].host == NULL)
            ok = (ret == CS_MALFORMED && host[0] == '\0');
        else
            ok = (ret == 0 && strcmp(host, hostports[i].host) == 0 &&
                  port == hostports[i].port);
        if (!ok)
            fail_msg("%s", hostports[i].text);
    }
    for (i = 0; i <= GATE_HOST_MAX; i++)
        longest[i] = (i % 64 == 63) ? '.' : 'a';
    longest[GATE_HOST_MAX] = '\0';
    assert_int_equal(gate_hostport_parse(longest, host, sizeof(host), &port,
                                         NULL), 0);
    memcpy(longest + GATE_HOST_MAX, "a", 2);
    longest[GATE_HOST_MAX - 1] = '.';
    assert_int_equal(gate_hostport_parse(longest, host, sizeof(host), &port,
                                         NULL), CS_MALFORMED);
    memset(longest, 'a', 64);
    longest[64] = '\0';
    assert_int_equal(gate_hostport_parse(longest, host, sizeof(host), &port,
                                         NULL), CS_MALFORMED);
    assert_int_equal(gate_hostport_parse("abcd", small, sizeof(small), &port,
                                         NULL), 0);
    assert_int_equal(gate_hostport_parse("abcde", small, sizeof(small), &port,
                                         NULL), CS_MALFORMED);
    assert_int_equal(gate_hostport_parse("1::2:3", small, sizeof(small), &port,
                                         NULL), CS_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_hostports),
    };

    return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
