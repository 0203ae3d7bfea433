/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* trace.c - one line per decision in the file that KRB5_TRACE names. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "plugin/base/trace.h"

#define LINE_MAX_BYTES 1024

int
gw_tracing(void)
{
    const char *path = secure_getenv("KRB5_TRACE");

    return path != NULL && *path != '\0';
}

/* One write(2), so that lines of several processes do not mix. */
static void
append(const char *line, size_t len)
{
    int saved = errno, fd;
    ssize_t ignored;

    fd = open(secure_getenv("KRB5_TRACE"),
              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK |
              O_NOCTTY, 0600);
    if (fd != -1) {
        ignored = write(fd, line, len);
        (void)ignored;
        (void)close(fd);
    }
    errno = saved;
}

void
gw_trace(const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    struct timeval tv;
    va_list ap;
    int error = errno, head, body, i;

    if (!gw_tracing())
        return;
    (void)gettimeofday(&tv, NULL);
    head = snprintf(line, sizeof(line), "[%ld] %lld.%06ld: gss-winrm: ",
                    (long)getpid(), (long long)tv.tv_sec, (long)tv.tv_usec);
    errno = error;              /* for %m */
    va_start(ap, fmt);
    body = vsnprintf(line + head, sizeof(line) - head - 1, fmt, ap);
    va_end(ap);
    if (body < 0)
        return;
    if (body > (int)sizeof(line) - head - 2)
        body = sizeof(line) - head - 2;
    for (i = head; i < head + body; i++) {
        if (!isprint((unsigned char)line[i]))
            line[i] = '?';
    }
    line[head + body] = '\n';
    append(line, head + body + 1);
}
