/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cs_hex.h - bytes for the tests of MS-CSSP's parts. */
#ifndef CS_HEX_H
#define CS_HEX_H

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/buf.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A copy in memory of exactly that size, so that reading past it shows.  The
 * caller frees the span's p with drop(). */
static inline struct cs_span
exact(const void *p, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    struct cs_span span = { copy, len };

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, p, len);
    return span;
}

static inline void
drop(struct cs_span span)
{
    free((void *)(uintptr_t)span.p);
}

/* Hexadecimal as bytes; likewise. */
static inline struct cs_span
unhex(const char *hex)
{
    size_t len = strlen(hex) / 2, i;
    uint8_t *p = malloc(len > 0 ? len : 1);
    struct cs_span span = { p, len };
    char pair[3] = { 0 }, *end;

    assert_non_null(p);
    assert_int_equal(strlen(hex) % 2, 0);
    for (i = 0; i < len; i++) {
        memcpy(pair, hex + 2 * i, 2);
        p[i] = strtoul(pair, &end, 16);
        assert_true(end == pair + 2);
    }
    return span;
}

static inline int
same(struct cs_span a, struct cs_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline int
is_hex(struct cs_span a, const char *hex)
{
    struct cs_span want = unhex(hex);
    int ret = same(a, want);

    drop(want);
    return ret;
}

#endif /* CS_HEX_H */
