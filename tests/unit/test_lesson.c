/* test_lesson.c - the entry in a credential cache, with real caches. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lesson.h"
#include "unit.h"

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
    char *name = gw_lesson_get(NULL, cache_name, host);

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

    return gw_lesson_put(&cred, GSS_C_NO_CONTEXT, host, name);
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

static void
test_bad_caches(void **state)
{
    struct gw_cred cred = { .ccache = (char *)"BOGUS:x" };
    char *name;

    (void)state;
    name = gw_lesson_get(&cred, NULL, "web01");
    assert_null(name);
    assert_int_not_equal(gw_lesson_put(&cred, GSS_C_NO_CONTEXT, "web01",
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
    assert_int_equal(gw_lesson_put(&cred, GSS_C_NO_CONTEXT, "h", "HOST@h"), 0);
    name = gw_lesson_get(&cred, NULL, "h");
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
        cmocka_unit_test_setup(test_bad_caches, setup),
        cmocka_unit_test_setup(test_memory_cache, setup),
    };

    return cmocka_run_group_tests_name("lesson", tests, NULL, NULL);
}
