/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_program.c - what a program calls itself. */
#include "config.h"

#include <string.h>

#include "plugin/base/program.h"
#include "tests/unit/unit.h"

#define NAME_OF(cmdline, want)                                          \
    do {                                                                \
        char got[GW_PROGRAM_MAX];                                       \
        gw_program_of_cmdline(cmdline, sizeof(cmdline), got, sizeof(got)); \
        assert_string_equal(got, want);                                 \
    } while (0)

static void
test_programs(void **state)
{
    (void)state;
    NAME_OF("curl\0--negotiate\0http://x/", "curl");
    NAME_OF("/usr/bin/curl", "curl");
    NAME_OF("/opt/x/", "_opt_x_");
}

static void
test_interpreters(void **state)
{
    (void)state;
    NAME_OF("/usr/bin/python3\0/usr/bin/ansible-playbook\0site.yml",
            "ansible-playbook");
    NAME_OF("python3.11\0-u\0./w.py", "w.py");
    NAME_OF("python3\0-m\0pypsrp", "pypsrp");
    NAME_OF("python3\0-c\0import os", "python3");
    NAME_OF("ruby\0-W0\0/usr/bin/evil-winrm\0-i\0x", "evil-winrm");
    NAME_OF("ruby\0-e\0puts 1", "ruby");
    NAME_OF("python3", "python3");
    NAME_OF("pythonista\0script.py", "pythonista");
    NAME_OF("sh\0-", "sh");
}

static void
test_strange(void **state)
{
    char buf[8];

    (void)state;
    NAME_OF("", "unknown");
    NAME_OF("a b@c(d)", "a_b_c_d_");
    NAME_OF("dir/b\xc3\xa9\n", "b___");
    gw_program_of_cmdline(NULL, 0, buf, sizeof(buf));
    assert_string_equal(buf, "unknown");
    gw_program_of_cmdline("abc", 3, buf, sizeof(buf));  /* no NUL at its end */
    assert_string_equal(buf, "unknown");
    gw_program_of_cmdline("averylongname", 14, buf, sizeof(buf));
    assert_string_equal(buf, "averylo");
}

static void
test_own_name(void **state)
{
    char buf[GW_PROGRAM_MAX];

    (void)state;
    gw_program_name(buf, sizeof(buf));
    assert_non_null(strstr(buf, "test_program"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_interpreters),
        cmocka_unit_test(test_strange),
        cmocka_unit_test(test_own_name),
    };

    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
