/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* gateway.c - asking gss-winrm-gateway for a ticket. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "plugin/base/clock.h"
#include "plugin/gateway.h"
#include "plugin/base/rundir.h"
#include "plugin/base/trace.h"
#include "plugin/base/uid.h"

#define QUESTION_VERSION 1
#define ANSWER_MAX 16384        /* bytes */
/* A dead gateway refuses the connection at once; one that takes it is alive,
 * however busy the machine is. */
#define PATIENCE_MS 5000

void
gw_offer_free(struct gw_offer *offer)
{
    free(offer->name);
    if (offer->token != NULL)
        explicit_bzero(offer->token, offer->len);
    free(offer->token);
    memset(offer, 0, sizeof(*offer));
}

size_t
gw_question_make(const char *host, char buf[GW_QUESTION_MAX])
{
    size_t len = strlen(host);

    if (len == 0 || len > GW_QUESTION_MAX - 2)
        return 0;
    buf[0] = QUESTION_VERSION;
    memcpy(buf + 1, host, len + 1);
    return 1 + len;
}

int
gw_offer_parse(const void *bytes, size_t len, struct gw_offer *out)
{
    const unsigned char *p = bytes;
    size_t n;

    memset(out, 0, sizeof(*out));
    if (len == 0 || p[0] > GW_OFFER_TICKET ||
        (p[0] != GW_OFFER_TICKET && len != 1))
        return EINVAL;
    if (p[0] != GW_OFFER_TICKET) {
        out->kind = p[0];
        return 0;
    }
    if (len < 3)
        return EINVAL;
    n = (size_t)p[1] << 8 | p[2];
    if (n == 0 || n >= len - 3 || memchr(p + 3, '\0', n) != NULL)
        return EINVAL;
    out->len = len - 3 - n;
    out->name = strndup((const char *)p + 3, n);
    out->token = malloc(out->len);
    if (out->name == NULL || out->token == NULL) {
        free(out->name);
        free(out->token);
        memset(out, 0, sizeof(*out));
        return ENOMEM;
    }
    memcpy(out->token, p + 3 + n, out->len);
    out->kind = GW_OFFER_TICKET;
    return 0;
}

/* --- Whom to ask --- */

static int
is_local(const struct gw_addr *addr)
{
    static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    static const uint8_t v6[16] = { [15] = 1 };

    return (memcmp(addr->b, v4, sizeof(v4)) == 0 && addr->b[12] == 127) ||
        memcmp(addr->b, v6, sizeof(v6)) == 0;
}

uint16_t
gw_proxy_port(const char *url)
{
    static const char *const hosts[] = { "127.0.0.1:", "localhost:", "[::1]:" };
    unsigned long port = 0;
    char *end;
    size_t i, len;

    if (strncasecmp(url, "http://", 7) == 0)
        url += 7;
    for (i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        len = strlen(hosts[i]);
        if (strncasecmp(url, hosts[i], len) == 0 && url[len] >= '1' &&
            url[len] <= '9') {
            port = strtoul(url + len, &end, 10);
            return (port <= 65535 && (*end == '\0' || strcmp(end, "/") == 0)) ?
                (uint16_t)port : 0;
        }
    }
    return 0;
}

static uint16_t
port_of_proxy(void)
{
    const char *url = secure_getenv("http_proxy");

    if (url == NULL)
        url = secure_getenv("HTTP_PROXY");
    return (url != NULL) ? gw_proxy_port(url) : 0;
}

/* Where the gateway's sockets are. */
static int
find_directory(char *buf, size_t size)
{
    static const char name[] = "/gateway";

    if (size < sizeof(name) || gw_rundir(buf, size - sizeof(name) + 1) != 0)
        return EINVAL;
    memcpy(buf + strlen(buf), name, sizeof(name));
    return 0;
}

static int
find_socket(uint16_t port, struct sockaddr_un *sun)
{
    size_t len;

    memset(sun, 0, sizeof(*sun));
    sun->sun_family = AF_UNIX;
    if (find_directory(sun->sun_path, sizeof(sun->sun_path) - 6) != 0)
        return EINVAL;
    len = strlen(sun->sun_path);
    (void)snprintf(sun->sun_path + len, sizeof(sun->sun_path) - len, "/%u",
                   (unsigned)port);
    return 0;
}

int
gw_gateway_exists(void)
{
    struct sockaddr_un sun = { 0 };
    int error = errno, exists;
    struct stat st;

    exists = find_directory(sun.sun_path, sizeof(sun.sun_path)) == 0 &&
        lstat(sun.sun_path, &st) == 0 && S_ISDIR(st.st_mode) &&
        gw_uid_is_ours(st.st_uid);
    errno = error;
    return exists;
}

/* --- Asking --- */

/* Is the other end a process of our user? */
static int
is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
        gw_uid_is_ours(peer.uid);
}

static int
send_question(int fd, const char *host)
{
    char question[GW_QUESTION_MAX];
    size_t len = gw_question_make(host, question);

    errno = EINVAL;             /* of a host that is too long */
    return len > 0 && send(fd, question, len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
        (ssize_t)len ? 0 : -1;
}

/* A signal may interrupt, which does not make the time longer. */
static ssize_t
await(int fd, void *buf, size_t size, long long end)
{
    struct pollfd wait = { fd, POLLIN, 0 };
    long long now;
    int n;

    for (;;) {
        now = gw_now_ms();
        errno = ETIMEDOUT;      /* unless poll() says otherwise */
        if (now >= end)
            return -1;
        n = poll(&wait, 1, (int)(end - now));
        if (n > 0)
            return recv(fd, buf, size, MSG_DONTWAIT | MSG_TRUNC);
        if (n == 0 || errno != EINTR)
            return -1;
    }
}

static void
converse(int fd, const struct gw_name *name, long long end,
         struct gw_offer *out)
{
    unsigned char answer[ANSWER_MAX];
    const char *why = NULL;
    ssize_t n = -1;

    if (!is_ours(fd))
        why = "it belongs to another user";
    else if (send_question(fd, gw_name_host(name)) != 0 ||
             (n = await(fd, answer, sizeof(answer), end)) < 0)
        gw_trace("%s%s: no answer from the gateway: %m; going on without it",
                 gw_name_prefix(name), gw_name_typed(name));
    else if (n == 0)
        why = "it closed the connection";
    else if ((size_t)n > sizeof(answer) ||
             gw_offer_parse(answer, (size_t)n, out) != 0)
        why = "its answer is malformed";
    if (why != NULL)
        gw_trace("%s%s: no answer from the gateway: %s; going on without it",
                 gw_name_prefix(name), gw_name_typed(name), why);
    explicit_bzero(answer, sizeof(answer));
}

static int
has_socket(uint16_t port, struct sockaddr_un *sun)
{
    struct stat st;

    return find_socket(port, sun) == 0 && lstat(sun->sun_path, &st) == 0 &&
        S_ISSOCK(st.st_mode) && gw_uid_is_ours(st.st_uid);
}

/* A full queue makes connect() wait, until end at most (clock.h). */
static int
connect_until(int fd, const struct sockaddr_un *sun, long long end)
{
    long long left;
    struct timeval wait;
    int ret;

    do {
        left = end - gw_now_ms();
        if (left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        wait.tv_sec = left / 1000;
        wait.tv_usec = left % 1000 * 1000;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
        ret = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
    } while (ret != 0 && errno == EINTR);
    if (ret != 0 && errno == EAGAIN)
        errno = ETIMEDOUT;      /* what the kernel calls the time's end */
    return ret;
}

/* end: when to stop waiting (clock.h). */
static void
ask(uint16_t port, const struct gw_name *name, long long end,
    struct gw_offer *out)
{
    struct sockaddr_un sun;
    int fd;

    if (!has_socket(port, &sun))
        return;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        gw_trace("%s%s: socket: %m; going on without the gateway at port %u",
                 gw_name_prefix(name), gw_name_typed(name), (unsigned)port);
        return;
    }
    if (connect_until(fd, &sun, end) == 0)
        converse(fd, name, end, out);
    else
        gw_trace("%s%s: the gateway at port %u: connect: %m; going on without "
                 "it", gw_name_prefix(name), gw_name_typed(name),
                 (unsigned)port);
    close(fd);
    out->port = port;
}

/* Other connections to the same port would get the same answer. */
static int
is_first(const struct gw_conns *conns, size_t i)
{
    size_t j;

    for (j = 0; j < i; j++) {
        if (is_local(&conns->v[j].addr) &&
            conns->v[j].port == conns->v[i].port)
            return 0;
    }
    return 1;
}

int
gw_gateway_reached(const struct gw_conns *conns)
{
    struct sockaddr_un sun;
    int error = errno, reached = 0;
    size_t i;

    for (i = 0; i < conns->n && !reached; i++)
        reached = is_local(&conns->v[i].addr) &&
            has_socket(conns->v[i].port, &sun);
    errno = error;
    return reached;
}

void
gw_gateway_ask(const struct gw_conns *conns, const struct gw_name *name,
               struct gw_offer *out)
{
    long long end = gw_now_ms() + PATIENCE_MS;
    int error = errno;
    uint16_t port;
    size_t i;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < conns->n && out->kind == GW_OFFER_NONE; i++) {
        if (is_local(&conns->v[i].addr) && is_first(conns, i))
            ask(conns->v[i].port, name, end, out);
    }
    port = (conns->n == 0) ? port_of_proxy() : 0;
    if (port != 0)
        ask(port, name, end, out);
    errno = error;
}
