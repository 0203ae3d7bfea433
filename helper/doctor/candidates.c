/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* candidates.c - the service names that could be asked for. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/conf/candidates.h"
#include "helper/doctor/doctor.h"
#include "plugin/base/strlist.h"

/* --- Making them --- */

static void
name_it(const struct doctor *d, struct candidate *c)
{
    krb5_principal p = NULL;
    char *text = NULL;

    c->code = hc_principal(d->k5, c->name, &p);
    if (c->code == 0 &&
        krb5_unparse_name_flags(d->k5, p, KRB5_PRINCIPAL_UNPARSE_NO_REALM |
                                KRB5_PRINCIPAL_UNPARSE_DISPLAY, &text) == 0) {
        doc_set(&c->spn, "%s", text);
        doc_set(&c->realm, "%.*s", (int)p->realm.length, p->realm.data);
    }
    krb5_free_unparsed_name(d->k5, text);
    krb5_free_principal(d->k5, p);
}

static void
add(struct doctor *d, const char *name, int ours, const char *at)
{
    struct candidate *c = &d->candidates[d->ncandidates];
    char plain[300];
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        if (strcasecmp(d->candidates[i].name, name) == 0)
            return;
    }
    if (d->ncandidates == CANDIDATES_MAX)
        return;
    memset(c, 0, sizeof(*c));
    c->name = strdup(name);
    if (c->name == NULL)
        return;
    (void)snprintf(plain, sizeof(plain), "HTTP@%s", d->host);
    c->ours = ours;
    c->plain = strcasecmp(name, plain) == 0;
    name_it(d, c);
    /* Two ways to say the same. */
    for (i = 0; i < d->ncandidates && !c->plain; i++) {
        if (c->spn != NULL && d->candidates[i].spn != NULL &&
            strcmp(c->spn, d->candidates[i].spn) == 0 &&
            strcmp(c->realm, d->candidates[i].realm) == 0) {
            free(c->name);
            free(c->spn);
            free(c->realm);
            return;
        }
    }
    if (at != NULL)
        doc_set(&c->at, "%s", at);
    d->ncandidates++;
}

/* The names that would be tried if krb5.conf said nothing of the host. */
static int
default_names(const struct doctor *d, char ***names)
{
    struct gw_policy *policy = NULL;
    struct gw_query query = {
        .host = d->host, .purpose = GW_AUTHENTICATE, .port = d->port
    };
    profile_t nothing;
    int ret = (int)profile_init(NULL, &nothing);

    if (ret != 0)
        return ret;
    ret = gw_policy_load(nothing, NULL, &policy);
    profile_release(nothing);
    query.policy = policy;
    if (ret == 0)
        ret = gw_candidates_names(&query, names);
    gw_policy_free(policy);
    return ret;
}

static void
add_all(struct doctor *d, char **names, int ours)
{
    char **n;

    for (n = names; n != NULL && *n != NULL; n++)
        add(d, *n, ours, NULL);
    gw_strlist_free(names);
}

void
candidates_add(struct doctor *d)
{
    char **names = NULL;
    struct cs_error err;

    if (hc_names(d->conf, NULL, d->port, &names, &err) == 0)
        add_all(d, names, 1);
    names = NULL;
    if (default_names(d, &names) == 0)
        add_all(d, names, 0);
}

static void
add_literal(struct doctor *d, const struct claim *claim, const char *realm)
{
    static const char *const classes[] = { "HOST", "WSMAN", "HTTP" };
    char *name;
    size_t i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (asprintf(&name, "%s/%s@%s", classes[i], claim->name, realm) < 0)
            return;
        add(d, name, 0, claim->address);
        free(name);
    }
}

/* As it stands: what DNS would make of the name is up to whoever runs that
 * domain, or that address. */
void
candidates_claim(struct doctor *d, const struct claim *claim)
{
    char **realms = NULL;

    add_literal(d, claim, d->user_realm != NULL ? d->user_realm : "");
    if (krb5_get_host_realm(d->k5, claim->name, &realms) == 0) {
        if (realms != NULL && realms[0] != NULL)
            add_literal(d, claim, realms[0]);
        krb5_free_host_realm(d->k5, realms);
    }
}

void
candidates_free(struct doctor *d)
{
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        free(d->candidates[i].name);
        free(d->candidates[i].spn);
        free(d->candidates[i].realm);
        free(d->candidates[i].at);
        free(d->candidates[i].issued);
        free(d->candidates[i].why);
    }
    d->ncandidates = 0;
}

/* --- The KDC --- */

/* Key version and type, of what the ticket is sealed with, and whose it is. */
static void
note_ticket(const struct doctor *d, const krb5_creds *creds,
            struct candidate *c)
{
    krb5_ticket *ticket;

    if (krb5_decode_ticket(&creds->ticket, &ticket) != 0)
        return;
    c->kvno = (int)ticket->enc_part.kvno;
    c->enctype = ticket->enc_part.enctype;
    doc_set(&c->issued, "%.*s", (int)ticket->server->realm.length,
            ticket->server->realm.data);
    krb5_free_ticket(d->k5, ticket);
}

static void
ask(const struct doctor *d, struct candidate *c)
{
    krb5_creds in, *out = NULL;
    const char *text;

    memset(&in, 0, sizeof(in));
    c->asked = 1;
    c->code = hc_principal(d->k5, c->name, &in.server);
    if (c->code == 0)
        c->code = krb5_cc_get_principal(d->k5, d->cache, &in.client);
    if (c->code == 0)
        c->code = krb5_get_credentials(d->k5, 0, d->cache, &in, &out);
    if (c->code == 0) {
        note_ticket(d, out, c);
    } else {
        text = krb5_get_error_message(d->k5, c->code);
        doc_set(&c->why, "%s", text);
        krb5_free_error_message(d->k5, text);
    }
    if (out != NULL)
        krb5_free_creds(d->k5, out);
    krb5_free_cred_contents(d->k5, &in);
}

/* Has the realm been found to be out of reach?  To find that takes long enough
 * once. */
static int
is_unreached(const struct doctor *d, struct candidate *c)
{
    const struct candidate *o;

    for (o = d->candidates; o < c; o++) {
        if (o->asked && o->code == KRB5_KDC_UNREACH &&
            strcmp(candidate_realm(d, o), candidate_realm(d, c)) == 0) {
            c->asked = 1;
            c->code = o->code;
            doc_set(&c->why, "%s", o->why);
            return 1;
        }
    }
    return 0;
}

void
candidates_ask(struct doctor *d)
{
    struct candidate *c;

    if (d->cache == NULL || d->expired != 0)
        return;
    for (c = d->candidates; c < d->candidates + d->ncandidates; c++) {
        if (!c->asked && c->spn != NULL && !is_unreached(d, c))
            ask(d, c);
    }
}

/* --- Asking about them --- */

const char *
candidate_realm(const struct doctor *d, const struct candidate *c)
{
    if (c->issued != NULL)
        return c->issued;
    if (c->realm != NULL && *c->realm != '\0')
        return c->realm;
    if (d->user_realm != NULL)
        return d->user_realm;
    return d->conf->realm != NULL ? d->conf->realm : "";
}

static size_t
count_owners(const struct doctor *d, const char *spn, struct account **first)
{
    size_t i, n = 0;

    for (i = 0; i < d->naccounts; i++) {
        if (!account_has(d->accounts[i], spn))
            continue;
        if (n++ == 0)
            *first = d->accounts[i];
    }
    return n;
}

size_t
candidate_owners(const struct doctor *d, const struct candidate *c,
                 struct account **first, int *alias)
{
    char *host;
    size_t n;

    *first = NULL;
    *alias = 0;
    if (!d->dir_seen || c->spn == NULL || d->dir_realm == NULL ||
        strcmp(candidate_realm(d, c), d->dir_realm) != 0)
        return SIZE_MAX;
    n = count_owners(d, c->spn, first);
    if (n > 0 || strncasecmp(c->spn, "HTTP/", 5) != 0)
        return n;
    if (asprintf(&host, "HOST/%s", c->spn + 5) < 0)
        return n;
    n = count_owners(d, host, first);
    *alias = n > 0;
    free(host);
    return n;
}

const struct candidate *
candidate_accepted(const struct doctor *d, int ours)
{
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].outcome == DOC_ACCEPTED &&
            !d->candidates[i].plain && (d->candidates[i].ours || !ours))
            return &d->candidates[i];
    }
    return NULL;
}

const struct candidate *
candidate_plain(const struct doctor *d)
{
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].plain)
            return &d->candidates[i];
    }
    return NULL;
}
