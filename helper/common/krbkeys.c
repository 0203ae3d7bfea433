/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* krbkeys.c - the keys that encrypt messages of a complete Kerberos
 * context. */
#include "config.h"

#include <string.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

#include "plugin/credssp/creds.h"
#include "plugin/credssp/gsserr.h"
#include "helper/common/krbkeys.h"

#define CFX 1                   /* gss_krb5_lucid_context_v1_t.protocol */

int
krb_keys_cfx(const struct krb_keys *keys)
{
    return keys->enctype != ENCTYPE_ARCFOUR_HMAC;
}

void
krb_keys_wipe(struct krb_keys *keys)
{
    explicit_bzero(keys, sizeof(*keys));
}

/* The one key that messages are encrypted with. */
static const gss_krb5_lucid_key_t *
message_key(const gss_krb5_lucid_context_v1_t *l)
{
    if (l->protocol != CFX)
        return &l->rfc1964_kd.ctx_key;
    return l->cfx_kd.have_acceptor_subkey ? &l->cfx_kd.acceptor_subkey :
        &l->cfx_kd.ctx_key;
}

static int
copy(const gss_krb5_lucid_context_v1_t *l, struct krb_keys *out,
     struct cs_error *err)
{
    const gss_krb5_lucid_key_t *key = message_key(l);

    if ((l->protocol != CFX && key->type != ENCTYPE_ARCFOUR_HMAC) ||
        key->length > sizeof(out->key))
        return cs_fail(err, CS_INNER, "the server's tickets have encryption "
                       "type %d, which is too old to encrypt messages: enable "
                       "AES for its account (msDS-SupportedEncryptionTypes)",
                       (int)key->type);
    out->initiator = l->initiate;
    out->acceptor_subkey = l->protocol == CFX &&
        l->cfx_kd.have_acceptor_subkey;
    out->enctype = (int32_t)key->type;
    out->send_seq = l->send_seq;
    out->recv_seq = l->recv_seq;
    out->len = key->length;
    memcpy(out->key, key->data, key->length);
    return 0;
}

int
krb_keys_take(gss_ctx_id_t *ctx, struct krb_keys *out, struct cs_error *err)
{
    void *lucid = NULL;
    OM_uint32 major, minor, tmp;
    int ret;

    memset(out, 0, sizeof(*out));
    major = gss_krb5_export_lucid_sec_context(&minor, ctx, 1, &lucid);
    if (GSS_ERROR(major))
        ret = cs_gss_fail(err, "the keys of the context", major, minor,
                          &cs_oid_krb5);
    else
        ret = copy(lucid, out, err);
    if (lucid != NULL)
        (void)gss_krb5_free_lucid_sec_context(&tmp, lucid);     /* wipes */
    (void)gss_delete_sec_context(&tmp, ctx, GSS_C_NO_BUFFER);
    if (ret != 0)
        krb_keys_wipe(out);
    return ret;
}
