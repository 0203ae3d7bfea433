/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* loopback.c - TCP sockets on which the gateway listens. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "helper/common/loopback.h"

#define IN_USE " (another user's gateway? Take another port: gateway, listen " \
    "in krb5.conf, or --listen)"

static int
is_loopback(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)(const void *)sa)
                      ->sin_addr.s_addr) >> 24) == 127;
    return sa->sa_family == AF_INET6 &&
        IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)sa)
                             ->sin6_addr);
}

/* -1 with errno. */
static int
open_listener(const struct addrinfo *ai)
{
    int fd, one = 1, error;

    fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        (ai->ai_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0) ||
        bind(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int
loopback_bind(const char *host, uint16_t port, int *fd, int *absent,
              struct cs_error *err)
{
    struct addrinfo hints, *ai = NULL;
    char service[8];
    int ret = 0;

    *fd = -1;
    *absent = 0;
    memset(&hints, 0, sizeof(hints));
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    (void)snprintf(service, sizeof(service), "%u", (unsigned int)port);
    if (getaddrinfo(host, service, &hints, &ai) != 0)
        return cs_fail(err, CS_USAGE, "%s is not an IP address", host);
    if (!is_loopback(ai->ai_addr)) {
        ret = cs_fail(err, CS_USAGE, "%s is not a loopback address: only "
                      "loopback connections can be traced to a user", host);
    } else {
        *fd = open_listener(ai);
        *absent = *fd < 0 && (errno == EADDRNOTAVAIL ||
                              errno == EAFNOSUPPORT);
        if (*fd < 0)
            ret = cs_fail(err, CS_SYSTEM, strchr(host, ':') != NULL ?
                          "cannot listen on [%s]:%s: %m%s" :
                          "cannot listen on %s:%s: %m%s", host, service,
                          errno == EADDRINUSE ? IN_USE : "");
    }
    freeaddrinfo(ai);
    return ret;
}

int
loopback_listen(int fd, struct cs_error *err)
{
    return listen(fd, SOMAXCONN) == 0 ? 0 :
        cs_fail(err, CS_SYSTEM, "cannot listen: %m%s",
                errno == EADDRINUSE ? IN_USE : "");
}

int
loopback_adopt(int fd, struct cs_error *err)
{
    struct sockaddr_storage ss;
    int listens = 0, type = 0, flags = fcntl(fd, F_GETFL);
    socklen_t len = sizeof(ss), size = sizeof(listens);

    memset(&ss, 0, sizeof(ss));
    if (flags < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        getsockname(fd, (struct sockaddr *)&ss, &len) != 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return cs_fail_errno(err, CS_USAGE, errno,
                             "cannot listen on descriptor %d", fd);
    if (!listens || type != SOCK_STREAM ||
        !is_loopback((const struct sockaddr *)&ss))
        return cs_fail(err, CS_USAGE, "descriptor %d is not a TCP socket "
                       "listening on a loopback address", fd);
    return 0;
}
