/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_trace.c - lines in the trace file, byte for byte. */
#include "config.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/base/trace.h"
#include "tests/unit/unit.h"

static char path[300];

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/trace", unit_dir());
    (void)unlink(path);
    return setenv("KRB5_TRACE", path, 1);
}

static void
file_matches(const char *pattern)
{
    char *text = unit_read(path);
    regex_t re;

    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED), 0);
    if (regexec(&re, text, 0, NULL, 0) != 0)
        fail_msg("%s does not match %s", text, pattern);
    regfree(&re);
    free(text);
}

static void
test_lines(void **state)
{
    struct stat st;

    (void)state;
    assert_true(gw_tracing());
    gw_trace("%s: sending %s", "HTTP@a", "HOST@a");
    gw_trace("two");
    file_matches("^\\[[0-9]+\\] [0-9]{10,}\\.[0-9]{6}: gss-winrm: "
                 "HTTP@a: sending HOST@a\n"
                 "\\[[0-9]+\\] [0-9]{10,}\\.[0-9]{6}: gss-winrm: two\n$");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_control_characters(void **state)
{
    (void)state;
    gw_trace("a\nb\x1b[31mc\x80" "d");
    file_matches(": gss-winrm: a\\?b\\?\\[31mc\\?d\n$");
}

static void
test_long_line(void **state)
{
    char *text, *big = calloc(1, 5001);

    (void)state;
    memset(big, 'x', 5000);
    gw_trace("%s", big);
    text = unit_read(path);
    assert_int_equal(strlen(text), 1023);
    assert_int_equal(text[1022], '\n');
    free(text);
    free(big);
}

static void
test_off(void **state)
{
    (void)state;
    unsetenv("KRB5_TRACE");
    assert_false(gw_tracing());
    gw_trace("nobody reads");
    setenv("KRB5_TRACE", "", 1);
    assert_false(gw_tracing());
    gw_trace("nobody reads");
    setenv("KRB5_TRACE", "/no/such/directory/trace", 1);
    gw_trace("cannot be written");
    assert_int_not_equal(access(path, F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines, setup),
        cmocka_unit_test_setup(test_control_characters, setup),
        cmocka_unit_test_setup(test_long_line, setup),
        cmocka_unit_test_setup(test_off, setup),
    };

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
