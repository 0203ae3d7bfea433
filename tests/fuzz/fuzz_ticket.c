/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_ticket.c - tickets of the gateway's own: what ticket.c writes libkrb5
 * reads; who a ticket says it is for; and the mechglue's frame around one.
 */
#include "config.h"

#include <stdio.h>
#include <krb5.h>

#include "plugin/frame.h"
#include "helper/gateway/issuer.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"
#include "helper/gateway/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libkrb5 has them, and no header does. */
krb5_error_code decode_krb5_enc_tkt_part(const krb5_data *der,
                                         krb5_enc_tkt_part **out);
void krb5_free_enc_tkt_part(krb5_context context, krb5_enc_tkt_part *part);

static krb5_data
take_data(struct parts *in, char **memory)
{
    krb5_data d = { 0, 0, NULL };

    d.data = *memory = part_string(in);
    d.length = (unsigned int)strlen(d.data);
    return d;
}

static void
check_data(const krb5_data *a, const krb5_data *b)
{
    check(a->length == b->length &&
          (a->length == 0 || memcmp(a->data, b->data, a->length) == 0));
}

static void
check_principal(krb5_const_principal a, krb5_const_principal b)
{
    krb5_int32 i;

    check(a->length == b->length);
    check_data(&a->realm, &b->realm);
    for (i = 0; i < a->length; i++)
        check_data(&a->data[i], &b->data[i]);
}

static void
check_part(const krb5_creds *creds)
{
    struct cs_buf out = CS_BUF_INIT(1 << 20);
    krb5_enc_tkt_part *part = NULL;
    krb5_data der;

    ticket_encode_part(&out, creds);
    check(out.error == 0);
    der = (krb5_data){ 0, (unsigned int)out.len, (char *)out.p };
    check(decode_krb5_enc_tkt_part(&der, &part) == 0);
    check(part->flags == creds->ticket_flags &&
          part->times.authtime == creds->times.authtime &&
          part->times.starttime == creds->times.starttime &&
          part->times.endtime == creds->times.endtime &&
          part->session->enctype == creds->keyblock.enctype &&
          part->session->length == creds->keyblock.length &&
          (part->session->length == 0 ||
           memcmp(part->session->contents, creds->keyblock.contents,
                  creds->keyblock.length) == 0));
    check_principal(part->client, creds->client);
    krb5_free_enc_tkt_part(NULL, part);
    cs_buf_free(&out);
}

static void
check_whole(krb5_const_principal server, krb5_enctype enctype, krb5_kvno kvno,
            const krb5_data *sealed)
{
    struct cs_buf out = CS_BUF_INIT(1 << 20);
    krb5_ticket *ticket = NULL;
    krb5_data der;

    ticket_encode(&out, server, enctype, kvno, sealed);
    check(out.error == 0);
    der = (krb5_data){ 0, (unsigned int)out.len, (char *)out.p };
    check(krb5_decode_ticket(&der, &ticket) == 0);
    check_principal(ticket->server, server);
    check(ticket->enc_part.enctype == enctype &&
          ticket->enc_part.kvno == kvno);
    check_data(&ticket->enc_part.ciphertext, sealed);
    krb5_free_ticket(NULL, ticket);
    cs_buf_free(&out);
}

static void
check_ticket(const uint8_t *data, size_t size)
{
    struct parts in = { data, size };
    char *memory[6];
    krb5_data names[3], sealed;
    krb5_principal_data who;
    krb5_creds creds;
    size_t i;

    memset(&creds, 0, sizeof(creds));
    memset(&who, 0, sizeof(who));
    creds.ticket_flags = (krb5_flags)part_number(&in, 4);
    creds.times.authtime = (krb5_timestamp)part_number(&in, 4);
    creds.times.starttime = (krb5_timestamp)part_number(&in, 4);
    creds.times.endtime = (krb5_timestamp)part_number(&in, 4);
    creds.keyblock.enctype = (krb5_enctype)part_number(&in, 2);
    who.length = (krb5_int32)part_number(&in, 1) % 4;
    who.data = names;
    who.realm = take_data(&in, &memory[0]);
    for (i = 0; i < 3; i++)
        names[i] = take_data(&in, &memory[1 + i]);
    sealed = take_data(&in, &memory[4]);
    memory[5] = part_string(&in);
    creds.keyblock.contents = (krb5_octet *)memory[5];
    creds.keyblock.length = (unsigned int)strlen(memory[5]);
    creds.client = &who;
    check_part(&creds);
    check_whole(&who, creds.keyblock.enctype,
                (krb5_kvno)creds.ticket_flags & 0x7FFFFFFF, &sealed);
    for (i = 0; i < 6; i++)
        free(memory[i]);
}

static void
check_serial(const uint8_t *data, size_t size)
{
    uint8_t *text = part_copy(data, size);
    char serial[ISSUER_SERIAL_LENGTH + 1], again[80];

    if (issuer_serial((const char *)text, size, serial) == 0) {
        (void)snprintf(again, sizeof(again), "gateway/%s@" ISSUER_REALM,
                       serial);
        check(strlen(serial) == ISSUER_SERIAL_LENGTH);
        check(strlen(again) == size && memcmp(again, data, size) == 0);
    }
    free(text);
}

/* The plugin takes the same frame off, in code of its own. */
static void
check_frame(const uint8_t *data, size_t size)
{
    gss_buffer_desc token = { size, part_copy(data, size) };
    struct cs_span framed = { part_copy(data, size), size };
    struct cs_buf out = CS_BUF_INIT(1 << 20);
    OM_uint32 minor;
    int ours = issuer_unframe(framed, &out);
    int theirs = gw_unframe_cred(&minor, &token) == GSS_S_COMPLETE;

    check((ours == 0) == theirs);
    if (theirs)
        check(out.len == token.length &&
              (out.len == 0 || memcmp(out.p, token.value, out.len) == 0));
    free((uint8_t *)(uintptr_t)framed.p);
    free(token.value);
    cs_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    check_ticket(data, size);
    check_serial(data, size);
    check_frame(data, size);
    return 0;
}
