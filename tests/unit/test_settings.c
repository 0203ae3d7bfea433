/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_settings.c - what was read for one user, host, krb5.conf or cache is
 * not taken for another.
 *
 * A daemon that serves others changes its effective uid, and with it the files
 * of krb5.conf that it may read and the default cache.  Here geteuid() is the
 * test's, so that nobody needs to be root.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "plugin/handles.h"
#include "plugin/settings.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

static uid_t euid = 1000;

uid_t
geteuid(void)
{
    return euid;
}

/* How many names the settings for a host have. */
static size_t
names_at(const char *host)
{
    struct gw_name name = { .http_host = (char *)(uintptr_t)host };
    const struct gw_settings *s = gw_settings_get(&name);
    size_t n = 0;

    assert_non_null(s);
    while (s->policy->spn[n] != NULL)
        n++;
    gw_settings_put(s);
    return n;
}

/* ... for web01, with this krb5.conf. */
static size_t
names_of(const char *config)
{
    unit_krb5_conf(config);
    return names_at("web01");
}

#define CONF(spn) "[appdefaults]\n winrm = {\n  spn = " spn "\n }\n"

static void
test_another_uid(void **state)
{
    (void)state;
    gw_settings_clear();
    euid = 1000;
    assert_int_equal(names_of(CONF("HOST/%f")), 1);
    euid = 1001;
    assert_int_equal(names_of(CONF("HOST/%f WSMAN/%f")), 2);
    euid = 1000;
    assert_int_equal(names_of(CONF("HOST/%f WSMAN/%f HTTP/%f")), 3);
    gw_settings_clear();
}

/* Two hosts that share a place. */
static void
test_another_host(void **state)
{
    char other[32] = "";
    int i;

    (void)state;
    for (i = 0; i < 1000 && (i == 0 || gw_hash(other) % 8 !=
                             gw_hash("web01") % 8); i++)
        (void)snprintf(other, sizeof(other), "other%d", i);
    assert_true(i < 1000);
    gw_settings_clear();
    assert_int_equal(names_of("[appdefaults]\n winrm = {\n  spn = HOST/%f\n"
                              "  targets = {\n   web01 = {\n    spn = A/%f "
                              "B/%f C/%f D/%f\n   }\n  }\n }\n"), 4);
    assert_int_equal(names_at(other), 1);
    assert_int_equal(names_at("web01"), 4);
    gw_settings_clear();
}

static void
test_another_config(void **state)
{
    (void)state;
    gw_settings_clear();
    assert_int_equal(names_of(CONF("HOST/%f")), 1);
    assert_int_equal(setenv("KRB5_CONFIG", unit_file("other.conf",
                                                     CONF("A/%f B/%f")), 1),
                     0);
    assert_int_equal(names_at("web01"), 2);
    gw_settings_clear();
}

static void
cache_is(const char *ccname)
{
    struct gw_name name = { .http_host = (char *)(uintptr_t)"web01" };
    const struct gw_settings *s;

    assert_int_equal(setenv("KRB5CCNAME", ccname, 1), 0);
    s = gw_settings_get(&name);
    assert_non_null(s);
    assert_string_equal(s->ccache, ccname);
    gw_settings_put(s);
}

static void
test_another_cache(void **state)
{
    (void)state;
    unit_krb5_conf(CONF("HOST/%f"));
    gw_settings_clear();
    cache_is("MEMORY:one");
    cache_is("MEMORY:two");
    assert_int_equal(unsetenv("KRB5CCNAME"), 0);
    gw_settings_clear();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_uid),
        cmocka_unit_test(test_another_host),
        cmocka_unit_test(test_another_config),
        cmocka_unit_test(test_another_cache)
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
