/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_tickets.c - the user's tickets: whose, how long, forwardable. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "helper/console/console.h"
#include "helper/doctor/cache.h"

#define MEMORY "MEMORY:gss-winrm-doctor"

/* What the tickets come to. */
struct tgt {
    time_t end, renew_until;
    int found, forwardable;
};

static int
is_tgt(const krb5_creds *creds)
{
    return creds->server->length == 2 &&
        creds->server->data[0].length == 6 &&
        memcmp(creds->server->data[0].data, "krbtgt", 6) == 0;
}

static void
note_tgt(const krb5_creds *creds, struct tgt *tgt)
{
    if (creds->times.endtime < tgt->end && tgt->found)
        return;
    tgt->found = 1;
    tgt->end = creds->times.endtime;
    tgt->renew_until = creds->times.renew_till;
    tgt->forwardable = (creds->ticket_flags & TKT_FLG_FORWARDABLE) != 0;
}

static krb5_error_code
copy_tgts(struct doctor *d, krb5_ccache from, struct tgt *tgt)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;
    krb5_error_code ret = krb5_cc_start_seq_get(d->k5, from, &cursor);

    if (ret != 0)
        return ret;
    while (krb5_cc_next_cred(d->k5, from, &cursor, &creds) == 0) {
        if (is_tgt(&creds)) {
            note_tgt(&creds, tgt);
            (void)krb5_cc_store_cred(d->k5, d->cache, &creds);
        }
        krb5_free_cred_contents(d->k5, &creds);
    }
    (void)krb5_cc_end_seq_get(d->k5, from, &cursor);
    return tgt->found ? 0 : KRB5_CC_NOTFOUND;
}

static krb5_error_code
copy_from(struct doctor *d, krb5_ccache from, struct tgt *tgt)
{
    krb5_principal client = NULL;
    krb5_error_code ret;
    char *text = NULL;

    ret = krb5_cc_get_principal(d->k5, from, &client);
    if (ret != 0)
        return ret;
    ret = krb5_unparse_name(d->k5, client, &text);
    if (ret == 0) {
        doc_set(&d->user, "%s", text);
        doc_set(&d->user_realm, "%.*s", (int)client->realm.length,
                client->realm.data);
        ret = krb5_cc_resolve(d->k5, MEMORY, &d->cache);
    }
    if (ret == 0)
        ret = krb5_cc_initialize(d->k5, d->cache, client);
    if (ret == 0)
        ret = copy_tgts(d, from, tgt);
    krb5_free_unparsed_name(d->k5, text);
    krb5_free_principal(d->k5, client);
    return ret;
}

static krb5_error_code
copy(struct doctor *d, struct tgt *tgt)
{
    krb5_ccache from = NULL;
    krb5_error_code ret = 0;

    memset(tgt, 0, sizeof(*tgt));
    if (d->k5 == NULL) {
        ret = krb5_init_context(&d->k5);
        if (ret == 0)
            ret = krb5_get_profile(d->k5, &d->profile);
    }
    if (ret == 0)
        ret = krb5_cc_default(d->k5, &from);
    if (ret == 0)
        ret = copy_from(d, from, tgt);
    if (from != NULL)
        (void)krb5_cc_close(d->k5, from);
    if (setenv("KRB5CCNAME", MEMORY, 1) != 0)
        ret = ENOMEM;
    return ret;
}

krb5_error_code
tickets_copy(struct doctor *d)
{
    struct tgt tgt;

    return copy(d, &tgt);
}

static void
say_tgt(struct doctor *d, const struct tgt *tgt)
{
    char when[128];

    cli_time_text(tgt->end, when, sizeof(when));
    doc_fact(d, "user", d->user);
    if (tgt->end <= time(NULL)) {
        d->expired = tgt->end;
        doc_say(d, OUTPUT_BAD, "%s, expired %s", d->user, when);
        return;
    }
    doc_say(d, OUTPUT_OK, "%s until %s", d->user, when);
    doc_say(d, tgt->forwardable ? OUTPUT_OK : OUTPUT_NOTE, "%s",
            tgt->forwardable ? "forwardable" : "not forwardable: delegation = "
            "kerberos would need `kinit -f'");
}

void
check_tickets(struct doctor *d)
{
    const char *name = krb5_cc_default_name(d->k5), *text;
    krb5_error_code ret;
    struct tgt tgt;

    doc_fact(d, "cache", name);
    if (name != NULL)
        doc_set(&d->user_cache, "%s", name);
    doc_say(d, OUTPUT_NOTE, "cache %s", name != NULL ? name : "unknown");
    ret = copy(d, &tgt);
    if (ret == 0) {
        say_tgt(d, &tgt);
        return;
    }
    text = krb5_get_error_message(d->k5, ret);
    doc_say(d, OUTPUT_BAD, "no tickets: %s", text);
    krb5_free_error_message(d->k5, text);
    if (d->cache != NULL)
        (void)krb5_cc_destroy(d->k5, d->cache);
    d->cache = NULL;
}
