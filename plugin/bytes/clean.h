/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * clean.h - sanitize texts that others have chosen, before they are shown.
 *
 * Servers, whoever is between, KDCs, directories, other users, and a gateway
 * that has been taken over choose bytes that end up on a terminal, in a log or
 * in JSON.  This is the one place that decides what gets through: whole
 * characters of UTF-8, less those that move a cursor, end a line, turn the
 * direction of writing or cannot be seen.  Each that does not, and each byte
 * that belongs to none, becomes a question mark: the result is never longer,
 * and cleaning it again changes nothing.
 */
#ifndef HC_CLEAN_H
#define HC_CLEAN_H

#include <stddef.h>

#include "plugin/bytes/buf.h"

/* In place. */
void clean_text(char *text);
/* The same, but line feeds and tabs stay: for texts whose lines are ours. */
void clean_lines(char *text);
/* The same as that, and only ASCII stays: for a terminal that knows no UTF-8, to
 * which the second byte of a letter may be a control character. */
void clean_ascii(char *text);

/* Copy what fits, in whole characters, with a NUL; room is not 0. */
void clean_copy(char *to, size_t room, const char *from);

/* New memory, or NULL without. */
char *clean_new(struct cs_span text);

#endif /* HC_CLEAN_H */
