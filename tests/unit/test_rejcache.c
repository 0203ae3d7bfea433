/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_rejcache.c - what the process remembers of a host's answers. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugin/lock.h"
#include "plugin/rejcache.h"
#include "tests/unit/unit.h"

static const struct gw_traffic unconnected = { 0, 0, 0 };
static const struct gw_traffic before = { 7, 100, 0 };
static const struct gw_traffic after = { 7, 200, 0 };
static const struct gw_traffic elsewhere = { 8, 900, 0 };

/* The linker has the plugin's own calls come here: a clock to be put on. */
__typeof__(clock_gettime) __real_clock_gettime, __wrap_clock_gettime;
static time_t ahead;

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    int ret = __real_clock_gettime(id, ts);

    ts->tv_sec += ahead;
    return ret;
}

static void
rejected_is(const char *host, int stale, const struct gw_traffic *traffic,
            const char *want)
{
    char name[GW_MEMORY_NAME] = "";

    assert_int_equal(gw_rejcache_was_rejected(host, stale, traffic, name),
                     want != NULL);
    assert_string_equal(name, want != NULL ? want : "");
}

static void
test_unknown_host(void **state)
{
    char name[GW_MEMORY_NAME];

    (void)state;
    rejected_is("a", 1, &after, NULL);
    assert_false(gw_rejcache_is_rejected("a", "HOST@a"));
    assert_false(gw_rejcache_learned("a", name));
    assert_false(gw_rejcache_proven("a"));
}

static void
test_stale_token(void **state)
{
    (void)state;
    gw_rejcache_sent("b", "HTTP@b", &before, 0);
    rejected_is("B", 1, &before, "HTTP@b");
    assert_true(gw_rejcache_is_rejected("b", "http@B"));
    rejected_is("b", 1, &before, NULL);         /* once */
}

static void
test_answer_on_the_connection(void **state)
{
    (void)state;
    gw_rejcache_sent("c", "HOST@c", &before, 0);
    rejected_is("c", 0, &before, NULL);         /* nothing has come yet */
    rejected_is("c", 0, &elsewhere, NULL);      /* another connection */
    rejected_is("c", 0, &unconnected, NULL);
    rejected_is("c", 0, &after, "HOST@c");
    gw_rejcache_sent("d", "HTTP@d", &unconnected, 0);
    rejected_is("d", 0, &unconnected, NULL);
    rejected_is("d", 0, &elsewhere, "HTTP@d");  /* sent before connecting */
}

/* A connection is an answer to what was sent before it for half a minute. */
static void
test_unconnected_lifetime(void **state)
{
    (void)state;
    gw_rejcache_sent("soon", "HTTP@soon", &unconnected, 0);
    ahead += 29;
    rejected_is("soon", 0, &elsewhere, "HTTP@soon");
    gw_rejcache_sent("late", "HTTP@late", &unconnected, 0);
    ahead += 32;
    rejected_is("late", 0, &elsewhere, NULL);
    rejected_is("late", 1, &elsewhere, "HTTP@late");
    /* On a connection, time says nothing. */
    gw_rejcache_sent("slow", "HTTP@slow", &before, 0);
    ahead += 60;
    rejected_is("slow", 0, &after, "HTTP@slow");
}

/* Ten minutes after the last one, rejections are forgotten; after as long
 * without a use, all of a host is. */
static void
test_lifetime(void **state)
{
    char name[GW_MEMORY_NAME];
    int i;

    (void)state;
    gw_rejcache_reject("old", "HOST@old");
    gw_rejcache_learn("old", "WSMAN@old");
    gw_rejcache_reject("unused", "HOST@unused");
    gw_rejcache_learn("unused", "WSMAN@unused");
    for (i = 0; i < 2; i++) {
        ahead += 299;
        assert_true(gw_rejcache_is_rejected("old", "HOST@old"));
    }
    ahead += 4;
    assert_false(gw_rejcache_is_rejected("old", "HOST@old"));
    assert_true(gw_rejcache_learned("old", name));
    assert_false(gw_rejcache_learned("unused", name));
}

/* Accepted or not, a context that wants no answer looks the same. */
static void
test_one_leg(void **state)
{
    (void)state;
    gw_rejcache_sent("one", "HOST@one", &before, 1);
    rejected_is("one", 0, &after, NULL);
    rejected_is("one", 1, &after, "HOST@one");
}

static void
test_pending(void **state)
{
    char name[GW_MEMORY_NAME];

    (void)state;
    assert_false(gw_rejcache_take_pending("p", name));
    gw_rejcache_sent("p", "HOST@p", &before, 0);
    assert_true(gw_rejcache_take_pending("P", name));
    assert_string_equal(name, "HOST@p");
    assert_false(gw_rejcache_take_pending("p", name));
    assert_false(gw_rejcache_is_rejected("p", "HOST@p"));
}

static void
test_learning(void **state)
{
    char name[GW_MEMORY_NAME];

    (void)state;
    assert_false(gw_rejcache_proven("e"));
    gw_rejcache_reject("e", "HOST@e");
    assert_true(gw_rejcache_proven("e"));
    assert_false(gw_rejcache_is_rejected("e", "HOST@e"));
    assert_false(gw_rejcache_proven("e"));
    assert_false(gw_rejcache_learned("e", name));
    gw_rejcache_learn("e", "WSMAN@e");
    assert_true(gw_rejcache_learned("E", name));
    assert_string_equal(name, "WSMAN@e");
    /* A learned name that is rejected later is learned no more. */
    gw_rejcache_reject("e", "wsman@E");
    assert_false(gw_rejcache_learned("e", name));
}

static void
test_start_over(void **state)
{
    (void)state;
    gw_rejcache_reject("f", "HOST@f");
    gw_rejcache_start_over("f");
    assert_false(gw_rejcache_is_rejected("f", "HOST@f"));
}

static void
test_long_names(void **state)
{
    char host[1000], name[1000], out[GW_MEMORY_NAME];
    int i;

    (void)state;
    memset(host, 'h', sizeof(host) - 1);
    memset(name, 'n', sizeof(name) - 1);
    host[999] = name[999] = '\0';
    for (i = 0; i < 16; i++) {
        (void)snprintf(out, sizeof(out), "kept%d", i);
        gw_rejcache_reject(out, "HOST@x");
    }
    gw_rejcache_sent(host, "HOST@x", &before, 0);
    rejected_is(host, 1, &before, NULL);
    gw_rejcache_reject(host, "HOST@x");
    assert_false(gw_rejcache_is_rejected(host, "HOST@x"));
    /* It has taken nobody's place. */
    for (i = 0; i < 16; i++) {
        (void)snprintf(out, sizeof(out), "kept%d", i);
        assert_true(gw_rejcache_is_rejected(out, "HOST@x"));
    }
    gw_rejcache_sent("g", name, &before, 0);
    rejected_is("g", 1, &before, NULL);
    gw_rejcache_reject("g", name);
    assert_true(gw_rejcache_is_rejected("g", name));
    gw_rejcache_learn("g", name);
    assert_false(gw_rejcache_learned("g", out));
}

/* More hosts than there is room for: the oldest go, the newest stay. */
static void
test_many_hosts(void **state)
{
    char host[32];
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        (void)snprintf(host, sizeof(host), "many%d", i);
        gw_rejcache_reject(host, "HOST@x");
        assert_true(gw_rejcache_is_rejected(host, "HOST@x"));
    }
    assert_false(gw_rejcache_is_rejected("many0", "HOST@x"));
    for (i = 0; i < 100; i++) {
        (void)snprintf(host, sizeof(host), "NAME@%d", i);
        gw_rejcache_reject("many99", host);
    }
    assert_true(gw_rejcache_is_rejected("many99", "NAME@5"));
}

static void *
hammer(void *arg)
{
    char host[32], name[GW_MEMORY_NAME];
    int i;

    for (i = 0; i < 2000; i++) {
        (void)snprintf(host, sizeof(host), "t%d", i % 20);
        gw_rejcache_sent(host, arg, &before, 0);
        (void)gw_rejcache_was_rejected(host, i & 1, &after, name);
        (void)gw_rejcache_proven(host);
        gw_rejcache_learn(host, arg);
        (void)gw_rejcache_learned(host, name);
    }
    return NULL;
}

/* Children of a fork in the middle of it all can use the memory. */
static void
test_threads_and_fork(void **state)
{
    pthread_t threads[8];
    int i, status;
    pid_t pid;

    (void)state;
    gw_lock_init();
    gw_lock_init();
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer,
                                        (void *)(uintptr_t)"HOST@x"),
                         0);
    for (i = 0; i < 20; i++) {
        pid = fork();
        if (pid == 0) {
            (void)alarm(600);  /* no test is that slow; it would hang */
            gw_rejcache_reject("forked", "HOST@x");
            _exit(gw_rejcache_is_rejected("forked", "HOST@x") ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_host),
        cmocka_unit_test(test_stale_token),
        cmocka_unit_test(test_answer_on_the_connection),
        cmocka_unit_test(test_unconnected_lifetime),
        cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_one_leg),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_learning),
        cmocka_unit_test(test_start_over),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_many_hosts),
        cmocka_unit_test(test_threads_and_fork),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
