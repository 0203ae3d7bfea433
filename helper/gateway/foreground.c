/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* foreground.c - a gateway that was started on a terminal. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/common/apart.h"
#include "helper/gateway/foreground.h"

/* What a person or a shell ends a program with. */
static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };

/* Only the kernel's word that there is none counts. */
static int
has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 && errno == ENXIO)
        return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) ||
            isatty(STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
    return 1;
}

static int
listen_to_signals(void)
{
    sigset_t set;
    size_t i;

    (void)sigemptyset(&set);
    for (i = 0; i < sizeof(endings) / sizeof(*endings); i++)
        (void)sigaddset(&set, endings[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* In the foreground, until the child has ended: its exit status. */
static int
stand_in(struct apart *a, int signals)
{
    const int mine[] = { signals, a->messages };
    struct signalfd_siginfo info;
    int status = 0;

    apart_close_others(mine, sizeof(mine) / sizeof(*mine));
    for (;;) {
        if (!apart_wait(a, signals, -1, &info))
            continue;
        if (info.ssi_signo != SIGCHLD)
            (void)kill(a->pid, SIGTERM);
        else if (waitpid(a->pid, &status, WNOHANG) == a->pid)
            break;
    }
    apart_finish(a);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
foreground_leave(const int *keep, size_t n, int *status)
{
    pid_t parent = getpid();
    struct apart a;
    int signals;

    if (!has_terminal())
        return 0;
    apart_fill_standard();
    signals = listen_to_signals();
    if (signals < 0 || apart_fork(&a, "gss-winrm-gateway", keep, n) == -1)
        return -1;
    if (a.pid > 0) {
        *status = stand_in(&a, signals);
        return 1;
    }
    /* Whatever ends the one in the foreground. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        return -1;
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    return 0;
}
