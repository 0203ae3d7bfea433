/* seal.c - messages under a finished context. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>

#include "gsserr.h"
#include "seal.h"

#define NTLM_SIGNATURE 16       /* bytes (MS-NLMP 2.2.2.9) */
#define PART_EXTRA 512          /* bytes: what a part has around its data */

struct seal {
    enum gate_protocol protocol;
    gss_ctx_id_t ctx;           /* SPNEGO, Kerberos */
    int ntlm;                   /* ... with NTLM inside: no IOV calls */
    struct credssp *exchange;   /* CredSSP */
};

static int
gss_failed(const char *what, OM_uint32 major, OM_uint32 minor,
           struct cs_error *err)
{
    return cs_gss_fail(err, what, major, minor, GSS_C_NO_OID);
}

/* --- Out --- */

/* Kerberos: header, data and (with RC4) padding apart.  Without a trailer in
 * the list MIT puts its content into the header, as Windows does. */
static int
wrap_krb5(struct seal *s, struct cs_span plain, struct gate_part *part,
          struct cs_buf *out, struct cs_error *err)
{
    gss_iov_buffer_desc iov[3];
    struct cs_buf data = CS_BUF_INIT(plain.len + 64);
    OM_uint32 major, minor, tmp;
    int conf = 0;

    memset(iov, 0, sizeof(iov));
    cs_buf_add(&data, plain.p, plain.len);
    if (data.error != 0)
        return cs_nomem(err);
    iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE;
    iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
    iov[1].buffer.value = data.p;
    iov[1].buffer.length = data.len;
    iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE;
    major = gss_wrap_iov(&minor, s->ctx, 1, GSS_C_QOP_DEFAULT, &conf, iov, 3);
    if (major == GSS_S_COMPLETE && conf) {
        cs_buf_add(&data, iov[2].buffer.value, iov[2].buffer.length);
        part->length = data.len;
        part->field = (uint32_t)iov[0].buffer.length;
        part->header.p = iov[0].buffer.value;
        part->header.len = iov[0].buffer.length;
        part->data = cs_buf_span(&data);
        gate_write_part(out, s->protocol, part);
    }
    (void)gss_release_iov_buffer(&tmp, iov, 3);
    cs_buf_free(&data);
    if (major != GSS_S_COMPLETE)
        return gss_failed("encryption", major, minor, err);
    return conf ? 0 : cs_fail(err, CS_INNER, "the context does not encrypt");
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

    major = gss_wrap(&minor, s->ctx, 1, GSS_C_QOP_DEFAULT, &in, &conf, &token);
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
    struct cs_buf record = CS_BUF_INIT(2 * CS_RECORD_MAX);
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
        ret = (s->ntlm ? wrap_ntlm : wrap_krb5)(s, plain, &part, body, err);
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

/* Decrypts in place, in a copy. */
static int
unwrap_krb5(struct seal *s, const struct gate_part *part, struct cs_buf *plain,
            struct cs_error *err)
{
    struct cs_buf copy = CS_BUF_INIT(part->header.len + part->data.len);
    gss_iov_buffer_desc iov[3];
    OM_uint32 major, minor;
    int conf = 0, ret;

    cs_buf_add(&copy, part->header.p, part->header.len);
    cs_buf_add(&copy, part->data.p, part->data.len);
    if (copy.error != 0)
        return cs_nomem(err);
    memset(iov, 0, sizeof(iov));
    iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
    iov[0].buffer.value = copy.p;
    iov[0].buffer.length = part->header.len;
    iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
    iov[1].buffer.value = copy.p + part->header.len;
    iov[1].buffer.length = part->data.len;
    iov[2].type = GSS_IOV_BUFFER_TYPE_DATA;
    major = gss_unwrap_iov(&minor, s->ctx, &conf, NULL, iov, 3);
    ret = (major == GSS_S_COMPLETE) ?
        add_plain(plain, &iov[1].buffer, conf, err) :
        gss_failed("decryption of the server's message", major, minor, err);
    cs_buf_free(&copy);
    return ret;
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
                       "message has not 16 bytes");
    cs_buf_add(&token, part->header.p, part->header.len);
    cs_buf_add(&token, part->data.p, part->data.len);
    if (token.error != 0)
        return cs_nomem(err);
    in.value = token.p;
    in.length = token.len;
    major = gss_unwrap(&minor, s->ctx, &in, &out, &conf, NULL);
    ret = (major == GSS_S_COMPLETE) ? add_plain(plain, &out, conf, err) :
        gss_failed("decryption of the server's message", major, minor, err);
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
        ret = (s->ntlm ? unwrap_ntlm : unwrap_krb5)(s, part, plain, err);
    /* RC4's padding is counted in Length and gone from the text. */
    if (ret == 0 && (plain->len - before > part->length ||
        (plain->len - before != part->length &&
         (s->ntlm || s->protocol == GATE_CREDSSP ||
          part->length - (plain->len - before) > 8))))
        ret = cs_fail(err, CS_MALFORMED, "the server's message has %zu bytes "
                      "where it says %zu", plain->len - before, part->length);
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
        ret = cs_fail(err, CS_MALFORMED, "the server's message has no part");
    if (ret != 0) {
        free(*type);
        *type = NULL;
    }
    return ret;
}

/* --- The whole --- */

int
seal_gss(gss_ctx_id_t *ctx, enum gate_protocol protocol, int ntlm,
         struct seal **out, struct cs_error *err)
{
    struct seal *s = calloc(1, sizeof(*s));
    OM_uint32 minor;

    *out = s;
    if (s == NULL) {
        (void)gss_delete_sec_context(&minor, ctx, GSS_C_NO_BUFFER);
        return cs_nomem(err);
    }
    s->protocol = protocol;
    s->ctx = *ctx;
    s->ntlm = ntlm;
    *ctx = GSS_C_NO_CONTEXT;
    return 0;
}

int
seal_credssp(struct credssp **exchange, struct seal **out,
             struct cs_error *err)
{
    struct seal *s = calloc(1, sizeof(*s));

    *out = s;
    if (s == NULL) {
        credssp_free(exchange);
        return cs_nomem(err);
    }
    s->protocol = GATE_CREDSSP;
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
    (void)gss_delete_sec_context(&minor, &s->ctx, GSS_C_NO_BUFFER);
    credssp_free(&s->exchange);
    free(s);
}
