/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* listeners.c - the TCP sockets that clients connect to. */
#include "config.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "helper/gateway/listeners.h"
#include "helper/common/loopback.h"
#include "helper/common/say.h"
#include "helper/wsman/target.h"

static int
bind_text(struct listeners *l, const char *text, int *absent,
          struct cs_error *err)
{
    char host[GATE_HOST_MAX + 1];
    uint16_t port;
    int ret;

    ret = gate_hostport_parse(text, host, sizeof(host), &port, err);
    if (ret == 0 && l->n == LISTENERS_MAX)
        ret = cs_fail(err, CS_USAGE, "too many addresses to listen on");
    if (ret == 0)
        ret = loopback_bind(host, port, &l->fd[l->n], absent, err);
    l->n += (ret == 0);
    return ret;
}

int
listeners_bind(struct listeners *l, const char *const *list, int all,
               struct cs_error *err)
{
    int ret = 0, worst = 0, absent;

    for (; *list != NULL; list++) {
        absent = 0;
        ret = bind_text(l, *list, &absent, err);
        if (ret != 0 && (all || !absent))
            worst = ret;
    }
    return (l->n == 0 && worst == 0) ? ret : worst;
}

int
listeners_adopt(struct listeners *l, const int *fds, size_t n,
                struct cs_error *err)
{
    int ret = 0;
    size_t i;

    for (i = 0; i < n && ret == 0; i++) {
        ret = loopback_adopt(fds[i], err);
        if (ret == 0)
            l->fd[l->n++] = fds[i];
    }
    return ret;
}

int
listeners_listen(const struct listeners *l, struct cs_error *err)
{
    int ret = 0;
    size_t i;

    for (i = 0; i < l->n && ret == 0; i++)
        ret = loopback_listen(l->fd[i], err);
    return ret;
}

void
listeners_close(struct listeners *l)
{
    while (l->n > 0)
        close(l->fd[--l->n]);
}

uint16_t
listeners_local_port(int fd)
{
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } u;
    socklen_t len = sizeof(u);

    memset(&u, 0, sizeof(u));
    (void)getsockname(fd, &u.sa, &len);
    return ntohs(u.sa.sa_family == AF_INET6 ? u.in6.sin6_port :
                 u.in.sin_port);
}

uint16_t
listeners_port(const struct listeners *l, size_t i)
{
    return listeners_local_port(l->fd[i]);
}

void
listeners_say(const struct listeners *l, int fd)
{
    struct sockaddr_storage ss;
    char host[NI_MAXHOST], service[NI_MAXSERV];
    socklen_t len;
    size_t i;

    for (i = 0; i < l->n; i++) {
        len = sizeof(ss);
        if (getsockname(l->fd[i], (struct sockaddr *)&ss, &len) != 0 ||
            getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host),
                        service, sizeof(service),
                        NI_NUMERICHOST | NI_NUMERICSERV) != 0)
            continue;
        say_log(LOG_INFO, "listening on %s port %s", host, service);
        if (fd >= 0)
            dprintf(fd, strchr(host, ':') ? "[%s]:%s\n" : "%s:%s\n", host,
                    service);
    }
    if (fd >= 0)
        close(fd);
}
