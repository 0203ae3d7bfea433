/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_nomem.c - every allocation of ours fails once.
 *
 * The linker sends the plugin's own calls of the allocator through here; the
 * libraries' are not touched.  Each piece of work is repeated with its first,
 * second, third... allocation failing until none does: it must never crash,
 * leak (under a sanitizer) or answer anything but an error or the truth.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/sockets.h"
#include "plugin/frame.h"
#include "plugin/learned.h"
#include "plugin/conf/names.h"
#include "plugin/conf/policy.h"
#include "plugin/conf/sections.h"
#include "plugin/settings.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static long countdown = -1;     /* allocations until the one that fails */

static int
fails(void)
{
    if (countdown < 0)
        return 0;
    if (countdown-- > 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *
__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

char *
__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

int
__wrap_asprintf(char **out, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (fails()) {
        *out = (char *)0x1;     /* what it holds is undefined */
        return -1;
    }
    va_start(ap, fmt);
    n = vasprintf(out, fmt, ap);
    va_end(ap);
    return n;
}

/* Run work with each allocation failing in turn; it returns 1 when it has done
 * all of its job.  At least least_failures runs must have failed. */
static void
fail_each(int (*work)(void), int least_failures)
{
    int done = 0, failures = 0;
    long n;

    for (n = 0; !done && n < 10000; n++) {
        countdown = n;
        done = work() && countdown >= 0;
        countdown = -1;
        failures += !done;
    }
    assert_true(done);
    assert_true(failures >= least_failures);
}

static profile_t profile;

static int
policy_work(void)
{
    struct gw_subject subject = { "web01.x", "web01.x", "R", "R" };
    struct gw_policy *policy = NULL;
    struct gw_credssp_policy *credssp = NULL;
    int ok;

    ok = gw_policy_load(profile, &subject, &policy) == 0;
    if (ok)
        assert_non_null(policy);
    ok = gw_credssp_policy_load(profile, "R", &credssp) == 0 && ok;
    gw_policy_review(profile);
    gw_policy_free(policy);
    gw_credssp_policy_free(credssp);
    return ok;
}

static void
test_policy(void **state)
{
    (void)state;
    profile = unit_profile(
        "winrm = {\n ports = 1 2\n spn = A/%f B/%f\n programs = a b\n"
        " targets = {\n  web01.x = { host = h nodes = a b }\n  .x = {\n"
        "   match = always\n  }\n }\n R = {\n  delegation = kerberos\n }\n"
        " credssp = {\n  delegate_to = a b c\n }\n}\n");
    fail_each(policy_work, 20);
    profile_release(profile);
}

static int
names_work(void)
{
    char *a = NULL, *b = NULL;
    int ok = gw_name_expand("HOST/%f", "web01", 1, &a) == 0;

    ok = gw_name_expand("HTTP/%n:%p", "web01", 1, &b) == 0 && ok;
    free(a);
    free(b);
    return ok;
}

static void
test_names(void **state)
{
    (void)state;
    unit_krb5_conf("[libdefaults]\n dns_canonicalize_hostname = false\n"
                   "[domain_realm]\n web01 = R\n");
    fail_each(names_work, 4);
}

static int
evidence_work(void)
{
    struct gw_addrs addrs;
    int ok = gw_addrs_of("127.0.0.1", &addrs) == 0;

    free(addrs.v);
    return ok;
}

static void
test_evidence(void **state)
{
    (void)state;
    fail_each(evidence_work, 1);
}

static int
settings_work(void)
{
    struct gw_name name = { .http_host = (char *)"web01" };
    const struct gw_settings *s;

    gw_settings_clear();
    s = gw_settings_get(&name);
    gw_settings_put(s);
    return s != NULL;
}

static void
test_settings(void **state)
{
    (void)state;
    unit_krb5_conf("[libdefaults]\n default_realm = R\n");
    fail_each(settings_work, 4);
    gw_settings_clear();
}

static int
frame_work(void)
{
    gss_buffer_desc token = { 3, (void *)"abc" }, out;
    OM_uint32 minor;
    int ok = gw_frame_ctx(&minor, &token, &out) == GSS_S_COMPLETE;

    assert_true(ok || (minor == ENOMEM && out.value == NULL));
    free(out.value);
    return ok;
}

static void
test_frame(void **state)
{
    (void)state;
    fail_each(frame_work, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_frame),
    };

    return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
