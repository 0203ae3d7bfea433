/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mech_ctx.c - contexts: the exchange behind GSSAPI's calls. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/base/clock.h"
#include "plugin/credssp/cspolicy.h"
#include "plugin/credssp/mech/mech.h"
#include "plugin/credssp/tscreds.h"

/* What TLS and the exchange give.  (Not GSS_C_TRANS_FLAG: a TLS connection
 * stays in its process.) */
#define GRANTED (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | \
                 GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG)
#define FRAME_MAX 16            /* bytes before a framed token's own */

static struct csm_ctx *
new_ctx(void)
{
    struct csm_ctx *x = calloc(1, sizeof(*x));

    if (x != NULL)
        (void)pthread_mutex_init(&x->lock, NULL);
    return x;
}

static void
free_ctx(struct csm_ctx **ctx)
{
    struct csm_ctx *x = *ctx;

    *ctx = NULL;
    if (x == NULL)
        return;
    credssp_free(&x->credssp);
    csm_free_cred(&x->own);
    (void)pthread_mutex_destroy(&x->lock);
    free(x);
}

/*
 * RFC 2743 section 3.1: 60, length, 06 06 OID, token.  It is how a mechglue
 * finds the mechanism; the protocols that carry CredSSP do without.
 */
static void
add_frame(struct cs_buf *out, size_t len)
{
    size_t rest = len + 2 + csm_oid.length;
    uint8_t octets[] = { rest >> 16, rest >> 8, rest };
    size_t skip = (rest > 0xFFFF) ? 0 : (rest > 0xFF) ? 1 : 2;
    uint8_t many = 0x80 | (3 - skip), tag = 0x60, oid = 6;
    uint8_t oid_len = csm_oid.length;

    cs_buf_add(out, &tag, 1);
    if (rest > 0x7F)            /* as short as it can be */
        cs_buf_add(out, &many, 1);
    cs_buf_add(out, octets + skip, 3 - skip);
    cs_buf_add(out, &oid, 1);
    cs_buf_add(out, &oid_len, 1);
    cs_buf_add(out, csm_oid.elements, csm_oid.length);
}

/* Take the frame off, if there is one. */
static struct cs_span
strip_frame(struct cs_span in)
{
    const uint8_t *p = in.p;
    size_t head;

    if (in.len < 2 || p[0] != 0x60)
        return in;
    head = 2 + (p[1] >= 0x80 ? (p[1] & 0x7Fu) : 0);
    head += 2 + csm_oid.length;
    if (head <= in.len && head <= FRAME_MAX &&
        memcmp(p + head - csm_oid.length, csm_oid.elements,
               csm_oid.length) == 0) {
        in.p += head;
        in.len -= head;
    }
    return in;
}

/* Is CredSSP carried bare to this service? */
static int
is_bare(const char *text)
{
    static const char *const classes[] = {
        "HTTP", "WSMAN", "HOST", "TERMSRV"
    };
    size_t len = strcspn(text, "/@"), i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (strlen(classes[i]) == len &&
            strncasecmp(text, classes[i], len) == 0)
            return 1;
    }
    return 0;
}

/* The context for a target, as krb5.conf allows it. */
static int
new_initiator(struct csm_ctx *x, const struct csm_cred *c,
              const struct csm_name *target, struct cs_error *err)
{
    struct credssp_params params = { .tls = c->client_tls };
    int verified = cs_tls_config_verifies(c->client_tls), ret;
    char *host = cs_service_host(target->text);
    struct cs_policy policy = { 0 };
    struct cs_proof proof = { 0 };

    ret = (host == NULL) ? cs_nomem(err) :
        cs_policy_for_host(host, &policy, err);
    if (ret == 0) {
        if (c->minimum_version != 0)
            policy.minimum_version = c->minimum_version;
    }
    /* Where nothing is allowed, the KDC need not be asked. */
    if (ret == 0 && policy.delegate && cs_creds_has_password(c->user))
        ret = cs_proof_find(c->user, target->text, target->inner, c->mechs,
                            policy.ntlm || verified, &proof, err);
    if (ret == 0)
        ret = cs_inner_initiator(c->user, &proof, &policy, verified,
                                 &params.inner, err);
    if (ret == 0) {
        params.host = host;
        params.minimum_version = policy.minimum_version;
        ret = credssp_new(&params, &x->credssp, err);
    }
    free(host);
    x->initiator = 1;
    x->framed = (c->framing == CSM_FRAME_RFC2743 ||
                 (c->framing == CSM_FRAME_AUTO && !is_bare(target->text)));
    return ret;
}

static int
new_acceptor(struct csm_ctx *x, const struct csm_cred *c,
             struct cs_error *err)
{
    struct credssp_params params = { .tls = c->server_tls };
    struct cs_policy policy = { 0, 0, c->minimum_version };
    int ret = cs_inner_acceptor(c->accept, &policy, &params.inner, err);

    params.minimum_version = c->minimum_version;
    return ret != 0 ? ret : credssp_new(&params, &x->credssp, err);
}

/* One leg of either side.  The token goes out after an error, too. */
static OM_uint32
leg(OM_uint32 *minor, struct csm_ctx *x, struct cs_span in, int first,
    gss_buffer_t token)
{
    struct cs_buf next = CS_BUF_INIT(4 * CS_TSREQUEST_MAX);
    struct cs_buf framed = CS_BUF_INIT(5 * CS_TSREQUEST_MAX);
    struct cs_error err;
    OM_uint32 major, tmp;
    int done, ret;

    ret = credssp_step(x->credssp, in, &next, &done, &err);
    if (first && x->initiator && x->framed && ret == 0)
        add_frame(&framed, next.len);
    cs_buf_add(&framed, next.p, next.len);
    major = (ret != 0) ? csm_error(minor, &err) :
        done ? GSS_S_COMPLETE : GSS_S_CONTINUE_NEEDED;
    if (framed.error != 0 && !GSS_ERROR(major))
        major = csm_no_memory(minor);
    if (framed.len > 0 && GSS_ERROR(csm_buffer(&tmp, framed.p, framed.len,
                                               token)) && !GSS_ERROR(major))
        major = csm_no_memory(minor);
    cs_buf_free(&next);
    cs_buf_free(&framed);
    return major;
}

OM_uint32
csm_granted(const struct csm_ctx *x)
{
    struct credssp_info info;

    credssp_info(x->credssp, &info);
    if (!info.done)
        return GRANTED;
    return GRANTED | GSS_C_PROT_READY_FLAG |
        (x->initiator || x->delegated ? GSS_C_DELEG_FLAG : 0);
}

/* Remember what only now is known. */
static void
established(struct csm_ctx *x)
{
    struct credssp_info info;

    credssp_info(x->credssp, &info);
    x->delegated = csm_has_delegated(x->credssp);
    /* gss-ntlmssp says 0 for no limit. */
    if (info.inner->lifetime != 0 && info.inner->lifetime != GSS_C_INDEFINITE)
        x->end = gw_now_ms() / 1000 + info.inner->lifetime;
}

/* In seconds. */
OM_uint32
csm_time_left(const struct csm_ctx *x)
{
    long long now = gw_now_ms() / 1000;

    if (x->end == 0)
        return GSS_C_INDEFINITE;
    return (now < x->end) ? x->end - now : 0;
}

OM_uint32 KRB5_CALLCONV
csm_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                     gss_ctx_id_t *handle, gss_name_t target, gss_OID mech,
                     OM_uint32 req_flags, OM_uint32 time_req,
                     gss_channel_bindings_t bindings, gss_buffer_t token,
                     gss_OID *actual, gss_buffer_t out, OM_uint32 *flags,
                     OM_uint32 *time_rec)
{
    struct csm_ctx *x = (struct csm_ctx *)*handle;
    const struct csm_cred *c = (const struct csm_cred *)cred;
    struct cs_span in = { NULL, 0 };
    struct cs_error err;
    int first = (x == NULL);
    OM_uint32 major;

    (void)mech;
    (void)req_flags;
    (void)time_req;
    (void)bindings;             /* the key is bound by the protocol */
    *minor = 0;
    if (first) {
        if (c == NULL || c->user == NULL)
            return csm_refuse(minor, GSS_S_NO_CRED, "CredSSP needs a "
                              "credential with a password");
        x = new_ctx();
        if (x == NULL)
            return csm_no_memory(minor);
        if (new_initiator(x, c, (const struct csm_name *)target, &err) != 0) {
            free_ctx(&x);
            return csm_error(minor, &err);
        }
    } else if (token != GSS_C_NO_BUFFER) {
        in.p = token->value;
        in.len = token->length;
    }
    major = leg(minor, x, in, first, out);
    if (major == GSS_S_COMPLETE)
        established(x);
    if (actual != NULL)
        *actual = (gss_OID)(uintptr_t)&csm_oid;
    if (flags != NULL)
        *flags = csm_granted(x);
    if (time_rec != NULL)
        *time_rec = csm_time_left(x);
    if (first && GSS_ERROR(major))
        free_ctx(&x);
    *handle = (gss_ctx_id_t)x;
    return major;
}

/* A credential of what was delegated, for the user's own mechanisms. */
static OM_uint32
delegated_cred(OM_uint32 *minor, const struct credssp *credssp,
               struct csm_cred **out)
{
    struct csm_options o = { .mechs = CS_MECH_KRB5 | CS_MECH_NTLM };
    struct cs_buf part[3];
    OM_uint32 major = GSS_S_COMPLETE;
    struct cs_error err;
    int i;

    *out = NULL;
    for (i = 0; i < 3; i++)
        part[i] = (struct cs_buf)CS_BUF_INIT(CS_TSCREDS_MAX);
    /* There may be none: a smart card's, say, or nobody's. */
    if (csm_has_delegated(credssp) &&
        csm_delegated_parts(credssp, part, &err) != 0) {
        major = csm_error(minor, &err);
    } else if (part[1].len > 1) {
        o.user.user = (const char *)part[1].p;
        o.user.domain = (part[0].len > 1) ? (const char *)part[0].p : NULL;
        o.user.password.p = part[2].p;
        o.user.password.len = part[2].len - 1;
        major = csm_make_cred(minor, NULL, &o, GSS_C_INITIATE, out);
    }
    for (i = 0; i < 3; i++)
        cs_buf_free(&part[i]);
    return major;
}

/* What gss_accept_sec_context() hands out when it is done. */
static OM_uint32
hand_out(OM_uint32 *minor, struct csm_ctx *x, gss_name_t *src,
         gss_cred_id_t *deleg)
{
    struct csm_cred *c = NULL;
    OM_uint32 major = GSS_S_COMPLETE, tmp;

    if (src != NULL)
        major = csm_inquire_context(minor, (gss_ctx_id_t)x, src, NULL, NULL,
                                    NULL, NULL, NULL, NULL);
    if (!GSS_ERROR(major) && deleg != NULL) {
        major = delegated_cred(minor, x->credssp, &c);
        *deleg = (gss_cred_id_t)c;
    }
    if (GSS_ERROR(major) && src != NULL && *src != GSS_C_NO_NAME)
        (void)csm_release_name(&tmp, src);
    return major;
}

static OM_uint32
begin_accept(OM_uint32 *minor, struct csm_cred *c, struct csm_ctx **out)
{
    struct csm_options o = { 0 };
    struct csm_ctx *x = new_ctx();
    struct cs_error err;
    OM_uint32 major = GSS_S_COMPLETE;

    *out = NULL;
    if (x == NULL)
        return csm_no_memory(minor);
    if (c == NULL) {
        major = csm_make_cred(minor, NULL, &o, GSS_C_ACCEPT, &x->own);
        c = x->own;
    } else {
        x->own = csm_cred_ref(c);
    }
    if (!GSS_ERROR(major) && c->server_tls == NULL)
        major = csm_refuse(minor, GSS_S_NO_CRED,
                           "not an acceptor credential");
    if (!GSS_ERROR(major) && new_acceptor(x, c, &err) != 0)
        major = csm_error(minor, &err);
    if (GSS_ERROR(major))
        free_ctx(&x);
    *out = x;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                       gss_cred_id_t verifier, gss_buffer_t token,
                       gss_channel_bindings_t bindings, gss_name_t *src,
                       gss_OID *mech, gss_buffer_t out, OM_uint32 *flags,
                       OM_uint32 *time_rec, gss_cred_id_t *deleg)
{
    struct csm_ctx *x = (struct csm_ctx *)*handle;
    struct cs_span in = { token->value, token->length };
    int first = (x == NULL);
    OM_uint32 major;

    (void)bindings;
    *minor = 0;
    if (first) {
        major = begin_accept(minor, (struct csm_cred *)verifier, &x);
        if (GSS_ERROR(major))
            return major;
        in = strip_frame(in);
    }
    major = leg(minor, x, in, first, out);
    if (major == GSS_S_COMPLETE) {
        established(x);
        major = hand_out(minor, x, src, deleg);
    }
    if (mech != NULL)
        *mech = (gss_OID)(uintptr_t)&csm_oid;
    if (flags != NULL)
        *flags = csm_granted(x);
    if (time_rec != NULL)
        *time_rec = csm_time_left(x);
    if (first && GSS_ERROR(major))
        free_ctx(&x);
    *handle = (gss_ctx_id_t)x;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                       gss_buffer_t token)
{
    struct csm_ctx *x = (struct csm_ctx *)*handle;

    *minor = 0;
    if (token != GSS_C_NO_BUFFER)
        token->length = 0;
    free_ctx(&x);
    *handle = GSS_C_NO_CONTEXT;
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
csm_export_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                       gss_buffer_t token)
{
    (void)handle;
    token->length = 0;
    token->value = NULL;
    /* (krb5 1.20's mechglue drops the text: it releases a buffer of its own
     * with the caller's minor status.) */
    return csm_refuse(minor, GSS_S_UNAVAILABLE, "a CredSSP context cannot be "
                      "exported: it is a TLS connection of this process");
}
