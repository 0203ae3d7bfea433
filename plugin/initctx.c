/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* initctx.c - gss_init_sec_context, where the rewriting happens. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>

#include "plugin/search.h"
#include "plugin/handles.h"
#include "plugin/conf/names.h"
#include "plugin/token.h"

extern GW_EXPORT __typeof__(gss_init_sec_context) gssi_init_sec_context;

/* The arguments that every leg passes on as they are. */
struct call {
    OM_uint32 *minor;
    gss_cred_id_t cred;
    OM_uint32 time_req;
    gss_channel_bindings_t bindings;
    gss_OID *actual;
    gss_buffer_t out;
    OM_uint32 *ret_flags;
    OM_uint32 *time_rec;
};

/* One leg of the real krb5 mechanism. */
static OM_uint32
leg(const struct call *c, struct gw_ctx *ctx, gss_name_t target,
    OM_uint32 flags, gss_buffer_t token)
{
    gss_cred_id_t cred = gw_inner_cred(c->cred);

    if (ctx->attempt != NULL &&
        gw_search_cred(ctx->attempt) != GSS_C_NO_CREDENTIAL)
        cred = gw_search_cred(ctx->attempt);
    return gss_init_sec_context(c->minor, cred, &ctx->inner, target,
                                &gw_oid_special, flags, c->time_req,
                                c->bindings, token, c->actual, c->out,
                                c->ret_flags, c->time_rec);
}

/* Did the KDC not know the name? */
static int
is_unknown(OM_uint32 minor)
{
    gss_buffer_desc msg = GSS_C_EMPTY_BUFFER;
    OM_uint32 tmp, more = 0;
    char text[512] = "";

    if (!GSS_ERROR(gss_display_status(&tmp, minor, GSS_C_MECH_CODE,
                                      &gw_oid_special, &more, &msg)))
        (void)snprintf(text, sizeof(text), "%.*s", (int)msg.length,
                       (char *)msg.value);
    (void)gss_release_buffer(&tmp, &msg);
    return gw_service_unknown(minor, text);
}

/*
 * Does the acceptor's error mean that the ticket is for another account?  It
 * does not if the clocks differ or the ticket has expired: no other name would
 * help there (RFC 4120 section 7.5.9).
 */
static int
is_wrong_account(OM_uint32 minor)
{
    static const krb5_error_code codes[] = {
        KRB5KRB_AP_ERR_BAD_INTEGRITY, KRB5KRB_AP_ERR_NOT_US,
        KRB5KRB_AP_ERR_BADMATCH, KRB5KRB_AP_ERR_MODIFIED,
        KRB5KRB_AP_ERR_BADKEYVER, KRB5KRB_AP_ERR_NOKEY
    };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        if (minor == (OM_uint32)codes[i])
            return 1;
    }
    return 0;
}

/*
 * Begin a context with the next candidate that the KDC knows.  The last one is
 * the caller's own name, so that when none is known the error is that which
 * the caller would have seen without us.
 */
static OM_uint32
try_candidates(const struct call *c, struct gw_ctx *ctx, gss_name_t own)
{
    struct gw_search *a = ctx->attempt;
    OM_uint32 major = GSS_S_FAILURE;
    gss_name_t target;

    while (gw_search_next(a)) {
        target = gw_search_target(a);
        major = leg(c, ctx, target != GSS_C_NO_NAME ? target : own,
                    gw_search_flags(a), GSS_C_NO_BUFFER);
        if (!GSS_ERROR(major)) {
            gw_search_sent(a, major == GSS_S_COMPLETE);
            return major;
        }
        if (!is_unknown(*c->minor) &&
            gw_search_cred(a) == GSS_C_NO_CREDENTIAL) {
            gw_search_failed(a, *c->minor);
            return major;
        }
        gw_search_unknown(a);
    }
    return major;
}

static int
has_bytes(gss_buffer_t token)
{
    return token != GSS_C_NO_BUFFER && token->length > 0;
}

static OM_uint32
first_leg(const struct call *c, struct gw_ctx *ctx, const struct gw_name *name,
          OM_uint32 flags, gss_buffer_t token)
{
    struct gw_search *a = NULL;
    OM_uint32 major;

    if (gw_name_host(name) != NULL)
        a = gw_search_begin((const struct gw_cred *)c->cred, name, flags,
                            has_bytes(token));
    ctx->attempt = a;
    if (a == NULL)
        return leg(c, ctx, gw_cheapest(name), flags, token);
    if (gw_search_is_winrm(a))
        return try_candidates(c, ctx, gw_cheapest(name));
    if (has_bytes(token) && gw_search_owns_token(a))
        token = GSS_C_NO_BUFFER;
    major = leg(c, ctx, gw_cheapest(name), flags, token);
    if (!GSS_ERROR(major))
        gw_search_sent(a, major == GSS_S_COMPLETE);
    else if (is_unknown(*c->minor) && gw_search_insist(a))
        major = try_candidates(c, ctx, gw_cheapest(name));
    return major;
}

/* The server has refused the name: begin anew with the next one. */
static OM_uint32
heal(const struct call *c, struct gw_ctx *ctx, const struct gw_name *name,
     OM_uint32 failed)
{
    OM_uint32 failed_minor = *c->minor, major, tmp;

    (void)gss_release_buffer(&tmp, c->out);
    (void)gss_delete_sec_context(&tmp, &ctx->inner, GSS_C_NO_BUFFER);
    gw_search_look(ctx->attempt);
    major = try_candidates(c, ctx, gw_cheapest(name));
    if (GSS_ERROR(major)) {
        *c->minor = failed_minor;
        return failed;
    }
    return major;
}

static OM_uint32
next_leg(const struct call *c, struct gw_ctx *ctx, const struct gw_name *name,
         OM_uint32 flags, gss_buffer_t token)
{
    struct gw_search *a = ctx->attempt;
    gss_name_t target = gw_cheapest(name);
    OM_uint32 major;

    *c->minor = 0;
    if (ctx->inner == GSS_C_NO_CONTEXT)
        return GSS_S_NO_CONTEXT;        /* a failed search has ended it */
    if (a != NULL && gw_search_target(a) != GSS_C_NO_NAME)
        target = gw_search_target(a);
    if (a != NULL && gw_search_is_winrm(a))
        flags = gw_search_flags(a);
    major = leg(c, ctx, target, flags, token);
    if (a == NULL)
        return major;
    if (major == GSS_S_COMPLETE) {
        gw_search_proven(a, (const struct gw_cred *)c->cred, ctx->inner);
    } else if (GSS_ERROR(major) && has_bytes(token) &&
               gw_is_error_token(token->value, token->length) &&
               is_wrong_account(*c->minor)) {
        gw_search_rejected(a);
        if (gw_search_is_winrm(a))
            major = heal(c, ctx, name, major);
    }
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                      gss_ctx_id_t *handle, gss_name_t target, gss_OID mech,
                      OM_uint32 flags, OM_uint32 time_req,
                      gss_channel_bindings_t bindings, gss_buffer_t token,
                      gss_OID *actual, gss_buffer_t out, OM_uint32 *ret_flags,
                      OM_uint32 *time_rec)
{
    const struct call c = {
        minor, cred, time_req, bindings, actual, out, ret_flags, time_rec
    };
    const struct gw_name *name = (const struct gw_name *)target;
    struct gw_ctx *ctx = (struct gw_ctx *)*handle;
    OM_uint32 major;

    (void)mech;
    if (ctx != NULL)
        return next_leg(&c, ctx, name, flags, token);
    ctx = gw_ctx_new();
    if (ctx == NULL) {
        *minor = ENOMEM;
        return GSS_S_FAILURE;
    }
    major = first_leg(&c, ctx, name, flags, token);
    if (GSS_ERROR(major))
        gw_ctx_free(ctx);
    else
        *handle = (gss_ctx_id_t)ctx;
    return major;
}
