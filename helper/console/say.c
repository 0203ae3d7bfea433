/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* say.c - for people and for programs: errors, times, JSON. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/bytes/clean.h"
#include "helper/console/console.h"

void
cli_error(const char *fmt, ...)
{
    int error = errno;
    va_list ap;

    (void)fflush(stdout);
    say(stderr, "gss-winrm: ");
    errno = error;              /* for %m */
    va_start(ap, fmt);
    say_vline(stderr, fmt, ap);
    va_end(ap);
}

/* The exit status for an error of the broker's or the library's. */
static int
status_of(const struct cs_error *err)
{
    switch (err->code) {
    case CS_POLICY:
    case CS_VERSION:
        return CLI_POLICY;
    case CS_INNER:
    case CS_REMOTE:
    case CS_BINDING:
        return CLI_AUTH;
    default:
        return CLI_FAILED;
    }
}

void
cli_json_error(int status, const struct cs_error *err)
{
    struct cs_span span = {
        (const uint8_t *)err->text, strlen(err->text)
    };
    json_t *object;

    if (!cli_wants_json() || (object = json_object()) == NULL)
        return;
    cli_set_text(object, "error", span);
    (void)json_object_set_new(object, "status", json_integer(status));
    (void)json_object_set_new(object, "ntstatus", json_integer(err->ntstatus));
    cli_print_json(object);
}

int
cli_fail_as(int status, const struct cs_error *err)
{
    cli_error("%s", err->text[0] != '\0' ? err->text :
              cs_code_text(err->code));
    cli_json_error(status, err);
    return status;
}

int
cli_fail(const struct cs_error *err)
{
    return cli_fail_as(status_of(err), err);
}

void
cli_set_text(json_t *object, const char *key, struct cs_span text)
{
    char *copy = clean_new(text);

    (void)json_object_set_new(object, key,
                              copy != NULL ? json_string(copy) : json_null());
    free(copy);
}

json_t *
cli_clean_json(const json_t *value)
{
    json_t *copy, *one;
    const char *key;
    char *text;
    size_t i;

    if (json_is_string(value)) {
        text = strdup(json_string_value(value));
        if (text != NULL)
            clean_lines(text);
        copy = json_string(text != NULL ? text : "");
        free(text);
    } else if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)(uintptr_t)value, key, one) {
            text = strdup(key);
            if (text != NULL)
                clean_text(text);
            (void)json_object_set_new(copy, text != NULL ? text : "",
                                      cli_clean_json(one));
            free(text);
        }
    } else if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, one)
            (void)json_array_append_new(copy, cli_clean_json(one));
    } else {
        copy = json_deep_copy(value);
    }
    return copy;
}

/*
 * JSON would escape C0, but not DEL, C1 and directions of writing, and what
 * takes it apart (jq -r) prints all of them raw: a person may be at the end of
 * that, too.  So it is cleaned as everything else; only line feeds stay, in
 * texts of ours that have lines.
 */
void
cli_print_json(json_t *object)
{
    size_t flags = JSON_INDENT(2) | (say_ascii_only(stdout) ?
                                     JSON_ENSURE_ASCII : 0);
    json_t *clean = cli_clean_json(object);

    (void)json_dumpf(clean, stdout, flags);
    say_lines(stdout, "\n");
    json_decref(clean);
    json_decref(object);
}

void
cli_span_text(uint64_t seconds, char *buf, size_t size)
{
    unsigned long long s = seconds, m = s / 60, h = m / 60, d = h / 24;

    if (s < 60)
        (void)snprintf(buf, size, "%llu s", s);
    else if (m < 60)
        (void)snprintf(buf, size, "%llu min", m);
    else if (h < 48)
        (void)snprintf(buf, size, "%llu h %llu min", h, m % 60);
    else
        (void)snprintf(buf, size, "%llu days %llu h", d, h % 24);
}

void
cli_time_text(uint64_t when, char *buf, size_t size)
{
    time_t t = when, now = time(NULL);
    char date[64] = "", span[64];
    struct tm tm;

    if (localtime_r(&t, &tm) != NULL)
        (void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
    cli_span_text(t > now ? t - now : now - t, span, sizeof(span));
    if (t > now)
        (void)snprintf(buf, size, "%s (in %s)", date, span);
    else
        (void)snprintf(buf, size, "%s (%s ago)", date, span);
}
