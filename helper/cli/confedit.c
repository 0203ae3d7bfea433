/* confedit.c - changing a file of krb5.conf's kind, and nothing else in it. */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "confedit.h"
#include "conflines.h"

#define INDENT 4
#define CONTEXT 3               /* lines around a change, in a diff */

struct confedit {
    struct lines lines;
    int no_newline;             /* the last line has no '\n' */
};

/* Lines in [from, to) at one depth. */
struct region {
    size_t from, to, depth;
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

/* --- Finding and making sections --- */

/* A line of three pieces at an index. */
static int
insert(struct confedit *e, size_t at, size_t depth, const char *a,
       const char *b, const char *c)
{
    char *line;

    if (asprintf(&line, "%*s%s%s%s", (int)(INDENT * depth), "", a, b, c) < 0)
        return CS_NOMEM;
    /* Braces do not count [section] as one, indentation does. */
    return lines_insert(&e->lines, at, line, depth > 0 ? depth - 1 : 0);
}

/* The end of what begins at a line: the next section, or the brace. */
static size_t
end_of(const struct confedit *e, size_t at)
{
    const struct line *v = e->lines.v, *l = &v[at];
    size_t i;

    for (i = at + 1; i < e->lines.n; i++) {
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
trim(const struct confedit *e, size_t from, size_t to)
{
    while (to > from && e->lines.v[to - 1].kind == LINE_EMPTY)
        to--;
    return to;
}

static int
find_section(struct confedit *e, const char *name, struct region *r)
{
    size_t i;

    for (i = 0; i < e->lines.n; i++) {
        if (e->lines.v[i].kind == LINE_SECTION &&
            strcmp(e->lines.v[i].name, name) == 0)
            break;
    }
    if (i == e->lines.n) {
        if (i > 0 && insert(e, i++, 0, "", "", "") != 0)
            return CS_NOMEM;
        if (insert(e, i, 0, "[", name, "]") != 0)
            return CS_NOMEM;
    }
    r->from = i + 1;
    r->to = trim(e, r->from, end_of(e, i));
    r->depth = 0;
    return 0;
}

/* Into the subsection of that name, which is made if it is not there. */
static int
enter(struct confedit *e, const char *name, struct region *r,
      struct cs_error *err)
{
    struct line *l;
    size_t i;

    for (i = r->from; i < r->to; i++) {
        l = &e->lines.v[i];
        if (l->depth != r->depth || l->name == NULL || l->state == REMOVED ||
            strcasecmp(l->name, name) != 0)
            continue;
        if (l->kind == LINE_KEY)
            return cs_fail(err, CS_MALFORMED, "line %zu: %.80s is all on one "
                           "line; write it on lines of its own", i + 1, name);
        if (l->kind == LINE_OPEN)
            break;
    }
    if (i == r->to) {
        if (insert(e, i, r->depth + 1, name, " = {", "") != 0 ||
            insert(e, i + 1, r->depth + 1, "}", "", "") != 0)
            return cs_nomem(err);
    }
    r->from = i + 1;
    r->to = end_of(e, i);
    r->depth++;
    return 0;
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

static int
set_key(struct confedit *e, struct region *r, const char *key,
        const char *value)
{
    size_t i, at = r->to;
    int same = 0;
    struct line *l;

    for (i = r->from; i < r->to; i++) {
        l = &e->lines.v[i];
        if (l->kind != LINE_KEY || l->depth != r->depth ||
            l->state == REMOVED || strcmp(l->name, key) != 0)
            continue;
        if (value != NULL && !same && strcmp(l->value, value) == 0) {
            same = 1;
            continue;
        }
        l->state = REMOVED;
        if (at == r->to)
            at = i + 1;
    }
    if (value == NULL || same)
        return 0;
    return insert(e, at, r->depth + 1, key, " = ", value);
}

int
confedit_set(struct confedit *edit, const char *const *path, const char *key,
             const char *value, struct cs_error *err)
{
    struct region r;
    int ret;

    if (value != NULL && !is_value(value))
        return cs_fail(err, CS_USAGE, "%s: this cannot be written as a value",
                       key);
    if (find_section(edit, *path++, &r) != 0)
        return cs_nomem(err);
    for (; *path != NULL; path++) {
        ret = enter(edit, *path, &r, err);
        if (ret != 0)
            return ret;
    }
    return set_key(edit, &r, key, value) != 0 ? cs_nomem(err) : 0;
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

static void
add_line(struct cs_buf *out, const char *mark, const struct line *l)
{
    cs_buf_add(out, mark, strlen(mark));
    cs_buf_add(out, l->text, strlen(l->text));
    cs_buf_add(out, "\n", 1);
}

void
confedit_write(const struct confedit *edit, struct cs_buf *out)
{
    size_t i;

    for (i = 0; i < edit->lines.n; i++) {
        if (edit->lines.v[i].state != REMOVED)
            add_line(out, "", &edit->lines.v[i]);
    }
    if (edit->no_newline && out->len > 0 && !confedit_changed(edit))
        out->len--;
}

/* The end of the hunk that begins with a change at from: where more than twice
 * the context has not changed. */
static size_t
hunk_end(const struct confedit *e, size_t from)
{
    size_t i, last = from;

    for (i = from; i < e->lines.n && i - last <= (size_t)2 * CONTEXT; i++) {
        if (e->lines.v[i].state != KEPT)
            last = i;
    }
    return last + 1;
}

static void
add_hunk(const struct confedit *e, size_t from, size_t to, size_t old,
         size_t new, struct cs_buf *out)
{
    static const char *const marks[] = {
        [KEPT] = " ", [ADDED] = "+", [REMOVED] = "-"
    };
    size_t olds = 0, news = 0, i;
    char head[100];
    int n;

    for (i = from; i < to; i++) {
        olds += e->lines.v[i].state != ADDED;
        news += e->lines.v[i].state != REMOVED;
    }
    n = snprintf(head, sizeof(head), "@@ -%zu,%zu +%zu,%zu @@\n",
                 old + (olds > 0), olds, new + (news > 0), news);
    cs_buf_add(out, head, n > 0 ? (size_t)n : 0);
    for (i = from; i < to; i++)
        add_line(out, marks[e->lines.v[i].state], &e->lines.v[i]);
}

void
confedit_diff(const struct confedit *edit, struct cs_buf *out)
{
    size_t i = 0, j, from, to, old = 0, new = 0;

    while (i < edit->lines.n) {
        if (edit->lines.v[i].state == KEPT) {
            i++;
            old++;
            new++;
            continue;
        }
        from = i > CONTEXT ? i - CONTEXT : 0;
        /* Lines before a change are kept ones: a hunk ends behind them. */
        to = hunk_end(edit, i) + CONTEXT;
        if (to > edit->lines.n)
            to = edit->lines.n;
        add_hunk(edit, from, to, old - (i - from), new - (i - from), out);
        for (j = i; j < to; j++) {
            old += edit->lines.v[j].state != ADDED;
            new += edit->lines.v[j].state != REMOVED;
        }
        i = to;
    }
}
