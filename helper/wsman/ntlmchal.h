/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * ntlmchal.h - asking a server for its name by NTLM (MS-NLMP 2.2.1.1 and
 * 2.2.1.2): a NEGOTIATE_MESSAGE to send, and the DNS computer name in the
 * answer.
 *
 * The answer is an unauthenticated claim: use it only to choose among names
 * that krb5.conf lists.  No I/O.
 */
#ifndef GATE_NTLMCHAL_H
#define GATE_NTLMCHAL_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/* The NEGOTIATE_MESSAGE; static. */
struct cs_span gate_ntlm_negotiate(void);

/* MsvAvDnsComputerName of a CHALLENGE_MESSAGE, bare or in a NegTokenResp, in
 * UTF-8, lower case, NUL-terminated in out.  Returns 0 or CS_MALFORMED. */
int gate_ntlm_name(struct cs_span token, char *out, size_t size,
                   struct cs_error *err);

#endif /* GATE_NTLMCHAL_H */
