/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_cs_initiator.c - the initiator, fed with what a server sends. */
#include "config.h"

#include "tests/fuzz/cs_drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz(CS_CLIENT, data, size);
}
