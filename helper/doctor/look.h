/*
 * look.h - how results look: columns, colours, marks.
 *
 * Colours on a terminal only, and not with NO_COLOR; marks always have a word
 * beside them; lines are wrapped for the terminal's width, and not otherwise.
 */
#ifndef DOC_LOOK_H
#define DOC_LOOK_H

#include <stddef.h>

enum look_mark { LOOK_OK, LOOK_NOTE, LOOK_WARN, LOOK_BAD, LOOK_UNSEEN };

/* Find out what stdout is. */
void look_init(void);

/* The word for a mark: "ok", "note", "warning", "bad", "not seen". */
const char *look_word(enum look_mark mark);

/* "LABEL  MARK WORD  TEXT", with the text wrapped beside the columns, or below
 * them where the terminal is narrow. */
void look_line(const char *label, enum look_mark mark, const char *text);

/* Text by itself, wrapped, each line indented; no word is broken. */
void look_text(size_t indent, const char *text);

/* A line of its own in bold; of a mark's colour, unless that is LOOK_NOTE. */
void look_title(enum look_mark mark, const char *text);

/*
 * A table: cells row by row, as many in each as there are columns.  The widths
 * are those of what is in it; where the terminal is too narrow, each row
 * becomes a line and what follows the first cell stands below it.
 */
void look_table(const char *const *cells, size_t rows, size_t columns);

/* How many columns UTF-8 text takes. */
size_t look_width(const char *text);

#endif /* DOC_LOOK_H */
