/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_inline.c - sections of krb5.conf that stand on one line. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/conf/sections.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *value;

    value = gw_inline_value(text, "spn");
    if (value != NULL && strlen(value) > strlen(text))
        abort();
    free(value);
    free(gw_inline_value(text, NULL));
    free(text);
    return 0;
}
