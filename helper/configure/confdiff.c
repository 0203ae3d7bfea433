/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confdiff.c - what has changed in a file of krb5.conf's kind. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/configure/conflines.h"

#define CONTEXT 3               /* lines around a change */

static void
add_line(struct cs_buf *out, const char *mark, const struct line *l)
{
    cs_buf_add(out, mark, strlen(mark));
    cs_buf_add(out, l->text, strlen(l->text));
    cs_buf_add(out, "\n", 1);
}

/* The end of the hunk that begins with a change at from: where more than twice
 * the context has not changed. */
static size_t
hunk_end(const struct lines *lines, size_t from)
{
    size_t i, last = from;

    for (i = from; i < lines->n && i - last <= (size_t)2 * CONTEXT; i++) {
        if (lines->v[i].state != KEPT)
            last = i;
    }
    return last + 1;
}

static void
add_hunk(const struct lines *lines, size_t from, size_t to, size_t old,
         size_t new, struct cs_buf *out)
{
    static const char *const marks[] = {
        [KEPT] = " ", [ADDED] = "+", [REMOVED] = "-"
    };
    size_t olds = 0, news = 0, i;
    char head[100];
    int n;

    for (i = from; i < to; i++) {
        olds += lines->v[i].state != ADDED;
        news += lines->v[i].state != REMOVED;
    }
    n = snprintf(head, sizeof(head), "@@ -%zu,%zu +%zu,%zu @@\n",
                 old + (olds > 0), olds, new + (news > 0), news);
    cs_buf_add(out, head, n > 0 ? (size_t)n : 0);
    for (i = from; i < to; i++)
        add_line(out, marks[lines->v[i].state], &lines->v[i]);
}

void
lines_diff(const struct lines *lines, struct cs_buf *out)
{
    size_t i = 0, j, from, to, old = 0, new = 0;

    while (i < lines->n) {
        if (lines->v[i].state == KEPT) {
            i++;
            old++;
            new++;
            continue;
        }
        from = i > CONTEXT ? i - CONTEXT : 0;
        /* Lines before a change are kept ones: a hunk ends behind them. */
        to = hunk_end(lines, i) + CONTEXT;
        if (to > lines->n)
            to = lines->n;
        add_hunk(lines, from, to, old - (i - from), new - (i - from), out);
        for (j = i; j < to; j++) {
            old += lines->v[j].state != ADDED;
            new += lines->v[j].state != REMOVED;
        }
        i = to;
    }
}
