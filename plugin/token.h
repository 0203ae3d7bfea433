/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* token.h - what an acceptor's token is. */
#ifndef GW_TOKEN_H
#define GW_TOKEN_H

#include <stddef.h>

/*
 * Is this the acceptor's error token?  RFC 4121 section 4.1 frames a KRB-ERROR
 * with token ID 03 00 behind the mechanism's OID:
 *
 *   60 len 06 09 2a 86 48 86 f7 12 01 02 02 03 00 7e ...
 *
 * It may also come bare (7e, RFC 4120 section 5.9.1).  Pure.
 */
int gw_is_error_token(const void *bytes, size_t len);

#endif /* GW_TOKEN_H */
