/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * output.h - how results look: columns, colours, marks.
 *
 * Colours on a terminal only, and not with NO_COLOR; marks always have a word
 * beside them; lines are wrapped for the terminal's width, and not otherwise.
 */
#ifndef DOC_OUTPUT_H
#define DOC_OUTPUT_H

#include <stddef.h>

enum output_mark { OUTPUT_OK, OUTPUT_NOTE, OUTPUT_WARN, OUTPUT_BAD, OUTPUT_UNSEEN };

/* Find out what stdout is. */
void output_init(void);

/* The word for a mark: "ok", "note", "warning", "bad", "not seen". */
const char *output_word(enum output_mark mark);

/* "LABEL  MARK WORD  TEXT", with the text wrapped beside the columns, or below
 * them where the terminal is narrow. */
void output_line(const char *label, enum output_mark mark, const char *text);

/* Text by itself, wrapped, each line indented; no word is broken. */
void output_text(size_t indent, const char *text);

/* A line of its own in bold; of a mark's colour, unless that is OUTPUT_NOTE. */
void output_title(enum output_mark mark, const char *text);

/*
 * A table: cells row by row, as many in each as there are columns.  The widths
 * are those of what is in it; where the terminal is too narrow, each row
 * becomes a line and what follows the first cell stands below it.
 */
void output_table(const char *const *cells, size_t rows, size_t columns);

/* How many columns UTF-8 text takes. */
size_t output_width(const char *text);

#endif /* DOC_OUTPUT_H */
