/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_ntlmfile.c - credentials in a file. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/broker/ntlmfile.h"
#include "plugin/bytes/utf16.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each line is inside the text, and its parts can be used. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span text = { copy, size };
    struct ntlmfile_line l;
    unsigned int number = 0, last = 0;

    if (size > 0)
        memcpy(copy, data, size);
    while (ntlmfile_next(&text, &number, &l) > 0) {
        if (number <= last || l.user.len == 0 || !cs_utf8_ok(l.domain) ||
            !cs_utf8_ok(l.user) || !cs_utf8_ok(l.password) ||
            l.password.p + l.password.len > copy + size ||
            memchr(l.user.p, ':', l.user.len) != NULL)
            abort();
        last = number;
    }
    free(copy);
    return 0;
}
