/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * seal.h - encrypt and decrypt the messages of a complete context, in the
 * bodies that WinRM uses (MS-WSMV 2.2.9.1).
 */
#ifndef GATE_SEAL_H
#define GATE_SEAL_H

#include <gssapi/gssapi.h>

#include "plugin/credssp/credssp.h"
#include "helper/common/krbkeys.h"
#include "helper/wsman/sealed.h"

struct seal;

/* All take what they are given over, also on failure: keys are wiped, a
 * context of Kerberos (seal_context) or of NTLM is deleted in the end. */
int seal_krb5(struct krb_keys *keys, enum gate_protocol protocol,
              struct seal **out, struct cs_error *err);
int seal_context(gss_ctx_id_t *ctx, enum gate_protocol protocol,
                 struct seal **out, struct cs_error *err);
int seal_ntlm(gss_ctx_id_t *ctx, enum gate_protocol protocol,
              struct seal **out, struct cs_error *err);
int seal_credssp(struct credssp **exchange, struct seal **out,
                 struct cs_error *err);
void seal_free(struct seal **seal);
/* Between messages: give memory back that the next one gets again. */
void seal_rest(struct seal *seal);

/* Append the body; *content_type is static. */
int seal_message(struct seal *seal, struct cs_span plain, const char *type,
                 struct cs_buf *body, const char **content_type,
                 struct cs_error *err);

/*
 * The plaintext in a body of this Content-Type, and its own type in new memory.
 * CS_POLICY for a body that is not encrypted, or not by this context's protocol.
 */
int seal_open(struct seal *seal, const char *content_type, struct cs_span body,
              size_t max_plain, struct cs_buf *plain, char **type,
              struct cs_error *err);

#endif /* GATE_SEAL_H */
