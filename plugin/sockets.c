/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* sockets.c - what this process's sockets say. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <linux/sockios.h>
#include <linux/tcp.h>

#include "plugin/sockets.h"

/* Descriptors are handed out lowest first; a gap this long ends the list.  The
 * first few closed ones are met one by one, the rest of the gap at once. */
#define GAP 64
#define CLOSED_FIRST 8
#define CONNS_MAX 65536
#define SILENCE_MS 1000         /* a connection that nobody is busy with */

/* Of tcpi_state: the names are in netinet/tcp.h, which linux/tcp.h excludes. */
#define STATE_ESTABLISHED 1
#define STATE_CLOSE_WAIT 8
#define UNSTEADY_MAX 8          /* readings while data flows */

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };

static int
to_addr(const struct sockaddr *sa, struct gw_addr *addr, uint16_t *port)
{
    const struct sockaddr_in *in4 = (const void *)sa;
    const struct sockaddr_in6 *in6 = (const void *)sa;

    if (sa->sa_family == AF_INET) {
        memcpy(addr->b, v4_prefix, sizeof(v4_prefix));
        memcpy(addr->b + sizeof(v4_prefix), &in4->sin_addr, 4);
        *port = ntohs(in4->sin_port);
        return 1;
    }
    if (sa->sa_family == AF_INET6) {
        memcpy(addr->b, &in6->sin6_addr, 16);
        *port = ntohs(in6->sin6_port);
        return 1;
    }
    return 0;
}

static int
tcp_state(int fd, struct tcp_info *info)
{
    socklen_t len = sizeof(*info);

    memset(info, 0, sizeof(*info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
}

/*
 * Bytes of data that have been sent and are not acknowledged, those of the
 * moment that info tells of; -1 if data flows too fast to say.  SIOCOUTQ
 * counts what was not sent yet as well.
 */
static long long
in_flight(int fd, struct tcp_info *info)
{
    struct tcp_info after;
    int queued, i;

    for (i = 0; i < UNSTEADY_MAX && info->tcpi_unacked != 0; i++) {
        if (ioctl(fd, SIOCOUTQ, &queued) != 0 || tcp_state(fd, &after) != 0)
            return -1;
        if (after.tcpi_bytes_acked == info->tcpi_bytes_acked &&
            after.tcpi_bytes_sent == info->tcpi_bytes_sent &&
            after.tcpi_notsent_bytes == info->tcpi_notsent_bytes)
            return (long long)queued - info->tcpi_notsent_bytes;
        *info = after;
    }
    return (info->tcpi_unacked == 0) ? 0 : -1;
}

/*
 * Is this a TCP connection that was made by connect()?  An accepted one has its
 * port from whoever connected, who chooses it freely.  The kernel counts the
 * SYN of the side that connects as a byte that was acknowledged, and not as
 * data: that side has one byte more acknowledged than sent.  (FIN counts as
 * well; but who has sent it has no more to ask on that connection.)  No answer
 * is no: Linux counts since 4.19.
 */
static int
connected_from_here(int fd)
{
    struct tcp_info info;
    long long flying;

    if (tcp_state(fd, &info) != 0 ||
        (info.tcpi_state != STATE_ESTABLISHED &&
         info.tcpi_state != STATE_CLOSE_WAIT))
        return 0;
    flying = in_flight(fd, &info);
    return flying >= 0 && info.tcpi_bytes_acked + (uint64_t)flying ==
        info.tcpi_bytes_sent - info.tcpi_bytes_retrans + 1;
}

/* Of a connected socket that is not ours. */
static int
is_stream(int fd)
{
    socklen_t len = sizeof(int);
    int type = 0;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
        type == SOCK_STREAM;
}

void
gw_conn_traffic(const struct gw_conn *conn, struct gw_traffic *t)
{
    struct tcp_info info;
    socklen_t len;

    memset(t, 0, sizeof(*t));
    len = sizeof(t->cookie);
    if (getsockopt(conn->fd, SOL_SOCKET, SO_COOKIE, &t->cookie, &len) != 0)
        t->cookie = 0;
    if (tcp_state(conn->fd, &info) == 0) {
        t->received = info.tcpi_bytes_received;
        t->idle_ms = info.tcpi_last_data_recv;
    }
}

static int
add_conn(struct gw_conns *conns, size_t *room, const struct gw_conn *conn)
{
    struct gw_conn *grown;

    if (conns->n == *room) {
        *room = (*room == 0) ? 8 : *room * 2;
        grown = realloc(conns->v, *room * sizeof(*grown));
        if (grown == NULL)
            return ENOMEM;
        conns->v = grown;
    }
    conns->v[conns->n++] = *conn;
    return 0;
}

/* The first open descriptor in [fd, fd + GAP - CLOSED_FIRST), or -1: one
 * system call that asks for no event and does not wait. */
static int
next_open(int fd)
{
    struct pollfd p[GAP - CLOSED_FIRST];
    int i;

    for (i = 0; i < GAP - CLOSED_FIRST; i++) {
        p[i].fd = fd + i;
        p[i].events = 0;
    }
    if (poll(p, GAP - CLOSED_FIRST, 0) < 0)
        return -1;
    for (i = 0; i < GAP - CLOSED_FIRST; i++) {
        if (!(p[i].revents & POLLNVAL))
            return fd + i;
    }
    return -1;
}

static int
scan(struct gw_conns *conns)
{
    struct sockaddr_storage ss;
    struct gw_conn conn;
    size_t room = 0;
    socklen_t len;
    int fd, closed = 0, ret = 0;

    for (fd = 0; fd != -1 && conns->n < CONNS_MAX && ret == 0;
         fd = (closed < CLOSED_FIRST) ? fd + 1 : next_open(fd + 1)) {
        len = sizeof(ss);
        ss.ss_family = AF_UNSPEC;
        if (getpeername(fd, (struct sockaddr *)&ss, &len) != 0) {
            closed = (errno == EBADF) ? closed + 1 : 0;
            continue;
        }
        closed = 0;
        if (!to_addr((struct sockaddr *)&ss, &conn.addr, &conn.port))
            continue;
        conn.fd = fd;
        if (connected_from_here(fd))
            ret = add_conn(conns, &room, &conn);
        else if (!conns->accepted)
            conns->accepted = is_stream(fd);
    }
    return ret;
}

int
gw_conns_list(struct gw_conns *conns)
{
    int saved = errno, ret;

    memset(conns, 0, sizeof(*conns));
    ret = scan(conns);
    if (ret != 0) {
        free(conns->v);
        conns->v = NULL;
        conns->n = 0;
    }
    errno = saved;
    return ret;
}

int
gw_addrs_of(const char *host, struct gw_addrs *addrs)
{
    struct addrinfo hints, *list = NULL, *ai;
    size_t n = 0;
    uint16_t port;

    addrs->v = NULL;
    addrs->n = 0;
    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, NULL, &hints, &list) != 0 || list == NULL)
        return 0;
    for (ai = list; ai != NULL; ai = ai->ai_next)
        n++;
    addrs->v = calloc(n, sizeof(*addrs->v));
    for (ai = list; ai != NULL && addrs->v != NULL; ai = ai->ai_next) {
        if (to_addr(ai->ai_addr, &addrs->v[addrs->n], &port))
            addrs->n++;
    }
    freeaddrinfo(list);
    return (addrs->v == NULL) ? ENOMEM : 0;
}

int
gw_addrs_contain(const struct gw_addrs *addrs, const struct gw_addr *addr)
{
    size_t i;

    for (i = 0; i < addrs->n; i++) {
        if (memcmp(&addrs->v[i], addr, sizeof(*addr)) == 0)
            return 1;
    }
    return 0;
}

void
gw_conn_format(const struct gw_conn *conn, char *buf, size_t len)
{
    char text[INET6_ADDRSTRLEN] = "?";

    if (memcmp(conn->addr.b, v4_prefix, sizeof(v4_prefix)) == 0) {
        (void)inet_ntop(AF_INET, conn->addr.b + sizeof(v4_prefix), text,
                        sizeof(text));
        (void)snprintf(buf, len, "%s:%u", text, conn->port);
    } else {
        (void)inet_ntop(AF_INET6, conn->addr.b, text, sizeof(text));
        (void)snprintf(buf, len, "[%s]:%u", text, conn->port);
    }
}

static int
is_port(uint16_t port, const uint16_t *ports, size_t nports)
{
    size_t i;

    for (i = 0; i < nports; i++) {
        if (ports[i] == port)
            return 1;
    }
    return 0;
}

/*
 * The first connection to ports (wanted = 1) or to other ports (wanted = 0),
 * at one of addrs when those are given; else NULL.
 */
static const struct gw_conn *
find(const struct gw_conns *conns, const uint16_t *ports, size_t nports,
     int wanted, const struct gw_addrs *addrs)
{
    const struct gw_conn *c;

    for (c = conns->v; c != NULL && c < conns->v + conns->n; c++) {
        if (is_port(c->port, ports, nports) == wanted &&
            (addrs == NULL || gw_addrs_contain(addrs, &c->addr)))
            return c;
    }
    return NULL;
}

/* Of the connections to ports, or to others, at addrs: the traffic of the one
 * that last received data.  0 when none has received any. */
static int
latest(const struct gw_conns *conns, const uint16_t *ports, size_t nports,
       int wanted, const struct gw_addrs *addrs, struct gw_traffic *best)
{
    const struct gw_conn *c;
    struct gw_traffic t;
    int found = 0;

    for (c = conns->v; c < conns->v + conns->n; c++) {
        if (is_port(c->port, ports, nports) != wanted ||
            !gw_addrs_contain(addrs, &c->addr))
            continue;
        gw_conn_traffic(c, &t);
        if (t.received > 0 && (!found || t.idle_ms < best->idle_ms)) {
            *best = t;
            found = 1;
        }
    }
    return found;
}

/* WinRM's has to be the later one, and nobody may be busy with the other. */
int
gw_is_winrms_turn(const struct gw_traffic *winrm,
                  const struct gw_traffic *other)
{
    return winrm->idle_ms < other->idle_ms && other->idle_ms >= SILENCE_MS;
}

/* One of each at the host: has WinRM's received data while the others were
 * silent? */
static enum gw_verdict
break_tie(const struct gw_conns *conns, const uint16_t *ports, size_t nports,
          const struct gw_addrs *addrs)
{
    struct gw_traffic winrm, other;

    if (!latest(conns, ports, nports, 1, addrs, &winrm))
        return GW_BOTH;
    if (!latest(conns, ports, nports, 0, addrs, &other))
        return GW_BOTH;
    return gw_is_winrms_turn(&winrm, &other) ? GW_WINRM : GW_BOTH;
}

enum gw_verdict
gw_judge(const struct gw_conns *conns, const uint16_t *ports, size_t nports,
         const char *host, const struct gw_conn **conn)
{
    enum gw_verdict verdict = GW_NO_WINRM;
    struct gw_addrs addrs;

    *conn = find(conns, ports, nports, 1, NULL);
    if (*conn == NULL)
        return GW_NO_WINRM;
    if (find(conns, ports, nports, 0, NULL) == NULL && !conns->accepted)
        return GW_WINRM;
    if (gw_addrs_of(host, &addrs) != 0)
        return GW_NO_WINRM;
    *conn = find(conns, ports, nports, 1, &addrs);
    if (*conn != NULL) {
        verdict = (find(conns, ports, nports, 0, &addrs) == NULL) ?
            GW_WINRM : break_tie(conns, ports, nports, &addrs);
    }
    free(addrs.v);
    return verdict;
}

const struct gw_conn *
gw_only_connection(const struct gw_conns *conns, const uint16_t *ports,
                   size_t nports)
{
    const struct gw_conn *c, *only = NULL;

    for (c = conns->v; c != NULL && c < conns->v + conns->n; c++) {
        if (!is_port(c->port, ports, nports))
            continue;
        if (only != NULL)
            return NULL;
        only = c;
    }
    return only;
}

/* Is there a connection to host, at ports (wanted = 1) or at others (0)? */
static int
leads_to(const struct gw_conns *conns, const uint16_t *ports, size_t nports,
         int wanted, const char *host)
{
    struct gw_addrs addrs;
    int found;

    if (find(conns, ports, nports, wanted, NULL) == NULL ||
        gw_addrs_of(host, &addrs) != 0)
        return 0;
    found = find(conns, ports, nports, wanted, &addrs) != NULL;
    free(addrs.v);
    return found;
}

int
gw_connected_to(const struct gw_conns *conns, const uint16_t *ports,
                size_t nports, const char *host)
{
    return leads_to(conns, ports, nports, 1, host);
}

int
gw_other_connection(const struct gw_conns *conns, const uint16_t *ports,
                    size_t nports, const char *host)
{
    return leads_to(conns, ports, nports, 0, host);
}
