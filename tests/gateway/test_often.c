/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_often.c - log lines that others can cause as often as they like. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "helper/common/often.h"
#include "helper/common/say.h"

static const struct often one = { 1 }, three = { 3 };
static char lines[400][640];
static int n, priority_seen;

/* The linker has often.c's calls come here: a clock to be put on. */
__typeof__(clock_gettime) __real_clock_gettime, __wrap_clock_gettime;
static time_t ahead;

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    int ret = __real_clock_gettime(id, ts);

    ts->tv_sec += ahead;
    return ret;
}

/* In the place of say.c's. */
void
say_log(int priority, const char *fmt, ...)
{
    va_list ap;

    assert_true(n < 400);
    va_start(ap, fmt);
    (void)vsnprintf(lines[n++], sizeof(*lines), fmt, ap);
    va_end(ap);
    priority_seen = priority;
}

static int
begin(void **state)
{
    (void)state;
    n = 0;
    return 0;
}

/* Nothing is left for the next test. */
static int
end(void **state)
{
    (void)state;
    (void)often_tell(1);
    return 0;
}

static void
test_first_and_sum(void **state)
{
    int i;

    (void)state;
    assert_int_equal(often_tell(0), -1);
    for (i = 0; i < 27000; i++)
        often_log(&one, 1000, LOG_WARNING, "refused uid %u", 1000U);
    assert_int_equal(n, 1);
    assert_string_equal(lines[0], "refused uid 1000");
    i = often_tell(0);
    assert_true(i > 50000 && i <= 60000);
    assert_int_equal(n, 1);
    assert_int_equal(often_tell(1), -1);
    assert_int_equal(n, 2);
    assert_string_equal(lines[1], "refused uid 1000 (26999 more in the last "
                        "0 s)");
    assert_int_equal(priority_seen, LOG_WARNING);
    /* It has been told. */
    assert_int_equal(often_tell(1), -1);
    assert_int_equal(n, 2);
}

/* After a minute the sum is told, and the lines are counted from the first. */
static void
test_minute(void **state)
{
    (void)state;
    often_log(&one, 1, LOG_INFO, "a");
    often_log(&one, 1, LOG_INFO, "b");
    often_log(&one, 1, LOG_INFO, "c");
    ahead += 58;
    assert_true(often_tell(0) >= 0);
    assert_int_equal(n, 1);
    ahead += 3;
    assert_int_equal(often_tell(0), -1);
    assert_int_equal(n, 2);
    assert_memory_equal(lines[1], "c (2 more in the last 6", 23);
    often_log(&one, 1, LOG_INFO, "d");
    assert_int_equal(n, 3);
    often_log(&one, 1, LOG_INFO, "e");
    /* Or with the next line. */
    ahead += 61;
    often_log(&one, 1, LOG_INFO, "f");
    assert_int_equal(n, 5);
    assert_memory_equal(lines[3], "e (1 more", 9);
    assert_string_equal(lines[4], "f");
}

static void
test_kinds_and_keys(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        often_log(&one, 1, LOG_INFO, "a");
        often_log(&one, 2, LOG_INFO, "b");
        often_log(&three, 1, LOG_INFO, "c");
    }
    assert_int_equal(n, 5);
    (void)often_tell(1);
    assert_int_equal(n, 8);
    /* A new minute. */
    often_log(&one, 1, LOG_INFO, "a");
    assert_int_equal(n, 9);
}

/* Whoever makes up texts gets no more lines, and hides nobody else. */
static void
test_many_texts(void **state)
{
    int i, before;

    (void)state;
    for (i = 0; i < 100000; i++)
        often_log(&three, OFTEN_BY_TEXT, LOG_INFO, "no way to %d.example", i);
    assert_true(n <= 32 * 3);
    before = n;
    often_log(&one, 1000, LOG_INFO, "refused uid 1000");
    assert_int_equal(n, before + 1);
    assert_string_equal(lines[before], "refused uid 1000");
    for (i = 0; i < 100000; i++)
        often_log(&one, (unsigned long)i, LOG_INFO, "refused uid %d", i);
    assert_true(n <= before + 16);
    before = n;
    (void)often_tell(1);
    assert_true(n <= before + 48);
}

static void
test_long(void **state)
{
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    often_log(&one, 1, LOG_INFO, "%s", text);
    often_log(&one, 1, LOG_INFO, "%s", text);
    (void)often_tell(1);
    assert_int_equal(n, 2);
    assert_true(strlen(lines[0]) < 600);
    assert_non_null(strstr(lines[1], " (1 more in the last"));
}

static void *
chatter(void *data)
{
    int i;

    for (i = 0; i < 2000; i++) {
        often_log(&one, OFTEN_BY_TEXT, LOG_INFO, "%s %d", (char *)data, i % 7);
        (void)often_tell(0);
    }
    return NULL;
}

static void
test_threads(void **state)
{
    static char names[4][2] = { "a", "b", "c", "d" };
    pthread_t threads[4];
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, names[i]),
                         0);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(n, 28);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_and_sum, begin, end),
        cmocka_unit_test_setup_teardown(test_minute, begin, end),
        cmocka_unit_test_setup_teardown(test_kinds_and_keys, begin, end),
        cmocka_unit_test_setup_teardown(test_many_texts, begin, end),
        cmocka_unit_test_setup_teardown(test_long, begin, end),
        cmocka_unit_test_setup_teardown(test_threads, begin, end),
    };

    return cmocka_run_group_tests_name("often", tests, NULL, NULL);
}
