/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* kdcqueue.c - limit how many sessions ask the KDC at once. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <time.h>

#include "plugin/base/clock.h"
#include "helper/broker/kdcqueue.h"

#define TURNS 64                /* who shares one waits a bit more */
#define PATIENCE_SECONDS 3
#define PLACES 8                /* at the KDC */
#define SESSION_SECONDS 25      /* WinRM's clients give up after 30 */
#define AGAIN_MS 500

static pthread_mutex_t turns[TURNS];
static sem_t places;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
prepare(void)
{
    int i;

    for (i = 0; i < TURNS; i++)
        (void)pthread_mutex_init(&turns[i], NULL);
    (void)sem_init(&places, 0, PLACES);
}

static uint32_t
hash(uint32_t h, const char *s)
{
    while (*s != '\0')
        h = (h ^ (unsigned char)*s++) * UINT32_C(16777619);
    return h;
}

int
kdcqueue_begin(const char *credential, const char *spn)
{
    int turn = (int)(hash(hash(UINT32_C(2166136261), credential), spn) %
                     TURNS);
    struct timespec until;

    (void)pthread_once(&once, prepare);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    return pthread_mutex_timedlock(&turns[turn], &until) == 0 ? turn : -1;
}

void
kdcqueue_end(int turn)
{
    if (turn >= 0)
        (void)pthread_mutex_unlock(&turns[turn]);
}

int64_t
kdcqueue_limit(void)
{
    return gw_now_ms() + (int64_t)SESSION_SECONDS * 1000;
}

int
kdcqueue_again(int64_t limit)
{
    const struct timespec pause = { 0, AGAIN_MS * 1000000L };

    if (gw_now_ms() + AGAIN_MS >= limit)
        return 0;
    (void)nanosleep(&pause, NULL);
    return 1;
}

int
place_begin(int64_t limit)
{
    struct timespec until;
    int64_t left = limit - gw_now_ms();
    int ret;

    (void)pthread_once(&once, prepare);
    if (left < 0)
        left = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(left / 1000);
    until.tv_nsec += (long)(left % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    do {
        ret = sem_timedwait(&places, &until);
    } while (ret != 0 && errno == EINTR);
    return ret == 0;
}

void
place_end(void)
{
    (void)sem_post(&places);
}
