/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sealed.h - WinRM's message encryption on the wire: multipart/encrypted and
 * multipart/x-multi-encrypted (MS-WSMV 2.2.9.1).
 *
 *     --Encrypted Boundary\r\n
 *     \tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n
 *     \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=N\r\n
 *     --Encrypted Boundary\r\n
 *     \tContent-Type: application/octet-stream\r\n
 *     LLLL header ciphertext --Encrypted Boundary--\r\n
 *
 * LLLL is the little-endian length of the header (Negotiate, Kerberos) or of
 * the TLS trailer (CredSSP).  What is encrypted is found by the lengths, never
 * by looking for the boundary.  No I/O, no cryptography.
 */
#ifndef GATE_SEALED_H
#define GATE_SEALED_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

enum gate_protocol { GATE_SPNEGO, GATE_KERBEROS, GATE_CREDSSP };

#define GATE_PARTS_MAX 4096     /* parts of 16 KiB in one body */
#define GATE_PART_PLAIN 16384   /* plaintext bytes of a CredSSP part */

/* One encrypted part: spans borrowed from the body. */
struct gate_part {
    size_t length;              /* plaintext bytes, as said by Length= (RC4:
                                 * with its padding) */
    uint32_t field;             /* LLLL */
    struct cs_span header;      /* SPNEGO, Kerberos: the field's bytes;
                                 * CredSSP: empty */
    struct cs_span data;        /* length bytes; CredSSP: whole TLS records,
                                 * as a rule one */
    struct cs_span type;        /* "application/soap+xml;charset=UTF-8" */
};

/* Is this Content-Type one of encrypted messages?  0 no, 1 yes with *protocol
 * and *multi set, CS_MALFORMED: yes, but of an unknown protocol or boundary.
 * (*multi is what was said; the reader takes several parts under CredSSP, and
 * only there, whether it was said or not.) */
int gate_sealed_type(const char *content_type, enum gate_protocol *protocol,
                     int *multi, struct cs_error *err);

/* The Content-Type of a message of ours, static. */
const char *gate_sealed_content_type(enum gate_protocol protocol, int multi);

/*
 * A reader of the parts of a body, one at a time.  Gives CS_MALFORMED for
 * anything that is not exactly parts followed by the closing boundary.
 * Lenient only where real ends are: a space behind the dashes, white space
 * around a header, case, a closing line without its dashes, up to two line
 * ends behind it, a closing line after every part, and either of Negotiate's
 * and Kerberos' protocols in a part of either.
 */
struct gate_reader {
    struct cs_span rest;
    enum gate_protocol protocol;
    size_t parts;
    size_t max_plain, plain;    /* bytes of all parts: the limit, and so far */
    int closed, failed;
};
void gate_reader_init(struct gate_reader *reader, struct cs_span body,
                      enum gate_protocol protocol, size_t max_plain);
/* Returns 1 with a part, behind which the body is in order up to the next one;
 * 0 at the proper end; CS_MALFORMED, from then on always. */
int gate_reader_next(struct gate_reader *reader, struct gate_part *part,
                     struct cs_error *err);

/* Append one part (length, field, header and data of it, and type when it is
 * not empty); then the end.  A type that is not printable, or has a Length of
 * its own, sets the buffer's error. */
void gate_write_part(struct cs_buf *out, enum gate_protocol protocol,
                     const struct gate_part *part);
void gate_write_end(struct cs_buf *out);

#endif /* GATE_SEALED_H */
