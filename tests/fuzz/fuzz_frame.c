/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_frame.c - exported tokens as the mechglue frames them. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gss_buffer_desc
copy(const uint8_t *data, size_t size)
{
    gss_buffer_desc b = { size, size > 0 ? malloc(size) : NULL };

    if (size > 0)
        memcpy(b.value, data, size);
    return b;
}

/* What has been framed comes out as it went in. */
static void
round_trip(const uint8_t *data, size_t size, int cred)
{
    gss_buffer_desc in = copy(data, size), framed;
    OM_uint32 minor;

    if ((cred ? gw_frame_cred : gw_frame_ctx)(&minor, &in, &framed) != 0 ||
        (cred ? gw_unframe_cred : gw_unframe_ctx)(&minor, &framed) != 0 ||
        framed.length != size ||
        (size > 0 && memcmp(framed.value, data, size) != 0))
        abort();
    free(framed.value);
    free(in.value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gss_buffer_desc token;
    OM_uint32 minor;

    token = copy(data, size);
    (void)gw_unframe_ctx(&minor, &token);
    free(token.value);
    token = copy(data, size);
    (void)gw_unframe_cred(&minor, &token);
    free(token.value);
    round_trip(data, size, 0);
    round_trip(data, size, 1);
    return 0;
}
