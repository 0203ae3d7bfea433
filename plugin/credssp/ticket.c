/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* ticket.c - a service ticket for one context, which nobody else has. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "plugin/credssp/credsint.h"
#include "plugin/conf/names.h"
#include "plugin/credssp/ticket.h"

int
cs_ticket_unknown(const struct cs_error *err)
{
    return err->code == CS_INNER && gw_service_unknown(err->minor, err->text);
}

void
cs_ticket_free(struct cs_ticket *ticket)
{
    krb5_context context;
    krb5_ccache cache;

    /* Destroying a memory cache wipes its keys. */
    if (ticket->cache != NULL && krb5_init_context(&context) == 0) {
        if (krb5_cc_resolve(context, ticket->cache, &cache) == 0)
            (void)krb5_cc_destroy(context, cache);
        krb5_free_context(context);
    }
    free(ticket->cache);
    free(ticket->server);
    ticket->cache = ticket->server = NULL;
}

static int
is_tgt(krb5_context context, const krb5_creds *creds)
{
    const krb5_data *first;

    if (krb5_is_config_principal(context, creds->server) ||
        krb5_princ_size(context, creds->server) != 2)
        return 0;
    first = krb5_princ_component(context, creds->server, 0);
    return first->length == strlen(KRB5_TGS_NAME) &&
        memcmp(first->data, KRB5_TGS_NAME, first->length) == 0;
}

/* Copy the ticket-granting tickets of a cache. */
static krb5_error_code
copy_tgts(krb5_context context, krb5_ccache from, krb5_ccache to)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;
    krb5_error_code code = krb5_cc_start_seq_get(context, from, &cursor);

    if (code != 0)
        return code;
    while (code == 0 &&
           krb5_cc_next_cred(context, from, &cursor, &creds) == 0) {
        if (is_tgt(context, &creds))
            code = krb5_cc_store_cred(context, to, &creds);
        krb5_free_cred_contents(context, &creds);
    }
    (void)krb5_cc_end_seq_get(context, from, &cursor);
    return code;
}

static krb5_error_code
new_cache(krb5_context context, krb5_principal client, krb5_ccache *out)
{
    krb5_error_code code = krb5_cc_new_unique(context, "MEMORY", NULL, out);

    return (code != 0) ? code : krb5_cc_initialize(context, *out, client);
}

/* A cache with what a ticket can be got with, and no service's ticket. */
static krb5_error_code
open_cache(krb5_context context, const char *name, krb5_ccache *out)
{
    krb5_principal client = NULL;
    krb5_ccache source = NULL;
    krb5_error_code code = (name != NULL) ?
        krb5_cc_resolve(context, name, &source) :
        krb5_cc_default(context, &source);

    if (code == 0)
        code = krb5_cc_get_principal(context, source, &client);
    if (code == 0)
        code = new_cache(context, client, out);
    if (code == 0)
        code = copy_tgts(context, source, *out);
    krb5_free_principal(context, client);
    if (source != NULL)
        (void)krb5_cc_close(context, source);
    return code;
}

/* Ask the KDC. */
static krb5_error_code
ask(krb5_context context, krb5_ccache cache, krb5_principal server,
    krb5_creds **out)
{
    krb5_creds want;
    krb5_error_code code;

    memset(&want, 0, sizeof(want));
    want.server = server;
    code = krb5_cc_get_principal(context, cache, &want.client);
    if (code == 0)
        code = krb5_get_credentials(context, 0, cache, &want, out);
    krb5_free_principal(context, want.client);
    return code;
}

/*
 * The service that the ticket itself is for, in the place of the name that was
 * asked for: where that had no realm, this has one.
 */
static krb5_error_code
name_service(krb5_context context, krb5_creds *creds)
{
    krb5_principal server = NULL;
    krb5_ticket *ticket;
    krb5_error_code code = krb5_decode_ticket(&creds->ticket, &ticket);

    if (code != 0)
        return code;
    code = krb5_copy_principal(context, ticket->server, &server);
    krb5_free_ticket(context, ticket);
    if (code == 0) {
        krb5_free_principal(context, creds->server);
        creds->server = server;
    }
    return code;
}

/* Without its realm: class and host, in whatever case. */
static int
same_name(krb5_context context, krb5_const_principal a, krb5_const_principal b)
{
    return krb5_principal_compare_flags(context, a, b,
                                        KRB5_PRINCIPAL_COMPARE_IGNORE_REALM |
                                        KRB5_PRINCIPAL_COMPARE_CASEFOLD);
}

static int
same_data(const krb5_data *a, const krb5_data *b)
{
    return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* Is it whom we meant? */
static int
check(krb5_context context, krb5_const_principal asked,
      const krb5_creds *creds, const char *service, struct cs_error *err)
{
    if (!same_name(context, asked, creds->server))
        return cs_fail(err, CS_UNEXPECTED, "the KDC issued a ticket for a "
                       "name other than %s: nothing is delegated with it",
                       service);
    if (asked->realm.length > 0 ?
        !same_data(&asked->realm, &creds->server->realm) :
        gw_realm_by_dns(context) &&
        !same_data(&creds->client->realm, &creds->server->realm))
        return cs_fail(err, CS_UNEXPECTED, "the ticket for %s is of realm %.*s, "
                       "which DNS may have chosen (krb5.conf, "
                       "dns_lookup_realm): name the host's realm in "
                       "[domain_realm]", service,
                       (int)creds->server->realm.length,
                       creds->server->realm.data);
    return 0;
}

/* Keep the ticket: for the password alone, in a new cache that takes the other
 * one's place. */
static krb5_error_code
keep(krb5_context context, enum cs_gift gift, krb5_creds *creds,
     krb5_ccache *cache)
{
    krb5_ccache old = *cache;
    krb5_error_code code = 0;

    if (gift == CS_GIFT_PASSWORD) {
        *cache = NULL;
        code = new_cache(context, creds->client, cache);
        (void)krb5_cc_destroy(context, old);
    }
    return (code != 0) ? code : krb5_cc_store_cred(context, *cache, creds);
}

static krb5_error_code
hand_out(krb5_context context, krb5_ccache cache, const krb5_creds *creds,
         struct cs_ticket *out)
{
    char *name = NULL, *server = NULL;
    krb5_error_code code = krb5_cc_get_full_name(context, cache, &name);

    if (code == 0)
        code = krb5_unparse_name(context, creds->server, &server);
    if (code == 0) {
        out->cache = strdup(name);
        out->server = strdup(server);
        if (out->cache == NULL || out->server == NULL)
            code = ENOMEM;
    }
    krb5_free_string(context, name);
    krb5_free_unparsed_name(context, server);
    return code;
}

static int
fetch(krb5_context context, const char *source, const char *service,
      enum cs_gift gift, struct cs_ticket *out, struct cs_error *err)
{
    krb5_principal server = NULL;
    krb5_ccache cache = NULL;
    krb5_creds *creds = NULL;
    krb5_error_code code;
    int ret = 0;

    code = krb5_parse_name(context, service, &server);
    if (code == 0)
        code = open_cache(context, source, &cache);
    if (code == 0)
        code = ask(context, cache, server, &creds);
    if (code == 0)
        code = name_service(context, creds);
    if (code == 0)
        ret = check(context, server, creds, service, err);
    if (code == 0 && ret == 0)
        code = keep(context, gift, creds, &cache);
    if (code == 0 && ret == 0)
        code = hand_out(context, cache, creds, out);
    if (code != 0)
        ret = cs_krb5_fail(context, code, 0, "Kerberos", err);
    if (cache != NULL && ret != 0)
        (void)krb5_cc_destroy(context, cache);
    else if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    krb5_free_creds(context, creds);
    krb5_free_principal(context, server);
    return ret;
}

int
cs_ticket_fetch(struct cs_creds *creds, const char *service,
                enum cs_gift gift, struct cs_ticket *out,
                struct cs_error *err)
{
    krb5_context context;
    krb5_error_code code;
    char *source = NULL;
    int ret = 0;

    out->cache = out->server = NULL;
    if (creds != NULL)
        ret = cs_tickets_get(creds, gift == CS_GIFT_PASSWORD, &source, err);
    if (ret != 0)
        return ret;
    code = krb5_init_context(&context);
    if (code == 0) {
        ret = fetch(context, source, service, gift, out, err);
        krb5_free_context(context);
    } else {
        ret = cs_krb5_fail(NULL, code, 0, "krb5.conf", err);
    }
    free(source);
    if (ret != 0) {
        free(out->cache);
        free(out->server);
        out->cache = out->server = NULL;
    }
    return ret;
}

int
cs_ticket_find(struct cs_creds *creds, char *const *services,
               enum cs_gift gift, uint32_t *at, struct cs_ticket *out,
               struct cs_error *err)
{
    struct cs_error why = { 0 };
    int ret;

    for (;; ++*at) {
        ret = cs_ticket_fetch(creds, services[*at], gift, out, &why);
        if (ret == 0 || !cs_ticket_unknown(&why) ||
            services[*at + 1] == NULL)
            break;
    }
    if (ret != 0 && err != NULL)
        *err = why;
    return ret;
}
