/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* program.c - what this program calls itself. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin/base/program.h"

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return (slash != NULL && slash[1] != '\0') ? slash + 1 : path;
}

/* Does this program run scripts?  "python3.11" as well as "python". */
static int
is_interpreter(const char *name)
{
    static const char *const names[] = {
        "python", "ruby", "perl", "node", "php", "bash", "dash", "sh"
    };
    size_t i, len;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        len = strlen(names[i]);
        if (strncmp(name, names[i], len) == 0 &&
            strspn(name + len, "0123456789.") == strlen(name + len))
            return 1;
    }
    return 0;
}

/* Letters, digits and "._+-": anything else would need quoting somewhere. */
static void
copy_clean(const char *name, char *buf, size_t size)
{
    size_t i;

    (void)snprintf(buf, size, "%s", *name != '\0' ? name : "unknown");
    for (i = 0; buf[i] != '\0'; i++) {
        if (!isalnum((unsigned char)buf[i]) && strchr("._+-", buf[i]) == NULL)
            buf[i] = '_';
    }
}

/* The script among an interpreter's arguments, or NULL. */
static const char *
script_of(const char *arg, const char *end)
{
    for (; arg < end; arg += strlen(arg) + 1) {
        if (strcmp(arg, "-c") == 0 || strcmp(arg, "-e") == 0)
            return NULL;
        if (*arg != '-' && *arg != '\0')
            return arg;
    }
    return NULL;
}

void
gw_program_of_cmdline(const char *cmdline, size_t len, char *buf, size_t size)
{
    const char *name, *script = NULL, *end = cmdline + len;

    if (len == 0 || cmdline[len - 1] != '\0') {
        copy_clean("", buf, size);
        return;
    }
    name = base_name(cmdline);
    if (is_interpreter(name))
        script = script_of(cmdline + strlen(cmdline) + 1, end);
    copy_clean(script != NULL ? base_name(script) : name, buf, size);
}

void
gw_program_name(char *buf, size_t size)
{
    char cmdline[4096];
    int fd, saved = errno;
    ssize_t n = 0;

    fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd != -1) {
        n = read(fd, cmdline, sizeof(cmdline) - 1);
        (void)close(fd);
    }
    if (n < 0)
        n = 0;
    if (n > 0 && cmdline[n - 1] != '\0')
        cmdline[n++] = '\0';
    errno = saved;
    gw_program_of_cmdline(cmdline, n, buf, size);
}
