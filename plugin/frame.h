/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * frame.h - the frames that MIT's mechglue puts around exported tokens.
 *
 *   security context:  u32 n, OID[n], token...
 *   credential:        u32 n, OID[n], u32 m, token[m]   (once per mechanism)
 *
 * All numbers are big-endian.  Pure functions of their input.
 */
#ifndef GW_FRAME_H
#define GW_FRAME_H

#include <gssapi/gssapi.h>

/*
 * Remove the frame of *token in place (the buffer stays the caller's to
 * release).  GSS_S_DEFECTIVE_TOKEN, with the token released and emptied, when
 * it is not framed as above or holds more than one mechanism.
 */
OM_uint32 gw_unframe_ctx(OM_uint32 *minor, gss_buffer_t token);
OM_uint32 gw_unframe_cred(OM_uint32 *minor, gss_buffer_t token);

/*
 * Frame token with the OID that reaches the real krb5.  On success the caller
 * frees framed->value with free(); on failure framed is empty.
 */
OM_uint32 gw_frame_ctx(OM_uint32 *minor, gss_buffer_t token,
                       gss_buffer_t framed);
OM_uint32 gw_frame_cred(OM_uint32 *minor, gss_buffer_t token,
                        gss_buffer_t framed);

#endif /* GW_FRAME_H */
