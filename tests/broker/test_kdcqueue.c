/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_kdcqueue.c - who waits for the KDC, and until when. */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "helper/broker/kdcqueue.h"

#define PLACES 8                /* as kdcqueue.c has them */
#define MORE 24

static const struct timespec a_moment = { 0, 20000000L };

static int64_t
now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Those in front need a while each; all get their places. */
static void *
ask(void *limit)
{
    if (!place_begin(*(int64_t *)limit))
        return NULL;
    (void)nanosleep(&a_moment, NULL);
    place_end();
    return limit;
}

static void
test_all_wait(void **state)
{
    int64_t limit = kdcqueue_limit() + 600000;      /* a busy machine */
    pthread_t threads[MORE];
    void *got;
    int i;

    (void)state;
    for (i = 0; i < MORE; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &limit), 0);
    for (i = 0; i < MORE; i++) {
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_ptr_equal(got, &limit);
    }
}

/* Nobody asks without one; who has waited long enough is told so. */
static void
test_limit(void **state)
{
    int64_t began = now(), limit = began + 300;
    int i;

    (void)state;
    for (i = 0; i < PLACES; i++)
        assert_true(place_begin(began + 600000));
    assert_false(place_begin(limit));
    assert_true(now() >= limit - 1);
    assert_false(place_begin(began));
    place_end();
    assert_true(place_begin(began + 600000));
    for (i = 0; i < PLACES; i++)
        place_end();
}

/* The KDC is asked again as long as a client waits, which is no 30 seconds. */
static void
test_again(void **state)
{
    int64_t left = kdcqueue_limit() - now();

    (void)state;
    assert_true(left > 20000 && left < 30000);
    assert_true(kdcqueue_again(now() + 600000));
    assert_false(kdcqueue_again(now()));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_wait),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_again),
    };

    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
