/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * confedit.h - changing a file of krb5.conf's kind, and nothing else in it.
 *
 * Lines stay as they are, with their comments and their indentation; what is
 * set goes into the section where it belongs, which is made if it is missing.
 * A line that is not understood is an error: then nothing is changed.  No I/O.
 */
#ifndef CLI_CONFEDIT_H
#define CLI_CONFEDIT_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

struct confedit;

/* Read a file's text.  Returns 0, CS_NOMEM, or CS_MALFORMED with the number of
 * the line in err->text. */
int confedit_parse(struct cs_span text, struct confedit **out,
                   struct cs_error *err);
void confedit_free(struct confedit **edit);

/*
 * Set a key in the section at path: { "appdefaults", "winrm", NULL } is winrm
 * in [appdefaults].  All values that it has there are replaced; value NULL
 * removes them.  Returns 0, CS_NOMEM, CS_USAGE for what cannot be written as a
 * value, or CS_MALFORMED where a section on the way is on one line.
 */
int confedit_set(struct confedit *edit, const char *const *path,
                 const char *key, const char *value, struct cs_error *err);

/*
 * Remove the sections at path from which confedit_set() has removed the last
 * key, and those around them that are empty then.  Where there is a comment, it
 * stays with its section.  Returns 1 if what stays at path is comments only, 0,
 * CS_NOMEM or CS_MALFORMED.
 */
int confedit_prune(struct confedit *edit, const char *const *path,
                   struct cs_error *err);

/* Does a file's text have a line "DIRECTIVE ARGUMENT"?  The rest of it need not
 * be understood, and a final '/' does not matter. */
int confedit_has_directive(struct cs_span text, const char *directive,
                           const char *argument);
/* Put a line at the top.  Returns 0 or CS_NOMEM. */
int confedit_prepend(struct confedit *edit, const char *line);

int confedit_changed(const struct confedit *edit);
/* Append the text as it is now. */
void confedit_write(const struct confedit *edit, struct cs_buf *out);
/* Append the changes as a unified diff, without its two first lines. */
void confedit_diff(const struct confedit *edit, struct cs_buf *out);

#endif /* CLI_CONFEDIT_H */
