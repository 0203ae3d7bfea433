/* turns.c - not all at once at the KDC. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <time.h>

#include "turns.h"

#define TURNS 64                /* who shares one waits a bit more */
#define PATIENCE_SECONDS 3
#define PLACES 8                /* at the KDC */
#define QUEUE_SECONDS 15        /* hundreds may be in front of us */

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

int
place_begin(void)
{
    struct timespec until;
    int ret;

    (void)pthread_once(&once, prepare);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += QUEUE_SECONDS;
    do {
        ret = sem_timedwait(&places, &until);
    } while (ret != 0 && errno == EINTR);
    return ret == 0;
}

void
place_end(int place)
{
    if (place)
        (void)sem_post(&places);
}
