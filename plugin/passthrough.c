/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * passthrough.c - the calls that need nothing but forwarding.
 *
 * A row is the call's own parameters and the same call into the mechglue, with
 * our handles unwrapped and the mechanism replaced by the OID that reaches the
 * real krb5.  Each row is checked against the public prototype.
 *
 * What is not here: the calls of mech.c, creds.c and initctx.c, which also make
 * or keep something; add_cred and add_cred_impersonate_name, which the mechglue
 * looks up but never calls; and set_neg_mechs, which krb5 itself lacks.  (With an
 * entry of ours the mechglue would report its GSS_S_UNAVAILABLE for a
 * credential whose SPNEGO element had been set; without, it skips us as it
 * skips krb5.)  NegoEx's calls (query_meta_data, exchange_meta_data,
 * query_mechanism_info) krb5 has inside its mechglue only: the library exports
 * no symbol to forward to, and an interposer is not asked for them.
 */
#include "config.h"

#include "plugin/handles.h"

/* A row need not use the mechanism that it is given. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define PASS(name, params, args)                                        \
    extern GW_EXPORT __typeof__(gss_##name) gssi_##name;                \
    OM_uint32 KRB5_CALLCONV                                             \
    gssi_##name params                                                  \
    {                                                                   \
        return gss_##name args;                                         \
    }                                                                   \
    _Static_assert(1, "a semicolon follows each row")

/* Unwrap a context, a name, a credential; the mechanism to go to. */
#define C(ctx) gw_inner_ctx(ctx)
#define N(name) gw_canonical(name)
#define R(cred) gw_inner_cred(cred)
#define K5 (&gw_oid_special)

/* Contexts: RFC 2744 sections 5.4 to 5.27. */
PASS(process_context_token,
     (OM_uint32 *min, gss_ctx_id_t c, gss_buffer_t t), (min, C(c), t));
PASS(context_time,
     (OM_uint32 *min, gss_ctx_id_t c, OM_uint32 *time), (min, C(c), time));
PASS(inquire_sec_context_by_oid,
     (OM_uint32 *min, const gss_ctx_id_t c, const gss_OID o,
      gss_buffer_set_t *s),
     (min, C(c), o, s));
PASS(complete_auth_token,
     (OM_uint32 *min, const gss_ctx_id_t c, gss_buffer_t in),
     (min, C(c), in));

/* Per-message protection: RFC 2744, RFC 4401, MIT's IOV and AEAD calls. */
PASS(get_mic,
     (OM_uint32 *min, gss_ctx_id_t c, gss_qop_t qop, gss_buffer_t in,
      gss_buffer_t mic),
     (min, C(c), qop, in, mic));
PASS(verify_mic,
     (OM_uint32 *min, gss_ctx_id_t c, gss_buffer_t in, gss_buffer_t mic,
      gss_qop_t *qop),
     (min, C(c), in, mic, qop));
PASS(wrap,
     (OM_uint32 *min, gss_ctx_id_t c, int conf, gss_qop_t qop,
      gss_buffer_t in, int *conf_state, gss_buffer_t out),
     (min, C(c), conf, qop, in, conf_state, out));
PASS(unwrap,
     (OM_uint32 *min, gss_ctx_id_t c, gss_buffer_t in, gss_buffer_t out,
      int *conf_state, gss_qop_t *qop),
     (min, C(c), in, out, conf_state, qop));
PASS(wrap_size_limit,
     (OM_uint32 *min, gss_ctx_id_t c, int conf, gss_qop_t qop,
      OM_uint32 out_size, OM_uint32 *max_in),
     (min, C(c), conf, qop, out_size, max_in));
PASS(wrap_iov,
     (OM_uint32 *min, gss_ctx_id_t c, int conf, gss_qop_t qop,
      int *conf_state, gss_iov_buffer_desc *iov, int n),
     (min, C(c), conf, qop, conf_state, iov, n));
PASS(unwrap_iov,
     (OM_uint32 *min, gss_ctx_id_t c, int *conf_state, gss_qop_t *qop,
      gss_iov_buffer_desc *iov, int n),
     (min, C(c), conf_state, qop, iov, n));
PASS(wrap_iov_length,
     (OM_uint32 *min, gss_ctx_id_t c, int conf, gss_qop_t qop,
      int *conf_state, gss_iov_buffer_desc *iov, int n),
     (min, C(c), conf, qop, conf_state, iov, n));
PASS(wrap_aead,
     (OM_uint32 *min, gss_ctx_id_t c, int conf, gss_qop_t qop,
      gss_buffer_t assoc, gss_buffer_t in, int *conf_state, gss_buffer_t out),
     (min, C(c), conf, qop, assoc, in, conf_state, out));
PASS(unwrap_aead,
     (OM_uint32 *min, gss_ctx_id_t c, gss_buffer_t in, gss_buffer_t assoc,
      gss_buffer_t out, int *conf_state, gss_qop_t *qop),
     (min, C(c), in, assoc, out, conf_state, qop));
#ifdef HAVE_GSS_GET_MIC_IOV
PASS(get_mic_iov,
     (OM_uint32 *min, gss_ctx_id_t c, gss_qop_t qop,
      gss_iov_buffer_desc *iov, int n),
     (min, C(c), qop, iov, n));
PASS(get_mic_iov_length,
     (OM_uint32 *min, gss_ctx_id_t c, gss_qop_t qop,
      gss_iov_buffer_desc *iov, int n),
     (min, C(c), qop, iov, n));
PASS(verify_mic_iov,
     (OM_uint32 *min, gss_ctx_id_t c, gss_qop_t *qop,
      gss_iov_buffer_desc *iov, int n),
     (min, C(c), qop, iov, n));
#endif
PASS(pseudo_random,
     (OM_uint32 *min, gss_ctx_id_t c, int key, const gss_buffer_t in,
      ssize_t len, gss_buffer_t out),
     (min, C(c), key, in, len, out));

/* Names: RFC 2744, RFC 6680. */
PASS(compare_name,
     (OM_uint32 *min, gss_name_t n1, gss_name_t n2, int *eq),
     (min, N(n1), N(n2), eq));
PASS(display_name,
     (OM_uint32 *min, gss_name_t n, gss_buffer_t out, gss_OID *type),
     (min, N(n), out, type));
PASS(display_name_ext,
     (OM_uint32 *min, gss_name_t n, gss_OID type, gss_buffer_t out),
     (min, N(n), type, out));
PASS(export_name,
     (OM_uint32 *min, const gss_name_t n, gss_buffer_t out),
     (min, N(n), out));
PASS(export_name_composite,
     (OM_uint32 *min, gss_name_t n, gss_buffer_t out), (min, N(n), out));
PASS(inquire_name,
     (OM_uint32 *min, gss_name_t n, int *is_mn, gss_OID *mech,
      gss_buffer_set_t *attrs),
     (min, N(n), is_mn, mech, attrs));
PASS(get_name_attribute,
     (OM_uint32 *min, gss_name_t n, gss_buffer_t attr, int *auth,
      int *complete, gss_buffer_t value, gss_buffer_t display, int *more),
     (min, N(n), attr, auth, complete, value, display, more));
PASS(set_name_attribute,
     (OM_uint32 *min, gss_name_t n, int complete, gss_buffer_t attr,
      gss_buffer_t value),
     (min, N(n), complete, attr, value));
PASS(delete_name_attribute,
     (OM_uint32 *min, gss_name_t n, gss_buffer_t attr), (min, N(n), attr));
PASS(map_name_to_any,
     (OM_uint32 *min, gss_name_t n, int auth, gss_buffer_t type,
      gss_any_t *out),
     (min, N(n), auth, type, out));
PASS(release_any_name_mapping,
     (OM_uint32 *min, gss_name_t n, gss_buffer_t type, gss_any_t *any),
     (min, N(n), type, any));
PASS(localname,
     (OM_uint32 *min, const gss_name_t n, gss_const_OID mech,
      gss_buffer_t out),
     (min, N(n), K5, out));

/* Credentials: RFC 2744, RFC 5588, MIT's credential stores. */
PASS(inquire_cred_by_oid,
     (OM_uint32 *min, const gss_cred_id_t r, const gss_OID o,
      gss_buffer_set_t *s),
     (min, R(r), o, s));
PASS(store_cred,
     (OM_uint32 *min, const gss_cred_id_t r, gss_cred_usage_t usage,
      const gss_OID mech, OM_uint32 overwrite, OM_uint32 dflt,
      gss_OID_set *stored, gss_cred_usage_t *usage_stored),
     (min, R(r), usage, K5, overwrite, dflt,
      stored, usage_stored));
PASS(store_cred_into,
     (OM_uint32 *min, gss_cred_id_t r, gss_cred_usage_t usage, gss_OID mech,
      OM_uint32 overwrite, OM_uint32 dflt, gss_const_key_value_set_t store,
      gss_OID_set *stored, gss_cred_usage_t *usage_stored),
     (min, R(r), usage, K5, overwrite, dflt,
      store, stored, usage_stored));

/* The mechanism itself: RFC 2744, RFC 5587, RFC 5801. */
PASS(inquire_names_for_mech,
     (OM_uint32 *min, gss_OID mech, gss_OID_set *types),
     (min, K5, types));
PASS(inquire_attrs_for_mech,
     (OM_uint32 *min, gss_const_OID mech, gss_OID_set *attrs,
      gss_OID_set *known),
     (min, K5, attrs, known));
PASS(inquire_saslname_for_mech,
     (OM_uint32 *min, const gss_OID mech, gss_buffer_t sasl,
      gss_buffer_t name, gss_buffer_t desc),
     (min, K5, sasl, name, desc));
PASS(inquire_mech_for_saslname,
     (OM_uint32 *min, const gss_buffer_t sasl, gss_OID *mech),
     (min, sasl, mech));
PASS(indicate_mechs, (OM_uint32 *min, gss_OID_set *mechs), (min, mechs));
