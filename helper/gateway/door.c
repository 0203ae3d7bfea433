/* door.c - accept connections. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/gateway/away.h"
#include "plugin/base/clock.h"
#include "helper/gateway/door.h"
#include "helper/common/often.h"
#include "helper/gateway/thrift.h"

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
is_ours(const struct door *d, struct away *away, struct caller *c)
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
    away_send(away, c->fd, AWAY_FORBIDDEN, why, gw_now_ms());
    return 0;
}

/* At most BATCH are accepted, and those that are ours returned. */
static size_t
take_callers(const struct door *d, int listener, struct away *away,
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
tell_programs(const struct door *d, const struct caller *callers, size_t n,
              pid_t *pids)
{
    static unsigned long inodes[WHO_ASK];
    static pid_t answers[WHO_ASK];
    size_t i, known;

    for (i = 0; i < n; i++)
        pids[i] = PLACES_UNASKED;
    if (n == 0 || !places_crowded(d->places, n))
        return;
    known = places_unknown(d->places, inodes, WHO_ASK - n);
    for (i = 0; i < n; i++)
        inodes[known + i] = callers[i].inode;
    who_pids(d->who, inodes, answers, known + n);
    places_know(d->places, inodes, answers, known);
    memcpy(pids, answers + known, n * sizeof(*pids));
}

static void
serve_listener(const struct door *d, int listener, struct away *away)
{
    struct caller callers[BATCH];
    pid_t pids[BATCH];
    struct cs_error err;
    size_t i, n = take_callers(d, listener, away, callers);

    tell_programs(d, callers, n, pids);
    for (i = 0; i < n; i++) {
        struct caller *c = &callers[i];

        if (places_take(d->places, c->fd, c->inode, pids[i], gw_now_ms(),
                        &err) == 0) {
            front_serve(d->front, c->fd, (struct sockaddr *)&c->address,
                        c->len);
        } else {
            often_log(&of_the_crowd, OFTEN_BY_TEXT, LOG_WARNING,
                      "turned a connection away: %s", err.text);
            away_send(away, c->fd, AWAY_BUSY, err.text, gw_now_ms());
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
patience(const struct door *d, const struct away *away, int idle)
{
    /* Not -1 while there are connections: often enough for places_tidy(). */
    int ms = thrift_tidy(places_count(d->places), idle);

    return sooner(sooner(ms, often_tell(0)), away_due(away, gw_now_ms()));
}

/* Returns whether to go on. */
static int
turn(const struct door *d, struct away *away, int *idle, struct cs_error *err)
{
    struct pollfd fds[LISTENERS_MAX + 1 + AWAY_MAX];
    size_t i, n = d->listeners->n;
    int ready;

    for (i = 0; i < n; i++)
        fds[i] = (struct pollfd){ d->listeners->fd[i], POLLIN, 0 };
    fds[n] = (struct pollfd){ d->stop, POLLIN, 0 };
    away_poll(away, fds + n + 1);
    ready = poll(fds, n + 1 + away->n, patience(d, away, *idle));
    if (ready < 0)
        return errno == EINTR ? 1 :
            cs_fail_errno(err, CS_SYSTEM, errno, "poll");
    if (fds[n].revents != 0)
        return 0;
    *idle = ready == 0;
    away_tend(away, fds + n + 1, gw_now_ms());
    places_tidy(d->places, gw_now_ms());
    for (i = 0; i < n; i++) {
        if (fds[i].revents != 0)
            serve_listener(d, d->listeners->fd[i], away);
    }
    return 1;
}

int
door_serve(const struct door *d, struct cs_error *err)
{
    struct away away = { .n = 0 };
    int idle = 0, ret;

    do {
        ret = turn(d, &away, &idle, err);
    } while (ret == 1);
    away_close(&away);
    (void)often_tell(1);
    return ret;
}
