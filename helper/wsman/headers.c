/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* headers.c - the headers of a request and of a reply. */
#include "config.h"

#include <string.h>

#include "helper/wsman/headers.h"
#include "helper/wsman/text.h"

#define LINE_EXTRA 4            /* ": " and the line's end */

/*
 * What a WinRM server looks at beside Content-Type (MS-WSMV 2.2.1).  Not here,
 * and never: Authorization, Cookie and whatever else speaks for a client,
 * Host, and what concerns one connection only.
 */
static const char *const up[] = {
    "Accept-Language",
    "Content-Language",
    "SOAPAction",
    "User-Agent",
    "WSMANIDENTIFY",
};

/* Content-Encoding is SLDC where Windows compressed before it encrypted. */
static const char *const down[] = {
    "Content-Encoding",
    "Content-Language",
    "Retry-After",
    "Server",
};

static int
listed(const char *const *list, size_t count, const char *name)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (gate_span_is(gate_span(name), list[i]))
            return 1;
    }
    return 0;
}

int
gate_header_up(const char *name)
{
    return listed(up, sizeof(up) / sizeof(*up), name);
}

int
gate_header_down(const char *name)
{
    return listed(down, sizeof(down) / sizeof(*down), name);
}

int
gate_header_value_ok(const char *value, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        uint8_t c = (uint8_t)value[i];

        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return 0;
    }
    return 1;
}

/* Without the blanks around it (RFC 9110 5.5). */
static struct cs_span
trimmed(struct cs_span value)
{
    gate_skip_blanks(&value);
    while (value.len > 0 && (value.p[value.len - 1] == ' ' ||
                             value.p[value.len - 1] == '\t'))
        value.len--;
    return value;
}

int
gate_header_of_page(const char *name, const char *value)
{
    struct cs_span span = gate_span(name);

    return gate_span_is(span, "Origin") ||
        (gate_span_is(span, "Sec-Fetch-Site") &&
         !gate_span_is(trimmed(gate_span(value)), "none"));
}

void
gate_headers_init(struct gate_headers_check *check, size_t max)
{
    memset(check, 0, sizeof(*check));
    check->max = max;
}

/* A sentence about what is wrong, or NULL. */
static const char *
check_length(struct gate_headers_check *check, struct cs_span value)
{
    if (check->has_length)
        return "the request has two Content-Length headers";
    check->has_length = 1;
    if (gate_number(value, INT64_MAX, &check->length) != 0)
        return "the request's Content-Length is not a number";
    return NULL;
}

static const char *
check_coding(struct gate_headers_check *check, struct cs_span value)
{
    if (check->chunked)
        return "the request has two Transfer-Encoding headers";
    check->chunked = 1;
    if (!gate_span_is(value, "chunked"))
        return "the request's Transfer-Encoding is not \"chunked\" alone";
    return NULL;
}

static const char *
check_host(struct gate_headers_check *check, struct cs_span value)
{
    (void)value;
    if (check->has_host)
        return "the request has two Host headers";
    check->has_host = 1;
    return NULL;
}

static const struct {
    const char *name;
    const char *(*check)(struct gate_headers_check *, struct cs_span);
} framing[] = {
    { "Content-Length", check_length },
    { "Transfer-Encoding", check_coding },
    { "Host", check_host },
};

static int
is_token(struct cs_span name)
{
    struct cs_span rest = name;

    return name.len > 0 && gate_take_token(&rest).len == name.len;
}

static const char *
check_header(struct gate_headers_check *check, struct cs_span name,
             struct cs_span value)
{
    size_t i, left = check->max - check->bytes;

    if (++check->count > GATE_HEADERS_MAX)
        return "the request has too many headers";
    if (name.len > left || value.len > left - name.len ||
        left - name.len - value.len < LINE_EXTRA)
        return "the request's headers are too long";
    check->bytes += name.len + value.len + LINE_EXTRA;
    if (!is_token(name))
        return "the request has an invalid header field name";
    if (!gate_header_value_ok((const char *)value.p, value.len))
        return "the request has a header field with control characters, or "
            "folded over lines";
    for (i = 0; i < sizeof(framing) / sizeof(*framing); i++) {
        if (gate_span_is(name, framing[i].name))
            return framing[i].check(check, trimmed(value));
    }
    return NULL;
}

void
gate_headers_add(struct gate_headers_check *check, const char *name,
                 size_t name_len, const char *value, size_t value_len)
{
    struct cs_span name_span = { (const uint8_t *)name, name_len };
    struct cs_span value_span = { (const uint8_t *)value, value_len };
    const char *why;

    if (check->error.code != 0)
        return;
    why = check_header(check, name_span, value_span);
    if (why != NULL)
        cs_set_error(&check->error, CS_MALFORMED, "%s", why);
}

int
gate_headers_finish(const struct gate_headers_check *check,
                    struct cs_error *err)
{
    if (check->error.code != 0)
        return cs_fail(err, check->error.code, "%s", check->error.text);
    if (check->has_length && check->chunked)
        return cs_fail(err, CS_MALFORMED, "the request has both a "
                       "Content-Length and a Transfer-Encoding");
    return 0;
}
