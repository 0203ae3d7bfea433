/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confpath.c - the sections of a file of krb5.conf's kind, by their names. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/configure/confpath.h"

#define INDENT 4
#define TARGET 3                /* the index of a target's name in a path */

/* --- Finding --- */

static size_t
without_dot(const char *name)
{
    size_t len = strlen(name);

    return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

int
confpath_same_target(const char *a, const char *b)
{
    size_t len = without_dot(a);

    return len == without_dot(b) && strncasecmp(a, b, len) == 0;
}

static int
is_name(const char *name, confpath path, size_t level)
{
    return level == TARGET ? confpath_same_target(name, path[level]) :
        strcmp(name, path[level]) == 0;
}

/* The end of what begins at a line: the next section, or the brace. */
static size_t
end_of(const struct lines *lines, size_t at)
{
    const struct line *v = lines->v, *l = &v[at];
    size_t i;

    for (i = at + 1; i < lines->n; i++) {
        if (l->kind == LINE_SECTION && v[i].kind == LINE_SECTION)
            break;
        if (l->kind == LINE_OPEN && v[i].kind == LINE_CLOSE &&
            v[i].depth == l->depth)
            break;
    }
    return i;
}

/* Blank lines and comments at its end are not a section's own. */
static size_t
trim(const struct lines *lines, size_t from, size_t to)
{
    while (to > from && lines->v[to - 1].kind == LINE_EMPTY)
        to--;
    return to;
}

static void
enter(const struct lines *lines, size_t at, struct region *r)
{
    const struct line *l = &lines->v[at];

    r->head = at;
    r->from = at + 1;
    r->to = end_of(lines, at);
    r->depth = l->kind == LINE_OPEN ? l->depth + 1 : 0;
    if (l->kind == LINE_SECTION)
        r->to = trim(lines, r->from, r->to);
}

/* Does the section of that level begin there?  1, 0, or CS_MALFORMED. */
static int
begins(const struct lines *lines, size_t at, const struct region *r,
       confpath path, size_t level, struct cs_error *err)
{
    const struct line *l = &lines->v[at];

    if (line_is_out(l) || l->name == NULL || !is_name(l->name, path, level))
        return 0;
    if (level == 0)
        return l->kind == LINE_SECTION;
    if (l->depth != r->depth)
        return 0;
    if (l->kind == LINE_KEY)
        return cs_fail(err, CS_MALFORMED, "line %zu: %.80s is all on one "
                       "line; write it on lines of its own", at + 1, l->name);
    return l->kind == LINE_OPEN;
}

struct walk {
    confpath path;
    size_t n;
    confpath_visit visit;
    void *arg;
    struct cs_error *err;
};

/* Paths are short, and so is the way down. */
static int
walk_in(struct lines *lines, const struct walk *w, const struct region *r,
        size_t level)
{
    struct region inner;
    size_t i;
    int ret = 0;

    if (level == w->n)
        return w->visit(lines, r, w->arg);
    for (i = r->from; i < r->to && ret == 0; i++) {
        ret = begins(lines, i, r, w->path, level, w->err);
        if (ret == 1) {
            enter(lines, i, &inner);
            ret = walk_in(lines, w, &inner, level + 1);
            i = inner.to - 1;
        }
    }
    return ret;
}

int
confpath_each(struct lines *lines, confpath path, size_t n,
              confpath_visit visit, void *arg, struct cs_error *err)
{
    const struct walk w = { path, n, visit, arg, err };
    const struct region all = { 0, 0, lines->n, 0 };

    return walk_in(lines, &w, &all, 0);
}

static int
take_first(struct lines *lines, const struct region *r, void *arg)
{
    (void)lines;
    *(struct region *)arg = *r;
    return 1;
}

int
confpath_first(struct lines *lines, confpath path, size_t n,
               struct region *r, struct cs_error *err)
{
    return confpath_each(lines, path, n, take_first, r, err);
}

/* --- Making --- */

int
confpath_insert(struct lines *lines, size_t at, size_t depth, const char *a,
                const char *b, const char *c)
{
    char *line;

    if (asprintf(&line, "%*s%s%s%s", (int)(INDENT * depth), "", a, b, c) < 0)
        return CS_NOMEM;
    /* Braces do not count [section] as one, indentation does. */
    return lines_insert(lines, at, line, depth > 0 ? depth - 1 : 0);
}

/* "[NAME]" at the end, behind a blank line if there is anything. */
static int
make_section(struct lines *lines, const char *name, struct region *r)
{
    size_t i = lines->n;

    while (i > 0 && line_is_out(&lines->v[i - 1]))
        i--;
    if (i > 0 && *lines->v[i - 1].text != '\0' &&
        confpath_insert(lines, lines->n, 0, "", "", "") != 0)
        return CS_NOMEM;
    if (confpath_insert(lines, lines->n, 0, "[", name, "]") != 0)
        return CS_NOMEM;
    enter(lines, lines->n - 1, r);
    return 0;
}

/* "NAME = {" and "}" at the end of one that is there. */
static int
make_inside(struct lines *lines, const char *name, struct region *r)
{
    size_t at = r->to, depth = r->depth + 1;

    if (confpath_insert(lines, at, depth, name, " = {", "") != 0 ||
        confpath_insert(lines, at + 1, depth, "}", "", "") != 0)
        return CS_NOMEM;
    enter(lines, at, r);
    return 0;
}

int
confpath_make(struct lines *lines, confpath path, size_t n,
              struct region *r, struct cs_error *err)
{
    size_t level = n;
    int ret = 0;

    while (level > 0 &&
           (ret = confpath_first(lines, path, level, r, err)) == 0)
        level--;
    if (ret < 0)
        return ret;
    for (; level < n; level++) {
        if ((level == 0 ? make_section(lines, path[0], r) :
             make_inside(lines, path[level], r)) != 0)
            return cs_nomem(err);
    }
    return 0;
}
