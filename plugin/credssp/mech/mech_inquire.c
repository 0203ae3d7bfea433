/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mech_inquire.c - what can be asked about the mechanism and its contexts. */
#include "config.h"

#include <string.h>

#include "plugin/credssp/mech/gss_credssp.h"
#include "plugin/credssp/mech/mech.h"
#include "plugin/credssp/mechglue.h"
#include "plugin/bytes/utf16.h"
#include "plugin/credssp/tscreds.h"

const gss_OID_desc csm_oid = {
    GSS_CREDSSP_OID_LENGTH, (void *)GSS_CREDSSP_OID
};

OM_uint32
csm_internal_release_oid(OM_uint32 *minor, gss_OID *oid)
{
    *minor = 0;
    if (*oid != &csm_oid)
        return GSS_S_CONTINUE_NEEDED;   /* not one of ours */
    *oid = GSS_C_NO_OID;
    return GSS_S_COMPLETE;
}

static OM_uint32
oid_set(OM_uint32 *minor, gss_const_OID *oids, size_t n, gss_OID_set *out)
{
    OM_uint32 major = gss_create_empty_oid_set(minor, out), tmp;
    size_t i;

    for (i = 0; i < n && !GSS_ERROR(major); i++)
        major = gss_add_oid_set_member(minor, (gss_OID)(uintptr_t)oids[i],
                                       out);
    if (GSS_ERROR(major))
        (void)gss_release_oid_set(&tmp, out);
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_indicate_mechs(OM_uint32 *minor, gss_OID_set *out)
{
    gss_const_OID own[] = { &csm_oid };

    return oid_set(minor, own, 1, out);
}

/* MECH_NEGO keeps SPNEGO from choosing us (RFC 5587), as it keeps SPNEGO from
 * choosing itself; NOT_DFLT_MECH would keep acceptors from it as well. */
OM_uint32 KRB5_CALLCONV
csm_inquire_attrs_for_mech(OM_uint32 *minor, gss_const_OID mech,
                           gss_OID_set *attrs, gss_OID_set *known)
{
    gss_const_OID have[10] = {
        GSS_C_MA_MECH_CONCRETE, GSS_C_MA_MECH_NEGO, GSS_C_MA_AUTH_INIT,
        GSS_C_MA_AUTH_TARG, GSS_C_MA_DELEG_CRED, GSS_C_MA_INTEG_PROT,
        GSS_C_MA_CONF_PROT, GSS_C_MA_WRAP, GSS_C_MA_REPLAY_DET,
        GSS_C_MA_OOS_DET
    };
    const size_t n = 10;
    OM_uint32 major = GSS_S_COMPLETE, tmp;

    (void)mech;
    *minor = 0;
    if (attrs != NULL)
        major = oid_set(minor, have, n, attrs);
    if (!GSS_ERROR(major) && known != NULL) {
        major = oid_set(minor, have, n, known);
        if (GSS_ERROR(major) && attrs != NULL)
            (void)gss_release_oid_set(&tmp, attrs);
    }
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_context_time(OM_uint32 *minor, gss_ctx_id_t ctx, OM_uint32 *seconds)
{
    OM_uint32 left = csm_time_left((const struct csm_ctx *)ctx);

    *minor = 0;
    if (seconds != NULL)
        *seconds = left;
    return (left > 0) ? GSS_S_COMPLETE : GSS_S_CONTEXT_EXPIRED;
}

/* One of the names of the inner context, as ours. */
static OM_uint32
copy_name(OM_uint32 *minor, gss_name_t inner, gss_name_t *out)
{
    struct csm_name *name;
    gss_name_t copy;
    OM_uint32 major;

    *out = GSS_C_NO_NAME;
    if (inner == GSS_C_NO_NAME)
        return GSS_S_COMPLETE;
    major = gss_duplicate_name(minor, inner, &copy);
    if (!GSS_ERROR(major))
        major = csm_wrap_name(minor, copy, &name);
    if (!GSS_ERROR(major))
        *out = (gss_name_t)name;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_inquire_context(OM_uint32 *minor, gss_ctx_id_t ctx, gss_name_t *src,
                    gss_name_t *targ, OM_uint32 *lifetime, gss_OID *mech,
                    OM_uint32 *flags, int *local, int *open)
{
    const struct csm_ctx *x = (const struct csm_ctx *)ctx;
    static const struct cs_inner_info nothing;
    const struct cs_inner_info *inner;
    struct credssp_info info;
    OM_uint32 major = GSS_S_COMPLETE, tmp;

    *minor = 0;
    credssp_info(x->credssp, &info);
    inner = (info.inner != NULL) ? info.inner : &nothing;
    if (lifetime != NULL)
        *lifetime = csm_time_left(x);
    if (mech != NULL)
        *mech = (gss_OID)(uintptr_t)&csm_oid;
    if (flags != NULL)
        *flags = csm_granted(x);
    if (local != NULL)
        *local = x->initiator;
    if (open != NULL)
        *open = info.done;
    if (src != NULL)
        major = copy_name(minor, inner->source, src);
    if (targ != NULL && !GSS_ERROR(major)) {
        major = copy_name(minor, inner->target, targ);
        if (GSS_ERROR(major) && src != NULL && *src != GSS_C_NO_NAME)
            (void)csm_release_name(&tmp, src);
    }
    return major;
}

/* --- By OID --- */

int
csm_has_delegated(const struct credssp *credssp)
{
    struct cs_tscreds creds;

    return cs_tscreds_decode(credssp_delegated(credssp), &creds, NULL) == 0 &&
        creds.type == CS_PASSWORD && creds.u.password.user.len > 0;
}

int
csm_delegated_parts(const struct credssp *credssp, struct cs_buf part[3],
                    struct cs_error *err)
{
    struct cs_span der = credssp_delegated(credssp), wide[3];
    struct cs_tscreds creds;
    int ret = cs_tscreds_decode(der, &creds, err), i;

    if (ret == 0 && creds.type != CS_PASSWORD)
        ret = cs_fail(err, CS_POLICY, "the client delegated a credential that "
                      "is not a password");
    if (ret != 0)
        return ret;
    wide[0] = creds.u.password.domain;
    wide[1] = creds.u.password.user;
    wide[2] = creds.u.password.password;
    for (i = 0; i < 3 && ret == 0; i++) {
        ret = cs_utf8_from_utf16(wide[i], &part[i]);
        cs_buf_add(&part[i], "", 1);
        if (ret == 0)
            ret = part[i].error;
    }
    if (ret == CS_NOMEM)
        return cs_nomem(err);
    return ret == 0 ? 0 : cs_fail(err, CS_MALFORMED,
                                  "the delegated credential is not valid "
                                  "UTF-16");
}

/* Add a buffer to an answer. */
static OM_uint32
answer(OM_uint32 *minor, const void *p, size_t len, gss_buffer_set_t *out)
{
    gss_buffer_desc buffer = { len, (void *)(uintptr_t)p };

    return gss_add_buffer_set_member(minor, &buffer, out);
}

static OM_uint32
answer_number(OM_uint32 *minor, uint32_t n, gss_buffer_set_t *out)
{
    uint8_t octets[4] = { n, n >> 8, n >> 16, n >> 24 };

    return answer(minor, octets, 4, out);
}

static OM_uint32
answer_delegated(OM_uint32 *minor, struct csm_ctx *x, gss_buffer_set_t *out)
{
    struct cs_buf part[3];
    OM_uint32 major = GSS_S_COMPLETE, tmp;
    struct cs_error err;
    int i;

    if (credssp_delegated(x->credssp).len == 0)
        return csm_refuse(minor, GSS_S_UNAVAILABLE,
                          "no credential was delegated, or it was already "
                          "fetched");
    for (i = 0; i < 3; i++)
        part[i] = (struct cs_buf)CS_BUF_INIT(CS_TSCREDS_MAX);
    if (csm_delegated_parts(x->credssp, part, &err) != 0)
        major = csm_error(minor, &err);
    for (i = 0; i < 3; i++) {
        if (!GSS_ERROR(major))
            major = answer(minor, part[i].p, part[i].len - 1, out);
        cs_buf_free(&part[i]);
    }
    if (!GSS_ERROR(major))
        credssp_forget(x->credssp);
    else
        (void)gss_release_buffer_set(&tmp, out);
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_inquire_sec_context_by_oid(OM_uint32 *minor, const gss_ctx_id_t ctx,
                               const gss_OID oid, gss_buffer_set_t *out)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    struct credssp_info info;
    struct cs_tls_frame frame;
    const uint8_t *p = oid->elements;

    *minor = 0;
    *out = GSS_C_NO_BUFFER_SET;
    if (oid->length != GSS_CREDSSP_INQ_LENGTH ||
        memcmp(p, GSS_CREDSSP_OID, GSS_CREDSSP_OID_LENGTH) != 0)
        return csm_refuse(minor, GSS_S_UNAVAILABLE,
                          "unknown inquiry OID");
    credssp_info(x->credssp, &info);
    if (!info.done)
        return csm_refuse(minor, GSS_S_NO_CONTEXT,
                          "the context is not established");
    switch (p[GSS_CREDSSP_OID_LENGTH]) {
    case 1:
        credssp_frame(x->credssp, CS_RECORD_MAX, &frame);
        return answer_number(minor, frame.trailer, out);
    case 2:
        return answer_number(minor, info.version, out);
    case 3:
        return answer(minor, info.tls_version, strlen(info.tls_version), out);
    case 4:
        return answer(minor, info.tls_cipher, strlen(info.tls_cipher), out);
    case 5:
        return answer(minor, info.inner->mech->elements,
                      info.inner->mech->length, out);
    case 6:
        return answer_delegated(minor, x, out);
    default:
        return csm_refuse(minor, GSS_S_UNAVAILABLE,
                          "unknown inquiry OID");
    }
}
