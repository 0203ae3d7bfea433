/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* slots.c - connection limits. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "helper/gateway/slots.h"

#define HEAD_MS 10000           /* for a request's headers */
#define BODY_MS 20000           /* for a body; and 1 ms for each byte of it */
#define YOUNG_MS 1000           /* before it is taken away again */
#define LOST_MS 60000           /* for a connection to be served at all */

struct place {
    struct place *next, *prev;  /* oldest first */
    struct slots *all;
    int theirs;                 /* the socket's number until it is served */
    int fd;                     /* the same socket, ours to shut down */
    unsigned long inode;
    pid_t pid;                  /* its program, or PLACES_UNASKED */
    int cut;
    enum slot_state state;
    int64_t since, due;         /* due: to be cut then; -1: never */
};

struct slots {
    pthread_mutex_t lock;       /* of all below */
    struct place *first, *last;
    unsigned int limit, share;  /* share: of one program */
    unsigned int total, live;   /* live: that have not been cut */
    int64_t idle;
    int64_t due;                /* nothing is to be cut before */
};

int
slots_new(unsigned int limit, int64_t idle, struct slots **out,
          struct cs_error *err)
{
    struct slots *p = calloc(1, sizeof(*p));

    *out = p;
    if (p == NULL)
        return cs_nomem(err);
    (void)pthread_mutex_init(&p->lock, NULL);
    p->limit = limit;
    p->share = limit - limit / 4;
    p->idle = idle;
    p->due = INT64_MAX;
    return 0;
}

void
slots_free(struct slots **places)
{
    struct slots *p = *places;
    struct place *one, *next;

    *places = NULL;
    if (p == NULL)
        return;
    for (one = p->first; one != NULL; one = next) {     /* never served */
        next = one->next;
        close(one->fd);
        free(one);
    }
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

unsigned int
slots_spare(unsigned int limit)
{
    return limit / 4 + 16;
}

/* --- Under the lock --- */

static void
set_due(struct place *one, int64_t due)
{
    one->due = due;
    if (due >= 0 && due < one->all->due)
        one->all->due = due;
}

static void
cut(struct place *one)
{
    if (one->cut)
        return;
    one->cut = 1;
    one->due = -1;
    one->all->live--;
    (void)shutdown(one->fd, SHUT_RDWR);
}

/* Half-open, and not just for the moment that a request takes to arrive. */
static int
may_go(const struct place *one, int64_t now)
{
    return !one->cut && now - one->since >= YOUNG_MS &&
        (one->state == SLOT_HEAD || one->state == SLOT_BODY);
}

static unsigned int
count_of(const struct slots *p, pid_t pid)
{
    const struct place *one;
    unsigned int n = 0;

    for (one = p->first; one != NULL; one = one->next)
        n += (!one->cut && one->pid == pid);
    return n;
}

static int
compare(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

    return (x > y) - (x < y);
}

/* The program that has most half-open connections, if there are any. */
static pid_t
greediest(const struct slots *p, int64_t now)
{
    pid_t *pids = calloc(p->live + 1, sizeof(*pids)), most = 0;
    const struct place *one;
    size_t n = 0, i, run = 0, longest = 0;

    if (pids == NULL)
        return 0;
    for (one = p->first; one != NULL; one = one->next) {
        if (may_go(one, now))
            pids[n++] = one->pid;
    }
    qsort(pids, n, sizeof(*pids), compare);
    for (i = 0; i < n; i++) {
        run = (i > 0 && pids[i] == pids[i - 1]) ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            most = pids[i];
        }
    }
    free(pids);
    return most;
}

/* Cut the oldest half-open connection of this program; returns whether there
 * was one. */
static int
cut_oldest(struct slots *p, pid_t pid, int64_t now)
{
    struct place *one;

    for (one = p->first; one != NULL; one = one->next) {
        if (one->pid == pid && may_go(one, now)) {
            cut(one);
            return 1;
        }
    }
    return 0;
}

/* Make room for one more of this program's. */
static int
make_room(struct slots *p, pid_t pid, int64_t now, struct cs_error *err)
{
    unsigned int room = p->limit + slots_spare(p->limit);

    if (p->total >= room)
        return cs_fail(err, CS_POLICY, "the gateway is full and is closing "
                       "idle connections; try again");
    /* With fewer than a share, whose they are has not been asked. */
    if (p->live >= p->share && count_of(p, pid) >= p->share &&
        !cut_oldest(p, pid, now))
        return cs_fail(err, CS_POLICY, "this program already has %u of the "
                       "gateway's %u connections, its limit (krb5.conf, "
                       "gateway: connections)", p->share, p->limit);
    if (p->live >= p->limit && !cut_oldest(p, greediest(p, now), now))
        return cs_fail(err, CS_POLICY, "all of the gateway's %u connections "
                       "are in use (krb5.conf, gateway: connections); try "
                       "again", p->limit);
    return 0;
}

static void
append(struct slots *p, struct place *one)
{
    one->prev = p->last;
    if (p->last != NULL)
        p->last->next = one;
    else
        p->first = one;
    p->last = one;
    p->total++;
    p->live++;
}

static void
take_out(struct slots *p, struct place *one)
{
    if (one->next != NULL)
        one->next->prev = one->prev;
    else
        p->last = one->prev;
    if (one->prev != NULL)
        one->prev->next = one->next;
    else
        p->first = one->next;
    p->total--;
    p->live -= !one->cut;
}

/* From the newest: it has just been taken. */
static struct place *
find_coming(struct slots *p, int fd)
{
    struct place *one;

    for (one = p->last; one != NULL; one = one->prev) {
        if (one->theirs == fd)
            return one;
    }
    return NULL;
}

/* --- Whose they are --- */

int
slots_crowded(struct slots *p, size_t more)
{
    int crowded;

    (void)pthread_mutex_lock(&p->lock);
    crowded = p->live + more > p->share;
    (void)pthread_mutex_unlock(&p->lock);
    return crowded;
}

size_t
slots_unknown(struct slots *p, unsigned long *inodes, size_t max)
{
    struct place *one;
    size_t n = 0;

    (void)pthread_mutex_lock(&p->lock);
    for (one = p->first; one != NULL && n < max; one = one->next) {
        if (one->pid == PLACES_UNASKED && !one->cut)
            inodes[n++] = one->inode;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return n;
}

/* In the order of slots_unknown(), some may have left. */
void
slots_know(struct slots *p, const unsigned long *inodes, const pid_t *pids,
           size_t n)
{
    struct place *one;
    size_t i = 0, at;

    (void)pthread_mutex_lock(&p->lock);
    for (one = p->first; one != NULL && i < n; one = one->next) {
        for (at = i; one->pid == PLACES_UNASKED && at < n; at++) {
            if (inodes[at] == one->inode) {
                one->pid = pids[at];
                i = at + 1;
            }
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
}

/* --- One place --- */

int
slots_take(struct slots *p, int fd, unsigned long inode, pid_t pid,
           int64_t now, struct cs_error *err)
{
    struct place *one = calloc(1, sizeof(*one));
    int ret;

    if (one == NULL)
        return cs_nomem(err);
    one->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (one->fd < 0) {
        free(one);
        return cs_fail_errno(err, CS_POLICY, errno, "the gateway cannot take "
                             "another connection");
    }
    one->all = p;
    one->theirs = fd;
    one->inode = inode;
    one->pid = pid;
    one->since = now;
    (void)pthread_mutex_lock(&p->lock);
    ret = make_room(p, pid, now, err);
    if (ret == 0) {
        append(p, one);
        set_due(one, now + HEAD_MS);
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (ret != 0) {
        close(one->fd);
        free(one);
    }
    return ret;
}

struct place *
slots_arrive(struct slots *p, int fd)
{
    struct place *one;

    (void)pthread_mutex_lock(&p->lock);
    one = find_coming(p, fd);
    if (one != NULL)
        one->theirs = -1;
    (void)pthread_mutex_unlock(&p->lock);
    return one;
}

void
slots_cancel(struct slots *p, int fd)
{
    struct place *one = slots_arrive(p, fd);

    slot_leave(&one);
}

void
slot_is(struct place *one, enum slot_state state, int64_t now)
{
    struct slots *p = one->all;

    (void)pthread_mutex_lock(&p->lock);
    one->state = state;
    one->since = now;
    if (!one->cut)
        set_due(one, state == SLOT_HEAD ? now + HEAD_MS :
                state == SLOT_BODY ? now + BODY_MS :
                state == SLOT_IDLE ? now + p->idle : -1);
    (void)pthread_mutex_unlock(&p->lock);
}

void
slot_received(struct place *one, size_t bytes)
{
    (void)pthread_mutex_lock(&one->all->lock);
    if (!one->cut)
        set_due(one, one->since + BODY_MS + (int64_t)bytes);
    (void)pthread_mutex_unlock(&one->all->lock);
}

void
slot_leave(struct place **place)
{
    struct place *one = *place;
    struct slots *p;

    *place = NULL;
    if (one == NULL)
        return;
    p = one->all;
    (void)pthread_mutex_lock(&p->lock);
    take_out(p, one);
    (void)pthread_mutex_unlock(&p->lock);
    close(one->fd);
    free(one);
}

/* --- All of them --- */

/* One that was cut and still is not served never will be: libmicrohttpd says
 * nothing when it has no memory for it. */
static int
is_lost(const struct place *one, int64_t now)
{
    return one->cut && one->theirs >= 0 && now - one->since > LOST_MS;
}

void
slots_tidy(struct slots *p, int64_t now)
{
    struct place *one, *next;

    (void)pthread_mutex_lock(&p->lock);
    if (now < p->due) {
        (void)pthread_mutex_unlock(&p->lock);
        return;
    }
    p->due = INT64_MAX;
    for (one = p->first; one != NULL; one = next) {
        next = one->next;
        if (one->due >= 0 && one->due <= now)
            cut(one);
        if (is_lost(one, now)) {
            take_out(p, one);
            close(one->fd);
            free(one);
        } else if (one->cut && one->theirs >= 0) {
            set_due(one, one->since + LOST_MS + 1);
        } else {
            set_due(one, one->due);
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
}

void
slots_cut_all(struct slots *p)
{
    struct place *one;

    (void)pthread_mutex_lock(&p->lock);
    for (one = p->first; one != NULL; one = one->next)
        cut(one);
    (void)pthread_mutex_unlock(&p->lock);
}

unsigned int
slots_count(struct slots *p)
{
    unsigned int n;

    (void)pthread_mutex_lock(&p->lock);
    n = p->live;
    (void)pthread_mutex_unlock(&p->lock);
    return n;
}
