/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * shown.h - what a text that people see must be, for harnesses: written apart
 * from the product's own rule, since that is what they look at.
 */
#ifndef FUZZ_SHOWN_H
#define FUZZ_SHOWN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/utf16.h"

#define check(ok) ((ok) ? (void)0 : check_failed(#ok, __FILE__, __LINE__))

static inline void
check_failed(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "error: %s:%d: %s\n", file, line, what);
    abort();
}

/* Valid UTF-8, with no control characters (C0, DEL, C1) but line feeds where
 * lines are ours, and none that turn the direction of writing: U+202A-202E are
 * E2 80 AA-AE, and U+2066-2069 are E2 81 A6-A9. */
static inline int
is_shown(const char *text, size_t len, int lines)
{
    struct cs_span span = { (const uint8_t *)text, len };
    const uint8_t *p = span.p;
    size_t i;

    if (!cs_utf8_ok(span))
        return 0;
    for (i = 0; i < len; i++) {
        if ((p[i] < 0x20 && !(lines && p[i] == '\n')) || p[i] == 0x7F)
            return 0;
        if (p[i] == 0xC2 && p[i + 1] < 0xA0)
            return 0;
        if (p[i] == 0xE2 &&
            ((p[i + 1] == 0x80 && p[i + 2] >= 0xAA && p[i + 2] <= 0xAE) ||
             (p[i + 1] == 0x81 && p[i + 2] >= 0xA6 && p[i + 2] <= 0xA9)))
            return 0;
    }
    return 1;
}

#endif /* FUZZ_SHOWN_H */
