/* log.c - what the broker has to say. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "log.h"
#include "often.h"

#define LINE_MAX_BYTES 1024

static int on_stderr, opened;

static void
write_text(int priority, const char *text)
{
    log_line(priority, "%s", text);
}

void
log_open(int to_stderr)
{
    often_writer(write_text);
    on_stderr = to_stderr;
    opened = 1;
    openlog("gss-winrmd", LOG_PID, LOG_AUTH);
}

void
log_to_stderr(int to_stderr)
{
    on_stderr = to_stderr;
}

/* Names of users and hosts come from others. */
static void
tame(char *s)
{
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = '?';
    }
}

void
log_line(int priority, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    tame(line);
    if (on_stderr)
        (void)fprintf(stderr, "gss-winrmd: %s\n", line);
    if (opened)
        syslog(priority, "%s", line);
}
