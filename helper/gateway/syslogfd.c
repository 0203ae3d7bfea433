/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* syslogfd.c - to syslog, and to nothing else. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "helper/common/apart.h"
#include "helper/gateway/syslogfd.h"

#define FIRST 3
#define LAST 64                 /* it was opened when few others were */
#define LINE 8192               /* bytes */

static int
option(int fd, int name)
{
    socklen_t len = sizeof(int);
    int value = -1;

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

/* In the process of its own: the C library's lines, one by one. */
static void
serve(int from, int to)
{
    const int keep[] = { from, to };
    char line[LINE];
    ssize_t n;

    (void)prctl(PR_SET_NAME, "gateway-log");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)apart_silence();
    apart_close_others(keep, sizeof(keep) / sizeof(*keep));
    while ((n = recv(from, line, sizeof(line), 0)) > 0)
        (void)send(to, line, (size_t)n, MSG_NOSIGNAL);
}

/* Put into fd's place one that has no other end than our process'. */
static int
narrow(int fd)
{
    int pair[2], ret;
    pid_t pid;

    /* Of a pair of these, which keep lines apart, an address is ignored. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        serve(pair[1], fd);
        _exit(0);
    }
    ret = pid > 0 && dup3(pair[0], fd, O_CLOEXEC) == fd ? 0 : -1;
    close(pair[0]);
    close(pair[1]);
    return ret;
}

int
syslogfd_narrow(struct cs_error *err)
{
    int fd;

    for (fd = FIRST; fd < LAST; fd++) {
        if (option(fd, SO_DOMAIN) == AF_UNIX &&
            option(fd, SO_TYPE) == SOCK_DGRAM && narrow(fd) != 0)
            return cs_fail_errno(err, CS_SYSTEM, errno,
                                 "cannot fork a process for syslog");
    }
    return 0;
}
