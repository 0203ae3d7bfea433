/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* reach.c - TCP connections within a time limit. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "helper/doctor/reach.h"

#define PATIENCE 3000           /* ms for a connection */

long
reach_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
reach_wait(int fd, short events, long until)
{
    struct pollfd p = { fd, events, 0 };
    long left;
    int n;

    do {
        left = until - reach_now();
        n = left > 0 ? poll(&p, 1, (int)left) : 0;
    } while (n == -1 && errno == EINTR);
    return n == 1 ? 0 : -1;
}

static int
connect_to(int fd, const struct addrinfo *ai)
{
    socklen_t size = sizeof(int);
    int error = 0;

    if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (reach_wait(fd, POLLOUT, reach_now() + PATIENCE) != 0)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno :
        error;
}

int
reach(const char *host, uint16_t port, int *fd)
{
    struct addrinfo hints, *list = NULL, *ai;
    char service[8];
    int ret = EHOSTUNREACH;

    *fd = -1;
    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    (void)snprintf(service, sizeof(service), "%u", (unsigned int)port);
    if (getaddrinfo(host, service, &hints, &list) != 0)
        return EHOSTUNREACH;
    for (ai = list; ai != NULL && ret != 0; ai = ai->ai_next) {
        *fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
                     SOCK_NONBLOCK, 0);
        if (*fd == -1)
            continue;
        ret = connect_to(*fd, ai);
        if (ret != 0)
            (void)close(*fd);
    }
    freeaddrinfo(list);
    if (ret != 0)
        *fd = -1;
    return ret;
}
