/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tickets.c - the Unix sockets at which the plugin asks for tickets. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "helper/common/conf.h"
#include "helper/common/often.h"
#include "helper/proto/runtime.h"
#include "helper/common/say.h"
#include "helper/gateway/tickets.h"
#include "helper/proto/wire.h"

#define SOCKETS_MAX 16
#define STATUS_MAX ((size_t)128 * 1024)          /* bytes of JSON */
#define QUESTION_MAX (1 + GATE_HOST_MAX)        /* bytes */
#define PATIENCE_MS 200         /* for a question, once there is a connection */

static const struct often of_tickets = { 5 };

enum { ASK_TICKET = 1, ASK_STATUS = 2 };
enum { ANSWER_NOTHING, ANSWER_PASS, ANSWER_TICKET };

struct tickets {
    char *directory;
    int sockets[SOCKETS_MAX];
    char *paths[SOCKETS_MAX];
    size_t n;
    int stop;                   /* eventfd */
    int running;
    pthread_t thread;
    struct issuer *mint;
    struct stats *ledger;
    const struct gate_target *fixed;
};

int
tickets_new(struct tickets **out, struct cs_error *err)
{
    struct tickets *t = calloc(1, sizeof(*t));
    char *directory;
    int ret;

    *out = t;
    if (t == NULL)
        return cs_nomem(err);
    t->stop = -1;
    ret = rt_directory(1, &directory, err);
    if (ret == 0 && asprintf(&t->directory, "%s/gateway", directory) < 0) {
        t->directory = NULL;
        ret = cs_nomem(err);
    }
    if (ret == 0) {
        free(directory);
        if (mkdir(t->directory, 0700) != 0 && errno != EEXIST)
            ret = cs_fail(err, CS_SYSTEM, "%s: %s", t->directory,
                          strerror(errno));
    }
    t->stop = eventfd(0, EFD_CLOEXEC);
    if (ret == 0 && t->stop < 0)
        ret = cs_fail(err, CS_SYSTEM, "eventfd: %s", strerror(errno));
    if (ret != 0)
        tickets_free(out);
    return ret;
}

const char *
tickets_directory(const struct tickets *t)
{
    return t->directory;
}

/* Does a gateway answer there?  If not, it is what an earlier one has left. */
static int
is_served(const struct sockaddr_un *sun)
{
    int fd, served;

    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return 1;
    served = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
        errno == EAGAIN;        /* many wait there */
    close(fd);
    return served;
}

int
tickets_add(struct tickets *t, uint16_t port, struct cs_error *err)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    char *path;
    int fd;

    if (t->n == SOCKETS_MAX ||
        asprintf(&path, "%s/%u", t->directory, (unsigned int)port) < 0)
        return cs_nomem(err);
    if (strlen(path) >= sizeof(sun.sun_path)) {
        free(path);
        return cs_fail(err, CS_SYSTEM, "%s is too long for a socket's path",
                       t->directory);
    }
    strcpy(sun.sun_path, path);
    /* The port is ours, so nobody else can be its gateway for long. */
    if (!is_served(&sun))
        (void)unlink(path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 ||
        listen(fd, SOMAXCONN) != 0) {
        (void)cs_fail(err, CS_SYSTEM, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        free(path);
        return CS_SYSTEM;
    }
    t->sockets[t->n] = fd;
    t->paths[t->n++] = path;
    return 0;
}

/* --- Questions --- */

const char *
tickets_host(const char *typed, const struct gate_target *fixed,
             char buf[GATE_HOST_MAX + 1])
{
    static const char tail[] = ".localhost";
    size_t len = strlen(typed);

    if (fixed != NULL)
        return fixed->host;
    if (len <= sizeof(tail) - 1 || len > GATE_HOST_MAX ||
        strcasecmp(typed + len - (sizeof(tail) - 1), tail) != 0)
        return typed;
    memcpy(buf, typed, len - (sizeof(tail) - 1));
    buf[len - (sizeof(tail) - 1)] = '\0';
    return buf;
}

int
tickets_parse(const void *question, size_t len, char host[GATE_HOST_MAX + 1])
{
    const uint8_t *p = question;

    host[0] = '\0';
    if (len == 1 && p[0] == ASK_STATUS)
        return 0;
    if (len < 2 || len > QUESTION_MAX || p[0] != ASK_TICKET ||
        memchr(p, '\0', len) != NULL)
        return CS_MALFORMED;
    memcpy(host, p + 1, len - 1);
    host[len - 1] = '\0';
    return 0;
}

void
tickets_offer(const char *name, struct cs_span cred, struct cs_buf *out)
{
    size_t len = strlen(name);
    uint8_t head[] = { ANSWER_TICKET, (uint8_t)(len >> 8), (uint8_t)len };

    cs_buf_add(out, head, sizeof(head));
    cs_buf_add(out, name, len);
    cs_buf_add(out, cred.p, cred.len);
}

static int
add_ticket(struct tickets *t, const struct hc_host *conf, struct cs_buf *out)
{
    struct cs_buf cred = CS_BUF_INIT(ISSUER_CRED_MAX);
    struct cs_error err;
    char *name = NULL;
    int ret;

    ret = issuer_ticket(t->mint, conf->host, &cred, &name, &err);
    if (ret == 0)
        tickets_offer(name, cs_buf_span(&cred), out);
    else
        often_log(&of_tickets, OFTEN_BY_TEXT, LOG_WARNING,
                  "no ticket for %s: %s", conf->host, err.text);
    free(name);
    cs_buf_free(&cred);
    return ret;
}

/* The answer to a question about this host. */
static void
answer(struct tickets *t, const char *typed, struct cs_buf *out)
{
    char buf[GATE_HOST_MAX + 1];
    struct hc_host *conf = NULL;
    uint8_t kind = ANSWER_NOTHING;

    if (hc_host_load(tickets_host(typed, t->fixed, buf), &conf, NULL) == 0 &&
        conf->reachable)
        kind = ANSWER_PASS;
    if (kind == ANSWER_PASS && hc_gift(conf) == HC_PASSWORD) {
        if (add_ticket(t, conf, out) == 0)
            kind = ANSWER_TICKET;
        else
            cs_buf_reset(out);
    }
    if (kind != ANSWER_TICKET)
        cs_buf_add(out, &kind, 1);
    hc_host_free(&conf);
}

static void
send_status(struct tickets *t, int fd)
{
    char *text = stats_json(t->ledger, STATUS_MAX);

    if (text != NULL)
        (void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    free(text);
}

static void
serve_one(struct tickets *t, int fd)
{
    struct pollfd wait = { fd, POLLIN, 0 };
    struct cs_buf out = CS_BUF_INIT(ISSUER_CRED_MAX + GATE_HOST_MAX + 64);
    char question[QUESTION_MAX + 1], host[GATE_HOST_MAX + 1];
    ssize_t n;

    if (bp_check_peer(fd, NULL) != 0 || poll(&wait, 1, PATIENCE_MS) != 1)
        return;
    n = recv(fd, question, sizeof(question), MSG_DONTWAIT);
    if (n < 0 || tickets_parse(question, (size_t)n, host) != 0)
        return;
    if (host[0] == '\0') {
        send_status(t, fd);
        return;
    }
    answer(t, host, &out);
    if (out.error == 0)
        (void)send(fd, out.p, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    cs_buf_free(&out);
}

static void *
serve(void *data)
{
    struct tickets *t = data;
    struct pollfd fds[SOCKETS_MAX + 1];
    size_t i;
    int fd;

    for (i = 0; i < t->n; i++)
        fds[i] = (struct pollfd){ t->sockets[i], POLLIN, 0 };
    fds[t->n] = (struct pollfd){ t->stop, POLLIN, 0 };
    for (;;) {
        if (poll(fds, t->n + 1, -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[t->n].revents != 0)
            return NULL;
        for (i = 0; i < t->n; i++) {
            fd = (fds[i].revents != 0) ?
                accept4(t->sockets[i], NULL, NULL, SOCK_CLOEXEC) : -1;
            if (fd >= 0) {
                serve_one(t, fd);
                close(fd);
            } else if (fds[i].revents != 0 &&
                       (errno == EMFILE || errno == ENFILE)) {
                (void)poll(NULL, 0, 100);       /* no hurry */
            }
        }
    }
}

int
tickets_start(struct tickets *t, struct issuer *mint, struct stats *ledger,
              const struct gate_target *fixed, struct cs_error *err)
{
    int error;

    t->mint = mint;
    t->ledger = ledger;
    t->fixed = fixed;
    error = pthread_create(&t->thread, NULL, serve, t);
    t->running = error == 0;
    return t->running ? 0 :
        cs_fail_errno(err, CS_SYSTEM, error,
                      "cannot start the thread for tickets");
}

void
tickets_free(struct tickets **tickets)
{
    struct tickets *t = *tickets;
    uint64_t one = 1;

    *tickets = NULL;
    if (t == NULL)
        return;
    if (t->running && write(t->stop, &one, sizeof(one)) == sizeof(one))
        (void)pthread_join(t->thread, NULL);
    while (t->n > 0) {
        t->n--;
        (void)unlink(t->paths[t->n]);
        close(t->sockets[t->n]);
        free(t->paths[t->n]);
    }
    if (t->stop >= 0)
        close(t->stop);
    free(t->directory);
    free(t);
}
