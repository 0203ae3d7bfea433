/* listeners.c - the TCP sockets that clients connect to. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "listeners.h"
#include "target.h"

#define IN_USE " (another user's gateway? Take another port: gateway, listen " \
    "in krb5.conf)"

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

/* *absent: there is no such address on this machine, or no IPv6. */
static int
bind_one(struct listeners *l, const struct addrinfo *ai, const char *text,
         int *absent, struct cs_error *err)
{
    if (!is_loopback(ai->ai_addr))
        return cs_fail(err, CS_USAGE, "%s is not a loopback address: who "
                       "connects from elsewhere cannot be known", text);
    if (l->n == LISTENERS_MAX)
        return cs_fail(err, CS_USAGE, "too many addresses to listen on");
    l->fd[l->n] = open_listener(ai);
    if (l->fd[l->n] >= 0) {
        l->n++;
        return 0;
    }
    *absent = (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
    return cs_fail(err, CS_SYSTEM, "cannot listen on %s: %s%s", text,
                   strerror(errno), errno == EADDRINUSE ? IN_USE : "");
}

static int
bind_text(struct listeners *l, const char *text, int *absent,
          struct cs_error *err)
{
    struct addrinfo hints, *ai = NULL;
    char host[GATE_HOST_MAX + 1], service[8];
    uint16_t port;
    int ret;

    ret = gate_hostport_parse(text, host, sizeof(host), &port, err);
    if (ret != 0)
        return ret;
    memset(&hints, 0, sizeof(hints));
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    (void)snprintf(service, sizeof(service), "%u", (unsigned int)port);
    if (getaddrinfo(host, service, &hints, &ai) != 0)
        return cs_fail(err, CS_USAGE, "%s: not an address and a port", text);
    ret = bind_one(l, ai, text, absent, err);
    freeaddrinfo(ai);
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
listeners_listen(const struct listeners *l, struct cs_error *err)
{
    size_t i;

    for (i = 0; i < l->n; i++) {
        if (listen(l->fd[i], SOMAXCONN) != 0)
            return cs_fail(err, CS_SYSTEM, "cannot listen: %s%s",
                           strerror(errno), errno == EADDRINUSE ? IN_USE : "");
    }
    return 0;
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
        syslog(LOG_INFO, "listening on %s port %s", host, service);
        if (fd >= 0)
            dprintf(fd, strchr(host, ':') ? "[%s]:%s\n" : "%s:%s\n", host,
                    service);
    }
    if (fd >= 0)
        close(fd);
}
