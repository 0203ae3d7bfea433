/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mech_msg.c - messages: records of the TLS connection. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/mech/mech.h"

/* Is the context good for messages? */
static OM_uint32
check(OM_uint32 *minor, const struct csm_ctx *x, gss_qop_t qop)
{
    struct credssp_info info;

    *minor = 0;
    credssp_info(x->credssp, &info);
    if (!info.done)
        return csm_refuse(minor, GSS_S_NO_CONTEXT,
                          "the context is not established");
    return (qop == GSS_C_QOP_DEFAULT) ? GSS_S_COMPLETE : GSS_S_BAD_QOP;
}

/* Give the buffer's memory to the caller, who frees it with free(). */
static void
give(struct cs_buf *buf, gss_buffer_t out)
{
    out->value = (buf->p != NULL) ? buf->p : calloc(1, 1);
    out->length = buf->len;
    buf->p = NULL;
    cs_buf_free(buf);
}

OM_uint32 KRB5_CALLCONV
csm_wrap(OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop,
         gss_buffer_t in, int *conf_state, gss_buffer_t out)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    struct cs_span plain = { in->value, in->length };
    struct cs_buf records = CS_BUF_INIT(SIZE_MAX / 2);
    OM_uint32 major = check(minor, x, qop);
    struct cs_error err;

    (void)conf;                 /* always */
    if (GSS_ERROR(major))
        return major;
    if (credssp_wrap(x->credssp, plain, &records, &err) != 0)
        major = csm_error(minor, &err);
    if (!GSS_ERROR(major))
        give(&records, out);
    else
        cs_buf_free(&records);
    if (conf_state != NULL)
        *conf_state = 1;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_unwrap(OM_uint32 *minor, gss_ctx_id_t ctx, gss_buffer_t in,
           gss_buffer_t out, int *conf_state, gss_qop_t *qop)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    struct cs_span records = { in->value, in->length };
    struct cs_buf plain = CS_BUF_INIT(in->length + 1);
    OM_uint32 major = check(minor, x, GSS_C_QOP_DEFAULT);
    struct cs_error err;

    if (GSS_ERROR(major))
        return major;
    if (credssp_unwrap(x->credssp, records, &plain, &err) != 0)
        major = csm_error(minor, &err);
    if (!GSS_ERROR(major))
        give(&plain, out);
    else
        cs_buf_free(&plain);
    if (conf_state != NULL)
        *conf_state = 1;
    if (qop != NULL)
        *qop = GSS_C_QOP_DEFAULT;
    return major;
}

/* All bytes that records of so much plaintext take. */
static size_t
wrapped_size(const struct csm_ctx *x, size_t plain)
{
    struct cs_tls_frame frame;
    size_t whole = plain / CS_RECORD_MAX, rest = plain % CS_RECORD_MAX, size;

    credssp_frame(x->credssp, CS_RECORD_MAX, &frame);
    size = whole * (frame.header + CS_RECORD_MAX + frame.trailer);
    credssp_frame(x->credssp, rest, &frame);
    if (rest > 0)
        size += frame.header + rest + frame.trailer;
    return (plain > 0) ? size + frame.before : 0;
}

OM_uint32 KRB5_CALLCONV
csm_wrap_size_limit(OM_uint32 *minor, gss_ctx_id_t ctx, int conf,
                    gss_qop_t qop, OM_uint32 size, OM_uint32 *max)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    OM_uint32 major = check(minor, x, qop);
    size_t low = 0, high = size, middle;

    (void)conf;
    if (GSS_ERROR(major))
        return major;
    /* The size grows with the plaintext. */
    while (low < high) {
        middle = low + (high - low + 1) / 2;
        if (wrapped_size(x, middle) <= size)
            low = middle;
        else
            high = middle - 1;
    }
    *max = low;
    return GSS_S_COMPLETE;
}

/* --- In parts: header, data, trailer --- */

struct parts {
    gss_iov_buffer_desc *header, *data, *trailer, *stream;
};

static OM_uint32
find_parts(OM_uint32 *minor, gss_iov_buffer_desc *iov, int count,
           struct parts *parts)
{
    gss_iov_buffer_desc **where;
    int i;

    memset(parts, 0, sizeof(*parts));
    for (i = 0; i < count; i++) {
        switch (GSS_IOV_BUFFER_TYPE(iov[i].type)) {
        case GSS_IOV_BUFFER_TYPE_HEADER: where = &parts->header; break;
        case GSS_IOV_BUFFER_TYPE_DATA: where = &parts->data; break;
        case GSS_IOV_BUFFER_TYPE_TRAILER: where = &parts->trailer; break;
        case GSS_IOV_BUFFER_TYPE_STREAM: where = &parts->stream; break;
        case GSS_IOV_BUFFER_TYPE_PADDING:
            iov[i].buffer.length = 0;
            continue;
        case GSS_IOV_BUFFER_TYPE_EMPTY: continue;
        default: where = NULL; break;
        }
        if (where == NULL || *where != NULL)
            return csm_refuse(minor, GSS_S_FAILURE, "CredSSP takes one buffer "
                              "each for header, data, trailer or stream");
        *where = &iov[i];
    }
    return GSS_S_COMPLETE;
}

/* Without a trailer's buffer its bytes go to the header's, and the data starts
 * that much later: the record is the same. */
static void
part_sizes(const struct csm_ctx *x, const struct parts *parts, size_t *header,
           size_t *trailer)
{
    struct cs_tls_frame frame;

    credssp_frame(x->credssp, parts->data->buffer.length, &frame);
    *header = frame.before + frame.header;
    *trailer = frame.trailer;
    if (parts->trailer == NULL) {
        *header += frame.trailer;
        *trailer = 0;
    }
}

static OM_uint32
check_wrap_iov(OM_uint32 *minor, const struct csm_ctx *x, gss_qop_t qop,
               gss_iov_buffer_desc *iov, int count, struct parts *parts)
{
    OM_uint32 major = check(minor, x, qop);

    if (!GSS_ERROR(major))
        major = find_parts(minor, iov, count, parts);
    if (GSS_ERROR(major))
        return major;
    if (parts->header == NULL || parts->data == NULL || parts->stream != NULL)
        return csm_refuse(minor, GSS_S_FAILURE,
                          "CredSSP wraps a header and data");
    if (parts->data->buffer.length == 0 ||
        parts->data->buffer.length > CS_RECORD_MAX)
        return csm_refuse(minor, GSS_S_FAILURE, "CredSSP wraps 1 to 16384 "
                          "bytes in parts, one TLS record");
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
csm_wrap_iov_length(OM_uint32 *minor, gss_ctx_id_t ctx, int conf,
                    gss_qop_t qop, int *conf_state, gss_iov_buffer_desc *iov,
                    int count)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    struct parts parts;
    size_t header, trailer;
    OM_uint32 major = check_wrap_iov(minor, x, qop, iov, count, &parts);

    (void)conf;
    if (GSS_ERROR(major))
        return major;
    part_sizes(x, &parts, &header, &trailer);
    parts.header->buffer.length = header;
    if (parts.trailer != NULL)
        parts.trailer->buffer.length = trailer;
    if (conf_state != NULL)
        *conf_state = 1;
    return GSS_S_COMPLETE;
}

static int
has_room(const gss_iov_buffer_desc *part, size_t len)
{
    return part == NULL || (part->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) ||
        part->buffer.length >= len;
}

/* Put len bytes into a part: the caller's memory, or new. */
static OM_uint32
fill(OM_uint32 *minor, gss_iov_buffer_desc *part, const void *p, size_t len)
{
    if (part == NULL)
        return GSS_S_COMPLETE;
    if (part->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) {
        part->buffer.value = malloc(len > 0 ? len : 1);
        if (part->buffer.value == NULL)
            return csm_no_memory(minor);
        part->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
    } else if (part->buffer.length < len) {
        return csm_refuse(minor, GSS_S_FAILURE, "a buffer is too small");
    }
    if (len > 0)
        memcpy(part->buffer.value, p, len);
    part->buffer.length = len;
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
csm_wrap_iov(OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop,
             int *conf_state, gss_iov_buffer_desc *iov, int count)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    struct cs_buf record = CS_BUF_INIT(SIZE_MAX / 2);
    struct parts parts;
    struct cs_span plain;
    size_t header, trailer;
    struct cs_error err;
    OM_uint32 major = check_wrap_iov(minor, x, qop, iov, count, &parts);

    (void)conf;
    if (GSS_ERROR(major))
        return major;
    part_sizes(x, &parts, &header, &trailer);
    /* Before the record is made: once it is, the peer has to see it. */
    if (!has_room(parts.header, header) || !has_room(parts.trailer, trailer))
        return csm_refuse(minor, GSS_S_FAILURE, "a buffer is too small: "
                          "gss_wrap_iov_length() gives the sizes");
    plain.p = parts.data->buffer.value;
    plain.len = parts.data->buffer.length;
    if (credssp_wrap(x->credssp, plain, &record, &err) != 0)
        major = csm_error(minor, &err);
    else if (record.len != header + plain.len + trailer)
        major = csm_refuse(minor, GSS_S_FAILURE,
                           "a record has an unexpected size");
    if (!GSS_ERROR(major))
        major = fill(minor, parts.header, record.p, header);
    if (!GSS_ERROR(major))
        major = fill(minor, parts.trailer, record.p + header + plain.len,
                     trailer);
    if (!GSS_ERROR(major))
        memcpy(parts.data->buffer.value, record.p + header, plain.len);
    cs_buf_free(&record);
    if (conf_state != NULL)
        *conf_state = 1;
    return major;
}

static void
add_part(struct cs_buf *record, const gss_iov_buffer_desc *part)
{
    if (part != NULL)
        cs_buf_add(record, part->buffer.value, part->buffer.length);
}

OM_uint32 KRB5_CALLCONV
csm_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t ctx, int *conf_state,
               gss_qop_t *qop, gss_iov_buffer_desc *iov, int count)
{
    struct csm_ctx *x = (struct csm_ctx *)ctx;
    struct cs_buf record = CS_BUF_INIT(SIZE_MAX / 2), plain;
    struct parts parts;
    struct cs_error err;
    OM_uint32 major = check(minor, x, GSS_C_QOP_DEFAULT);

    if (!GSS_ERROR(major))
        major = find_parts(minor, iov, count, &parts);
    if (!GSS_ERROR(major) && parts.data == NULL)
        major = csm_refuse(minor, GSS_S_FAILURE,
                           "CredSSP needs a buffer for the data");
    if (GSS_ERROR(major))
        return major;
    add_part(&record, parts.stream);
    if (parts.stream == NULL) {
        add_part(&record, parts.header);
        add_part(&record, parts.data);
        add_part(&record, parts.trailer);
    }
    plain = (struct cs_buf)CS_BUF_INIT(record.len + 1);
    if (record.error != 0)
        major = csm_no_memory(minor);
    else if (credssp_unwrap(x->credssp, cs_buf_span(&record), &plain, &err))
        major = csm_error(minor, &err);
    /* With a stream the data is a part of the stream's own memory. */
    if (!GSS_ERROR(major) && parts.stream != NULL &&
        !(parts.data->type & GSS_IOV_BUFFER_FLAG_ALLOCATE))
        parts.data->buffer = parts.stream->buffer;
    if (!GSS_ERROR(major))
        major = fill(minor, parts.data, plain.p, plain.len);
    cs_buf_free(&record);
    cs_buf_free(&plain);
    if (conf_state != NULL)
        *conf_state = 1;
    if (qop != NULL)
        *qop = GSS_C_QOP_DEFAULT;
    return major;
}
