/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_auth.c - real authentications, by bare krb5 and as programs do. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/doctor/mechprobe.h"
#include "helper/doctor/web.h"

#define TRIES_MAX 6

/* Did no KDC have anything to say?  Then each further question takes as
 * long. */
static int
is_without_kdc(const struct doctor *d)
{
    size_t i, unreached = 0;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].asked &&
            d->candidates[i].code != KRB5_KDC_UNREACH)
            return 0;
        unreached += d->candidates[i].asked;
    }
    return unreached > 0;
}

/* Nothing to talk to, or nobody to be. */
static int
possible(struct doctor *d)
{
    if (d->answered && (d->offers & (GATE_OFFERS_NEGOTIATE |
                                     GATE_OFFERS_KERBEROS)) &&
        d->cache != NULL && d->expired == 0 && !is_without_kdc(d))
        return 1;
    doc_say(d, OUTPUT_UNSEEN, "not tried: %s", !d->answered ?
            "the server does not answer" : d->cache == NULL ||
            d->expired != 0 ? "there are no tickets" : is_without_kdc(d) ?
            "no KDC answers" :
            "it offers neither Negotiate nor Kerberos");
    return 0;
}

static void
try_name(struct doctor *d, struct candidate *c)
{
    struct web_try how = { c->name, c->at, 1, !c->plain };
    struct web_result r;

    web_authenticate(d, &how, &r);
    c->outcome = r.outcome;
    doc_set(&c->why, "%s", r.why);
    if (r.encrypted != 0)
        d->encrypted = r.encrypted;
    doc_say(d, r.outcome == DOC_ACCEPTED ? OUTPUT_OK : c->plain ? OUTPUT_WARN :
            OUTPUT_BAD, "%s%s: %s%s%s%s", c->spn, c->plain ?
            " (what programs ask for)" : "", r.outcome == DOC_ACCEPTED ?
            "accepted" : r.outcome == DOC_REFUSED ? "refused" : "failed",
            r.outcome != DOC_ACCEPTED ? " (" : "", r.outcome != DOC_ACCEPTED ?
            r.why : "", r.outcome != DOC_ACCEPTED ? ")" : "");
    if (r.encrypted != 0)
        doc_say(d, r.encrypted > 0 ? OUTPUT_OK : OUTPUT_BAD, "messages can%s be "
                "encrypted%s%s", r.encrypted > 0 ? "" : "not", r.encrypted >
                0 ? "" : ": ", r.encrypted > 0 ? "" : r.why);
}

/* Would clients without channel bindings be authenticated? */
static void
try_unbound(struct doctor *d, const struct candidate *good)
{
    struct web_try how = { good->name, good->at, 0, 0 };
    struct web_result r;

    if (!d->tls)
        return;
    web_authenticate(d, &how, &r);
    d->needs_bindings = r.outcome == DOC_REFUSED;
    doc_say(d, r.outcome == DOC_ACCEPTED ? OUTPUT_OK : OUTPUT_WARN,
            "without channel bindings: %s%s", d->needs_bindings ? "refused" :
            r.outcome == DOC_ACCEPTED ? "accepted" : "failed, ",
            r.outcome == DOC_FAILED ? r.why : "");
}

/* The first of krb5.conf's that is accepted; else the first of the usual. */
static void
try_names(struct doctor *d, int ours, size_t *tries)
{
    struct candidate *c;
    size_t i;

    for (i = 0; i < d->ncandidates && *tries < TRIES_MAX; i++) {
        c = &d->candidates[i];
        if (c->plain || c->ours != ours || !c->asked || c->code != 0 ||
            c->outcome != DOC_UNTRIED)
            continue;
        ++*tries;
        try_name(d, c);
        if (c->outcome == DOC_ACCEPTED)
            return;
    }
}

void
check_authentication(struct doctor *d)
{
    const struct candidate *good;
    struct candidate *plain = (struct candidate *)(uintptr_t)
        candidate_plain(d);
    struct cs_error err;
    size_t i, tries = 0;

    if (!possible(d))
        return;
    if (plain != NULL && plain->asked && plain->code == 0)
        try_name(d, plain);
    try_names(d, 1, &tries);
    if (candidate_accepted(d, 1) == NULL)
        try_names(d, 0, &tries);
    /* By what the servers call themselves, which is proved by this. */
    for (i = 0; i < d->nclaims && candidate_accepted(d, 0) == NULL &&
         (plain == NULL || plain->outcome != DOC_ACCEPTED); i++) {
        if (!d->claims[i].vouched)
            continue;
        tries = 0;
        candidates_claim(d, &d->claims[i]);
        candidates_ask(d);
        try_names(d, 0, &tries);
        if (d->dir_seen)
            (void)accounts_find(d, &err);
    }
    good = candidate_accepted(d, 0);
    if (good == NULL && plain != NULL && plain->outcome == DOC_ACCEPTED)
        good = plain;
    if (good != NULL)
        try_unbound(d, good);
}

/* What a program here gets, with whatever is in mech.d. */
void
check_programs(struct doctor *d)
{
    if (!possible(d))
        return;
    if (mechprobe_authenticate(d) != 0) {
        doc_say(d, OUTPUT_UNSEEN, "the process that tries failed: %s",
                witness_why(d->witness));
        return;
    }
    if (d->seen.sent != NULL)
        doc_say(d, OUTPUT_OK, "the plugin sends %s for HTTP@%s", d->seen.sent,
                d->host);
    else
        doc_say(d, OUTPUT_NOTE, "HTTP@%s goes out unchanged", d->host);
    if (d->seen.outcome == DOC_ACCEPTED)
        doc_say(d, OUTPUT_OK, "a program that asks for it is authenticated");
    else
        doc_say(d, OUTPUT_BAD, "a program that asks for it is not authenticated "
                "(%s)", d->seen.why != NULL ? d->seen.why : "no answer");
    doc_fact(d, "sends", d->seen.sent);
    (void)json_object_set_new(d->current, "accepted", json_boolean(
                                  d->seen.outcome == DOC_ACCEPTED));
}
