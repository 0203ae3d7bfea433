/* turns.c - one at a time, where all would ask the KDC the same. */
#include "config.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "turns.h"

#define TURNS 64                /* who shares one waits a bit more */
#define PATIENCE_SECONDS 3

static pthread_mutex_t turns[TURNS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
prepare(void)
{
    int i;

    for (i = 0; i < TURNS; i++)
        (void)pthread_mutex_init(&turns[i], NULL);
}

static uint32_t
hash(uint32_t h, const char *s)
{
    while (*s != '\0')
        h = (h ^ (unsigned char)*s++) * UINT32_C(16777619);
    return h;
}

int
turn_begin(const char *credential, const char *spn)
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
turn_end(int turn)
{
    if (turn >= 0)
        (void)pthread_mutex_unlock(&turns[turn]);
}
