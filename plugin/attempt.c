/* attempt.c - one context's search for a name that the server can answer to. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "attempt.h"
#include "delegate.h"
#include "frame.h"
#include "lesson.h"
#include "memory.h"
#include "names.h"
#include "plan.h"
#include "policy.h"
#include "trace.h"
#include "words.h"

struct gw_attempt {
    char *typed;                /* the host of HTTP@host */
    char *plain;                /* "HTTP@host", the caller's own name */
    struct gw_decision decision;
    struct gw_traffic traffic;  /* when it was last looked at */
    struct gw_plan plan;
    size_t at;                  /* the next one to try */
    gss_name_t target;          /* of the candidate; NULL: the caller's own */
    gss_cred_id_t ticket;       /* ... of the gateway; else none */
    char *name;                 /* its text, for people and for memory */
    const char *origin;         /* its template, borrowed from steps */
    int gift;                   /* of its step */
    int plain_tried;            /* no need to send that name twice */
};

void
gw_attempt_free(struct gw_attempt *a)
{
    OM_uint32 minor;

    if (a == NULL)
        return;
    gw_plan_free(&a->plan);
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
is_plain(const struct gw_attempt *a, const char *name)
{
    return strcasecmp(name, a->plain) == 0;
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
                 OM_uint32 flags, int stale_token)
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
    a->plan.flags = flags;
    /* It is host@HOST: either the gateway's ticket or that, and nothing to
     * remember. */
    a->plan.other = (name->other != NULL);
    a->plan.decision = &a->decision;
    a->typed = strdup(gw_name_host(name));
    if (a->typed == NULL || asprintf(&a->plain, "%s%s", a->plan.other ? "" :
                                     "HTTP@", a->plan.other ? name->other :
                                     a->typed) < 0) {
        a->plain = NULL;
        goto fail;
    }
    a->plan.typed = a->typed;
    a->plan.plain = a->plain;
    if (gw_decide(cred, name, &a->decision) != 0)
        goto fail;
    if (a->decision.answer == GW_LEAVE)
        goto fail;
    if (a->decision.answer != GW_YES)
        return a;
    if (!a->plan.other)
        heed_rejection(a, stale_token);
    if (gw_plan_make(&a->plan) != 0)
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
    return gw_plan_make(&a->plan) == 0;
}

/*
 * At WinRM a name that may be given a ticket (delegate.h) gets what the caller
 * and krb5.conf wish for it, and no other name gets one: not the caller's own
 * either, since it is a refusal, or a KDC's word that nobody has authenticated,
 * that leads there.
 */
OM_uint32
gw_attempt_flags(const struct gw_attempt *a)
{
    if (!gw_plan_delegates(&a->plan))
        return a->plan.flags;
    if (!a->gift)
        return a->plan.flags & ~(OM_uint32)GW_DELEGATION;
    return a->plan.flags |
        (a->decision.policy->delegation == GW_DELEG_KERBEROS ?
         GSS_C_DELEG_FLAG : 0);
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

static int
is_ticket(const struct gw_attempt *a, const struct gw_step *s)
{
    return a->decision.offer.kind == GW_OFFER_TICKET && s == a->plan.steps;
}

/* The credential of a step: that of the gateway's ticket, or none. */
static int
take_cred(struct gw_attempt *a, const struct gw_step *s)
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
take(struct gw_attempt *a, const struct gw_step *s, char *text)
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
    a->gift = s->gift;
    return 0;
}

/* One pass over what is left of the steps. */
static int
next_step(struct gw_attempt *a)
{
    const struct gw_step *s;
    char *text;
    int last;

    while (a->at < a->plan.n) {
        s = &a->plan.steps[a->at++];
        last = (a->at == a->plan.n);
        if (gw_plan_name(&a->plan, s, &text) != 0)
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
    if (first && a->at == a->plan.n && a->plan.n > 1)
        gw_memory_start_over(a->typed);
    return 1;
}

/* Is a ticket forwarded with the name that goes out; and if not, why? */
static const char *
about_delegation(const struct gw_attempt *a)
{
    if (!gw_plan_delegates(&a->plan))
        return "";
    if (a->gift)
        return ", with delegation";
    return gw_is_http(a->name) ?
        ", without delegation: it may be the web site's account's" :
        ", without delegation: DNS may have made this name, or its realm";
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
    if (a->plan.other)
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
             about_delegation(a));
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
    if (a->plan.other)
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

    if (a->ticket != GSS_C_NO_CREDENTIAL || a->plan.other)
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
