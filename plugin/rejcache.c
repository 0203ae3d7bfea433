/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* rejcache.c - what this process has seen a host answer. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "plugin/base/clock.h"
#include "plugin/handles.h"
#include "plugin/conf/names.h"
#include "plugin/lock.h"
#include "plugin/rejcache.h"
#include "plugin/base/strlist.h"

#define HOSTS 16
#define REJECTED 16
#define LIFETIME 600            /* seconds */
#define UNCONNECTED_LIFETIME 30 /* seconds */

struct entry {
    char host[GW_HOST_MAX + 1]; /* "" when free */
    time_t used;                /* CLOCK_MONOTONIC, seconds */
    uint64_t serial;            /* of the last use: the lowest is the oldest */
    char pending[GW_MEMORY_NAME];       /* sent and not answered, or "" */
    time_t sent;                        /* CLOCK_MONOTONIC, seconds */
    int mute;                           /* only a token tells the answer */
    struct gw_traffic traffic;          /* of the connection it went over */
    uint64_t rejected[REJECTED];        /* hashes of names */
    size_t nrejected;
    time_t last_rejection;              /* CLOCK_MONOTONIC, seconds */
    char learned[GW_MEMORY_NAME];       /* or "" */
};

static struct entry entries[HOSTS];      /* under the lock */

/* Seconds, as gw_now_ms(). */
static time_t
now(void)
{
    return gw_now_ms() / 1000;
}

/* Copy a string that is known to fit. */
static void
copy(char *to, const char *from)
{
    memcpy(to, from, strlen(from) + 1);
}

/* The entry of a host; with create, the oldest one is made anew if need be. */
static struct entry *
find(const char *host, int create)
{
    static uint64_t serial;
    struct entry *e, *oldest = entries;
    time_t t = now();

    for (e = entries; e < entries + HOSTS; e++) {
        if (e->host[0] != '\0' && t - e->used > LIFETIME)
            memset(e, 0, sizeof(*e));
        if (e->host[0] != '\0' && strcasecmp(e->host, host) == 0) {
            if (t - e->last_rejection > LIFETIME)
                e->nrejected = 0;
            e->used = t;
            e->serial = ++serial;
            return e;
        }
        if (e->serial < oldest->serial)
            oldest = e;
    }
    if (!create || strlen(host) > GW_HOST_MAX)
        return NULL;
    memset(oldest, 0, sizeof(*oldest));
    copy(oldest->host, host);
    oldest->used = t;
    oldest->serial = ++serial;
    return oldest;
}

static int
is_rejected(const struct entry *e, const char *name)
{
    uint64_t h = gw_hash(name);
    size_t i;

    for (i = 0; i < e->nrejected; i++) {
        if (e->rejected[i] == h)
            return 1;
    }
    return 0;
}

static void
reject(struct entry *e, const char *name)
{
    if (!is_rejected(e, name) && e->nrejected < REJECTED)
        e->rejected[e->nrejected++] = gw_hash(name);
    e->last_rejection = now();
    if (strcasecmp(e->pending, name) == 0)
        e->pending[0] = '\0';
    if (strcasecmp(e->learned, name) == 0)
        e->learned[0] = '\0';
}

void
gw_rejcache_sent(const char *host, const char *name,
                 const struct gw_traffic *traffic, int mute)
{
    struct entry *e;

    if (strlen(name) >= GW_MEMORY_NAME)
        return;
    gw_lock();
    e = find(host, 1);
    if (e != NULL) {
        copy(e->pending, name);
        e->traffic = *traffic;
        e->sent = now();
        e->mute = mute;
    }
    gw_unlock();
}

/* Has the connection that is there now seen an answer to what was sent? */
static int
answered(const struct entry *e, const struct gw_traffic *traffic)
{
    if (traffic->cookie == 0 || e->mute)
        return 0;
    if (e->traffic.cookie == 0)
        return now() - e->sent <= UNCONNECTED_LIFETIME;
    return e->traffic.cookie == traffic->cookie &&
        traffic->received > e->traffic.received;
}

int
gw_rejcache_was_rejected(const char *host, int stale_token,
                         const struct gw_traffic *traffic, char *name)
{
    struct entry *e;
    int yes = 0;

    gw_lock();
    e = find(host, 0);
    if (e != NULL && e->pending[0] != '\0' &&
        (stale_token || answered(e, traffic))) {
        copy(name, e->pending);
        reject(e, name);
        yes = 1;
    }
    gw_unlock();
    return yes;
}

int
gw_rejcache_take_pending(const char *host, char *name)
{
    struct entry *e;
    int yes;

    gw_lock();
    e = find(host, 0);
    yes = e != NULL && e->pending[0] != '\0';
    if (yes) {
        copy(name, e->pending);
        e->pending[0] = '\0';
    }
    gw_unlock();
    return yes;
}

void
gw_rejcache_reject(const char *host, const char *name)
{
    struct entry *e;

    gw_lock();
    e = find(host, 1);
    if (e != NULL)
        reject(e, name);
    gw_unlock();
}

int
gw_rejcache_is_rejected(const char *host, const char *name)
{
    struct entry *e;
    int yes;

    gw_lock();
    e = find(host, 0);
    yes = e != NULL && is_rejected(e, name);
    gw_unlock();
    return yes;
}

void
gw_rejcache_start_over(const char *host)
{
    struct entry *e;

    gw_lock();
    e = find(host, 0);
    if (e != NULL)
        e->nrejected = 0;
    gw_unlock();
}

int
gw_rejcache_proven(const char *host)
{
    struct entry *e;
    int had = 0;

    gw_lock();
    e = find(host, 0);
    if (e != NULL) {
        had = e->nrejected > 0;
        e->nrejected = 0;
        e->pending[0] = '\0';
    }
    gw_unlock();
    return had;
}

void
gw_rejcache_learn(const char *host, const char *name)
{
    struct entry *e;

    if (strlen(name) >= GW_MEMORY_NAME)
        return;
    gw_lock();
    e = find(host, 1);
    if (e != NULL)
        copy(e->learned, name);
    gw_unlock();
}

int
gw_rejcache_learned(const char *host, char *name)
{
    struct entry *e;
    int yes = 0;

    gw_lock();
    e = find(host, 0);
    if (e != NULL && e->learned[0] != '\0') {
        copy(name, e->learned);
        yes = 1;
    }
    gw_unlock();
    return yes;
}
