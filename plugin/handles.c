/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* handles.c - making and releasing our names, credentials and contexts. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/handles.h"
#include "plugin/search.h"

/* 2.25.1467839256 */
#define INTERPOSER_OID "\x69\x85\xbb\xf5\xe6\x18"
#define INTERPOSER_OID_LENGTH 6
/* 1.2.840.113554.1.2.2 */
#define KRB5_OID "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
#define KRB5_OID_LENGTH 9

gss_OID_desc gw_oid_interposer = {
    INTERPOSER_OID_LENGTH, (void *)INTERPOSER_OID
};
gss_OID_desc gw_oid_krb5 = { KRB5_OID_LENGTH, (void *)KRB5_OID };
gss_OID_desc gw_oid_special = {
    INTERPOSER_OID_LENGTH + KRB5_OID_LENGTH, (void *)INTERPOSER_OID KRB5_OID
};
gss_OID_set_desc gw_set_special = { 1, &gw_oid_special };

static OM_uint32
no_memory(OM_uint32 *minor)
{
    *minor = ENOMEM;
    return GSS_S_FAILURE;
}

OM_uint32
gw_wrap_name(OM_uint32 *minor, gss_name_t inner, gss_name_t *out)
{
    struct gw_name *name;
    OM_uint32 tmp;

    if (inner == GSS_C_NO_NAME) {
        *out = GSS_C_NO_NAME;
        return GSS_S_COMPLETE;
    }
    name = calloc(1, sizeof(*name));
    if (name == NULL) {
        (void)gss_release_name(&tmp, &inner);
        return no_memory(minor);
    }
    name->inner = inner;
    *out = (gss_name_t)name;
    return GSS_S_COMPLETE;
}

OM_uint32
gw_wrap_cred(OM_uint32 *minor, gss_cred_id_t inner, const char *ccache,
             gss_cred_id_t *out)
{
    struct gw_cred *cred;
    OM_uint32 tmp;

    if (inner == GSS_C_NO_CREDENTIAL) {
        *out = GSS_C_NO_CREDENTIAL;
        return GSS_S_COMPLETE;
    }
    cred = calloc(1, sizeof(*cred));
    if (cred != NULL && ccache != NULL)
        cred->ccache = strdup(ccache);
    if (cred == NULL || (ccache != NULL && cred->ccache == NULL)) {
        free(cred);
        (void)gss_release_cred(&tmp, &inner);
        return no_memory(minor);
    }
    cred->inner = inner;
    *out = (gss_cred_id_t)cred;
    return GSS_S_COMPLETE;
}

struct gw_ctx *
gw_ctx_new(void)
{
    return calloc(1, sizeof(struct gw_ctx));
}

void
gw_ctx_forget(struct gw_ctx *ctx)
{
    gw_search_free(ctx->attempt);
    ctx->attempt = NULL;
}

void
gw_ctx_free(struct gw_ctx *ctx)
{
    OM_uint32 tmp;

    if (ctx == NULL)
        return;
    gw_ctx_forget(ctx);
    if (ctx->inner != GSS_C_NO_CONTEXT)
        (void)gss_delete_sec_context(&tmp, &ctx->inner, GSS_C_NO_BUFFER);
    free(ctx);
}

OM_uint32
gw_import(OM_uint32 *minor, const char *text, size_t len, gss_OID type,
          gss_name_t *out)
{
    gss_buffer_desc buf = { len, (void *)(uintptr_t)text };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, tmp;

    *out = GSS_C_NO_NAME;
    major = gss_import_name(minor, &buf, type, &name);
    if (GSS_ERROR(major))
        return major;
    /* Not in place: the mechglue would then copy the name's attributes from
     * the name onto itself, and give it some by doing so. */
    major = gss_canonicalize_name(minor, name, &gw_oid_special, out);
    (void)gss_release_name(&tmp, &name);
    return major;
}

gss_name_t
gw_canonical(gss_name_t handle)
{
    struct gw_name *name = (struct gw_name *)handle;
    gss_name_t canon = GSS_C_NO_NAME, expected = GSS_C_NO_NAME;
    OM_uint32 minor;

    if (name == NULL)
        return GSS_C_NO_NAME;
    if (name->http_host == NULL)
        return name->inner;
    canon = __atomic_load_n(&name->canon, __ATOMIC_ACQUIRE);
    if (canon != GSS_C_NO_NAME)
        return canon;
    if (GSS_ERROR(gss_canonicalize_name(&minor, name->inner, &gw_oid_special,
                                        &canon)))
        return name->inner;
    /* Names may be shared between threads: the first one here wins. */
    if (__atomic_compare_exchange_n(&name->canon, &expected, canon, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return canon;
    (void)gss_release_name(&minor, &canon);
    return expected;
}
