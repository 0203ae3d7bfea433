/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* context.c - one security context of a connection. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/clean.h"
#include "helper/broker/context.h"
#include "plugin/credssp/gsserr.h"
#include "plugin/credssp/inner.h"
#include "plugin/credssp/spnego.h"
#include "helper/broker/text.h"
#include "helper/broker/kdcqueue.h"

#define FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | \
               GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG)

struct context {
    struct credselect choice;
    struct cs_inner *inner;     /* CredSSP; else NULL, and: */
    gss_ctx_id_t ctx;
    gss_cred_id_t cred;
    gss_OID_desc mech;          /* asked for: SPNEGO or krb5 */
    OM_uint32 flags;
    struct cs_buf bindings;
    int begun, complete, dead;
    char source[512], target[512], spn[512];
    struct context_info info;
};

/* --- Beginning --- */

static void
fill_info(struct context *c)
{
    c->info.host = c->choice.host->host;
    c->info.spn = credselect_spn(&c->choice);
    c->info.credential = (c->choice.creds != NULL) ?
        cs_creds_name(c->choice.creds) : "the user's tickets";
    c->info.candidate = c->choice.candidate;
    c->info.candidates = c->choice.candidates;
}

/* What went wrong and has no number must not look as if it had gone well. */
static uint32_t
status_of(const struct cs_error *err)
{
    return (err->ntstatus != 0) ? err->ntstatus : STATUS_UNSUCCESSFUL;
}

static void
note_failure(struct broker *b, const struct credselect *c,
             const struct cs_error *err)
{
    vault_outcome(b->vault, c->creds, 0, status_of(err), err->text);
    /* What krb5.conf does not name has no line: the caller may be anybody's,
     * and there is room for so many. */
    if (c->host != NULL && c->host->reachable)
        hoststatus_note(b->journal, c->host->host, status_of(err), err->text);
}

static int
choose_credssp(struct broker *b, const struct wish *wish, struct credselect *c,
               struct cs_error *err)
{
    int ret = credselect_host(wish, 1, c, err);

    if (ret != 0)
        return ret;
    if (!c->host->credssp.delegate)
        return cs_fail(err, CS_POLICY, "krb5.conf (credssp: delegate_to) does "
                       "not name %s, so no password is delegated",
                       c->host->host);
    ret = credselect_creds(b->vault, c, err);
    if (ret == 0 && c->creds == NULL)
        ret = cs_fail(err, CS_POLICY, "there is no password to delegate: run "
                      "`gss-winrm login' first");
    if (ret == 0)
        ret = credselect_name(wish, c->host->credssp.ntlm, c, err);
    return ret;
}

/* The ticket goes into the inner context; its name stays, for people. */
static void
take_proof(struct context *c, struct cs_proof *proof)
{
    fill_info(c);
    clean_copy(c->spn, sizeof(c->spn), c->info.spn);
    c->info.spn = c->spn;
    proof->ntlm = c->choice.target;
    proof->ticket = c->choice.ticket;
    c->choice.ticket.cache = c->choice.ticket.server = NULL;
}

int
context_credssp(struct broker *b, const struct wish *wish,
                struct context **out, struct cs_error *err)
{
    struct context *c = calloc(1, sizeof(*c));
    struct cs_proof proof = { 0 };
    int ret;

    *out = NULL;
    if (c == NULL)
        return cs_nomem(err);
    ret = choose_credssp(b, wish, &c->choice, err);
    if (ret == 0) {
        take_proof(c, &proof);
        ret = cs_inner_initiator(c->choice.creds, &proof,
                                 &c->choice.host->credssp, 0, &c->inner, err);
    }
    if (ret != 0) {
        note_failure(b, &c->choice, err);
        context_free(&c);
        return ret;
    }
    *out = c;
    return 0;
}

/* The user's own tickets, or the one from them that is this context's own; in
 * SPNEGO with nothing but Kerberos. */
static int
acquire_tickets(struct context *c, struct cs_error *err)
{
    gss_OID_set_desc mech = { 1, &c->mech };
    gss_OID_desc krb5 = cs_oid_krb5;
    gss_OID_set_desc only = { 1, &krb5 };
    gss_key_value_element_desc cache = { "ccache", c->choice.ticket.cache };
    gss_key_value_set_desc store = { 1, &cache };
    OM_uint32 major, minor;

    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                  &mech, GSS_C_INITIATE, cache.value != NULL ?
                                  &store : NULL, &c->cred, NULL, NULL);
    if (!GSS_ERROR(major) && cs_same_oid(&c->mech, &cs_oid_spnego))
        major = gss_set_neg_mechs(&minor, c->cred, &only);
    return GSS_ERROR(major) ? cs_gss_fail(err, "no credential", major, minor,
                                          &c->mech) : 0;
}

static int
acquire(struct context *c, enum bp_scheme scheme, struct cs_error *err)
{
    struct credselect *choice = &c->choice;

    c->mech = (scheme == BP_KERBEROS) ? cs_oid_krb5 : cs_oid_spnego;
    if (choice->creds == NULL)
        return acquire_tickets(c, err);
    return cs_creds_acquire(choice->creds, scheme == BP_KERBEROS ?
                            CS_MECH_RAW_KRB5 : choice->mechs,
                            choice->ticket.cache, &c->cred, err);
}

static int
choose_plain(struct broker *b, const struct wish *wish, enum bp_scheme scheme,
             struct credselect *c, struct cs_error *err)
{
    int ret = credselect_host(wish, 0, c, err);

    if (ret != 0)
        return ret;
    if (!c->host->reachable)
        return cs_fail(err, CS_POLICY, "krb5.conf (gateway: targets) does not "
                       "name %s", c->host->host);
    ret = credselect_creds(b->vault, c, err);
    if (ret == 0)
        ret = credselect_name(wish, scheme == BP_NEGOTIATE && c->host->ntlm, c,
                              err);
    return ret;
}

int
context_plain(struct broker *b, const struct wish *wish,
              enum bp_scheme scheme, struct cs_span bindings,
              struct context **out, struct cs_error *err)
{
    struct context *c = calloc(1, sizeof(*c));
    int ret;

    *out = NULL;
    if (c == NULL)
        return cs_nomem(err);
    c->bindings.max = BP_FRAME_MAX;
    cs_buf_add(&c->bindings, bindings.p, bindings.len);
    ret = (c->bindings.error != 0) ? cs_nomem(err) :
        choose_plain(b, wish, scheme, &c->choice, err);
    if (ret == 0)
        ret = acquire(c, scheme, err);
    if (ret != 0) {
        note_failure(b, &c->choice, err);
        context_free(&c);
        return ret;
    }
    c->flags = FLAGS | (c->choice.ticket.cache != NULL ? GSS_C_DELEG_FLAG : 0);
    fill_info(c);
    *out = c;
    return 0;
}

void
context_free(struct context **out)
{
    struct context *c = *out;
    OM_uint32 minor;

    *out = NULL;
    if (c == NULL)
        return;
    cs_inner_free(&c->inner);
    (void)gss_delete_sec_context(&minor, &c->ctx, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &c->cred);   /* before its cache */
    cs_buf_free(&c->bindings);
    credselect_free(&c->choice);
    free(c);
}

/* --- Tokens --- */

static void
display(gss_name_t name, char *to, size_t room)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    char *copy;

    *to = '\0';
    if (name == GSS_C_NO_NAME ||
        GSS_ERROR(gss_display_name(&minor, name, &text, NULL)))
        return;
    copy = strndup(text.value, text.length);
    if (copy != NULL)
        clean_copy(to, room, copy);
    free(copy);
    (void)gss_release_buffer(&minor, &text);
}

/* Whom it is with, and by what.  Kerberos knows the name that the ticket was
 * for; asking gss-ntlmssp is of no use. */
static int
learn_plain(struct context *c, struct cs_error *err)
{
    gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
    gss_OID mech = GSS_C_NO_OID;
    OM_uint32 major, minor;

    major = gss_inquire_context(&minor, c->ctx, &source, NULL,
                                &c->info.lifetime, &mech, &c->info.flags, NULL,
                                NULL);
    if (GSS_ERROR(major))
        return cs_gss_fail(err, "inquiry of the context", major, minor,
                           &c->mech);
    display(source, c->source, sizeof(c->source));
    (void)gss_release_name(&minor, &source);
    if (!cs_same_oid(mech, &cs_oid_ntlmssp))
        (void)gss_inquire_context(&minor, c->ctx, NULL, &target, NULL, NULL,
                                  NULL, NULL, NULL);
    display(target != GSS_C_NO_NAME ? target : c->choice.target, c->target,
            sizeof(c->target));
    (void)gss_release_name(&minor, &target);
    c->info.mech = cs_same_oid(mech, &cs_oid_ntlmssp) ? BP_MECH_NTLM :
        BP_MECH_KRB5;
    if (c->info.mech == BP_MECH_NTLM && !c->choice.host->ntlm)
        return cs_fail(err, CS_POLICY, "the server wants NTLM, which "
                       "krb5.conf (gateway: ntlm) does not allow");
    return 0;
}

static OM_uint32
gss_step(struct context *c, struct cs_span in, gss_buffer_t reply,
         OM_uint32 *minor)
{
    gss_buffer_desc token = { in.len, (void *)(uintptr_t)in.p };
    struct gss_channel_bindings_struct cb = { 0 };

    cb.application_data.value = c->bindings.p;
    cb.application_data.length = c->bindings.len;
    return gss_init_sec_context(minor, c->cred, &c->ctx, c->choice.target,
                                &c->mech, c->flags, GSS_C_INDEFINITE,
                                c->bindings.len > 0 ? &cb :
                                GSS_C_NO_CHANNEL_BINDINGS,
                                in.p != NULL ? &token : GSS_C_NO_BUFFER, NULL,
                                reply, &c->info.flags, NULL);
}

static int
step_plain(struct context *c, struct cs_span in, struct cs_buf *out,
           struct cs_error *err)
{
    gss_buffer_desc reply = GSS_C_EMPTY_BUFFER;
    struct cs_buf room = CS_BUF_INIT(BP_FRAME_MAX);
    OM_uint32 major, minor, tmp;
    int ret = cs_spnego_token(in, &room, &in, err);

    if (ret != 0)
        return ret;
    major = gss_step(c, in, &reply, &minor);
    cs_buf_free(&room);
    if (!GSS_ERROR(major))
        cs_buf_add(out, reply.value, reply.length);
    (void)gss_release_buffer(&tmp, &reply);
    if (GSS_ERROR(major))
        return cs_gss_fail(err, "authentication", major, minor, &c->mech);
    if (out->error != 0)
        return cs_nomem(err);
    c->complete = (major == GSS_S_COMPLETE);
    return c->complete ? learn_plain(c, err) : 0;
}

static int
step_inner(struct context *c, struct cs_span in, struct cs_buf *out,
           struct cs_error *err)
{
    const struct cs_inner_info *info;
    int ret = c->inner->ops->step(c->inner, in, out, err);

    if (ret != 0 || !c->inner->complete)
        return ret;
    info = c->inner->ops->info(c->inner);
    display(info->source, c->source, sizeof(c->source));
    display(info->target, c->target, sizeof(c->target));
    c->info.mech = cs_same_oid(info->mech, &cs_oid_ntlmssp) ? BP_MECH_NTLM :
        BP_MECH_KRB5;
    c->info.flags = info->flags;
    c->info.lifetime = info->lifetime;
    c->complete = 1;
    return 0;
}

static int
step(struct context *c, struct cs_span in, struct cs_buf *out,
     struct cs_error *err)
{
    return (c->inner != NULL) ? step_inner(c, in, out, err) :
        step_plain(c, in, out, err);
}

/* The first step is the one that may need a ticket, unless there is one. */
static int
first_step(struct context *c, struct cs_span in, struct cs_buf *out,
           struct cs_error *err)
{
    int turn, ret;

    if (c->choice.gift != HC_NOTHING)
        return step(c, in, out, err);
    turn = kdcqueue_begin(c->info.credential, c->info.spn);
    ret = step(c, in, out, err);
    kdcqueue_end(turn);
    return ret;
}

static int
is_dead(const struct context *c, struct cs_error *err)
{
    return c->dead ? cs_fail(err, CS_USAGE, "the context has already failed") :
        0;
}

int
context_step(struct context *c, struct cs_span in, struct cs_buf *out,
             int *ready, int *complete, struct cs_error *err)
{
    int ret = is_dead(c, err);

    if (ret == 0 && c->complete)
        ret = cs_fail(err, CS_UNEXPECTED,
                      "a token came after the authentication was complete");
    /* MIT's SPNEGO crashes when it is called again with nothing. */
    if (ret == 0 && c->begun != (in.len > 0))
        ret = cs_fail(err, CS_USAGE, "the first step takes no token, and "
                      "every later step takes one");
    if (ret == 0)
        ret = c->begun ? step(c, in, out, err) : first_step(c, in, out, err);
    c->begun = 1;
    c->dead = (ret != 0);
    c->info.source = c->source;
    c->info.target = c->target;
    *complete = c->complete;
    *ready = (c->inner != NULL) ? c->inner->ready : c->complete;
    return ret;
}

const struct context_info *
context_info(const struct context *c)
{
    return &c->info;
}

/* --- CredSSP --- */

int
context_bind(struct context *c, const struct cs_binding *binding,
             struct cs_buf *out, struct cs_error *err)
{
    int ret = is_dead(c, err);

    if (ret == 0)
        ret = c->inner->ops->bind(c->inner, binding, out, err);
    c->dead = (ret != 0);
    return ret;
}

int
context_verify(struct context *c, const struct cs_binding *binding,
               struct cs_span sealed, struct cs_error *err)
{
    int ret = is_dead(c, err);

    if (ret == 0)
        ret = c->inner->ops->verify(c->inner, binding, sealed, err);
    c->dead = (ret != 0);
    return ret;
}

int
context_delegate(struct context *c, struct cs_buf *out, struct cs_error *err)
{
    int ret = is_dead(c, err);

    if (ret == 0)
        ret = c->inner->ops->delegate(c->inner, out, err);
    c->dead = (ret != 0);
    return ret;
}

/* --- The others --- */

static int
export_ntlm(struct context *c, struct cs_buf *out, struct cs_error *err)
{
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    major = gss_export_sec_context(&minor, &c->ctx, &token);
    if (GSS_ERROR(major))
        return cs_gss_fail(err, "export of the context", major, minor,
                           &c->mech);
    cs_buf_add(out, token.value, token.length);
    explicit_bzero(token.value, token.length);
    (void)gss_release_buffer(&minor, &token);
    return (out->error != 0) ? cs_nomem(err) : 0;
}

int
context_export(struct context *c, struct krb_keys *keys, struct cs_buf *out,
               struct cs_error *err)
{
    int ret = is_dead(c, err);

    if (ret != 0)
        return ret;
    c->dead = 1;
    if (!c->complete)
        return cs_fail(err, CS_USAGE, "the context is not complete");
    return (c->info.mech == BP_MECH_KRB5) ?
        krb_keys_take(&c->ctx, keys, err) : export_ntlm(c, out, err);
}

void
context_outcome(struct broker *b, const struct context *c,
                const struct cs_error *err, const char *text)
{
    uint32_t status = (err != NULL) ? status_of(err) : 0;

    if (err != NULL)
        text = err->text;
    vault_outcome(b->vault, c->choice.creds, err == NULL, status, text);
    hoststatus_note(b->journal, c->info.host, status, text);
}
