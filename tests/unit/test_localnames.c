/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_localnames.c - who says where NAME.localhost is? */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/common/localnames.h"
#include "tests/unit/unit.h"

enum { HOSTS = 1, MYHOSTNAME = 2, RESOLVE = 4, STUB = 8 };

static const struct {
    const char *services;
    int there;
    int leaves;
    const char *by;
} table[] = {
    /* Debian, as it is installed; with the package; Ubuntu; Fedora */
    { "files dns", 0, 1, "dns" },
    { "files myhostname dns", MYHOSTNAME, 0, "myhostname" },
    { "files mdns4_minimal [NOTFOUND=return] dns", STUB, 0,
      "systemd-resolved" },
    { "files mdns4_minimal [NOTFOUND=return] dns", 0, 1, "dns" },
    { "files myhostname resolve [!UNAVAIL=return] dns", MYHOSTNAME, 0,
      "myhostname" },
    /* named, and not there */
    { "files myhostname dns", 0, 1, "dns" },
    { "resolve [!UNAVAIL=return] dns", 0, 1, "dns" },
    { "mymachines resolve [!UNAVAIL=return] dns", RESOLVE, 0,
      "systemd-resolved" },
    /* too late */
    { "files dns myhostname", MYHOSTNAME, 1, "dns" },
    { "dns files", HOSTS, 1, "dns" },
    { "files dns", HOSTS, 0, "/etc/hosts" },
    /* the search ends before */
    { "files [NOTFOUND=return] dns", 0, 0, "nobody" },
    { "files [!UNAVAIL=return] dns", 0, 0, "nobody" },
    { "files [ success=return notfound=Return ] dns", 0, 0, "nobody" },
    { "files [!NOTFOUND=return] dns", 0, 1, "dns" },
    { "files [SUCCESS=return] [UNAVAIL=continue] dns", 0, 1, "dns" },
    /* whoever that may be */
    { "files sss", 0, 1, "another service" },
    { "files nis dns", 0, 1, "another service" },
    { "files", 0, 0, "nobody" },
    { "", 0, 0, "nobody" },
    { "files[", 0, 0, "nobody" },
    { "[x] dns", 0, 0, "nobody" },
    { "\tfiles\tdns # myhostname", 0, 1, "dns" },
    { NULL, MYHOSTNAME, 1, "dns" },
};

static void
test_table(void **state)
{
    struct local_names system;
    const char *by;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
        system.services = table[i].services;
        system.in_hosts = (table[i].there & HOSTS) != 0;
        system.myhostname = (table[i].there & MYHOSTNAME) != 0;
        system.resolve = (table[i].there & RESOLVE) != 0;
        system.stub = (table[i].there & STUB) != 0;
        assert_int_equal(local_names_leave(&system, &by), table[i].leaves);
        assert_string_equal(by, table[i].by);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests_name("localnames", tests, NULL, NULL);
}
