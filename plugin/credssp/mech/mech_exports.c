/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mech_exports.c - the names that the mechglue looks up in this module.
 *
 * A row is an entry point's parameters and arguments, checked against the
 * public prototype.  No other source has these names for its own: everywhere
 * else they are the mechglue's (mechglue.h).
 */
#include "config.h"

#include "plugin/credssp/mech/mech.h"

#define EXPORT __attribute__((visibility("default")))

#define ENTRY(name, params, args)                       \
    extern EXPORT __typeof__(gss_##name) gss_##name;    \
    OM_uint32 KRB5_CALLCONV gss_##name params           \
    {                                                   \
        return csm_##name args;                         \
    }

/* The same for a call on a context, ctx.  They take turns, so that threads can
 * share it: a TLS connection is for one at a time. */
#define CTX_ENTRY(name, params, args)                           \
    extern EXPORT __typeof__(gss_##name) gss_##name;            \
    OM_uint32 KRB5_CALLCONV gss_##name params                   \
    {                                                           \
        pthread_mutex_t *lock = &((struct csm_ctx *)ctx)->lock; \
        OM_uint32 major;                                        \
                                                                \
        (void)pthread_mutex_lock(lock);                         \
        major = csm_##name args;                                \
        (void)pthread_mutex_unlock(lock);                       \
        return major;                                           \
    }

ENTRY(acquire_cred,
      (OM_uint32 *minor, gss_name_t name, OM_uint32 time_req, gss_OID_set
       desired, gss_cred_usage_t usage, gss_cred_id_t *out, gss_OID_set
       *mechs, OM_uint32 *time_rec),
      (minor, name, time_req, desired, usage, out, mechs, time_rec))

ENTRY(acquire_cred_from,
      (OM_uint32 *minor, gss_name_t name, OM_uint32 time_req, gss_OID_set
       desired, gss_cred_usage_t usage, gss_const_key_value_set_t
       store, gss_cred_id_t *out, gss_OID_set *mechs, OM_uint32
       *time_rec),
      (minor, name, time_req, desired, usage, store, out, mechs, time_rec))

ENTRY(release_cred,
      (OM_uint32 *minor, gss_cred_id_t *cred),
      (minor, cred))

ENTRY(inquire_cred,
      (OM_uint32 *minor, gss_cred_id_t cred, gss_name_t *name, OM_uint32
       *lifetime, gss_cred_usage_t *usage, gss_OID_set *mechs),
      (minor, cred, name, lifetime, usage, mechs))

ENTRY(inquire_cred_by_mech,
      (OM_uint32 *minor, gss_cred_id_t cred, gss_OID mech, gss_name_t *name,
       OM_uint32 *init_life, OM_uint32 *accept_life, gss_cred_usage_t
       *usage),
      (minor, cred, mech, name, init_life, accept_life, usage))

ENTRY(import_name,
      (OM_uint32 *minor, gss_buffer_t text, gss_OID type, gss_name_t *out),
      (minor, text, type, out))

ENTRY(display_name,
      (OM_uint32 *minor, gss_name_t name, gss_buffer_t text, gss_OID *type),
      (minor, name, text, type))

ENTRY(compare_name,
      (OM_uint32 *minor, gss_name_t a, gss_name_t b, int *equal),
      (minor, a, b, equal))

ENTRY(duplicate_name,
      (OM_uint32 *minor, const gss_name_t in, gss_name_t *out),
      (minor, in, out))

ENTRY(release_name,
      (OM_uint32 *minor, gss_name_t *name),
      (minor, name))

ENTRY(canonicalize_name,
      (OM_uint32 *minor, const gss_name_t in, const gss_OID mech, gss_name_t
       *out),
      (minor, in, mech, out))

ENTRY(export_name,
      (OM_uint32 *minor, const gss_name_t in, gss_buffer_t out),
      (minor, in, out))

ENTRY(inquire_names_for_mech,
      (OM_uint32 *minor, gss_OID mech, gss_OID_set *out),
      (minor, mech, out))

ENTRY(init_sec_context,
      (OM_uint32 *minor, gss_cred_id_t cred, gss_ctx_id_t *handle, gss_name_t
       target, gss_OID mech, OM_uint32 req_flags, OM_uint32 time_req,
       gss_channel_bindings_t bindings, gss_buffer_t token, gss_OID
       *actual, gss_buffer_t out, OM_uint32 *flags, OM_uint32
       *time_rec),
      (minor, cred, handle, target, mech, req_flags, time_req, bindings,
       token, actual, out, flags, time_rec))

ENTRY(accept_sec_context,
      (OM_uint32 *minor, gss_ctx_id_t *handle, gss_cred_id_t verifier,
       gss_buffer_t token, gss_channel_bindings_t bindings, gss_name_t
       *src, gss_OID *mech, gss_buffer_t out, OM_uint32 *flags,
       OM_uint32 *time_rec, gss_cred_id_t *deleg),
      (minor, handle, verifier, token, bindings, src, mech, out, flags,
       time_rec, deleg))

ENTRY(delete_sec_context,
      (OM_uint32 *minor, gss_ctx_id_t *handle, gss_buffer_t token),
      (minor, handle, token))

CTX_ENTRY(context_time,
          (OM_uint32 *minor, gss_ctx_id_t ctx, OM_uint32 *seconds),
          (minor, ctx, seconds))

CTX_ENTRY(inquire_context,
          (OM_uint32 *minor, gss_ctx_id_t ctx, gss_name_t *src, gss_name_t
           *targ, OM_uint32 *lifetime, gss_OID *mech, OM_uint32 *flags, int
           *local, int *open),
          (minor, ctx, src, targ, lifetime, mech, flags, local, open))

CTX_ENTRY(inquire_sec_context_by_oid,
          (OM_uint32 *minor, const gss_ctx_id_t ctx, const gss_OID oid,
           gss_buffer_set_t *out),
          (minor, ctx, oid, out))

ENTRY(export_sec_context,
      (OM_uint32 *minor, gss_ctx_id_t *handle, gss_buffer_t token),
      (minor, handle, token))

CTX_ENTRY(wrap,
          (OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop,
           gss_buffer_t in, int *conf_state, gss_buffer_t out),
          (minor, ctx, conf, qop, in, conf_state, out))

CTX_ENTRY(unwrap,
          (OM_uint32 *minor, gss_ctx_id_t ctx, gss_buffer_t in, gss_buffer_t
           out, int *conf_state, gss_qop_t *qop),
          (minor, ctx, in, out, conf_state, qop))

CTX_ENTRY(wrap_size_limit,
          (OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop,
           OM_uint32 size, OM_uint32 *max),
          (minor, ctx, conf, qop, size, max))

CTX_ENTRY(wrap_iov,
          (OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop, int
           *conf_state, gss_iov_buffer_desc *iov, int count),
          (minor, ctx, conf, qop, conf_state, iov, count))

CTX_ENTRY(wrap_iov_length,
          (OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop, int
           *conf_state, gss_iov_buffer_desc *iov, int count),
          (minor, ctx, conf, qop, conf_state, iov, count))

CTX_ENTRY(unwrap_iov,
          (OM_uint32 *minor, gss_ctx_id_t ctx, int *conf_state, gss_qop_t *qop,
           gss_iov_buffer_desc *iov, int count),
          (minor, ctx, conf_state, qop, iov, count))

ENTRY(display_status,
      (OM_uint32 *minor, OM_uint32 value, int type, gss_OID mech, OM_uint32
       *more, gss_buffer_t out),
      (minor, value, type, mech, more, out))

ENTRY(indicate_mechs,
      (OM_uint32 *minor, gss_OID_set *out),
      (minor, out))

ENTRY(inquire_attrs_for_mech,
      (OM_uint32 *minor, gss_const_OID mech, gss_OID_set *attrs, gss_OID_set
       *known),
      (minor, mech, attrs, known))

/* Looked up by names of the mechglue's own, without public prototypes. */
EXPORT __typeof__(gss_acquire_cred_with_password)
    gssspi_acquire_cred_with_password;

OM_uint32 KRB5_CALLCONV
gssspi_acquire_cred_with_password(OM_uint32 *minor, const gss_name_t name,
                                  const gss_buffer_t password,
                                  OM_uint32 time_req,
                                  const gss_OID_set desired,
                                  gss_cred_usage_t usage, gss_cred_id_t *out,
                                  gss_OID_set *mechs, OM_uint32 *time_rec)
{
    return csm_acquire_cred_with_password(minor, name, password, time_req,
                                          desired, usage, out, mechs,
                                          time_rec);
}

EXPORT OM_uint32 gss_internal_release_oid(OM_uint32 *minor, gss_OID *oid);

OM_uint32
gss_internal_release_oid(OM_uint32 *minor, gss_OID *oid)
{
    return csm_internal_release_oid(minor, oid);
}
