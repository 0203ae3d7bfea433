/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sealed.c - WinRM's message encryption on the wire (MS-WSMV 2.2.9.1).
 *
 * Lengths say where the ciphertext ends; nothing looks for its end:
 *
 *   Negotiate, Kerberos: LLLL bytes of header and Length bytes of data.
 *   CredSSP: TLS records.  Each says how long it is; behind it stands either
 *       the next record, whose first byte is 0x17, or the boundary, whose
 *       first is '-'.  Every sender makes one record a part, but TLS may
 *       split.
 *   Both: the boundary must be right there.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/wsman/sealed.h"
#include "helper/wsman/text.h"

#define BOUNDARY "Encrypted Boundary"
#define SINGLE "multipart/encrypted"
#define MULTI "multipart/x-multi-encrypted"
#define OCTETS "application/octet-stream"
#define SOAP "application/soap+xml;charset=UTF-8"

#define LINE_LENGTH_MAX 512     /* bytes of a header line in a body */
#define HEADER_MAX 1024         /* bytes; Kerberos has at most 76 */

#define RECORD_HEAD 5           /* type, version (2), length (2) */
#define RECORD_DATA 23          /* application_data */
#define RECORD_MAX (16384 + 2048)       /* RFC 5246 6.2.3 */
#define RECORD_TAG 9            /* bytes; the least: TLS 1.3 with CCM_8 */
#define RECORDS_MAX 64          /* in one part */

static const char *const protocol_types[] = {
    [GATE_SPNEGO] = "application/HTTP-SPNEGO-session-encrypted",
    [GATE_KERBEROS] = "application/HTTP-Kerberos-session-encrypted",
    [GATE_CREDSSP] = "application/HTTP-CredSSP-session-encrypted",
};

#define TYPE_OF(kind, protocol) kind ";protocol=\"application/HTTP-" protocol \
    "-session-encrypted\";boundary=\"" BOUNDARY "\""

static const char *const content_types[][2] = {
    [GATE_SPNEGO] = { TYPE_OF(SINGLE, "SPNEGO"), TYPE_OF(MULTI, "SPNEGO") },
    [GATE_KERBEROS] = { TYPE_OF(SINGLE, "Kerberos"),
                        TYPE_OF(MULTI, "Kerberos") },
    [GATE_CREDSSP] = { TYPE_OF(SINGLE, "CredSSP"), TYPE_OF(MULTI, "CredSSP") },
};

static int
find_protocol(struct cs_span type, enum gate_protocol *protocol)
{
    unsigned int i;

    for (i = 0; i < sizeof(protocol_types) / sizeof(*protocol_types); i++) {
        if (gate_span_is(type, protocol_types[i])) {
            *protocol = i;
            return 1;
        }
    }
    return 0;
}

/* ";name=value", with white space where RFC 9110 5.6.6 has some. */
static int
take_parameter(struct cs_span *in, struct cs_span *name,
               struct cs_span *value)
{
    gate_skip_blanks(in);
    if (!gate_take_text(in, ";"))
        return CS_MALFORMED;
    gate_skip_blanks(in);
    *name = gate_take_token(in);
    if (name->len == 0 || !gate_take_text(in, "=") ||
        gate_take_value(in, value) != 0)
        return CS_MALFORMED;
    gate_skip_blanks(in);
    return 0;
}

int
gate_sealed_type(const char *content_type, enum gate_protocol *protocol,
                 int *multi, struct cs_error *err)
{
    struct cs_span in = gate_span(content_type), name, value;
    int protocols = 0, boundaries = 0;

    *protocol = GATE_SPNEGO;
    gate_skip_blanks(&in);
    *multi = gate_take_text(&in, MULTI);
    if (!*multi && !gate_take_text(&in, SINGLE))
        return 0;
    gate_skip_blanks(&in);
    if (in.len > 0 && *in.p != ';')
        return 0;
    while (in.len > 0) {
        if (take_parameter(&in, &name, &value) != 0)
            return cs_fail(err, CS_MALFORMED, "the Content-Type of an "
                           "encrypted message is malformed");
        if (gate_span_is(name, "protocol")) {
            if (protocols++ > 0 || !find_protocol(value, protocol))
                return cs_fail(err, CS_MALFORMED, "a message is encrypted by "
                               "an unknown protocol");
        } else if (gate_span_is(name, "boundary")) {
            if (boundaries++ > 0 || !gate_span_is(value, BOUNDARY))
                return cs_fail(err, CS_MALFORMED, "an encrypted message does "
                               "not use WinRM's boundary");
        }
    }
    if (protocols != 1 || boundaries != 1)
        return cs_fail(err, CS_MALFORMED, "the Content-Type of an encrypted "
                       "message lacks its protocol or its boundary");
    return 1;
}

const char *
gate_sealed_content_type(enum gate_protocol protocol, int multi)
{
    return content_types[protocol][multi != 0];
}

/* --- Reading --- */

void
gate_reader_init(struct gate_reader *reader, struct cs_span body,
                 enum gate_protocol protocol, size_t max_plain)
{
    memset(reader, 0, sizeof(*reader));
    reader->rest = body;
    reader->protocol = protocol;
    reader->max_plain = max_plain;
}

/* The next n bytes; n is known to be there. */
static struct cs_span
take(struct cs_span *in, size_t n)
{
    struct cs_span span = { in->p, n };

    in->p += n;
    in->len -= n;
    return span;
}

/* "--Encrypted Boundary", with a space behind the dashes by Exchange and
 * openwsman. */
static int
take_boundary(struct cs_span *in)
{
    struct cs_span at = *in;

    if (!gate_take_text(&at, "--"))
        return 0;
    (void)gate_take_text(&at, " ");
    if (!gate_take_text(&at, BOUNDARY))
        return 0;
    *in = at;
    return 1;
}

/* A header line, without white space around it and without its end. */
static int
take_line(struct cs_span *in, struct cs_span *line)
{
    size_t limit = (in->len < LINE_LENGTH_MAX) ? in->len : LINE_LENGTH_MAX;
    const uint8_t *cr = (limit > 0) ? memchr(in->p, '\r', limit) : NULL;

    if (cr == NULL)
        return CS_MALFORMED;
    *line = take(in, cr - in->p);
    if (!gate_take_text(in, "\r\n"))
        return CS_MALFORMED;
    gate_skip_blanks(line);
    while (line->len > 0 && (line->p[line->len - 1] == ' ' ||
                             line->p[line->len - 1] == '\t'))
        line->len--;
    return 0;
}

/* Is the line the field of this name?  Then leave its value. */
static int
is_field(struct cs_span *line, const char *name)
{
    struct cs_span at = *line;

    if (!gate_take_text(&at, name) || !gate_take_text(&at, ":"))
        return 0;
    gate_skip_blanks(&at);
    *line = at;
    return 1;
}

static int
printable(struct cs_span text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.p[i] < 0x20 || text.p[i] > 0x7E)
            return 0;
    }
    return 1;
}

/* "type=application/soap+xml;charset=UTF-8;Length=1273", in this order. */
static int
read_original(struct cs_span value, struct gate_part *part)
{
    struct cs_span last;
    size_t at;
    uint64_t length;

    if (!printable(value) || !gate_take_text(&value, "type="))
        return CS_MALFORMED;
    for (at = value.len; at > 0 && value.p[at - 1] != ';'; at--)
        continue;
    if (at < 2)
        return CS_MALFORMED;    /* no ';', or no type in front of it */
    part->type = take(&value, at - 1);
    last = value;
    (void)take(&last, 1);
    gate_skip_blanks(&last);
    if (!gate_take_text(&last, "Length=") ||
        gate_number(last, UINT32_MAX, &length) != 0 || length == 0)
        return CS_MALFORMED;
    part->length = length;
    return 0;
}

/* Under Negotiate the server may have chosen Kerberos and say so. */
static int
right_protocol(enum gate_protocol outer, struct cs_span type)
{
    enum gate_protocol inner;

    return find_protocol(type, &inner) &&
        (inner == GATE_CREDSSP) == (outer == GATE_CREDSSP);
}

/* The two lines about what is encrypted, in either order. */
static int
read_description(struct gate_reader *reader, struct gate_part *part,
                 struct cs_error *err)
{
    struct cs_span line;
    int types = 0, originals = 0;

    while (types + originals < 2) {
        if (take_line(&reader->rest, &line) != 0)
            return cs_fail(err, CS_MALFORMED, "an encrypted message has no "
                           "headers where a part begins");
        if (is_field(&line, "Content-Type") && types++ == 0) {
            if (!right_protocol(reader->protocol, line))
                return cs_fail(err, CS_MALFORMED, "a part of an encrypted "
                               "message names a different protocol than the "
                               "message");
        } else if (is_field(&line, "OriginalContent") && originals++ == 0) {
            if (read_original(line, part) != 0)
                return cs_fail(err, CS_MALFORMED, "an encrypted message does "
                               "not give its length");
        } else {
            return cs_fail(err, CS_MALFORMED, "an encrypted message has an "
                           "unexpected header field");
        }
    }
    return 0;
}

/* The boundary in the middle, the line about the octets, and LLLL. */
static int
read_middle(struct gate_reader *reader, struct gate_part *part,
            struct cs_error *err)
{
    struct cs_span line, field;

    if (!take_boundary(&reader->rest) ||
        !gate_take_text(&reader->rest, "\r\n") ||
        take_line(&reader->rest, &line) != 0 ||
        !is_field(&line, "Content-Type") || !gate_span_is(line, OCTETS))
        return cs_fail(err, CS_MALFORMED, "an encrypted message has no data "
                       "after a part's headers");
    if (reader->rest.len < 4)
        return cs_fail(err, CS_MALFORMED, "an encrypted message is truncated");
    field = take(&reader->rest, 4);
    part->field = field.p[0] | (uint32_t)field.p[1] << 8 |
        (uint32_t)field.p[2] << 16 | (uint32_t)field.p[3] << 24;
    return 0;
}

/* The length of the TLS record that begins here, with its head, or 0. */
static size_t
record_length(struct cs_span in)
{
    size_t length;

    if (in.len < RECORD_HEAD || in.p[0] != RECORD_DATA || in.p[1] != 3 ||
        in.p[2] < 1 || in.p[2] > 3)
        return 0;
    length = (size_t)in.p[3] << 8 | in.p[4];
    if (length <= RECORD_TAG || length > RECORD_MAX ||
        length > in.len - RECORD_HEAD)
        return 0;
    return RECORD_HEAD + length;
}

/* Whole records.  What they hold is known when they are decrypted; here, that
 * they have room for it. */
static int
read_records(struct gate_reader *reader, struct gate_part *part,
             struct cs_error *err)
{
    struct cs_span at = reader->rest;
    size_t n, room = 0;
    int records = 0;

    do {
        n = record_length(at);
        if (n == 0 || ++records > RECORDS_MAX)
            return cs_fail(err, CS_MALFORMED, "a part of an encrypted message "
                           "is not TLS's application data");
        room += n - RECORD_HEAD - RECORD_TAG;
        (void)take(&at, n);
    } while (at.len > 0 && *at.p == RECORD_DATA);
    part->data = take(&reader->rest, reader->rest.len - at.len);
    if (part->length > GATE_PART_PLAIN || part->length > room ||
        part->field >= part->data.len)
        return cs_fail(err, CS_MALFORMED, "a part of an encrypted message is "
                       "not as long as it says");
    return 0;
}

static int
read_wrapped(struct gate_reader *reader, struct gate_part *part,
             struct cs_error *err)
{
    struct cs_span *rest = &reader->rest;

    if (reader->parts > 0)
        return cs_fail(err, CS_MALFORMED, "an encrypted message has several "
                       "parts, which only CredSSP allows");
    if (part->field == 0 || part->field > HEADER_MAX ||
        part->field > rest->len || part->length > rest->len - part->field)
        return cs_fail(err, CS_MALFORMED, "an encrypted message is shorter "
                       "than it says, or its header is too long");
    part->header = take(rest, part->field);
    part->data = take(rest, part->length);
    return 0;
}

/*
 * What stands behind the data, up to the next part's description:
 *     --Encrypted Boundary\r\n                           another part
 *     --Encrypted Boundary--\r\n--Encrypted Boundary\r\n another (PSWSMan)
 *     --Encrypted Boundary--  and up to two line ends    the end
 *     --Encrypted Boundary    and up to two line ends    the end (openwsman)
 */
static int
read_behind(struct gate_reader *reader, struct cs_error *err)
{
    struct cs_span *rest = &reader->rest;
    int dashes, ends = 0;

    if (!take_boundary(rest))
        return cs_fail(err, CS_MALFORMED, "an encrypted message has no "
                       "boundary after a part");
    dashes = gate_take_text(rest, "--");
    while (ends < 2 && gate_take_text(rest, "\r\n"))
        ends++;
    if (rest->len == 0) {
        reader->closed = 1;
        return 0;
    }
    if (ends != 1 || (dashes && (!take_boundary(rest) ||
                                 !gate_take_text(rest, "\r\n"))))
        return cs_fail(err, CS_MALFORMED, "data follows the end of an "
                       "encrypted message");
    return 0;
}

static int
read_part(struct gate_reader *reader, struct gate_part *part,
          struct cs_error *err)
{
    int ret;

    if (reader->parts >= GATE_PARTS_MAX)
        return cs_fail(err, CS_MALFORMED, "an encrypted message has too many "
                       "parts");
    if (reader->parts == 0 && (!take_boundary(&reader->rest) ||
                               !gate_take_text(&reader->rest, "\r\n")))
        return cs_fail(err, CS_MALFORMED, "an encrypted message does not "
                       "begin with its boundary");
    ret = read_description(reader, part, err);
    if (ret == 0 && part->length > reader->max_plain - reader->plain)
        ret = cs_fail(err, CS_MALFORMED, "an encrypted message has more than "
                      "%zu bytes", reader->max_plain);
    if (ret == 0)
        ret = read_middle(reader, part, err);
    if (ret == 0)
        ret = (reader->protocol == GATE_CREDSSP) ?
            read_records(reader, part, err) : read_wrapped(reader, part, err);
    if (ret == 0)
        ret = read_behind(reader, err);
    return ret;
}

int
gate_reader_next(struct gate_reader *reader, struct gate_part *part,
                 struct cs_error *err)
{
    int ret;

    memset(part, 0, sizeof(*part));
    if (reader->closed)
        return reader->failed ? CS_MALFORMED : 0;
    ret = read_part(reader, part, err);
    if (ret != 0) {
        /* Nobody may go on in the middle of something else. */
        reader->closed = reader->failed = 1;
        memset(part, 0, sizeof(*part));
        return ret;
    }
    reader->parts++;
    reader->plain += part->length;
    return 1;
}

/* --- Writing --- */

static void
put(struct cs_buf *out, const char *text)
{
    cs_buf_add(out, text, strlen(text));
}

/* A type that would end its line, or bring a Length of its own? */
static int
type_ok(struct cs_span type)
{
    struct cs_span at = type;

    if (!printable(type))
        return 0;
    for (; at.len > 0; (void)take(&at, 1)) {
        struct cs_span here = at;

        if (gate_take_text(&here, "length="))
            return 0;
    }
    return 1;
}

void
gate_write_part(struct cs_buf *out, enum gate_protocol protocol,
                const struct gate_part *part)
{
    uint8_t field[4] = { part->field, part->field >> 8, part->field >> 16,
                         part->field >> 24 };
    char length[32];

    if (!type_ok(part->type) && out->error == 0)
        out->error = CS_MALFORMED;
    (void)snprintf(length, sizeof(length), ";Length=%zu\r\n", part->length);
    put(out, "--" BOUNDARY "\r\n\tContent-Type: ");
    put(out, protocol_types[protocol]);
    put(out, "\r\n\tOriginalContent: type=");
    if (part->type.len > 0)
        cs_buf_add(out, part->type.p, part->type.len);
    else
        put(out, SOAP);
    put(out, length);
    put(out, "--" BOUNDARY "\r\n\tContent-Type: " OCTETS "\r\n");
    cs_buf_add(out, field, sizeof(field));
    cs_buf_add(out, part->header.p, part->header.len);
    cs_buf_add(out, part->data.p, part->data.len);
}

void
gate_write_end(struct cs_buf *out)
{
    put(out, "--" BOUNDARY "--\r\n");
}
