/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_uid.c - is a user id somebody's? */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/base/uid.h"
#include "tests/unit/unit.h"

static char self[4096];         /* this program */

#define WHOLE "         0          0 4294967295\n"

static const struct {
    const char *map;
    unsigned long long count;
} table[] = {
    { WHOLE, 4294967295ULL },
    { "", 0 },
    { "0 1000 1\n", 1 },
    { "         0       1000          1\n         1     100000      65536\n",
      65537 },
    { "0 0 2147483647\n2147483647 2147483647 2147483648\n", 4294967295ULL },
    { "0 0\n0 0 7\n", 7 },
    { "0 0 7", 0 },             /* the kernel ends its lines */
    { "0 0 7 9\n", 7 },
};

static unsigned long long
count_by(const char *map, size_t step)
{
    unsigned long long sum = 0, n = 0;
    size_t len = strlen(map), i;
    int at = 0;

    for (i = 0; i < len; i += step)
        sum += gw_uid_map_count(map + i, step < len - i ? step : len - i, &at,
                                &n);
    return sum;
}

static void
test_map(void **state)
{
    size_t i, step;

    (void)state;
    for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
        for (step = 1; step < 40; step++)
            assert_int_equal(count_by(table[i].map, step), table[i].count);
    }
}

/* In a user namespace without a map: the program anew, since threads (of a
 * sanitizer, say) cannot go there.  Returns whether it is as it should be. */
static int
child(void)
{
    errno = 7;
    return gw_uid_is_anybodys(geteuid()) && !gw_uid_is_ours(geteuid()) &&
        !gw_uid_is_anybodys(1000) && errno == 7;
}

static int
may_unshare(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execlp("unshare", "unshare", "-U", "true", (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid &&
        WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Ours is ours; in a namespace without a map it is anybody's. */
static void
test_namespace(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    assert_true(gw_uid_is_ours(geteuid()));
    assert_false(gw_uid_is_ours(geteuid() + 1));
    if (!may_unshare()) {
        print_message("# no user namespaces here: tests/attacks/overflow_uid "
                      "(root) shows it\n");
        return;
    }
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execlp("unshare", "unshare", "-U", self, "child",
                     (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_namespace),
    };

    if (argc > 1 && strcmp(argv[1], "child") == 0)
        return child() ? 0 : 1;
    (void)!readlink("/proc/self/exe", self, sizeof(self) - 1);
    return cmocka_run_group_tests_name("uid", tests, NULL, NULL);
}
