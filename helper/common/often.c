/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* often.c - log lines that others can cause as often as they like. */
#include "config.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "helper/common/often.h"
#include "helper/common/say.h"

/* How many are told apart; the last of each is all the rest.  Who can make up
 * texts must not drive out the others. */
#define TEXTS 32
#define KEYS 16
#define MINUTE_MS 60000
#define TEXT_MAX 512            /* bytes of a line */

/* What was said in a minute, of one kind and key. */
struct said {
    const struct often *kind;   /* NULL: free */
    unsigned long key;
    int64_t since;              /* ms */
    unsigned int lines;
    unsigned long more;         /* that were not written */
    int priority;
    char text[TEXT_MAX];        /* the last of these */
};

static struct {
    pthread_mutex_t lock;       /* of all below */
    struct said said[TEXTS + KEYS];     /* those by text first */
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* FNV-1a. */
static unsigned long
hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325ULL;

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3ULL;
    return (unsigned long)h;
}

/* The minute is over. */
static void
finish(struct said *s, int64_t now)
{
    char line[TEXT_MAX + 64];

    if (s->kind != NULL && s->more > 0) {
        (void)snprintf(line, sizeof(line), "%s (%lu more in the last %ld s)",
                       s->text, s->more, (long)((now - s->since) / 1000));
        say_log(s->priority, "%s", line);
    }
    s->kind = NULL;
}

static int
is_over(const struct said *s, int64_t now)
{
    return s->kind != NULL && now - s->since >= MINUTE_MS;
}

/* Where, of these, this kind and key are counted. */
static struct said *
find(struct said *said, int n, const struct often *kind, unsigned long key,
     int64_t now)
{
    struct said *s, *unused = NULL;
    int i;

    for (i = 0; i < n; i++) {
        s = &said[i];
        if (is_over(s, now))
            finish(s, now);
        if (s->kind == kind && s->key == key)
            return s;
        if (s->kind == NULL && unused == NULL)
            unused = s;
    }
    s = (unused != NULL) ? unused : &said[n - 1];
    if (s->kind == NULL)
        *s = (struct said){ .kind = kind, .key = key, .since = now };
    return s;
}

void
often_log(const struct often *kind, unsigned long key, int priority,
          const char *fmt, ...)
{
    char text[TEXT_MAX];
    struct said *s;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)pthread_mutex_lock(&all.lock);
    s = (key == OFTEN_BY_TEXT) ?
        find(all.said, TEXTS, kind, hash(text), now_ms()) :
        find(all.said + TEXTS, KEYS, kind, key, now_ms());
    if (s->lines < kind->lines) {
        s->lines++;
        say_log(priority, "%s", text);
    } else {
        s->more++;
        s->priority = priority;
        memcpy(s->text, text, sizeof(text));
    }
    (void)pthread_mutex_unlock(&all.lock);
}

int
often_tell(int everything)
{
    int64_t now, least = -1, left;
    int i;

    (void)pthread_mutex_lock(&all.lock);
    now = now_ms();
    for (i = 0; i < TEXTS + KEYS; i++) {
        struct said *s = &all.said[i];

        if (everything || is_over(s, now))
            finish(s, now);
        left = s->since + MINUTE_MS - now;
        if (s->kind != NULL && s->more > 0 && (least < 0 || left < least))
            least = left;
    }
    (void)pthread_mutex_unlock(&all.lock);
    return (int)least;
}
