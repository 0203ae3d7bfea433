/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_ntlmfile.c - credentials in files. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/broker/ntlmfile.h"
#include "tests/unit/unit.h"

static struct vault *vault;

static int
setup(void **state)
{
    (void)state;
    return vault_new(&vault, NULL);
}

static int
teardown(void **state)
{
    (void)state;
    vault_free(&vault);
    return 0;
}

/* All lines as "DOMAIN/USER/PASSWORD,...", and then how it ended. */
static const char *
lines(const char *text)
{
    static char out[400];
    struct cs_span left = { (const uint8_t *)text, strlen(text) };
    struct ntlmfile_line l;
    unsigned int number = 0;
    size_t n = 0;
    int ret;

    while ((ret = ntlmfile_next(&left, &number, &l)) > 0)
        n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s/%.*s/%.*s,",
                              (int)l.domain.len, (const char *)l.domain.p,
                              (int)l.user.len, (const char *)l.user.p,
                              (int)l.password.len,
                              (const char *)l.password.p);
    (void)snprintf(out + n, sizeof(out) - n, "%d@%u", ret, number);
    return out;
}

static void
test_lines(void **state)
{
    (void)state;
    assert_string_equal(lines(""), "0@0");
    assert_string_equal(lines("D:u:p"), "D/u/p,0@1");
    assert_string_equal(lines("# no\n\nD:u:p:with: :colons\r\n:a@b:x\n"),
                        "D/u/p:with: :colons,/a@b/x,0@4");
    assert_string_equal(lines("D:u:\n"), "D/u/,0@1");
    assert_string_equal(lines("D:u:p\nD:u\nD:v:p"), "D/u/p,-2@2");
    assert_string_equal(lines("nothing"), "-2@1");
    assert_string_equal(lines("D::p"), "-2@1");
    assert_string_equal(lines("D:u:\xFF"), "-2@1");
    assert_string_equal(lines("\n\n#"), "0@3");
}

static int
load_fails(const char *path, const char *words)
{
    struct cs_error err = { 0 };

    return ntlmfile_load(path, 0, "t", vault, &err) != 0 &&
        strstr(err.text, words) != NULL && vault_count(vault) == 0;
}

static void
test_file(void **state)
{
    const char *path = unit_file("users", "T:alice:a\n:bob@R.EXAMPLE:b:c\n");
    char link[400];

    (void)state;
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(load_fails(path, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    (void)snprintf(link, sizeof(link), "%s-link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_true(load_fails(link, "is a symbolic link"));
    assert_true(load_fails(unit_dir(), "not a regular file"));
    (void)snprintf(link, sizeof(link), "%s/none", unit_dir());
    assert_true(load_fails(link, "No such file"));
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, 0), 0);
        assert_true(load_fails(path, "belongs to uid 12345"));
        assert_int_equal(chown(path, 0, 0), 0);
    }
    assert_int_equal(ntlmfile_load(path, 0, "t", vault, NULL), 0);
    assert_int_equal(vault_count(vault), 2);
    assert_int_equal(vault_remove(vault, "T\\alice"), 1);
    assert_int_equal(vault_remove(vault, "bob@R.EXAMPLE"), 1);
}

static void
test_bad_line(void **state)
{
    const char *path = unit_file("bad", "no password here\n");

    (void)state;
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(load_fails(path, "line 1"));
    assert_true(load_fails(path, "DOMAIN:USER:PASSWORD"));
}

static void
test_systemd(void **state)
{
    char dir[300], path[400];
    static const char *const names[] = { "gss-winrm", "corp.winrm", "other",
                                         ".winrm", ".hidden.winrm" };
    FILE *f;
    size_t i;

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/credentials", unit_dir());
    assert_int_equal(mkdir(dir, 0700), 0);
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        f = fopen(path, "w");
        assert_non_null(f);
        (void)fprintf(f, "D:user%zu:p\n", i);
        (void)fclose(f);
        assert_int_equal(chmod(path, 0400), 0);
    }
    assert_int_equal(ntlmfile_load_systemd(NULL, vault, NULL), 0);
    assert_int_equal(vault_count(vault), 0);
    assert_int_equal(ntlmfile_load_systemd(dir, vault, NULL), 0);
    assert_int_equal(vault_count(vault), 2);
    assert_int_equal(vault_remove(vault, "D\\user0"), 1);
    (void)snprintf(path, sizeof(path), "%s/none", dir);
    assert_int_equal(ntlmfile_load_systemd(path, vault, NULL),
                     CS_SYSTEM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_systemd, setup, teardown)
    };

    return cmocka_run_group_tests_name("ntlmfile", tests, NULL, NULL);
}
