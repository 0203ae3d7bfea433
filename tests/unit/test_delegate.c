/* test_delegate.c - the names that may be given more than a proof. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delegate.h"
#include "names.h"
#include "unit.h"
#include "words.h"

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

/* The names for web01 with this text in krb5.conf's section, each with a space
 * behind it. */
static void
names_are(const char *text, const char *typed, const char *want)
{
    struct gw_subject subject = { .typed = typed };
    profile_t profile = unit_profile(text);
    struct gw_policy *policy;
    char **hosts = NULL, **names, **n, all[1024] = "", *whole;

    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    profile_release(profile);
    assert_int_equal(gw_delegate_host(typed, &whole), 0);
    assert_int_equal(gw_policy_hosts(policy, whole, NULL, &hosts), 0);
    assert_int_equal(gw_delegate_names(policy, hosts, 5985, &names), 0);
    for (n = names; n != NULL && *n != NULL; n++) {
        strcat(all, *n);
        strcat(all, " ");
    }
    assert_string_equal(all, want);
    gw_free_words(names);
    gw_free_words(hosts);
    gw_policy_free(policy);
    free(whole);
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
    krb5_context context;
    char *found;

    assert_int_equal(krb5_init_context(&context), 0);
    found = gw_host_realm(context, host);
    assert_string_equal(found, realm);
    free(found);
    found = gw_section_realm(context, host);
    assert_string_equal(found, section);
    free(found);
    krb5_free_context(context);
    assert_int_equal(gw_delegate_realm_ok("HOST/%f", host), ok);
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
    size_t i;

    (void)state;
    forged = 1;
    for (i = 0; i < sizeof(on) / sizeof(*on); i++) {
        configure(on[i]);
        has_realm("WEB01.corp.example.com.", "CORP.EXAMPLE.COM",
                  "CORP.EXAMPLE.COM", 1);
        has_realm(other, "", "CORP.EXAMPLE.COM", 0);
        assert_int_equal(gw_delegate_realm_ok("HOST/a@R.EXAMPLE", other), 1);
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
        const char *typed, *whole;
        int ret;
    } cases[] = {
        { "web01.corp.example.com", "web01.corp.example.com", 0 },
        { "web01", NULL, EDOM },
        { "10.20.30.40", NULL, EINVAL },
        { "fe80::1", NULL, EINVAL },
        { "web01/x", NULL, EINVAL },
        { "web01@EVIL", NULL, EINVAL },
        { "", NULL, EINVAL }
    };
    char *whole;
    size_t i;

    (void)state;
    configure("");
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(gw_delegate_host(cases[i].typed, &whole),
                         cases[i].ret);
        if (cases[i].whole != NULL)
            assert_string_equal(whole, cases[i].whole);
        else
            assert_null(whole);
        free(whole);
    }
    configure(" qualify_shortname = \n");
    assert_int_equal(gw_delegate_host("web01", &whole), EDOM);
    configure(" qualify_shortname = b/d\n");
    assert_int_equal(gw_delegate_host("web01", &whole), EDOM);
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
    char **list;

    (void)state;
    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    assert_int_equal(policy->delegation, GW_DELEG_NONE);
    assert_string_equal(policy->spn[0], "HTTP/node.corp.example.com");
    assert_string_equal(gw_policy_trusted(policy)->spn[0], "HOST/%f");
    gw_policy_free(policy);
    /* The same when it was typed. */
    subject.typed = subject.canon;
    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    assert_int_equal(policy->delegation, GW_DELEG_KERBEROS);
    assert_int_equal(gw_delegate_templates(gw_policy_trusted(policy), &list),
                     0);
    assert_string_equal(list[0], "HTTP/node.corp.example.com");
    gw_free_words(list);
    gw_policy_free(policy);
    profile_release(profile);
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
        cmocka_unit_test(test_typed_section)
    };

    return cmocka_run_group_tests_name("delegate", tests, NULL, NULL);
}
