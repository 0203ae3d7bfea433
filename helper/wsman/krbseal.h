/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * krbseal.h - messages of a Kerberos context, made of its keys alone.
 *
 * Wrap tokens with confidentiality, split as WinRM has them (MS-WSMV
 * 2.2.9.1.1.2): the header that GSS_WrapEx() makes, and as many bytes of
 * ciphertext as there were of plaintext.
 */
#ifndef GATE_KRBSEAL_H
#define GATE_KRBSEAL_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"
#include "helper/common/krbkeys.h"

struct krbseal;

/* keys are copied.  0, CS_NOMEM or CS_INNER. */
int krbseal_new(const struct krb_keys *keys, struct krbseal **out,
                struct cs_error *err);
void krbseal_free(struct krbseal **seal);

/* Append to header and data.  With RC4, data has a byte more than plain. */
int krbseal_wrap(struct krbseal *s, struct cs_span plain,
                 struct cs_buf *header, struct cs_buf *data,
                 struct cs_error *err);

/*
 * Append the plaintext.  CS_MALFORMED for anything but such a token, CS_POLICY
 * for one that does not encrypt, CS_INNER for one that fails the integrity
 * check, or is out of order.
 */
int krbseal_unwrap(struct krbseal *s, struct cs_span header,
                   struct cs_span data, struct cs_buf *plain,
                   struct cs_error *err);

#endif /* GATE_KRBSEAL_H */
