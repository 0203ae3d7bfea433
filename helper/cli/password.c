/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* password.c - where a password comes from. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/bytes/clean.h"
#include "helper/cli/cli.h"

#define PROMPT_MAX 1024         /* bytes */

/* The first line that can be read from fd.  0 or -1 after an error message. */
static int
read_first_line(int fd, const char *what, struct cs_buf *out)
{
    uint8_t block[512];
    int ended = 0;
    ssize_t n;

    while (!ended && out->error == 0) {
        n = read(fd, block, sizeof(block));
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            cli_error("cannot read from %s: %m", what);
        if (n <= 0)
            break;
        ended = memchr(block, '\n', n) != NULL;
        cs_buf_add(out, block, ended ? (size_t)((uint8_t *)
                   memchr(block, '\n', n) - block) : (size_t)n);
    }
    explicit_bzero(block, sizeof(block));
    if (out->error == 0 && out->len > 0 && out->p[out->len - 1] == '\r')
        out->len--;
    if (out->error == 0 && out->len > 0)
        return 0;
    cli_error(out->error != 0 ? "the password from %s is too long" :
              "%s gave no password", what);
    return -1;
}

/* Run a program that asks somehow and prints the answer. */
static int
run_askpass(const char *program, const char *prompt, struct cs_buf *out)
{
    char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)prompt,
                     NULL };
    int fds[2], ret, status;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) {
        cli_error("cannot create a pipe: %m");
        return -1;
    }
    pid = cli_spawn(argv, -1, fds[1]);
    (void)close(fds[1]);
    ret = (pid == -1) ? -1 : read_first_line(fds[0], program, out);
    (void)close(fds[0]);
    status = (pid == -1) ? -1 : cli_wait(pid);
    if (ret == 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        cli_error("%s failed (exit status %d)", program, WEXITSTATUS(status));
        ret = -1;
    }
    return ret;
}

static int
ask(const char *prompt, struct cs_buf *out)
{
    const char *askpass = secure_getenv("GSS_WINRM_ASKPASS");

    if (cli_ask_terminal(prompt, out) == 0) {
        if (out->len > 0)
            return 0;
        cli_error("no password was given");
        return -1;
    }
    if (errno == EINTR) {
        cli_error("no password was given");
        return -1;
    }
    if (errno != ENXIO) {
        cli_error("cannot read the password from the terminal: %m");
        return -1;
    }
    if (askpass != NULL && *askpass != '\0')
        return run_askpass(askpass, prompt, out);
    cli_error("there is no terminal to ask for the password on: use --stdin "
              "or --askpass, or set GSS_WINRM_ASKPASS");
    return -1;
}

int
cli_password(enum cli_password_source source, const char *askpass,
             const char *prompt, struct cs_buf *out)
{
    char clean[PROMPT_MAX];     /* there is a user's name in it */

    clean_copy(clean, sizeof(clean), prompt);
    switch (source) {
    case CLI_STDIN:
        return read_first_line(STDIN_FILENO, "standard input", out);
    case CLI_ASKPASS:
        return run_askpass(askpass, clean, out);
    case CLI_ASK:
    default:
        return ask(clean, out);
    }
}
