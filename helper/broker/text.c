/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* text.c - texts that go into messages. */
#include "config.h"

#include <string.h>

#include "helper/broker/text.h"

struct cs_span
text_span(const char *s)
{
    struct cs_span span = { (const uint8_t *)s, strlen(s) };

    return span;
}

char *
text_string(struct cs_span s)
{
    return strndup(s.len > 0 ? (const char *)s.p : "", s.len);
}
