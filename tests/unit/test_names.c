/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_names.c - service names of templates and hosts, byte for byte. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/conf/names.h"
#include "tests/unit/unit.h"

static const char conf[] =
    "[libdefaults]\n"
    " default_realm = CORP.EXAMPLE.COM\n"
    " dns_canonicalize_hostname = false\n"
    " dns_lookup_realm = false\n"
    " qualify_shortname = corp.example.com\n"
    "[domain_realm]\n"
    " .corp.example.com = CORP.EXAMPLE.COM\n";

static int
setup(void **state)
{
    (void)state;
    unit_krb5_conf(conf);
    return 0;
}

static void
expands_to(const char *template, const char *host, uint16_t port,
           const char *want)
{
    char *name = NULL;

    assert_int_equal(gw_name_expand(template, host, port, &name), 0);
    assert_string_equal(name, want);
    free(name);
}

static void
means_nothing(const char *template, const char *host, uint16_t port)
{
    char *name = NULL;

    assert_int_equal(gw_name_expand(template, host, port, &name), EINVAL);
    assert_null(name);
}

static void
test_host_based(void **state)
{
    (void)state;
    expands_to("HOST/%f", "web01", 5985, "HOST@web01");
    expands_to("WSMAN/%f", "WEB01.corp.example.com", 0,
               "WSMAN@WEB01.corp.example.com");
    expands_to("http/%f", "10.20.30.40", 0, "http@10.20.30.40");
    expands_to("HTTP/%f", "fe80::1", 0, "HTTP@fe80::1");
}

static void
test_netbios(void **state)
{
    (void)state;
    expands_to("HTTP/%n", "web01.corp.example.com", 0,
               "HTTP/web01@CORP.EXAMPLE.COM");
    expands_to("HTTP/%n", "WEB01", 0, "HTTP/web01@CORP.EXAMPLE.COM");
    expands_to("HTTP/%n", "WEB01.Corp.Example.Com.", 0,
               "HTTP/web01@CORP.EXAMPLE.COM");
    means_nothing("HTTP/%n", "10.20.30.40", 0);
    means_nothing("HTTP/%n", "::1", 0);
}

static void
test_port(void **state)
{
    (void)state;
    expands_to("HTTP/%f:%p", "web01", 5985,
               "HTTP/web01.corp.example.com:5985@CORP.EXAMPLE.COM");
    expands_to("HTTP/%n:%p", "web01", 65535,
               "HTTP/web01:65535@CORP.EXAMPLE.COM");
    means_nothing("HTTP/%f:%p", "web01", 0);
}

static void
test_explicit(void **state)
{
    (void)state;
    expands_to("HTTP/WEB01", "anything", 0, "HTTP/WEB01@CORP.EXAMPLE.COM");
    expands_to("HOST/web01.corp.example.com", "alias", 0,
               "HOST/web01.corp.example.com@CORP.EXAMPLE.COM");
    expands_to("HOST/x@OTHER.EXAMPLE", "web01", 0, "HOST/x@OTHER.EXAMPLE");
    expands_to("A/b%%c", "web01", 0, "A/b%c@CORP.EXAMPLE.COM");
}

/* A host in no realm that krb5.conf knows: the empty realm, a referral. */
static void
test_referral(void **state)
{
    (void)state;
    expands_to("HTTP/%n", "web01.elsewhere.example", 0, "HTTP/web01@");
}

static void
test_bad_templates(void **state)
{
    char long_template[2048] = "HTTP/";

    (void)state;
    means_nothing("HTTP/%x", "web01", 0);
    means_nothing("HTTP/%", "web01", 0);
    means_nothing("HTTP/%f%", "web01", 0);
    memset(long_template + 5, 'a', sizeof(long_template) - 6);
    means_nothing(long_template, "web01", 0);
}

static void
test_hosts(void **state)
{
    char host[300];

    (void)state;
    assert_true(gw_host_ok("web01"));
    assert_true(gw_host_ok("web_01.corp-x.example.com."));
    assert_true(gw_host_ok("10.0.0.1"));
    assert_true(gw_host_ok("::ffff:10.0.0.1"));
    assert_false(gw_host_ok(""));
    assert_false(gw_host_ok("."));
    assert_false(gw_host_ok("..."));
    assert_false(gw_host_ok("web01:5985"));
    assert_false(gw_host_ok("web01/x"));
    assert_false(gw_host_ok("web01@EVIL"));
    assert_false(gw_host_ok("web01\\x"));
    assert_false(gw_host_ok("web 01"));
    assert_false(gw_host_ok("web01\n"));
    assert_false(gw_host_ok("b\xc3\xbc" "cher.example"));
    assert_false(gw_host_ok("fe80::1%eth0"));
    memset(host, 'a', sizeof(host));
    host[256] = '\0';
    assert_false(gw_host_ok(host));
    host[255] = '\0';
    assert_true(gw_host_ok(host));
    means_nothing("HOST/%f", "web01@EVIL", 0);
    means_nothing("HTTP/%n", "web01/admin", 0);
}

static void
test_forms(void **state)
{
    (void)state;
    assert_true(gw_is_principal("HTTP/web01@REALM"));
    assert_true(gw_is_principal("HTTP/web01"));
    assert_false(gw_is_principal("HTTP@web01"));
    assert_false(gw_is_principal("HTTP@web/01"));
    assert_false(gw_is_principal("HTTP"));
}

/* krb5.conf broken in between: the candidate is skipped, nothing crashes. */
static void
test_broken_configuration(void **state)
{
    (void)state;
    unit_krb5_conf("[libdefaults\n = = {\n");
    means_nothing("HTTP/%n", "web01", 0);
    expands_to("HOST/%f", "web01", 0, "HOST@web01");
}

/* The KDC does not know the service; any other error is to be reported. */
static void
test_unknown(void **state)
{
#define DATABASE " not found in Kerberos database"
    static const struct {
        uint32_t code;
        const char *text;
        int unknown;
    } cases[] = {
        { (uint32_t)KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, "", 1 },
        { 1, "Server HOST/web01@R" DATABASE, 1 },
        { 1, "Kerberos: Unspecified GSS failure: Server HOST/web01@R" DATABASE,
          1 },
        { (uint32_t)KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, "", 0 },
        { 1, "Client alice@R" DATABASE, 0 },
        { 1, "Kerberos: Client Server /x@R" DATABASE, 0 },
        { 1, "Server HOST/web01@R has expired", 0 },
        { 1, "", 0 }
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(gw_service_unknown(cases[i].code, cases[i].text),
                         cases[i].unknown);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown),
        cmocka_unit_test_setup(test_host_based, setup),
        cmocka_unit_test_setup(test_netbios, setup),
        cmocka_unit_test_setup(test_port, setup),
        cmocka_unit_test_setup(test_explicit, setup),
        cmocka_unit_test_setup(test_referral, setup),
        cmocka_unit_test_setup(test_bad_templates, setup),
        cmocka_unit_test_setup(test_hosts, setup),
        cmocka_unit_test_setup(test_forms, setup),
        cmocka_unit_test(test_broken_configuration),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
