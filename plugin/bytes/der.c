/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* der.c - the DER that MS-CSSP uses (ITU-T X.690), strictly, both ways. */
#include "config.h"

#include <string.h>

#include "plugin/bytes/der.h"
#include "plugin/bytes/error.h"

/* No element of ours needs more: 2^24-1 bytes. */
#define LENGTH_OCTETS_MAX 3

void
cs_der_begin(struct cs_der *in, const void *p, size_t len)
{
    in->p = p;
    in->left = len;
    in->root_bad = 0;
    in->bad = &in->root_bad;
}

static void
spoil(struct cs_der *in)
{
    *in->bad = 1;
    in->left = 0;
}

int
cs_der_next_is(const struct cs_der *in, uint8_t tag)
{
    return !*in->bad && in->left > 0 && *in->p == tag;
}

/*
 * Read tag and length:
 *     tag, 0x00-0x7F                     that many bytes
 *     tag, 0x81-0x83, 1 to 3 octets      the same, big-endian and minimal
 * Returns 0 with the sizes of the head and the contents, 1 when there are too
 * few bytes to know, or CS_MALFORMED.
 */
static int
read_head(const uint8_t *p, size_t left, size_t *head, size_t *len)
{
    size_t octets, i;

    if (left < 2)
        return 1;
    *head = 2;
    *len = p[1];
    if (p[1] < 0x80)
        return 0;
    octets = p[1] & 0x7F;
    if (octets == 0 || octets > LENGTH_OCTETS_MAX)
        return CS_MALFORMED;
    if (left < 2 + octets)
        return 1;
    *len = 0;
    for (i = 0; i < octets; i++)
        *len = (*len << 8) | p[2 + i];
    *head = 2 + octets;
    /* Minimal: no leading zero, and no long form of a short length. */
    return (p[2] == 0 || *len < 0x80) ? CS_MALFORMED : 0;
}

int
cs_der_length(const void *p, size_t len, uint8_t tag, size_t max,
              size_t *total)
{
    size_t head, contents;
    int ret;

    if (len > 0 && *(const uint8_t *)p != tag)
        return CS_MALFORMED;
    ret = read_head(p, len, &head, &contents);
    if (ret != 0)
        return ret;
    if (head + contents > max)
        return CS_MALFORMED;
    *total = head + contents;
    return 0;
}

void
cs_der_enter(struct cs_der *in, uint8_t tag, struct cs_der *inside)
{
    size_t head, len;

    inside->p = NULL;
    inside->left = 0;
    inside->root_bad = 0;
    inside->bad = in->bad;
    if (!cs_der_next_is(in, tag) ||
        read_head(in->p, in->left, &head, &len) != 0 ||
        len > in->left - head) {
        spoil(in);
        return;
    }
    inside->p = in->p + head;
    inside->left = len;
    in->p += head + len;
    in->left -= head + len;
}

void
cs_der_end(struct cs_der *in)
{
    if (in->left > 0)
        spoil(in);
}

struct cs_span
cs_der_octets(struct cs_der *in)
{
    struct cs_der inside;
    struct cs_span span;

    cs_der_enter(in, CS_DER_OCTETS, &inside);
    span.p = inside.p;
    span.len = inside.left;
    return span;
}

/* Are there 1 to 4 octets, or 5 of which the first is 0; and all needed? */
static int
good_integer(const uint8_t *p, size_t len)
{
    if (len == 0 || len > 5 || (len == 5 && p[0] != 0))
        return 0;
    return len == 1 || !((p[0] == 0x00 && p[1] < 0x80) ||
                         (p[0] == 0xFF && p[1] >= 0x80));
}

static uint32_t
integer(struct cs_der *in, int *negative)
{
    struct cs_der inside;
    uint32_t value;
    size_t i;

    *negative = 0;
    cs_der_enter(in, CS_DER_INTEGER, &inside);
    if (*in->bad || !good_integer(inside.p, inside.left)) {
        spoil(in);
        return 0;
    }
    *negative = (inside.p[0] >= 0x80);
    value = *negative ? UINT32_MAX : 0;
    for (i = 0; i < inside.left; i++)
        value = (value << 8) | inside.p[i];
    return value;
}

uint32_t
cs_der_uint32(struct cs_der *in)
{
    int negative;

    return integer(in, &negative);
}

uint32_t
cs_der_natural(struct cs_der *in)
{
    uint32_t value;
    int negative;

    value = integer(in, &negative);
    if (negative)
        spoil(in);
    return value;
}

struct cs_span
cs_der_tagged_octets(struct cs_der *in, unsigned int n)
{
    struct cs_der field;
    struct cs_span span;

    cs_der_enter(in, CS_DER_CONTEXT(n), &field);
    span = cs_der_octets(&field);
    cs_der_end(&field);
    return span;
}

struct cs_span
cs_der_optional_octets(struct cs_der *in, unsigned int n)
{
    struct cs_span none = { NULL, 0 };

    return cs_der_next_is(in, CS_DER_CONTEXT(n)) ?
        cs_der_tagged_octets(in, n) : none;
}

uint32_t
cs_der_tagged_natural(struct cs_der *in, unsigned int n)
{
    struct cs_der field;
    uint32_t value;

    cs_der_enter(in, CS_DER_CONTEXT(n), &field);
    value = cs_der_natural(&field);
    cs_der_end(&field);
    return value;
}

/* Writing: the head is put in front of the contents when they are known. */

size_t
cs_der_open(struct cs_buf *out, uint8_t tag)
{
    cs_buf_add(out, &tag, 1);
    return out->len;
}

void
cs_der_close(struct cs_buf *out, size_t mark)
{
    size_t len, octets = 0, i;
    uint8_t head[1 + LENGTH_OCTETS_MAX];

    if (out->error != 0)
        return;
    len = out->len - mark;
    for (i = len; i > 0 && len >= 0x80; i >>= 8)
        octets++;
    if (octets > LENGTH_OCTETS_MAX) {
        out->error = CS_MALFORMED;
        return;
    }
    head[0] = (octets == 0) ? len : 0x80 | octets;
    for (i = 0; i < octets; i++)
        head[1 + i] = len >> (8 * (octets - 1 - i));
    if (cs_buf_room(out, 1 + octets) == NULL)
        return;
    memmove(out->p + mark + 1 + octets, out->p + mark, len);
    memcpy(out->p + mark, head, 1 + octets);
    out->len += 1 + octets;
}

void
cs_der_put_octets(struct cs_buf *out, const void *p, size_t len)
{
    size_t mark = cs_der_open(out, CS_DER_OCTETS);

    cs_buf_add(out, p, len);
    cs_der_close(out, mark);
}

static void
put_integer(struct cs_buf *out, const uint8_t *p, size_t len)
{
    size_t mark = cs_der_open(out, CS_DER_INTEGER);

    cs_buf_add(out, p, len);
    cs_der_close(out, mark);
}

void
cs_der_put_status(struct cs_buf *out, uint32_t value)
{
    uint8_t octets[4] = { value >> 24, value >> 16, value >> 8, value };
    size_t skip = 0;

    while (skip < 3 && octets[skip] == 0 && octets[skip + 1] < 0x80)
        skip++;
    while (skip < 3 && octets[skip] == 0xFF && octets[skip + 1] >= 0x80)
        skip++;
    put_integer(out, octets + skip, 4 - skip);
}

void
cs_der_put_natural(struct cs_buf *out, uint32_t value)
{
    uint8_t octets[5] = { 0, value >> 24, value >> 16, value >> 8, value };
    size_t skip = 0;

    while (skip < 4 && octets[skip] == 0 && octets[skip + 1] < 0x80)
        skip++;
    put_integer(out, octets + skip, 5 - skip);
}

void
cs_der_put_tagged_octets(struct cs_buf *out, unsigned int n,
                         struct cs_span value)
{
    size_t mark = cs_der_open(out, CS_DER_CONTEXT(n));

    cs_der_put_octets(out, value.p, value.len);
    cs_der_close(out, mark);
}

void
cs_der_put_tagged_natural(struct cs_buf *out, unsigned int n, uint32_t value)
{
    size_t mark = cs_der_open(out, CS_DER_CONTEXT(n));

    cs_der_put_natural(out, value);
    cs_der_close(out, mark);
}
