/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_tscreds.c - TSCredentials from a client; and the text in them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/utf16.h"
#include "plugin/credssp/tscreds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There and back again. */
static void
check_text(struct cs_span wide)
{
    struct cs_buf narrow = CS_BUF_INIT(2 * wide.len + 16);
    struct cs_buf back = CS_BUF_INIT(2 * wide.len + 16);

    if (cs_utf8_from_utf16(wide, &narrow) == 0 &&
        (cs_utf16_from_utf8(cs_buf_span(&narrow), &back) != 0 ||
         back.len != wide.len ||
         (wide.len > 0 && memcmp(back.p, wide.p, wide.len) != 0)))
        abort();
    cs_buf_free(&narrow);
    cs_buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span in = { copy, size };
    struct cs_buf out = CS_BUF_INIT(2 * size + 64);
    struct cs_tscreds creds;

    if (size > 0)
        memcpy(copy, data, size);
    if (cs_tscreds_decode(in, &creds, NULL) == 0) {
        cs_tscreds_encode(&creds, &out);
        if (out.len != size || memcmp(out.p, copy, size) != 0)
            abort();
        if (creds.type == CS_PASSWORD)
            check_text(creds.u.password.user);
    }
    check_text(in);
    cs_buf_free(&out);
    free(copy);
    return 0;
}
