/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * console.h - what command lines have in common: commands, options, messages.
 *
 * Results go to stdout, everything else to stderr.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <getopt.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/common/say.h"
#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

/* gss-winrm(1), EXIT STATUS. */
enum cli_status {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_NO_BROKER = 3,
    CLI_POLICY = 4,             /* refused by krb5.conf */
    CLI_AUTH = 5,               /* the authentication failed */
    CLI_RUN_FAILED = 125        /* run: before the command, as env(1) */
};

struct cli_command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;      /* "[USER@REALM]" */
    const char *summary;        /* for the list of all */
    const char *help;           /* its own, lines with '\n' */
};

extern const struct cli_command cli_commands[];       /* ends with NULL name */

/* --- options.c --- */

/* --help and --json, at the end of every table of options. */
#define CLI_HELP { "help", no_argument, NULL, 'h' }
#define CLI_JSON { "json", no_argument, NULL, 'j' }
#define CLI_END { NULL, 0, NULL, 0 }

/*
 * The next option: its val, or -1 behind the last.  Deals with --help and
 * --json by itself, and ends the program for what it does not know.
 */
int cli_option(int argc, char **argv, const char *flags,
               const struct option *options);

/* Print a usage error and how to get help; with --json also as an object on
 * stdout.  Returns CLI_USAGE. */
int cli_usage(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

int cli_wants_json(void);
/* Is there a --json that cli_option() has not come to?  Then it is wanted. */
void cli_look_for_json(int argc, char **argv);

/* "8h", "90m", "1d12h", "3600": seconds, at least 1.  0 if it is not that. */
uint32_t cli_duration(const char *text);

/*
 * "HOST", "HOST:PORT", "ADDRESS", "[ADDRESS]", "[ADDRESS]:PORT".  *host is new
 * memory, without brackets; *port 0 when there is none.  0 or -1.
 */
int cli_host_port(const char *text, char **host, uint16_t *port);

/* --- say.c --- */

/* "gss-winrm: TEXT" on stderr. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Report an error, with --json also as an object on stdout, and return the
 * exit status that goes with it. */
int cli_fail(const struct cs_error *err);
/* The same with another status than the code's. */
int cli_fail_as(int status, const struct cs_error *err);

/* With --json, the object for an error that has been reported. */
void cli_json_error(int status, const struct cs_error *err);

/* json_object_set_new() of a text that others chose, cleaned (clean.h). */
void cli_set_text(json_t *object, const char *key, struct cs_span text);

/* A copy in which all strings are cleaned; line feeds stay. */
json_t *cli_clean_json(const json_t *value);

/* Print an object as JSON, cleaned, and give it up. */
void cli_print_json(json_t *object);

/* "2026-11-23 18:02 (in 7 h 59 min)"; of the past: "(5 min ago)". */
void cli_time_text(uint64_t when, char *buf, size_t size);
/* "7 h 59 min", "45 s". */
void cli_span_text(uint64_t seconds, char *buf, size_t size);

#endif /* CLI_CONSOLE_H */
