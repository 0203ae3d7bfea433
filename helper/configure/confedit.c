/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confedit.c - changing a file of krb5.conf's kind, and nothing else in it. */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "helper/configure/confedit.h"
#include "helper/configure/conflines.h"
#include "helper/configure/confpath.h"

#define AROUND ((size_t)64)    /* a key's indentation, and " = " */

struct confedit {
    struct lines lines;
    int no_newline;             /* the last line has no '\n' */
};

/* Take the next line, without its '\n', from a text; 0 at the end. */
static int
next_line(struct cs_span *text, struct cs_span *line)
{
    const uint8_t *end;

    if (text->len == 0)
        return 0;
    end = memchr(text->p, '\n', text->len);
    line->p = text->p;
    line->len = end != NULL ? (size_t)(end - text->p) : text->len;
    text->p += line->len + (end != NULL);
    text->len -= line->len + (end != NULL);
    return 1;
}

int
confedit_parse(struct cs_span text, struct confedit **out,
               struct cs_error *err)
{
    struct confedit *e = calloc(1, sizeof(*e));
    struct cs_span line;
    size_t depth = 0;
    int ret = 0;

    *out = NULL;
    if (e == NULL)
        return cs_nomem(err);
    e->no_newline = text.len > 0 && text.p[text.len - 1] != '\n';
    while (ret == 0 && next_line(&text, &line))
        ret = lines_parse(&e->lines, line, &depth, err);
    if (ret == 0 && depth > 0)
        ret = cs_fail(err, CS_MALFORMED, "a { is never closed");
    if (ret != 0)
        confedit_free(&e);
    *out = e;
    return ret;
}

void
confedit_free(struct confedit **edit)
{
    struct confedit *e = *edit;

    *edit = NULL;
    if (e == NULL)
        return;
    lines_free(&e->lines);
    free(e);
}

/* --- Setting a key --- */

static int
is_value(const char *value)
{
    const char *p;

    for (p = value; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20)
            return 0;
    }
    return *value != '\0' && strchr(" {\"", *value) == NULL && p[-1] != ' ';
}

/* What a walk through the sections of one name does and finds. */
struct setting {
    const char *key, *value;
    const char *name;           /* of those whose values count; borrowed */
    int same;                   /* the value is there already */
    size_t at, depth;           /* where the key goes, if found */
    enum { NOWHERE, SECTION, KEY } found;
};

/* Of target sections whose names differ in case, libkrb5's first counts. */
static int
choose_name(struct lines *lines, const struct region *r, void *arg)
{
    struct setting *s = arg;
    const char *name = lines->v[r->head].name;

    if (s->name == NULL || strcmp(name, s->name) < 0)
        s->name = name;
    return 0;
}

static void
found(struct setting *s, int what, size_t at, size_t depth)
{
    if (s->found >= (unsigned)what)
        return;
    s->found = what;
    s->at = at;
    s->depth = depth;
}

/* Remove the key, but for one that is right. */
static int
clear_key(struct lines *lines, const struct region *r, void *arg)
{
    struct setting *s = arg;
    int counts = strcmp(lines->v[r->head].name, s->name) == 0;
    struct line *l;
    size_t i;

    for (i = r->from; i < r->to; i++) {
        l = &lines->v[i];
        if (l->kind != LINE_KEY || l->depth != r->depth || line_is_out(l) ||
            strcmp(l->name, s->key) != 0)
            continue;
        if (counts && s->value != NULL && !s->same &&
            strcmp(l->value, s->value) == 0) {
            s->same = 1;
            continue;
        }
        line_remove(l);
        if (counts)
            found(s, KEY, i + 1, r->depth);
    }
    if (counts)
        found(s, SECTION, r->to, r->depth);
    return 0;
}

static size_t
count(confpath path)
{
    size_t n = 0;

    while (path[n] != NULL)
        n++;
    return n;
}

static int
add_key(struct lines *lines, confpath path, struct setting *s,
        struct cs_error *err)
{
    struct region r;
    int ret;

    if (s->found == NOWHERE) {
        ret = confpath_make(lines, path, count(path), &r, err);
        if (ret != 0)
            return ret;
        s->at = r.to;
        s->depth = r.depth;
    }
    ret = confpath_insert(lines, s->at, s->depth + 1, s->key, " = ", s->value);
    return ret != 0 ? cs_nomem(err) : 0;
}

int
confedit_set(struct confedit *edit, const char *const *path, const char *key,
             const char *value, struct cs_error *err)
{
    struct setting s = { .key = key, .value = value };
    size_t n = count(path);
    int ret;

    if (value != NULL && !is_value(value))
        return cs_fail(err, CS_USAGE, "%s: this value cannot be written to "
                       "krb5.conf",
                       key);
    if (value != NULL && strlen(key) + strlen(value) > LINE_BYTES - AROUND)
        return cs_fail(err, CS_USAGE, "%s: this value is longer than libkrb5 "
                       "can read",
                       key);
    ret = confpath_each(&edit->lines, path, n, choose_name, &s, err);
    if (ret == 0)
        ret = confpath_each(&edit->lines, path, n, clear_key, &s, err);
    if (ret == 0 && value != NULL && !s.same)
        ret = add_key(&edit->lines, path, &s, err);
    lines_sweep(&edit->lines);
    return ret;
}

int
confedit_prune(struct confedit *edit, const char *const *path,
               struct cs_error *err)
{
    int ret = confpath_prune(&edit->lines, path, count(path), err);

    lines_sweep(&edit->lines);
    return ret;
}

/* --- Directives --- */

static size_t
without_slash(const char *path, size_t len)
{
    return len > 1 && path[len - 1] == '/' ? len - 1 : len;
}

/* Is a line that directive?  As libkrb5 has it, at the very beginning. */
static int
is_directive(struct cs_span line, const char *directive, const char *argument)
{
    size_t len = strlen(directive), want;
    const char *p = (const char *)line.p, *end = p + line.len;

    if (line.len <= len || memcmp(p, directive, len) != 0 ||
        !isspace((unsigned char)p[len]))
        return 0;
    for (p += len; p < end && isspace((unsigned char)*p); p++)
        ;
    while (end > p && isspace((unsigned char)end[-1]))
        end--;
    want = without_slash(argument, strlen(argument));
    len = without_slash(p, end - p);
    return len == want && memcmp(p, argument, len) == 0;
}

int
confedit_has_directive(struct cs_span text, const char *directive,
                       const char *argument)
{
    struct cs_span line;

    while (next_line(&text, &line)) {
        if (is_directive(line, directive, argument))
            return 1;
    }
    return 0;
}

int
confedit_prepend(struct confedit *edit, const char *line)
{
    return lines_insert(&edit->lines, 0, strdup(line), 0);
}

/* --- What has come of it --- */

int
confedit_changed(const struct confedit *edit)
{
    size_t i;

    for (i = 0; i < edit->lines.n; i++) {
        if (edit->lines.v[i].state != KEPT)
            return 1;
    }
    return 0;
}

void
confedit_write(const struct confedit *edit, struct cs_buf *out)
{
    const struct line *l;
    size_t i;

    for (i = 0; i < edit->lines.n; i++) {
        l = &edit->lines.v[i];
        if (line_is_out(l))
            continue;
        cs_buf_add(out, l->text, strlen(l->text));
        cs_buf_add(out, "\n", 1);
    }
    if (edit->no_newline && out->len > 0 && !confedit_changed(edit))
        out->len--;
}

void
confedit_diff(const struct confedit *edit, struct cs_buf *out)
{
    lines_diff(&edit->lines, out);
}
