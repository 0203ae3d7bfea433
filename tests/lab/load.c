/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * load.c - many HTTP clients at once, for check/endurance.py: each has a
 * connection to a proxy, and posts a body that no other request has, which the
 * server gives back.
 *
 *   load PORT HOST:PORT CLIENTS THINK WAIT PATIENCE LARGEST
 *
 * A client pauses for up to THINK ms between requests; one request in five asks
 * the server to take up to WAIT ms; without an answer after PATIENCE ms more it
 * counts as hung; bodies have up to LARGEST bytes.  Commands on standard input:
 *
 *   stats      a line of JSON: what there was since the last one; "healthy"
 *              are those whose last answer since then was right
 *   look       the same, and the count goes on
 *   end        close all connections, and end
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/load_body.h"

#define HEAD_MAX 2048
#define TEXT_MAX 160            /* of a fault's reason */
#define TEXTS 16
#define TIMES_MAX 1000000
#define TICK 5                  /* ms between looks at the clock */

enum state { WAITING, CONNECTING, SENDING, HEADERS, BODY };

struct client {
    enum state state;
    struct body b;              /* of the request */
    int fd, healthy, closing;
    long long began, until;     /* ms: of the request; its end, or the next */
    char head[HEAD_MAX];        /* sent, and then received */
    size_t head_len, head_at;
    size_t at;                  /* in the body, in both directions */
    size_t expected;            /* bytes of the answer's */
    char text[HEAD_MAX];        /* the beginning of an error's body */
    size_t text_len;
    int status, same;
};

static struct {
    struct sockaddr_in proxy;
    const char *target;
    long clients, think, wait, patience, largest;
    int epoll;
    struct client *v;
} load;

/* What there was since the last look. */
static struct {
    unsigned long ok, faults, refused, cut, hung, wrong;
    unsigned long long bytes;
    size_t ntimes, ntexts;
    unsigned long counts[TEXTS];
    char texts[TEXTS][TEXT_MAX];
} seen;
static float times[TIMES_MAX];  /* ms, of requests that were not to wait */

static long long
now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* --- Results --- */

static void
note_text(const char *text, size_t len)
{
    char name[TEXT_MAX];
    size_t i;

    if (len >= sizeof(name))
        len = sizeof(name) - 1;
    for (i = 0; i < len; i++)
        name[i] = text[i] < ' ' || text[i] > '~' || text[i] == '"' ||
            text[i] == '\\' ? '?' : text[i];
    name[len] = '\0';
    for (i = 0; i < seen.ntexts && strcmp(seen.texts[i], name) != 0; i++)
        ;
    if (i >= TEXTS)
        return;
    if (i == seen.ntexts)
        strcpy(seen.texts[seen.ntexts++], name);
    seen.counts[i]++;
}

/* A fault's reason, or what there is. */
static void
note_fault(struct client *c)
{
    const char *text, *end;

    c->text[c->text_len] = '\0';
    text = strstr(c->text, "<s:Text");
    text = text != NULL ? strchr(text, '>') : NULL;
    end = text != NULL ? strchr(text, '<') : NULL;
    if (end != NULL)
        note_text(text + 1, end - text - 1);
    else
        note_text(c->text, strcspn(c->text, "\r\n"));
}

static void
drop(struct client *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
}

/* The request has ended; the next one comes after a while. */
static void
rest(struct client *c, long most)
{
    c->state = WAITING;
    c->until = now_ms() + (long long)(body_number(&c->b, 1) % (most + 1));
    c->b.request++;
}

static void
failed(struct client *c, unsigned long *what)
{
    ++*what;
    c->healthy = 0;
    drop(c);
    rest(c, 400);
}

static void
answered(struct client *c)
{
    long long now = now_ms();

    if (c->status != 200) {
        seen.faults++;
        note_fault(c);
    } else if (!c->same || c->at != c->b.len) {
        seen.wrong++;
    } else {
        seen.ok++;
        seen.bytes += c->b.len;
        if (c->b.wait == 0 && seen.ntimes < TIMES_MAX)
            times[seen.ntimes++] = (float)(now - c->began);
    }
    c->healthy = c->status == 200 && c->same && c->at == c->b.len;
    if (c->closing)
        drop(c);
    rest(c, c->healthy ? load.think : 400);
}

static int
compare_times(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static double
percentile(unsigned int percent)
{
    size_t i = seen.ntimes * percent / 100;

    return seen.ntimes == 0 ? 0 :
        (double)times[i < seen.ntimes ? i : seen.ntimes - 1];
}

static void
print_stats(int over)
{
    long i, healthy = 0, open = 0;

    for (i = 0; i < load.clients; i++) {
        healthy += load.v[i].healthy;
        open += load.v[i].fd >= 0;
    }
    qsort(times, seen.ntimes, sizeof(*times), compare_times);
    printf("{\"ok\": %lu, \"faults\": %lu, \"refused\": %lu, \"cut\": %lu, "
           "\"hung\": %lu, \"wrong\": %lu, \"bytes\": %llu, \"healthy\": %ld, "
           "\"open\": %ld, \"p50\": %.0f, \"p99\": %.0f, \"max\": %.0f, "
           "\"why\": {", seen.ok, seen.faults, seen.refused, seen.cut,
           seen.hung, seen.wrong, seen.bytes, healthy, open, percentile(50),
           percentile(99), percentile(100));
    for (i = 0; i < (long)seen.ntexts; i++)
        printf("%s\"%s\": %lu", i > 0 ? ", " : "", seen.texts[i],
               seen.counts[i]);
    printf("}}\n");
    (void)fflush(stdout);
    if (!over)
        return;
    memset(&seen, 0, sizeof(seen));
    for (i = 0; i < load.clients; i++)
        load.v[i].healthy = 0;
}

/* --- One request --- */

static void
watch(const struct client *c, uint32_t events, int operation)
{
    struct epoll_event event = { .events = events };

    event.data.ptr = (void *)(uintptr_t)c;
    (void)epoll_ctl(load.epoll, operation, c->fd, &event);
}

static void
begin(struct client *c)
{
    body_begin(&c->b, load.wait, load.largest);
    c->head_len = snprintf(c->head, sizeof(c->head), "POST http://%s/wsman "
                           "HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                           "application/soap+xml;charset=UTF-8\r\n"
                           "Content-Length: %zu\r\n\r\n", load.target,
                           load.target, c->b.len);
    c->head_at = c->at = c->expected = c->text_len = 0;
    c->status = c->closing = 0;
    c->same = 1;
    c->began = now_ms();
    c->until = c->began + c->b.wait + load.patience;
}

static void
start(struct client *c)
{
    int one = 1;

    begin(c);
    if (c->fd >= 0) {
        c->state = SENDING;
        watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return;
    }
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || (connect(c->fd, (struct sockaddr *)&load.proxy,
                              sizeof(load.proxy)) != 0 &&
                      errno != EINPROGRESS)) {
        failed(c, &seen.refused);
        return;
    }
    /* Head and body are two writes, which Nagle would make wait. */
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->state = CONNECTING;
    watch(c, EPOLLOUT, EPOLL_CTL_ADD);
}

/* Bytes to send next. */
static size_t
next_bytes(const struct client *c, char *buf, size_t size)
{
    size_t n = c->head_len - c->head_at;

    if (n > 0) {
        memcpy(buf, c->head + c->head_at, n);
        return n;
    }
    n = c->b.len - c->at;
    if (n > size)
        n = size;
    body_make(&c->b, c->at, buf, n);
    return n;
}

static void
send_more(struct client *c)
{
    char buf[16384];
    ssize_t n;

    while (c->at < c->b.len || c->head_at < c->head_len) {
        n = send(c->fd, buf, next_bytes(c, buf, sizeof(buf)), MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN)
                failed(c, &seen.cut);
            return;
        }
        if (c->head_at < c->head_len)
            c->head_at += (size_t)n;
        else
            c->at += (size_t)n;
    }
    c->state = HEADERS;
    c->head_len = c->at = 0;
    watch(c, EPOLLIN, EPOLL_CTL_MOD);
}

/* The body of an answer, or a part: is it the one that was sent? */
static void
take_body(struct client *c, const char *p, size_t n)
{
    char expected[4096];
    size_t part;

    while (n > 0) {
        part = n < sizeof(expected) ? n : sizeof(expected);
        if (c->status == 200 && c->at + part <= c->b.len) {
            body_make(&c->b, c->at, expected, part);
            c->same &= memcmp(p, expected, part) == 0;
        } else if (c->text_len + part < sizeof(c->text)) {
            memcpy(c->text + c->text_len, p, part);
            c->text_len += part;
        }
        c->at += part;
        p += part;
        n -= part;
    }
    if (c->at >= c->expected)
        answered(c);
}

/* A header and its value, or NULL; the head ends with NUL. */
static const char *
find_header(const char *head, const char *name)
{
    size_t len = strlen(name);
    const char *p = head;

    while ((p = strstr(p, "\r\n")) != NULL) {
        p += 2;
        if (strncasecmp(p, name, len) == 0 && p[len] == ':')
            return p + len + 1 + strspn(p + len + 1, " ");
    }
    return NULL;
}

static void
take_head(struct client *c, const char *p, size_t n)
{
    const char *end, *value;
    size_t before = c->head_len, rest_len;

    if (n > sizeof(c->head) - 1 - before)
        n = sizeof(c->head) - 1 - before;
    memcpy(c->head + before, p, n);
    c->head_len += n;
    c->head[c->head_len] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) {
        if (c->head_len == sizeof(c->head) - 1)
            failed(c, &seen.wrong);
        return;
    }
    value = find_header(c->head, "Content-Length");
    c->expected = value != NULL ? strtoul(value, NULL, 10) : 0;
    value = find_header(c->head, "Connection");
    c->closing = value != NULL && strncasecmp(value, "close", 5) == 0;
    if (sscanf(c->head, "HTTP/1.1 %d", &c->status) != 1)
        c->status = 0;
    c->state = BODY;
    rest_len = c->head_len - (size_t)(end + 4 - c->head);
    take_body(c, end + 4, rest_len);
}

static void
receive(struct client *c)
{
    char buf[16384];
    size_t most = c->state == BODY ? sizeof(buf) : HEAD_MAX / 2;
    ssize_t n = recv(c->fd, buf, most, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 && c->state == WAITING)
        drop(c);                /* it had nothing to do, and was closed */
    else if (n <= 0)
        failed(c, &seen.cut);
    else if (c->state == BODY)
        take_body(c, buf, (size_t)n);
    else if (c->state == HEADERS || c->state == SENDING) {
        if (c->state == SENDING) {
            c->state = HEADERS; /* an answer before the request's end */
            c->head_len = c->at = 0;
            c->closing = 1;
        }
        take_head(c, buf, (size_t)n);
    } else {
        failed(c, &seen.wrong); /* an answer to nothing */
    }
}

static void
connected(struct client *c)
{
    socklen_t len = sizeof(int);
    int error = 0;

    (void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        failed(c, &seen.refused);
        return;
    }
    c->state = SENDING;
    watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    send_more(c);
}

static void
happened(struct client *c, uint32_t events)
{
    if (c->fd < 0)
        return;
    if (c->state == CONNECTING)
        connected(c);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(c);
    else if (c->state == SENDING)
        send_more(c);
}

static void
look_at_clock(void)
{
    long long now = now_ms();
    struct client *c;

    for (c = load.v; c < load.v + load.clients; c++) {
        if (c->until > now)
            continue;
        if (c->state == WAITING)
            start(c);
        else
            failed(c, c->state == CONNECTING ? &seen.refused : &seen.hung);
    }
}

/* --- All of them --- */

/* Returns 0 at the end. */
static int
obey(void)
{
    char line[64];
    ssize_t n = read(0, line, sizeof(line) - 1);

    if (n <= 0 || strncmp(line, "end", 3) == 0)
        return 0;
    print_stats(strncmp(line, "stats", 5) == 0);
    return 1;
}

static void
run(void)
{
    struct epoll_event events[256];
    long long last = 0;
    int i, n, going_on = 1;

    while (going_on) {
        n = epoll_wait(load.epoll, events, 256, TICK);
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                going_on = obey();
            else
                happened(events[i].data.ptr, events[i].events);
        }
        if (now_ms() - last >= TICK) {
            look_at_clock();
            last = now_ms();
        }
    }
}

static int
prepare(char **argv)
{
    struct epoll_event event = { .events = EPOLLIN };
    struct rlimit limit;
    long i;

    load.proxy.sin_family = AF_INET;
    load.proxy.sin_port = htons((uint16_t)atoi(argv[1]));
    load.proxy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load.target = argv[2];
    load.clients = atol(argv[3]);
    load.think = atol(argv[4]);
    load.wait = atol(argv[5]);
    load.patience = atol(argv[6]);
    load.largest = atol(argv[7]);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    load.v = load.clients > 0 && load.largest > 0 && load.think >= 0 ?
        calloc((size_t)load.clients, sizeof(*load.v)) : NULL;
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (i = 0; load.v != NULL && i < load.clients; i++) {
        load.v[i].b.number = (int)i;
        load.v[i].fd = -1;
    }
    return load.v != NULL && load.epoll >= 0 &&
        epoll_ctl(load.epoll, EPOLL_CTL_ADD, 0, &event) == 0;
}

int
main(int argc, char **argv)
{
    if (argc != 8 || !prepare(argv)) {
        (void)fprintf(stderr, "usage: load PORT HOST:PORT CLIENTS THINK WAIT "
                      "PATIENCE LARGEST\n");
        return 2;
    }
    run();
    return 0;
}
