/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * der.h - the DER that MS-CSSP uses (ITU-T X.690), strictly, both ways.
 *
 * SEQUENCE, OCTET STRING, INTEGER, and explicit context tags 0 to 30.
 * Lengths must be definite and minimal, integers minimal, nothing may follow
 * what is complete.
 */
#ifndef CS_DER_H
#define CS_DER_H

#include "plugin/bytes/buf.h"

#define CS_DER_INTEGER 0x02
#define CS_DER_OCTETS 0x04
#define CS_DER_SEQUENCE 0x30
#define CS_DER_CONTEXT(n) (0xA0 + (n))

/* --- Reading: errors are sticky, in the root of nested readers. --- */

struct cs_der {
    const uint8_t *p;           /* borrowed: the next byte */
    size_t left;
    int *bad;                   /* of the root; set once and for all */
    int root_bad;
};

/* Begin to read len bytes at p.  in must not be moved while it is in use. */
void cs_der_begin(struct cs_der *in, const void *p, size_t len);

/* Is the next tag this one?  (No, once anything was wrong.) */
int cs_der_next_is(const struct cs_der *in, uint8_t tag);

/* Enter the element with this tag, which must be next: inside reads its
 * contents, and in goes on behind it. */
void cs_der_enter(struct cs_der *in, uint8_t tag, struct cs_der *inside);

/* The element must be read to its end. */
void cs_der_end(struct cs_der *in);

/* Contents of an OCTET STRING, borrowed from the input. */
struct cs_span cs_der_octets(struct cs_der *in);

/*
 * An INTEGER of 1 to 5 octets, as 32 bits: from 0 to 2^32-1, or negative down
 * to -2^31 in two's complement (how NTSTATUS values are sent).
 */
uint32_t cs_der_uint32(struct cs_der *in);
/* The same, where a negative one is an error. */
uint32_t cs_der_natural(struct cs_der *in);

/* What a field that is an explicit tag around one value wants. */
struct cs_span cs_der_tagged_octets(struct cs_der *in, unsigned int n);
uint32_t cs_der_tagged_natural(struct cs_der *in, unsigned int n);
/* The same when it is there; else an empty span whose p is NULL. */
struct cs_span cs_der_optional_octets(struct cs_der *in, unsigned int n);

/*
 * How many bytes does the element that begins at p take, when at least its
 * tag and length are there?  Returns 0 with *total, 1 if there is not yet
 * enough to know, or CS_MALFORMED (another tag, or longer than max).
 */
int cs_der_length(const void *p, size_t len, uint8_t tag, size_t max,
                  size_t *total);

/* --- Writing, with the sticky errors of the buffer. --- */

/* Open an element; the mark goes to cs_der_close(), inner ones first. */
size_t cs_der_open(struct cs_buf *out, uint8_t tag);
void cs_der_close(struct cs_buf *out, size_t mark);

void cs_der_put_octets(struct cs_buf *out, const void *p, size_t len);
/* Minimal, negative where the top bit is set. */
void cs_der_put_status(struct cs_buf *out, uint32_t value);
/* Minimal, never negative. */
void cs_der_put_natural(struct cs_buf *out, uint32_t value);

void cs_der_put_tagged_octets(struct cs_buf *out, unsigned int n,
                              struct cs_span value);
void cs_der_put_tagged_natural(struct cs_buf *out, unsigned int n,
                               uint32_t value);

#endif /* CS_DER_H */
