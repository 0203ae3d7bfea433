/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_slots.c - who has the gateway's places, by a clock of the test's. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "helper/gateway/slots.h"

#define LIMIT 8                 /* so that 6 are one program's share */
#define SHARE 6
#define IDLE_MS 120000
#define MINE 100
#define OTHER 200

static struct slots *places;
static struct cs_error err;

/* A connection, the client's end and ours. */
struct visitor {
    int client, fd;
    struct place *place;
};

static int
begin(void **state)
{
    (void)state;
    return slots_new(LIMIT, IDLE_MS, &places, &err);
}

static int
end(void **state)
{
    (void)state;
    slots_free(&places);
    assert_null(places);
    return 0;
}

static int
come(struct visitor *v, pid_t pid, int64_t now)
{
    int pair[2], ret;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                     0);
    v->client = pair[0];
    v->fd = pair[1];
    v->place = NULL;
    ret = slots_take(places, v->fd, (unsigned long)v->fd, pid, now, &err);
    if (ret == 0) {
        v->place = slots_arrive(places, v->fd);
        assert_non_null(v->place);
    }
    return ret;
}

static void
leave(struct visitor *v)
{
    slot_leave(&v->place);
    assert_null(v->place);
    close(v->client);
    close(v->fd);
}

/* Has its connection been ended? */
static int
is_cut(const struct visitor *v)
{
    char c;

    return recv(v->client, &c, 1, 0) == 0;
}

static int
cut_ones(const struct visitor *v, int n)
{
    int count = 0;

    while (n-- > 0)
        count += is_cut(v++);
    return count;
}

static void
come_all(struct visitor *v, int n, pid_t pid, int64_t now)
{
    while (n-- > 0)
        assert_int_equal(come(v++, pid, now), 0);
}

static void
leave_all(struct visitor *v, int n)
{
    while (n-- > 0)
        leave(v++);
}

static void
test_share(void **state)
{
    struct visitor v[LIMIT + 1];
    int i;

    (void)state;
    come_all(v, SHARE, MINE, 0);
    for (i = 0; i < SHARE; i++)
        slot_is(v[i].place, SLOT_BUSY, 0);
    assert_int_equal(come(&v[SHARE], MINE, 5000), CS_POLICY);
    assert_non_null(strstr(err.text, "6 of the gateway's 8 connections"));
    leave(&v[SHARE]);
    come_all(v + SHARE, LIMIT - SHARE, OTHER, 5000);
    assert_int_equal(come(&v[LIMIT], OTHER, 5000), CS_POLICY);
    assert_non_null(strstr(err.text, "all of the gateway's 8 connections"));
    leave(&v[LIMIT]);
    assert_int_equal(cut_ones(v, LIMIT), 0);
    leave(&v[0]);
    assert_int_equal(come(&v[0], OTHER, 5000), 0);
    leave_all(v, LIMIT);
    assert_int_equal(slots_count(places), 0);
}

/* The oldest half-open one of a program goes for another of its own. */
static void
test_own_half_open(void **state)
{
    struct visitor v[SHARE + 2];

    (void)state;
    come_all(v, SHARE, MINE, 0);
    slot_is(v[0].place, SLOT_BUSY, 0);
    /* What is new may be about to say something. */
    assert_int_equal(come(&v[SHARE], MINE, 500), CS_POLICY);
    leave(&v[SHARE]);
    assert_int_equal(come(&v[SHARE], MINE, 2000), 0);
    assert_true(is_cut(&v[1]));
    assert_int_equal(cut_ones(v, SHARE + 1), 1);
    slot_is(v[2].place, SLOT_BODY, 2000);
    slot_is(v[3].place, SLOT_IDLE, 2000);
    assert_int_equal(come(&v[SHARE + 1], MINE, 4000), 0);
    assert_true(is_cut(&v[2]));
    assert_int_equal(slots_count(places), SHARE);
    leave_all(v, SHARE + 2);
}

/* And of the program that has most of them for another's. */
static void
test_greediest(void **state)
{
    struct visitor v[LIMIT + 2];

    (void)state;
    come_all(v, 3, OTHER, 0);
    come_all(v + 3, 5, MINE, 1000);
    assert_int_equal(come(&v[LIMIT], 300, 3000), 0);
    assert_true(is_cut(&v[3]));
    assert_int_equal(cut_ones(v, LIMIT + 1), 1);
    /* Those that are not known are one program. */
    assert_int_equal(come(&v[LIMIT + 1], 0, 3000), 0);
    assert_true(is_cut(&v[4]));
    leave_all(v, LIMIT + 2);
    /* Whatever their numbers. */
    come_all(v, 3, MINE, 4000);
    come_all(v + 3, 5, OTHER, 5000);
    assert_int_equal(come(&v[LIMIT], 300, 7000), 0);
    assert_true(is_cut(&v[3]));
    leave_all(v, LIMIT + 1);
}

/* Connections that are cut, and stay, have no end of places. */
static void
test_spare(void **state)
{
    const int room = LIMIT + (int)slots_spare(LIMIT);
    struct visitor v[64];
    int i;

    (void)state;
    assert_true(room < 64);
    for (i = 0; i < room; i++)
        assert_int_equal(come(&v[i], 1000 + i, (int64_t)i * 2000), 0);
    assert_int_equal(slots_count(places), LIMIT);
    assert_int_equal(come(&v[room], MINE, 1000000), CS_POLICY);
    leave(&v[room]);
    leave(&v[0]);
    assert_int_equal(come(&v[0], MINE, 1000000), 0);
    leave_all(v, room);
}

static void
test_deadlines(void **state)
{
    struct visitor v[4];

    (void)state;
    come_all(v, 4, MINE, 0);
    slot_is(v[1].place, SLOT_BODY, 5000);
    slot_is(v[2].place, SLOT_BUSY, 5000);
    slot_is(v[3].place, SLOT_IDLE, 5000);
    slots_tidy(places, 9999);
    assert_int_equal(cut_ones(v, 4), 0);
    slots_tidy(places, 10000);
    assert_true(is_cut(&v[0]));
    /* 20 s, and a second for 1000 bytes. */
    slot_received(v[1].place, 3000);
    slots_tidy(places, 27999);
    assert_int_equal(cut_ones(v, 4), 1);
    slots_tidy(places, 28000);
    assert_true(is_cut(&v[1]));
    slots_tidy(places, 5000 + IDLE_MS);
    assert_true(is_cut(&v[3]));
    slots_tidy(places, (int64_t)1 << 40);
    assert_int_equal(cut_ones(v, 4), 3);
    assert_int_equal(slots_count(places), 1);
    slots_cut_all(places);
    assert_int_equal(cut_ones(v, 4), 4);
    assert_int_equal(slots_count(places), 0);
    /* It is cut, whatever it does. */
    slot_is(v[2].place, SLOT_HEAD, 0);
    slot_received(v[2].place, 1);
    assert_int_equal(slots_count(places), 0);
    leave_all(v, 4);
}

/* One that nobody ever served, or will. */
static void
test_lost(void **state)
{
    int fd[2], other[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    assert_int_equal(slots_take(places, fd[0], 1, MINE, 0, &err), 0);
    slots_cancel(places, fd[0]);
    assert_int_equal(slots_count(places), 0);
    assert_null(slots_arrive(places, fd[0]));
    assert_int_equal(slots_take(places, fd[0], 1, MINE, 0, &err), 0);
    assert_int_equal(slots_take(places, other[0], 1, MINE, 0, &err), 0);
    slots_tidy(places, 20000);
    assert_int_equal(slots_count(places), 0);
    /* Late, but there. */
    {
        struct place *late = slots_arrive(places, other[0]);

        assert_non_null(late);
        slots_tidy(places, 70000);
        assert_null(slots_arrive(places, fd[0]));
        slot_leave(&late);
    }
    close(fd[0]);
    close(fd[1]);
    close(other[0]);
    close(other[1]);
}

/* Who is asked for when it gets crowded. */
static void
test_programs(void **state)
{
    struct visitor v[LIMIT];
    unsigned long inodes[LIMIT];
    const pid_t pids[] = { MINE, MINE, MINE, MINE, OTHER };
    int i;

    (void)state;
    come_all(v, 5, PLACES_UNASKED, 0);
    for (i = 0; i < 5; i++)
        slot_is(v[i].place, SLOT_BUSY, 0);
    assert_false(slots_crowded(places, 1));
    assert_true(slots_crowded(places, 2));
    assert_int_equal(slots_unknown(places, inodes, 3), 3);
    assert_int_equal(slots_unknown(places, inodes, LIMIT), 5);
    leave(&v[1]);
    slots_know(places, inodes, pids, 5);
    assert_int_equal(slots_unknown(places, inodes, LIMIT), 0);
    come_all(v + 5, 3, MINE, 0);
    v[1] = v[7];
    slot_is(v[5].place, SLOT_BUSY, 0);
    slot_is(v[6].place, SLOT_BUSY, 0);
    slot_is(v[1].place, SLOT_BUSY, 0);
    /* Three and three are MINE's, one OTHER's. */
    assert_int_equal(come(&v[7], MINE, 5000), CS_POLICY);
    leave(&v[7]);
    assert_int_equal(come(&v[7], OTHER, 5000), 0);
    leave_all(v, LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_share, begin, end),
        cmocka_unit_test_setup_teardown(test_own_half_open, begin, end),
        cmocka_unit_test_setup_teardown(test_greediest, begin, end),
        cmocka_unit_test_setup_teardown(test_spare, begin, end),
        cmocka_unit_test_setup_teardown(test_deadlines, begin, end),
        cmocka_unit_test_setup_teardown(test_lost, begin, end),
        cmocka_unit_test_setup_teardown(test_programs, begin, end),
    };

    return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
