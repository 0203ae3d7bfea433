/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_broker_message.c - a message of the broker's or of its client's. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/proto/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read is written as it was. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bp_message m;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span in = { copy, size };
    struct cs_buf out = CS_BUF_INIT(BP_FRAME_MAX + 4);

    if (size > 0)
        memcpy(copy, data, size);
    if (bp_decode(in, &m, NULL) == 0) {
        if (bp_encode(&m, &out, NULL) != 0 || out.len != size + 4 ||
            memcmp(out.p + 4, copy, size) != 0)
            abort();
        if (strcmp(bp_name(m.number), "unknown") == 0)
            abort();
    }
    cs_buf_free(&out);
    free(copy);
    return 0;
}
