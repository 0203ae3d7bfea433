/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* refuse.c - reject connections, with a reason. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "helper/gateway/refuse.h"

#define PATIENCE_MS 2000        /* for the client to read it */
#define STRANGERS (REFUSE_MAX / 2)
#define STRANGER_MS 20          /* from one to the next */
#define READS 16                /* in one go */

static const char *const heads[] = {
    [REFUSE_FORBIDDEN] = "403 Forbidden\r\n",
    [REFUSE_BUSY] = "503 Service Unavailable\r\nRetry-After: 5\r\n"
};

static int
say(int fd, enum refuse_status status, const char *why)
{
    static const char name[] = "gss-winrm-gateway: ";
    char text[1024];
    int len;

    len = snprintf(text, sizeof(text), "HTTP/1.1 %sContent-Type: text/plain;"
                   "charset=UTF-8\r\nConnection: close\r\nContent-Length: %zu"
                   "\r\n\r\n%s%s\n", heads[status],
                   sizeof(name) - 1 + strlen(why) + 1, name, why);
    return len > 0 && (size_t)len < sizeof(text) &&
        send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) == len &&
        shutdown(fd, SHUT_WR) == 0;
}

/* Reset, which leaves nothing behind in the kernel. */
static void
drop(int fd)
{
    const struct linger none = { 1, 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    close(fd);
}

/* A flood of strangers must not cost more than it has to. */
static int
has_time(struct refuse *a, enum refuse_status status, int64_t now)
{
    if (status != REFUSE_FORBIDDEN)
        return a->n < REFUSE_MAX;
    if (a->n >= STRANGERS || now - a->told < STRANGER_MS)
        return 0;
    a->told = now;
    return 1;
}

void
refuse_send(struct refuse *a, int fd, enum refuse_status status,
            const char *why, int64_t now)
{
    if (!has_time(a, status, now) || !say(fd, status, why)) {
        drop(fd);
        return;
    }
    a->list[a->n].fd = fd;
    a->list[a->n++].until = now + PATIENCE_MS;
}

void
refuse_poll(const struct refuse *a, struct pollfd *fds)
{
    size_t i;

    for (i = 0; i < a->n; i++)
        fds[i] = (struct pollfd){ a->list[i].fd, POLLIN, 0 };
}

/* Is there more to come? */
static int
drain(int fd)
{
    char waste[16384];
    ssize_t n = 1;
    int i;

    for (i = 0; i < READS && n > 0; i++)
        n = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void
refuse_tend(struct refuse *a, const struct pollfd *fds, int64_t now)
{
    size_t i, left = 0, n = a->n;

    for (i = 0; i < n; i++) {
        int fd = a->list[i].fd;

        if ((fds[i].revents == 0 || drain(fd)) && now < a->list[i].until)
            a->list[left++] = a->list[i];
        else
            close(fd);
    }
    a->n = left;
}

int
refuse_due(const struct refuse *a, int64_t now)
{
    /* The first has waited longest. */
    return a->n == 0 ? -1 : a->list[0].until > now ?
        (int)(a->list[0].until - now) : 0;
}

void
refuse_close(struct refuse *a)
{
    while (a->n > 0)
        close(a->list[--a->n].fd);
}
