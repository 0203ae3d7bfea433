/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_services.c - a ticket for every candidate; who owns each name. */
#define _GNU_SOURCE
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/doctor/doctor.h"

/* What the KDC's answers that are no ticket mean. */
static const struct {
    krb5_error_code code;
    enum output_mark mark;
    const char *text;
} answers[] = {
    { KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, OUTPUT_NOTE, "the KDC does not know it" },
    { KRB5_KDC_UNREACH, OUTPUT_BAD, "no KDC answers" },
    { KRB5_REALM_UNKNOWN, OUTPUT_BAD, "no KDC is known for the realm" },
    { KRB5_REALM_CANT_RESOLVE, OUTPUT_BAD, "no KDC is known for the realm" },
    { KRB5KRB_AP_ERR_SKEW, OUTPUT_BAD, "the clocks differ too much" },
    { KRB5KDC_ERR_CLIENT_REVOKED, OUTPUT_BAD, "the user is locked or disabled" },
    { KRB5KDC_ERR_POLICY, OUTPUT_BAD, "the KDC does not serve this user" },
    { KRB5KRB_AP_ERR_TKT_EXPIRED, OUTPUT_BAD, "the tickets have expired" },
};

static void
say_refusal(struct doctor *d, const struct candidate *c)
{
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        if (answers[i].code == c->code) {
            doc_say(d, answers[i].mark, "%s: %s%s%s%s", c->spn,
                    answers[i].text, answers[i].mark == OUTPUT_BAD ? " (" : "",
                    answers[i].mark == OUTPUT_BAD ? c->why : "",
                    answers[i].mark == OUTPUT_BAD ? ")" : "");
            return;
        }
    }
    doc_say(d, OUTPUT_BAD, "%s: %s", c->spn, c->why);
}

static void
say_ticket(struct doctor *d, const struct candidate *c)
{
    char type[64] = "";

    if (krb5_enctype_to_name(c->enctype, 1, type, sizeof(type)) != 0)
        (void)snprintf(type, sizeof(type), "enctype %d", (int)c->enctype);
    doc_say(d, OUTPUT_OK, "%s: issued, key version %d, %s", c->spn, c->kvno,
            type);
}

/* Keys that differ are of different accounts; without LDAP that is all there
 * is to see.  (The same version and type may be of two accounts.) */
static void
say_keys(struct doctor *d)
{
    const struct candidate *plain = candidate_plain(d), *c;
    size_t i;

    for (i = 0; i < d->ncandidates && plain != NULL; i++) {
        c = &d->candidates[i];
        if (!c->asked || c->code != 0 || plain->code != 0 || !plain->asked ||
            (c->kvno == plain->kvno && c->enctype == plain->enctype))
            continue;
        doc_say(d, OUTPUT_WARN, "tickets for %s and %s are encrypted in "
                "different keys: they belong to different accounts",
                plain->spn, c->spn);
        return;
    }
}

void
check_services(struct doctor *d)
{
    const struct candidate *c;
    json_t *list = json_array();
    size_t i;

    candidates_add(d);
    candidates_ask(d);
    for (i = 0; i < d->ncandidates; i++) {
        c = &d->candidates[i];
        if (c->spn != NULL)
            (void)json_array_append_new(list, json_pack(
                "{s:s, s:s, s:b, s:b, s:i, s:i}", "name", c->name, "spn",
                c->spn, "asked", c->asked, "issued", c->asked && c->code == 0,
                "kvno", c->kvno, "enctype", (int)c->enctype));
        if (c->asked && c->code == 0)
            say_ticket(d, c);
        else if (c->asked)
            say_refusal(d, c);
        else if (c->spn != NULL)
            doc_say(d, OUTPUT_UNSEEN, "%s: not asked for, without tickets",
                    c->spn);
    }
    (void)json_object_set_new(d->current, "candidates", list);
    say_keys(d);
}

/* --- The accounts --- */

int
accounts_keep(void *doctor, struct account **account)
{
    struct doctor *d = doctor;
    struct account **more;

    more = realloc(d->accounts, (d->naccounts + 1) *
                   sizeof(struct account *));
    if (more == NULL)
        return CS_NOMEM;
    d->accounts = more;
    d->accounts[d->naccounts++] = *account;
    *account = NULL;
    return 0;
}

static void
add_term(char **filter, const char *attribute, const char *value,
         const char *end)
{
    char *escaped = dir_escape(value, 0), *more;

    if (escaped != NULL && *filter != NULL &&
        asprintf(&more, "%s(%s=%s%s)", *filter, attribute, escaped, end) >=
        0) {
        free(*filter);
        *filter = more;
    }
    free(escaped);
}

/* All candidates' names, HOST/ where it may stand for HTTP/, and the computers
 * that are called so. */
static char *
filter_for(const struct doctor *d)
{
    char *filter = strdup("(|"), *host = NULL;
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].spn == NULL)
            continue;
        add_term(&filter, "servicePrincipalName", d->candidates[i].spn, "");
        if (strncasecmp(d->candidates[i].spn, "HTTP/", 5) == 0 &&
            asprintf(&host, "HOST/%s", d->candidates[i].spn + 5) >= 0) {
            add_term(&filter, "servicePrincipalName", host, "");
            free(host);
        }
    }
    if (!d->is_address && asprintf(&host, "%.*s$", (int)strcspn(
                                       d->host, "."), d->host) >= 0) {
        add_term(&filter, "sAMAccountName", host, "");
        free(host);
    }
    if (filter != NULL && asprintf(&host, "%s)", filter) >= 0) {
        free(filter);
        return host;
    }
    free(filter);
    return NULL;
}

static void
say_owner(struct doctor *d, const struct candidate *c)
{
    struct account *a;
    char rights[200];
    int alias;
    size_t n = candidate_owners(d, c, &a, &alias);

    if (n == SIZE_MAX) {
        if (c->ours || c->issued != NULL)
            doc_say(d, OUTPUT_UNSEEN, "%s: its realm is %s, whose directory "
                    "was not searched", c->spn, candidate_realm(d, c));
        return;
    }
    if (n == 0) {
        if (c->issued != NULL)
            doc_say(d, OUTPUT_UNSEEN, "%s: registered, since the KDC issues a "
                    "ticket, but not found in this directory", c->spn);
        else if (c->ours)
            doc_say(d, OUTPUT_NOTE, "%s: not registered", c->spn);
        return;
    }
    if (n > 1) {
        doc_say(d, OUTPUT_BAD, "%s%s: registered to %zu accounts", c->spn,
                alias ? " (as HOST)" : "", n);
        return;
    }
    account_rights(a, rights, sizeof(rights));
    doc_say(d, (a->uac & UAC_DISABLED) ? OUTPUT_BAD : OUTPUT_OK,
            "%s: %s (%s%s%s%s)", c->spn, a->name, a->kind,
            alias ? ", as HOST" : "", *rights != '\0' ? ", " : "", rights);
}

void
accounts_resembling(struct doctor *d)
{
    size_t i, first = strcspn(d->host, "."), j;
    const char *name;

    for (i = 0; i < d->naccounts && d->resembling == NULL; i++) {
        if (strlen(d->accounts[i]->name) != first + 1 ||
            strncasecmp(d->accounts[i]->name, d->host, first) != 0)
            continue;
        if (d->accounts[i]->host != NULL && claim_ok(d->accounts[i]->host))
            doc_set(&d->resembling, "%s", d->accounts[i]->host);
        for (j = 0; d->resembling == NULL && d->accounts[i]->spns != NULL &&
             d->accounts[i]->spns[j] != NULL; j++) {
            name = strchr(d->accounts[i]->spns[j], '/');
            if (name != NULL && strchr(name, '.') != NULL &&
                claim_ok(name + 1))
                doc_set(&d->resembling, "%s", name + 1);
        }
    }
}

/* The realm whose tickets are issued, by whatever referrals; else the user's,
 * since krb5.conf may be wrong about the host's. */
static const char *
realm_to_search(const struct doctor *d)
{
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].issued != NULL)
            return d->candidates[i].issued;
    }
    if (d->user_realm != NULL)
        return d->user_realm;
    return d->realm != NULL ? d->realm : d->conf->realm;
}

static int
open_directory(struct doctor *d, struct cs_error *err)
{
    const char *realm = realm_to_search(d);
    int ret;

    if (realm == NULL)
        return cs_fail(err, CS_SYSTEM, "no realm is known");
    doc_set(&d->dir_realm, "%s", realm);
    ret = dir_open(realm, &d->dir, err);
    if (ret == 0 && (d->cache == NULL || d->expired != 0))
        ret = cs_fail(err, CS_INNER, "there are no tickets to ask %s with",
                      dir_server(d->dir));
    return ret != 0 ? ret : dir_bind(d->dir, err);
}

void
accounts_free(struct doctor *d)
{
    size_t i;

    for (i = 0; i < d->naccounts; i++)
        account_free(&d->accounts[i]);
    free(d->accounts);
    d->accounts = NULL;
    d->naccounts = 0;
}

int
accounts_find(struct doctor *d, struct cs_error *err)
{
    char *filter = filter_for(d);
    int ret;

    accounts_free(d);
    ret = filter != NULL ? dir_search(d->dir, filter, accounts_keep, d, err) :
        cs_nomem(err);
    free(filter);
    d->dir_seen = ret == 0;
    return ret;
}

void
check_accounts(struct doctor *d)
{
    struct cs_error err;
    json_t *list = json_array();
    size_t i;
    int ret = open_directory(d, &err);

    if (ret == 0)
        ret = accounts_find(d, &err);
    if (ret != 0) {
        doc_set(&d->dir_why, "%s", err.text);
        doc_say(d, OUTPUT_UNSEEN, "who owns the names, and whether any is "
                "registered twice: %s", err.text);
        json_decref(list);
        return;
    }
    doc_say(d, OUTPUT_OK, "%s answers, for %s", dir_server(d->dir),
            d->dir_realm);
    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].spn != NULL)
            say_owner(d, &d->candidates[i]);
    }
    for (i = 0; i < d->naccounts; i++)
        (void)json_array_append_new(list, account_json(d->accounts[i]));
    (void)json_object_set_new(d->current, "accounts", list);
    accounts_resembling(d);
}
