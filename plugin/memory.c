/* memory.c - what this process has seen a host answer. */
#include "config.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "handles.h"
#include "memory.h"

#define HOSTS 16
#define REJECTED 16
#define LIFETIME 600            /* seconds */

struct entry {
    char host[GW_HOST_MAX + 1]; /* "" when free */
    time_t used;                /* CLOCK_MONOTONIC */
    char pending[GW_MEMORY_NAME];       /* sent and not answered, or "" */
    uint64_t cookie;                    /* of the connection it went over */
    uint64_t rejected[REJECTED];        /* hashes of names */
    size_t nrejected;
    char learned[GW_MEMORY_NAME];       /* or "" */
};

static struct entry entries[HOSTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
lock_memory(void)
{
    (void)pthread_mutex_lock(&lock);
}

static void
unlock_memory(void)
{
    (void)pthread_mutex_unlock(&lock);
}

void
gw_memory_init(void)
{
    (void)pthread_atfork(lock_memory, unlock_memory, unlock_memory);
}

static time_t
now(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) != 0)
        return 0;
    return ts.tv_sec;
}

/* Copy a string that is known to fit. */
static void
copy(char *to, const char *from)
{
    memcpy(to, from, strlen(from) + 1);
}

/* FNV-1a of a name in lower case: names compare without case. */
static uint64_t
hash(const char *name)
{
    uint64_t h = 14695981039346656037ULL;
    unsigned char c;

    for (; *name != '\0'; name++) {
        c = *name;
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        h = (h ^ c) * 1099511628211ULL;
    }
    return h;
}

/* The entry of a host; with create, the oldest one is made anew if need be. */
static struct entry *
find(const char *host, int create)
{
    struct entry *e, *oldest = entries;
    time_t t = now();

    for (e = entries; e < entries + HOSTS; e++) {
        if (e->host[0] != '\0' && t - e->used > LIFETIME)
            memset(e, 0, sizeof(*e));
        if (e->host[0] != '\0' && strcasecmp(e->host, host) == 0) {
            e->used = t;
            return e;
        }
        if (oldest->host[0] != '\0' &&
            (e->host[0] == '\0' || e->used < oldest->used))
            oldest = e;
    }
    if (!create || strlen(host) > GW_HOST_MAX)
        return NULL;
    memset(oldest, 0, sizeof(*oldest));
    copy(oldest->host, host);
    oldest->used = t;
    return oldest;
}

static int
is_rejected(const struct entry *e, const char *name)
{
    uint64_t h = hash(name);
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
        e->rejected[e->nrejected++] = hash(name);
    if (strcasecmp(e->pending, name) == 0)
        e->pending[0] = '\0';
    if (strcasecmp(e->learned, name) == 0)
        e->learned[0] = '\0';
}

void
gw_memory_sent(const char *host, const char *name, uint64_t cookie)
{
    struct entry *e;

    if (strlen(name) >= GW_MEMORY_NAME)
        return;
    lock_memory();
    e = find(host, 1);
    if (e != NULL) {
        copy(e->pending, name);
        e->cookie = cookie;
    }
    unlock_memory();
}

int
gw_memory_was_rejected(const char *host, int stale_token, uint64_t cookie,
                       char *name)
{
    struct entry *e;
    int yes = 0;

    lock_memory();
    e = find(host, 0);
    if (e != NULL && e->pending[0] != '\0' &&
        (stale_token ||
         (cookie != 0 && (e->cookie == 0 || e->cookie == cookie)))) {
        copy(name, e->pending);
        reject(e, name);
        yes = 1;
    }
    unlock_memory();
    return yes;
}

void
gw_memory_reject(const char *host, const char *name)
{
    struct entry *e;

    lock_memory();
    e = find(host, 1);
    if (e != NULL)
        reject(e, name);
    unlock_memory();
}

int
gw_memory_is_rejected(const char *host, const char *name)
{
    struct entry *e;
    int yes;

    lock_memory();
    e = find(host, 0);
    yes = e != NULL && is_rejected(e, name);
    unlock_memory();
    return yes;
}

void
gw_memory_start_over(const char *host)
{
    struct entry *e;

    lock_memory();
    e = find(host, 0);
    if (e != NULL)
        e->nrejected = 0;
    unlock_memory();
}

int
gw_memory_proven(const char *host, const char *name)
{
    struct entry *e;
    int had = 0;

    lock_memory();
    e = find(host, 0);
    if (e != NULL) {
        had = e->nrejected > 0;
        e->nrejected = 0;
        e->pending[0] = '\0';
        if (had && strlen(name) < GW_MEMORY_NAME)
            copy(e->learned, name);
    }
    unlock_memory();
    return had;
}

int
gw_memory_learned(const char *host, char *name)
{
    struct entry *e;
    int yes = 0;

    lock_memory();
    e = find(host, 0);
    if (e != NULL && e->learned[0] != '\0') {
        copy(name, e->learned);
        yes = 1;
    }
    unlock_memory();
    return yes;
}
