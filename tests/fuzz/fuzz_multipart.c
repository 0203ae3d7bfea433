/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_multipart.c - "PROTOCOL BODY": an encrypted body; or, where the first
 * byte is above them all, a Content-Type.
 *
 * The parts that are read lie in the body, one behind the other, within the
 * limit; and what is written of them reads the same.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/wsman/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PLAIN ((size_t)256 * 1024)

static void
check(int ok)
{
    if (!ok)
        abort();
}

static const uint8_t *
inside(struct cs_span span, const uint8_t *from, const uint8_t *end)
{
    if (span.len == 0)
        return from;
    check(span.p >= from && span.p <= end &&
          span.len <= (size_t)(end - span.p));
    return span.p + span.len;
}

static int
same(struct cs_span a, struct cs_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* One after the other from two bodies. */
static void
compare(struct cs_span body, struct cs_span written,
        enum gate_protocol protocol)
{
    struct gate_reader first, second;
    struct gate_part a, b;
    int ret;

    gate_reader_init(&first, body, protocol, MAX_PLAIN);
    gate_reader_init(&second, written, protocol, MAX_PLAIN);
    do {
        ret = gate_reader_next(&first, &a, NULL);
        check(gate_reader_next(&second, &b, NULL) == ret && ret >= 0);
        check(a.length == b.length && a.field == b.field &&
              same(a.header, b.header) && same(a.data, b.data) &&
              same(a.type, b.type));
    } while (ret == 1);
}

static void
read_body(struct cs_span body, enum gate_protocol protocol)
{
    const uint8_t *at = body.p, *end = body.p + body.len;
    struct cs_buf out = CS_BUF_INIT(4 * body.len + 4096);
    struct gate_reader reader;
    struct gate_part part;
    size_t plain = 0;
    int ret, parts = 0;

    gate_reader_init(&reader, body, protocol, MAX_PLAIN);
    while ((ret = gate_reader_next(&reader, &part, NULL)) == 1) {
        at = inside(part.type, at, end);
        at = inside(part.header, at, end);
        check(part.data.len >= part.length);
        at = inside(part.data, at, end);
        check(protocol == GATE_CREDSSP || (part.data.len == part.length &&
                                           part.header.len == part.field));
        plain += part.length;
        check(plain <= MAX_PLAIN && ++parts <= GATE_PARTS_MAX);
        gate_write_part(&out, protocol, &part);
    }
    gate_write_end(&out);
    check(gate_reader_next(&reader, &part, NULL) == ret);
    /* A type with a Length in it can be read, and is not written. */
    if (ret == 0 && out.error == 0)
        compare(body, cs_buf_span(&out), protocol);
    cs_buf_free(&out);
}

static void
read_type(struct cs_span text)
{
    char *type = strndup((const char *)text.p, text.len);
    enum gate_protocol protocol = GATE_SPNEGO;
    int multi;

    if (gate_sealed_type(type, &protocol, &multi, NULL) == 1)
        check(protocol <= GATE_CREDSSP && (multi == 0 || multi == 1));
    free(type);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_span body;
    uint8_t *copy;

    if (size == 0)
        return 0;
    copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    body.p = copy;
    body.len = size - 1;
    if (data[0] <= GATE_CREDSSP)
        read_body(body, data[0]);
    else
        read_type(body);
    free(copy);
    return 0;
}
