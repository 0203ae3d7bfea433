/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* text.c - what the parsers of this folder share: ASCII in spans. */
#include "config.h"

#include <string.h>

#include "plugin/bytes/error.h"
#include "helper/wsman/text.h"

struct cs_span
gate_span(const char *text)
{
    struct cs_span span = { (const uint8_t *)text, strlen(text) };

    return span;
}

char
gate_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}

int
gate_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int
gate_is_tchar(char c)
{
    return gate_is_digit(c) ||
        (gate_lower(c) >= 'a' && gate_lower(c) <= 'z') ||
        (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void
step(struct cs_span *in, size_t n)
{
    in->p += n;
    in->len -= n;
}

static int
begins(struct cs_span span, const char *text, size_t len)
{
    size_t i;

    if (span.len < len)
        return 0;
    for (i = 0; i < len; i++) {
        if (gate_lower((char)span.p[i]) != gate_lower(text[i]))
            return 0;
    }
    return 1;
}

int
gate_span_is(struct cs_span span, const char *text)
{
    return span.len == strlen(text) && begins(span, text, span.len);
}

int
gate_take_text(struct cs_span *in, const char *text)
{
    size_t len = strlen(text);

    if (!begins(*in, text, len))
        return 0;
    step(in, len);
    return 1;
}

void
gate_skip_blanks(struct cs_span *in)
{
    while (in->len > 0 && (*in->p == ' ' || *in->p == '\t'))
        step(in, 1);
}

struct cs_span
gate_take_token(struct cs_span *in)
{
    struct cs_span token = { in->p, 0 };

    while (in->len > 0 && gate_is_tchar((char)*in->p)) {
        token.len++;
        step(in, 1);
    }
    return token;
}

int
gate_take_value(struct cs_span *in, struct cs_span *value)
{
    if (in->len == 0 || *in->p != '"') {
        *value = gate_take_token(in);
        return (value->len > 0) ? 0 : CS_MALFORMED;
    }
    step(in, 1);
    value->p = in->p;
    value->len = 0;
    while (in->len > 0 && *in->p != '"') {
        /* A backslash quotes what follows it, a quote too. */
        size_t n = (*in->p == '\\') ? 2 : 1;

        if (n > in->len)
            return CS_MALFORMED;
        value->len += n;
        step(in, n);
    }
    if (in->len == 0)
        return CS_MALFORMED;
    step(in, 1);
    return 0;
}

int
gate_number(struct cs_span digits, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0, digit;
    size_t i;

    if (digits.len == 0)
        return CS_MALFORMED;
    for (i = 0; i < digits.len; i++) {
        if (!gate_is_digit((char)digits.p[i]))
            return CS_MALFORMED;
        digit = digits.p[i] - '0';
        if (digit > max || sum > (max - digit) / 10)
            return CS_MALFORMED;
        sum = 10 * sum + digit;
    }
    *value = sum;
    return 0;
}
