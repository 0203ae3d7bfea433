/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * rogue_gateway.c - a gateway that has been taken over.
 *
 * Preloaded into the real gateway, it takes over when the first client
 * connects, as a bug in what reads the client's bytes would: the gateway has
 * confined itself by then.  It tries to type "touch owned" into the terminal
 * of whoever has started it and, where ROGUE_SOCKET names one, to send to another
 * socket of the user's, and tells the client what came of that.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <linux/tiocl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define TYPED "touch owned\n"

static int out;                 /* the client */

/* The system call itself: TIOCSTI on all 64 bits that the kernel ignores. */
static void
type_into(int fd, const char *name)
{
    static const unsigned long high[] = { 0, 1UL << 32, 3UL << 40 };
    const char *p;
    size_t i;
    long ret = 0;

    for (i = 0; i < sizeof(high) / sizeof(*high); i++) {
        errno = 0;
        for (p = TYPED; *p != '\0' && ret == 0; p++)
            ret = syscall(SYS_ioctl, fd, TIOCSTI | high[i], p);
        dprintf(out, "type %s %#lx: %s\n", name, TIOCSTI | high[i],
                ret == 0 ? "done" : strerror(errno));
        if (ret == 0)
            return;
        ret = 0;
    }
}

static void
try_request(int fd, const char *name, const char *what, unsigned long request,
            void *argument)
{
    errno = 0;
    dprintf(out, "%s %s: %s\n", what, name,
            syscall(SYS_ioctl, fd, request, argument) == 0 ? "done" :
            strerror(errno));
}

static void
use(int fd, const char *name)
{
    struct { char code; struct tiocl_selection s; } paste = {
        TIOCL_PASTESEL, { 0 }
    };
    int group = getpgrp();

    type_into(fd, name);
    try_request(fd, name, "paste", TIOCLINUX, &paste);
    try_request(fd, name, "foreground", TIOCSPGRP, &group);
    try_request(fd, name, "control", TIOCSCTTY, (void *)1);
}

static void
open_and_use(const char *path)
{
    int fd = open(path, O_RDWR);

    if (fd < 0)
        fd = open(path, O_RDONLY);
    dprintf(out, "open %s: %s\n", path, fd < 0 ? strerror(errno) : "done");
    if (fd >= 0)
        use(fd, path);
}

/* What the kernel says of us: calls may be refused, a file can be read. */
static void
tell_of_us(void)
{
    char line[512] = "";
    int pid, session, terminal;
    FILE *f = fopen("/proc/self/stat", "re");

    if (f == NULL || fgets(line, sizeof(line), f) == NULL ||
        sscanf(line, "%d (%*[^)]) %*c %*d %*d %d %d", &pid, &session,
               &terminal) != 3)
        dprintf(out, "no /proc/self/stat: %s\n", strerror(errno));
    else
        dprintf(out, "session %s, controlling terminal %d\n",
                session == pid ? "own" : "somebody's", terminal);
    if (f != NULL)
        f = freopen("/proc/self/status", "re", f);
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "Seccomp:", 8) == 0)
            dprintf(out, "%s", line);
    }
    if (f != NULL)
        (void)fclose(f);
}

/* To a socket of the user's, through each that we have. */
static void
send_from(int fd, const char *name)
{
    static const char text[] = "from the rogue";
    const char *path = getenv("ROGUE_SOCKET");
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    struct msghdr message = { .msg_name = &where,
                              .msg_namelen = sizeof(where) };
    struct iovec part = { (void *)(uintptr_t)text, sizeof(text) - 1 };

    if (path == NULL || fd == out)
        return;
    (void)snprintf(where.sun_path, sizeof(where.sun_path), "%s", path);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    dprintf(out, "sendto %s: %s\n", name,
            sendto(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL,
                   (struct sockaddr *)&where, sizeof(where)) > 0 ? "done" :
            strerror(errno));
    dprintf(out, "sendmsg %s: %s\n", name,
            sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) > 0 ? "done" :
            strerror(errno));
    dprintf(out, "connect %s: %s\n", name,
            connect(fd, (struct sockaddr *)&where, sizeof(where)) == 0 &&
            send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0 ?
            "done" : strerror(errno));
}

static void
take_over(int client)
{
    char path[64], name[PATH_MAX];
    ssize_t n;
    int fd;

    out = client;
    (void)signal(SIGTTOU, SIG_IGN);
    tell_of_us();
    for (fd = 0; fd < 64; fd++) {
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = readlink(path, name, sizeof(name) - 1);
        if (n < 0)
            continue;
        name[n] = '\0';
        dprintf(out, "descriptor %d: %s%s\n", fd, name,
                isatty(fd) ? " (terminal)" : "");
        (void)snprintf(path, sizeof(path), "descriptor %d", fd);
        use(fd, path);
        if (strncmp(name, "socket:", 7) == 0)
            send_from(fd, path);
    }
    open_and_use("/dev/tty");
    open_and_use("/dev/tty0");
    for (fd = 0; fd < 20; fd++) {
        (void)snprintf(path, sizeof(path), "/dev/pts/%d", fd);
        open_and_use(path);
    }
    /* What a terminal would take for orders. */
    (void)!write(STDERR_FILENO, "\033]0;owned\007\033[6n\n", 15);
    dprintf(out, "end\n");
    (void)shutdown(out, SHUT_WR);
}

int
accept4(int listener, struct sockaddr *address, socklen_t *len, int flags)
{
    static int done;
    int (*real)(int, struct sockaddr *, socklen_t *, int) =
        (int (*)(int, struct sockaddr *, socklen_t *, int))
        dlsym(RTLD_NEXT, "accept4");
    int fd = real(listener, address, len, flags);

    if (fd >= 0 && !done && address != NULL &&
        strcmp(program_invocation_short_name, "gss-winrm-gateway") == 0) {
        done = 1;
        take_over(fd);
    }
    return fd;
}
