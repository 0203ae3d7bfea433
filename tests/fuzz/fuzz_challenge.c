/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_challenge.c - WWW-Authenticate, a header a line; and Base64. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/wsman/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN_MAX 65536

/* What decodes encodes the same. */
static void
base64(const char *text, size_t len)
{
    struct cs_buf bytes = CS_BUF_INIT(TOKEN_MAX);
    struct cs_buf back = CS_BUF_INIT(TOKEN_MAX);

    if (gate_base64_decode(text, len, &bytes) == 0) {
        gate_authorization(&back, "", cs_buf_span(&bytes));
        if (back.len != (len == 0 ? 0 : len + 1) ||
            (len > 0 && memcmp(back.p + 1, text, len) != 0))
            abort();
    }
    cs_buf_free(&bytes);
    cs_buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gate_challenge c;
    size_t len;
    int ret = 0;

    gate_challenge_init(&c, TOKEN_MAX);
    while (size > 0 && ret == 0) {
        const uint8_t *end = memchr(data, '\n', size);
        char *line;

        len = (end != NULL) ? (size_t)(end - data) : size;
        line = malloc(len > 0 ? len : 1);
        memcpy(line, data, len);
        ret = gate_challenge_add(&c, line, len, NULL);
        base64(line, len);
        free(line);
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
    if ((c.with_token & ~c.offers) != 0 ||
        (c.with_token & GATE_OFFERS_BASIC) != 0 ||
        (!(c.with_token & GATE_OFFERS_CREDSSP) && c.token[2].len != 0))
        abort();
    gate_challenge_free(&c);
    return 0;
}
