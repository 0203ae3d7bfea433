/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * conflines.h - the lines of a file of krb5.conf's kind.
 *
 *     # comment              includedir DIR       [section]
 *     key = value            name = {             }
 *
 * What MIT's parser takes besides (a brace on the next line, final marks,
 * quotes) is refused: it would be understood wrongly sooner or later.  So is
 * what it does not read as it looks: anything in front of the first [section]
 * at the beginning of a line, and lines that are too long.
 */
#ifndef CLI_CONFLINES_H
#define CLI_CONFLINES_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

enum line_kind {
    LINE_EMPTY, LINE_DIRECTIVE, LINE_SECTION, LINE_KEY, LINE_OPEN, LINE_CLOSE
};

#define LINE_BYTES ((size_t)2046) /* that libkrb5 reads as one line */

struct line {                   /* owns its strings */
    enum line_kind kind;
    char *text;                 /* without its '\n' */
    char *name, *value;         /* or NULL; of a directive, its argument */
    size_t depth;               /* braces around it */
    enum { KEPT, ADDED, REMOVED, GONE } state;  /* GONE: added, removed */
};

struct lines {
    struct line *v;
    size_t n, max;
    int begun;                  /* a [section] has been there */
};

/* Is it not in the text as it is now? */
static inline int
line_is_out(const struct line *l)
{
    return l->state == REMOVED || l->state == GONE;
}

static inline void
line_remove(struct line *l)
{
    l->state = l->state == ADDED || l->state == GONE ? GONE : REMOVED;
}

/* Append one.  depth: braces that are open, changed by the line.  Returns 0,
 * CS_NOMEM or CS_MALFORMED. */
int lines_parse(struct lines *lines, struct cs_span text, size_t *depth,
                struct cs_error *err);
/* Put a new one at index at, state ADDED.  Takes text over; 0 or CS_NOMEM. */
int lines_insert(struct lines *lines, size_t at, char *text, size_t depth);
/* Append the changes as a unified diff, without its two first lines (in
 * confdiff.c).  Nothing may be GONE. */
void lines_diff(const struct lines *lines, struct cs_buf *out);
/* Free those that are GONE. */
void lines_sweep(struct lines *lines);
void lines_free(struct lines *lines);

#endif /* CLI_CONFLINES_H */
