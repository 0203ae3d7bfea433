/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* say.c - everything that our programs print or log, cleaned. */
#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/bytes/clean.h"
#include "helper/common/say.h"

#define LINE_MAX_BYTES 1024     /* of a log, and where there is no memory */

/* --- The terminal --- */

static struct {
    pthread_once_t once;
    int out, err;               /* a terminal that is not UTF-8 is there */
} ascii = { PTHREAD_ONCE_INIT, 0, 0 };

/* The locale is looked at without being set: strcasecmp() and the like depend
 * on it. */
static void
look(void)
{
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    int utf8 = l != (locale_t)0 &&
        strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;

    if (l != (locale_t)0)
        freelocale(l);
    ascii.out = !utf8 && isatty(STDOUT_FILENO);
    ascii.err = !utf8 && isatty(STDERR_FILENO);
}

int
say_ascii_only(FILE *to)
{
    (void)pthread_once(&ascii.once, look);
    return (to == stderr) ? ascii.err : ascii.out;
}

/* --- Texts --- */

static void vput(FILE *to, const char *end, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* In one call, so that lines of several threads do not mix. */
static void
vput(FILE *to, const char *end, const char *fmt, va_list ap)
{
    char shorter[LINE_MAX_BYTES], *text;
    va_list again;

    va_copy(again, ap);
    if (vasprintf(&text, fmt, ap) < 0) {
        text = shorter;
        (void)vsnprintf(shorter, sizeof(shorter), fmt, again);
    }
    va_end(again);
    clean_text(text);
    if (say_ascii_only(to))
        clean_ascii(text);
    (void)fprintf(to, "%s%s", text, end);
    if (text != shorter)
        free(text);
}

void
say(FILE *to, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vput(to, "", fmt, ap);
    va_end(ap);
}

void
say_vline(FILE *to, const char *fmt, va_list ap)
{
    vput(to, "\n", fmt, ap);
}

void
say_line(FILE *to, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vput(to, "\n", fmt, ap);
    va_end(ap);
}

void
say_lines(FILE *to, const char *text)
{
    const char *end;

    for (; *text != '\0'; text = end + (*end != '\0')) {
        end = text + strcspn(text, "\n\t");
        say(to, "%.*s", (int)(end - text), text);
        if (*end != '\0')
            (void)fputc(*end, to);
    }
}

void
say_control(FILE *to, const char *sequence)
{
    (void)fputs(sequence, to);
}

/* --- The log --- */

static struct {
    const char *program;
    int to_stderr;
} logging = { NULL, 0 };

void
say_log_open(const char *program, int to_stderr)
{
    logging.program = program;
    logging.to_stderr = to_stderr;
    /* Now: a sandbox may not let us later. */
    openlog(program, LOG_NDELAY | LOG_PID, LOG_AUTH);
    (void)say_ascii_only(stderr);
}

void
say_log_to_stderr(int to_stderr)
{
    logging.to_stderr = to_stderr;
}

void
say_vlog(int priority, const char *fmt, va_list ap)
{
    char line[LINE_MAX_BYTES];
    size_t len;

    (void)vsnprintf(line, sizeof(line), fmt, ap);
    /* Libraries end their lines themselves. */
    len = strlen(line);
    if (len > 0 && line[len - 1] == '\n')
        line[len - 1] = '\0';
    clean_text(line);
    if (logging.to_stderr)
        say_line(stderr, "%s: %s", logging.program, line);
    if (logging.program != NULL)
        syslog(priority, "%s", line);
}

void
say_log(int priority, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say_vlog(priority, fmt, ap);
    va_end(ap);
}
