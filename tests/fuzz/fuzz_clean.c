/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_clean.c - what others have chosen, made fit to be shown: always UTF-8
 * without a control character, never longer, and clean once and for all.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/clean.h"
#include "plugin/bytes/utf16.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int ok)
{
    if (!ok)
        abort();
}

/* lines: may it have line feeds and tabs? */
static void
check_clean(const char *text, int lines)
{
    struct cs_span span = { (const uint8_t *)text, strlen(text) };
    size_t i, n;
    uint32_t cp;

    for (i = 0; i < span.len; i += n) {
        n = cs_utf8_get(span.p + i, span.len - i, &cp);
        check(n > 0);
        check(cp >= 0x20 || (lines && (cp == '\n' || cp == '\t')));
        check(cp < 0x7F || cp > 0x9F);
        check(cp != 0x061C && (cp < 0x200E || cp > 0x200F));
        check((cp < 0x2028 || cp > 0x202E) && (cp < 0x2066 || cp > 0x2069));
        check(cp < 0xE0000 || cp > 0xE007F);
    }
}

static void
check_in_place(const char *text, void clean(char *), int lines)
{
    char *once = strdup(text), *twice;

    clean(once);
    check(strlen(once) <= strlen(text));
    check_clean(once, lines);
    twice = strdup(once);
    clean(twice);
    check(strcmp(once, twice) == 0);
    free(once);
    free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_span span = { data, size };
    char *text = strndup((const char *)data, size), *copy = clean_new(span);
    size_t room = size > 0 ? data[0] + 1U : 1;
    char *less = malloc(room);

    check(strlen(copy) <= size);
    check_clean(copy, 0);
    clean_copy(less, room, text);
    check(strlen(less) < room && strlen(less) <= strlen(text));
    check_clean(less, 0);
    check_in_place(text, clean_text, 0);
    check_in_place(text, clean_lines, 1);
    check_in_place(text, clean_ascii, 1);
    free(text);
    free(copy);
    free(less);
    return 0;
}
