/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* spncache.c - for which names the KDC has just given a ticket. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "plugin/base/clock.h"
#include "helper/broker/spncache.h"

#define ENTRIES 64
#define KEY_MAX 512             /* bytes; longer ones are asked for each time */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry {
    char key[KEY_MAX];
    long long until;            /* milliseconds (clock.h) */
} entries[ENTRIES];
static unsigned int next;

static int
make_key(char key[KEY_MAX], uint64_t who, const char *name)
{
    int len = snprintf(key, KEY_MAX, "%llu %s", (unsigned long long)who,
                       name);

    return len > 0 && len < KEY_MAX;
}

/* Under the lock. */
static struct entry *
find(const char *key)
{
    size_t i;

    for (i = 0; i < ENTRIES; i++) {
        if (entries[i].until != 0 && strcmp(entries[i].key, key) == 0)
            return &entries[i];
    }
    return NULL;
}

void
spncache_note(uint64_t who, const char *name)
{
    char key[KEY_MAX];
    struct entry *e;

    if (!make_key(key, who, name))
        return;
    (void)pthread_mutex_lock(&lock);
    e = find(key);
    if (e == NULL)
        e = &entries[next++ % ENTRIES];
    strcpy(e->key, key);
    e->until = gw_now_ms() + SPNCACHE_SECONDS * 1000LL;
    (void)pthread_mutex_unlock(&lock);
}

int
spncache_is(uint64_t who, const char *name)
{
    const struct entry *e;
    char key[KEY_MAX];
    int is;

    if (!make_key(key, who, name))
        return 0;
    (void)pthread_mutex_lock(&lock);
    e = find(key);
    is = e != NULL && gw_now_ms() < e->until;
    (void)pthread_mutex_unlock(&lock);
    return is;
}
