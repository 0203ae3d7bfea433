/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_directory.c - a domain controller: all that it sends on one connection,
 * to the question for its root entry (message 1), and to a search (2, 3...).
 */
#define _GNU_SOURCE
#include "config.h"

#include <sys/socket.h>
#include <unistd.h>
#include <openldap.h>

#include "helper/doctor/directory.h"
#include "tests/fuzz/doctor_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libldap forgets a request whose answer it could not make sense of. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
    return "leak:liblber";
}

static void
check_account(const struct account *a)
{
    char rights[200], *json, *const *spn;
    json_t *o;

    check(a->name != NULL && a->dn != NULL && a->kind != NULL);
    check(is_shown(a->name, strlen(a->name), 0));
    check(is_shown(a->dn, strlen(a->dn), 0));
    check(a->host == NULL || is_shown(a->host, strlen(a->host), 0));
    for (spn = a->spns; spn != NULL && *spn != NULL; spn++)
        check(is_shown(*spn, strlen(*spn), 0) && account_has(a, *spn));
    account_rights(a, rights, sizeof(rights));
    check(is_shown(rights, strlen(rights), 0));
    o = account_json(a);
    json = json_dumps(o, JSON_COMPACT);
    check_text(json, 0);
    json_decref(o);
}

static int
visit(void *arg, struct account **account)
{
    struct doctor *d = arg;

    check_account(*account);
    /* Names of the host's, whatever the answer has. */
    return d->naccounts < 16 ? accounts_keep(d, account) : 0;
}

static void
tell(struct doctor *d)
{
    check(d->dir == NULL || strcmp(dir_server(d->dir), "dc1") == 0);
    d->dir_seen = 1;
    doc_set(&d->dir_realm, "%s", "CORP.EXAMPLE.COM");
    doc_set(&d->user_realm, "%s", "CORP.EXAMPLE.COM");
    state_candidate(d, "HOST", 1);
    state_candidate(d, "WSMAN", 1);
    state_candidate(d, "HTTP", 1);
    accounts_resembling(d);
    check(d->resembling == NULL || claim_ok(d->resembling));
    (void)verdict_find(d);
    state_check(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_error err;
    struct doctor d;
    LDAP *ld = NULL;
    int fds[2];

    if (size > 32768)
        return 0;
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    check(write(fds[1], data, size) == (ssize_t)size);
    check(shutdown(fds[1], SHUT_WR) == 0);
    state_begin(&d);
    check(ldap_init_fd(fds[0], LDAP_PROTO_TCP, NULL, &ld) == LDAP_SUCCESS);
    if (dir_adopt(ld, "dc1:389", &d.dir, &err) == 0) {
        d.dc_ahead = dir_ahead(d.dir, &d.dc_clock);
        if (dir_search(d.dir, "(servicePrincipalName=*)", visit, &d, &err) !=
            0)
            check(err.text[0] != '\0');
        tell(&d);
    }
    dir_close(&d.dir);
    (void)close(fds[1]);
    state_end(&d);
    return 0;
}
