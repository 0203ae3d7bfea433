/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_candidates.c - the names to ask for, and what they may be given. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/conf/candidates.h"
#include "plugin/conf/names.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

#define FORGED "FORGED.EXAMPLE"

static int forged;

/* In krb5's place: a forged answer of DNS for every host, if it is on. */
krb5_error_code
krb5_get_host_realm(krb5_context context, const char *host, char ***realms)
{
    union {
        void *p;
        krb5_error_code (*f)(krb5_context, const char *, char ***);
    } real = { dlsym(RTLD_NEXT, "krb5_get_host_realm") };

    if (!forged)
        return real.f(context, host, realms);
    *realms = calloc(2, sizeof(**realms));
    assert_non_null(*realms);
    (*realms)[0] = strdup(FORGED);
    return 0;
}

/* Whoever asks DNS gets another machine's name: there is none to ask. */
static const char conf[] =
    "[libdefaults]\n"
    " default_realm = CORP.EXAMPLE.COM\n"
    " dns_canonicalize_hostname = true\n"
    "%s"
    "[domain_realm]\n"
    " .corp.example.com = CORP.EXAMPLE.COM\n";

static void
configure(const char *libdefaults)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), conf, libdefaults);
    unit_krb5_conf(text);
}

/* What a query finds, with this text in krb5.conf's section: each name with a
 * space behind it, and a star in front if it may be given something. */
static int
find(const char *text, const struct gw_query *like, char *all, size_t size)
{
    struct gw_subject subject = { .typed = like->host };
    profile_t profile = unit_profile(text);
    struct gw_query query = *like;
    struct gw_candidates list;
    struct gw_policy *policy;
    char *name;
    size_t i, len = 0;
    int ret;

    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    profile_release(profile);
    query.policy = policy;
    all[0] = '\0';
    ret = gw_candidates_find(&query, &list);
    for (i = 0; ret == 0 && i < list.n; i++) {
        assert_int_equal(gw_candidate_name(&list, &list.v[i], &name), 0);
        len += (size_t)snprintf(all + len, size - len, "%s%s ",
                                list.v[i].may_have &&
                                query.purpose == GW_FORWARD ? "*" : "", name);
        assert_true(len < size);
        free(name);
    }
    gw_candidates_free(&list);
    gw_policy_free(policy);
    return ret;
}

/* The names that may be given something. */
static void
names_are(const char *text, const char *typed, const char *want)
{
    struct gw_query query = { .host = typed, .purpose = GW_GIVE,
                              .realm_is_checked = 1 };
    char all[1024];

    assert_int_equal(find(text, &query, all, sizeof(all)), 0);
    assert_string_equal(all, want);
}

#define HOST "HOST/web01.corp.example.com@CORP.EXAMPLE.COM "
#define WSMAN "WSMAN/web01.corp.example.com@CORP.EXAMPLE.COM "
#define SITE "HTTP/web01.corp.example.com@CORP.EXAMPLE.COM "
#define WEB01 "web01.corp.example.com"
#define TARGET(name, line) "winrm = {\n targets = {\n " name " = {\n  " line \
    "\n }\n }\n}\n"

static void
test_no_http(void **state)
{
    (void)state;
    configure("");
    names_are("winrm = {\n}\n", WEB01, HOST WSMAN);
    names_are("winrm = {\n spn = HTTP/%f HTTP/%n HTTP/%f:%p http/%f\n}\n",
              WEB01, "");
    names_are("winrm = {\n spn = HTTP/" WEB01 " HOST/%f\n}\n", WEB01, HOST);
    /* What is only seen to be HTTP when it is made. */
    names_are("winrm = {\n spn = HT\\\\TP/%f %n/%f HOST/%f\n}\n", WEB01,
              HOST);
    /* A suffix, and a realm, are not that very target. */
    names_are(TARGET(".corp.example.com", "spn = HTTP/%f WSMAN/%f"), WEB01,
              WSMAN);
    names_are("winrm = {\n CORP.EXAMPLE.COM = {\n  spn = HTTP/%f\n }\n}\n",
              WEB01, HOST WSMAN);
}

static void
test_listed(void **state)
{
    (void)state;
    configure("");
    /* Spelled out, for this very target. */
    names_are(TARGET(WEB01, "spn = HTTP/" WEB01 " HOST/%f"), WEB01,
              SITE HOST);
    names_are(TARGET("WEB01.corp.example.com.", "spn = HTTP/" WEB01), WEB01,
              SITE);
    names_are(TARGET(WEB01, "spn = http/web01@R.EXAMPLE"), WEB01,
              "http/web01@R.EXAMPLE ");
    names_are(TARGET(WEB01, "spn = CUSTOM/service HOST/%f"), WEB01,
              "CUSTOM/service@CORP.EXAMPLE.COM " HOST);
    /* A template is not that very name. */
    names_are(TARGET(WEB01, "spn = HTTP/%f HTTP/%n HT\\\\TP/%f %n/%f HOST/%f"),
              WEB01, HOST);
    names_are(TARGET("web02.corp.example.com", "spn = HTTP/" WEB01), WEB01,
              HOST WSMAN);
    /* Only an error leads from the machine's name to what is behind it. */
    names_are(TARGET(WEB01, "spn = HOST/%f HTTP/" WEB01 " WSMAN/%f"), WEB01,
              HOST WSMAN);
    /* A name that does not depend on the host is another's. */
    names_are("winrm = {\n spn = HOST/web02.corp.example.com WSMAN/%f\n}\n",
              WEB01, WSMAN);
}

static void
has_realm(const char *host, const char *realm, const char *section, int ok)
{
    struct gw_query query = { .host = host, .purpose = GW_FORWARD };
    krb5_context context;
    char *found, all[1024];

    assert_int_equal(krb5_init_context(&context), 0);
    found = gw_host_realm(context, host);
    assert_string_equal(found, realm);
    free(found);
    found = gw_section_realm(context, host);
    assert_string_equal(found, section);
    free(found);
    krb5_free_context(context);
    assert_int_equal(find("winrm = {\n spn = HOST/%f\n}\n", &query, all,
                          sizeof(all)), 0);
    assert_int_equal(strstr(all, "*HOST/") != NULL, ok);
}

/* DNS has no part in the realm either. */
static void
test_realm(void **state)
{
    static const char other[] = "a.example.org";
    static const char *const on[] = {
        " dns_lookup_realm = true\n", " dns_fallback = yes\n",
        " dns_fallback = no\n dns_lookup_realm = 1\n"
    };
    struct gw_query query = { .host = other, .purpose = GW_FORWARD };
    char all[1024];
    size_t i;

    (void)state;
    forged = 1;
    for (i = 0; i < sizeof(on) / sizeof(*on); i++) {
        configure(on[i]);
        has_realm("WEB01.corp.example.com.", "CORP.EXAMPLE.COM",
                  "CORP.EXAMPLE.COM", 1);
        has_realm(other, "", "CORP.EXAMPLE.COM", 0);
        assert_int_equal(find(TARGET("a.example.org",
                                     "spn = HOST/a@R.EXAMPLE"), &query, all,
                              sizeof(all)), 0);
        assert_string_equal(all, "*HOST/a@R.EXAMPLE HTTP@a.example.org ");
        names_are("winrm = {\n}\n", WEB01, HOST WSMAN);
        names_are("winrm = {\n spn = HOST/%f\n}\n", other,
                  "HOST/a.example.org@ ");
    }
    forged = 0;
    configure(" dns_fallback = yes\n dns_lookup_realm = false\n");
    has_realm(WEB01, "CORP.EXAMPLE.COM", "CORP.EXAMPLE.COM", 1);
    has_realm(other, "", "CORP.EXAMPLE.COM", 1);
}

/* As krb5.conf has it, or as it was typed: in lower case, and complete. */
static void
test_hosts(void **state)
{
    (void)state;
    configure(" qualify_shortname = corp.example.com\n");
    names_are("winrm = {\n spn = HOST/%f\n}\n", "web01", HOST);
    names_are("winrm = {\n spn = HOST/%f\n}\n", "WEB01.Corp.Example.COM.",
              HOST);
    names_are(TARGET("alias.example.org", "host = " WEB01), "alias.example.org",
              HOST WSMAN);
    names_are(TARGET("web.example.org", "nodes = " WEB01 " web02"),
              "web.example.org", HOST "HOST/web02@ " WSMAN "WSMAN/web02@ ");
    /* A realm that krb5.conf does not give is left to the KDC. */
    names_are("winrm = {\n spn = HOST/%f\n}\n", "a.example.org",
              "HOST/a.example.org@ ");
}

static void
test_whole(void **state)
{
    static const struct {
        const char *typed;
        int ret;
    } cases[] = {
        { WEB01, 0 }, { "web01", EDOM }, { "10.20.30.40", EINVAL },
        { "fe80::1", EINVAL }, { "web01/x", EINVAL }, { "web01@EVIL", EINVAL },
        { "", EINVAL }
    };
    struct gw_query query = { .purpose = GW_GIVE, .realm_is_checked = 1 };
    char all[1024];
    size_t i;

    (void)state;
    configure("");
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        query.host = cases[i].typed;
        assert_int_equal(find("winrm = {\n}\n", &query, all, sizeof(all)),
                         cases[i].ret);
        assert_int_equal(*all != '\0', cases[i].ret == 0);
    }
    query.host = "web01";
    configure(" qualify_shortname = \n");
    assert_int_equal(find("winrm = {\n}\n", &query, all, sizeof(all)), EDOM);
    configure(" qualify_shortname = b/d\n");
    assert_int_equal(find("winrm = {\n}\n", &query, all, sizeof(all)), EDOM);
    /* Where a ticket would only be nice to have, nothing is given. */
    query.purpose = GW_FORWARD;
    assert_int_equal(find("winrm = {\n spn = HOST/%f\n}\n", &query, all,
                          sizeof(all)), 0);
    assert_string_equal(all, "HOST@web01 HTTP@web01 ");
}

/* DNS may choose a section for all but what decides about delegation. */
static void
test_typed_section(void **state)
{
    static const char text[] = "winrm = {\n targets = {\n"
        "  node.corp.example.com = {\n   delegation = kerberos\n"
        "   spn = HTTP/node.corp.example.com\n  }\n }\n R2 = {\n  delegation = kerberos\n }\n}\n";
    struct gw_subject subject = { WEB01, "node.corp.example.com", "R2", "R" };
    profile_t profile = unit_profile(text);
    struct gw_policy *policy;
    struct gw_query query = { .host = WEB01, .purpose = GW_GIVE,
                              .realm_is_checked = 1 };
    char **list;

    (void)state;
    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    assert_int_equal(policy->delegation, GW_DELEG_NONE);
    assert_string_equal(policy->spn[0], "HTTP/node.corp.example.com");
    assert_string_equal(gw_policy_trusted(policy)->spn[0], "HOST/%f");
    query.policy = policy;
    assert_int_equal(gw_candidates_names(&query, &list), 0);
    assert_string_equal(list[0], "HOST/" WEB01 "@CORP.EXAMPLE.COM");
    gw_strlist_free(list);
    gw_policy_free(policy);
    /* The same when it was typed. */
    subject.typed = subject.canon;
    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    assert_int_equal(policy->delegation, GW_DELEG_KERBEROS);
    query.policy = policy;
    query.host = subject.typed;
    assert_int_equal(gw_candidates_names(&query, &list), 0);
    assert_string_equal(list[0],
                        "HTTP/node.corp.example.com@CORP.EXAMPLE.COM");
    gw_strlist_free(list);
    gw_policy_free(policy);
    profile_release(profile);
}

#define CLUSTER "web.corp.example.com"
#define NODE2 "HOST/web02.corp.example.com@CORP.EXAMPLE.COM "
#define NODES "nodes = web01.corp.example.com web02.corp.example.com\n" \
    "  spn = HOST/%f HTTP/%f"

/* Each purpose, at a host with nodes: the whole list. */
static void
test_purposes(void **state)
{
    static char node[] = "WEB02.corp.example.com.";
    char *nodes[] = { node, NULL };
    const struct {
        enum gw_purpose purpose;
        char **hosts;
        const char *want;
    } cases[] = {
        { GW_AUTHENTICATE, NULL, "HOST@" WEB01 " HOST@web02.corp.example.com "
          "HTTP@" WEB01 " HTTP@web02.corp.example.com HTTP@" CLUSTER " " },
        { GW_AUTHENTICATE, nodes, "HOST@WEB02.corp.example.com. "
          "HTTP@WEB02.corp.example.com. HTTP@" CLUSTER " " },
        { GW_FORWARD, NULL, "*" HOST "*" NODE2 "HTTP@" WEB01
          " HTTP@web02.corp.example.com HTTP@" CLUSTER " " },
        { GW_GIVE, NULL, HOST NODE2 },
        { GW_GIVE, nodes, NODE2 },
        { GW_PASS, NULL, "HTTP@" CLUSTER " " }
    };
    struct gw_query query = { .host = CLUSTER };
    char all[1024];
    size_t i;

    (void)state;
    configure("");
    /* DNS is not asked for a host that is as it is. */
    unit_krb5_conf("[libdefaults]\n default_realm = CORP.EXAMPLE.COM\n"
                   " dns_canonicalize_hostname = false\n[domain_realm]\n"
                   " .corp.example.com = CORP.EXAMPLE.COM\n");
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        query.purpose = cases[i].purpose;
        query.hosts = cases[i].hosts;
        assert_int_equal(find(TARGET(CLUSTER, NODES), &query, all,
                              sizeof(all)), 0);
        assert_string_equal(all, cases[i].want);
    }
}

/* What was learned counts if it would be tried; the gateway's ticket first. */
static void
test_first(void **state)
{
    static const struct {
        const char *learned, *want;
    } cases[] = {
        { "WSMAN@" WEB01, "WSMAN@" WEB01 " HOST@" WEB01 " WSMAN@" WEB01
          " HTTP@" WEB01 " " },
        /* What krb5.conf would not try. */
        { "CIFS@" WEB01, "HOST@" WEB01 " WSMAN@" WEB01 " HTTP@" WEB01 " " },
        { "HOST@web02.corp.example.com", "HOST@" WEB01 " WSMAN@" WEB01
          " HTTP@" WEB01 " " },
    };
    static const char text[] = "winrm = {\n spn = HOST/%f WSMAN/%f\n}\n";
    struct gw_query query = { .host = WEB01 };
    char all[1024];
    size_t i;

    (void)state;
    configure("");
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        query.learned = cases[i].learned;
        assert_int_equal(find(text, &query, all, sizeof(all)), 0);
        assert_string_equal(all, cases[i].want);
    }
    query.learned = "WSMAN@" WEB01;
    query.ticket = "HTTP/" WEB01 "@GATEWAY";
    assert_int_equal(find(text, &query, all, sizeof(all)), 0);
    assert_string_equal(all, "HTTP/" WEB01 "@GATEWAY WSMAN@" WEB01 " HOST@"
                        WEB01 " WSMAN@" WEB01 " HTTP@" WEB01 " ");
}

/* Nothing goes with the gateway's ticket: it has none to forward, and another
 * credential of the caller's must not be looked for.  What was learned gets
 * what its candidate gets. */
static void
test_first_get(void **state)
{
    static const char text[] = "winrm = {\n spn = HOST/%f\n"
        " delegation = kerberos\n}\n";
    static const char same[] = "HOST/" WEB01 "@GATEWAY *" HOST "*" HOST;
    static const char own[] = "HOST/" WEB01 "@GATEWAY HTTP@" WEB01 " *" HOST;
    struct gw_query query = { .host = WEB01, .purpose = GW_FORWARD,
                              .ticket = "HOST/" WEB01 "@GATEWAY" };
    char all[1024];

    (void)state;
    configure("");
    query.learned = "HOST/" WEB01 "@CORP.EXAMPLE.COM";
    assert_int_equal(find(text, &query, all, sizeof(all)), 0);
    assert_memory_equal(all, same, sizeof(same) - 1);
    query.learned = "HTTP@" WEB01;
    assert_int_equal(find(text, &query, all, sizeof(all)), 0);
    assert_memory_equal(all, own, sizeof(own) - 1);
}

/* The flags of delegation, for every purpose and policy. */
static void
test_flags(void **state)
{
    static const OM_uint32 other = GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG;
    static const OM_uint32 asked[] = {
        0, GSS_C_DELEG_FLAG, GSS_C_DELEG_POLICY_FLAG, GW_DELEGATION
    };
    struct gw_policy policy = { .delegation = GW_DELEG_NONE };
    struct gw_query query = { .policy = &policy };
    struct gw_candidate may = { .may_have = 1 }, no = { .may_have = 0 };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        policy.delegation = GW_DELEG_NONE;
        query.purpose = gw_purpose_of(&policy, other | asked[i]);
        assert_int_equal(query.purpose, asked[i] != 0 ? GW_FORWARD :
                         GW_AUTHENTICATE);
        assert_int_equal(gw_candidate_flags(&query, &no, other | asked[i]),
                         other);
        assert_int_equal(gw_candidate_flags(&query, &may, other | asked[i]),
                         other | asked[i]);
        policy.delegation = GW_DELEG_CREDSSP;
        assert_int_equal(gw_purpose_of(&policy, asked[i]), query.purpose);
        policy.delegation = GW_DELEG_KERBEROS;
        query.purpose = gw_purpose_of(&policy, other | asked[i]);
        assert_int_equal(query.purpose, GW_FORWARD);
        assert_int_equal(gw_candidate_flags(&query, &no, other | asked[i]),
                         other);
        assert_int_equal(gw_candidate_flags(&query, &may, other | asked[i]),
                         other | asked[i] | GSS_C_DELEG_FLAG);
        /* host@HOST: the program's affair, whatever krb5.conf says. */
        query.purpose = GW_PASS;
        assert_int_equal(gw_candidate_flags(&query, &may, other | asked[i]),
                         other | asked[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_http),
        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_realm),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_typed_section),
        cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_first_get),
        cmocka_unit_test(test_flags)
    };

    return cmocka_run_group_tests_name("candidates", tests, NULL, NULL);
}
