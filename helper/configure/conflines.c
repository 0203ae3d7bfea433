/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* conflines.c - the lines of a file of krb5.conf's kind. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/configure/conflines.h"

#define LINES_MAX 20000
#define DEPTH_MAX 16
#define BLANKS " \t"

static const char *const directives[] = {
    "include", "includedir", "module", NULL
};

/* A copy of the text between two places, without blanks at either end. */
static char *
cut(const char *from, const char *to)
{
    while (from < to && strchr(BLANKS, *from) != NULL)
        from++;
    while (to > from && strchr(BLANKS, to[-1]) != NULL)
        to--;
    return strndup(from, to - from);
}

static int
malformed(struct cs_error *err, const struct lines *lines, const char *what)
{
    return cs_fail(err, CS_MALFORMED, "line %zu: %s", lines->n + 1, what);
}

/* "include", "includedir", "module": at the very beginning of a line only. */
static int
read_directive(struct line *l)
{
    const char *const *d;
    size_t len;

    for (d = directives; *d != NULL; d++) {
        len = strlen(*d);
        if (strncmp(l->text, *d, len) != 0 || l->text[len] == '\0' ||
            strchr(BLANKS, l->text[len]) == NULL)
            continue;
        l->kind = LINE_DIRECTIVE;
        l->name = strdup(*d);
        l->value = cut(l->text + len, l->text + strlen(l->text));
        return 1;
    }
    return 0;
}

static const char *
read_section(struct line *l, const char *p, size_t depth)
{
    const char *end = strchr(p, ']');

    if (depth > 0)
        return "a section begins inside braces";
    if (end == NULL || end[1 + strspn(end + 1, BLANKS)] != '\0')
        return "expected a section: [NAME]";
    l->kind = LINE_SECTION;
    l->name = strndup(p + 1, end - p - 1);      /* blanks count */
    return NULL;
}

/* "KEY = VALUE" or "NAME = {". */
static const char *
read_relation(struct line *l, const char *p)
{
    const char *equals = strchr(p, '='), *value;

    if (equals == NULL)
        return "expected a section, KEY = VALUE, or a brace";
    l->name = cut(p, equals);
    value = equals + 1 + strspn(equals + 1, BLANKS);
    l->value = cut(value, value + strlen(value));
    if (l->name == NULL || l->value == NULL)
        return NULL;
    if (*l->name == '\0' || strpbrk(l->name, BLANKS "{}[]\"*") != NULL)
        return "invalid name of a key";
    if (*l->value == '\0')
        return "there is no value after the =";
    if (*l->value == '"')
        return "quoted values are not supported";
    l->kind = strcmp(l->value, "{") == 0 ? LINE_OPEN : LINE_KEY;
    if (*l->value == '{' && l->kind == LINE_KEY &&
        l->value[strlen(l->value) - 1] != '}')
        return "something follows a section's {";
    return NULL;
}

static const char *
read_line(struct line *l, size_t *depth)
{
    const char *p = l->text + strspn(l->text, BLANKS), *wrong = NULL;

    l->depth = *depth;
    if (*p == '\0' || *p == '#' || *p == ';' || read_directive(l))
        return NULL;
    if (*p == '[')
        return read_section(l, p, *depth);
    if (*p == '}') {
        if (*depth == 0 || p[1 + strspn(p + 1, BLANKS)] != '\0')
            return "this } has no matching {, or something follows it";
        l->kind = LINE_CLOSE;
        l->depth = --*depth;
        return NULL;
    }
    wrong = read_relation(l, p);
    if (wrong == NULL && l->kind == LINE_OPEN && ++*depth > DEPTH_MAX)
        return "sections are nested too deeply";
    return wrong;
}

/* libkrb5 takes everything for a comment until a line begins with '['. */
static const char *
begin(struct lines *lines, const struct line *l)
{
    if (l->kind == LINE_SECTION && *l->text == '[')
        lines->begun = 1;
    if (lines->begun || l->kind == LINE_EMPTY || l->kind == LINE_DIRECTIVE)
        return NULL;
    return "libkrb5 ignores everything before the first [section] at the "
        "beginning of a line";
}

static int
has_control(struct cs_span text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.p[i] < 0x20 && text.p[i] != '\t')
            return 1;
    }
    return 0;
}

static const char *
unfit(const struct lines *lines, struct cs_span text)
{
    if (lines->n >= LINES_MAX)
        return "there are too many lines";
    if (text.len > LINE_BYTES)
        return "it is longer than libkrb5 can read";
    if (text.len > 0 && text.p[text.len - 1] == '\r')
        return "it ends with a carriage return, as on Windows (dos2unix "
            "removes them)";
    return has_control(text) ? "there are control characters" : NULL;
}

/* Room for one more at index at, cleared; NULL without memory. */
static struct line *
make_room(struct lines *lines, size_t at)
{
    struct line *more;
    size_t max = lines->max > 0 ? 2 * lines->max : 64;

    if (lines->n == lines->max) {
        more = realloc(lines->v, max * sizeof(*more));
        if (more == NULL)
            return NULL;
        lines->v = more;
        lines->max = max;
    }
    memmove(&lines->v[at + 1], &lines->v[at], (lines->n - at) *
            sizeof(*lines->v));
    memset(&lines->v[at], 0, sizeof(*lines->v));
    return &lines->v[at];
}

static void
free_line(struct line *l)
{
    free(l->text);
    free(l->name);
    free(l->value);
}

int
lines_parse(struct lines *lines, struct cs_span text, size_t *depth,
            struct cs_error *err)
{
    const char *wrong = unfit(lines, text);
    struct line *l;

    if (wrong != NULL)
        return malformed(err, lines, wrong);
    l = make_room(lines, lines->n);
    if (l == NULL)
        return cs_nomem(err);
    l->text = strndup((const char *)text.p, text.len);
    wrong = l->text != NULL ? read_line(l, depth) : NULL;
    if (wrong == NULL && l->text != NULL)
        wrong = begin(lines, l);
    if (wrong == NULL && l->text != NULL &&
        (l->kind == LINE_EMPTY || l->kind == LINE_CLOSE || l->name != NULL)) {
        lines->n++;
        return 0;
    }
    free_line(l);
    return wrong != NULL ? malformed(err, lines, wrong) : cs_nomem(err);
}

int
lines_insert(struct lines *lines, size_t at, char *text, size_t depth)
{
    struct line *l = text != NULL ? make_room(lines, at) : NULL;
    size_t inside = depth;

    if (l == NULL) {
        free(text);
        return CS_NOMEM;
    }
    lines->n++;
    l->text = text;
    if (strcmp(text + strspn(text, BLANKS), "}") == 0)
        inside++;               /* it closes one that is open */
    (void)read_line(l, &inside);
    l->state = ADDED;
    return 0;
}

void
lines_sweep(struct lines *lines)
{
    size_t i, n = 0;

    for (i = 0; i < lines->n; i++) {
        if (lines->v[i].state == GONE)
            free_line(&lines->v[i]);
        else
            lines->v[n++] = lines->v[i];
    }
    lines->n = n;
}

void
lines_free(struct lines *lines)
{
    size_t i;

    for (i = 0; i < lines->n; i++)
        free_line(&lines->v[i]);
    free(lines->v);
    memset(lines, 0, sizeof(*lines));
}
