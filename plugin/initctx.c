/* initctx.c - gss_init_sec_context, where the rewriting happens. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "handles.h"
#include "initctx.h"

extern GW_EXPORT __typeof__(gss_init_sec_context) gssi_init_sec_context;

void
gw_attempt_free(struct gw_attempt *attempt)
{
    (void)attempt;
}

OM_uint32 KRB5_CALLCONV
gssi_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                      gss_ctx_id_t *handle, gss_name_t target, gss_OID mech,
                      OM_uint32 flags, OM_uint32 time_req,
                      gss_channel_bindings_t bindings, gss_buffer_t token,
                      gss_OID *actual, gss_buffer_t out, OM_uint32 *ret_flags,
                      OM_uint32 *time_rec)
{
    struct gw_ctx *ctx = (struct gw_ctx *)*handle, *fresh = NULL;
    OM_uint32 major;

    (void)mech;
    if (ctx == NULL) {
        ctx = fresh = gw_ctx_new();
        if (fresh == NULL) {
            *minor = ENOMEM;
            return GSS_S_FAILURE;
        }
    }
    major = gss_init_sec_context(minor, gw_inner_cred(cred), &ctx->inner,
                                 gw_inner_name(target), &gw_oid_special, flags,
                                 time_req, bindings, token, actual, out,
                                 ret_flags, time_rec);
    if (fresh != NULL && GSS_ERROR(major))
        gw_ctx_free(fresh);
    else
        *handle = (gss_ctx_id_t)ctx;
    return major;
}
