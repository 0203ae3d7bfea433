/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* names.c - making a service name of a template and a host. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include <profile.h>

#include "plugin/conf/names.h"
#include "plugin/base/strlist.h"

#define NAME_MAX_BYTES 1024

int
gw_is_principal(const char *name)
{
    return name[strcspn(name, "/@")] == '/';
}

int
gw_host_ok(const char *host)
{
    size_t len = strlen(host), i;

    if (len == 0 || len > GW_HOST_MAX || strspn(host, ".") == len)
        return 0;
    if (gw_is_address(host))
        return 1;
    for (i = 0; i < len; i++) {
        if (!isascii((unsigned char)host[i]) ||
            (!isalnum((unsigned char)host[i]) &&
             strchr("-_.", host[i]) == NULL))
            return 0;
    }
    return 1;
}

/* The host as krb5 writes it into a principal: with or without DNS as
 * krb5.conf says, qualified, in lower case. */
static int
canonical_host(krb5_context context, const char *host, char **out)
{
    char *expanded;

    if (krb5_expand_hostname(context, host, &expanded) != 0)
        return ENOMEM;
    if (!gw_host_ok(expanded)) {
        krb5_free_string(context, expanded);
        return EINVAL;
    }
    *out = strdup(expanded);
    krb5_free_string(context, expanded);
    return (*out == NULL) ? ENOMEM : 0;
}

/* The host in lower case, without a final dot. */
static int
plain_host(const char *host, char **out)
{
    size_t len = strlen(host), i;

    *out = strdup(host);
    if (*out == NULL)
        return ENOMEM;
    if (len > 1 && host[len - 1] == '.')
        (*out)[--len] = '\0';
    for (i = 0; i < len; i++)
        (*out)[i] = tolower((unsigned char)host[i]);
    return 0;
}

int
gw_service_unknown(uint32_t code, const char *text)
{
    const char *server = strstr(text, "Server ");

    if (code == (uint32_t)KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN)
        return 1;
    return server != NULL &&
        (server == text || (server - text >= 2 && server[-2] == ':')) &&
        strstr(server, "not found in Kerberos database") != NULL;
}

int
gw_realm_by_dns(krb5_context context)
{
    profile_t profile;
    int yes = 0;

    if (krb5_get_profile(context, &profile) != 0)
        return 1;
    (void)profile_get_boolean(profile, "libdefaults", "dns_fallback", NULL, 0,
                              &yes);
    (void)profile_get_boolean(profile, "libdefaults", "dns_lookup_realm", NULL,
                              yes, &yes);
    profile_release(profile);
    return yes;
}

/* [domain_realm], as krb5 reads it: the host, ".parent", "parent", and so on. */
static char *
domain_realm(krb5_context context, const char *host)
{
    const char *at = host;
    char *value = NULL, *realm = NULL;
    profile_t profile;

    if (krb5_get_profile(context, &profile) != 0)
        return NULL;
    while (at != NULL && realm == NULL) {
        if (profile_get_string(profile, "domain_realm", at, NULL, NULL,
                               &value) == 0 && value != NULL)
            realm = strdup(value);
        profile_release_string(value);
        value = NULL;
        at = (*at == '.') ? at + 1 : strchr(at, '.');
        if (at != NULL && *at == '\0')
            at = NULL;
    }
    profile_release(profile);
    return (realm != NULL) ? realm : strdup("");
}

/* What krb5 says, which may ask DNS. */
static char *
realm_of(krb5_context context, const char *host)
{
    char **realms = NULL, *realm;

    if (krb5_get_host_realm(context, host, &realms) != 0 || realms == NULL)
        return strdup("");
    realm = strdup(realms[0] != NULL ? realms[0] : "");
    krb5_free_host_realm(context, realms);
    return realm;
}

char *
gw_host_realm(krb5_context context, const char *host)
{
    char *plain, *realm;

    if (!gw_realm_by_dns(context))
        return realm_of(context, host);
    if (plain_host(host, &plain) != 0)
        return NULL;
    realm = domain_realm(context, plain);
    free(plain);
    return realm;
}

char *
gw_section_realm(krb5_context context, const char *host)
{
    char *realm = gw_host_realm(context, host), *dflt = NULL;

    if (realm != NULL && *realm != '\0')
        return realm;
    free(realm);
    realm = NULL;
    if (krb5_get_default_realm(context, &dflt) == 0) {
        realm = strdup(dflt);
        krb5_free_default_realm(context, dflt);
    }
    return realm;
}

/* Put a template's text into buf with its directives replaced. */
static int
expand(const char *template, const char *canon, uint16_t port, char *buf,
       size_t size)
{
    const char *t, *dot = strchr(canon, '.');
    size_t label = (dot != NULL) ? (size_t)(dot - canon) : strlen(canon);
    size_t len = 0;
    int n;

    for (t = template; *t != '\0'; t++) {
        if (*t != '%')
            n = snprintf(buf + len, size - len, "%c", *t);
        else if (*++t == 'f')
            n = snprintf(buf + len, size - len, "%s", canon);
        else if (*t == 'n' && !gw_is_address(canon))
            n = snprintf(buf + len, size - len, "%.*s", (int)label, canon);
        else if (*t == 'p' && port != 0)
            n = snprintf(buf + len, size - len, "%u", port);
        else if (*t == '%')
            n = snprintf(buf + len, size - len, "%%");
        else
            return EINVAL;
        if (n < 0 || (size_t)n >= size - len)
            return EINVAL;
        len += n;
    }
    return 0;
}

/* CLASS/%f and nothing else: "CLASS@host". */
static int
host_based(const char *template, const char *host, char **out)
{
    const char *slash = strchr(template, '/');

    *out = NULL;
    if (slash == NULL || strcmp(slash, "/%f") != 0 ||
        memchr(template, '%', slash - template) != NULL)
        return 0;
    if (asprintf(out, "%.*s@%s", (int)(slash - template), template, host) < 0)
        *out = NULL;
    return 1;
}

/* A template at this very host, as a principal name. */
static int
principal(krb5_context context, const char *template, const char *host,
          uint16_t port, char *(*find_realm)(krb5_context, const char *),
          char **out)
{
    char buf[NAME_MAX_BYTES] = "", *realm;
    int ret = expand(template, host, port, buf, sizeof(buf));

    if (ret != 0)
        return ret;
    if (strchr(buf, '@') != NULL) {
        *out = strdup(buf);
    } else {
        realm = find_realm(context, host);
        if (realm == NULL || asprintf(out, "%s@%s", buf, realm) < 0)
            *out = NULL;
        free(realm);
    }
    return (*out == NULL) ? ENOMEM : 0;
}

static int
make(const char *template, const char *host, uint16_t port, int canonical,
     char **out)
{
    krb5_context context;
    char *at = NULL;
    int ret;

    if (krb5_init_context(&context) != 0)
        return EINVAL;
    ret = canonical ? canonical_host(context, host, &at) :
        plain_host(host, &at);
    if (ret == 0)
        ret = principal(context, template, at, port, canonical ? realm_of :
                        gw_host_realm, out);
    free(at);
    krb5_free_context(context);
    return ret;
}

int
gw_name_expand(const char *template, const char *host, uint16_t port,
               char **out)
{
    *out = NULL;
    if (!gw_host_ok(host))
        return EINVAL;
    if (host_based(template, host, out))
        return (*out == NULL) ? ENOMEM : 0;
    return make(template, host, port, 1, out);
}

int
gw_name_expand_at(const char *template, const char *host, uint16_t port,
                  char **out)
{
    *out = NULL;
    return gw_host_ok(host) ? make(template, host, port, 0, out) : EINVAL;
}

int
gw_host_is_canonical(const char *host)
{
    krb5_context context;
    char *canon = NULL, *plain = NULL;
    int same;

    if (!gw_host_ok(host) || krb5_init_context(&context) != 0)
        return 0;
    same = canonical_host(context, host, &canon) == 0 &&
        plain_host(host, &plain) == 0 && strcmp(canon, plain) == 0;
    free(canon);
    free(plain);
    krb5_free_context(context);
    return same;
}
