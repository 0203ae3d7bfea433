/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* admit.c - accept connections. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/gateway/refuse.h"
#include "plugin/base/clock.h"
#include "helper/gateway/admit.h"
#include "helper/common/often.h"
#include "helper/gateway/malloctune.h"

#define BATCH 64                /* connections, before anything else is seen */

/* One that has been accepted, and is this user's. */
struct caller {
    struct sockaddr_storage address;
    unsigned long inode;
    int fd;
    socklen_t len;
};

static const struct often of_strangers = { 1 }, of_the_crowd = { 3 };

/* Is it ours?  If not, it is turned away. */
static int
is_ours(const struct admit *d, struct refuse *away, struct caller *c)
{
    struct cs_error err;
    const char *why;
    uid_t uid;

    if (peer_find(d->peer, c->fd, &uid, &c->inode, &err) != 0) {
        why = "the gateway cannot tell which user you are";
        often_log(&of_strangers, OFTEN_BY_TEXT, LOG_WARNING,
                  "refused a connection: %s", err.text);
    } else if (uid != getuid()) {
        why = "this gateway belongs to another user";
        often_log(&of_strangers, uid, LOG_WARNING,
                  "refused a connection of uid %u", (unsigned int)uid);
    } else {
        return 1;
    }
    refuse_send(away, c->fd, REFUSE_FORBIDDEN, why, gw_now_ms());
    return 0;
}

/* At most BATCH are accepted, and those that are ours returned. */
static size_t
take_callers(const struct admit *d, int listener, struct refuse *away,
             struct caller *callers)
{
    size_t i, n = 0;

    for (i = 0; i < BATCH; i++) {
        struct caller *c = &callers[n];

        c->len = sizeof(c->address);
        c->fd = accept4(listener, (struct sockaddr *)&c->address, &c->len,
                        SOCK_CLOEXEC);
        if (c->fd >= 0) {
            n += is_ours(d, away, c);
        } else {
            /* Without descriptors: no hurry. */
            if (errno == EMFILE || errno == ENFILE)
                (void)poll(NULL, 0, 100);
            break;
        }
    }
    return n;
}

/* When places get scarce it matters which program has them. */
static void
tell_programs(const struct admit *d, const struct caller *callers, size_t n,
              pid_t *pids)
{
    static unsigned long inodes[SOCKOWNER_ASK];
    static pid_t answers[SOCKOWNER_ASK];
    size_t i, known;

    for (i = 0; i < n; i++)
        pids[i] = PLACES_UNASKED;
    if (n == 0 || !slots_crowded(d->places, n))
        return;
    known = slots_unknown(d->places, inodes, SOCKOWNER_ASK - n);
    for (i = 0; i < n; i++)
        inodes[known + i] = callers[i].inode;
    sockowner_pids(d->who, inodes, answers, known + n);
    slots_know(d->places, inodes, answers, known);
    memcpy(pids, answers + known, n * sizeof(*pids));
}

static void
serve_listener(const struct admit *d, int listener, struct refuse *away)
{
    struct caller callers[BATCH];
    pid_t pids[BATCH];
    struct cs_error err;
    size_t i, n = take_callers(d, listener, away, callers);

    tell_programs(d, callers, n, pids);
    for (i = 0; i < n; i++) {
        struct caller *c = &callers[i];

        if (slots_take(d->places, c->fd, c->inode, pids[i], gw_now_ms(),
                       &err) == 0) {
            httpd_serve(d->front, c->fd, (struct sockaddr *)&c->address,
                        c->len);
        } else {
            often_log(&of_the_crowd, OFTEN_BY_TEXT, LOG_WARNING,
                      "turned a connection away: %s", err.text);
            refuse_send(away, c->fd, REFUSE_BUSY, err.text, gw_now_ms());
        }
    }
}

/* The least of what is not -1. */
static int
sooner(int a, int b)
{
    return (a < 0 || (b >= 0 && b < a)) ? b : a;
}

static int
patience(const struct admit *d, const struct refuse *away, int idle)
{
    /* Not -1 while there are connections: often enough for slots_tidy(). */
    int ms = malloctune_tidy(slots_count(d->places), idle);

    return sooner(sooner(ms, often_tell(0)), refuse_due(away, gw_now_ms()));
}

/* Returns whether to go on. */
static int
turn(const struct admit *d, struct refuse *away, int *idle,
     struct cs_error *err)
{
    struct pollfd fds[LISTENERS_MAX + 1 + REFUSE_MAX];
    size_t i, n = d->listeners->n;
    int ready;

    for (i = 0; i < n; i++)
        fds[i] = (struct pollfd){ d->listeners->fd[i], POLLIN, 0 };
    fds[n] = (struct pollfd){ d->stop, POLLIN, 0 };
    refuse_poll(away, fds + n + 1);
    ready = poll(fds, n + 1 + away->n, patience(d, away, *idle));
    if (ready < 0)
        return errno == EINTR ? 1 :
            cs_fail_errno(err, CS_SYSTEM, errno, "poll");
    if (fds[n].revents != 0)
        return 0;
    *idle = ready == 0;
    refuse_tend(away, fds + n + 1, gw_now_ms());
    slots_tidy(d->places, gw_now_ms());
    for (i = 0; i < n; i++) {
        if (fds[i].revents != 0)
            serve_listener(d, d->listeners->fd[i], away);
    }
    return 1;
}

int
admit_serve(const struct admit *d, struct cs_error *err)
{
    struct refuse away = { .n = 0 };
    int idle = 0, ret;

    do {
        ret = turn(d, &away, &idle, err);
    } while (ret == 1);
    refuse_close(&away);
    (void)often_tell(1);
    return ret;
}
