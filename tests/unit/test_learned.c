/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_learned.c - the entry in a credential cache, with real caches. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/learned.h"
#include "plugin/rejcache.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

static char cache_name[300];

/* A cache without tickets, which is enough for its configuration. */
static int
setup(void **state)
{
    krb5_principal alice;
    krb5_context context;
    krb5_ccache cache;

    (void)state;
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n");
    (void)snprintf(cache_name, sizeof(cache_name), "FILE:%s/cc", unit_dir());
    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_parse_name(context, "alice", &alice), 0);
    assert_int_equal(krb5_cc_resolve(context, cache_name, &cache), 0);
    assert_int_equal(krb5_cc_initialize(context, cache, alice), 0);
    assert_int_equal(krb5_cc_close(context, cache), 0);
    krb5_free_principal(context, alice);
    krb5_free_context(context);
    return 0;
}

static void
lesson_is(const char *host, const char *want)
{
    char *name = gw_learned_get(NULL, cache_name, host);

    if (want == NULL)
        assert_null(name);
    else
        assert_string_equal(name, want);
    free(name);
}

static krb5_error_code
put(const char *host, const char *name)
{
    struct gw_cred cred = { .ccache = cache_name };

    return gw_learned_put(&cred, GSS_C_NO_CONTEXT, host, name);
}

static void
test_round_trip(void **state)
{
    (void)state;
    lesson_is("web01.test.example", NULL);
    assert_int_equal(put("WEB01.test.example", "HOST@web01.test.example"), 0);
    lesson_is("web01.test.example", "HOST@web01.test.example");
    lesson_is("WEB01.TEST.EXAMPLE", "HOST@web01.test.example");
    lesson_is("web02.test.example", NULL);
    assert_int_equal(put("web01.test.example", "HTTP/web01@TEST.EXAMPLE"), 0);
    lesson_is("web01.test.example", "HTTP/web01@TEST.EXAMPLE");
}

/* What other programs see: the entry's principal and its data. */
static void
test_entry(void **state)
{
    krb5_principal entry;
    krb5_context context;
    krb5_ccache cache;
    krb5_data data;

    (void)state;
    assert_int_equal(put("web01.test.example", "HOST@web01"), 0);
    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_cc_resolve(context, cache_name, &cache), 0);
    assert_int_equal(krb5_build_principal(context, &entry, 0, "", "HTTP",
                                          "web01.test.example",
                                          program_invocation_short_name,
                                          (char *)NULL), 0);
    assert_int_equal(krb5_cc_get_config(context, cache, entry, "winrm_spn",
                                        &data), 0);
    assert_int_equal(data.length, 10);
    assert_memory_equal(data.data, "HOST@web01", 10);
    krb5_free_data_contents(context, &data);
    krb5_free_principal(context, entry);
    assert_int_equal(krb5_cc_close(context, cache), 0);
    krb5_free_context(context);
}

/* Another process's change to the file is seen: nothing stale is answered. */
static void
test_change_is_seen(void **state)
{
    (void)state;
    lesson_is("web01.test.example", NULL);
    lesson_is("web01.test.example", NULL);
    assert_int_equal(put("web01.test.example", "HOST@web01"), 0);
    lesson_is("web01.test.example", "HOST@web01");
    assert_int_equal(unlink(cache_name + 5), 0);
    lesson_is("web01.test.example", NULL);
}

/* A lesson of another process: these bytes, in this cache. */
static void
write_entry(const char *ccache, const char *host, const char *bytes,
            size_t len)
{
    krb5_data data = { 0, (unsigned int)len, (char *)(uintptr_t)bytes };
    krb5_principal entry, alice;
    krb5_context context;
    krb5_ccache cache;

    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_parse_name(context, "alice", &alice), 0);
    assert_int_equal(krb5_cc_resolve(context, ccache, &cache), 0);
    assert_int_equal(krb5_cc_initialize(context, cache, alice), 0);
    assert_int_equal(krb5_build_principal(context, &entry, 0, "", "HTTP",
                                          host, program_invocation_short_name,
                                          (char *)NULL), 0);
    assert_int_equal(krb5_cc_set_config(context, cache, entry, "winrm_spn",
                                        &data), 0);
    krb5_free_principal(context, entry);
    krb5_free_principal(context, alice);
    assert_int_equal(krb5_cc_close(context, cache), 0);
    krb5_free_context(context);
}

static void
test_others_change_is_seen(void **state)
{
    char path[300], bytes[4096], *at;
    struct timespec times[2] = { { 1000, 0 }, { 1000, 1 } };
    ssize_t len;
    int fd;

    (void)state;
    lesson_is("web01", NULL);
    write_entry(cache_name, "web01", "HOST@web01", 10);
    lesson_is("web01", "HOST@web01");
    write_entry(cache_name, "web01", "WSMAN@web01", 11);
    lesson_is("web01", "WSMAN@web01");
    /* In its place, with the same size: its time tells. */
    (void)snprintf(path, sizeof(path), "%s", cache_name + 5);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    len = read(fd, bytes, sizeof(bytes));
    assert_true(len > 0);
    at = memmem(bytes, (size_t)len, "WSMAN@web01", 11);
    assert_non_null(at);
    memcpy(at, "OTHER", 5);
    assert_int_equal(pwrite(fd, bytes, (size_t)len, 0), len);
    assert_int_equal(futimens(fd, times), 0);
    lesson_is("web01", "OTHER@web01");
    memcpy(at, "WSMAN", 5);
    assert_int_equal(pwrite(fd, bytes, (size_t)len, 0), len);
    times[1].tv_nsec++;
    assert_int_equal(futimens(fd, times), 0);
    lesson_is("web01", "WSMAN@web01");
    assert_int_equal(close(fd), 0);
}

/* What is in the cache may be anybody's: no part of a name, no longer one. */
static void
test_odd_entries(void **state)
{
    char name[GW_MEMORY_NAME + 1];

    (void)state;
    write_entry(cache_name, "nul", "HOST@nul\0x", 10);
    lesson_is("nul", NULL);
    write_entry(cache_name, "empty", "", 0);
    lesson_is("empty", NULL);
    memset(name, 'x', sizeof(name));
    write_entry(cache_name, "long", name, GW_MEMORY_NAME);
    lesson_is("long", NULL);
    write_entry(cache_name, "fits", name, GW_MEMORY_NAME - 1);
    name[GW_MEMORY_NAME - 1] = '\0';
    lesson_is("fits", name);
}

/* What was read is of one host in one cache, also where two share a place and
 * the cache is no file, which could have changed. */
static void
test_own_lesson(void **state)
{
    char other[32] = "";
    int i;

    (void)state;
    for (i = 0; i < 1000 && (i == 0 || gw_hash(other) % 8 !=
                             gw_hash("web01") % 8); i++)
        (void)snprintf(other, sizeof(other), "other%d", i);
    assert_true(i < 1000);
    gw_learned_clear();
    write_entry(cache_name, "web01", "HOST@web01", 10);
    lesson_is("web01", "HOST@web01");
    lesson_is(other, NULL);
    write_entry("MEMORY:own1", "web01", "WSMAN@web01", 11);
    write_entry("MEMORY:own2", "web01", "OTHER@web01", 11);
    (void)snprintf(cache_name, sizeof(cache_name), "MEMORY:own1");
    lesson_is("web01", "WSMAN@web01");
    (void)snprintf(cache_name, sizeof(cache_name), "MEMORY:own2");
    lesson_is("web01", "OTHER@web01");
    gw_learned_clear();
}

static void
test_bad_caches(void **state)
{
    struct gw_cred cred = { .ccache = (char *)"BOGUS:x" };
    char *name;

    (void)state;
    name = gw_learned_get(&cred, NULL, "web01");
    assert_null(name);
    assert_int_not_equal(gw_learned_put(&cred, GSS_C_NO_CONTEXT, "web01",
                                        "HOST@web01"), 0);
    (void)unit_file("cc", "this is not a credential cache");
    lesson_is("web01", NULL);
    assert_int_not_equal(put("web01", "HOST@web01"), 0);
    (void)unlink(cache_name + 5);
    assert_int_not_equal(put("web01", "HOST@web01"), 0);
}

static void
test_memory_cache(void **state)
{
    struct gw_cred cred = { .ccache = (char *)"MEMORY:unit" };
    krb5_principal alice;
    krb5_context context;
    krb5_ccache cache;
    char *name;

    (void)state;
    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_parse_name(context, "alice", &alice), 0);
    assert_int_equal(krb5_cc_resolve(context, "MEMORY:unit", &cache), 0);
    assert_int_equal(krb5_cc_initialize(context, cache, alice), 0);
    assert_int_equal(gw_learned_put(&cred, GSS_C_NO_CONTEXT, "h", "HOST@h"), 0);
    name = gw_learned_get(&cred, NULL, "h");
    assert_string_equal(name, "HOST@h");
    free(name);
    assert_int_equal(krb5_cc_destroy(context, cache), 0);
    krb5_free_principal(context, alice);
    krb5_free_context(context);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_round_trip, setup),
        cmocka_unit_test_setup(test_entry, setup),
        cmocka_unit_test_setup(test_change_is_seen, setup),
        cmocka_unit_test_setup(test_others_change_is_seen, setup),
        cmocka_unit_test_setup(test_odd_entries, setup),
        cmocka_unit_test_setup(test_own_lesson, setup),
        cmocka_unit_test_setup(test_bad_caches, setup),
        cmocka_unit_test_setup(test_memory_cache, setup),
    };

    return cmocka_run_group_tests_name("lesson", tests, NULL, NULL);
}
