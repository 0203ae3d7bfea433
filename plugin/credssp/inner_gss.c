/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * inner_gss.c - CredSSP's inner context, by GSSAPI in this process.
 *
 * SPNEGO with Kerberos or NTLM in it, or NTLMSSP by itself.  Messages can be
 * encrypted before SPNEGO is complete: with NTLM the client's pubKeyAuth goes
 * out with its last token, and the server's mechListMIC comes with the
 * server's pubKeyAuth.  gss_wrap_size_limit() tells when that point is
 * reached, since it fails until the inner mechanism has its keys and has no
 * side effect.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include "plugin/credssp/gsserr.h"
#include "plugin/credssp/inner.h"
#include "plugin/credssp/mechglue.h"
#include "plugin/credssp/spnego.h"

#define FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG)
#define SEALED_MIN 17           /* an NTLM signature, and something */

/* Microsoft's OID for Kerberos, a shifted 1.2.840.113554.1.2.2. */
static const gss_OID_desc oid_ms_krb5 = {
    9, (void *)"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"
};
/* gss-ntlmssp: asked about a MIC, it puts one in AUTHENTICATE. */
static const gss_OID_desc oid_require_mic = {
    11, (void *)"\x2b\x06\x01\x04\x01\xb7\x7d\x85\x0f\x01\x02"
};

struct gss_inner {
    struct cs_inner base;
    int initiator;
    struct cs_creds *creds;     /* initiator */
    struct cs_ticket ticket;    /* initiator, Kerberos */
    gss_cred_id_t cred;         /* initiator: owned */
    gss_name_t target;
    gss_OID_desc mech;          /* initiator: what is asked for */
    gss_ctx_id_t ctx;
    struct cs_policy policy;
    OM_uint32 flags;            /* granted */
    uint32_t version;           /* of the binding; 0 before it */
    int tls_verified;           /* of the binding */
    int bound, verified, spent;
    struct cs_inner_info info;
};

/* Can messages be sealed yet? */
static int
is_ready(struct gss_inner *g)
{
    OM_uint32 minor, size;

    return g->ctx != GSS_C_NO_CONTEXT &&
        gss_wrap_size_limit(&minor, g->ctx, 1, GSS_C_QOP_DEFAULT, 1024,
                            &size) == GSS_S_COMPLETE;
}

/* Whom the context is with, and by what, once it is complete. */
static int
learn(struct gss_inner *g, struct cs_error *err)
{
    OM_uint32 major, minor;
    gss_OID mech = GSS_C_NO_OID;

    /* gss-ntlmssp's acceptor crashes when it is asked for the target. */
    major = gss_inquire_context(&minor, g->ctx, &g->info.source, NULL,
                                &g->info.lifetime, &mech, &g->flags, NULL,
                                NULL);
    if (!GSS_ERROR(major) && g->target != GSS_C_NO_NAME)
        major = gss_duplicate_name(&minor, g->target, &g->info.target);
    if (GSS_ERROR(major))
        return cs_gss_fail(err, "inquiry of the inner context", major, minor,
                           &cs_oid_spnego);
    g->info.flags = g->flags;
    if (cs_same_oid(mech, &cs_oid_krb5) || cs_same_oid(mech, &oid_ms_krb5))
        g->info.mech = &cs_oid_krb5;
    else if (cs_same_oid(mech, &cs_oid_ntlmssp))
        g->info.mech = &cs_oid_ntlmssp;
    else
        return cs_fail(err, CS_POLICY, "the inner mechanism is neither "
                       "Kerberos nor NTLM");
    return 0;
}

/* A raw NTLM context is told that a MIC is wanted; SPNEGO does so itself. */
static void
want_mic(struct gss_inner *g)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 minor;

    if (!g->initiator || !cs_same_oid(&g->mech, &cs_oid_ntlmssp) ||
        g->ctx == GSS_C_NO_CONTEXT)
        return;
    (void)gss_inquire_sec_context_by_oid(&minor, g->ctx,
                                         (gss_OID)(uintptr_t)&oid_require_mic,
                                         &set);
    (void)gss_release_buffer_set(&minor, &set);
}

static OM_uint32
gss_step(struct gss_inner *g, struct cs_span in, gss_buffer_t out,
         OM_uint32 *minor)
{
    gss_buffer_desc token = { in.len, (void *)(uintptr_t)in.p };

    if (g->initiator) {
        want_mic(g);
        return gss_init_sec_context(minor, g->cred, &g->ctx, g->target,
                                    &g->mech, FLAGS, GSS_C_INDEFINITE,
                                    GSS_C_NO_CHANNEL_BINDINGS,
                                    in.p != NULL ? &token : GSS_C_NO_BUFFER,
                                    NULL, out, &g->flags, NULL);
    }
    return gss_accept_sec_context(minor, &g->ctx, g->cred, &token,
                                  GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, out,
                                  &g->flags, NULL, NULL);
}

static int
inner_step(struct cs_inner *inner, struct cs_span in, struct cs_buf *out,
           struct cs_error *err)
{
    struct gss_inner *g = (struct gss_inner *)inner;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    struct cs_buf room = CS_BUF_INIT(CS_TSREQUEST_MAX);
    OM_uint32 major, minor, tmp;
    int ret;

    if (inner->complete)
        return cs_fail(err, CS_UNEXPECTED,
                       "a token came after the authentication was complete");
    /* MIT's SPNEGO crashes on it. */
    if (g->ctx != GSS_C_NO_CONTEXT && in.len == 0)
        return cs_fail(err, CS_UNEXPECTED, "an answer has no token");
    ret = cs_spnego_token(in, &room, &in, err);
    if (ret != 0)
        return ret;
    major = gss_step(g, in, &token, &minor);
    cs_buf_free(&room);
    if (!GSS_ERROR(major))
        cs_buf_add(out, token.value, token.length);
    (void)gss_release_buffer(&tmp, &token);
    if (GSS_ERROR(major))
        return cs_gss_fail(err, "inner authentication", major, minor,
                           g->initiator ? &g->mech : &cs_oid_spnego);
    if (out->error != 0)
        return cs_nomem(err);
    inner->complete = (major == GSS_S_COMPLETE);
    inner->ready = is_ready(g);
    return inner->complete ? learn(g, err) : 0;
}

static int
seal(struct gss_inner *g, struct cs_span plain, struct cs_buf *out,
     struct cs_error *err)
{
    gss_buffer_desc in = { plain.len, (void *)(uintptr_t)plain.p };
    gss_buffer_desc sealed = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int conf = 0;

    major = gss_wrap(&minor, g->ctx, 1, GSS_C_QOP_DEFAULT, &in, &conf,
                     &sealed);
    if (major != GSS_S_COMPLETE)
        return cs_gss_fail(err, "sealing", major, minor, &cs_oid_spnego);
    if (conf)
        cs_buf_add(out, sealed.value, sealed.length);
    (void)gss_release_buffer(&tmp, &sealed);
    if (!conf)
        return cs_fail(err, CS_INNER, "the inner mechanism does not encrypt");
    return out->error != 0 ? cs_nomem(err) : 0;
}

static int
unseal(struct gss_inner *g, struct cs_span sealed, struct cs_buf *plain,
       struct cs_error *err)
{
    gss_buffer_desc in = { sealed.len, (void *)(uintptr_t)sealed.p };
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int conf = 0;

    /* gss-ntlmssp does not look. */
    if (sealed.len < SEALED_MIN)
        return cs_fail(err, CS_MALFORMED, "an encrypted message is too short");
    major = gss_unwrap(&minor, g->ctx, &in, &out, &conf, NULL);
    if (major == GSS_S_COMPLETE && conf)
        cs_buf_add(plain, out.value, out.length);
    if (out.value != NULL)
        explicit_bzero(out.value, out.length);
    (void)gss_release_buffer(&tmp, &out);
    if (major != GSS_S_COMPLETE)
        return cs_gss_fail(err, "decryption of a message", major, minor,
                           &cs_oid_spnego);
    if (!conf)
        return cs_fail(err, CS_INNER, "a message was not encrypted");
    return plain->error != 0 ? cs_nomem(err) : 0;
}

static int
check_version(const struct gss_inner *g, uint32_t version,
              struct cs_error *err)
{
    int minimum = (g->policy.minimum_version != 0) ?
        g->policy.minimum_version : 5;

    if (version >= (uint32_t)minimum)
        return 0;
    return cs_fail(err, CS_VERSION, "the peer's version of CredSSP is %u and "
                   "at least %d is required (older than 5: CVE-2018-0886)",
                   (unsigned int)version, minimum);
}

/* The binding of both directions has to be the same. */
static int
check_binding(struct gss_inner *g, const struct cs_binding *b,
              struct cs_error *err)
{
    if (g->version == 0) {
        g->version = b->version;
        g->tls_verified = b->verified;
    }
    if (g->version != b->version || g->tls_verified != b->verified)
        return cs_fail(err, CS_USAGE, "the TLS binding changed");
    return check_version(g, b->version, err);
}

static int
inner_bind(struct cs_inner *inner, const struct cs_binding *b,
           struct cs_buf *out, struct cs_error *err)
{
    struct gss_inner *g = (struct gss_inner *)inner;
    struct cs_buf proof = CS_BUF_INIT(CS_KEY_MAX);
    int ret;

    if (!inner->ready || g->bound || (!g->initiator && !g->verified))
        return cs_fail(err, CS_USAGE, "pubKeyAuth cannot be sent in this "
                       "state");
    ret = check_binding(g, b, err);
    if (ret == 0)
        ret = cs_pubkey_proof(b, g->initiator ? CS_CLIENT : CS_SERVER, &proof,
                              err);
    if (ret == 0)
        ret = seal(g, cs_buf_span(&proof), out, err);
    cs_buf_free(&proof);
    g->bound = (ret == 0);
    return ret;
}

/* Has the peer proved who it is, well enough for what follows? */
static int
check_peer(const struct gss_inner *g, struct cs_error *err)
{
    OM_uint32 want = GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;

    if (g->initiator && g->info.mech == &cs_oid_krb5)
        want |= GSS_C_MUTUAL_FLAG;
    if ((g->flags & want) != want)
        return cs_fail(err, CS_POLICY, "the inner context lacks mutual "
                       "authentication, integrity or encryption");
    if (g->initiator && g->info.mech == &cs_oid_ntlmssp &&
        !g->policy.ntlm && !g->tls_verified)
        return cs_fail(err, CS_POLICY, "the server is authenticated by NTLM "
                       "only, which policy does not allow (krb5.conf, "
                       "credssp: ntlm)");
    return 0;
}

static int
inner_verify(struct cs_inner *inner, const struct cs_binding *b,
             struct cs_span sealed, struct cs_error *err)
{
    struct gss_inner *g = (struct gss_inner *)inner;
    struct cs_buf proof = CS_BUF_INIT(CS_KEY_MAX);
    int ret;

    if (!inner->complete)
        return cs_fail(err, CS_UNEXPECTED, "pubKeyAuth came before the inner "
                       "authentication was complete");
    if (g->verified || (g->initiator && !g->bound))
        return cs_fail(err, CS_USAGE, "pubKeyAuth cannot be verified in this "
                       "state");
    ret = check_binding(g, b, err);
    if (ret == 0)
        ret = check_peer(g, err);
    if (ret == 0)
        ret = unseal(g, sealed, &proof, err);
    if (ret == 0)
        ret = cs_pubkey_check(b, g->initiator ? CS_SERVER : CS_CLIENT,
                              cs_buf_span(&proof), err);
    cs_buf_free(&proof);
    g->verified = (ret == 0);
    return ret;
}

static int
inner_delegate(struct cs_inner *inner, struct cs_buf *out,
               struct cs_error *err)
{
    struct gss_inner *g = (struct gss_inner *)inner;
    struct cs_buf plain = CS_BUF_INIT(CS_TSREQUEST_MAX / 2);
    int ret;

    if (!g->initiator || !g->verified || !g->bound || g->spent)
        return cs_fail(err, CS_USAGE, "delegation is not allowed in this "
                       "state");
    if (!g->policy.delegate)
        return cs_fail(err, CS_POLICY, "policy does not allow delegation");
    g->spent = 1;
    ret = cs_creds_encode(g->creds, &plain, err);
    if (ret == 0)
        ret = seal(g, cs_buf_span(&plain), out, err);
    cs_buf_free(&plain);
    return ret;
}

static int
inner_receive(struct cs_inner *inner, struct cs_span sealed,
              struct cs_buf *plain, struct cs_error *err)
{
    struct gss_inner *g = (struct gss_inner *)inner;

    if (g->initiator || !g->verified || !g->bound || g->spent)
        return cs_fail(err, CS_USAGE, "credentials cannot be received in this "
                       "state");
    g->spent = 1;
    return unseal(g, sealed, plain, err);
}

static const struct cs_inner_info *
inner_info(const struct cs_inner *inner)
{
    return inner->complete ? &((const struct gss_inner *)inner)->info : NULL;
}

static void
inner_finish(struct cs_inner *inner)
{
    struct gss_inner *g = (struct gss_inner *)inner;
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, &g->ctx, GSS_C_NO_BUFFER);
    if (g->initiator)
        (void)gss_release_cred(&minor, &g->cred);
    (void)gss_release_name(&minor, &g->target);
    cs_ticket_free(&g->ticket);
    cs_creds_free(&g->creds);
    g->spent = 1;
    inner->ready = 0;
}

static void
inner_free(struct cs_inner *inner)
{
    struct gss_inner *g = (struct gss_inner *)inner;
    OM_uint32 minor;

    inner_finish(inner);
    (void)gss_release_name(&minor, &g->info.source);
    (void)gss_release_name(&minor, &g->info.target);
    free(g);
}

static const struct cs_inner_ops gss_ops = {
    inner_step, inner_bind, inner_verify, inner_delegate, inner_receive,
    inner_info, inner_finish, inner_free
};

void
cs_inner_free(struct cs_inner **inner)
{
    struct cs_inner *i = *inner;

    *inner = NULL;
    if (i != NULL)
        i->ops->free(i);
}

static struct gss_inner *
new_inner(const struct cs_policy *policy, int initiator)
{
    struct gss_inner *g = calloc(1, sizeof(*g));

    if (g == NULL)
        return NULL;
    g->base.ops = &gss_ops;
    g->initiator = initiator;
    g->policy = *policy;
    return g;
}

/* The server's name for the mechanism. */
static int
name_target(struct gss_inner *g, const struct cs_proof *proof,
            struct cs_error *err)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    if (g->ticket.cache == NULL) {
        major = gss_duplicate_name(&minor, proof->ntlm, &g->target);
    } else {
        text.value = g->ticket.server;
        text.length = strlen(g->ticket.server);
        major = gss_import_name(&minor, &text,
                                (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME,
                                &g->target);
    }
    return GSS_ERROR(major) ? cs_gss_fail(err, "the target name", major,
                                          minor, &g->mech) : 0;
}

static int
check_initiator(struct cs_creds *creds, const struct cs_proof *proof,
                const struct cs_policy *policy, int verified,
                struct cs_error *err)
{
    if (!policy->delegate)
        return cs_fail(err, CS_POLICY, "krb5.conf allows no delegation to "
                       "this target (credssp: delegate_to)");
    if (!cs_creds_has_password(creds))
        return cs_fail(err, CS_POLICY, "there is no password to delegate");
    if (proof->ticket.cache == NULL && !policy->ntlm && !verified)
        return cs_fail(err, CS_POLICY, "only NTLM is available, and policy "
                       "does not allow it (krb5.conf, credssp: ntlm)");
    return 0;
}

int
cs_inner_initiator(struct cs_creds *creds, struct cs_proof *proof,
                   const struct cs_policy *policy, int verified,
                   struct cs_inner **out, struct cs_error *err)
{
    struct gss_inner *g = NULL;
    unsigned int mechs = (proof->ticket.cache != NULL) ? CS_MECH_KRB5 :
        proof->raw ? CS_MECH_RAW_NTLM : CS_MECH_NTLM;
    int ret = check_initiator(creds, proof, policy, verified, err);

    *out = NULL;
    if (ret == 0 && (g = new_inner(policy, 1)) == NULL)
        ret = cs_nomem(err);
    if (ret != 0) {
        cs_ticket_free(&proof->ticket);
        return ret;
    }
    *out = &g->base;
    g->ticket = proof->ticket;
    proof->ticket.cache = proof->ticket.server = NULL;
    g->creds = cs_creds_ref(creds);
    g->mech = (mechs == CS_MECH_RAW_NTLM) ? cs_oid_ntlmssp : cs_oid_spnego;
    ret = name_target(g, proof, err);
    if (ret == 0)
        ret = cs_creds_acquire(creds, mechs, g->ticket.cache, &g->cred, err);
    if (ret != 0)
        cs_inner_free(out);
    return ret;
}

int
cs_inner_acceptor(gss_cred_id_t cred, const struct cs_policy *policy,
                  struct cs_inner **out, struct cs_error *err)
{
    struct gss_inner *g = new_inner(policy, 0);

    *out = NULL;
    if (g == NULL)
        return cs_nomem(err);
    g->cred = cred;
    *out = &g->base;
    return 0;
}
