/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_runtime.c - the directory of the user's sockets, and its socket. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper/link/link.h"
#include "helper/broker/listen.h"
#include "helper/proto/runtime.h"
#include "tests/unit/unit.h"

static char path[300];

/* NAME in a directory of its own, which is $XDG_RUNTIME_DIR. */
static const char *
fresh(const char *name)
{
    static int number;

    (void)snprintf(path, sizeof(path), "%s/r%d", unit_dir(), number++);
    assert_int_equal(mkdir(path, 0700), 0);
    setenv("XDG_RUNTIME_DIR", path, 1);
    (void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s",
                   name);
    return path;
}

static int
directory_fails(const char *words)
{
    struct cs_error err = { 0 };
    char *out;

    if (rt_directory(1, &out, &err) == 0) {
        free(out);
        return 0;
    }
    return err.code == CS_SYSTEM && strstr(err.text, words) != NULL;
}

static void
test_made(void **state)
{
    struct stat st;
    char *out;

    (void)state;
    (void)fresh("gss-winrm");
    assert_int_equal(rt_directory(0, &out, NULL), CS_SYSTEM);
    assert_int_equal(rt_directory(1, &out, NULL), 0);
    assert_string_equal(out, path);
    assert_int_equal(stat(out, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    free(out);
    assert_int_equal(rt_socket(0, "broker", &out, NULL), 0);
    assert_string_equal(out + strlen(path), "/broker");
    free(out);
}

static void
test_refused(void **state)
{
    char other[400];

    (void)state;
    (void)fresh("gss-winrm");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0750), 0);
    assert_true(directory_fails("chmod 700"));
    (void)snprintf(other, sizeof(other), "%s-real", path);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_true(directory_fails("Not a directory"));
    assert_int_equal(unlink(path), 0);
    (void)fclose(fopen(path, "w"));
    assert_true(directory_fails("Not a directory"));
    assert_int_equal(unlink(path), 0);
    if (geteuid() == 0) {
        assert_int_equal(rename(other, path), 0);
        assert_int_equal(chown(path, 12345, 12345), 0);
        assert_true(directory_fails("belongs to uid 12345"));
    }
    (void)snprintf(other, sizeof(other), "%s/not/there", unit_dir());
    setenv("XDG_RUNTIME_DIR", other, 1);
    assert_true(directory_fails("No such file"));
}

/* Whatever fails says why: here, every call that takes a descriptor. */
static void
test_no_descriptors(void **state)
{
    struct listener l;
    struct bl_link *link = NULL;
    struct rlimit before, none;
    struct cs_error err = { 0 };

    (void)state;
    assert_int_equal(mkdir(fresh("gss-winrm"), 0700), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_not_equal(listener_open(NULL, &l, &err), 0);
    /* Whether the kernel's overflow uid is somebody's is looked up in /proc,
     * which takes a descriptor too: without one it is nobody's. */
    assert_non_null(strstr(err.text, geteuid() == 65534 ?
                           "/proc/self/uid_map" : ": Too many open files"));
    assert_int_not_equal(bl_open("/nonexistent", &link, &err), 0);
    assert_non_null(strstr(err.text, ": Too many open files"));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void
test_without_runtime(void **state)
{
    char *out, expected[64];
    int there;

    (void)state;
    (void)snprintf(expected, sizeof(expected), "/tmp/gss-winrm-%u",
                   (unsigned int)geteuid());
    there = access(expected, F_OK) == 0;
    unsetenv("XDG_RUNTIME_DIR");
    assert_int_equal(rt_directory(1, &out, NULL), 0);
    assert_string_equal(out, expected);
    free(out);
    setenv("XDG_RUNTIME_DIR", "relative", 1);
    assert_int_equal(rt_directory(1, &out, NULL), 0);
    assert_string_equal(out, expected);
    free(out);
    if (!there)
        (void)rmdir(expected);
}

static void
test_too_long(void **state)
{
    struct cs_error err;
    char name[150] = "", *out;

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    (void)fresh("");
    assert_int_equal(rt_socket(1, name, &out, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "too long"));
    assert_null(out);
}

/* --- The socket --- */

static void
test_one_broker(void **state)
{
    struct listener a, b;
    struct cs_error err;

    (void)state;
    (void)fresh("s");
    assert_int_equal(listener_open(path, &a, &err), 0);
    assert_int_equal(listener_open(path, &b, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "already running"));
    assert_int_equal(access(path, F_OK), 0);
    listener_close(&a);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(listener_open(path, &b, &err), 0);
    listener_close(&b);
}

/* As if it were killed: the socket stays. */
static void
kill_listener(struct listener *l)
{
    free(l->path);
    l->path = NULL;
    listener_close(l);
}

/* What a broker leaves that was killed; a file that nobody has made so; and a
 * socket that lives without a lock. */
static void
test_stale(void **state)
{
    struct listener a;
    struct cs_error err;
    char *copy = strdup(fresh("s"));
    int fd;

    (void)state;
    assert_int_equal(listener_open(copy, &a, &err), 0);
    kill_listener(&a);
    assert_int_equal(access(copy, F_OK), 0);
    assert_int_equal(listener_open(copy, &a, &err), 0);
    fd = dup(a.fd);
    kill_listener(&a);
    assert_int_equal(listener_open(copy, &a, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "already running"));
    (void)close(fd);
    assert_int_equal(unlink(copy), 0);
    (void)fclose(fopen(copy, "w"));
    assert_int_equal(listener_open(copy, &a, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "not a socket"));
    free(copy);
}

static void
test_nobody_there(void **state)
{
    struct bl_link *link;
    struct cs_error err;

    (void)state;
    (void)fresh("gss-winrm/broker");
    assert_int_equal(bl_open(NULL, &link, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "systemctl --user start"));
    assert_int_equal(bl_open(path, &link, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "no broker listens"));
    *strrchr(path, '/') = '\0';
    assert_int_equal(chmod(path, 0711), 0);
    assert_int_equal(bl_open(NULL, &link, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "chmod 700"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_without_runtime),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_one_broker),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_nobody_there)
    };

    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
