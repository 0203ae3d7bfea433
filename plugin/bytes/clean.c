/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* clean.c - sanitize texts that others have chosen, before they are shown. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/clean.h"
#include "plugin/bytes/utf16.h"

/* What a terminal or a reader would take for something else than text. */
static const struct {
    uint32_t first, last;
} unfit[] = {
    { 0x0000, 0x001F },         /* C0: escape sequences, lines, NUL */
    { 0x007F, 0x009F },         /* DEL; C1: CSI and OSC in one character */
    { 0x061C, 0x061C },         /* directions of writing: 061C, 200E... */
    { 0x200E, 0x200F },
    { 0x2028, 0x202E },         /* line and paragraph separators, directions */
    { 0x2066, 0x206F },         /* directions, and formats out of use */
    { 0xFEFF, 0xFEFF },         /* a byte order mark: cannot be seen */
    { 0xFFF9, 0xFFFB },         /* annotations, hidden */
    { 0xE0000, 0xE0FFF },       /* tags: ASCII that cannot be seen */
};

static int
is_fit(uint32_t cp)
{
    size_t i;

    for (i = 0; i < sizeof(unfit) / sizeof(*unfit); i++) {
        if (cp >= unfit[i].first && cp <= unfit[i].last)
            return 0;
    }
    return 1;
}

/* The length of what is at p, a character or a byte that is none; *fit: may it
 * stay? */
static size_t
next(const char *p, size_t left, int *fit)
{
    uint32_t cp = 0;
    size_t n = cs_utf8_get((const uint8_t *)p, left, &cp);

    *fit = n > 0 && is_fit(cp);
    return n > 0 ? n : 1;
}

/* From one place to another, or to itself.  lines, ascii: see clean.h. */
static void
clean(char *to, size_t room, const char *from, size_t left, int lines,
      int ascii)
{
    size_t n, len;
    int fit;

    for (; left > 0; from += n, left -= n) {
        n = next(from, left, &fit);
        fit = (fit && !(ascii && n > 1)) ||
            (lines && (*from == '\n' || *from == '\t'));
        len = fit ? n : 1;
        if (len >= room)
            break;
        if (fit)
            memmove(to, from, n);
        else
            *to = '?';
        to += len;
        room -= len;
    }
    *to = '\0';
}

void
clean_text(char *text)
{
    size_t len = strlen(text);

    clean(text, len + 1, text, len, 0, 0);
}

void
clean_lines(char *text)
{
    size_t len = strlen(text);

    clean(text, len + 1, text, len, 1, 0);
}

void
clean_ascii(char *text)
{
    size_t len = strlen(text);

    clean(text, len + 1, text, len, 1, 1);
}

void
clean_copy(char *to, size_t room, const char *from)
{
    clean(to, room, from, strlen(from), 0, 0);
}

char *
clean_new(struct cs_span text)
{
    char *copy = malloc(text.len + 1);

    if (copy != NULL)
        clean(copy, text.len + 1, (const char *)text.p, text.len, 0, 0);
    return copy;
}
