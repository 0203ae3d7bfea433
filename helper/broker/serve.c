/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* serve.c - connections, each in a thread of its own, until a signal. */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "helper/broker/log.h"
#include "helper/common/often.h"
#include "helper/broker/serve.h"
#include "helper/broker/dispatch.h"
#include "helper/proto/wire.h"

#define STACK_SIZE ((size_t)512 * 1024)
#define CROWD 64                /* connections */
#define ARENAS 2                /* of malloc; not eight for each processor */
#define QUIET_MS 2000
#define GRACE_SECONDS 3         /* for a thread that waits for a KDC */

static const struct often of_refusals = { 3 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t fewer;       /* a connection has ended */
    int n, closing;
    int wake;                   /* eventfd: tell the main thread, too */
    int fds[SERVE_MAX];         /* -1: free */
} all = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, -1,
          { 0 } };

struct connection {
    struct broker *broker;
    int fd, place, adopted, confined;
};

/* --- One connection --- */

static void
converse(struct connection *c, struct dispatch *s)
{
    struct cs_buf in = CS_BUF_INIT(BP_FRAME_MAX);
    struct cs_buf out = CS_BUF_INIT(BP_FRAME_MAX + 4);
    int passed, end = 0;

    while (!end && bp_receive(c->fd, &in, NULL, NULL) == 0) {
        end = dispatch_frame(s, cs_buf_span(&in), &out, &passed);
        cs_buf_reset(&in);
        cs_wipe_stack();
        if (bp_send(c->fd, cs_buf_span(&out), passed, NULL) != 0)
            end = 1;
        if (passed >= 0)
            (void)close(passed);
        cs_buf_reset(&out);
    }
    cs_buf_free(&in);
    cs_buf_free(&out);
}

/* Give the place back, before the descriptor can be somebody else's. */
static void
leave(struct connection *c)
{
    static const uint64_t one = 1;

    (void)pthread_mutex_lock(&all.lock);
    all.fds[c->place] = -1;
    (void)close(c->fd);
    all.n--;
    (void)!write(all.wake, &one, sizeof(one));
    /* After this hang_up() may return, and all.wake is closed. */
    (void)pthread_cond_signal(&all.fewer);
    (void)pthread_mutex_unlock(&all.lock);
    free(c);
}

static void *
run(void *arg)
{
    struct connection *c = arg;
    struct dispatch *s;

    if (dispatch_new(c->broker, c->adopted, c->confined, &s, NULL) == 0)
        converse(c, s);
    dispatch_free(&s);
    leave(c);
    return NULL;
}

/* A place for fd, or -1. */
static int
enter(int fd)
{
    int i, place = -1;

    (void)pthread_mutex_lock(&all.lock);
    for (i = 0; i < SERVE_MAX && place < 0 && !all.closing; i++) {
        if (all.fds[i] < 0)
            place = i;
    }
    if (place >= 0) {
        all.fds[place] = fd;
        all.n++;
    }
    (void)pthread_mutex_unlock(&all.lock);
    return place;
}

static int
start_thread(struct connection *c)
{
    pthread_attr_t attr;
    pthread_t thread;
    int ret;

    ret = pthread_attr_init(&attr);
    if (ret != 0)
        return ret;
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, STACK_SIZE);
    ret = pthread_create(&thread, &attr, run, c);
    (void)pthread_attr_destroy(&attr);
    return ret;
}

/* Serve fd, which is taken. */
static int
connect_thread(struct broker *broker, int fd, int adopted, int confined,
               struct cs_error *err)
{
    struct connection *c = malloc(sizeof(*c));
    int ret;

    if (c == NULL) {
        (void)close(fd);
        return cs_nomem(err);
    }
    *c = (struct connection){ broker, fd, enter(fd), adopted, confined };
    if (c->place < 0) {
        free(c);
        (void)close(fd);
        return cs_fail(err, CS_POLICY, "the broker already has %d "
                       "connections, its limit", SERVE_MAX);
    }
    ret = start_thread(c);
    if (ret != 0) {
        leave(c);
        return cs_fail_errno(err, CS_POLICY, ret,
                             "cannot start a thread for a connection");
    }
    return 0;
}

static int
adopt(struct broker *broker, int fd, int confined, struct cs_error *err)
{
    return connect_thread(broker, fd, 1, confined, err);
}

static void
accept_one(struct broker *broker, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), ret;
    struct cs_error err;

    if (fd < 0) {
        /* Without descriptors: no hurry. */
        if (errno == EMFILE || errno == ENFILE)
            (void)poll(NULL, 0, 100);
        return;
    }
    ret = bp_check_peer(fd, &err);
    if (ret != 0)
        (void)close(fd);
    else
        ret = connect_thread(broker, fd, 0, 0, &err);
    if (ret != 0)
        often_log(&of_refusals, OFTEN_BY_TEXT, LOG_WARNING,
                  "connection refused: %s", err.text);
}

/* --- All of them --- */

static int
prepare(struct pollfd *fds, struct broker *broker, int listener,
        struct cs_error *err)
{
    sigset_t signals;
    int i;

    for (i = 0; i < SERVE_MAX; i++)
        all.fds[i] = -1;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    all.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (all.wake < 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "eventfd");
    fds[0].fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (fds[0].fd < 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "signalfd");
    fds[1].fd = listener;
    fds[2].fd = vault_fd(broker->vault);
    fds[3].fd = all.wake;
    for (i = 0; i < 4; i++)
        fds[i].events = POLLIN;
    broker->adopt = adopt;
    return 0;
}

static int
is_idle(struct broker *broker)
{
    int n;

    (void)pthread_mutex_lock(&all.lock);
    n = all.n;
    (void)pthread_mutex_unlock(&all.lock);
    return n == 0 && vault_count(broker->vault) == 0;
}

/* How long to wait for something to happen; ended: connections, since the last
 * time that memory was given back. */
static int
patience(struct broker *broker, unsigned int idle_exit, uint64_t ended)
{
    if (ended >= CROWD)
        return QUIET_MS;
    return (idle_exit > 0 && is_idle(broker)) ? (int)idle_exit * 1000 : -1;
}

/* In how many ms there is something to log, if that is before ms; or -1. */
static int
next_line(int ms)
{
    int line = often_tell(0);

    return (ms < 0 || line < ms) ? line : -1;
}

static void
loop(struct broker *broker, struct pollfd *fds, unsigned int idle_exit)
{
    uint64_t n, ended = 0;
    int ready, ms, to_tell;

    for (;;) {
        ms = patience(broker, idle_exit, ended);
        to_tell = next_line(ms);
        ready = poll(fds, 4, to_tell >= 0 ? to_tell : ms);
        if (ready < 0 && errno != EINTR)
            return;
        if (ready == 0 && to_tell >= 0)
            continue;
        if (ready == 0 && ended >= CROWD) {
            (void)malloc_trim(0);       /* what a crowd has left */
            ended = 0;
            continue;
        }
        if ((ready == 0 && is_idle(broker)) ||
            (ready > 0 && fds[0].revents != 0))
            return;
        if (ready > 0 && fds[2].revents != 0)
            vault_expire(broker->vault);
        if (ready > 0 && fds[3].revents != 0 &&
            read(all.wake, &n, sizeof(n)) == sizeof(n))
            ended += n;
        if (ready > 0 && fds[1].revents != 0)
            accept_one(broker, fds[1].fd);
    }
}

/* Hang up, and wait until all threads have left; or for some seconds. */
static int
hang_up(void)
{
    struct timespec until;
    int i, left, ret = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GRACE_SECONDS;
    (void)pthread_mutex_lock(&all.lock);
    all.closing = 1;
    for (i = 0; i < SERVE_MAX; i++) {
        if (all.fds[i] >= 0)
            (void)shutdown(all.fds[i], SHUT_RDWR);
    }
    while (all.n > 0 && ret == 0)
        ret = pthread_cond_timedwait(&all.fewer, &all.lock, &until);
    left = all.n;
    (void)pthread_mutex_unlock(&all.lock);
    return left;
}

int
broker_serve(struct broker *broker, int listener, unsigned int idle_exit,
             struct cs_error *err)
{
    struct pollfd fds[4];
    int ret = prepare(fds, broker, listener, err);

    (void)mallopt(M_ARENA_MAX, ARENAS);
    if (ret == 0)
        loop(broker, fds, idle_exit);
    (void)often_tell(1);
    /* Before anything that could take its time. */
    (void)vault_remove(broker->vault, NULL);
    if (ret == 0 && hang_up() > 0)
        return cs_fail(err, CS_UNEXPECTED, "stopped while a connection was "
                       "waiting for a KDC");
    if (fds[0].fd >= 0)
        (void)close(fds[0].fd);
    if (all.wake >= 0)
        (void)close(all.wake);
    return ret;
}
