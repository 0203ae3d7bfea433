/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * cli.h - what the subcommands of gss-winrm share.
 *
 * Each is a function that takes its own argv (argv[0] is its name) and returns
 * the exit status.  Results go to stdout, everything else to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <sys/types.h>

#include "helper/console/console.h"
#include "helper/link/link.h"

int cli_login(int argc, char **argv);
int cli_logout(int argc, char **argv);
int cli_show_status(int argc, char **argv);
int cli_forward(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_doctor(int argc, char **argv);  /* gss-winrm-doctor does it */

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
