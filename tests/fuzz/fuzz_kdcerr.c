/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_kdcerr.c - e-data of a domain controller's error. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/kdcerr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span in = { copy, size };
    uint32_t status;

    if (size > 0)
        memcpy(copy, data, size);
    status = cs_kdc_error_status(in);
    if (status != 0 && status >> 30 != 3)
        abort();
    free(copy);
    return 0;
}
