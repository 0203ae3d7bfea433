/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_names.c - which name is sent: forms, order, policy, and what the KDC says
 * to them. */
#include "config.h"

#include "tests/k5/k5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALWAYS "  match = always\n"

/* One call of a client with a fresh ccache: which tickets did it get? */
struct named {
    const char *what;
    const char *winrm; /* in krb5.conf's winrm section */
    const char *target;
    const char *tickets; /* the ccache's afterwards; "" for none */
    const char *trace; /* must be in gss-winrm's trace; "" for no line at all;
                          NULL: not looked at */
};

static const struct named forms[] = {
    { "HOST/%f", ALWAYS " spn = HOST/%f", "h:HTTP@web01.test.example",
      "HOST/web01.test.example",
      "gss-winrm: HTTP@web01.test.example: sending HOST@web01.test.example" },
    { "WSMAN/%f", ALWAYS " spn = WSMAN/%f", "h:HTTP@web01.test.example",
      "WSMAN/web01.test.example",
      "gss-winrm: HTTP@web01.test.example: sending WSMAN@web01.test.example" },
    { "HTTP/%n", ALWAYS " spn = HTTP/%n", "h:HTTP@web01.test.example",
      "HTTP/web01",
      "gss-winrm: HTTP@web01.test.example: sending HTTP/web01@" },
    { "HTTP/%f:%p with the default port", ALWAYS " spn = HTTP/%f:%p",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example:5985",
      "sending HTTP/web01.test.example:5985@" },
    { "HTTP/%n:%p", ALWAYS " spn = HTTP/%n:%p", "h:HTTP@web01.test.example",
      "HTTP/web01:5985", "sending HTTP/web01:5985@" },
    { "HTTP/%f: the caller's own", ALWAYS " spn = HTTP/%f",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "an explicit name", ALWAYS " spn = CUSTOM/web01.test.example",
      "h:HTTP@web02.test.example", "CUSTOM/web01.test.example",
      "sending CUSTOM/web01.test.example" },
    { "an explicit name with its realm",
      ALWAYS " spn = CUSTOM/web01.test.example@TEST.EXAMPLE",
      "h:HTTP@web02.test.example", "CUSTOM/web01.test.example",
      "sending CUSTOM/web01.test.example@TEST.EXAMPLE" },
    { "a class of one's own for %f", ALWAYS " spn = CUSTOM/%f",
      "h:HTTP@web01.test.example", "CUSTOM/web01.test.example",
      "sending CUSTOM@web01.test.example" },
    { "the defaults", ALWAYS, "h:HTTP@web01.test.example",
      "HOST/web01.test.example", "sending HOST@web01.test.example" },
    { "a short name", ALWAYS, "h:HTTP@web01", "HOST/web01.test.example",
      "gss-winrm: HTTP@web01: sending HOST@web01" },
    { "upper case", ALWAYS, "h:HTTP@WEB01.TEST.EXAMPLE",
      "HOST/web01.test.example", "HTTP@WEB01.TEST.EXAMPLE: sending" },
    { "a class in lower case", ALWAYS, "h:http@web01.test.example",
      "HOST/web01.test.example", "sending" },
    { "HTTP/%n of a short name", ALWAYS " spn = HTTP/%n", "h:HTTP@web01",
      "HTTP/web01", "sending HTTP/web01@" },
    { "names separated by commas and blanks",
      ALWAYS " spn = \"  WSMAN/%f   HOST/%f \"", "h:HTTP@web01.test.example",
      "WSMAN/web01.test.example", "sending WSMAN@web01.test.example" },
    { "another class is never touched", ALWAYS, "h:WSMAN@web01.test.example",
      "WSMAN/web01.test.example", "" },
    { "HOST is never touched", ALWAYS " spn = WSMAN/%f",
      "h:HOST@web01.test.example", "HOST/web01.test.example", "" },
    { "a principal name is never touched", ALWAYS,
      "p:HTTP/web01.test.example@TEST.EXAMPLE", "HTTP/web01.test.example",
      "" },
    { "HTTPS is another class", ALWAYS, "h:HTTPX@web01.test.example", "", "" },
};

static const struct named fallthrough[] = {
    { "the second when the KDC does not know the first", ALWAYS,
      "h:HTTP@web03.test.example", "WSMAN/web03.test.example",
      "gss-winrm: HTTP@web03.test.example: HOST@web03.test.example unknown to "
      "the KDC" },
    { "the third", ALWAYS, "h:HTTP@web04.test.example", "HTTP/web04",
      "gss-winrm: HTTP@web04.test.example: WSMAN@web04.test.example unknown "
      "to the KDC" },
    { "the caller's own name when no other is known", ALWAYS,
      "h:HTTP@web02.test.example", "HTTP/web02.test.example",
      "gss-winrm: HTTP@web02.test.example: sending HTTP@web02.test.example" },
    { "the caller's own name even when it is not listed",
      ALWAYS " spn = HOST/%f", "h:HTTP@web02.test.example",
      "HTTP/web02.test.example", "sending HTTP@web02.test.example" },
    { "a locked account is unknown to the KDC", ALWAYS,
      "h:HTTP@web07.test.example", "WSMAN/web07.test.example",
      "HOST@web07.test.example unknown" },
};

static const struct named policies[] = {
    { "no section: no evidence, no change", NULL, "h:HTTP@web01.test.example",
      "HTTP/web01.test.example",
      "gss-winrm: HTTP@web01.test.example: not WinRM" },
    { "match = never", "match = never", "h:HTTP@web01.test.example",
      "HTTP/web01.test.example", "not WinRM" },
    { "enabled = false", ALWAYS "enabled = false", "h:HTTP@web01.test.example",
      "HTTP/web01.test.example", NULL },
    { "a target",
      "targets = {\n web01.test.example = {\n match = always\n }\n }",
      "h:HTTP@web01.test.example", "HOST/web01.test.example",
      "sending HOST@web01.test.example" },
    { "a target for another host",
      "targets = {\n web02.test.example = {\n match = always\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "a target in another case",
      "targets = {\n WEB01.Test.Example = {\n match = always\n }\n }",
      "h:HTTP@web01.test.example", "HOST/web01.test.example", NULL },
    { "a suffix",
      "targets = {\n .test.example = {\n match = always\n spn = WSMAN/%f\n "
      "}\n }",
      "h:HTTP@web01.test.example", "WSMAN/web01.test.example", NULL },
    { "a suffix is not a domain's own name",
      "targets = {\n .web01.test.example = {\n match = always\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "a suffix matches whole labels",
      "targets = {\n .est.example = {\n match = always\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "the longest suffix wins",
      "targets = {\n .example = {\n match = always\n spn = HTTP/%n\n }\n "
      ".test.example = {\n match = always\n spn = WSMAN/%f\n }\n }",
      "h:HTTP@web01.test.example", "WSMAN/web01.test.example", NULL },
    { "the exact target wins over its suffix",
      "targets = {\n .test.example = {\n match = always\n spn = WSMAN/%f\n "
      "}\n web01.test.example = {\n spn = HTTP/%n\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01", NULL },
    { "an exact match = never within a suffix",
      "targets = {\n .test.example = {\n match = always\n }\n "
      "web01.test.example = {\n match = never\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "the target wins over the realm",
      "TEST.EXAMPLE = {\n match = always\n spn = WSMAN/%f\n }\n targets = {\n "
      "web01.test.example = {\n spn = HTTP/%n\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01", NULL },
    { "the realm wins over the general",
      "spn = HTTP/%n\n TEST.EXAMPLE = {\n match = always\n spn = WSMAN/%f\n }",
      "h:HTTP@web01.test.example", "WSMAN/web01.test.example", NULL },
    { "another realm's section is not ours",
      "OTHER.EXAMPLE = {\n match = always\n }", "h:HTTP@web01.test.example",
      "HTTP/web01.test.example", NULL },
    { "a dot matches dotless names",
      "targets = {\n . = {\n match = always\n }\n }", "h:HTTP@web01",
      "HOST/web01.test.example", "gss-winrm: HTTP@web01: sending HOST@web01" },
    { "a dot matches no name with dots",
      "targets = {\n . = {\n match = always\n }\n }",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "host replaces an address",
      "targets = {\n 127.0.11.1 = {\n match = always\n host = "
      "web01.test.example\n }\n }",
      "h:HTTP@127.0.11.1", "HOST/web01.test.example",
      "HTTP@127.0.11.1: sending HOST@web01.test.example" },
    { "host replaces an alias",
      "targets = {\n www.test.example = {\n match = always\n host = "
      "web01.test.example\n }\n }",
      "h:HTTP@www.test.example", "HOST/web01.test.example", NULL },
    { "host with a name that it does not fit",
      ALWAYS "targets = {\n web02.test.example = {\n host = "
             "web01.test.example\n spn = HTTP/%n\n }\n }",
      "h:HTTP@web02.test.example", "HTTP/web01", NULL },
    { "nodes: candidates in turn when nothing says which",
      "targets = {\n web.test.example = {\n match = always\n nodes = "
      "node1.test.example node2.test.example\n }\n }",
      "h:HTTP@web.test.example", "HOST/node1.test.example",
      "sending HOST@node1.test.example" },
    { "nodes: an unknown node is passed over",
      "targets = {\n web.test.example = {\n match = always\n nodes = "
      "web08.test.example node2.test.example\n }\n }",
      "h:HTTP@web.test.example", "HOST/node2.test.example", NULL },
    { "programs with this one", "programs = other t_names",
      "h:HTTP@web01.test.example", "HOST/web01.test.example",
      "gss-winrm: HTTP@web01.test.example: WinRM" },
    { "programs with others", "programs = other t_name t_namess",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "match = never beats programs", "match = never\n programs = t_names",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example", NULL },
    { "an unreadable match is the default", "match = perhaps",
      "h:HTTP@web01.test.example", "HTTP/web01.test.example",
      "match = perhaps" },
    { "an unreadable match of a target is the next level's",
      ALWAYS "targets = {\n web01.test.example = {\n match = perhaps\n }\n }",
      "h:HTTP@web01.test.example", "HOST/web01.test.example",
      "match = perhaps" },
    { "a realm by referral", ALWAYS, "h:HTTP@web21.other.example",
      "HOST/web21.other.example@OTHER.EXAMPLE",
      "sending HOST@web21.other.example" },
    { "HTTP/%n cannot be referred, so the next is taken",
      ALWAYS "spn = HTTP/%n HOST/%f", "h:HTTP@web21.other.example",
      "HOST/web21.other.example@OTHER.EXAMPLE", NULL },
};

static void
check_named(const char *group, const struct named *cases, size_t count,
            const char *libdefaults)
{
    const char *cc, *trace;
    struct k5_side me;
    size_t i;

    for (i = 0; i < count; i++) {
        k5_conf(libdefaults, cases[i].winrm);
        cc = k5_fresh("alice");
        (void)k5_trace();
        k5_local(&me);
        (void)k5_init(&me, cases[i].target, K5_KRB5, ALL_FLAGS, NULL);
        if (!is_str(k5_tickets(cc), cases[i].tickets, "%s: %s", group,
                    cases[i].what))
            diag("0x%x %s\n%s", me.reply.major, k5_part(&me, 1), k5_trace());
        k5_close(&me);
        if (cases[i].trace == NULL)
            continue;
        trace = k5_trace();
        if (cases[i].trace[0] == '\0')
            is_str(trace, "", "%s: %s: nothing in the trace", group,
                   cases[i].what);
        else
            has_str(trace, cases[i].trace, "%s: %s: in the trace", group,
                    cases[i].what);
    }
}

#define GROUP(name, cases, libdefaults)                                       \
    check_named(name, cases, sizeof(cases) / sizeof((cases)[0]), libdefaults)

/* With "fallback", krb5 makes nothing of a short name before it asks. */
static void
check_short_target(void)
{
    const struct named one[] = {
        { "a target matches a short name by what krb5 makes of it",
          "targets = {\n web01.test.example = {\n match = always\n }\n }",
          "h:HTTP@web01",
          k5_fallback() ? "HTTP/web01" : "HOST/web01.test.example", NULL }
    };

    GROUP("policy", one, NULL);
}

/* GSS_WINRM in the environment, over the file. */
static void
check_environment(void)
{
    static const struct {
        const char *value, *winrm, *tickets;
    } cases[] = {
        { "always", NULL, "HOST/web01.test.example" },
        { "ALWAYS", NULL, "HOST/web01.test.example" },
        { "off", ALWAYS, "HTTP/web01.test.example" },
        { "auto", ALWAYS, "HTTP/web01.test.example" },
        { "", ALWAYS, "HOST/web01.test.example" },
        { "nonsense", ALWAYS, "HOST/web01.test.example" },
        { "always",
          "targets = {\n web01.test.example = {\n match = never\n }\n }",
          "HOST/web01.test.example" },
    };
    struct k5_side me;
    const char *cc;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        k5_conf(NULL, cases[i].winrm);
        cc = k5_fresh("alice");
        (void)setenv("GSS_WINRM", cases[i].value, 1);
        k5_local(&me);
        (void)k5_init(&me, "h:HTTP@web01.test.example", K5_KRB5, ALL_FLAGS,
                      NULL);
        is_str(k5_tickets(cc), cases[i].tickets, "GSS_WINRM=%s with %s",
               cases[i].value,
               cases[i].winrm == NULL             ? "no section"
               : cases[i].winrm == cases[1].winrm ? ""
                                                  : "another match");
        k5_close(&me);
    }
    (void)unsetenv("GSS_WINRM");
}

/* SPNEGO reaches the same code. */
static void
check_spnego(void)
{
    struct k5_side me;
    const char *cc;

    k5_conf(NULL, ALWAYS);
    cc = k5_fresh("alice");
    k5_local(&me);
    (void)k5_init(&me, "h:HTTP@web03.test.example", K5_SPNEGO, ALL_FLAGS,
                  NULL);
    is_str(k5_tickets(cc), "WSMAN/web03.test.example",
           "SPNEGO: the second candidate in an optimistic token");
    k5_close(&me);
}

/* The same call here and in a process without the plugin: the same answer? */
static void
check_same_error(const char *what, const char *winrm, const char *target,
                 const char *bare_target, uint32_t mech, const char *user)
{
    struct k5_side me, bare;
    const char *cc;

    k5_conf(NULL, winrm);
    cc = k5_fresh(user);
    k5_spawn(&bare, K5_BARE, "none");
    (void)k5_init(&bare, bare_target, mech, ALL_FLAGS, NULL);
    ok(GSS_ERROR(bare.reply.major), "%s: an error without the plugin", what);
    k5_local(&me);
    (void)k5_init(&me, target, mech, ALL_FLAGS, NULL);
    is_int((long)me.reply.major, (long)bare.reply.major,
           "%s: the same major status", what);
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "%s: the same text", what);
    is_str(k5_tickets(cc), "", "%s: no ticket", what);
    ok(me.reply.part[0].length == bare.reply.part[0].length
           && me.end.ctx == GSS_C_NO_CONTEXT,
       "%s: no token, no context", what);
    k5_close(&me);
    k5_close(&bare);
}

static void
check_errors(void)
{
    const char *all = ALWAYS;

    check_same_error("an expired service", all, "h:HTTP@web05.test.example",
                     "h:HOST@web05.test.example", K5_KRB5, "alice");
    check_same_error("not allowed as a service", all,
                     "h:HTTP@web06.test.example", "h:HOST@web06.test.example",
                     K5_KRB5, "alice");
    check_same_error("not allowed as a service, SPNEGO", all,
                     "h:HTTP@web06.test.example", "h:HOST@web06.test.example",
                     K5_SPNEGO, "alice");
    check_same_error("no name is known", all, "h:HTTP@web08.test.example",
                     "h:HTTP@web08.test.example", K5_KRB5, "alice");
    check_same_error("no name is known, SPNEGO", all,
                     "h:HTTP@web08.test.example", "h:HTTP@web08.test.example",
                     K5_SPNEGO, "alice");
    check_same_error("no name is known, nothing rewritten", NULL,
                     "h:HTTP@web08.test.example", "h:HTTP@web08.test.example",
                     K5_KRB5, "alice");
    check_same_error("no name is known, and the own is not listed",
                     ALWAYS "spn = HOST/%f", "h:HTTP@web08.test.example",
                     "h:HTTP@web08.test.example", K5_KRB5, "alice");
}

static void
check_no_tickets(void)
{
    struct k5_side me, bare;
    int mech;

    for (mech = K5_KRB5; mech <= K5_SPNEGO; mech++) {
        k5_conf(NULL, ALWAYS);
        (void)setenv("KRB5CCNAME", "FILE:/nonexistent/ccache", 1);
        k5_spawn(&bare, K5_BARE, "none");
        k5_local(&me);
        (void)k5_init(&bare, "h:HTTP@web01.test.example", (uint32_t)mech,
                      ALL_FLAGS, NULL);
        (void)k5_init(&me, "h:HTTP@web01.test.example", (uint32_t)mech,
                      ALL_FLAGS, NULL);
        ok(GSS_ERROR(bare.reply.major),
           "no ccache: an error without the plugin (mechanism %d)", mech);
        is_int((long)me.reply.major, (long)bare.reply.major,
               "no ccache: the same major status (mechanism %d)", mech);
        is_str(k5_part(&me, 1), k5_part(&bare, 1),
               "no ccache: the same text (mechanism %d)", mech);
        k5_close(&me);
        k5_close(&bare);
    }
}

static void
check_no_kdc(void)
{
    struct k5_side me, bare;

    (void)setenv("K5_BASE", "nokdc.conf", 1);
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&bare, K5_BARE, "none");
    k5_local(&me);
    (void)k5_init(&bare, "h:HTTP@web01.test.example", K5_KRB5, ALL_FLAGS,
                  NULL);
    (void)k5_init(&me, "h:HTTP@web01.test.example", K5_KRB5, ALL_FLAGS, NULL);
    has_str(k5_part(&bare, 1), "Cannot contact any KDC",
            "no KDC: an error without the plugin");
    is_int((long)me.reply.major, (long)bare.reply.major,
           "no KDC: the same major status");
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "no KDC: the same text");
    k5_close(&me);
    k5_close(&bare);
    (void)unsetenv("K5_BASE");
}

/* Requests at the KDC: the first contact costs one, as without the plugin, and
 * later ones none. */
static void
check_kdc_requests(void)
{
    struct k5_side me;
    int i;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    (void)k5_kdc_requests();
    for (i = 0; i < 3; i++) {
        k5_local(&me);
        (void)k5_init(&me, "h:HTTP@web01.test.example", K5_KRB5, ALL_FLAGS,
                      NULL);
        is_int(k5_kdc_requests(), i == 0, "requests at the KDC for contact %d",
               i + 1);
        k5_close(&me);
    }
    k5_conf(NULL, NULL);
    (void)k5_fresh("alice");
    k5_local(&me);
    (void)k5_init(&me, "h:HTTP@web01.test.example", K5_KRB5, ALL_FLAGS, NULL);
    is_int(k5_kdc_requests(), 1,
           "requests at the KDC when nothing is rewritten");
    k5_close(&me);
}

int
main(int argc, char **argv)
{
    static const char canonical[]
        = " dns_canonicalize_hostname = true\n rdns = true";
    static const struct named by_dns[] = {
        { "an alias becomes the host's own name", ALWAYS,
          "h:HTTP@alias01.test.example", "HOST/web01.test.example",
          "HTTP@alias01.test.example: sending HOST@alias01.test.example" },
        { "a short name", ALWAYS, "h:HTTP@web01", "HOST/web01.test.example",
          NULL },
        { "%n of an alias is the host's own label", ALWAYS "spn = HTTP/%n",
          "h:HTTP@alias01.test.example", "HTTP/web01", NULL },
        { "an address", ALWAYS, "h:HTTP@127.0.11.1", "HOST/web01.test.example",
          NULL },
        { "an alias is left alone without evidence", NULL,
          "h:HTTP@alias01.test.example", "HTTP/web01.test.example", NULL },
        { "a target by the canonical name",
          "targets = {\n web01.test.example = {\n match = always\n }\n }",
          "h:HTTP@alias01.test.example", "HOST/web01.test.example", NULL },
    };

    k5_begin(argc, argv);
    GROUP("forms", forms, NULL);
    GROUP("forms, canonical names", forms, canonical);
    GROUP("order", fallthrough, NULL);
    GROUP("policy", policies, NULL);
    check_short_target();
    GROUP("DNS", by_dns, canonical);
    check_environment();
    check_spnego();
    check_errors();
    check_no_tickets();
    check_no_kdc();
    check_kdc_requests();
    return k5_end();
}
