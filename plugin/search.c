/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* search.c - one context's search for a name that the server can answer to. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "plugin/search.h"
#include "plugin/conf/candidates.h"
#include "plugin/decide.h"
#include "plugin/frame.h"
#include "plugin/learned.h"
#include "plugin/rejcache.h"
#include "plugin/conf/names.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

struct gw_search {
    char *typed;                /* the host of HTTP@host */
    char *plain;                /* "HTTP@host", the caller's own name */
    struct gw_decision decision;
    struct gw_traffic traffic;  /* when it was last looked at */
    OM_uint32 flags;            /* the caller's */
    struct gw_query query;
    struct gw_candidates list;
    const struct gw_candidate *now;     /* in list: the one to send */
    size_t at;                  /* the next one to try */
    gss_name_t target;          /* of the candidate; NULL: the caller's own */
    gss_cred_id_t ticket;       /* ... of the gateway; else none */
    char *name;                 /* its text, for people and for memory */
    int plain_tried;            /* no need to send that name twice */
};

void
gw_search_free(struct gw_search *a)
{
    OM_uint32 minor;

    if (a == NULL)
        return;
    gw_candidates_free(&a->list);
    gw_decision_free(&a->decision);
    if (a->target != GSS_C_NO_NAME)
        (void)gss_release_name(&minor, &a->target);
    (void)gss_release_cred(&minor, &a->ticket);
    free(a->typed);
    free(a->plain);
    free(a->name);
    free(a);
}

static int
is_plain(const struct gw_search *a, const char *name)
{
    return strcasecmp(name, a->plain) == 0;
}

void
gw_search_look(struct gw_search *a)
{
    if (a->decision.conn.fd != -1)
        gw_conn_traffic(&a->decision.conn, &a->traffic);
}

/* If the last context's name was rejected, say so; it will not be tried. */
static void
heed_rejection(struct gw_search *a, int stale_token)
{
    char name[GW_MEMORY_NAME];

    if (stale_token)
        gw_trace("%s: dropping the token of an earlier context", a->plain);
    gw_search_look(a);
    if (gw_rejcache_was_rejected(a->typed, stale_token, &a->traffic, name))
        gw_trace("%s: %s rejected by the server", a->plain, name);
}

/* It is host@HOST: either the gateway's ticket or that, and nothing to
 * remember. */
static int
is_pass(const struct gw_search *a)
{
    return a->query.purpose == GW_PASS;
}

/* What the decision means for the names. */
static void
ask_for(struct gw_search *a, const struct gw_name *name)
{
    const struct gw_decision *d = &a->decision;
    struct gw_query *q = &a->query;

    q->policy = d->policy;
    q->host = a->typed;
    q->purpose = (name->other != NULL) ? GW_PASS :
        gw_purpose_of(d->policy, a->flags);
    q->hosts = d->hosts;
    q->port = d->port;
    q->own = a->plain;
    q->learned = d->learned;
    if (d->offer.kind == GW_OFFER_TICKET)
        q->ticket = d->offer.name;
}

struct gw_search *
gw_search_begin(const struct gw_cred *cred, const struct gw_name *name,
                OM_uint32 flags, int stale_token)
{
    struct gw_search *a;

    /* ssh and many others use host@HOST, and have nothing to do with us. */
    if (name->other != NULL && !gw_gateway_exists())
        return NULL;
    if (!gw_host_ok(gw_name_host(name))) {
        gw_trace("%s: not a host name or address; left alone",
                 gw_name_host(name));
        return NULL;
    }
    a = calloc(1, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->flags = flags;
    a->typed = strdup(gw_name_host(name));
    if (a->typed == NULL || asprintf(&a->plain, "%s%s", name->other != NULL ?
                                     "" : "HTTP@", name->other != NULL ?
                                     name->other : a->typed) < 0) {
        a->plain = NULL;
        goto fail;
    }
    if (gw_decide(cred, name, &a->decision) != 0)
        goto fail;
    if (a->decision.answer == GW_LEAVE)
        goto fail;
    ask_for(a, name);
    if (a->decision.answer != GW_YES)
        return a;
    if (!is_pass(a))
        heed_rejection(a, stale_token);
    if (gw_candidates_find(&a->query, &a->list) != 0)
        goto fail;
    return a;

fail:
    gw_search_free(a);
    return NULL;
}

int
gw_search_is_winrm(const struct gw_search *a)
{
    return a->decision.answer == GW_YES;
}

int
gw_search_owns_token(const struct gw_search *a)
{
    char name[GW_MEMORY_NAME];

    if (!gw_rejcache_take_pending(a->typed, name) || is_plain(a, name))
        return 0;
    gw_trace("%s: dropping the token that answers %s", a->plain, name);
    return 1;
}

int
gw_search_insist(struct gw_search *a)
{
    if (a->decision.hosts == NULL)
        return 0;
    gw_trace("%s: unknown to the KDC, trying what krb5.conf puts in its place",
             a->plain);
    a->decision.answer = GW_YES;
    return gw_candidates_find(&a->query, &a->list) == 0;
}

OM_uint32
gw_search_flags(const struct gw_search *a)
{
    return gw_candidate_flags(&a->query, a->now, a->flags);
}

gss_name_t
gw_search_target(const struct gw_search *a)
{
    return a->target;
}

gss_cred_id_t
gw_search_cred(const struct gw_search *a)
{
    return a->ticket;
}

static int
is_ticket(const struct gw_search *a, const struct gw_candidate *c)
{
    return a->query.ticket != NULL && c == a->list.v;
}

/* The credential of a candidate: that of the gateway's ticket, or none. */
static int
take_cred(struct gw_search *a, const struct gw_candidate *c)
{
    gss_buffer_desc token = { a->decision.offer.len, a->decision.offer.token };
    gss_buffer_desc framed = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    (void)gss_release_cred(&minor, &a->ticket);
    if (!is_ticket(a, c))
        return 0;
    major = gw_frame_cred(&minor, &token, &framed);
    if (!GSS_ERROR(major))
        major = gss_import_cred(&minor, &framed, &a->ticket);
    free(framed.value);
    if (GSS_ERROR(major))
        gw_trace("%s: krb5 cannot import the gateway's ticket; skipped",
                 a->plain);
    return GSS_ERROR(major) ? EINVAL : 0;
}

/* Make the candidate ours: its text, and its GSS name. */
static int
take(struct gw_search *a, const struct gw_candidate *c, char *text)
{
    OM_uint32 major, minor;
    gss_name_t target = GSS_C_NO_NAME;

    if (!is_plain(a, text)) {
        major = gw_import(&minor, text, strlen(text),
                          gw_is_principal(text) ?
                          (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME :
                          GSS_C_NT_HOSTBASED_SERVICE, &target);
        if (GSS_ERROR(major)) {
            gw_trace("%s: krb5 cannot import %s; skipped", a->plain, text);
            return EINVAL;
        }
    }
    if (take_cred(a, c) != 0) {
        (void)gss_release_name(&minor, &target);
        return EINVAL;
    }
    if (a->target != GSS_C_NO_NAME)
        (void)gss_release_name(&minor, &a->target);
    a->target = target;
    free(a->name);
    a->name = text;
    a->now = c;
    return 0;
}

/* One pass over what is left of the candidates. */
static int
next_candidate(struct gw_search *a)
{
    const struct gw_candidate *c;
    char *text;
    int last, ret;

    while (a->at < a->list.n) {
        c = &a->list.v[a->at++];
        last = (a->at == a->list.n);
        ret = gw_candidate_name(&a->list, c, &text);
        if (ret == EINVAL)
            gw_trace("%s: %s has no meaning for %s; skipped", a->plain,
                     c->template, c->host);
        if (ret != 0)
            continue;
        if ((is_plain(a, text) && a->plain_tried) ||
            (!last && !is_ticket(a, c) &&
             gw_rejcache_is_rejected(a->typed, text)) ||
            take(a, c, text) != 0) {
            free(text);
            continue;
        }
        a->plain_tried |= is_plain(a, text);
        return 1;
    }
    return 0;
}

int
gw_search_next(struct gw_search *a)
{
    int first = (a->at == 0);

    if (!next_candidate(a))
        return 0;
    /* Everything but the last resort is rejected: perhaps the server has
     * changed, so next time begin again. */
    if (first && a->at == a->list.n && a->list.n > 1)
        gw_rejcache_start_over(a->typed);
    return 1;
}

/* Is a ticket forwarded with the name that goes out; and if not, why? */
static const char *
about_delegation(const struct gw_search *a)
{
    if (a->query.purpose != GW_FORWARD)
        return "";
    if (a->now->may_have)
        return ", with delegation";
    return gw_is_http(a->name) ?
        ", without delegation: it may be the web site's account's" :
        ", without delegation: DNS may have made this name, or its realm";
}

void
gw_search_sent(struct gw_search *a, int one_leg)
{
    const char *origin;

    /* Over one of several connections, or to something else than WinRM: what
     * comes back over a connection says nothing of this name. */
    int mute = one_leg ||
        (a->decision.conn.fd == -1 && !a->decision.unconnected);

    if (a->ticket != GSS_C_NO_CREDENTIAL) {
        gw_trace("%s: sending %s (a ticket of the gateway at port %u)",
                 a->plain, a->name, (unsigned)a->decision.offer.port);
        return;
    }
    if (is_pass(a))
        return;
    if (!gw_search_is_winrm(a)) {
        if (a->decision.unconnected)
            gw_rejcache_sent(a->typed, a->plain, &a->traffic, mute);
        return;
    }
    origin = a->now->template;
    gw_rejcache_sent(a->typed, a->name, &a->traffic, mute);
    gw_trace("%s: sending %s (%s%s%s)%s", a->plain, a->name,
             origin != NULL ? "spn " : "",
             origin != NULL ? origin : is_plain(a, a->name) ?
             "the caller's own name" : "learned",
             origin == NULL ? "" : a->decision.policy->spn_source == NULL ?
             ", default" : ", of krb5.conf",
             about_delegation(a));
}

void
gw_search_unknown(struct gw_search *a)
{
    if (a->ticket != GSS_C_NO_CREDENTIAL) {
        gw_trace("%s: the gateway's ticket was not accepted", a->plain);
        return;
    }
    gw_rejcache_reject(a->typed, a->name);
    gw_trace("%s: %s unknown to the KDC", a->plain, a->name);
}

void
gw_search_failed(struct gw_search *a, OM_uint32 minor)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 tmp, more = 0;

    if (!gw_tracing())
        return;
    (void)gss_display_status(&tmp, minor, GSS_C_MECH_CODE, &gw_oid_special,
                             &more, &text);
    gw_trace("%s: %s failed: %.*s; the program reports it", a->plain,
             a->name, (int)text.length, (char *)text.value);
    (void)gss_release_buffer(&tmp, &text);
}

void
gw_search_rejected(struct gw_search *a)
{
    int is_winrm = gw_search_is_winrm(a);
    const char *name = is_winrm ? a->name : a->plain;

    if (a->ticket != GSS_C_NO_CREDENTIAL) {
        gw_trace("%s: the gateway does not know its ticket", a->plain);
        return;
    }
    if (is_pass(a))
        return;
    /* A web site's refusal is not WinRM's. */
    if (!is_winrm && !a->decision.unconnected)
        return;
    gw_rejcache_reject(a->typed, name);
    gw_trace("%s: %s rejected by the server", a->plain, name);
}

void
gw_search_proven(struct gw_search *a, const struct gw_cred *cred,
                 gss_ctx_id_t inner)
{
    char pending[GW_MEMORY_NAME];
    krb5_error_code ret;

    if (a->ticket != GSS_C_NO_CREDENTIAL || is_pass(a))
        return;                 /* nothing was learned of the server */
    if (!gw_search_is_winrm(a)) {
        /* The plain name was good, wherever it went. */
        if (a->decision.unconnected)
            (void)gw_rejcache_take_pending(a->typed, pending);
        return;
    }
    if (!gw_rejcache_proven(a->typed))
        return;
    ret = gw_learned_put(cred, inner, a->typed, a->name);
    if (ret == 0) {
        gw_trace("%s: learned %s", a->plain, a->name);
        return;
    }
    gw_rejcache_learn(a->typed, a->name);
    gw_trace("%s: learned %s, for this process only (error %ld from the "
             "credential cache)", a->plain, a->name, (long)ret);
}
