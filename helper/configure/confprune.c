/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confprune.c - removing the sections that are empty. */
#include "config.h"

#include <string.h>

#include "helper/configure/confpath.h"

/* What is inside of sections of one name. */
struct content {
    int live, comments, removed;
};

static int
is_comment(const struct line *l)
{
    return l->kind == LINE_EMPTY && l->text[strspn(l->text, " \t")] != '\0';
}

static int
look(struct lines *lines, const struct region *r, void *arg)
{
    struct content *c = arg;
    const struct line *l;

    /* What has been made is empty if all in it has been taken back. */
    c->removed |= lines->v[r->head].state == ADDED;
    for (l = &lines->v[r->from]; l < &lines->v[r->to]; l++) {
        c->removed |= line_is_out(l);
        c->comments |= !line_is_out(l) && is_comment(l);
        c->live |= !line_is_out(l) && l->kind != LINE_EMPTY;
    }
    return 0;
}

/* Without a [section] at the beginning of a line, libkrb5 would take one behind
 * it that is not there for a comment. */
static int
is_needed(const struct lines *lines, size_t head)
{
    size_t i;

    for (i = head + 1; lines->v[head].kind == LINE_SECTION && i < lines->n;
         i++) {
        if (lines->v[i].kind == LINE_SECTION && !line_is_out(&lines->v[i]))
            return *lines->v[i].text != '[';
    }
    return 0;
}

static int
remove_empty(struct lines *lines, const struct region *r, void *arg)
{
    struct content c = { 0, 0, 0 };
    size_t i, end = r->to;

    (void)arg;
    (void)look(lines, r, &c);
    if (c.live || c.comments || is_needed(lines, r->head))
        return 0;
    if (lines->v[r->head].kind == LINE_OPEN)
        end++;                  /* its brace */
    for (i = r->head; i < end; i++)
        line_remove(&lines->v[i]);
    return 0;
}

int
confpath_prune(struct lines *lines, confpath path, size_t n,
               struct cs_error *err)
{
    struct content c, inner = { 0, 0, 0 };
    size_t level;
    int ret = 0;

    for (level = n; level > 0 && ret == 0; level--) {
        memset(&c, 0, sizeof(c));
        ret = confpath_each(lines, path, level, look, &c, err);
        if (level == n)
            inner = c;
        if (ret == 0 && !c.removed)
            break;
        if (ret == 0)
            ret = confpath_each(lines, path, level, remove_empty, NULL, err);
    }
    return ret != 0 ? ret : inner.removed && !inner.live && inner.comments;
}
