/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_token.c - tokens that a server sends. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* In memory of exactly this size, so that reading past it shows. */
    uint8_t *token = malloc(size > 0 ? size : 1);

    if (size > 0)
        memcpy(token, data, size);
    (void)gw_is_error_token(token, size);
    free(token);
    return 0;
}
