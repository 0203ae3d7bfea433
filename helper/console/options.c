/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* options.c - arguments of the subcommands. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/console/console.h"

static int json_wanted;

int
cli_wants_json(void)
{
    return json_wanted;
}

void
cli_look_for_json(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        json_wanted |= strcmp(argv[i], "--json") == 0;
}

static int
has_option(const struct option *options, int val)
{
    for (; options->name != NULL; options++) {
        if (options->val == val)
            return 1;
    }
    return 0;
}

static void
print_help(const char *name, const struct option *options)
{
    const struct cli_command *c;

    for (c = cli_commands; c->name != NULL; c++) {
        if (strcmp(c->name, name) != 0)
            continue;
        say_line(stdout, "Usage: gss-winrm %s [OPTION]... %s", c->name,
                 c->arguments);
        say_lines(stdout, "\n");
        say_line(stdout, "%c%s.", c->summary[0] - 'a' + 'A', c->summary + 1);
        say_lines(stdout, "\n");
        say_lines(stdout, c->help);
        if (has_option(options, 'j'))
            say_lines(stdout, "\n  --json             print JSON\n");
    }
}

int
cli_option(int argc, char **argv, const char *flags,
           const struct option *options)
{
    int c;

    opterr = 0;
    for (;;) {
        c = getopt_long(argc, argv, flags, options, NULL);
        switch (c) {
        case 'j':
            json_wanted = 1;
            break;
        case 'h':
            print_help(argv[0], options);
            exit(CLI_OK);
        case '?':
            if (has_option(options, 'j'))
                cli_look_for_json(argc, argv);
            exit(cli_usage(argv[0], "unknown option %s",
                           argv[optind - 1]));
        case ':':
            if (has_option(options, 'j'))
                cli_look_for_json(argc, argv);
            exit(cli_usage(argv[0], "%s needs a value", argv[optind - 1]));
        default:
            return c;
        }
    }
}

int
cli_usage(const char *command, const char *fmt, ...)
{
    struct cs_error err = { .code = CS_USAGE };
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(err.text, sizeof(err.text), fmt, ap);
    va_end(ap);
    say_line(stderr, "gss-winrm %s: %s; see `gss-winrm %s --help'", command,
             err.text, command);
    cli_json_error(CLI_USAGE, &err);
    return CLI_USAGE;
}

/* Seconds in a unit; 0 if there is no such. */
static unsigned long
unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 60UL * 60;
    case 'd':
        return 24UL * 60 * 60;
    default:
        return 0;
    }
}

uint32_t
cli_duration(const char *text)
{
    unsigned long long total = 0, n;
    unsigned long unit;
    const char *p = text;
    char *end;

    do {
        if (strspn(p, "0123456789") == 0)
            return 0;
        errno = 0;
        n = strtoull(p, &end, 10);
        if (errno != 0 || n > UINT32_MAX)
            return 0;
        /* Without a unit, seconds; but not "1h30". */
        unit = (*end == '\0' && p == text) ? 1 : unit_seconds(*end);
        if (unit == 0)
            return 0;
        total += n * unit;
        if (total > UINT32_MAX)
            return 0;
        p = (*end == '\0') ? end : end + 1;
    } while (*p != '\0');
    return total;
}

/* A port behind the colon; 0 if it is not one. */
static uint16_t
port_of(const char *text)
{
    char *end;
    long n;

    if (strspn(text, "0123456789") == 0)
        return 0;
    n = strtol(text, &end, 10);
    return (*end == '\0' && n > 0 && n <= UINT16_MAX) ? n : 0;
}

int
cli_host_port(const char *text, char **host, uint16_t *port)
{
    const char *end, *colon;

    *host = NULL;
    *port = 0;
    if (*text == '[') {
        end = strchr(++text, ']');
        colon = (end != NULL && end[1] == ':') ? end + 1 : NULL;
        if (end == NULL || (colon == NULL && end[1] != '\0'))
            return -1;
    } else {
        colon = strchr(text, ':');
        if (colon != NULL && strchr(colon + 1, ':') != NULL)
            colon = NULL;       /* an IPv6 address by itself */
        end = (colon != NULL) ? colon : text + strlen(text);
    }
    if (end == text)
        return -1;
    if (colon != NULL && (*port = port_of(colon + 1)) == 0)
        return -1;
    *host = strndup(text, end - text);
    return (*host != NULL) ? 0 : -1;
}
