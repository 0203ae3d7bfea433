/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * text.h - what the parsers of this folder share: ASCII in spans.
 */
#ifndef GATE_TEXT_H
#define GATE_TEXT_H

#include "plugin/bytes/buf.h"

/* A string as a span, without its NUL. */
struct cs_span gate_span(const char *text);

/* ASCII only, whatever the locale. */
char gate_lower(char c);
int gate_is_digit(char c);
/* tchar of RFC 9110 5.6.2. */
int gate_is_tchar(char c);

/* Is it this text, in whatever case? */
int gate_span_is(struct cs_span span, const char *text);

/* Does it begin with this text, in whatever case?  Then step over that. */
int gate_take_text(struct cs_span *in, const char *text);

/* Step over spaces and tabs. */
void gate_skip_blanks(struct cs_span *in);

/* Step over a token (RFC 9110 5.6.2); empty when there is none. */
struct cs_span gate_take_token(struct cs_span *in);

/* Step over a token or a quoted-string, which value gets as it is between the
 * quotes.  Returns 0 or CS_MALFORMED. */
int gate_take_value(struct cs_span *in, struct cs_span *value);

/* All of a span as a decimal number of at most max, digits only.  Returns 0 or
 * CS_MALFORMED. */
int gate_number(struct cs_span digits, uint64_t max, uint64_t *value);

#endif /* GATE_TEXT_H */
