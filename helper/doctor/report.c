/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* report.c - what a check has found, for people and for programs. */
#define _GNU_SOURCE
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/clean.h"
#include "helper/console/console.h"
#include "helper/doctor/doctor.h"

/* Words of JSON; output_word() has those for people. */
static const char *const statuses[] = {
    "ok", "note", "warning", "bad", "unseen"
};

/* Whatever others chose in it, it is fit for a terminal. */
static char *format(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

static char *
format(const char *fmt, va_list ap)
{
    char *text;

    if (vasprintf(&text, fmt, ap) < 0)
        return NULL;
    clean_text(text);
    return text;
}

void
doc_say(struct doctor *d, enum output_mark mark, const char *fmt, ...)
{
    json_t *found = json_object();
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = format(fmt, ap);
    va_end(ap);
    if (text == NULL)
        return;
    (void)json_object_set_new(found, "status", json_string(statuses[mark]));
    (void)json_object_set_new(found, "text", json_string(text));
    (void)json_array_append_new(json_object_get(d->current, "found"), found);
    if (!d->quiet) {
        output_line(d->label, mark, text);
        (void)fflush(stdout);
    }
    d->label = "";
    free(text);
}

void
doc_fact(struct doctor *d, const char *key, const char *value)
{
    struct cs_span span = { (const uint8_t *)value, 0 };

    if (value == NULL) {
        (void)json_object_set_new(d->current, key, json_null());
        return;
    }
    span.len = strlen(value);
    cli_set_text(d->current, key, span);
}

char *
doc_copy(const char *text)
{
    return strdup(text != NULL ? text : "?");
}

void
doc_set(char **to, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = format(fmt, ap);
    va_end(ap);
    free(*to);
    *to = text;
}
