/*
 * test_settings.c - what was read for one user is not taken for another.
 *
 * A daemon that serves others changes its effective uid, and with it the files
 * of krb5.conf that it may read and the default cache.  Here geteuid() is the
 * test's, so that nobody needs to be root.
 */
#include "config.h"

#include <sys/types.h>
#include <unistd.h>

#include "handles.h"
#include "settings.h"
#include "unit.h"

static uid_t euid = 1000;

uid_t
geteuid(void)
{
    return euid;
}

/* How many names the settings for web01 have, with this krb5.conf. */
static size_t
names_of(const char *config)
{
    struct gw_name name = { .http_host = (char *)"web01" };
    const struct gw_settings *s;
    size_t n = 0;

    unit_krb5_conf(config);
    s = gw_settings_get(&name);
    assert_non_null(s);
    while (s->policy->spn[n] != NULL)
        n++;
    gw_settings_put(s);
    return n;
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_uid)
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
