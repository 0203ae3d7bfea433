/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * spnego.h - a peer's SPNEGO token, as this machine's library reads it.
 *
 * krb5 1.21 and 1.22 look for the mechListMIC of a NegTokenResp (RFC 4178
 * 4.2.2) under [4] instead of [3], do not see it, and fail: with NTLM inside
 * always, since that needs one.  (Fixed upstream in September 2025, ticket
 * 9183.)  Which tag the library wants is found by a self-test.
 */
#ifndef CS_SPNEGO_H
#define CS_SPNEGO_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/*
 * The token to give to gss_init_sec_context() or gss_accept_sec_context() in
 * place of `in': *token is `in' itself or the contents of `room'.  Tokens of
 * other kinds, NTLMSSP's for one, are left alone.  Fails with CS_MALFORMED for
 * a NegTokenResp in whose mechListMIC there is no octet string.
 */
int cs_spnego_token(struct cs_span in, struct cs_buf *room,
                    struct cs_span *token, struct cs_error *err);

#endif /* CS_SPNEGO_H */
