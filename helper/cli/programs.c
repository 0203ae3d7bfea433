/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* programs.c - the package's other programs: finding and starting them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/common/apart.h"
#include "helper/cli/cli.h"

#ifndef GW_LIBEXEC
#define GW_LIBEXEC "/usr/libexec/gss-winrm"      /* the Makefile's wins */
#endif

char *
cli_program(const char *name)
{
    const char *places = secure_getenv("GSS_WINRM_LIBEXEC"), *p;
    size_t len;
    char *path;

    if (places == NULL || *places == '\0')
        places = GW_LIBEXEC;
    for (p = places; *p != '\0'; p += len + (p[len] == ':')) {
        len = strcspn(p, ":");
        if (len == 0)
            continue;
        if (asprintf(&path, "%.*s/%s", (int)len, p, name) < 0)
            break;
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    cli_error("there is no %s in %s; is the whole package installed?",
              name, places);
    return NULL;
}

/* In the child: where it reads and writes, and its signals. */
static void
set_up_child(int in, int out)
{
    sigset_t none;
    int null;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (in == -1) {
        null = open("/dev/null", O_RDONLY);
        if (null == -1)
            _exit(126);
        in = null;
    }
    if (dup2(in, STDIN_FILENO) == -1 ||
        (out != -1 && dup2(out, STDOUT_FILENO) == -1))
        _exit(126);
}

pid_t
cli_spawn(char *const *argv, int in, int out)
{
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        set_up_child(in, out);
        (void)execvp(argv[0], argv);
        cli_error("cannot run %s: %m", argv[0]);
        _exit(126);
    }
    if (pid == -1)
        cli_error("cannot run %s: %m", argv[0]);
    return pid;
}

int
cli_wait(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            return -1;
    }
    return status;
}

/* The broker goes into the background when its socket listens, so when this
 * returns there is somebody to talk to.  It stays for hours: nothing of ours
 * goes with it. */
static int
start_broker(void)
{
    char *path = cli_program("gss-winrmd"), *argv[] = { path, NULL };
    struct apart broker;
    int status;

    if (path == NULL)
        return -1;
    if (apart_fork(&broker, "gss-winrmd", NULL, 0) == 0) {
        (void)execv(path, argv);
        cli_error("cannot run %s: %m", path);
        _exit(126);
    }
    if (broker.pid == -1) {
        cli_error("cannot start the broker: %m");
        free(path);
        return -1;
    }
    free(path);
    status = apart_end(&broker);
    if (status != 0)
        cli_error("the broker, gss-winrmd, did not start (its messages are "
                  "above, or in the journal)");
    return status == 0 ? 0 : -1;
}

int
cli_broker(int start, struct bl_link **out)
{
    struct cs_error err;

    if (bl_open(NULL, out, &err) == 0)
        return 0;
    if (!start || err.code != CS_SYSTEM)
        return cli_fail_as(CLI_NO_BROKER, &err);
    if (start_broker() != 0)
        return CLI_NO_BROKER;
    if (bl_open(NULL, out, &err) == 0)
        return 0;
    return cli_fail_as(CLI_NO_BROKER, &err);
}
