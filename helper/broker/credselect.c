/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* credselect.c - with which credential, and under which service name. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

#include "helper/broker/credselect.h"
#include "plugin/credssp/gsserr.h"
#include "plugin/conf/names.h"
#include "helper/broker/spncache.h"
#include "helper/broker/kdcqueue.h"
#include "plugin/base/strlist.h"

void
credselect_free(struct credselect *c)
{
    OM_uint32 minor;

    hc_host_free(&c->host);
    cs_creds_free(&c->creds);
    gw_strlist_free(c->names);
    cs_ticket_free(&c->ticket);
    (void)gss_release_name(&minor, &c->target);
    if (c->krb5 != NULL)
        krb5_free_context(c->krb5);
    memset(c, 0, sizeof(*c));
}

/* Every call of GSSAPI makes a context of libkrb5, which reads krb5.conf unless
 * another one has it. */
static void
keep_conf(struct credselect *c)
{
    if (krb5_init_context(&c->krb5) != 0)
        c->krb5 = NULL;
}

int
credselect_host(const struct wish *wish, int credssp, struct credselect *out,
                struct cs_error *err)
{
    int ret;

    memset(out, 0, sizeof(*out));
    keep_conf(out);
    ret = hc_host_load(wish->host, &out->host, err);
    if (ret == 0 && !hc_port_ok(out->host, wish->port))
        ret = cs_fail(err, CS_POLICY, "port %u of %s is not one of WinRM's in "
                      "krb5.conf (ports)", wish->port, out->host->host);
    if (ret != 0)
        credselect_free(out);
    else if (credssp)
        out->gift = HC_PASSWORD;
    else if (hc_gift(out->host) == HC_TICKET)
        out->gift = HC_TICKET;
    return ret;
}

/* Which names may be asked for. */
static int
list_names(const struct wish *wish, struct credselect *c, struct cs_error *err)
{
    int ret = (c->gift == HC_NOTHING ? hc_names : hc_delegate_names)(
        c->host, wish->node, wish->port, &c->names, err);

    while (ret == 0 && c->names[c->candidates] != NULL)
        c->candidates++;
    if (ret == 0 && wish->candidate >= c->candidates)
        return cs_fail(err, CS_USAGE, "%s has only %u service names",
                       c->host->host, c->candidates);
    c->candidate = wish->candidate;
    return ret;
}

int
credselect_creds(struct vault *vault, struct credselect *c,
                 struct cs_error *err)
{
    return vault_choose(vault, c->host->credential, c->host->realm, &c->creds,
                        err);
}

/*
 * Is the credential one of a realm's?  "DOMAIN\user" is if DOMAIN is what the
 * default realm begins with; asking the KDC about another one's user (that of
 * a machine, perhaps) would count as a bad logon of somebody else.
 */
static int
is_of_realm(const struct cs_creds *creds)
{
    const char *domain = cs_creds_domain(creds);
    krb5_context context;
    char *realm = NULL;
    size_t n;
    int is;

    if (*domain == '\0' || strchr(domain, '.') != NULL)
        return 1;
    if (krb5_init_context(&context) != 0)
        return 0;
    (void)krb5_get_default_realm(context, &realm);
    n = (realm != NULL) ? strcspn(realm, ".") : 0;
    is = n > 0 && strlen(domain) == n && strncasecmp(domain, realm, n) == 0;
    krb5_free_default_realm(context, realm);
    krb5_free_context(context);
    return is;
}

/* --- Asking the KDC --- */

static int
import(const char *name, gss_name_t *out, struct cs_error *err)
{
    gss_buffer_desc text = { strlen(name), (void *)(uintptr_t)name };
    OM_uint32 major, minor;

    major = gss_import_name(&minor, &text, gw_is_principal(name) ?
                            (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME :
                            GSS_C_NT_HOSTBASED_SERVICE, out);
    return GSS_ERROR(major) ? cs_gss_fail(err, "service name", major, minor,
                                          &cs_oid_krb5) : 0;
}

/* Begin a context, and forget it: its ticket stays in the cache. */
static int
probe(gss_cred_id_t cred, gss_name_t target, struct cs_error *err)
{
    gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;

    major = gss_init_sec_context(&minor, cred, &ctx, target,
                                 (gss_OID)(uintptr_t)&cs_oid_krb5,
                                 GSS_C_MUTUAL_FLAG, GSS_C_INDEFINITE,
                                 GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER,
                                 NULL, &token, NULL, NULL);
    (void)gss_release_buffer(&tmp, &token);
    (void)gss_delete_sec_context(&tmp, &ctx, GSS_C_NO_BUFFER);
    return GSS_ERROR(major) ? cs_gss_fail(err, "Kerberos", major, minor,
                                          &cs_oid_krb5) : 0;
}

static uint64_t
whose(const struct credselect *c)
{
    return (c->creds != NULL) ? cs_creds_serial(c->creds) : 0;
}

/* Try the names from c->candidate on. */
static int
search(gss_cred_id_t cred, struct credselect *c, struct cs_error *err)
{
    OM_uint32 minor;
    int ret = CS_INNER;

    for (; c->candidate < c->candidates; c->candidate++) {
        ret = import(c->names[c->candidate], &c->target, err);
        if (ret == 0)
            ret = probe(cred, c->target, err);
        if (ret == 0) {
            spncache_note(whose(c), c->names[c->candidate]);
            return 0;
        }
        (void)gss_release_name(&minor, &c->target);
        if (!cs_ticket_unknown(err))
            return ret;
    }
    return ret;
}

/* The name that the KDC has just had a ticket for, or the first that it has. */
static int
find_name(struct credselect *c, struct cs_error *err)
{
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;
    int ret = 0;

    if (spncache_is(whose(c), c->names[c->candidate]))
        return import(c->names[c->candidate], &c->target, err);
    if (c->creds != NULL)
        ret = cs_creds_acquire(c->creds, CS_MECH_RAW_KRB5, NULL, &cred, err);
    if (ret == 0)
        ret = search(cred, c, err);
    (void)gss_release_cred(&minor, &cred);
    return ret;
}

/* A ticket of this context's own. */
static int
find_ticket(struct credselect *c, int64_t limit, struct cs_error *err)
{
    int ret;

    /* To ask out of turn would make it worse for all. */
    if (!place_begin(limit))
        return cs_fail(err, CS_INNER, "too many sessions are beginning for "
                       "the KDC to issue this one's ticket in time: try "
                       "again");
    ret = cs_ticket_find(c->creds, c->names, c->gift == HC_PASSWORD ?
                         CS_GIFT_PASSWORD : CS_GIFT_TICKET, &c->candidate,
                         &c->ticket, err);
    place_end();
    return (ret == 0) ? import(c->ticket.server, &c->target, err) : ret;
}

/* Has the user neither logged in here nor got tickets elsewhere? */
static int
has_nothing(const struct credselect *c, const struct cs_error *err)
{
    return c->creds == NULL &&
        (GSS_ROUTINE_ERROR(err->major) == GSS_S_NO_CRED ||
         err->minor == (uint32_t)KRB5_FCC_NOFILE ||
         err->minor == (uint32_t)KRB5_CC_NOTFOUND);
}

/* What krb5 makes of getaddrinfo's EAI_AGAIN: a DNS server that is slow. */
static int
is_for_now(const struct cs_error *err)
{
    return err->minor == EAGAIN;
}

/* The error stays what it was, for those who go by it. */
static void
explain_for_now(struct cs_error *err)
{
    (void)snprintf(err->text, sizeof(err->text), "Kerberos: the address of a "
                   "domain controller could not be looked up: no DNS server "
                   "answers (EAGAIN)");
}

static int
ask_kdc(struct credselect *c, struct cs_error *err)
{
    int64_t limit = kdcqueue_limit();
    int ret;

    if (c->creds != NULL && !is_of_realm(c->creds))
        return cs_fail(err, CS_POLICY, "the realm of %s is unknown: log in as "
                       "user@REALM", cs_creds_name(c->creds));
    do {
        ret = (c->gift == HC_NOTHING) ? find_name(c, err) :
            find_ticket(c, limit, err);
    } while (ret == CS_INNER && is_for_now(err) && kdcqueue_again(limit));
    if (ret == CS_INNER && is_for_now(err))
        explain_for_now(err);
    if (ret == CS_INNER && has_nothing(c, err))
        return cs_fail(err, CS_INNER, "there is no credential (`gss-winrm "
                       "login') and no Kerberos ticket (`kinit')");
    return ret;
}

/* NTLM wants a host-based name: the plain one.  It says nothing of who has
 * which key. */
static int
name_for_ntlm(struct credselect *c, struct cs_error *err)
{
    size_t n = c->candidates;
    char *plain;
    int ret;

    if (asprintf(&plain, "HTTP@%s", c->host->host) < 0)
        return cs_nomem(err);
    ret = gw_strlist_add_once(&c->names, &n, plain) == 0 ?
        import(plain, &c->target, err) : cs_nomem(err);
    if (ret == 0) {
        c->candidate = (uint32_t)gw_strlist_find(plain, (const char *const *)
                                                 c->names);
        c->candidates = (uint32_t)n;
    }
    free(plain);
    return ret;
}

int
credselect_name(const struct wish *wish, int ntlm, struct credselect *c,
                struct cs_error *err)
{
    int ret = list_names(wish, c, err);

    /* NTLM proves no name, and may do without one that Kerberos has. */
    if (ret == CS_POLICY && ntlm && c->creds != NULL && wish->node == NULL &&
        c->candidates == 0) {
        c->mechs = CS_MECH_NTLM;
        return name_for_ntlm(c, err);
    }
    if (ret != 0)
        return ret;
    c->mechs = CS_MECH_KRB5 | (ntlm ? CS_MECH_NTLM : 0);
    ret = ask_kdc(c, err);
    if (ret == 0 || ret == CS_NOMEM || ret == CS_UNEXPECTED || !ntlm ||
        c->creds == NULL || cs_is_verdict(err))
        return ret;
    c->mechs = CS_MECH_NTLM;
    return name_for_ntlm(c, err);
}

const char *
credselect_spn(const struct credselect *c)
{
    return (c->ticket.server != NULL) ? c->ticket.server :
        c->names[c->candidate];
}
