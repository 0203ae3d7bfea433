/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tsrequest.c - TSRequest, the one message of MS-CSSP (2.2.1). */
#include "config.h"

#include <string.h>

#include "plugin/bytes/der.h"
#include "plugin/credssp/tsrequest.h"

/* The tags of the fields. */
enum {
    T_VERSION, T_NEGO_TOKENS, T_AUTH_INFO, T_PUB_KEY_AUTH, T_ERROR_CODE,
    T_CLIENT_NONCE
};

static struct cs_span
read_nego_data(struct cs_der *fields)
{
    struct cs_der tagged, list, item;
    struct cs_span token;

    cs_der_enter(fields, CS_DER_CONTEXT(T_NEGO_TOKENS), &tagged);
    cs_der_enter(&tagged, CS_DER_SEQUENCE, &list);
    cs_der_end(&tagged);
    cs_der_enter(&list, CS_DER_SEQUENCE, &item);
    cs_der_end(&list);          /* one token, and no other */
    token = cs_der_tagged_octets(&item, 0);
    cs_der_end(&item);
    return token;
}

static void
write_nego_data(struct cs_buf *out, struct cs_span token)
{
    size_t tagged = cs_der_open(out, CS_DER_CONTEXT(T_NEGO_TOKENS));
    size_t list = cs_der_open(out, CS_DER_SEQUENCE);
    size_t item = cs_der_open(out, CS_DER_SEQUENCE);

    cs_der_put_tagged_octets(out, 0, token);
    cs_der_close(out, item);
    cs_der_close(out, list);
    cs_der_close(out, tagged);
}

static uint32_t
read_error_code(struct cs_der *fields)
{
    struct cs_der tagged;
    uint32_t status;

    cs_der_enter(fields, CS_DER_CONTEXT(T_ERROR_CODE), &tagged);
    status = cs_der_uint32(&tagged);
    cs_der_end(&tagged);
    return status;
}

static int
is_next(const struct cs_der *fields, unsigned int tag,
        struct cs_tsrequest *out, unsigned int field)
{
    if (!cs_der_next_is(fields, CS_DER_CONTEXT(tag)))
        return 0;
    out->fields |= field;
    return 1;
}

int
cs_tsrequest_decode(struct cs_span in, struct cs_tsrequest *out,
                    struct cs_error *err)
{
    struct cs_der all, fields;

    memset(out, 0, sizeof(*out));
    cs_der_begin(&all, in.p, in.len);
    cs_der_enter(&all, CS_DER_SEQUENCE, &fields);
    cs_der_end(&all);
    out->version = cs_der_tagged_natural(&fields, T_VERSION);
    if (is_next(&fields, T_NEGO_TOKENS, out, CS_NEGO))
        out->nego = read_nego_data(&fields);
    if (is_next(&fields, T_AUTH_INFO, out, CS_AUTHINFO))
        out->auth_info = cs_der_tagged_octets(&fields, T_AUTH_INFO);
    if (is_next(&fields, T_PUB_KEY_AUTH, out, CS_PUBKEY))
        out->pub_key_auth = cs_der_tagged_octets(&fields, T_PUB_KEY_AUTH);
    if (is_next(&fields, T_ERROR_CODE, out, CS_ERRORCODE))
        out->error_code = read_error_code(&fields);
    if (is_next(&fields, T_CLIENT_NONCE, out, CS_NONCE))
        out->nonce = cs_der_tagged_octets(&fields, T_CLIENT_NONCE);
    cs_der_end(&fields);
    if (all.root_bad || out->version < CS_VERSION_OLDEST) {
        memset(out, 0, sizeof(*out));
        return cs_fail(err, CS_MALFORMED, "the peer's TSRequest is malformed");
    }
    return 0;
}

void
cs_tsrequest_encode(const struct cs_tsrequest *in, struct cs_buf *out)
{
    size_t all = cs_der_open(out, CS_DER_SEQUENCE), tagged;

    cs_der_put_tagged_natural(out, T_VERSION, in->version);
    if (in->fields & CS_NEGO)
        write_nego_data(out, in->nego);
    if (in->fields & CS_AUTHINFO)
        cs_der_put_tagged_octets(out, T_AUTH_INFO, in->auth_info);
    if (in->fields & CS_PUBKEY)
        cs_der_put_tagged_octets(out, T_PUB_KEY_AUTH, in->pub_key_auth);
    if (in->fields & CS_ERRORCODE) {
        tagged = cs_der_open(out, CS_DER_CONTEXT(T_ERROR_CODE));
        cs_der_put_status(out, in->error_code);
        cs_der_close(out, tagged);
    }
    if (in->fields & CS_NONCE)
        cs_der_put_tagged_octets(out, T_CLIENT_NONCE, in->nonce);
    cs_der_close(out, all);
}

const char *
cs_field_name(unsigned int field)
{
    switch (field) {
    case CS_NEGO: return "negoTokens";
    case CS_AUTHINFO: return "authInfo";
    case CS_PUBKEY: return "pubKeyAuth";
    case CS_ERRORCODE: return "errorCode";
    case CS_NONCE: return "clientNonce";
    default: return "a field";
    }
}
