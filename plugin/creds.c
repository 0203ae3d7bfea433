/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * creds.c - calls that make, copy or free a credential.
 *
 * Each asks the re-entered mechglue for the one mechanism that we interpose,
 * whatever the set it was given: the outer mechglue calls us once per
 * mechanism.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/frame.h"
#include "plugin/handles.h"

#define DECLARE(name) extern GW_EXPORT __typeof__(gss_##name) gssi_##name
DECLARE(acquire_cred);
DECLARE(acquire_cred_from);
DECLARE(acquire_cred_with_password);
DECLARE(acquire_cred_impersonate_name);
DECLARE(release_cred);
DECLARE(inquire_cred);
DECLARE(inquire_cred_by_mech);
DECLARE(set_cred_option);
DECLARE(export_cred);
DECLARE(import_cred);

GW_EXPORT OM_uint32 KRB5_CALLCONV
gssi_import_cred_by_mech(OM_uint32 *minor, gss_OID mech, gss_buffer_t token,
                         gss_cred_id_t *cred_out);

/* The ccache that a credential store names, or NULL (MIT: gss_acquire_cred_from). */
static const char *
store_ccache(gss_const_key_value_set_t store)
{
    OM_uint32 i;

    for (i = 0; store != NULL && i < store->count; i++) {
        if (strcmp(store->elements[i].key, "ccache") == 0)
            return store->elements[i].value;
    }
    return NULL;
}

/* Finish an acquisition: hand out a wrapped cred, or the error. */
static OM_uint32
finish(OM_uint32 major, OM_uint32 *minor, gss_cred_id_t inner,
       const char *ccache, gss_cred_id_t *out, gss_OID_set *mechs)
{
    OM_uint32 tmp;

    if (GSS_ERROR(major))
        return major;
    if (GSS_ERROR(gw_wrap_cred(minor, inner, ccache, out))) {
        if (mechs != NULL)
            (void)gss_release_oid_set(&tmp, mechs);
        return GSS_S_FAILURE;
    }
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_acquire_cred_from(OM_uint32 *minor, gss_name_t name, OM_uint32 time_req,
                       gss_OID_set desired_mechs, gss_cred_usage_t usage,
                       gss_const_key_value_set_t store, gss_cred_id_t *out,
                       gss_OID_set *mechs, OM_uint32 *time_rec)
{
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    (void)desired_mechs;
    *out = GSS_C_NO_CREDENTIAL;
    major = gss_acquire_cred_from(minor, gw_canonical(name), time_req,
                                  &gw_set_special, usage, store, &inner,
                                  mechs, time_rec);
    major = finish(major, minor, inner, store_ccache(store), out, mechs);
    if (!GSS_ERROR(major))
        ((struct gw_cred *)*out)->is_default =
            (name == GSS_C_NO_NAME && store_ccache(store) == NULL);
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_acquire_cred(OM_uint32 *minor, gss_name_t name, OM_uint32 time_req,
                  gss_OID_set desired_mechs, gss_cred_usage_t usage,
                  gss_cred_id_t *out, gss_OID_set *mechs, OM_uint32 *time_rec)
{
    return gssi_acquire_cred_from(minor, name, time_req, desired_mechs, usage,
                                  GSS_C_NO_CRED_STORE, out, mechs, time_rec);
}

OM_uint32 KRB5_CALLCONV
gssi_acquire_cred_with_password(OM_uint32 *minor, const gss_name_t name,
                                const gss_buffer_t password,
                                OM_uint32 time_req,
                                const gss_OID_set desired_mechs,
                                gss_cred_usage_t usage, gss_cred_id_t *out,
                                gss_OID_set *mechs, OM_uint32 *time_rec)
{
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    (void)desired_mechs;
    *out = GSS_C_NO_CREDENTIAL;
    major = gss_acquire_cred_with_password(minor, gw_canonical(name),
                                           password, time_req,
                                           &gw_set_special, usage, &inner,
                                           mechs, time_rec);
    return finish(major, minor, inner, NULL, out, mechs);
}

OM_uint32 KRB5_CALLCONV
gssi_acquire_cred_impersonate_name(OM_uint32 *minor,
                                   const gss_cred_id_t impersonator,
                                   const gss_name_t name, OM_uint32 time_req,
                                   const gss_OID_set desired_mechs,
                                   gss_cred_usage_t usage, gss_cred_id_t *out,
                                   gss_OID_set *mechs, OM_uint32 *time_rec)
{
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    (void)desired_mechs;
    *out = GSS_C_NO_CREDENTIAL;
    major = gss_acquire_cred_impersonate_name(minor,
                                              gw_inner_cred(impersonator),
                                              gw_canonical(name), time_req,
                                              &gw_set_special, usage, &inner,
                                              mechs, time_rec);
    return finish(major, minor, inner, NULL, out, mechs);
}

OM_uint32 KRB5_CALLCONV
gssi_release_cred(OM_uint32 *minor, gss_cred_id_t *handle)
{
    struct gw_cred *cred = (struct gw_cred *)*handle;
    OM_uint32 major;

    *minor = 0;
    if (cred == NULL)
        return GSS_S_COMPLETE;
    major = gss_release_cred(minor, &cred->inner);
    free(cred->ccache);
    free(cred);
    *handle = GSS_C_NO_CREDENTIAL;
    return major;
}

/* Wrap the name that an inquiry returned, in place. */
static OM_uint32
wrap_out_name(OM_uint32 major, OM_uint32 *minor, gss_name_t *name)
{
    gss_name_t inner;

    if (GSS_ERROR(major) || name == NULL)
        return major;
    inner = *name;
    *name = GSS_C_NO_NAME;
    if (GSS_ERROR(gw_wrap_name(minor, inner, name)))
        return GSS_S_FAILURE;
    return major;
}

OM_uint32 KRB5_CALLCONV
gssi_inquire_cred_by_mech(OM_uint32 *minor, gss_cred_id_t cred, gss_OID mech,
                          gss_name_t *name, OM_uint32 *init_life,
                          OM_uint32 *accept_life, gss_cred_usage_t *usage)
{
    OM_uint32 major;

    (void)mech;
    major = gss_inquire_cred_by_mech(minor, gw_inner_cred(cred),
                                     &gw_oid_special, name, init_life,
                                     accept_life, usage);
    return wrap_out_name(major, minor, name);
}

OM_uint32 KRB5_CALLCONV
gssi_inquire_cred(OM_uint32 *minor, gss_cred_id_t cred, gss_name_t *name,
                  OM_uint32 *lifetime, gss_cred_usage_t *usage,
                  gss_OID_set *mechs)
{
    gss_cred_id_t inner = gw_inner_cred(cred), own = GSS_C_NO_CREDENTIAL;
    OM_uint32 major, tmp;

    if (inner == GSS_C_NO_CREDENTIAL) {
        /* The default credential, of the real krb5 and of nobody else. */
        major = gss_acquire_cred(minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                 &gw_set_special, GSS_C_INITIATE, &own, NULL,
                                 NULL);
        if (GSS_ERROR(major))
            return major;
        inner = own;
    }
    major = gss_inquire_cred(minor, inner, name, lifetime, usage, mechs);
    (void)gss_release_cred(&tmp, &own);
    return wrap_out_name(major, minor, name);
}

OM_uint32 KRB5_CALLCONV
gssi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *handle,
                     const gss_OID option, const gss_buffer_t value)
{
    struct gw_cred *cred = (struct gw_cred *)*handle;
    gss_cred_id_t inner = gw_inner_cred(*handle);
    OM_uint32 major;

    major = gss_set_cred_option(minor, &inner, option, value);
    if (cred != NULL) {
        cred->inner = inner;
        return major;
    }
    /* The mechanism may have made a credential of nothing. */
    return finish(major, minor, inner, NULL, handle, NULL);
}

/*
 * The inner mechglue frames the mechanism's token:
 *   u32 OID length, OID, u32 token length, token
 * and the outer one will frame what we return in the same way, so the token
 * goes out, and is taken in, without our frame around it: it is krb5's own,
 * good in a process without an interposer too.
 */
OM_uint32 KRB5_CALLCONV
gssi_export_cred(OM_uint32 *minor, gss_cred_id_t cred, gss_buffer_t token)
{
    OM_uint32 major;

    major = gss_export_cred(minor, gw_inner_cred(cred), token);
    if (GSS_ERROR(major))
        return major;
    return gw_unframe_cred(minor, token);
}

OM_uint32 KRB5_CALLCONV
gssi_import_cred(OM_uint32 *minor, gss_buffer_t token, gss_cred_id_t *out)
{
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    gss_buffer_desc framed;
    OM_uint32 major;

    *out = GSS_C_NO_CREDENTIAL;
    major = gw_frame_cred(minor, token, &framed);
    if (GSS_ERROR(major))
        return major;
    major = gss_import_cred(minor, &framed, &inner);
    free(framed.value);
    return finish(major, minor, inner, NULL, out, NULL);
}

OM_uint32 KRB5_CALLCONV
gssi_import_cred_by_mech(OM_uint32 *minor, gss_OID mech, gss_buffer_t token,
                         gss_cred_id_t *cred_out)
{
    (void)mech;
    return gssi_import_cred(minor, token, cred_out);
}
