/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mech.c - the interposer's entry, and the calls on names and contexts that
 * make or free a handle of ours.  (initctx.c has gss_init_sec_context.)
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "plugin/aside.h"
#include "plugin/frame.h"
#include "plugin/handles.h"
#include "plugin/conf/names.h"
#include "plugin/learned.h"
#include "plugin/lock.h"
#include "plugin/settings.h"

#define DECLARE(name) extern GW_EXPORT __typeof__(gss_##name) gssi_##name
DECLARE(display_status);
DECLARE(import_name);
DECLARE(duplicate_name);
DECLARE(release_name);
DECLARE(accept_sec_context);
DECLARE(delete_sec_context);
DECLARE(inquire_context);
DECLARE(export_sec_context);
DECLARE(set_sec_context_option);

/* Looked up by the mechglue; without public prototypes. */
GW_EXPORT gss_OID_set gss_mech_interposer(gss_OID mech);
GW_EXPORT OM_uint32 KRB5_CALLCONV
gssi_import_name_by_mech(OM_uint32 *minor, gss_OID mech, gss_buffer_t text,
                         gss_OID type, gss_name_t *out);
GW_EXPORT OM_uint32 KRB5_CALLCONV
gssi_import_sec_context_by_mech(OM_uint32 *minor, gss_OID mech,
                                gss_buffer_t token, gss_ctx_id_t *out);
GW_EXPORT OM_uint32 KRB5_CALLCONV
gssi_internal_release_oid(OM_uint32 *minor, gss_OID *oid);
GW_EXPORT OM_uint32 KRB5_CALLCONV
gssi_authorize_localname(OM_uint32 *minor, const gss_name_t name,
                         gss_const_buffer_t user, gss_const_OID type);
GW_EXPORT OM_uint32 KRB5_CALLCONV
gssi_mech_invoke(OM_uint32 *minor, const gss_OID mech, const gss_OID object,
                 gss_buffer_t value);

/* The end of the module: dlclose(), or the process's exit. */
static void __attribute__((destructor))
forget(void)
{
    gw_learned_clear();
    gw_settings_clear();
}

static int
same_oid(gss_const_OID a, gss_const_OID b)
{
    return a != NULL && b != NULL && a->length == b->length &&
        memcmp(a->elements, b->elements, a->length) == 0;
}

/*
 * Which mechanisms do we interpose?  The mechglue asks with its lock held.
 *
 * The answer has to stand for the life of the process: credentials that were
 * acquired for krb5 proper are not found, and silently replaced by the default
 * one, once krb5 is interposed.  So standing aside is an empty set, which the
 * mechglue keeps; for NULL it would ask again at each update of its list.
 */
gss_OID_set
gss_mech_interposer(gss_OID mech)
{
    gss_OID_set set = GSS_C_NO_OID_SET;
    OM_uint32 major, minor;

    if (!same_oid(mech, &gw_oid_interposer))
        return NULL;
    gw_lock_init();
    major = gss_create_empty_oid_set(&minor, &set);
    if (GSS_ERROR(major))
        return NULL;
    if (gw_stand_aside())
        return set;
    major = gss_add_oid_set_member(&minor, &gw_oid_krb5, &set);
    if (GSS_ERROR(major)) {
        (void)gss_release_oid_set(&minor, &set);
        return NULL;
    }
    return set;
}

OM_uint32 KRB5_CALLCONV
gssi_internal_release_oid(OM_uint32 *minor, gss_OID *oid)
{
    *minor = 0;
    if (*oid == &gw_oid_special || *oid == &gw_oid_krb5 ||
        *oid == &gw_oid_interposer) {
        *oid = GSS_C_NO_OID;
        return GSS_S_COMPLETE;
    }
    return GSS_S_CONTINUE_NEEDED;       /* not one of ours */
}

OM_uint32 KRB5_CALLCONV
gssi_mech_invoke(OM_uint32 *minor, const gss_OID mech, const gss_OID object,
                 gss_buffer_t value)
{
    (void)mech;
    return gssspi_mech_invoke(minor, &gw_oid_special, object, value);
}

/* The system's or com_err's text for a code that no mechanism has mapped. */
static OM_uint32
unmapped_status(OM_uint32 *minor, OM_uint32 value, gss_buffer_t out)
{
    const char *text = krb5_get_error_message(NULL, (krb5_error_code)value);

    *minor = 0;
    out->value = strdup(text != NULL ? text : "Unknown error");
    out->length = (out->value != NULL) ? strlen(out->value) : 0;
    krb5_free_error_message(NULL, text);
    if (out->value != NULL)
        return GSS_S_COMPLETE;
    *minor = ENOMEM;
    return GSS_S_FAILURE;
}

/* A type of status that nobody has: passed on by the mechglue, refused by krb5. */
#define STATUS_PROBE 0x4757

/*
 * The inner mechglue knows the codes that it has mapped for krb5.  One that it
 * returned as it was (its own ENOMEM, or ours) is known only as one of this
 * mechanism's, and asking would lead here again, for ever.  So ask first in a
 * way that only we would answer.
 */
OM_uint32 KRB5_CALLCONV
gssi_display_status(OM_uint32 *minor, OM_uint32 value, int type, gss_OID mech,
                    OM_uint32 *more, gss_buffer_t out)
{
    OM_uint32 major;

    (void)mech;
    if (type == STATUS_PROBE)
        return unmapped_status(minor, value, out);
    major = gss_display_status(minor, value, STATUS_PROBE, &gw_oid_special,
                               more, out);
    if (major == GSS_S_COMPLETE)
        return major;
    return gss_display_status(minor, value, type, &gw_oid_special, more, out);
}

/* Names. */

/* How many bytes are in front of the host, if this is a host-based name of
 * that class ("HTTP@") whose host is not too long?  Else 0. */
static size_t
class_length(const gss_buffer_t text, gss_const_OID type, const char *class)
{
    size_t skip = strlen(class);
    const char *p = text->value;

    if (text->length <= skip || strncasecmp(p, class, skip) != 0 ||
        text->length - skip > GW_HOST_MAX ||
        memchr(p, '\0', text->length) != NULL)
        return 0;
    if (!same_oid(type, GSS_C_NT_HOSTBASED_SERVICE) &&
        !same_oid(type, GSS_C_NT_HOSTBASED_SERVICE_X))
        return 0;
    return skip;
}

/* The host of "HTTP@host" as typed, in new memory; else NULL. */
static char *
http_host(const gss_buffer_t text, gss_const_OID type)
{
    size_t skip = class_length(text, type, "HTTP@");

    return (skip == 0) ? NULL :
        strndup((const char *)text->value + skip, text->length - skip);
}

/* WinRM's other names: whole, in new memory; else NULL.  Without memory they
 * are like any other. */
static char *
other_name(const gss_buffer_t text, gss_const_OID type)
{
    return (class_length(text, type, "host@") == 0 &&
            class_length(text, type, "WSMAN@") == 0) ? NULL :
        strndup(text->value, text->length);
}

OM_uint32 KRB5_CALLCONV
gssi_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
                 gss_name_t *out)
{
    gss_name_t inner = GSS_C_NO_NAME;
    OM_uint32 major;
    char *host;

    *out = GSS_C_NO_NAME;
    host = http_host(text, type);
    /* HTTP@host is canonicalised when somebody looks at it: to ask for another
     * name instead, nobody does, and it may cost a question to DNS. */
    major = (host != NULL) ? gss_import_name(minor, text, type, &inner) :
        gw_import(minor, text->value, text->length, type, &inner);
    if (!GSS_ERROR(major))
        major = gw_wrap_name(minor, inner, out);
    if (GSS_ERROR(major)) {
        free(host);
        return major;
    }
    ((struct gw_name *)*out)->http_host = host;
    if (host == NULL)
        ((struct gw_name *)*out)->other = other_name(text, type);
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_import_name_by_mech(OM_uint32 *minor, gss_OID mech, gss_buffer_t text,
                         gss_OID type, gss_name_t *out)
{
    (void)mech;
    return gssi_import_name(minor, text, type, out);
}

OM_uint32 KRB5_CALLCONV
gssi_duplicate_name(OM_uint32 *minor, const gss_name_t in, gss_name_t *out)
{
    const struct gw_name *name = (const struct gw_name *)in;
    gss_name_t inner;
    OM_uint32 major, tmp;
    char *host = NULL;

    *out = GSS_C_NO_NAME;
    major = gss_duplicate_name(minor, name->inner, &inner);
    if (GSS_ERROR(major))
        return major;
    if (name->http_host != NULL && (host = strdup(name->http_host)) == NULL) {
        (void)gss_release_name(&tmp, &inner);
        *minor = ENOMEM;
        return GSS_S_FAILURE;
    }
    if (GSS_ERROR(gw_wrap_name(minor, inner, out))) {
        free(host);
        return GSS_S_FAILURE;
    }
    ((struct gw_name *)*out)->http_host = host;
    if (name->other != NULL)
        ((struct gw_name *)*out)->other = strdup(name->other);
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_release_name(OM_uint32 *minor, gss_name_t *handle)
{
    struct gw_name *name = (struct gw_name *)*handle;
    OM_uint32 major;

    *minor = 0;
    if (name == NULL)
        return GSS_S_COMPLETE;
    if (name->canon != GSS_C_NO_NAME)
        (void)gss_release_name(minor, &name->canon);
    major = gss_release_name(minor, &name->inner);
    free(name->http_host);
    free(name->other);
    free(name);
    *handle = GSS_C_NO_NAME;
    return major;
}

/* The mechglue has taken the user's name apart; put it together again. */
OM_uint32 KRB5_CALLCONV
gssi_authorize_localname(OM_uint32 *minor, const gss_name_t name,
                         gss_const_buffer_t user, gss_const_OID type)
{
    gss_name_t local = GSS_C_NO_NAME;
    OM_uint32 major, tmp;

    major = gss_import_name(minor, (gss_buffer_t)(uintptr_t)user,
                            (gss_OID)(uintptr_t)type, &local);
    if (GSS_ERROR(major))
        return major;
    major = gss_authorize_localname(minor, gw_canonical(name), local);
    (void)gss_release_name(&tmp, &local);
    return major;
}

/* Contexts. */

/* Wrap a finished inner context.  On failure inner is deleted. */
static OM_uint32
wrap_ctx(OM_uint32 *minor, gss_ctx_id_t inner, gss_ctx_id_t *out)
{
    struct gw_ctx *ctx = gw_ctx_new();
    OM_uint32 tmp;

    if (ctx == NULL) {
        (void)gss_delete_sec_context(&tmp, &inner, GSS_C_NO_BUFFER);
        *minor = ENOMEM;
        return GSS_S_FAILURE;
    }
    ctx->inner = inner;
    *out = (gss_ctx_id_t)ctx;
    return GSS_S_COMPLETE;
}

/*
 * With no verifier credential the re-entered mechglue has nothing but the
 * token to choose a mechanism by, and would choose us again: name krb5's
 * default acceptor credential for it.
 */
static OM_uint32
accept_cred(OM_uint32 *minor, gss_cred_id_t *own, gss_cred_id_t *use)
{
    OM_uint32 major = GSS_S_COMPLETE;

    if (*use == GSS_C_NO_CREDENTIAL) {
        major = gss_acquire_cred(minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                 &gw_set_special, GSS_C_ACCEPT, own, NULL,
                                 NULL);
        *use = *own;
    }
    return major;
}

/* Turn what the acceptor was given into handles of ours. */
static OM_uint32
wrap_accepted(OM_uint32 *minor, gss_name_t *src, gss_cred_id_t *deleg)
{
    gss_name_t inner_name = (src != NULL) ? *src : GSS_C_NO_NAME;
    gss_cred_id_t inner_cred = (deleg != NULL) ? *deleg : GSS_C_NO_CREDENTIAL;
    OM_uint32 name_major = GSS_S_COMPLETE, cred_major = GSS_S_COMPLETE;

    if (src != NULL) {
        *src = GSS_C_NO_NAME;
        name_major = gw_wrap_name(minor, inner_name, src);
    }
    if (deleg != NULL) {
        *deleg = GSS_C_NO_CREDENTIAL;
        cred_major = gw_wrap_cred(minor, inner_cred, NULL, deleg);
    }
    return (GSS_ERROR(name_major) || GSS_ERROR(cred_major)) ?
        GSS_S_FAILURE : GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
gssi_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                        gss_cred_id_t verifier, gss_buffer_t token,
                        gss_channel_bindings_t bindings, gss_name_t *src,
                        gss_OID *mech, gss_buffer_t out, OM_uint32 *flags,
                        OM_uint32 *time_rec, gss_cred_id_t *deleg)
{
    struct gw_ctx *ctx = (struct gw_ctx *)*handle, *fresh = NULL;
    gss_cred_id_t own, use;
    OM_uint32 major, tmp;

    if (ctx == NULL) {
        ctx = fresh = gw_ctx_new();
        if (fresh == NULL) {
            *minor = ENOMEM;
            return GSS_S_FAILURE;
        }
    }
    /* A later leg's mechanism is that of the context. */
    own = GSS_C_NO_CREDENTIAL;
    use = gw_inner_cred(verifier);
    major = (fresh != NULL) ? accept_cred(minor, &own, &use) : GSS_S_COMPLETE;
    if (!GSS_ERROR(major)) {
        major = gss_accept_sec_context(minor, &ctx->inner, use, token,
                                       bindings, src, mech, out, flags,
                                       time_rec, deleg);
        if (GSS_ERROR(wrap_accepted(minor, src, deleg)))
            major = GSS_S_FAILURE;
        (void)gss_release_cred(&tmp, &own);
    }
    if (fresh != NULL && GSS_ERROR(major))
        gw_ctx_free(fresh);
    else
        *handle = (gss_ctx_id_t)ctx;
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                        gss_buffer_t token)
{
    struct gw_ctx *ctx = (struct gw_ctx *)*handle;
    OM_uint32 major = GSS_S_COMPLETE;

    *minor = 0;
    if (ctx == NULL)
        return GSS_S_COMPLETE;
    gw_ctx_forget(ctx);
    if (ctx->inner != GSS_C_NO_CONTEXT)
        major = gss_delete_sec_context(minor, &ctx->inner, token);
    gw_ctx_free(ctx);
    *handle = GSS_C_NO_CONTEXT;
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_inquire_context(OM_uint32 *minor, gss_ctx_id_t ctx, gss_name_t *src,
                     gss_name_t *targ, OM_uint32 *lifetime, gss_OID *mech,
                     OM_uint32 *flags, int *local, int *open)
{
    gss_name_t inner;
    OM_uint32 major, wrap = GSS_S_COMPLETE, tmp;

    major = gss_inquire_context(minor, gw_inner_ctx(ctx), src, targ, lifetime,
                                mech, flags, local, open);
    if (GSS_ERROR(major))
        return major;
    if (src != NULL) {
        inner = *src;
        *src = GSS_C_NO_NAME;
        wrap = gw_wrap_name(minor, inner, src);
    }
    if (targ != NULL) {
        inner = *targ;
        *targ = GSS_C_NO_NAME;
        if (GSS_ERROR(gw_wrap_name(minor, inner, targ)))
            wrap = GSS_S_FAILURE;
    }
    if (GSS_ERROR(wrap)) {
        if (src != NULL && *src != GSS_C_NO_NAME)
            (void)gssi_release_name(&tmp, src);
        if (targ != NULL && *targ != GSS_C_NO_NAME)
            (void)gssi_release_name(&tmp, targ);
        return GSS_S_FAILURE;
    }
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_set_sec_context_option(OM_uint32 *minor, gss_ctx_id_t *handle,
                            const gss_OID option, const gss_buffer_t value)
{
    struct gw_ctx *ctx = (struct gw_ctx *)*handle;
    gss_ctx_id_t inner = gw_inner_ctx(*handle);
    OM_uint32 major;

    major = gss_set_sec_context_option(minor, &inner, option, value);
    if (ctx != NULL) {
        ctx->inner = inner;
        return major;
    }
    if (GSS_ERROR(major) || inner == GSS_C_NO_CONTEXT)
        return major;
    return wrap_ctx(minor, inner, handle);
}

/* As with credentials: the frame inside our token would be one too many. */
OM_uint32 KRB5_CALLCONV
gssi_export_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                        gss_buffer_t token)
{
    struct gw_ctx *ctx = (struct gw_ctx *)*handle;
    OM_uint32 major;

    if (ctx == NULL)
        return GSS_S_NO_CONTEXT;
    major = gss_export_sec_context(minor, &ctx->inner, token);
    if (ctx->inner == GSS_C_NO_CONTEXT) {
        gw_ctx_free(ctx);
        *handle = GSS_C_NO_CONTEXT;
    }
    if (GSS_ERROR(major))
        return major;
    return gw_unframe_ctx(minor, token);
}

OM_uint32 KRB5_CALLCONV
gssi_import_sec_context_by_mech(OM_uint32 *minor, gss_OID mech,
                                gss_buffer_t token, gss_ctx_id_t *out)
{
    gss_ctx_id_t inner = GSS_C_NO_CONTEXT;
    gss_buffer_desc framed;
    OM_uint32 major;

    (void)mech;
    *out = GSS_C_NO_CONTEXT;
    major = gw_frame_ctx(minor, token, &framed);
    if (GSS_ERROR(major))
        return major;
    major = gss_import_sec_context(minor, &framed, &inner);
    free(framed.value);
    if (GSS_ERROR(major))
        return major;
    return wrap_ctx(minor, inner, out);
}
