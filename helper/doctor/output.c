/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* output.c - how results look. */
#include "config.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/doctor/output.h"
#include "helper/common/say.h"

#define LABEL 14                /* columns */
#define MARK 10                 /* "? not seen" */
#define ENOUGH 30               /* for the text beside the columns */

static struct {
    int colour, utf8;
    size_t width;               /* 0: no terminal, nothing is wrapped */
} look;

static const struct {
    const char *word, *sign, *ascii, *colour;
} marks[] = {
    [OUTPUT_OK] = { "ok", "✓", "+", "\033[32m" },
    [OUTPUT_NOTE] = { "note", "·", "-", "" },
    [OUTPUT_WARN] = { "warning", "!", "!", "\033[33m" },
    [OUTPUT_BAD] = { "bad", "✗", "x", "\033[31m" },
    [OUTPUT_UNSEEN] = { "not seen", "?", "?", "\033[35m" },
};

static const char bold[] = "\033[1m", plain[] = "\033[0m";

void
output_init(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize size;
    int tty = isatty(STDOUT_FILENO);

    look.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    look.colour = tty && (none == NULL || *none == '\0') && term != NULL &&
        strcmp(term, "dumb") != 0;
    look.width = 0;
    if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        look.width = size.ws_col;
}

const char *
output_word(enum output_mark mark)
{
    return marks[mark].word;
}

size_t
output_width(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void
paint(const char *escape)
{
    if (look.colour && *escape != '\0')
        say_control(stdout, escape);
}

static void
spaces(size_t n)
{
    say(stdout, "%*s", (int)n, "");
}

/* Words from column at on; the next lines begin at indent. */
static void
put_words(const char *text, size_t at, size_t indent)
{
    size_t len, width, start = at;

    for (text += strspn(text, " "); *text != '\0';
         text += len + strspn(text + len, " ")) {
        len = strcspn(text, " ");
        width = 0;
        for (size_t i = 0; i < len; i++)
            width += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (look.width > 0 && at > start && at + 1 + width > look.width) {
            say_lines(stdout, "\n");
            spaces(indent);
            at = start = indent;
        } else if (at > start) {
            say(stdout, " ");
            at++;
        }
        say(stdout, "%.*s", (int)len, text);
        at += width;
    }
    say_lines(stdout, "\n");
}

static void
put_mark(enum output_mark mark)
{
    const char *sign = look.utf8 ? marks[mark].sign : marks[mark].ascii;

    paint(marks[mark].colour);
    say(stdout, "%s %s", sign, marks[mark].word);
    paint(marks[mark].colour[0] != '\0' ? plain : "");
}

void
output_line(const char *label, enum output_mark mark, const char *text)
{
    size_t beside = LABEL + MARK + 2, used = 2 + strlen(marks[mark].word);

    if (look.width > 0 && look.width < beside + ENOUGH) {
        if (*label != '\0') {
            paint(bold);
            say(stdout, "%s", label);
            paint(plain);
            say_lines(stdout, "\n");
        }
        spaces(2);
        put_mark(mark);
        say(stdout, " ");
        put_words(text, 2 + used + 1, 4);
        return;
    }
    paint(bold);
    say(stdout, "%-*s", LABEL, label);
    paint(plain);
    put_mark(mark);
    spaces(beside - LABEL - used);
    put_words(text, beside, beside);
}

void
output_text(size_t indent, const char *text)
{
    spaces(indent);
    put_words(text, indent, indent);
}

void
output_title(enum output_mark mark, const char *text)
{
    paint(bold);
    paint(mark != OUTPUT_NOTE ? marks[mark].colour : "");
    put_words(text, 0, 0);
    paint(plain);
    (void)fflush(stdout);
}

/* --- Tables --- */

static void
put_row(const char *const *row, const size_t *widths, size_t columns)
{
    size_t i;

    for (i = 0; i + 1 < columns; i++) {
        say(stdout, "%s", row[i]);
        spaces(widths[i] + 2 - output_width(row[i]));
    }
    say_line(stdout, "%s", row[columns - 1]);
}

static void
put_row_below(const char *const *row, size_t columns)
{
    size_t i;

    output_text(0, row[0]);
    for (i = 1; i < columns; i++) {
        if (*row[i] != '\0')
            output_text(4, row[i]);
    }
}

void
output_table(const char *const *cells, size_t rows, size_t columns)
{
    size_t *widths = calloc(columns, sizeof(*widths)), total = 0, i, w;

    if (widths == NULL)
        return;
    for (i = 0; i < rows * columns; i++) {
        w = output_width(cells[i]);
        if (w > widths[i % columns])
            widths[i % columns] = w;
    }
    for (i = 0; i < columns; i++)
        total += widths[i] + (i > 0 ? 2 : 0);
    for (i = 0; i < rows; i++) {
        if (look.width > 0 && total > look.width)
            put_row_below(cells + i * columns, columns);
        else
            put_row(cells + i * columns, widths, columns);
    }
    free(widths);
}
