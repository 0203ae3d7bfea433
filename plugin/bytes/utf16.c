/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* utf16.c - between UTF-8 and UTF-16LE (RFC 3629, RFC 2781). */
#include "config.h"

#include "plugin/bytes/utf16.h"

/*
 *     0xxxxxxx                            to U+007F
 *     110xxxxx 10xxxxxx                   to U+07FF
 *     1110xxxx 10xxxxxx 10xxxxxx          to U+FFFF
 *     11110xxx 10xxxxxx (three times)     to U+10FFFF
 */
size_t
cs_utf8_get(const uint8_t *p, size_t left, uint32_t *cp)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = (*p < 0x80) ? 1 : (*p & 0xE0) == 0xC0 ? 2 :
        (*p & 0xF0) == 0xE0 ? 3 : (*p & 0xF8) == 0xF0 ? 4 : 0;
    size_t i;

    if (n == 0 || n > left)
        return 0;
    *cp = (n == 1) ? *p : *p & (0x7Fu >> n);
    for (i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        *cp = (*cp << 6) | (p[i] & 0x3F);
    }
    if (*cp < smallest[n] || *cp > 0x10FFFF || (*cp & 0xFFFFF800) == 0xD800)
        return 0;
    return n;
}

int
cs_utf8_ok(struct cs_span in)
{
    uint32_t cp;
    size_t n;

    for (; in.len > 0; in.p += n, in.len -= n) {
        n = cs_utf8_get(in.p, in.len, &cp);
        if (n == 0 || cp == 0)
            return 0;
    }
    return 1;
}

static void
utf16_put(struct cs_buf *out, uint32_t unit)
{
    uint8_t octets[2] = { unit, unit >> 8 };

    cs_buf_add(out, octets, 2);
}

int
cs_utf16_from_utf8(struct cs_span in, struct cs_buf *out)
{
    uint32_t cp;
    size_t n;

    for (; in.len > 0; in.p += n, in.len -= n) {
        n = cs_utf8_get(in.p, in.len, &cp);
        if (n == 0)
            return CS_MALFORMED;
        if (cp >= 0x10000) {
            utf16_put(out, 0xD800 | ((cp - 0x10000) >> 10));
            utf16_put(out, 0xDC00 | ((cp - 0x10000) & 0x3FF));
        } else {
            utf16_put(out, cp);
        }
    }
    return out->error;
}

static void
utf8_put(struct cs_buf *out, uint32_t cp)
{
    uint8_t octets[4];
    size_t n = (cp < 0x80) ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, i;

    for (i = n; i-- > 1; cp >>= 6)
        octets[i] = 0x80 | (cp & 0x3F);
    octets[0] = (n == 1) ? cp : (0xF00u >> n) | cp;
    cs_buf_add(out, octets, n);
}

/* The code point at p; returns its length in octets, or 0. */
static size_t
utf16_get(const uint8_t *p, size_t left, uint32_t *cp)
{
    uint32_t low;

    if (left < 2)
        return 0;
    *cp = p[0] | (uint32_t)p[1] << 8;
    if ((*cp & 0xF800) != 0xD800)
        return 2;
    if (left < 4 || *cp >= 0xDC00)
        return 0;
    low = p[2] | (uint32_t)p[3] << 8;
    if ((low & 0xFC00) != 0xDC00)
        return 0;
    *cp = 0x10000 + ((*cp & 0x3FF) << 10) + (low & 0x3FF);
    return 4;
}

int
cs_utf8_from_utf16(struct cs_span in, struct cs_buf *out)
{
    uint32_t cp;
    size_t n;

    for (; in.len > 0; in.p += n, in.len -= n) {
        n = utf16_get(in.p, in.len, &cp);
        if (n == 0)
            return CS_MALFORMED;
        utf8_put(out, cp);
    }
    return out->error;
}
