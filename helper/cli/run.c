/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * run.c - gss-winrm run: a command with a gateway of its own.
 *
 * The command is in our place: signals that are sent to us go to it, and we
 * end as it does.  It has our terminal and descriptors; the gateway has
 * neither (keeper.h), so that the terminal's signals do not end it before the
 * command.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/cli/cli.h"
#include "helper/cli/keeper.h"

static const struct option options[] = { CLI_HELP, CLI_END };

/* Those that are passed on.  SIGTSTP and the like are not ours to handle: the
 * terminal stops both of us. */
static const int passed_on[] = {
    SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH,
    SIGCONT
};

/* In the child. */
static void
become_command(const struct cli_gateway *g, char **argv, const sigset_t *mask)
{
    char proxy[CLI_GATEWAY_WHERE + 16]; /* "http://127.0.0.1:34567" */
    int missing;

    (void)snprintf(proxy, sizeof(proxy), "http://%s", g->where);
    if (setenv("http_proxy", proxy, 1) != 0 ||
        setenv("HTTP_PROXY", proxy, 1) != 0) {
        cli_error("cannot set http_proxy: %m");
        _exit(CLI_RUN_FAILED);
    }
    cli_gateway_hold(g);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)execvp(argv[0], argv);
    missing = errno == ENOENT;
    cli_error("cannot run %s: %m", argv[0]);
    _exit(missing ? 127 : 126);
}

/* Did somebody send it to us alone?  The terminal sends to the command too. */
static int
is_ours(const struct signalfd_siginfo *info)
{
    return info->ssi_code != SI_KERNEL;
}

/*
 * Pass signals on until the command ends: its wait status in *status.  -1 when
 * it has lost its gateway.  Then it is asked to end, and we wait: while it is
 * there, the port is not for others.
 */
static int
wait_for_command(struct cli_gateway *g, pid_t command, int *status)
{
    struct signalfd_siginfo info;
    int ret = 0;

    for (;;) {
        if (cli_gateway_wait(g, &info) != 0) {
            cli_error("sending the command SIGTERM, since it has no gateway "
                      "any more");
            (void)kill(command, SIGTERM);
            ret = -1;
            continue;
        }
        if (info.ssi_signo != SIGCHLD) {
            if (is_ours(&info))
                (void)kill(command, (int)info.ssi_signo);
        } else if (waitpid(command, status, WNOHANG) == command) {
            return ret;
        }
    }
}

/* End as the command did. */
static int
end_as(int status)
{
    struct rlimit none = { 0, 0 };
    sigset_t one;
    int number;

    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    number = WTERMSIG(status);
    (void)setrlimit(RLIMIT_CORE, &none);        /* one core is enough */
    (void)signal(number, SIG_DFL);
    (void)sigemptyset(&one);
    (void)sigaddset(&one, number);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
    return 128 + number;
}

static int
run_command(struct cli_gateway *g, char **argv, const sigset_t *mask)
{
    int status, lost;
    pid_t command;

    (void)fflush(NULL);
    command = fork();
    if (command == 0)
        become_command(g, argv, mask);
    if (command == -1) {
        cli_error("cannot run %s: %m", argv[0]);
        cli_gateway_end(g);
        return CLI_RUN_FAILED;
    }
    lost = wait_for_command(g, command, &status);
    cli_gateway_end(g);
    return lost ? CLI_RUN_FAILED : end_as(status);
}

/* A variable that may keep the command from using the gateway. */
static void
warn_of_no_proxy(void)
{
    static const char *const names[] = { "no_proxy", "NO_PROXY" };
    const char *value;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        value = getenv(names[i]);
        if (value != NULL && value[strspn(value, " ,")] == '*')
            cli_error("%s=%s: most programs will not use the gateway",
                      names[i], value);
    }
}

int
cli_run(int argc, char **argv)
{
    struct cli_gateway g = CLI_GATEWAY_INIT;
    struct bl_link *link = NULL;
    sigset_t mask;

    (void)cli_option(argc, argv, "+:h", options);
    if (argc == optind) {
        (void)cli_usage(argv[0], "a COMMAND is required");
        return CLI_RUN_FAILED;
    }
    if (cli_broker(1, &link) != 0)
        return CLI_RUN_FAILED;
    bl_close(&link);
    warn_of_no_proxy();
    cli_warn_of_arguments(argv + optind);
    if (cli_gateway_start(&g, "127.0.0.1", 0, NULL, passed_on,
                          sizeof(passed_on) / sizeof(*passed_on), &mask) != 0)
        return CLI_RUN_FAILED;
    return run_command(&g, argv + optind, &mask);
}
