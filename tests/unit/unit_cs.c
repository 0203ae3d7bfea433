/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* unit_cs.c - what programs that use gss-ntlmssp tell the sanitizers. */
#include "config.h"

/* Looked up in the program by the sanitizer's library. */
__attribute__((visibility("default")))
const char *__asan_default_options(void);

/* tests/lsan.supp names a module that is called by, and calls, libraries
 * without frame pointers. */
const char *
__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}
