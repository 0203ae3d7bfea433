/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_tsrequest.c - TSRequests from a peer: what decodes encodes the same. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/tsrequest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* In memory of exactly this size, so that reading past it shows. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span in = { copy, size };
    struct cs_buf out = CS_BUF_INIT(2 * size + 64);
    struct cs_tsrequest m;

    if (size > 0)
        memcpy(copy, data, size);
    if (cs_tsrequest_decode(in, &m, NULL) == 0) {
        cs_tsrequest_encode(&m, &out);
        /* Such an errorCode may have come in five octets. */
        if (!((m.fields & CS_ERRORCODE) && m.error_code >= 0x80000000) &&
            (out.len != size || memcmp(out.p, copy, size) != 0))
            abort();
    }
    cs_buf_free(&out);
    free(copy);
    return 0;
}
