/*
 * conflines.h - the lines of a file of krb5.conf's kind.
 *
 *     # comment              includedir DIR       [section]
 *     key = value            name = {             }
 *
 * What MIT's parser takes besides (a brace on the next line, final marks,
 * quotes) is refused: it would be understood wrongly sooner or later.
 */
#ifndef CLI_CONFLINES_H
#define CLI_CONFLINES_H

#include "buf.h"
#include "error.h"

enum line_kind {
    LINE_EMPTY, LINE_DIRECTIVE, LINE_SECTION, LINE_KEY, LINE_OPEN, LINE_CLOSE
};

struct line {                   /* owns its strings */
    enum line_kind kind;
    char *text;                 /* without its '\n' */
    char *name, *value;         /* or NULL; of a directive, its argument */
    size_t depth;               /* braces around it */
    enum { KEPT, ADDED, REMOVED } state;
};

struct lines {
    struct line *v;
    size_t n, max;
};

/* Append one.  depth: braces that are open, changed by the line.  Returns 0,
 * CS_NOMEM or CS_MALFORMED. */
int lines_parse(struct lines *lines, struct cs_span text, size_t *depth,
                struct cs_error *err);
/* Put a new one at index at, state ADDED.  Takes text over; 0 or CS_NOMEM. */
int lines_insert(struct lines *lines, size_t at, char *text, size_t depth);
void lines_free(struct lines *lines);

#endif /* CLI_CONFLINES_H */
