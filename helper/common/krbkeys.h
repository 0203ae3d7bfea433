/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * krbkeys.h - the keys that encrypt messages of a complete Kerberos context.
 *
 * gss_export_sec_context() would give away more: the session key of the
 * ticket.  Whoever has that, and has seen the exchange, has a working ticket
 * for the machine, and can decrypt whatever was encrypted for it under the
 * same ticket (a forwarded ticket, RFC 4121 section 4.1.1).  These keys were
 * made for one context and are good only for its messages.
 */
#ifndef KK_KRBKEYS_H
#define KK_KRBKEYS_H

#include <gssapi/gssapi.h>
#include <stdint.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

#define KRB_KEY_MAX 32          /* bytes */

/* Plain bytes: wipe them with krb_keys_wipe(). */
struct krb_keys {
    int initiator;              /* are we that? */
    int acceptor_subkey;        /* is it the acceptor's (RFC 4121 2)? */
    int32_t enctype;            /* RFC 3961's numbers */
    uint64_t send_seq, recv_seq;        /* of the next message each way */
    size_t len;                 /* of key */
    uint8_t key[KRB_KEY_MAX];
};

/*
 * Take the keys of a complete krb5 context, also inside SPNEGO.  *ctx is
 * deleted, whatever happens.  CS_INNER for a context that has none (another
 * mechanism) or whose encryption we do not know (DES).
 */
int krb_keys_take(gss_ctx_id_t *ctx, struct krb_keys *out,
                  struct cs_error *err);

/* Is it one of RFC 4121's (AES and newer), not of RFC 4757's (RC4)? */
int krb_keys_cfx(const struct krb_keys *keys);

void krb_keys_wipe(struct krb_keys *keys);

#endif /* KK_KRBKEYS_H */
