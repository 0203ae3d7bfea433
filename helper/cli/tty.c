/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * tty.c - prompt on the terminal without echo.
 *
 * Signals that would end or stop the program while it waits are held until the
 * terminal is as it was, and take effect then.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "helper/cli/cli.h"

static const int caught_signals[] = {
    SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN,
    SIGTTOU
};
#define NSIGNALS (sizeof(caught_signals) / sizeof(*caught_signals))

static volatile sig_atomic_t caught[NSIG];

static void
note(int number)
{
    caught[number] = 1;
}

static void
catch_signals(struct sigaction *old)
{
    struct sigaction action;
    size_t i;

    memset(&action, 0, sizeof(action)); /* no SA_RESTART: read() has to end */
    action.sa_handler = note;
    (void)sigemptyset(&action.sa_mask);
    for (i = 0; i < NSIGNALS; i++) {
        caught[caught_signals[i]] = 0;
        (void)sigaction(caught_signals[i], &action, &old[i]);
    }
}

/* Put the handlers back, then send what came meanwhile.  Returns 1 if it was
 * to stop us only: we are back, and can ask again. */
static int
release_signals(const struct sigaction *old)
{
    int again = 0, number;
    size_t i;

    for (i = 0; i < NSIGNALS; i++)
        (void)sigaction(caught_signals[i], &old[i], NULL);
    for (i = 0; i < NSIGNALS; i++) {
        number = caught_signals[i];
        if (!caught[number])
            continue;
        (void)kill(getpid(), number);
        again |= number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
    }
    return again;
}

static int
any_caught(void)
{
    size_t i;

    for (i = 0; i < NSIGNALS; i++) {
        if (caught[caught_signals[i]])
            return 1;
    }
    return 0;
}

/*
 * Up to the end of the line.  0, or -1 at a signal or without memory.  Signals
 * are delivered while it waits and at no other time: one that came just before
 * read() would be seen after the user's next key only.
 */
static int
read_line(int fd, const sigset_t *let_in, struct cs_buf *out)
{
    struct pollfd p = { fd, POLLIN, 0 };
    uint8_t c = 0;
    ssize_t n;

    for (;;) {
        if (ppoll(&p, 1, NULL, let_in) == -1)
            return -1;
        n = read(fd, &c, 1);
        if (n == -1)
            return -1;
        if (n == 0 || c == '\n' || c == '\r')
            break;
        cs_buf_add(out, &c, 1);
    }
    explicit_bzero(&c, sizeof(c));
    return out->error != 0 ? -1 : 0;
}

static int
wait_for_line(int fd, struct cs_buf *out)
{
    sigset_t set, old;
    size_t i;
    int ret, saved;

    (void)sigemptyset(&set);
    for (i = 0; i < NSIGNALS; i++)
        (void)sigaddset(&set, caught_signals[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &old);
    errno = EINTR;
    ret = any_caught() ? -1 : read_line(fd, &old, out);
    saved = errno;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    errno = saved;
    return ret;
}

/* The terminal without echo.  0 or -1. */
static int
silence(int fd, const struct termios *old)
{
    struct termios quiet = *old;

    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    return tcsetattr(fd, TCSAFLUSH, &quiet);
}

static int
ask(int fd, const char *prompt, struct cs_buf *out)
{
    struct termios old;
    int ret, saved;

    if (tcgetattr(fd, &old) != 0)
        return -1;
    ret = silence(fd, &old);
    if (ret == 0 && write(fd, prompt, strlen(prompt)) == -1)
        ret = -1;
    if (ret == 0)
        ret = wait_for_line(fd, out);
    saved = errno;
    (void)!write(fd, "\n", 1);
    while (tcsetattr(fd, TCSAFLUSH, &old) == -1 && errno == EINTR &&
           !caught[SIGTTOU])
        ;
    errno = saved;
    return ret;
}

int
cli_ask_terminal(const char *prompt, struct cs_buf *out)
{
    struct sigaction old[NSIGNALS];
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), ret, again;
    int saved;

    if (fd == -1) {
        errno = ENXIO;
        return -1;
    }
    do {
        cs_buf_reset(out);
        catch_signals(old);
        ret = ask(fd, prompt, out);
        saved = errno;
        again = release_signals(old);
    } while (ret != 0 && again);
    (void)close(fd);
    errno = saved;
    return ret;
}
