/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* accept.c - the client's own authentication. */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "helper/gateway/accept.h"
#include "helper/wsman/challenge.h"
#include "plugin/credssp/creds.h"
#include "plugin/credssp/gsserr.h"

static const struct {
    const char *scheme;
    enum gate_protocol protocol;
} schemes[] = {
    { "Negotiate", GATE_SPNEGO }, { "Kerberos", GATE_KERBEROS }
};

int
accept_parse(const char *value, struct accept_header *out,
             struct cs_error *err)
{
    size_t i, len;

    memset(out, 0, sizeof(*out));
    out->token.max = ACCEPT_TOKEN_MAX;
    for (i = 0; value != NULL && i < 2; i++) {
        len = strlen(schemes[i].scheme);
        if (strncasecmp(value, schemes[i].scheme, len) == 0 &&
            value[len] == ' ')
            break;
    }
    if (value == NULL || i == 2)
        return 0;
    out->scheme = schemes[i].scheme;
    out->protocol = schemes[i].protocol;
    value += len;
    value += strspn(value, " ");
    return gate_base64_decode(value, strcspn(value, " "), &out->token) == 0 ?
        0 : cs_fail(err, CS_MALFORMED, "the client's Authorization header is "
                    "not base64");
}

void
accept_reset(struct accept *a)
{
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, &a->ctx, GSS_C_NO_BUFFER);
    seal_free(&a->seal);
    a->state = ACCEPT_NONE;
}

/*
 * Is the ticket for somebody else's key?  Then it is the server's to judge.  A
 * ticket of ours that is wrong has another error.  (The text of what krb5 says
 * of a service that the keytab has not, for when the mechglue has changed the
 * number.)
 */
static int
is_foreign(OM_uint32 major, OM_uint32 minor, const char *text)
{
    static const krb5_error_code codes[] = {
        KRB5KRB_AP_ERR_NOKEY, KRB5KRB_AP_ERR_NOT_US, KRB5_KT_NOTFOUND,
        KRB5KRB_AP_WRONG_PRINC, KRB5KRB_AP_ERR_BADKEYVER
    };
    size_t i;

    /* Another mechanism than Kerberos. */
    if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_MECH ||
        GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN)
        return 1;
    for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        if (minor == (OM_uint32)codes[i])
            return 1;
    }
    return strstr(text, "Request ticket server ") != NULL;
}

static int
finish(struct accept *a, struct issuer *mint, const char *host,
       struct cs_error *err)
{
    int ret = issuer_redeem(mint, a->ctx, host, err);

    if (ret == 0)
        ret = seal_context(&a->ctx, a->protocol, &a->seal, err);
    if (ret == 0)
        a->state = ACCEPT_DONE;
    return ret;
}

/* NTLM without SPNEGO around it (MS-NLMP 2.2.1), which Negotiate may be. */
static int
is_ntlm(const struct cs_buf *token)
{
    static const uint8_t signature[] = "NTLMSSP";

    return token->len >= sizeof(signature) &&
        memcmp(token->p, signature, sizeof(signature)) == 0;
}

int
accept_token(struct accept *a, struct issuer *mint,
             const struct accept_header *header, const char *host,
             struct cs_buf *out, struct cs_error *err)
{
    gss_buffer_desc in = { header->token.len, header->token.p };
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int first = a->state != ACCEPT_GOING_ON, foreign = 0, ret = 0;

    if (first)
        accept_reset(a);
    if (first && is_ntlm(&header->token)) {
        a->state = ACCEPT_PASS;
        return 0;
    }
    a->protocol = header->protocol;
    major = gss_accept_sec_context(&minor, &a->ctx, issuer_acceptor(mint), &in,
                                   GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                   &token, NULL, NULL, NULL);
    if (GSS_ERROR(major)) {
        ret = cs_gss_fail(err, "the client's ticket", major, minor,
                          &cs_oid_krb5);
        foreign = first && is_foreign(major, minor, err->text);
    } else {
        cs_buf_add(out, token.value, token.length);
        if (major & GSS_S_CONTINUE_NEEDED)
            a->state = ACCEPT_GOING_ON;
        else
            ret = finish(a, mint, host, err);
    }
    (void)gss_release_buffer(&tmp, &token);
    if (ret == 0)
        return 0;
    accept_reset(a);
    if (foreign)
        a->state = ACCEPT_PASS;
    return foreign ? 0 : ret;
}
