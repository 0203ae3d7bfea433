/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_conf.c - krb5.conf for the helper: hosts, names, the gateway. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/common/conf.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

#define PIN "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static const char head[] =
    "[libdefaults]\n"
    " default_realm = CORP.EXAMPLE.COM\n"
    " dns_canonicalize_hostname = false\n"
    " dns_lookup_realm = false\n"
    " qualify_shortname = corp.example.com\n"
    "[domain_realm]\n"
    " .lab.example = LAB.EXAMPLE\n"
    "[appdefaults]\n"
    " winrm = {\n";

/* krb5.conf with this in its winrm section, by another name each time: the
 * profile library keeps a file that it has seen for a second. */
static void
configure(const char *winrm)
{
    static int serial;
    char name[32], *text;

    (void)snprintf(name, sizeof(name), "conf-%d", serial++);
    assert_true(asprintf(&text, "%s%s\n }\n", head, winrm) > 0);
    assert_int_equal(setenv("KRB5_CONFIG", unit_file(name, text), 1), 0);
    free(text);
}

static struct hc_host *
load(const char *host)
{
    struct hc_host *h;
    struct cs_error err;

    assert_int_equal(hc_host_load(host, &h, &err), 0);
    assert_non_null(h);
    return h;
}

/* source NULL: not reachable. */
static void
reachable_is(const char *host, const char *source)
{
    struct hc_host *h = load(host);

    assert_int_equal(h->reachable, source != NULL);
    if (source == NULL)
        assert_null(h->reachable_source);
    else
        assert_string_equal(h->reachable_source, source);
    hc_host_free(&h);
    assert_null(h);
}

static void
names_are(const char *host, const char *node, uint16_t port, const char *want)
{
    struct hc_host *h = load(host);
    char buf[1024] = "", **names, **n;

    assert_int_equal(hc_names(h, node, port, &names, NULL), 0);
    for (n = names; *n != NULL; n++) {
        strcat(buf, *n);
        strcat(buf, " ");
    }
    assert_string_equal(buf, want);
    gw_strlist_free(names);
    hc_host_free(&h);
}

static void
test_defaults(void **state)
{
    struct hc_host *h;

    (void)state;
    configure("");
    h = load("WEB01.corp.example.com.");
    assert_string_equal(h->host, "web01.corp.example.com");
    assert_string_equal(h->realm, "CORP.EXAMPLE.COM");
    assert_int_equal(h->reachable, 0);
    assert_null(h->reachable_source);
    assert_int_equal(h->credssp.delegate, 0);
    assert_int_equal(h->credssp.ntlm, 0);
    assert_int_equal(h->credssp.minimum_version, 5);
    assert_int_equal(h->ntlm, 0);
    assert_null(h->credential);
    assert_string_equal(h->ca_file, "system");
    assert_null(h->pin);
    assert_true(hc_port_ok(h, 5985) && hc_port_ok(h, 5986));
    assert_false(hc_port_ok(h, 80) || hc_port_ok(h, 0));
    assert_false(hc_node_ok(h, "web01.corp.example.com"));
    hc_host_free(&h);
    hc_host_free(&h);
}

static void
test_errors(void **state)
{
    static const char *const bad[] = {
        "", ".", "a b", "a/b", "a@b", "[::1]", "fe80::1%eth0", "\xc3\xbc"
    };
    struct cs_error err;
    struct hc_gateway *g;
    struct hc_host *h;
    size_t i;

    (void)state;
    configure("");
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(hc_host_load(bad[i], &h, &err), CS_USAGE);
        assert_null(h);
    }
    setenv("KRB5_CONFIG", unit_file("bad", "[libdefaults\n"), 1);
    assert_int_equal(hc_host_load("a", &h, &err), CS_SYSTEM);
    assert_null(h);
    assert_non_null(strstr(err.text, "krb5.conf"));
    assert_int_equal(hc_gateway_load(&g, &err), CS_SYSTEM);
    assert_null(g);
}

static void
test_reachable(void **state)
{
    (void)state;
    configure("targets = {\n"
              " web01.corp.example.com = {\n spn = HTTP/%n\n }\n"
              " portal.corp.example.com = { match = never }\n"
              " .sub.example = {\n match = never\n }\n"
              " odd.sub.example = {\n match = always\n }\n"
              " also.sub.example = {\n spn = HTTP/%n\n }\n"
              " 10.20.30.40 = { host = web03.corp.example.com }\n"
              " . = { match = auto }\n}\n"
              "credssp = { delegate_to = .deleg.example web01.gate.example }\n"
              "gateway = {\n targets = .gate.example\n}\n");
    reachable_is("a.deleg.example", "credssp: delegate_to = .deleg.example");
    reachable_is("web01.gate.example",
                 "credssp: delegate_to = web01.gate.example");
    reachable_is("b.gate.example", "gateway: targets = .gate.example");
    reachable_is("WEB01.corp.example.com", "targets web01.corp.example.com");
    reachable_is("web02.corp.example.com", NULL);
    reachable_is("portal.corp.example.com", NULL);
    reachable_is("x.sub.example", NULL);
    reachable_is("odd.sub.example", "targets odd.sub.example");
    /* The suffix's match = never counts where the name itself has none. */
    reachable_is("also.sub.example", NULL);
    reachable_is("10.20.30.40", "targets 10.20.30.40");
    reachable_is("10.20.30.41", NULL);
    reachable_is("web09", "targets .");
}

/* What krb5 makes of the name counts for the policy alone. */
static void
test_canonical(void **state)
{
    struct hc_host *h;

    (void)state;
    configure("targets = {\n web01.corp.example.com = {\n spn = HTTP/%n\n"
              " credential = other\n pin = " PIN "\n}\n}\n"
              "credssp = { delegate_to = web01.corp.example.com }\n");
    h = load("web01");
    assert_string_equal(h->policy->spn[0], "HTTP/%n");
    assert_null(h->credential);
    assert_null(h->pin);
    assert_int_equal(h->reachable, 0);
    assert_int_equal(h->credssp.delegate, 0);
    hc_host_free(&h);
    h = load("web01.corp.example.com");
    assert_string_equal(h->credential, "other");
    assert_int_equal(h->credssp.delegate, 1);
    hc_host_free(&h);
}

static void
trust_is(const char *host, const char *credential, const char *ca_file,
         const char *pin, int ntlm)
{
    struct hc_host *h = load(host);

    assert_string_equal(h->credential, credential);
    assert_string_equal(h->ca_file, ca_file);
    if (pin == NULL)
        assert_null(h->pin);
    else
        assert_string_equal(h->pin, pin);
    assert_int_equal(h->ntlm, ntlm);
    hc_host_free(&h);
}

static void
test_precedence(void **state)
{
    static const char pin[] = "00112233445566778899aabbccddeeff"
        "00112233445566778899aabbccddeeff";

    (void)state;
    configure("credential = general\n ca_file = /general\n"
              "gateway = {\n ntlm = yes\n}\n"
              "targets = {\n web01.lab.example = {\n credential = exact\n"
              "  ca_file = system\n }\n"
              " .lab.example = {\n credential = suffix\n pin = " PIN "\n }\n"
              " bad.example = { ca_file = relative.pem pin = 0123 }\n}\n"
              "LAB.EXAMPLE = {\n credential = realm\n ca_file = /realm\n"
              " gateway = {\n ntlm = no\n }\n}\n");
    trust_is("web01.lab.example", "exact", "system", pin, 0);
    trust_is("web02.lab.example", "suffix", "/realm", pin, 0);
    trust_is("elsewhere.example", "general", "/general", NULL, 1);
    trust_is("bad.example", "general", "/general", NULL, 1);
}

static void
pin_is(const char *text, const char *want)
{
    char *conf;
    struct hc_host *h;

    assert_true(asprintf(&conf, "pin = %s\n", text) > 0);
    configure(conf);
    free(conf);
    h = load("web01");
    if (want == NULL)
        assert_null(h->pin);
    else
        assert_string_equal(h->pin, want);
    hc_host_free(&h);
}

static void
test_pins(void **state)
{
    static const char want[] = "0011223344556677889900112233445566778899"
        "001122334455667788990011";
    (void)state;
    pin_is(want, want);
    pin_is("00:11:22:33:44:55:66:77:88:99:00:11:22:33:44:55:66:77:88:99:00:11:"
           "22:33:44:55:66:77:88:99:00:11", want);
    pin_is("00:11", NULL);
    pin_is("\"\"", NULL);
    pin_is("0011223344556677889900112233445566778899001122334455667788990011f",
           NULL);
    pin_is("g011223344556677889900112233445566778899001122334455667788990011",
           NULL);
}

static void
test_names(void **state)
{
    struct hc_host *h;
    struct cs_error err;
    char **names;

    (void)state;
    configure("targets = {\n"
              " 10.20.30.40 = { host = web03.corp.example.com }\n"
              " web = {\n nodes = web01.corp.example.com WEB02\n"
              "  spn = HOST/%f HTTP/%n\n }\n"
              " port = { spn = HTTP/%f:%p HTTP/%f nonsense/%x }\n}\n");
    names_are("Web01.corp.example.com", NULL, 5985,
              "HOST@web01.corp.example.com WSMAN@web01.corp.example.com "
              "HTTP/web01@ HTTP@web01.corp.example.com ");
    names_are("10.20.30.40", NULL, 5985,
              "HOST@web03.corp.example.com WSMAN@web03.corp.example.com "
              "HTTP/web03@ HTTP@web03.corp.example.com HTTP@10.20.30.40 ");
    names_are("web", NULL, 5985,
              "HOST@web01.corp.example.com HOST@WEB02 HTTP/web01@ "
              "HTTP/web02@ HTTP@web ");
    names_are("web", "web02.", 5985, "HOST@web02. HTTP/web02@ HTTP@web ");
    names_are("port", NULL, 0,
              "HTTP/port.corp.example.com:5985@ HTTP@port ");
    names_are("port", NULL, 5986,
              "HTTP/port.corp.example.com:5986@ HTTP@port ");
    h = load("web");
    assert_int_equal(hc_names(h, "web03", 5985, &names, &err), CS_POLICY);
    assert_null(names);
    assert_true(hc_node_ok(h, "WEB01.corp.example.com."));
    assert_false(hc_node_ok(h, "web01"));
    hc_host_free(&h);
    /* A node is a name: a suffix would be anybody's below it. */
    configure(" targets = {\n web = {\n nodes = .corp.example.com\n }\n }\n");
    h = load("web");
    assert_false(hc_node_ok(h, "web01.corp.example.com"));
    hc_host_free(&h);
}

static void
where_is(const char *host, const char *sub, const char *key, const char *want)
{
    struct hc_host *h = load(host);
    struct hc_setting s = { .source = NULL };
    size_t i;

    for (i = 0; hc_setting_at(h, NULL, i, &s); i++) {
        if (strcmp(s.key->name, key) == 0 && strcmp(s.key->section, sub) == 0)
            break;
        s.source = NULL;
    }
    if (want == NULL) {
        assert_null(s.source);
    } else {
        assert_non_null(s.source);
        assert_string_equal(s.source, want);
    }
    hc_host_free(&h);
}

static void
test_where(void **state)
{
    (void)state;
    configure("ports = 1\n"
              "targets = {\n web01.corp.example.com = { spn = A/%f pin = x "
              "credential = c ports = none }\n"
              " .corp.example.com = { delegation = credssp }\n}\n"
              "CORP.EXAMPLE.COM = {\n match = always\n"
              " credssp = { ntlm = yes }\n gateway = { ntlm = yes }\n}\n"
              "credssp = { minimum_version = 9 delegate_to = .x }\n");
    where_is("web01.corp.example.com", "", "spn",
             "targets web01.corp.example.com");
    where_is("web01.corp.example.com", "", "delegation",
             "targets .corp.example.com");
    where_is("web01.corp.example.com", "", "match",
             "realm CORP.EXAMPLE.COM");
    /* What is no good is not where the value comes from. */
    where_is("web01.corp.example.com", "", "ports", "winrm");
    where_is("web01.corp.example.com", "", "pin", NULL);
    where_is("web01.corp.example.com", "credssp", "minimum_version", NULL);
    where_is("web01.corp.example.com", "credssp", "ntlm",
             "realm CORP.EXAMPLE.COM");
    where_is("web01.corp.example.com", "credssp", "delegate_to", "winrm");
    where_is("web01.corp.example.com", "gateway", "ntlm",
             "realm CORP.EXAMPLE.COM");
    where_is("web01.corp.example.com", "", "nosuch", NULL);
    /* The canonical name has a say in the policy, and none in trust. */
    where_is("web01", "", "spn", "targets web01.corp.example.com");
    where_is("web01", "", "delegation", NULL);
    where_is("web01", "", "credential", NULL);
    where_is("x.lab.example", "gateway", "ntlm", NULL);
}

static struct hc_gateway *
load_gateway(const char *text)
{
    struct hc_gateway *g;

    configure(text);
    assert_int_equal(hc_gateway_load(&g, NULL), 0);
    return g;
}

static void
gateway_is_default(const char *text)
{
    struct hc_gateway *g = load_gateway(text);

    assert_string_equal(g->listen[0], "127.0.0.1:5980");
    assert_string_equal(g->listen[1], "[::1]:5980");
    assert_null(g->listen[2]);
    assert_int_equal(g->max_message, 1000 * 1024);
    assert_int_equal(g->max_header, 128 * 1024);
    assert_int_equal(g->connections, 200);
    assert_int_equal(g->connect_timeout, 10);
    assert_int_equal(g->idle_timeout, 120);
    assert_int_equal(g->response_timeout, 600);
    hc_gateway_free(&g);
    assert_null(g);
    hc_gateway_free(&g);
}

static void
test_gateway(void **state)
{
    struct hc_gateway *g;

    (void)state;
    gateway_is_default("");
    gateway_is_default("gateway = {\n listen = 0.0.0.0:5980 [::]:1 127.0.0.1 "
                       "[::1] localhost:5980 127.0.0.1:0 127.0.0.1:65536 "
                       "::1:1 "
                       "[127.0.0.1]:1 10.0.0.1:80 : []:1 [:1\n"
                       " max_message = 15\n max_header = 1025\n"
                       " connections = many\n connect_timeout = 0\n"
                       " idle_timeout = -1\n response_timeout = 5m\n}\n");
    g = load_gateway("gateway = {\n listen = 127.0.0.2:1, bad\n"
                     " listen = [::1]:65535\n max_message = 16\n"
                     " max_header = 1024\n connections = 1\n"
                     " connect_timeout = 2\n idle_timeout = 3\n"
                     " response_timeout = 86400\n}\n");
    assert_string_equal(g->listen[0], "127.0.0.2:1");
    assert_string_equal(g->listen[1], "[::1]:65535");
    assert_null(g->listen[2]);
    assert_int_equal(g->max_message, 16 * 1024);
    assert_int_equal(g->max_header, 1024 * 1024);
    assert_int_equal(g->connections, 1);
    assert_int_equal(g->connect_timeout, 2);
    assert_int_equal(g->idle_timeout, 3);
    assert_int_equal(g->response_timeout, 86400);
    hc_gateway_free(&g);
}

/* The plugin's review knows the helper's keys, and says what is unknown. */
static void
test_complaints(void **state)
{
    static const char *const want[] = {
        "winrm gateway: unknown key lisen;",
        "winrm realm: unknown key pine;",
        "winrm realm credssp: unknown key nltm;",
        "winrm realm gateway: no place for the key listen;",
        "winrm targets credssp: no place for the key ntlm;",
        "winrm targets: no place for the key except;",
        "winrm: unknown key Pin;",
        "winrm: listen = 0.0.0.0:1 is not a loopback",
        "connections = 0 is not a number from 1 to 10000",
        "idle_timeout = 0 is not a number of seconds from 1 to 86400",
        "match = or is not auto, always or never",
        "pin = 00:11 is not a SHA-256", NULL
    };
    const char *const *w;
    char *text, path[256];
    struct hc_gateway *g;
    struct hc_host *h;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/trace", unit_dir());
    setenv("KRB5_TRACE", path, 1);
    g = load_gateway("credential = a\n ca_file = /b\n pin = " PIN "\n"
                     "targets = {\n a = { credential = a ca_file = /b pin = "
                     PIN " except = a }\n"
                     " b = {\n pin = 00:11\n credssp = { ntlm = 1 }\n }\n}\n"
                     " X = {\n pine = 1\n  credssp = { nltm = 1 }\n"
                     "  gateway = { ntlm = 1 listen = 127.0.0.1:1 }\n }\n"
                     "Pin = " PIN "\n match = or\n"
                     "gateway = {\n lisen = 1\n listen = 0.0.0.0:1\n"
                     " connections = 0\n idle_timeout = 0\n}\n");
    hc_gateway_free(&g);
    h = load("b");
    hc_host_free(&h);
    unsetenv("KRB5_TRACE");
    text = unit_read(path);
    for (w = want; *w != NULL; w++)
        assert_non_null(strstr(text, *w));
    assert_null(strstr(text, "unknown key credential"));
    assert_null(strstr(text, "unknown key ca_file"));
    assert_null(strstr(text, "unknown key pin;"));
    assert_null(strstr(text, "unknown key gateway"));
    free(text);
}

/* What a host is given, by delegation and delegate_to. */
static void
test_gift(void **state)
{
    static const struct {
        const char *delegation, *delegate_to;
        enum hc_gift gift;
    } cases[] = {
        { "none", "elsewhere", HC_NOTHING }, { "none", ".", HC_NOTHING },
        { "none", "web01.corp.example.com", HC_NOTHING },
        { "kerberos", "elsewhere", HC_TICKET },
        { "kerberos", "web01.corp.example.com", HC_TICKET },
        { "credssp", "elsewhere", HC_REFUSED },
        { "credssp", "web01.corp.example.com", HC_PASSWORD }
    };
    struct hc_host *h;
    char text[256];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        (void)snprintf(text, sizeof(text), "  delegation = %s\n  credssp = {\n"
                       "   delegate_to = %s\n  }\n", cases[i].delegation,
                       cases[i].delegate_to);
        configure(text);
        h = load("web01.corp.example.com");
        assert_int_equal(hc_gift(h), cases[i].gift);
        hc_host_free(&h);
    }
}

/* --- The table of keys --- */

static const struct {
    const char *section, *name;
    unsigned int levels;
    const char *value;          /* its default or its example: one is "" */
} rows[] = {
#define GW_KEY(section_, name_, levels_, type_, dflt_, example_, ...) \
    { section_, #name_, GW_AT_##levels_, dflt_ example_ },
#include "plugin/conf/keytable.h"
};

#define ROWS (sizeof(rows) / sizeof(*rows))

/* What the complaints are, from a reading of the key at one level; *source is
 * where its value came from. */
static char *
read_at(size_t row, enum gw_level_kind level, char **source)
{
    const char *section = rows[row].section;
    char path[256], *text, *complaints;
    struct hc_setting s;
    struct hc_gateway *g;
    struct hc_host *h;
    size_t i;

    assert_true(asprintf(&text, "%s%s%s%s%s = %s\n%s%s%s",
                         level == L_REALM ? "LAB.EXAMPLE = {\n" : "",
                         level == L_TARGET ? "targets = {\n web01.lab.example "
                         "= {\n" : "", section, *section != '\0' ? " = {\n" :
                         "", rows[row].name, rows[row].value,
                         *section != '\0' ? "}\n" : "",
                         level == L_REALM ? "}\n" : "",
                         level == L_TARGET ? "}\n}\n" : "") > 0);
    (void)snprintf(path, sizeof(path), "%s/trace-%zu-%d", unit_dir(), row,
                   (int)level);
    setenv("KRB5_TRACE", path, 1);
    g = load_gateway(text);
    h = load("web01.lab.example");
    unsetenv("KRB5_TRACE");
    *source = NULL;
    for (i = 0; hc_setting_at(h, g, i, &s); i++) {
        if (i == row && s.source != NULL)
            assert_non_null(*source = strdup(s.source));
    }
    assert_int_equal(i, ROWS);
    hc_host_free(&h);
    hc_gateway_free(&g);
    free(text);
    complaints = access(path, F_OK) == 0 ? unit_read(path) : strdup("");
    assert_non_null(complaints);
    return complaints;
}

/* Each key is read where its row says so, and where not, the trace does. */
static void
test_levels(void **state)
{
    static const struct {
        enum gw_level_kind level;
        const char *source;
    } at[] = {
        { L_TARGET, "targets web01.lab.example" },
        { L_REALM, "realm LAB.EXAMPLE" }, { L_GENERAL, "winrm" },
    };
    char *source, *complaints;
    size_t row, i;

    (void)state;
    for (row = 0; row < ROWS; row++) {
        for (i = 0; i < sizeof(at) / sizeof(*at); i++) {
            complaints = read_at(row, at[i].level, &source);
            if (rows[row].levels & at[i].level) {
                if (source == NULL || strcmp(source, at[i].source) != 0 ||
                    strstr(complaints, "ignored") != NULL)
                    fail_msg("%s, in %s: from %s: %s", rows[row].name,
                             at[i].source, source, complaints);
            } else if (source != NULL ||
                       strstr(complaints, "no place for the key") == NULL) {
                fail_msg("%s, not in %s: from %s: %s", rows[row].name,
                         at[i].source, source, complaints);
            }
            assert_null(strstr(complaints, "unknown key"));
            free(source);
            free(complaints);
        }
    }
}

/* What stands in the table is a value that can be used; and so a default is
 * as good as the same thing in krb5.conf. */
static void
test_defaults_of_table(void **state)
{
    struct hc_setting s;
    struct hc_gateway *g;
    struct hc_host *h;
    size_t i;

    (void)state;
    g = load_gateway("");
    h = load("web01.lab.example");
    for (i = 0; hc_setting_at(h, g, i, &s); i++) {
        assert_string_equal(s.key->name, rows[i].name);
        assert_null(s.source);
        /* Nothing has a list or text without a default. */
        if (s.key->type == GW_STRING || s.key->type == GW_WORDS)
            assert_int_equal(*(void *const *)s.value != NULL,
                             *s.key->dflt != '\0');
        else
            assert_string_not_equal(s.key->dflt, "");
    }
    assert_int_equal(h->policy->enabled, 1);
    assert_string_equal(h->policy->except[10], "gss-winrm-gateway");
    hc_host_free(&h);
    hc_gateway_free(&g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gift),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_reachable),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_gateway),
        cmocka_unit_test(test_complaints),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_defaults_of_table),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
