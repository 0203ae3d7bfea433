/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * seal.c - the messages of a complete context.
 *
 * Kerberos' are encrypted with the context's keys (krbseal.c), NTLM's by its
 * mechanism and CredSSP's by TLS.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/credssp/gsserr.h"
#include "helper/wsman/krbseal.h"
#include "helper/wsman/seal.h"

#define NTLM_SIGNATURE 16       /* bytes (MS-NLMP 2.2.2.9) */
#define PART_EXTRA 512          /* bytes: what a part has around its data */

struct seal {
    enum gate_protocol protocol;
    struct krbseal *krb5;       /* one of these */
    gss_ctx_id_t ntlm;
    struct credssp *exchange;
};

static int
gss_failed(const char *what, OM_uint32 major, OM_uint32 minor,
           struct cs_error *err)
{
    return cs_gss_fail(err, what, major, minor, GSS_C_NO_OID);
}

/* --- Out --- */

/* Kerberos: the header apart. */
static int
wrap_krb5(struct seal *s, struct cs_span plain, struct gate_part *part,
          struct cs_buf *out, struct cs_error *err)
{
    struct cs_buf header = CS_BUF_INIT(PART_EXTRA);
    struct cs_buf data = CS_BUF_INIT(plain.len + PART_EXTRA);
    int ret = krbseal_wrap(s->krb5, plain, &header, &data, err);

    if (ret == 0) {
        part->length = data.len;
        part->field = (uint32_t)header.len;
        part->header = cs_buf_span(&header);
        part->data = cs_buf_span(&data);
        gate_write_part(out, s->protocol, part);
    }
    cs_buf_free(&header);
    cs_buf_free(&data);
    return ret;
}

/* NTLM: gss-ntlmssp has no IOV calls; its tokens begin with the signature. */
static int
wrap_ntlm(struct seal *s, struct cs_span plain, struct gate_part *part,
          struct cs_buf *out, struct cs_error *err)
{
    gss_buffer_desc in = { plain.len, (void *)(uintptr_t)plain.p };
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int conf = 0;

    major = gss_wrap(&minor, s->ntlm, 1, GSS_C_QOP_DEFAULT, &in, &conf, &token);
    if (major == GSS_S_COMPLETE && conf && token.length >= NTLM_SIGNATURE) {
        part->length = plain.len;
        part->field = NTLM_SIGNATURE;
        part->header.p = token.value;
        part->header.len = NTLM_SIGNATURE;
        part->data.p = part->header.p + NTLM_SIGNATURE;
        part->data.len = token.length - NTLM_SIGNATURE;
        gate_write_part(out, s->protocol, part);
    } else {
        conf = 0;
    }
    (void)gss_release_buffer(&tmp, &token);
    if (major != GSS_S_COMPLETE)
        return gss_failed("encryption", major, minor, err);
    return conf ? 0 : cs_fail(err, CS_INNER, "the context does not encrypt");
}

/* CredSSP: one TLS record a part. */
static int
wrap_credssp(struct seal *s, struct cs_span plain, struct gate_part *part,
             struct cs_buf *out, struct cs_error *err)
{
    struct cs_buf record = CS_BUF_INIT((size_t)2 * CS_RECORD_MAX);
    struct cs_tls_frame frame;
    struct cs_span piece;
    size_t at;
    int ret = 0;

    for (at = 0; ret == 0 && at < plain.len; at += piece.len) {
        piece.p = plain.p + at;
        piece.len = plain.len - at;
        if (piece.len > GATE_PART_PLAIN)
            piece.len = GATE_PART_PLAIN;
        cs_buf_reset(&record);
        credssp_frame(s->exchange, piece.len, &frame);
        ret = credssp_wrap(s->exchange, piece, &record, err);
        part->length = piece.len;
        part->field = (uint32_t)frame.trailer;
        part->data = cs_buf_span(&record);
        if (ret == 0)
            gate_write_part(out, s->protocol, part);
    }
    cs_buf_free(&record);
    return ret;
}

int
seal_message(struct seal *s, struct cs_span plain, const char *type,
             struct cs_buf *body, const char **content_type,
             struct cs_error *err)
{
    struct gate_part part;
    int multi = s->protocol == GATE_CREDSSP && plain.len > GATE_PART_PLAIN;
    int ret;

    memset(&part, 0, sizeof(part));
    part.type.p = (const uint8_t *)type;
    part.type.len = strlen(type);
    /* All at once: growing would copy, and wipe what it leaves. */
    (void)cs_buf_room(body, plain.len + PART_EXTRA *
                      (1 + plain.len / GATE_PART_PLAIN));
    if (s->protocol == GATE_CREDSSP)
        ret = wrap_credssp(s, plain, &part, body, err);
    else
        ret = (s->krb5 != NULL ? wrap_krb5 : wrap_ntlm)(s, plain, &part, body, err);
    if (ret != 0)
        return ret;
    gate_write_end(body);
    *content_type = gate_sealed_content_type(s->protocol, multi);
    return body->error != 0 ? cs_nomem(err) : 0;
}

/* --- In --- */

static int
add_plain(struct cs_buf *plain, const gss_buffer_desc *text, int conf,
          struct cs_error *err)
{
    if (!conf)
        return cs_fail(err, CS_POLICY,
                       "the server's message is only signed, not encrypted");
    cs_buf_add(plain, text->value, text->length);
    return plain->error != 0 ? cs_nomem(err) : 0;
}

static int
unwrap_krb5(struct seal *s, const struct gate_part *part, struct cs_buf *plain,
            struct cs_error *err)
{
    return krbseal_unwrap(s->krb5, part->header, part->data, plain, err);
}

static int
unwrap_ntlm(struct seal *s, const struct gate_part *part, struct cs_buf *plain,
            struct cs_error *err)
{
    struct cs_buf token = CS_BUF_INIT(part->header.len + part->data.len);
    gss_buffer_desc in, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int conf = 0, ret;

    if (part->header.len != NTLM_SIGNATURE)
        return cs_fail(err, CS_MALFORMED, "the signature of the server's "
                       "message is not 16 bytes long");
    cs_buf_add(&token, part->header.p, part->header.len);
    cs_buf_add(&token, part->data.p, part->data.len);
    if (token.error != 0)
        return cs_nomem(err);
    in.value = token.p;
    in.length = token.len;
    major = gss_unwrap(&minor, s->ntlm, &in, &out, &conf, NULL);
    ret = (major == GSS_S_COMPLETE) ? add_plain(plain, &out, conf, err) :
        gss_failed("decryption of a message", major, minor, err);
    (void)gss_release_buffer(&tmp, &out);
    cs_buf_free(&token);
    return ret;
}

static int
open_part(struct seal *s, const struct gate_part *part, struct cs_buf *plain,
          struct cs_error *err)
{
    size_t before = plain->len;
    int ret;

    if (s->protocol == GATE_CREDSSP)
        ret = credssp_unwrap(s->exchange, part->data, plain, err);
    else
        ret = (s->krb5 != NULL ? unwrap_krb5 : unwrap_ntlm)(s, part, plain, err);
    /* RC4's padding is counted in Length and gone from the text. */
    if (ret == 0 && (plain->len - before > part->length ||
        (plain->len - before != part->length &&
         (s->krb5 == NULL ||
          part->length - (plain->len - before) > 8))))
        ret = cs_fail(err, CS_MALFORMED, "the server's message has %zu bytes "
                      "but says %zu", plain->len - before, part->length);
    return ret;
}

static int
set_type(char **type, struct cs_span text, struct cs_error *err)
{
    if (*type != NULL)
        return 0;
    *type = strndup((const char *)text.p, text.len);
    return (*type == NULL) ? cs_nomem(err) : 0;
}

int
seal_open(struct seal *s, const char *content_type, struct cs_span body,
          size_t max_plain, struct cs_buf *plain, char **type,
          struct cs_error *err)
{
    enum gate_protocol protocol;
    struct gate_reader reader;
    struct gate_part part;
    int ret, multi;

    *type = NULL;
    ret = gate_sealed_type(content_type, &protocol, &multi, err);
    if (ret < 0)
        return ret;
    if (ret == 0 || protocol != s->protocol)
        return cs_fail(err, CS_POLICY, "the server answered with a message "
                       "that is not encrypted as agreed: refused");
    (void)cs_buf_room(plain, body.len < max_plain ? body.len : max_plain);
    gate_reader_init(&reader, body, protocol, max_plain);
    while ((ret = gate_reader_next(&reader, &part, err)) > 0) {
        ret = set_type(type, part.type, err);
        if (ret == 0)
            ret = open_part(s, &part, plain, err);
        if (ret != 0)
            break;
    }
    if (ret == 0 && *type == NULL)
        ret = cs_fail(err, CS_MALFORMED, "the server's message has no parts");
    if (ret != 0) {
        free(*type);
        *type = NULL;
    }
    return ret;
}

/* --- The whole --- */

static struct seal *
new_seal(enum gate_protocol protocol)
{
    struct seal *s = calloc(1, sizeof(*s));

    if (s != NULL)
        s->protocol = protocol;
    return s;
}

int
seal_krb5(struct krb_keys *keys, enum gate_protocol protocol,
          struct seal **out, struct cs_error *err)
{
    struct seal *s = *out = new_seal(protocol);
    int ret = (s == NULL) ? cs_nomem(err) : krbseal_new(keys, &s->krb5, err);

    krb_keys_wipe(keys);
    if (ret != 0)
        seal_free(out);
    return ret;
}

int
seal_context(gss_ctx_id_t *ctx, enum gate_protocol protocol,
             struct seal **out, struct cs_error *err)
{
    struct krb_keys keys;
    int ret = krb_keys_take(ctx, &keys, err);

    *out = NULL;
    return ret != 0 ? ret : seal_krb5(&keys, protocol, out, err);
}

int
seal_ntlm(gss_ctx_id_t *ctx, enum gate_protocol protocol, struct seal **out,
          struct cs_error *err)
{
    struct seal *s = *out = new_seal(protocol);
    OM_uint32 minor;

    if (s == NULL) {
        (void)gss_delete_sec_context(&minor, ctx, GSS_C_NO_BUFFER);
        return cs_nomem(err);
    }
    s->ntlm = *ctx;
    *ctx = GSS_C_NO_CONTEXT;
    return 0;
}

int
seal_credssp(struct credssp **exchange, struct seal **out,
             struct cs_error *err)
{
    struct seal *s = *out = new_seal(GATE_CREDSSP);

    if (s == NULL) {
        credssp_free(exchange);
        return cs_nomem(err);
    }
    s->exchange = *exchange;
    *exchange = NULL;
    return 0;
}

void
seal_rest(struct seal *s)
{
    if (s->exchange != NULL)
        credssp_rest(s->exchange);
}

void
seal_free(struct seal **seal)
{
    struct seal *s = *seal;
    OM_uint32 minor;

    *seal = NULL;
    if (s == NULL)
        return;
    krbseal_free(&s->krb5);
    (void)gss_delete_sec_context(&minor, &s->ntlm, GSS_C_NO_BUFFER);
    credssp_free(&s->exchange);
    free(s);
}
