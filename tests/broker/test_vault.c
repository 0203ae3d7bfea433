/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_vault.c - credentials, each for its lifetime; secrets; the journal. */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/broker/hoststatus.h"
#include "plugin/bytes/secret.h"
#include "tests/unit/unit.h"
#include "helper/broker/vault.h"

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

static struct cs_creds *
creds(const char *user, const char *domain)
{
    struct cs_creds_options o = { .user = user, .domain = domain,
                                  .private = 1 };
    struct cs_creds *c;

    o.password = (struct cs_span){ (const uint8_t *)"secret", 6 };
    assert_int_equal(cs_creds_new(&o, &c, NULL), 0);
    return c;
}

static void
add(const char *user, const char *domain, uint32_t lifetime)
{
    struct cs_creds *c = creds(user, domain);

    assert_int_equal(vault_add(vault, &c, "test", lifetime, NULL, NULL), 0);
    assert_null(c);
}

/* Which credential is chosen, or what is said instead. */
static const char *
chosen(const char *name, const char *realm)
{
    static struct cs_error err;
    static char text[300];
    struct cs_creds *c;

    if (vault_choose(vault, name, realm, &c, &err) != 0) {
        assert_int_equal(err.code, CS_POLICY);
        return err.text;
    }
    if (c == NULL)
        return "none";
    (void)snprintf(text, sizeof(text), "%s", cs_creds_name(c));
    cs_creds_free(&c);
    return text;
}

static void
test_choose(void **state)
{
    (void)state;
    assert_string_equal(chosen(NULL, "TEST.EXAMPLE"), "none");
    assert_non_null(strstr(chosen("bob", NULL), "it has: none"));
    add("alice@TEST.EXAMPLE", NULL, 60);
    /* The only one, whatever the realm. */
    assert_string_equal(chosen(NULL, "TEST.EXAMPLE"), "alice@TEST.EXAMPLE");
    assert_string_equal(chosen(NULL, "OTHER.EXAMPLE"), "alice@TEST.EXAMPLE");
    assert_string_equal(chosen(NULL, NULL), "alice@TEST.EXAMPLE");
    add("OTHER\\bob", NULL, 60);
    assert_string_equal(chosen(NULL, "TEST.EXAMPLE"), "alice@TEST.EXAMPLE");
    assert_string_equal(chosen(NULL, "other.example"), "OTHER\\bob");
    assert_string_equal(chosen("ALICE@test.example", "OTHER.EXAMPLE"),
                        "alice@TEST.EXAMPLE");
    assert_non_null(strstr(chosen(NULL, "THIRD.EXAMPLE"),
                           "alice@TEST.EXAMPLE, OTHER\\bob"));
    assert_non_null(strstr(chosen("carol", NULL), "carol"));
    add("dave", "TEST.EXAMPLE", 60);
    assert_non_null(strstr(chosen(NULL, "TEST.EXAMPLE"), "more than one"));
}

/* A domain is the first label of its realm, or all of it: not what the one or
 * the other begins with. */
static void
test_choose_prefix(void **state)
{
    (void)state;
    add("CORP\\alice", NULL, 60);
    add("LAB\\bob", NULL, 60);
    assert_string_equal(chosen(NULL, "CORP.EXAMPLE"), "CORP\\alice");
    assert_string_equal(chosen(NULL, "lab.example"), "LAB\\bob");
    assert_string_equal(chosen(NULL, "CORP"), "CORP\\alice");
    assert_non_null(strstr(chosen(NULL, "CORPORATE.EXAMPLE"), "no credential for"));
    assert_non_null(strstr(chosen(NULL, "COR.EXAMPLE"), "no credential for"));
    assert_non_null(strstr(chosen(NULL, "EXAMPLE.CORP"), "no credential for"));
    add("carol@CORP.EXAMPLE", NULL, 60);
    assert_string_equal(chosen(NULL, "CORP.EXAMPLE.COM"), "CORP\\alice");
    assert_non_null(strstr(chosen(NULL, "CORP.EXAMPLE"), "more than one"));
    assert_non_null(strstr(chosen(NULL, ".EXAMPLE"), "no credential for"));
    /* A credential without a domain is nobody's. */
    add("dave", NULL, 60);
    assert_non_null(strstr(chosen(NULL, "OTHER.EXAMPLE"), "no credential for"));
}

static void
test_replace_and_remove(void **state)
{
    struct cs_creds *held;

    (void)state;
    add("alice@TEST.EXAMPLE", NULL, 60);
    assert_int_equal(vault_choose(vault, NULL, NULL, &held, NULL), 0);
    add("ALICE@test.example", NULL, 60);
    assert_int_equal(vault_count(vault), 1);
    /* Who still has it, has it without a password. */
    assert_false(cs_creds_has_password(held));
    cs_creds_free(&held);
    add("bob@TEST.EXAMPLE", NULL, 60);
    assert_int_equal(vault_remove(vault, "nobody"), 0);
    assert_int_equal(vault_remove(vault, "Bob@Test.Example"), 1);
    assert_int_equal(vault_choose(vault, NULL, NULL, &held, NULL), 0);
    assert_true(cs_creds_has_password(held));
    assert_int_equal(vault_remove(vault, NULL), 1);
    assert_false(cs_creds_has_password(held));
    cs_creds_free(&held);
}

static void
test_lifetime(void **state)
{
    struct pollfd timer = { vault_fd(vault), POLLIN, 0 };
    struct cs_creds *held, *c = creds("bob", NULL);
    uint64_t expiry = 1;

    (void)state;
    add("alice", NULL, 1);
    assert_int_equal(vault_choose(vault, "alice", NULL, &held, NULL), 0);
    assert_int_equal(vault_add(vault, &c, "f", VAULT_FOREVER, &expiry, NULL),
                     0);
    assert_int_equal(expiry, 0);
    assert_int_equal(poll(&timer, 1, 0), 0);
    assert_int_equal(poll(&timer, 1, 5000), 1);
    vault_expire(vault);
    assert_int_equal(vault_count(vault), 1);
    assert_false(cs_creds_has_password(held));
    cs_creds_free(&held);
    assert_int_equal(poll(&timer, 1, 0), 0);
}

static void
test_full(void **state)
{
    char name[32];
    struct cs_creds *c;
    struct cs_error err;
    int i;

    (void)state;
    for (i = 0; i < VAULT_MAX; i++) {
        (void)snprintf(name, sizeof(name), "user%d", i);
        add(name, NULL, 60);
    }
    c = creds("one-more", NULL);
    assert_int_equal(vault_add(vault, &c, "t", 60, NULL, &err), CS_POLICY);
    assert_null(c);
    add("user7", NULL, 60);
}

static void
test_status(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    struct cs_creds *c;

    (void)state;
    add("alice", NULL, 60);
    assert_int_equal(vault_choose(vault, NULL, NULL, &c, NULL), 0);
    vault_outcome(vault, c, 1, 0xC000006A, "wrong \xC3");
    vault_outcome(vault, NULL, 1, 0, "");
    vault_lock(vault, m);
    assert_int_equal(m->ncredentials, 1);
    assert_memory_equal(m->credentials[0].name.p, "alice", 5);
    assert_memory_equal(m->credentials[0].text.p, "wrong ?", 7);
    assert_int_equal(m->credentials[0].uses, 1);
    assert_int_equal(m->credentials[0].ntstatus, 0xC000006A);
    vault_unlock(vault);
    cs_creds_free(&c);
    free(m);
}

static void
test_journal(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    struct hoststatus *j;
    char name[32];
    int i;

    (void)state;
    assert_int_equal(hoststatus_new(&j, NULL), 0);
    for (i = 0; i <= HOSTSTATUS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "host%d", i);
        hoststatus_note(j, name, 0, "well");
    }
    hoststatus_note(j, "HOST7", 1, "badly\n\033[2J\302\233x");
    hoststatus_lock(j, m);
    assert_int_equal(m->nhosts, HOSTSTATUS_MAX);
    for (i = 0; i < HOSTSTATUS_MAX; i++)
        assert_true(m->hosts[i].host.len != 5 ||
                    memcmp(m->hosts[i].host.p, "host0", 5) != 0);
    assert_int_equal(m->hosts[7].ntstatus, 1);
    assert_int_equal(m->hosts[7].text.len, 12);
    assert_memory_equal(m->hosts[7].text.p, "badly??[2J?x", 12);
    hoststatus_unlock(j);
    hoststatus_free(&j);
    free(m);
}

/* What gateways say takes no line of the broker's, however much it is. */
static void
test_journal_reports(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    struct hoststatus *j;
    char name[32];
    int i;

    (void)state;
    assert_int_equal(hoststatus_new(&j, NULL), 0);
    hoststatus_note(j, "web01", 0, "well");
    for (i = 0; i < BP_LIST_MAX; i++) {
        (void)snprintf(name, sizeof(name), "host%d", i);
        hoststatus_report(j, name, 1, "well");
    }
    hoststatus_report(j, "web01", 1, "well");
    hoststatus_lock(j, m);
    assert_int_equal(m->nhosts, 1 + HOSTSTATUS_REPORTS);
    assert_int_equal(m->hosts[0].text.len, 4);
    for (i = 1; i <= HOSTSTATUS_REPORTS; i++)
        assert_memory_equal(m->hosts[i].text.p, "gateway says: well", 18);
    hoststatus_unlock(j);
    m->nhosts = 0;
    hoststatus_withdraw(j, "WEB01");
    hoststatus_withdraw(j, "web02");
    hoststatus_lock(j, m);
    assert_int_equal(m->nhosts, HOSTSTATUS_REPORTS);
    assert_memory_equal(m->hosts[0].host.p, "web01", 5);
    hoststatus_unlock(j);
    hoststatus_free(&j);
    free(m);
}

/* A name that is cut off is still one name. */
static void
test_journal_long(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    struct hoststatus *j;
    char name[600];

    (void)state;
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(hoststatus_new(&j, NULL), 0);
    hoststatus_note(j, name, 0, "well");
    hoststatus_note(j, name, 1, "badly");
    hoststatus_note(j, "", 0, "well");
    hoststatus_lock(j, m);
    assert_int_equal(m->nhosts, 2);
    hoststatus_unlock(j);
    hoststatus_free(&j);
    free(m);
}

static void
test_secret(void **state)
{
    struct cs_span bytes = { (const uint8_t *)"top secret", 10 };
    struct cs_secret a = { 0 }, b = { 0 };
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(cs_secret_set(&a, bytes, 0), 0);
    assert_int_equal(cs_secret_set(&b, bytes, 1), 0);
    assert_string_equal((const char *)a.p, "top secret");
    pid = fork();
    if (pid == 0)
        _exit(memcmp(a.p, "top", 3) == 0 && b.p[0] == 0 ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    cs_secret_free(&a);
    cs_secret_free(&b);
    cs_secret_free(&b);
    assert_null(b.p);
    bytes.len = 0;
    assert_int_equal(cs_secret_set(&a, bytes, 0), 0);
    assert_non_null(a.p);
    cs_secret_free(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_choose, setup, teardown),
        cmocka_unit_test_setup_teardown(test_choose_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replace_and_remove, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_lifetime, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_journal_reports),
        cmocka_unit_test(test_journal_long),
        cmocka_unit_test(test_secret),
    };

    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
