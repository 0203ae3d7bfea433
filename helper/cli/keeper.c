/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* keeper.c - a gateway of our own, for `run' and `forward'. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/cli/cli.h"
#include "helper/cli/keeper.h"
#include "helper/common/loopback.h"
#include "helper/common/say.h"

#define READY_SECONDS 30
#define END_SECONDS 5
/* It is started again so many times within so many seconds: at once, and then
 * with longer and longer pauses. */
#define AGAIN_MAX 5
#define AGAIN_SECONDS 60
#define PAUSE_MS 500
#define REFUSE_MS 100
#define HELD 10                 /* below this, shell scripts have their own */

/* --- Times --- */

static struct timespec
now(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

/* From now, in ms; 0 if it is past. */
static int
until(const struct timespec *then)
{
    struct timespec t = now();
    int64_t ms = (int64_t)(then->tv_sec - t.tv_sec) * 1000 +
        (then->tv_nsec - t.tv_nsec) / 1000000;

    return ms > 0 ? (int)ms + 1 : 0;
}

static struct timespec
in_ms(unsigned int ms)
{
    struct timespec t = now();

    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* --- Starting --- */

/* In the child. */
static void
become_gateway(const struct cli_gateway *g, int ready)
{
    char socket_option[] = "--listen-fd", needed_option[] = "--while-fd",
        ready_option[] = "--ready-fd", target_option[] = "--target";
    char numbers[3][16], *argv[10];
    int n = 0;

    (void)snprintf(numbers[0], sizeof(*numbers), "%d", g->listener);
    (void)snprintf(numbers[1], sizeof(*numbers), "%d", g->needed[0]);
    (void)snprintf(numbers[2], sizeof(*numbers), "%d", ready);
    argv[n++] = g->path;
    argv[n++] = socket_option;
    argv[n++] = numbers[0];
    argv[n++] = needed_option;
    argv[n++] = numbers[1];
    if (g->target != NULL) {
        argv[n++] = target_option;
        argv[n++] = g->target;
    }
    if (ready >= 0) {
        argv[n++] = ready_option;
        argv[n++] = numbers[2];
    }
    argv[n] = NULL;
    (void)execv(g->path, argv);
    cli_error("cannot run %s: %m", g->path);
    _exit(CLI_RUN_FAILED);
}

/* ready: where it is to say that it serves, or -1. */
static int
spawn(struct cli_gateway *g, int ready)
{
    const int keep[] = { g->listener, g->needed[0], ready };

    g->next = (struct timespec){ 0, 0 };
    if (apart_fork(&g->process, "gss-winrm-gateway", keep,
                   ready >= 0 ? 3 : 2) == 0)
        become_gateway(g, ready);
    return g->process.pid == -1 ? -1 : 0;
}

/* "ADDRESS:PORT\n" when it serves.  0 or -1. */
static int
read_ready(int fd, char *buf, size_t size)
{
    struct pollfd p = { fd, POLLIN, 0 };
    size_t len = 0;
    ssize_t n;
    int ready;

    while (len < size - 1) {
        ready = poll(&p, 1, READY_SECONDS * 1000);
        if (ready == -1 && errno == EINTR)
            continue;
        n = (ready == 1) ? read(fd, buf + len, size - 1 - len) : -1;
        if (n <= 0)
            break;
        len += (size_t)n;
        if (memchr(buf, '\n', len) != NULL)
            break;
    }
    buf[len] = '\0';
    len = strcspn(buf, "\n");
    if (buf[len] != '\n')
        return -1;
    buf[len] = '\0';
    return 0;
}

static int
spawn_and_wait(struct cli_gateway *g)
{
    int ends[2], ret;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        cli_error("cannot start the gateway: %m");
        return CLI_FAILED;
    }
    if (spawn(g, ends[1]) != 0) {
        cli_error("cannot start the gateway: %m");
        (void)close(ends[0]);
        (void)close(ends[1]);
        return CLI_FAILED;
    }
    (void)close(ends[1]);
    ret = read_ready(ends[0], g->where, sizeof(g->where));
    (void)close(ends[0]);
    if (ret == 0)
        return CLI_OK;
    cli_gateway_end(g);         /* it may have to say why */
    cli_error("the gateway, gss-winrm-gateway, did not start (its messages "
              "are above)");
    return CLI_FAILED;
}

static int
take_port(struct cli_gateway *g, const char *host, uint16_t port)
{
    struct cs_error err;
    int absent, ret;

    ret = loopback_bind(host, port, &g->listener, &absent, &err);
    if (ret == 0)
        ret = loopback_listen(g->listener, &err);
    if (ret != 0)
        cli_error("%s", err.text);
    return ret == 0 ? CLI_OK : ret == CS_USAGE ? CLI_USAGE : CLI_FAILED;
}

static int
block_signals(struct cli_gateway *g, const int *numbers, size_t n,
              sigset_t *old)
{
    sigset_t set;
    size_t i;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    for (i = 0; i < n; i++)
        (void)sigaddset(&set, numbers[i]);
    g->signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (g->signals < 0 || sigprocmask(SIG_BLOCK, &set, old) != 0) {
        cli_error("cannot wait for signals: %m");
        return CLI_FAILED;
    }
    /* If the gateway has ended already, nobody has told us. */
    (void)raise(SIGCHLD);
    return CLI_OK;
}

int
cli_gateway_start(struct cli_gateway *g, const char *host, uint16_t port,
                  const char *target, const int *numbers, size_t n,
                  sigset_t *old)
{
    int ret = CLI_FAILED;

    g->path = cli_program("gss-winrm-gateway");
    g->target = target != NULL ? strdup(target) : NULL;
    if (g->path == NULL)
        return CLI_FAILED;
    say_log_open("gss-winrm", 0);
    if ((target == NULL || g->target != NULL) &&
        pipe2(g->needed, O_CLOEXEC) == 0)
        ret = take_port(g, host, port);
    else
        cli_error("cannot start the gateway: %m");
    if (ret == 0)
        ret = spawn_and_wait(g);
    if (ret == 0)
        ret = block_signals(g, numbers, n, old);
    if (ret != 0)
        cli_gateway_end(g);
    return ret;
}

/* --- Ending --- */

void
cli_gateway_end(struct cli_gateway *g)
{
    struct timespec pause = { 0, 10L * 1000 * 1000 };
    int i, *const fds[] = { &g->listener, &g->signals, &g->needed[0],
                            &g->needed[1] };

    if (g->process.pid > 0) {
        (void)kill(g->process.pid, SIGTERM);
        for (i = 0; waitpid(g->process.pid, NULL, WNOHANG) == 0; i++) {
            if (i == END_SECONDS * 100)
                (void)kill(g->process.pid, SIGKILL);
            (void)nanosleep(&pause, NULL);
        }
        apart_finish(&g->process);
    }
    for (i = 0; i < (int)(sizeof(fds) / sizeof(*fds)); i++) {
        if (*fds[i] >= 0)
            (void)close(*fds[i]);
        *fds[i] = -1;
    }
    free(g->path);
    free(g->target);
    g->path = g->target = NULL;
}

void
cli_gateway_hold(const struct cli_gateway *g)
{
    (void)fcntl(g->needed[1], F_DUPFD, HELD);
}

/* --- Starting again --- */

/* Everybody who looks after the machine wants to know: a gateway that ends may
 * be one that is attacked. */
static void
tell(const char *why, const char *what)
{
    cli_error("the gateway has ended%s; %s", why, what);
    say_log(LOG_WARNING, "the gateway has ended%s; %s", why, what);
}

static void
say_why(int status, char *buf, size_t size)
{
    if (WIFSIGNALED(status))
        (void)snprintf(buf, size, " (signal %d, %s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == CLI_NO_BROKER)
        (void)snprintf(buf, size, " because the broker is gone");
    else
        (void)snprintf(buf, size, " (exit status %d)", WEXITSTATUS(status));
}

/* 0, or -1 when this happens too often. */
static int
plan(struct cli_gateway *g)
{
    struct timespec t = now();

    if (t.tv_sec - g->since.tv_sec > AGAIN_SECONDS) {
        g->since = t;
        g->ended = 0;
    }
    if (++g->ended > AGAIN_MAX)
        return -1;
    g->next = in_ms((g->ended - 1) * PAUSE_MS);
    return 0;
}

/* A child has ended.  Is it the gateway?  -1: it is given up. */
static int
look_after(struct cli_gateway *g)
{
    char why[64];
    int status;

    if (g->process.pid <= 0 ||
        waitpid(g->process.pid, &status, WNOHANG) != g->process.pid)
        return 0;
    apart_finish(&g->process);
    say_why(status, why, sizeof(why));
    if (plan(g) == 0) {
        tell(why, "restarting it on the same port");
        return 0;
    }
    tell(why, "it keeps ending, so it is not restarted");
    g->given_up = 1;
    return -1;
}

/* A broker that has gone is started again, too, as at the beginning. */
static void
again(struct cli_gateway *g)
{
    struct bl_link *link = NULL;
    int ret = cli_broker(1, &link);

    if (ret == 0 && (ret = spawn(g, -1)) != 0)
        cli_error("cannot start the gateway: %m");
    if (ret != 0 && plan(g) != 0) {
        tell("", "it cannot be restarted");
        g->given_up = 1;
    }
    bl_close(&link);
}

/* Nobody waits for a gateway that does not come. */
static void
refuse(struct cli_gateway *g)
{
    int fd;

    while ((fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        (void)close(fd);
}

int
cli_gateway_wait(struct cli_gateway *g, struct signalfd_siginfo *info)
{
    int ms, was_given_up = g->given_up;

    for (;;) {
        ms = g->given_up ? REFUSE_MS :
            g->next.tv_sec != 0 ? until(&g->next) : -1;
        if (apart_wait(&g->process, g->signals, ms, info)) {
            if (info->ssi_signo == SIGCHLD && look_after(g) != 0)
                return -1;
            return 0;
        }
        if (g->given_up)
            refuse(g);
        else if (g->next.tv_sec != 0 && until(&g->next) == 0)
            again(g);
        if (g->given_up && !was_given_up)
            return -1;
    }
}
