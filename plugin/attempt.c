/* attempt.c - one context's search for a name that the server can answer to. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "attempt.h"
#include "decide.h"
#include "frame.h"
#include "lesson.h"
#include "memory.h"
#include "names.h"
#include "policy.h"
#include "trace.h"
#include "words.h"

/* A candidate before it is a name: template at host, or a name as it is. */
struct step {
    char *template;             /* NULL: name is set */
    char *host;
    char *name;
};

struct gw_attempt {
    char *typed;                /* the host of HTTP@host */
    char *plain;                /* "HTTP@host", the caller's own name */
    struct gw_decision decision;
    struct gw_traffic traffic;  /* when it was last looked at */
    struct step *steps;
    size_t nsteps, at;          /* at: the next one to try */
    gss_name_t target;          /* of the candidate; NULL: the caller's own */
    gss_cred_id_t ticket;       /* ... of the gateway; else none */
    char *name;                 /* its text, for people and for memory */
    const char *origin;         /* its template, borrowed from steps */
    int plain_tried;            /* no need to send that name twice */
    int other;                  /* it is host@HOST: either the gateway's ticket
                                 * or that, and nothing to remember */
};

void
gw_attempt_free(struct gw_attempt *a)
{
    OM_uint32 minor;
    size_t i;

    if (a == NULL)
        return;
    for (i = 0; i < a->nsteps; i++) {
        free(a->steps[i].template);
        free(a->steps[i].host);
        free(a->steps[i].name);
    }
    free(a->steps);
    gw_decision_free(&a->decision);
    if (a->target != GSS_C_NO_NAME)
        (void)gss_release_name(&minor, &a->target);
    (void)gss_release_cred(&minor, &a->ticket);
    free(a->typed);
    free(a->plain);
    free(a->name);
    free(a);
}

/* Append a step; strings are copied. */
static int
add_step(struct gw_attempt *a, const char *template, const char *host,
         const char *name)
{
    struct step *s, *grown;

    grown = realloc(a->steps, (a->nsteps + 1) * sizeof(*grown));
    if (grown == NULL)
        return ENOMEM;
    a->steps = grown;
    s = &grown[a->nsteps++];
    s->template = (template != NULL) ? strdup(template) : NULL;
    s->host = (host != NULL) ? strdup(host) : NULL;
    s->name = (name != NULL) ? strdup(name) : NULL;
    if ((template != NULL && s->template == NULL) ||
        (host != NULL && s->host == NULL) ||
        (name != NULL && s->name == NULL))
        return ENOMEM;
    return 0;
}

static int
is_plain(const struct gw_attempt *a, const char *name)
{
    return strcasecmp(name, a->plain) == 0;
}

/*
 * Is the learned name one that the policy would try here?  krb5.conf may have
 * changed since, or a cluster's name have led to another node.
 */
static int
is_candidate(const struct gw_attempt *a, const char *learned)
{
    const struct gw_decision *d = &a->decision;
    char **t, **h, *name;
    int same = is_plain(a, learned);

    for (t = d->policy->spn; *t != NULL && !same; t++) {
        for (h = d->hosts; *h != NULL && !same; h++) {
            if (gw_name_expand(*t, *h, d->port, &name) != 0)
                continue;
            same = strcasecmp(learned, name) == 0;
            free(name);
        }
    }
    return same;
}

/*
 * The candidates in order: the gateway's ticket; what was learned; each
 * template of the policy at each host that the name may stand for; last of all
 * the caller's own name, as if we were not here.
 */
static int
plan(struct gw_attempt *a)
{
    const struct gw_decision *d = &a->decision;
    char **t, **h;
    int ret = 0;

    if (d->offer.kind == GW_OFFER_TICKET)
        ret = add_step(a, NULL, NULL, d->offer.name);
    if (ret == 0 && d->learned != NULL && is_candidate(a, d->learned))
        ret = add_step(a, NULL, NULL, d->learned);
    for (t = d->policy->spn; *t != NULL && !a->other; t++) {
        for (h = d->hosts; *h != NULL && ret == 0; h++)
            ret = add_step(a, *t, *h, NULL);
    }
    if (ret == 0)
        ret = add_step(a, NULL, NULL, a->plain);
    return ret;
}

void
gw_attempt_look(struct gw_attempt *a)
{
    if (a->decision.conn.fd != -1)
        gw_conn_traffic(&a->decision.conn, &a->traffic);
}

/* If the last context's name was rejected, say so; it will not be tried. */
static void
heed_rejection(struct gw_attempt *a, int stale_token)
{
    char name[GW_MEMORY_NAME];

    if (stale_token)
        gw_trace("%s: dropping the token of an earlier context", a->plain);
    gw_attempt_look(a);
    if (gw_memory_was_rejected(a->typed, stale_token, &a->traffic, name))
        gw_trace("%s: %s rejected by the server", a->plain, name);
}

struct gw_attempt *
gw_attempt_begin(const struct gw_cred *cred, const struct gw_name *name,
                 int stale_token)
{
    struct gw_attempt *a;

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
    a->other = (name->other != NULL);
    a->typed = strdup(gw_name_host(name));
    if (a->typed == NULL || asprintf(&a->plain, "%s%s", a->other ? "" :
                                     "HTTP@", a->other ? name->other :
                                     a->typed) < 0) {
        a->plain = NULL;
        goto fail;
    }
    if (gw_decide(cred, name, &a->decision) != 0)
        goto fail;
    if (a->decision.answer == GW_LEAVE)
        goto fail;
    if (a->decision.answer != GW_YES)
        return a;
    if (!a->other)
        heed_rejection(a, stale_token);
    if (plan(a) != 0)
        goto fail;
    return a;

fail:
    gw_attempt_free(a);
    return NULL;
}

int
gw_attempt_is_winrm(const struct gw_attempt *a)
{
    return a->decision.answer == GW_YES;
}

int
gw_attempt_owns_token(const struct gw_attempt *a)
{
    char name[GW_MEMORY_NAME];

    if (!gw_memory_take_pending(a->typed, name) || is_plain(a, name))
        return 0;
    gw_trace("%s: dropping the token that answers %s", a->plain, name);
    return 1;
}

int
gw_attempt_insist(struct gw_attempt *a)
{
    if (a->decision.hosts == NULL)
        return 0;
    gw_trace("%s: unknown to the KDC, trying what krb5.conf puts in its place",
             a->plain);
    a->decision.answer = GW_YES;
    return plan(a) == 0;
}

/* HTTP@host belongs to the web site's account where there is a conflict, and
 * the last name of a search is reached on a server's unauthenticated word. */
static int
may_delegate_to(const struct gw_attempt *a)
{
    int is_http = strncasecmp(a->name, "HTTP@", 5) == 0;

    return !is_http || (a->origin != NULL &&
                        a->decision.policy->spn_source != NULL);
}

OM_uint32
gw_attempt_flags(const struct gw_attempt *a)
{
    return (a->decision.policy->delegation == GW_DELEG_KERBEROS &&
            a->ticket == GSS_C_NO_CREDENTIAL && !a->other &&
            may_delegate_to(a)) ? GSS_C_DELEG_FLAG : 0;
}

gss_name_t
gw_attempt_target(const struct gw_attempt *a)
{
    return a->target;
}

gss_cred_id_t
gw_attempt_cred(const struct gw_attempt *a)
{
    return a->ticket;
}

/* Turn a step into the text of a name; 0, EINVAL (skip it) or ENOMEM. */
static int
step_name(const struct gw_attempt *a, const struct step *s, char **out)
{
    int ret;

    if (s->name != NULL) {
        *out = strdup(s->name);
        return (*out == NULL) ? ENOMEM : 0;
    }
    ret = gw_name_expand(s->template, s->host, a->decision.port, out);
    if (ret == EINVAL)
        gw_trace("%s: %s means nothing for %s; skipped", a->plain,
                 s->template, s->host);
    return ret;
}

static int
is_ticket(const struct gw_attempt *a, const struct step *s)
{
    return a->decision.offer.kind == GW_OFFER_TICKET && s == a->steps;
}

/* The credential of a step: that of the gateway's ticket, or none. */
static int
take_cred(struct gw_attempt *a, const struct step *s)
{
    gss_buffer_desc token = { a->decision.offer.len, a->decision.offer.token };
    gss_buffer_desc framed = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    (void)gss_release_cred(&minor, &a->ticket);
    if (!is_ticket(a, s))
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

/* Make the candidate of a step ours: its text, and its GSS name. */
static int
take(struct gw_attempt *a, const struct step *s, char *text)
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
    if (take_cred(a, s) != 0) {
        (void)gss_release_name(&minor, &target);
        return EINVAL;
    }
    if (a->target != GSS_C_NO_NAME)
        (void)gss_release_name(&minor, &a->target);
    a->target = target;
    free(a->name);
    a->name = text;
    a->origin = s->template;
    return 0;
}

/* One pass over what is left of the steps. */
static int
next_step(struct gw_attempt *a)
{
    const struct step *s;
    char *text;
    int last;

    while (a->at < a->nsteps) {
        s = &a->steps[a->at++];
        last = (a->at == a->nsteps);
        if (step_name(a, s, &text) != 0)
            continue;
        if ((is_plain(a, text) && a->plain_tried) ||
            (!last && !is_ticket(a, s) &&
             gw_memory_is_rejected(a->typed, text)) ||
            take(a, s, text) != 0) {
            free(text);
            continue;
        }
        a->plain_tried |= is_plain(a, text);
        return 1;
    }
    return 0;
}

int
gw_attempt_next(struct gw_attempt *a)
{
    int first = (a->at == 0);

    if (!next_step(a))
        return 0;
    /* Everything but the last resort is rejected: perhaps the server has
     * changed, so next time begin again. */
    if (first && a->at == a->nsteps && a->nsteps > 1)
        gw_memory_start_over(a->typed);
    return 1;
}

void
gw_attempt_sent(struct gw_attempt *a, int one_leg)
{
    /* Over one of several connections, or to something else than WinRM: what
     * comes back over a connection says nothing of this name. */
    int mute = one_leg ||
        (a->decision.conn.fd == -1 && !a->decision.unconnected);

    if (a->ticket != GSS_C_NO_CREDENTIAL) {
        gw_trace("%s: sending %s (a ticket of the gateway at port %u)",
                 a->plain, a->name, (unsigned)a->decision.offer.port);
        return;
    }
    if (a->other)
        return;
    if (!gw_attempt_is_winrm(a)) {
        if (a->decision.unconnected)
            gw_memory_sent(a->typed, a->plain, &a->traffic, mute);
        return;
    }
    gw_memory_sent(a->typed, a->name, &a->traffic, mute);
    gw_trace("%s: sending %s (%s%s%s)%s", a->plain, a->name,
             a->origin != NULL ? "spn " : "",
             a->origin != NULL ? a->origin : is_plain(a, a->name) ?
             "the caller's own name" : "learned",
             a->origin == NULL ? "" : a->decision.policy->spn_source == NULL ?
             ", default" : ", of krb5.conf",
             gw_attempt_flags(a) != 0 ? ", with delegation" : "");
}

void
gw_attempt_unknown(struct gw_attempt *a)
{
    if (a->ticket != GSS_C_NO_CREDENTIAL) {
        gw_trace("%s: the gateway's ticket is of no use", a->plain);
        return;
    }
    gw_memory_reject(a->typed, a->name);
    gw_trace("%s: %s unknown to the KDC", a->plain, a->name);
}

void
gw_attempt_failed(struct gw_attempt *a, OM_uint32 minor)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 tmp, more = 0;

    if (!gw_tracing())
        return;
    (void)gss_display_status(&tmp, minor, GSS_C_MECH_CODE, &gw_oid_special,
                             &more, &text);
    gw_trace("%s: %s failed: %.*s; that is the program's to report", a->plain,
             a->name, (int)text.length, (char *)text.value);
    (void)gss_release_buffer(&tmp, &text);
}

void
gw_attempt_rejected(struct gw_attempt *a)
{
    int is_winrm = gw_attempt_is_winrm(a);
    const char *name = is_winrm ? a->name : a->plain;

    if (a->ticket != GSS_C_NO_CREDENTIAL) {
        gw_trace("%s: the gateway does not know its ticket", a->plain);
        return;
    }
    if (a->other)
        return;
    /* A web site's refusal is not WinRM's. */
    if (!is_winrm && !a->decision.unconnected)
        return;
    gw_memory_reject(a->typed, name);
    gw_trace("%s: %s rejected by the server", a->plain, name);
}

void
gw_attempt_proven(struct gw_attempt *a, const struct gw_cred *cred,
                  gss_ctx_id_t inner)
{
    char pending[GW_MEMORY_NAME];
    krb5_error_code ret;

    if (a->ticket != GSS_C_NO_CREDENTIAL || a->other)
        return;                 /* nothing was learned of the server */
    if (!gw_attempt_is_winrm(a)) {
        /* The plain name was good, wherever it went. */
        if (a->decision.unconnected)
            (void)gw_memory_take_pending(a->typed, pending);
        return;
    }
    if (!gw_memory_proven(a->typed))
        return;
    ret = gw_lesson_put(cred, inner, a->typed, a->name);
    if (ret == 0) {
        gw_trace("%s: learned %s", a->plain, a->name);
        return;
    }
    gw_memory_learn(a->typed, a->name);
    gw_trace("%s: learned %s, for this process only (error %ld from the "
             "credential cache)", a->plain, a->name, (long)ret);
}
