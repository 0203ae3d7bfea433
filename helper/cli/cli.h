/*
 * cli.h - what the subcommands of gss-winrm share.
 *
 * Each is a function that takes its own argv (argv[0] is its name) and returns
 * the exit status.  Results go to stdout, everything else to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "link.h"
#include "say.h"

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

int cli_login(int argc, char **argv);
int cli_logout(int argc, char **argv);
int cli_show_status(int argc, char **argv);
int cli_forward(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_configure(int argc, char **argv);
int cli_doctor(int argc, char **argv);  /* gss-winrm-doctor does it */
int cli_enable(int argc, char **argv);
int cli_disable(int argc, char **argv);

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

/* --- programs.c --- */

/* The path of one of the package's programs in new memory, or NULL after an
 * error message. */
char *cli_program(const char *name);

/* Connect to the broker; with start, run one where there is none.  Returns 0,
 * or an exit status after an error message. */
int cli_broker(int start, struct bl_link **out);

/* fork() and exec() argv.  in, out: descriptors for its stdin and stdout, or
 * -1 for /dev/null and ours.  Returns the child, or -1. */
pid_t cli_spawn(char *const *argv, int in, int out);
/* Its wait status. */
int cli_wait(pid_t pid);

/* --- sessions.c --- */

/* What each gateway of this user reports of its sessions: an array of objects
 * as in PROTOCOL.tickets.md with their "port".  The caller releases it. */
json_t *cli_gateways(void);
/* One of these objects out of what a gateway has answered, fit to be printed;
 * NULL if it is none.  Pure. */
json_t *cli_gateway_answer(const char *text, size_t len);
void cli_print_gateways(const json_t *gateways);
void cli_print_prometheus(const json_t *gateways);

/* --- localhost.c --- */

/* Warn if this system looks NAME.localhost up with a server.  1 if it does. */
int cli_warn_of_name(const char *name);
/* The same for the first such name in a command's arguments. */
void cli_warn_of_arguments(char **argv);

/* --- password.c --- */

enum cli_password_source { CLI_ASK, CLI_STDIN, CLI_ASKPASS };

/* Get the password into out, which the caller frees.  askpass: a program for
 * CLI_ASKPASS.  CLI_ASK: the terminal, or $GSS_WINRM_ASKPASS where there is
 * none.  Returns 0 or -1 after an error message. */
int cli_password(enum cli_password_source source, const char *askpass,
                 const char *prompt, struct cs_buf *out);

/* --- tty.c --- */

/* Ask on the controlling terminal, without echo.  Returns 0, -1 with errno
 * ENXIO when there is no terminal, or -1. */
int cli_ask_terminal(const char *prompt, struct cs_buf *out);

#endif /* CLI_CLI_H */
