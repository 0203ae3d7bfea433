/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_spnego.c - a peer's SPNEGO token, before the library reads it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/spnego.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As it was, but for one tag at most. */
static void
compare(const uint8_t *data, size_t size, struct cs_span token)
{
    size_t i, differ = 0;

    if (token.len != size)
        abort();
    for (i = 0; i < size; i++) {
        if (token.p[i] != data[i] &&
            (differ++ > 0 || data[i] != 0xA3 || token.p[i] != 0xA4))
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span in = { copy, size }, token;
    struct cs_buf room = CS_BUF_INIT(65536);

    if (size > 0)
        memcpy(copy, data, size);
    if (cs_spnego_token(in, &room, &token, NULL) == 0)
        compare(data, size, token);
    cs_buf_free(&room);
    free(copy);
    return 0;
}
