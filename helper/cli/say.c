/* say.c - for people and for programs: errors, times, JSON. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

void
cli_error(const char *fmt, ...)
{
    va_list ap;

    (void)fflush(stdout);
    (void)fputs("gss-winrm: ", stderr);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
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
    struct cs_span span = {
        (const uint8_t *)err->text, strlen(err->text)
    };
    char *text = cli_clean(span);

    cli_error("%s", text != NULL && *text != '\0' ? text :
              cs_code_text(err->code));
    free(text);
    cli_json_error(status, err);
    return status;
}

int
cli_fail(const struct cs_error *err)
{
    return cli_fail_as(status_of(err), err);
}

/* Bytes of the UTF-8 character at p (RFC 3629), or 0. */
static size_t
character_length(const uint8_t *p, size_t left)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t low;           /* the smallest that needs so many */
    } forms[] = {
        { 0x80, 0x00, 0 }, { 0xE0, 0xC0, 0x80 }, { 0xF0, 0xE0, 0x800 },
        { 0xF8, 0xF0, 0x10000 }
    };
    uint32_t c;
    size_t n, i;

    for (n = 0; n < 4 && (*p & forms[n].mask) != forms[n].lead; n++)
        ;
    if (n == 4 || n >= left)
        return 0;
    c = *p & (uint8_t)~forms[n].mask;
    for (i = 1; i <= n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = (c << 6) | (p[i] & 0x3F);
    }
    if (c < forms[n].low || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    /* Controls, C1 too, and what changes the direction of a line. */
    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
        (c >= 0x2066 && c <= 0x2069))
        return 0;
    return n + 1;
}

char *
cli_clean(struct cs_span text)
{
    char *copy = malloc(text.len + 1);
    size_t from = 0, to = 0, n;

    if (copy == NULL)
        return NULL;
    while (from < text.len) {
        n = character_length(text.p + from, text.len - from);
        if (n == 0) {
            copy[to++] = '?';
            from++;
        } else {
            memcpy(copy + to, text.p + from, n);
            to += n;
            from += n;
        }
    }
    copy[to] = '\0';
    return copy;
}

void
cli_set_text(json_t *object, const char *key, struct cs_span text)
{
    char *copy = cli_clean(text);

    (void)json_object_set_new(object, key,
                              copy != NULL ? json_string(copy) : json_null());
    free(copy);
}

void
cli_print_json(json_t *object)
{
    (void)json_dumpf(object, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
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
