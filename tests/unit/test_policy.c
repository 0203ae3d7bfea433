/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_policy.c - krb5.conf's winrm section: keys, values, precedence. */
#include "config.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/aside.h"
#include "plugin/conf/environ.h"
#include "plugin/handles.h"
#include "plugin/conf/policy.h"
#include "plugin/base/program.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

static struct gw_policy *
load_full(const char *text, const char *typed, const char *canon,
          const char *realm)
{
    struct gw_subject subject = { typed, canon, realm, realm };
    profile_t profile = unit_profile(text);
    struct gw_policy *policy = NULL;

    gw_policy_review(profile);
    assert_int_equal(gw_policy_load(profile, &subject, &policy), 0);
    assert_non_null(policy);
    profile_release(profile);
    return policy;
}

static struct gw_policy *
load(const char *text, const char *typed)
{
    return load_full(text, typed, NULL, NULL);
}

/* The words of a list, each with a space behind it. */
static void
words_are(char **words, const char *want)
{
    char buf[1024] = "";

    for (; words != NULL && *words != NULL; words++) {
        strcat(buf, *words);
        strcat(buf, " ");
    }
    assert_string_equal(buf, want);
}

static void
check_defaults(const struct gw_policy *p)
{
    assert_int_equal(p->enabled, 1);
    assert_int_equal(p->match, GW_MATCH_AUTO);
    assert_int_equal(p->delegation, GW_DELEG_NONE);
    assert_int_equal(p->nports, 2);
    assert_int_equal(p->ports[0], 5985);
    assert_int_equal(p->ports[1], 5986);
    words_are(p->spn, "HOST/%f WSMAN/%f HTTP/%n HTTP/%f ");
    assert_null(p->spn_source);
    assert_null(p->programs);
    assert_string_equal(p->except[0], "smbd");
    assert_null(p->nodes);
    assert_null(p->host);
}

static void
test_defaults(void **state)
{
    struct gw_policy *p;

    (void)state;
    p = load("", "web01");
    check_defaults(p);
    gw_policy_free(p);
    p = load("winrm = {\n}\n", "web01");
    check_defaults(p);
    gw_policy_free(p);
}

static void
test_general(void **state)
{
    struct gw_policy *p = load(
        "winrm = {\n enabled = no\n ports = 80, 81\n ports = 82\n"
        " spn = A/%f B/%n\n delegation = KERBEROS\n match = Always\n"
        " programs = evil-winrm foo\n}\n", "web01");

    (void)state;
    assert_int_equal(p->enabled, 0);
    assert_int_equal(p->nports, 3);
    assert_int_equal(p->ports[2], 82);
    words_are(p->spn, "A/%f B/%n ");
    assert_string_equal(p->spn_source, "winrm");
    assert_int_equal(p->delegation, GW_DELEG_KERBEROS);
    assert_int_equal(p->match, GW_MATCH_ALWAYS);
    words_are(p->programs, "evil-winrm foo ");
    gw_policy_free(p);
}

static void
test_rank(void **state)
{
    (void)state;
    assert_true(gw_target_rank("web01.x.y", "WEB01.X.Y.") == SIZE_MAX);
    assert_int_equal(gw_target_rank("web01.x.y", "web01.x"), 0);
    assert_int_equal(gw_target_rank(".x.y", "web01.X.y"), 4);
    assert_int_equal(gw_target_rank(".y", "web01.x.y"), 2);
    assert_int_equal(gw_target_rank(".x.y", "x.y"), 0);
    assert_int_equal(gw_target_rank(".x.y", ".x.y"), 0);
    assert_int_equal(gw_target_rank(".x.y", "webx.y"), 0);
    assert_int_equal(gw_target_rank(".", "web01"), 1);
    assert_int_equal(gw_target_rank(".", "web01.x"), 0);
    assert_int_equal(gw_target_rank(".", "::1"), 0);
    assert_int_equal(gw_target_rank(".0.1", "127.0.0.1"), 0);
    assert_true(gw_target_rank("127.0.0.1", "127.0.0.1") == SIZE_MAX);
    assert_int_equal(gw_target_rank("", "web01"), 0);
    assert_int_equal(gw_target_rank("web01", ""), 0);
}

static const char precedence[] =
    "winrm = {\n"
    " delegation = none\n match = never\n spn = GENERAL/%f\n ports = 1\n"
    " targets = {\n"
    "  web01.corp.example.com = {\n   spn = EXACT/%f\n  }\n"
    "  .example.com = {\n   spn = SHORT/%f\n   match = auto\n  }\n"
    "  .corp.example.com = {\n   spn = LONG/%f\n   delegation = credssp\n  }\n"
    "  . = {\n   spn = DOTLESS/%f\n  }\n"
    " }\n"
    " CORP.EXAMPLE.COM = {\n  spn = REALM/%f\n  match = always\n  ports = 2\n }\n"
    "}\n";

static void
spn_is(const char *typed, const char *canon, const char *realm,
       const char *want, const char *source)
{
    struct gw_policy *p = load_full(precedence, typed, canon, realm);

    words_are(p->spn, want);
    assert_string_equal(p->spn_source, source);
    gw_policy_free(p);
}

static void
test_precedence(void **state)
{
    (void)state;
    spn_is("web01.corp.example.com", NULL, "CORP.EXAMPLE.COM", "EXACT/%f ",
           "targets web01.corp.example.com");
    spn_is("WEB01.CORP.example.com.", NULL, NULL, "EXACT/%f ",
           "targets web01.corp.example.com");
    spn_is("web02.corp.example.com", NULL, NULL, "LONG/%f ",
           "targets .corp.example.com");
    spn_is("www.example.com", NULL, "CORP.EXAMPLE.COM", "SHORT/%f ",
           "targets .example.com");
    spn_is("elsewhere.org", NULL, "CORP.EXAMPLE.COM", "REALM/%f ",
           "realm CORP.EXAMPLE.COM");
    spn_is("elsewhere.org", NULL, "OTHER", "GENERAL/%f ", "winrm");
    spn_is("elsewhere.org", NULL, NULL, "GENERAL/%f ", "winrm");
    spn_is("web09", NULL, NULL, "DOTLESS/%f ", "targets .");
    /* The canonical name counts as well as the typed one, but not for ".". */
    spn_is("web01", "web01.corp.example.com", NULL, "EXACT/%f ",
           "targets web01.corp.example.com");
    spn_is("alias", "web07.corp.example.com", NULL, "LONG/%f ",
           "targets .corp.example.com");
    spn_is("alias.org", "dotless", NULL, "GENERAL/%f ", "winrm");
}

/* A key that the first level lacks is looked for at the next. */
/* DNS may choose the canonical name, and so must not override the typed one. */
static void
test_typed_before_canonical(void **state)
{
    const char *text =
        "winrm = {\n targets = {\n  aaa.example = {\n   match = always\n  }\n"
        "  zzz = {\n   match = never\n  }\n  .zzz.example = {\n"
        "   match = never\n  }\n  .long.aaa.example = {\n   match = always\n"
        "  }\n }\n}\n";
    struct gw_policy *p;

    (void)state;
    p = load_full(text, "zzz", "aaa.example", NULL);
    assert_int_equal(p->match, GW_MATCH_NEVER);
    gw_policy_free(p);
    p = load_full(text, "x.zzz.example", "x.long.aaa.example", NULL);
    assert_int_equal(p->match, GW_MATCH_NEVER);
    gw_policy_free(p);
    p = load_full(text, "x.zzz.example", "aaa.example", NULL);
    assert_int_equal(p->match, GW_MATCH_ALWAYS);        /* exact */
    gw_policy_free(p);
}

static void
test_inheritance(void **state)
{
    struct gw_policy *p;

    (void)state;
    p = load_full(precedence, "web01.corp.example.com", NULL,
                  "CORP.EXAMPLE.COM");
    assert_int_equal(p->delegation, GW_DELEG_CREDSSP);  /* the suffix */
    assert_int_equal(p->match, GW_MATCH_ALWAYS);        /* the realm */
    assert_string_equal(p->match_source, "realm CORP.EXAMPLE.COM");
    assert_int_equal(p->ports[0], 2);
    gw_policy_free(p);
}

static void
test_target_keys(void **state)
{
    const char *text =
        "winrm = {\n targets = {\n"
        "  10.20.30.40 = {\n   host = web03.corp.example.com\n  }\n"
        "  web = {\n   nodes = web01 web02, web03\n  }\n"
        "  one.line = { match = always spn = HTTP/%n HOST/%f host = h }\n"
        " }\n}\n";
    struct gw_policy *p;

    (void)state;
    p = load(text, "10.20.30.40");
    assert_string_equal(p->host, "web03.corp.example.com");
    gw_policy_free(p);
    p = load(text, "web");
    words_are(p->nodes, "web01 web02 web03 ");
    gw_policy_free(p);
    p = load(text, "one.line");
    assert_int_equal(p->match, GW_MATCH_ALWAYS);
    words_are(p->spn, "HTTP/%n HOST/%f ");
    assert_string_equal(p->host, "h");
    gw_policy_free(p);
}

/* A key where it has no place is not read, as the trace and the manual say. */
static void
test_no_place(void **state)
{
    struct gw_policy *p = load_full(
        "winrm = {\n host = general\n nodes = general\n programs = general\n"
        " targets = {\n web01 = { programs = target except = target }\n }\n"
        " R = { host = realm nodes = realm except = realm }\n}\n",
        "web01", NULL, "R");

    (void)state;
    assert_null(p->host);
    assert_null(p->nodes);
    words_are(p->programs, "general ");
    assert_string_equal(p->except[0], "smbd");
    gw_policy_free(p);
}

/* A list that says "none": of the target, and not of the next level. */
static void
test_empty_lists(void **state)
{
    struct gw_policy *p = load_full(
        "winrm = {\n programs = general\n except = \"\"\n"
        " R = {\n programs = \"\"\n }\n}\n", "web01", NULL, "R");

    (void)state;
    assert_null(p->programs);
    assert_string_equal(p->programs_source, "realm R");
    assert_string_equal(p->except[0], "smbd");
    gw_policy_free(p);
}

static void
test_bad_values(void **state)
{
    struct gw_policy *p;

    (void)state;
    p = load("winrm = {\n enabled = perhaps\n ports = x 0 65536 -1 5985x\n"
             " spn = noslash /x\n delegation = all\n match = sometimes\n"
             " no_such_key = 1\n targets = nonsense\n}\n", "web01");
    check_defaults(p);
    gw_policy_free(p);
    /* One bad word does not spoil the others. */
    p = load("winrm = {\n ports = x 5999\n spn = noslash A/%f\n}\n", "web01");
    assert_int_equal(p->nports, 1);
    assert_int_equal(p->ports[0], 5999);
    words_are(p->spn, "A/%f ");
    gw_policy_free(p);
    /* A bad value at one level leaves the next level's. */
    p = load("winrm = {\n match = never\n targets = {\n web01 = {\n"
             " match = bogus\n }\n }\n}\n", "web01");
    assert_int_equal(p->match, GW_MATCH_NEVER);
    gw_policy_free(p);
    /* winrm is a word, not a section. */
    p = load("winrm = yes\n", "web01");
    check_defaults(p);
    gw_policy_free(p);
}

static void
test_many_ports(void **state)
{
    struct gw_policy *p;

    (void)state;
    p = load("winrm = {\n ports = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n}",
             "web01");
    assert_int_equal(p->nports, GW_PORTS_MAX);
    assert_int_equal(p->ports[15], 16);
    gw_policy_free(p);
}

static void
credssp_is(const char *text, const char *realm, const char *delegate_to,
           int ntlm, int version)
{
    profile_t profile = unit_profile(text);
    struct gw_credssp_policy *p;

    gw_policy_review(profile);
    assert_int_equal(gw_credssp_policy_load(profile, realm, &p), 0);
    words_are(p->delegate_to, delegate_to);
    assert_int_equal(p->ntlm, ntlm);
    assert_int_equal(p->minimum_version, version);
    gw_credssp_policy_free(p);
    profile_release(profile);
}

static void
test_credssp(void **state)
{
    (void)state;
    credssp_is("", NULL, "", 0, 5);
    credssp_is("winrm = {\n credssp = {\n delegate_to = .a b\n ntlm = true\n"
               " minimum_version = 6\n }\n}\n", NULL, ".a b ", 1, 6);
    credssp_is("winrm = {\n credssp = { delegate_to = .a ntlm = yes }\n}\n",
               NULL, ".a ", 1, 5);
    credssp_is("winrm = {\n credssp = {\n ntlm = maybe\n minimum_version = 7\n"
               " bogus = 1\n }\n}\n", NULL, "", 0, 5);
    credssp_is("winrm = {\n credssp = {\n minimum_version = 1\n }\n}\n", NULL,
               "", 0, 5);
    credssp_is("winrm = {\n X = {\n credssp = {\n minimum_version = 2\n }\n }\n"
               "}\n", "X", "", 0, 2);
}

static void
test_environment(void **state)
{
    enum gw_match m = GW_MATCH_AUTO;

    (void)state;
    unsetenv("GSS_WINRM");
    assert_int_equal(gw_environment_match(&m), 0);
    setenv("GSS_WINRM", "", 1);
    assert_int_equal(gw_environment_match(&m), 0);
    setenv("GSS_WINRM", "sometimes", 1);
    assert_int_equal(gw_environment_match(&m), 0);
    setenv("GSS_WINRM", "ALWAYS", 1);
    assert_int_equal(gw_environment_match(&m), 1);
    assert_int_equal(m, GW_MATCH_ALWAYS);
    setenv("GSS_WINRM", "auto", 1);
    assert_int_equal(gw_environment_match(&m), 1);
    assert_int_equal(m, GW_MATCH_AUTO);
    setenv("GSS_WINRM", "off", 1);
    assert_int_equal(gw_environment_match(&m), 1);
    assert_int_equal(m, GW_MATCH_NEVER);
    unsetenv("GSS_WINRM");
}

static void
test_stand_aside(void **state)
{
    static const char *const yes[] = { "1", "yes", "TRUE", "on" };
    static const char *const no[] = { "", "0", "no", "false", "off" };
    char program[GW_PROGRAM_MAX];
    size_t i;

    (void)state;
    unit_krb5_conf("[libdefaults]\n");
    assert_false(gw_stand_aside());
    for (i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        setenv("GSS_USE_PROXY", yes[i], 1);
        assert_true(gw_stand_aside());
    }
    for (i = 0; i < sizeof(no) / sizeof(*no); i++) {
        setenv("GSS_USE_PROXY", no[i], 1);
        assert_false(gw_stand_aside());
    }
    unsetenv("GSS_USE_PROXY");
    setenv("GSS_WINRM", "off", 1);
    assert_true(gw_stand_aside());
    unsetenv("GSS_WINRM");
    setenv("KRB5_CONFIG", unit_file("off.conf", "[appdefaults]\n winrm = {\n"
                                    "  enabled = false\n }\n"), 1);
    assert_true(gw_stand_aside());
    setenv("KRB5_CONFIG", unit_file("line.conf", "[appdefaults]\n winrm = "
                                    "{ enabled = false }\n"), 1);
    assert_true(gw_stand_aside());
    setenv("KRB5_CONFIG", unit_file("except.conf", "[appdefaults]\n winrm = "
                                    "{ except = other test_policy.tap }\n"),
           1);
    gw_program_name(program, sizeof(program));
    assert_int_equal(gw_stand_aside(),
                     strcmp(program, "test_policy.tap") == 0);
    setenv("KRB5_CONFIG", unit_file("bad.conf", "[libdefaults\n"), 1);
    assert_true(gw_stand_aside());
}

/*
 * The module (here this program's file) changes after the process has begun,
 * as when the package is installed.  Must come last: it stays so.
 */
static void
test_installed_late(void **state)
{
    struct stat st;
    Dl_info info;

    (void)state;
    setenv("KRB5_CONFIG", unit_file("late.conf", "[libdefaults]\n"), 1);
    assert_false(gw_stand_aside());
    (void)sleep(5);
    assert_false(gw_stand_aside());
    assert_int_not_equal(dladdr(&gw_oid_special, &info), 0);
    assert_int_equal(stat(info.dli_fname, &st), 0);
    assert_int_equal(chmod(info.dli_fname, st.st_mode & 07777), 0);
    assert_true(gw_stand_aside());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_general),
        cmocka_unit_test(test_rank),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_typed_before_canonical),
        cmocka_unit_test(test_inheritance),
        cmocka_unit_test(test_target_keys),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_empty_lists),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_many_ports),
        cmocka_unit_test(test_credssp),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_stand_aside),
        cmocka_unit_test(test_installed_late),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
