/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* utf16.h - UTF-8 and UTF-16LE (RFC 3629, RFC 2781). */
#ifndef CS_UTF16_H
#define CS_UTF16_H

#include <stddef.h>
#include <stdint.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/*
 * Append UTF-8 as UTF-16LE, or the other way.  Returns 0, CS_NOMEM, or
 * CS_MALFORMED for what is not well-formed (overlong forms, lone surrogates,
 * an odd length).
 */
int cs_utf16_from_utf8(struct cs_span in, struct cs_buf *out);
int cs_utf8_from_utf16(struct cs_span in, struct cs_buf *out);
/* The code point at p, of which left octets (at least 1) are there: its length
 * in octets, or 0 if it is malformed. */
size_t cs_utf8_get(const uint8_t *p, size_t left, uint32_t *cp);
/* Is this UTF-8 without a NUL? */
int cs_utf8_ok(struct cs_span in);

#endif /* CS_UTF16_H */
