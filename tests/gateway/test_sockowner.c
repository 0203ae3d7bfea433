/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_sockowner.c - whose socket it is, also when the answer takes its time. */
#include "config.h"

#include "tests/unit/cs_hex.h"
/* NOLINTNEXTLINE(bugprone-suspicious-include): its process, to be stopped */
#include "helper/gateway/sockowner.c"

#define TURNS 600               /* of 50 ms, until it has caught up */

static struct sockowner *who;
static int sockets[2];
static unsigned long inode;
static char me[SOCKOWNER_MAX];

static void
ask_name(char name[SOCKOWNER_MAX])
{
    sockowner_program(who, inode, name);
}

static void
test_answers(void **state)
{
    unsigned long inodes[2] = { inode, 1 };
    char name[SOCKOWNER_MAX];
    pid_t pids[2];

    (void)state;
    ask_name(name);
    assert_string_equal(name, me);
    sockowner_pids(who, inodes, pids, 2);
    assert_int_equal(pids[0], getpid());
    assert_int_equal(pids[1], 0);
}

/* What a program calls itself is for people. */
static void
test_odd_name(void **state)
{
    char name[SOCKOWNER_MAX], want[SOCKOWNER_MAX], was[16];

    (void)state;
    (void)snprintf(want, sizeof(want), "a?[2J?b[%ld]", (long)getpid());
    assert_int_equal(prctl(PR_GET_NAME, was), 0);
    assert_int_equal(prctl(PR_SET_NAME, "a\033[2J\nb"), 0);
    ask_name(name);
    assert_int_equal(prctl(PR_SET_NAME, was), 0);
    assert_string_equal(name, want);
}

/* Nobody waits again for one that is late, and it is asked again after. */
static void
test_late(void **state)
{
    unsigned long other = 1;
    char name[SOCKOWNER_MAX];
    pid_t pid = 1;
    int i;

    (void)state;
    assert_int_equal(kill(who->pid, SIGSTOP), 0);
    for (i = 0; i < 100; i++) {
        ask_name(name);
        assert_string_equal(name, "?");
    }
    assert_int_equal(kill(who->pid, SIGCONT), 0);
    /* The late answer is not taken for one to this question. */
    for (i = 0; i < TURNS && who->late; i++) {
        sockowner_pids(who, &other, &pid, 1);
        assert_int_equal(pid, 0);
        (void)usleep(50000);
    }
    ask_name(name);
    assert_string_equal(name, me);
}

static void
test_ended(void **state)
{
    char name[SOCKOWNER_MAX];

    (void)state;
    assert_int_equal(kill(who->pid, SIGKILL), 0);
    ask_name(name);
    assert_string_equal(name, "?");
    ask_name(name);
    assert_string_equal(name, "?");
}

static int
set_up(void **state)
{
    struct cs_error err;
    struct stat st;

    (void)state;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 ||
        fstat(sockets[0], &st) != 0)
        return -1;
    inode = st.st_ino;
    name_process(getpid(), me);
    return sockowner_new(&who, &err);
}

static int
clean_up(void **state)
{
    (void)state;
    sockowner_free(&who);
    close(sockets[0]);
    close(sockets[1]);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_odd_name),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_ended),
    };

    return cmocka_run_group_tests_name("who", tests, set_up, clean_up);
}
