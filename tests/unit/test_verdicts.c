/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_verdicts.c - the doctor's verdicts of what its checks may find. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/wsman/challenge.h"
#include "helper/cli/cli.h"
#include "tests/unit/unit.h"
#include "helper/doctor/verdict.h"

#define HOST "web01.corp.example.com"
#define REALM "CORP.EXAMPLE.COM"

const struct cli_command cli_commands[] = { { NULL, NULL, NULL, NULL, NULL } };

/* A host where nothing gets in and nothing else is wrong. */
static void
begin(struct doctor *d)
{
    struct cs_error err;
    static char address[] = "192.0.2.1", *addresses[] = { address, NULL };

    memset(d, 0, sizeof(*d));
    unit_krb5_conf("[libdefaults]\n default_realm = " REALM "\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_realm = false\n");
    d->host = HOST;
    assert_int_equal(hc_host_load(d->host, &d->conf, &err), 0);
    d->port = 5985;
    d->cache = (krb5_ccache)d;  /* nobody looks into it */
    doc_set(&d->user, "alice@" REALM);
    doc_set(&d->user_realm, REALM);
    doc_set(&d->dns_name, HOST);
    doc_set(&d->krb5_name, HOST);
    d->addresses = addresses;
    d->naddresses = 1;
    d->port_open = d->answered = d->dir_seen = d->seen.looked = 1;
    doc_set(&d->dir_realm, REALM);
    d->offers = GATE_OFFERS_NEGOTIATE;
    d->seen.outcome = DOC_REFUSED;
}

static struct candidate *
add(struct doctor *d, const char *class, int ours, const char *realm)
{
    struct candidate *c = &d->candidates[d->ncandidates++];

    memset(c, 0, sizeof(*c));
    doc_set(&c->name, "%s@%s", class, HOST);
    doc_set(&c->spn, "%s/%s", class, HOST);
    doc_set(&c->realm, "%s", realm);
    c->ours = ours;
    c->plain = strcmp(class, "HTTP") == 0;
    return c;
}

static struct candidate *
answer(struct candidate *c, krb5_error_code code, enum doc_outcome outcome)
{
    c->asked = 1;
    c->code = code;
    c->outcome = outcome;
    if (code == 0)
        doc_set(&c->issued, "%s", *c->realm != '\0' ? c->realm : REALM);
    return c;
}

/* The usual three, with a ticket for each and every login refused. */
static void
add_usual(struct doctor *d)
{
    (void)answer(add(d, "HOST", 1, ""), 0, DOC_REFUSED);
    (void)answer(add(d, "WSMAN", 1, ""), 0, DOC_REFUSED);
    (void)answer(add(d, "HTTP", 1, ""), 0, DOC_REFUSED);
}

static void
own(struct doctor *d, const char *name, const char *kind, const char *spn)
{
    struct account *a = calloc(1, sizeof(*a));
    struct account **more = realloc(d->accounts, (d->naccounts + 1) *
                                    sizeof(struct account *));

    assert_true(a != NULL && more != NULL);
    d->accounts = more;
    d->accounts[d->naccounts++] = a;
    a->name = strdup(name);
    a->kind = kind;
    a->spns = calloc(2, sizeof(*a->spns));
    assert_non_null(a->spns);
    a->spns[0] = strdup(spn);
}

static void
end(struct doctor *d)
{
    candidates_free(d);
    accounts_free(d);
    claims_free(d);
    hc_host_free(&d->conf);
    char *texts[] = {
        d->user, d->user_realm, d->dns_name, d->krb5_name, d->dir_realm,
        d->realm, d->mech_file, d->mech_why, d->mech_module, d->seen.plugin,
        d->seen.sent
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        free(texts[i]);
}

/* The verdict, with what its sentence, reason or first fix has in it. */
static void
expect(struct doctor *d, const char *id, const char *says)
{
    const struct verdict *v = verdict_find(d);
    char *all, *text, *sentence, *reason;

    assert_string_equal(v->id, id);
    sentence = facts_fill(d, v->sentence);
    reason = facts_fill(d, v->reason);
    text = facts_fix(d, v->fixes[0].text != NULL ? v->fixes[0].text : "");
    assert_true(asprintf(&all, "%s\n%s\n%s\n", sentence, reason, text) > 0);
    if (strstr(all, says) == NULL)
        fail_msg("no \"%s\" in: %s", says, all);
    assert_null(strchr(text, '{') != NULL && strstr(text, "= {") == NULL ?
                text : NULL);
    free(all);
    free(sentence);
    free(reason);
    free(text);
}

static void
test_clock(void **state)
{
    struct doctor d;

    (void)state;
    begin(&d);
    add_usual(&d);
    d.dc_clock = d.server_clock = 1;
    d.dc_ahead = -1200;
    expect(&d, "clock", "is 20 min ahead of the domain's");
    /* Of two clocks that differ the domain's is right. */
    d.dc_ahead = 1;
    d.server_ahead = 4000;
    expect(&d, "server-clock", "w32tm /resync");
    expect(&d, "server-clock", "1 h 6 min ahead of this machine's");
    /* Who gets in has no clock to put right. */
    d.seen.outcome = DOC_ACCEPTED;
    expect(&d, "healthy", "");
    d.dc_ahead = -1200;
    expect(&d, "healthy", "");
    d.seen.outcome = DOC_REFUSED;
    d.dc_clock = d.server_clock = 0;
    d.candidates[0].code = KRB5KRB_AP_ERR_SKEW;
    expect(&d, "clock", "more than five minutes from the domain's");
    end(&d);
}

static void
test_revoked(void **state)
{
    struct doctor d;

    (void)state;
    begin(&d);
    (void)answer(add(&d, "HOST", 1, ""), KRB5KDC_ERR_POLICY, DOC_UNTRIED);
    (void)answer(add(&d, "HTTP", 1, ""), KRB5KDC_ERR_POLICY, DOC_UNTRIED);
    expect(&d, "revoked", "Enable-ADAccount -Identity alice\n");
    /* Nobody's name becomes a command. */
    doc_set(&d.user, "al;ice@" REALM);
    expect(&d, "revoked", "-Identity ACCOUNT\n");
    /* A policy against one name is not one against the user. */
    (void)answer(&d.candidates[1], 0, DOC_REFUSED);
    expect(&d, "refused", "nltest /sc_verify:corp.example.com\n");
    end(&d);
}

static void
test_realms(void **state)
{
    struct candidate *c;
    struct doctor d;

    (void)state;
    begin(&d);
    doc_set(&d.realm, "OTHER.EXAMPLE.COM");
    c = answer(add(&d, "HOST", 1, d.realm), KRB5_REALM_UNKNOWN, DOC_UNTRIED);
    expect(&d, "wrong-realm", "corp.example.com = " REALM);
    c->code = KRB5_REALM_CANT_RESOLVE;
    expect(&d, "wrong-realm", "");
    /* It exists, and is down. */
    c->code = KRB5_KDC_UNREACH;
    expect(&d, "no-kdc", "SRV _kerberos._udp.other.example.com\n");
    d.seen.outcome = DOC_ACCEPTED;
    expect(&d, "healthy", "");
    d.seen.outcome = DOC_REFUSED;
    /* A trusted realm, where only another name than krb5.conf's is good. */
    c->code = KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN;
    c = answer(add(&d, "WSMAN", 0, d.realm), 0, DOC_ACCEPTED);
    expect(&d, "narrow", "spn = HOST/%f");
    /* The same host, proved in the user's realm. */
    doc_set(&c->issued, REALM);
    expect(&d, "wrong-realm", "");
    end(&d);
}

static void
test_other_directory(void **state)
{
    struct account *first;
    struct doctor d;
    int alias;

    (void)state;
    begin(&d);
    (void)answer(add(&d, "HOST", 1, ""), 0, DOC_REFUSED);
    (void)answer(add(&d, "WSMAN", 0, ""), 0, DOC_ACCEPTED);
    /* There is a ticket: whatever the directory shows, somebody has it. */
    expect(&d, "narrow", "");
    d.candidates[0].code = KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN;
    free(d.candidates[0].issued);
    d.candidates[0].issued = NULL;
    expect(&d, "missing-spn", "HOST/" HOST " is not registered");
    /* Nobody has looked into that realm's. */
    doc_set(&d.candidates[0].realm, "OTHER.EXAMPLE.COM");
    assert_int_equal(candidate_owners(&d, &d.candidates[0], &first, &alias),
                     SIZE_MAX);
    expect(&d, "narrow", "");
    end(&d);
}

static void
test_duplicate(void **state)
{
    struct doctor d;

    (void)state;
    begin(&d);
    (void)answer(add(&d, "HOST", 1, ""), KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN,
                 DOC_UNTRIED);
    own(&d, "WEB01$", "computer", "HOST/" HOST);
    own(&d, "svc-x", "user", "HOST/" HOST);
    expect(&d, "duplicate", "setspn -D HOST/" HOST " svc-x\n");
    expect(&d, "duplicate", "WEB01$ (computer), svc-x (user)");
    /* Which of two computers? */
    d.accounts[1]->kind = "computer";
    expect(&d, "duplicate", "setspn -D HOST/" HOST " svc-x\n");
    d.accounts[0]->kind = "user";
    expect(&d, "duplicate", "setspn -Q HOST/" HOST "\n");
    /* The site's name is the site's, whoever has it as well. */
    d.accounts[0]->kind = "computer";
    d.accounts[1]->kind = "user";
    doc_set(&d.candidates[0].spn, "HTTP/" HOST);
    d.candidates[0].plain = 1;
    doc_set(&d.accounts[0]->spns[0], "HTTP/" HOST);
    doc_set(&d.accounts[1]->spns[0], "HTTP/" HOST);
    expect(&d, "duplicate", "setspn -Q HTTP/" HOST "\n");
    /* And no harm where another name gets in. */
    (void)answer(add(&d, "HOST", 1, ""), 0, DOC_ACCEPTED);
    doc_set(&d.seen.plugin, "/x.so");
    expect(&d, "not-sent", "");
    d.seen.outcome = DOC_ACCEPTED;
    doc_set(&d.seen.sent, "HOST@" HOST);
    expect(&d, "conflict", "");
    end(&d);
}

static void
test_plugin(void **state)
{
    struct doctor d;

    (void)state;
    begin(&d);
    add_usual(&d);
    d.candidates[0].outcome = DOC_ACCEPTED;
    expect(&d, "not-loaded", "sudo tee -a /etc/gss/mech.d/gss-winrm.conf");
    d.mech_off = 1;
    expect(&d, "put-off", "sudo gss-winrm enable\n");
    doc_set(&d.mech_file, "/etc/gss/mech.d/other.conf");
    doc_set(&d.mech_module, "/no/such/gss_winrm.so");
    expect(&d, "not-loadable", "ldd -r /");
    doc_set(&d.mech_why, "there is no /no/such/gss_winrm.so");
    expect(&d, "bad-line", " <interposer>' /etc/gss/mech.d/other.conf\n");
    doc_set(&d.seen.plugin, "/x.so");
    d.conf->policy->match = GW_MATCH_NEVER;
    expect(&d, "never", "match = auto");
    d.conf->policy->enabled = 0;
    expect(&d, "off-for-host", "enabled = true");
    d.off_in_general = 1;
    expect(&d, "off-in-conf", "    winrm = {\n        enabled = true");
    /* Where it has not come to be tried, nothing is said about it. */
    d.seen.looked = 0;
    d.seen.outcome = DOC_UNTRIED;
    expect(&d, "untried", "http://" HOST ":5985/wsman");
    end(&d);
}

static void
test_claims(void **state)
{
    struct doctor d;

    (void)state;
    begin(&d);
    add_usual(&d);
    d.claims[0].name = strdup("dc1.corp.example.com");
    d.claims[0].address = strdup("192.0.2.1");
    d.nclaims = 1;
    expect(&d, "unproved", "gss-winrm doctor dc1.corp.example.com\n");
    assert_string_equal(facts_real_name(&d), "HOST");
    /* What is not vouched for gets into no line of krb5.conf. */
    d.nodes_differ = 1;
    expect(&d, "balanced", "nodes = NODE1 NODE2\n");
    expect(&d, "balanced", "several machines: dc1.corp.example.com");
    d.nodes_differ = 0;
    /* It has proved to be what it was asked for: no alias. */
    d.claims[0].vouched = 1;
    d.candidates[0].ours = 0;
    d.candidates[0].outcome = DOC_ACCEPTED;
    expect(&d, "narrow", "");
    doc_set(&d.candidates[0].spn, "HOST/dc1.corp.example.com");
    expect(&d, "alias", "host = dc1.corp.example.com");
    end(&d);
}

/* What DNS, a KDC or the environment has said is no command, nor an option. */
static void
test_shell(void **state)
{
    struct doctor d;

    (void)state;
    begin(&d);
    d.cache = NULL;
    doc_set(&d.user, "al $(reboot)@" REALM);
    expect(&d, "no-ticket", "kinit USER\n");
    doc_set(&d.user, "-c x");
    expect(&d, "no-ticket", "kinit USER\n");
    doc_set(&d.user, "host/web01.corp.example.com@" REALM);
    expect(&d, "no-ticket", "kinit host/web01.corp.example.com@" REALM "\n");
    d.cache = (krb5_ccache)&d;
    (void)answer(add(&d, "HOST", 1, ""), KRB5_KDC_UNREACH, DOC_UNTRIED);
    doc_set(&d.realm, "X`id`");
    expect(&d, "no-kdc", "SRV _kerberos._udp.REALM_DOMAIN\n");
    expect(&d, "no-kdc", "No KDC of X`id` answers.");   /* to be read */
    doc_set(&d.realm, "CORP.EXAMPLE.COM");
    expect(&d, "no-kdc", "SRV _kerberos._udp.corp.example.com\n");
    end(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_realms),
        cmocka_unit_test(test_other_directory),
        cmocka_unit_test(test_duplicate),
        cmocka_unit_test(test_plugin),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_shell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
