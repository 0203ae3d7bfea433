/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_headers.c - "NAME NUL VALUE", a header a line (0xFF ends it).
 *
 * What is accepted has one length, and nothing that ends a line.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/wsman/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int ok)
{
    if (!ok)
        abort();
}

struct seen {
    int lengths, codings, bad;
};

/* The header in memory of exactly its size. */
static void
add(struct gate_headers_check *headers, struct seen *seen,
    const uint8_t *line, size_t len)
{
    const uint8_t *nul = (len > 0) ? memchr(line, '\0', len) : NULL;
    size_t name_len = (nul != NULL) ? (size_t)(nul - line) : len;
    size_t value_len = (nul != NULL) ? len - name_len - 1 : 0;
    char *name = malloc(name_len + 1), *value = malloc(value_len + 1);

    memcpy(name, line, name_len);
    name[name_len] = '\0';
    if (value_len > 0)
        memcpy(value, nul + 1, value_len);
    value[value_len] = '\0';
    gate_headers_add(headers, name, name_len, value, value_len);
    seen->lengths += (strcasecmp(name, "content-length") == 0);
    seen->codings += (strcasecmp(name, "transfer-encoding") == 0);
    seen->bad |= (strlen(value) != value_len || name_len == 0 ||
                  strpbrk(value, "\r\n") != NULL ||
                  strpbrk(name, "\r\n :") != NULL);
    check(!gate_header_up(name) || (strcasecmp(name, "authorization") != 0 &&
                                    strcasecmp(name, "host") != 0));
    free(name);
    free(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gate_headers_check headers;
    struct seen seen = { 0, 0, 0 };
    size_t len;

    gate_headers_init(&headers, 1024);
    while (size > 0) {
        const uint8_t *end = memchr(data, 0xFF, size);

        len = (end != NULL) ? (size_t)(end - data) : size;
        add(&headers, &seen, data, len);
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
    if (gate_headers_finish(&headers, NULL) == 0) {
        check(!seen.bad && seen.lengths + seen.codings <= 1);
        check(headers.bytes <= 1024 && headers.count <= GATE_HEADERS_MAX);
        check(headers.has_length == seen.lengths &&
              headers.chunked == seen.codings);
    }
    return 0;
}
