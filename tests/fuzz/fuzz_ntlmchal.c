/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_ntlmchal.c - NTLM challenges: a name has a host's characters only. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/wsman/ntlmchal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct cs_span token = { copy, size };
    char *name = malloc(256);

    if (size > 0)
        memcpy(copy, data, size);
    if (gate_ntlm_name(token, name, 256, NULL) == 0) {
        if (name[0] == '\0' || strlen(name) > 255 ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") !=
            strlen(name))
            abort();
    } else if (name[0] != '\0') {
        abort();
    }
    free(name);
    free(copy);
    return 0;
}
