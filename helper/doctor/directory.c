/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* directory.c - query a domain controller by LDAP. */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <krb5.h>
#include <ldap.h>
#include <profile.h>
#include <sasl/sasl.h>

#include "helper/doctor/directory.h"
#include "plugin/base/strlist.h"

#define PAGE 500                /* entries; AD's limit is 1000 */
#define PATIENCE 4              /* seconds for a connection, or an answer */
#define SERVERS_MAX 4           /* that are tried */
#define ANSWER_MAX ((ber_len_t)16 << 20)        /* bytes of one message */

struct dir {
    LDAP *ld;
    char *server, *base;
    long ahead;
    int knows_time;
};

static int
ldap_failed(struct cs_error *err, const char *what, const struct dir *d,
            int code)
{
    char *more = NULL;
    int ret;

    if (code == LDAP_NO_MEMORY)
        return cs_nomem(err);
    if (d->ld != NULL)
        (void)ldap_get_option(d->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
    ret = cs_fail(err, CS_SYSTEM, "%s: %s%s%.120s", what,
                  ldap_err2string(code), more != NULL && *more != '\0' ?
                  ": " : "", more != NULL ? more : "");
    ldap_memfree(more);
    return ret;
}

/* --- Where the controllers are --- */

/* DNS: _ldap._tcp.DOMAIN, as "HOST:PORT" words. */
static char **
servers_of_dns(const char *domain)
{
    char *list = NULL, **words = NULL, *values[2] = { NULL, NULL };

    if (ldap_domain2hostlist(domain, &list) != LDAP_SUCCESS)
        return NULL;
    values[0] = list;
    if (gw_strlist_split(values, &words) != 0)
        words = NULL;
    ldap_memfree(list);
    return words;
}

/* krb5.conf: a KDC of Active Directory is a domain controller. */
static char **
servers_of_conf(const char *realm)
{
    const char *path[] = { "realms", realm, "kdc", NULL };
    char **values = NULL, **words = NULL;
    profile_t profile = NULL;
    krb5_context context;
    size_t n = 0, i;

    if (krb5_init_context(&context) != 0)
        return NULL;
    if (krb5_get_profile(context, &profile) == 0 &&
        profile_get_values(profile, path, &values) == 0) {
        for (i = 0; values[i] != NULL; i++) {
            values[i][strcspn(values[i], ":")] = '\0';
            (void)gw_strlist_add(&words, &n, values[i]);
        }
        profile_free_list(values);
    }
    if (profile != NULL)
        profile_release(profile);
    krb5_free_context(context);
    return words;
}

static char *
lower_of(const char *text)
{
    char *copy = strdup(text);
    size_t i;

    for (i = 0; copy != NULL && copy[i] != '\0'; i++)
        copy[i] = tolower((unsigned char)copy[i]);
    return copy;
}

/* --- The connection --- */

static int
set_up(struct dir *d)
{
    const struct timeval patience = { PATIENCE, 0 };
    const int version = LDAP_VERSION3;
    ber_len_t most = ANSWER_MAX;
    Sockbuf *socket = NULL;

    /* Memory is there for what has come, not for what is said to come. */
    if (ldap_get_option(d->ld, LDAP_OPT_SOCKBUF, &socket) != 0 ||
        ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most) != 1)
        return LDAP_NO_MEMORY;
    if (ldap_set_option(d->ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
        ldap_set_option(d->ld, LDAP_OPT_NETWORK_TIMEOUT, &patience) != 0 ||
        ldap_set_option(d->ld, LDAP_OPT_TIMEOUT, &patience) != 0 ||
        ldap_set_option(d->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != 0 ||
        ldap_set_option(d->ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON) != 0)
        return LDAP_NO_MEMORY;
    return LDAP_SUCCESS;
}

/* "20261125103643.0Z" */
static void
read_time(struct dir *d, const char *text)
{
    struct tm tm;

    memset(&tm, 0, sizeof(tm));
    if (strptime(text, "%Y%m%d%H%M%S", &tm) == NULL)
        return;
    d->ahead = (long)(timegm(&tm) - time(NULL));
    d->knows_time = 1;
}

static char *
value_of(const struct dir *d, LDAPMessage *entry, const char *attribute)
{
    struct berval **v = ldap_get_values_len(d->ld, entry, attribute);
    char *copy = NULL;

    if (v != NULL && v[0] != NULL)
        copy = strndup(v[0]->bv_val, v[0]->bv_len);
    ldap_value_free_len(v);
    return copy;
}

/* The root entry: what anybody may know. */
static int
read_root(struct dir *d)
{
    char base[] = "defaultNamingContext", now[] = "currentTime";
    char *attributes[] = { base, now, NULL }, *text;
    LDAPMessage *answer = NULL, *entry;
    int ret;

    ret = ldap_search_ext_s(d->ld, "", LDAP_SCOPE_BASE, "(objectClass=*)",
                            attributes, 0, NULL, NULL, NULL, 1, &answer);
    entry = (ret == LDAP_SUCCESS) ? ldap_first_entry(d->ld, answer) : NULL;
    if (entry != NULL) {
        d->base = value_of(d, entry, base);
        text = value_of(d, entry, now);
        if (text != NULL)
            read_time(d, text);
        free(text);
    }
    ldap_msgfree(answer);
    if (ret == LDAP_SUCCESS && d->base == NULL)
        ret = LDAP_NO_SUCH_OBJECT;
    return ret;
}

/* See whom d->ld leads to. */
static int
meet(struct dir *d, const char *server)
{
    int ret = set_up(d);

    if (ret == LDAP_SUCCESS)
        ret = read_root(d);
    if (ret == LDAP_SUCCESS) {
        d->server = strndup(server, strcspn(server, ":"));
        return (d->server != NULL) ? LDAP_SUCCESS : LDAP_NO_MEMORY;
    }
    return ret;
}

static int
connect_to(struct dir *d, const char *server)
{
    char *uri;
    int ret;

    if (asprintf(&uri, "ldap://%s", server) < 0)
        return LDAP_NO_MEMORY;
    ret = ldap_initialize(&d->ld, uri);
    free(uri);
    return (ret == LDAP_SUCCESS) ? meet(d, server) : ret;
}

static void
hang_up(struct dir *d)
{
    if (d->ld != NULL)
        (void)ldap_unbind_ext_s(d->ld, NULL, NULL);
    d->ld = NULL;
    free(d->base);
    free(d->server);
    d->base = d->server = NULL;
}

static int
try_servers(struct dir *d, char *const *servers, struct cs_error *err)
{
    char what[300] = "";
    int ret = LDAP_NO_SUCH_OBJECT;
    size_t i;

    for (i = 0; i < SERVERS_MAX && servers[i] != NULL; i++) {
        hang_up(d);
        ret = connect_to(d, servers[i]);
        if (ret == LDAP_SUCCESS)
            return 0;
        (void)snprintf(what, sizeof(what), "%s", servers[i]);
    }
    return ldap_failed(err, what, d, ret);
}

int
dir_open(const char *realm, struct dir **out, struct cs_error *err)
{
    struct dir *d = calloc(1, sizeof(*d));
    char *domain = lower_of(realm), **servers = NULL;
    int ret;

    *out = NULL;
    if (d == NULL || domain == NULL) {
        free(d);
        free(domain);
        return cs_nomem(err);
    }
    servers = servers_of_dns(domain);
    if (servers == NULL)
        servers = servers_of_conf(realm);
    if (servers == NULL)
        ret = cs_fail(err, CS_SYSTEM, "no domain controller of %s is known: "
                      "neither DNS (_ldap._tcp.%s) nor krb5.conf has one",
                      realm, domain);
    else
        ret = try_servers(d, servers, err);
    gw_strlist_free(servers);
    free(domain);
    if (ret != 0)
        dir_close(&d);
    *out = d;
    return ret;
}

int
dir_adopt(LDAP *ld, const char *server, struct dir **out, struct cs_error *err)
{
    struct dir *d = calloc(1, sizeof(*d));
    int ret;

    *out = NULL;
    if (d == NULL) {
        (void)ldap_unbind_ext_s(ld, NULL, NULL);
        return cs_nomem(err);
    }
    d->ld = ld;
    ret = meet(d, server);
    if (ret == LDAP_SUCCESS) {
        *out = d;
        return 0;
    }
    (void)ldap_failed(err, server, d, ret);
    dir_close(&d);
    return err->code;
}

/* Nobody is asked anything. */
static int
no_interaction(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
    sasl_interact_t *q = questions;

    (void)ld;
    (void)flags;
    (void)defaults;
    for (; q != NULL && q->id != SASL_CB_LIST_END; q++) {
        q->result = "";
        q->len = 0;
    }
    return LDAP_SUCCESS;
}

int
dir_bind(struct dir *d, struct cs_error *err)
{
    int ret;

    ret = ldap_sasl_interactive_bind_s(d->ld, NULL, "GSSAPI", NULL, NULL,
                                       LDAP_SASL_QUIET, no_interaction, NULL);
    if (ret == LDAP_SUCCESS)
        return 0;
    (void)ldap_failed(err, d->server, d, ret);
    err->code = CS_INNER;
    return CS_INNER;
}

void
dir_close(struct dir **dir)
{
    struct dir *d = *dir;

    *dir = NULL;
    if (d == NULL)
        return;
    hang_up(d);
    free(d);
}

const char *
dir_server(const struct dir *d)
{
    return d->server;
}

long
dir_ahead(const struct dir *d, int *known)
{
    *known = d->knows_time;
    return d->ahead;
}

/* --- Searching --- */

static int
visit_all(const struct dir *d, LDAPMessage *answer, dir_visit visit,
          void *arg, struct cs_error *err)
{
    LDAPMessage *e;
    struct account *account;
    int ret = 0;

    for (e = ldap_first_entry(d->ld, answer); e != NULL && ret == 0;
         e = ldap_next_entry(d->ld, e)) {
        account = account_read(d->ld, e);
        if (account == NULL)
            return cs_nomem(err);
        ret = visit(arg, &account);
        account_free(&account);
    }
    return ret;
}

/* Where the next page begins, into cookie; empty behind the last. */
static int
take_cookie(const struct dir *d, LDAPMessage *answer, struct berval *cookie)
{
    LDAPControl **controls = NULL, *c;
    ber_int_t total;
    int ret, code = LDAP_SUCCESS;

    ber_memfree(cookie->bv_val);
    cookie->bv_val = NULL;
    cookie->bv_len = 0;
    ret = ldap_parse_result(d->ld, answer, &code, NULL, NULL, NULL, &controls,
                            0);
    if (ret == LDAP_SUCCESS)
        ret = code;
    c = (controls != NULL) ? ldap_control_find(LDAP_CONTROL_PAGEDRESULTS,
                                               controls, NULL) : NULL;
    /* Without a value, or an empty one, libldap would end us. */
    if (ret == LDAP_SUCCESS && c != NULL && c->ldctl_value.bv_len == 0)
        ret = LDAP_DECODING_ERROR;
    if (ret == LDAP_SUCCESS && c != NULL)
        ret = ldap_parse_pageresponse_control(d->ld, c, &total, cookie);
    ldap_controls_free(controls);
    return ret;
}

static int
search_page(const struct dir *d, const char *filter, struct berval *cookie,
            LDAPMessage **answer)
{
    LDAPControl *page = NULL, *controls[2] = { NULL, NULL };
    char *attributes[16];
    size_t i;
    int ret;

    for (i = 0; i < 15 && account_attributes[i] != NULL; i++)
        attributes[i] = (char *)(uintptr_t)account_attributes[i];
    attributes[i] = NULL;
    ret = ldap_create_page_control(d->ld, PAGE, cookie, 0, &page);
    if (ret != LDAP_SUCCESS)
        return ret;
    controls[0] = page;
    ret = ldap_search_ext_s(d->ld, d->base, LDAP_SCOPE_SUBTREE, filter,
                            attributes, 0, controls, NULL, NULL,
                            LDAP_NO_LIMIT, answer);
    ldap_control_free(page);
    return ret;
}

int
dir_search(struct dir *d, const char *filter, dir_visit visit, void *arg,
           struct cs_error *err)
{
    struct berval cookie = { 0, NULL };
    LDAPMessage *answer;
    int ret, code;

    do {
        answer = NULL;
        ret = 0;
        code = search_page(d, filter, &cookie, &answer);
        if (code == LDAP_SUCCESS)
            ret = visit_all(d, answer, visit, arg, err);
        if (code == LDAP_SUCCESS && ret == 0)
            code = take_cookie(d, answer, &cookie);
        ldap_msgfree(answer);
        if (code != LDAP_SUCCESS)
            ret = ldap_failed(err, d->server, d, code);
    } while (ret == 0 && cookie.bv_len > 0);
    ber_memfree(cookie.bv_val);
    return ret;
}

char *
dir_escape(const char *value, int stars)
{
    char *out = malloc(3 * strlen(value) + 1), *p = out;

    if (out == NULL)
        return NULL;
    for (; *value != '\0'; value++) {
        if (strchr("()\\", *value) != NULL || (*value == '*' && !stars))
            p += sprintf(p, "\\%02x", (unsigned char)*value);
        else
            *p++ = *value;
    }
    *p = '\0';
    return out;
}
