/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* apart.c - a process that shares nothing with the one that starts it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/common/apart.h"
#include "plugin/bytes/clean.h"
#include "helper/common/say.h"

#define TURNS 16                /* of 4 KiB */
#define LINES 200               /* that are printed in a minute, in s: */
#define MINUTE 60
#define NARROW 40               /* columns, below which nothing is broken */
#define MANY 65536              /* descriptors, where close_range() is not */

void
apart_fill_standard(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        (void)close(fd);
}

/* Kernels before 5.9 do not have the call, and some sandboxes of containers do
 * not know it. */
void
apart_close_between(unsigned int first, unsigned int last)
{
    struct rlimit limit;
    unsigned int end = MANY;

    if (first > last || close_range(first, last, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end)
        end = (unsigned int)limit.rlim_cur;
    for (; first <= last && first < end; first++)
        (void)close((int)first);
}

void
apart_close_others(const int *keep, size_t n)
{
    int next = STDERR_FILENO + 1, lowest;
    size_t i;

    for (;;) {
        lowest = -1;
        for (i = 0; i < n; i++) {
            if (keep[i] >= next && (lowest == -1 || keep[i] < lowest))
                lowest = keep[i];
        }
        if (lowest == -1)
            break;
        if (lowest > next)
            apart_close_between((unsigned int)next,
                                (unsigned int)lowest - 1);
        next = lowest + 1;
    }
    apart_close_between((unsigned int)next, ~0U);
}

int
apart_silence(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ret = 0;

    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        ret = -1;
    if (fd > STDERR_FILENO)
        (void)close(fd);
    return ret;
}

/* In the child. */
static void
set_apart(int messages, const int *keep, size_t n)
{
    sigset_t none;
    size_t i;
    int number;

    for (number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (setsid() == -1 || apart_silence() != 0 ||
        dup2(messages, STDERR_FILENO) < 0)
        _exit(126);
    apart_close_others(keep, n);
    for (i = 0; i < n; i++) {
        if (keep[i] > STDERR_FILENO && fcntl(keep[i], F_SETFD, 0) != 0)
            _exit(126);
    }
}

pid_t
apart_fork(struct apart *a, const char *name, const int *keep, size_t n)
{
    int ends[2];

    *a = (struct apart){ .name = name, .pid = -1, .messages = -1 };
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    (void)fflush(NULL);
    a->pid = fork();
    if (a->pid == 0)
        set_apart(ends[1], keep, n);
    else if (a->pid > 0)
        a->messages = ends[0];
    if (a->pid == -1)
        (void)close(ends[0]);
    if (a->pid != 0)
        (void)close(ends[1]);
    return a->pid;
}

/* --- What it says --- */

/* The columns of the terminal on stderr; 0: it is none. */
static size_t
columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* How much of the text fits: no character has more columns than bytes.  Up to
 * a space, if there is one, and else up to a character. */
static size_t
fitting(const char *text, size_t room)
{
    size_t len = strlen(text), n = room;

    if (len <= room)
        return len;
    while (n > 0 && text[n] != ' ')
        n--;
    if (n > 0)
        return n;
    for (n = room; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
        ;
    return n > 0 ? n : room;
}

/* A terminal would go on at the beginning of its next line, where the prompt
 * of another program may be: so each of its lines gets the name. */
static void
print_pieces(const char *name, char *text)
{
    size_t used = strlen(name) + 2, width = columns(), n;

    clean_text(text);
    do {
        n = (width < used + NARROW) ? strlen(text) :
            fitting(text, width - used);
        say_line(stderr, "%s: %.*s", name, (int)n, text);
        text += n;
        text += strspn(text, " ");
    } while (*text != '\0');
}

/* What was left out in the minute before. */
static void
tell_more(struct apart *a)
{
    if (a->more > 0)
        say_line(stderr, "%s: (%lu more lines not shown)", a->name,
                 a->more);
    a->more = 0;
}

/* May one more be printed?  An honest program has few (often.h). */
static int
is_due(struct apart *a)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (a->lines == 0 || now.tv_sec - a->since >= MINUTE) {
        tell_more(a);
        a->since = now.tv_sec;
        a->lines = 0;
    }
    if (a->lines == LINES) {
        a->more++;
        return 0;
    }
    a->lines++;
    return 1;
}

/*
 * Whoever has taken it over says it, to a terminal: with its name in front, so
 * that it cannot pass for another program's.  A line that begins with the name
 * gets no second one.
 */
static void
print_line(struct apart *a)
{
    size_t len = strlen(a->name);
    char *text = a->line;

    a->line[a->len] = '\0';
    a->len = 0;
    if (!is_due(a))
        return;
    if (strncmp(text, a->name, len) == 0 && strncmp(text + len, ": ", 2) == 0)
        text += len + 2;
    print_pieces(a->name, text);
}

static void
take(struct apart *a, const char *p, size_t n)
{
    for (; n > 0; p++, n--) {
        if (*p != '\n')
            a->line[a->len++] = *p;
        if (*p == '\n' || a->len == APART_LINE)
            print_line(a);
    }
}

static void
end_of_messages(struct apart *a)
{
    if (a->len > 0)
        print_line(a);
    tell_more(a);
    (void)close(a->messages);
    a->messages = -1;
}

/* What is there now; not more than fits into the pipe, or it could keep us
 * busy for good. */
static void
relay(struct apart *a)
{
    char buf[4096];
    ssize_t n;
    int i;

    for (i = 0; i < TURNS && a->messages >= 0; i++) {
        n = read(a->messages, buf, sizeof(buf));
        if (n > 0)
            take(a, buf, (size_t)n);
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && errno == EAGAIN)
            return;
        else
            end_of_messages(a);
    }
}

int
apart_wait(struct apart *a, int signals, int ms, struct signalfd_siginfo *info)
{
    struct pollfd fds[2];
    int ready;

    for (;;) {
        fds[0] = (struct pollfd){ signals, POLLIN, 0 };
        fds[1] = (struct pollfd){ a->messages, POLLIN, 0 };
        ready = poll(fds, 2, ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready > 0 && fds[1].revents != 0)
            relay(a);
        if (ready > 0 && fds[0].revents != 0 &&
            read(signals, info, sizeof(*info)) == sizeof(*info))
            return 1;
        if (ready <= 0)
            return 0;
    }
}

void
apart_finish(struct apart *a)
{
    relay(a);
    if (a->messages >= 0)
        end_of_messages(a);
    a->pid = -1;
}

int
apart_end(struct apart *a)
{
    struct pollfd p = { a->messages, POLLIN, 0 };
    int status = -1;

    while (a->messages >= 0 && (poll(&p, 1, -1) > 0 || errno == EINTR))
        relay(a);
    while (waitpid(a->pid, &status, 0) == -1 && errno == EINTR)
        ;
    apart_finish(a);
    return status;
}
