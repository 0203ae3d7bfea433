/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* frame.c - the frames that MIT's mechglue puts around exported tokens. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/frame.h"
#include "plugin/handles.h"

static uint32_t
load32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
        p[3];
}

static uint8_t *
store32(uint8_t *p, uint32_t n)
{
    p[0] = n >> 24;
    p[1] = n >> 16;
    p[2] = n >> 8;
    p[3] = n;
    return p + 4;
}

/* The bytes before the token, or 0 when they are not what they should be. */
static size_t
frame_length(const uint8_t *p, size_t len, int is_cred)
{
    size_t head;

    if (p == NULL || len < 4 || load32(p) > len - 4)
        return 0;
    head = 4 + (size_t)load32(p);
    if (!is_cred)
        return head;
    if (len - head < 4 || load32(p + head) != len - head - 4)
        return 0;
    return head + 4;
}

static OM_uint32
unframe(OM_uint32 *minor, gss_buffer_t token, int is_cred)
{
    size_t head = frame_length(token->value, token->length, is_cred);
    OM_uint32 tmp;

    *minor = 0;
    if (head == 0) {
        (void)gss_release_buffer(&tmp, token);
        return GSS_S_DEFECTIVE_TOKEN;
    }
    token->length -= head;
    memmove(token->value, (uint8_t *)token->value + head, token->length);
    return GSS_S_COMPLETE;
}

OM_uint32
gw_unframe_ctx(OM_uint32 *minor, gss_buffer_t token)
{
    return unframe(minor, token, 0);
}

OM_uint32
gw_unframe_cred(OM_uint32 *minor, gss_buffer_t token)
{
    return unframe(minor, token, 1);
}

static OM_uint32
frame(OM_uint32 *minor, gss_buffer_t token, int is_cred, gss_buffer_t framed)
{
    const gss_OID oid = &gw_oid_special;
    size_t len = 4 + oid->length + (is_cred ? 4 : 0);
    uint8_t *p;

    *minor = 0;
    framed->length = 0;
    framed->value = NULL;
    if (token->length > UINT32_MAX - len)
        return GSS_S_DEFECTIVE_TOKEN;
    len += token->length;
    p = malloc(len);
    if (p == NULL) {
        *minor = ENOMEM;
        return GSS_S_FAILURE;
    }
    framed->length = len;
    framed->value = p;
    p = store32(p, oid->length);
    memcpy(p, oid->elements, oid->length);
    p += oid->length;
    if (is_cred)
        p = store32(p, token->length);
    if (token->length > 0)
        memcpy(p, token->value, token->length);
    return GSS_S_COMPLETE;
}

OM_uint32
gw_frame_ctx(OM_uint32 *minor, gss_buffer_t token, gss_buffer_t framed)
{
    return frame(minor, token, 0, framed);
}

OM_uint32
gw_frame_cred(OM_uint32 *minor, gss_buffer_t token, gss_buffer_t framed)
{
    return frame(minor, token, 1, framed);
}
