/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* ticket.c - Ticket and EncTicketPart of RFC 4120 5.3, as DER. */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "plugin/bytes/der.h"
#include "helper/gateway/ticket.h"

#define APPLICATION(n) (0x60 + (n))
#define BIT_STRING 0x03
#define GENERALIZED_TIME 0x18
#define GENERAL_STRING 0x1b
#define TICKET_VERSION 5
#define TRANSITED_DOMAIN_X500 1         /* 8.4; of no realms at all */

/* [n] TAG contents */
static void
put(struct cs_buf *out, int n, uint8_t tag, const void *p, size_t len)
{
    size_t field = cs_der_open(out, CS_DER_CONTEXT(n));
    size_t value = cs_der_open(out, tag);

    cs_buf_add(out, p, len);
    cs_der_close(out, value);
    cs_der_close(out, field);
}

static void
put_data(struct cs_buf *out, int n, uint8_t tag, const krb5_data *data)
{
    put(out, n, tag, data->data, data->length);
}

/* PrincipalName ::= SEQUENCE { name-type [0] Int32,
 *                              name-string [1] SEQUENCE OF KerberosString } */
static void
put_name(struct cs_buf *out, int n, krb5_const_principal name, int type)
{
    size_t field = cs_der_open(out, CS_DER_CONTEXT(n));
    size_t sequence = cs_der_open(out, CS_DER_SEQUENCE);
    size_t strings, list, string;
    int i;

    cs_der_put_tagged_natural(out, 0, (uint32_t)type);
    strings = cs_der_open(out, CS_DER_CONTEXT(1));
    list = cs_der_open(out, CS_DER_SEQUENCE);
    for (i = 0; i < name->length; i++) {
        string = cs_der_open(out, GENERAL_STRING);
        cs_buf_add(out, name->data[i].data, name->data[i].length);
        cs_der_close(out, string);
    }
    cs_der_close(out, list);
    cs_der_close(out, strings);
    cs_der_close(out, sequence);
    cs_der_close(out, field);
}

static void
put_time(struct cs_buf *out, int n, krb5_timestamp when)
{
    time_t t = (time_t)(uint32_t)when;
    char text[sizeof("20260101000000Z")];
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) == 0) {
        out->error = -1;
        return;
    }
    put(out, n, GENERALIZED_TIME, text, sizeof(text) - 1);
}

/* 32 flags, none of the last octet's bits unused. */
static void
put_flags(struct cs_buf *out, int n, krb5_flags flags)
{
    uint8_t bits[5] = {
        0, (uint8_t)(flags >> 24), (uint8_t)(flags >> 16),
        (uint8_t)(flags >> 8), (uint8_t)flags
    };

    put(out, n, BIT_STRING, bits, sizeof(bits));
}

/* EncryptionKey ::= SEQUENCE { keytype [0] Int32, keyvalue [1] OCTET STRING }
 */
static void
put_key(struct cs_buf *out, int n, const krb5_keyblock *key)
{
    size_t field = cs_der_open(out, CS_DER_CONTEXT(n));
    size_t sequence = cs_der_open(out, CS_DER_SEQUENCE);

    cs_der_put_tagged_natural(out, 0, (uint32_t)key->enctype);
    put(out, 1, CS_DER_OCTETS, key->contents, key->length);
    cs_der_close(out, sequence);
    cs_der_close(out, field);
}

/* TransitedEncoding ::= SEQUENCE { tr-type [0] Int32,
 *                                  contents [1] OCTET STRING } */
static void
put_transited(struct cs_buf *out, int n)
{
    size_t field = cs_der_open(out, CS_DER_CONTEXT(n));
    size_t sequence = cs_der_open(out, CS_DER_SEQUENCE);

    cs_der_put_tagged_natural(out, 0, TRANSITED_DOMAIN_X500);
    put(out, 1, CS_DER_OCTETS, "", 0);
    cs_der_close(out, sequence);
    cs_der_close(out, field);
}

void
ticket_encode_part(struct cs_buf *out, const krb5_creds *creds)
{
    size_t application = cs_der_open(out, APPLICATION(3));
    size_t sequence = cs_der_open(out, CS_DER_SEQUENCE);

    put_flags(out, 0, creds->ticket_flags);
    put_key(out, 1, &creds->keyblock);
    put_data(out, 2, GENERAL_STRING, &creds->client->realm);
    put_name(out, 3, creds->client, KRB5_NT_PRINCIPAL);
    put_transited(out, 4);
    put_time(out, 5, creds->times.authtime);
    put_time(out, 6, creds->times.starttime);
    put_time(out, 7, creds->times.endtime);
    cs_der_close(out, sequence);
    cs_der_close(out, application);
}

void
ticket_encode(struct cs_buf *out, krb5_const_principal server,
              krb5_enctype enctype, krb5_kvno kvno, const krb5_data *sealed)
{
    size_t application = cs_der_open(out, APPLICATION(1));
    size_t sequence = cs_der_open(out, CS_DER_SEQUENCE), part, inside;

    cs_der_put_tagged_natural(out, 0, TICKET_VERSION);
    put_data(out, 1, GENERAL_STRING, &server->realm);
    put_name(out, 2, server, KRB5_NT_SRV_HST);
    part = cs_der_open(out, CS_DER_CONTEXT(3));
    inside = cs_der_open(out, CS_DER_SEQUENCE);
    cs_der_put_tagged_natural(out, 0, (uint32_t)enctype);
    cs_der_put_tagged_natural(out, 1, kvno);
    put_data(out, 2, CS_DER_OCTETS, sealed);
    cs_der_close(out, inside);
    cs_der_close(out, part);
    cs_der_close(out, sequence);
    cs_der_close(out, application);
}

krb5_error_code
ticket_enctype(krb5_context context, krb5_enctype *out)
{
    static const krb5_enctype usable[] = {
        ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES256_CTS_HMAC_SHA384_192,
        ENCTYPE_AES128_CTS_HMAC_SHA1_96, ENCTYPE_AES128_CTS_HMAC_SHA256_128
    };
    krb5_enctype *permitted = NULL, *p;
    krb5_error_code code;
    size_t i;

    *out = ENCTYPE_NULL;
    code = krb5_get_permitted_enctypes(context, &permitted);
    for (p = permitted; code == 0 && *p != 0 && *out == ENCTYPE_NULL; p++) {
        for (i = 0; i < sizeof(usable) / sizeof(*usable); i++) {
            if (*p == usable[i])
                *out = *p;
        }
    }
    krb5_free_enctypes(context, permitted);
    return code;
}
