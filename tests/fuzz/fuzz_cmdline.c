/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_cmdline.c - /proc/self/cmdline, which any caller of execve() writes. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char buf[GW_PROGRAM_MAX];

    gw_program_of_cmdline((const char *)data, size, buf, sizeof(buf));
    if (*buf == '\0' || strlen(buf) >= sizeof(buf) || strpbrk(buf, "/@\n"))
        abort();
    return 0;
}
