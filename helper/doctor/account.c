/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* account.c - accounts of Active Directory. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/doctor/account.h"
#include "plugin/bytes/clean.h"
#include "helper/console/console.h"
#include "plugin/base/strlist.h"

static const char a_name[] = "sAMAccountName";
static const char a_class[] = "objectClass";
static const char a_uac[] = "userAccountControl";
static const char a_host[] = "dNSHostName";
static const char a_spns[] = "servicePrincipalName";
static const char a_delegates[] = "msDS-AllowedToDelegateTo";
static const char a_acted[] = "msDS-AllowedToActOnBehalfOfOtherIdentity";

const char *const account_attributes[] = {
    a_name, a_class, a_uac, a_host, a_spns, a_delegates, a_acted, NULL
};

/* What an account is, by its objectClass; the most special first. */
static const struct {
    const char *class, *kind;
} kinds[] = {
    { "msDS-GroupManagedServiceAccount", "gMSA" },
    { "msDS-ManagedServiceAccount", "sMSA" },
    { "computer", "computer" },
    { "user", "user" },
    { NULL, "other" }
};

static char *
clean(const struct berval *value)
{
    struct cs_span span = {
        (const uint8_t *)value->bv_val, value->bv_len
    };

    return clean_new(span);
}

static char *
one_value(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
    struct berval **values = ldap_get_values_len(ld, entry, attribute);
    char *copy = NULL;

    if (values != NULL && values[0] != NULL)
        copy = clean(values[0]);
    ldap_value_free_len(values);
    return copy;
}

static char **
all_values(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
    struct berval **values = ldap_get_values_len(ld, entry, attribute);
    char **list = NULL, *copy;
    size_t n = 0, i;

    for (i = 0; values != NULL && values[i] != NULL; i++) {
        copy = clean(values[i]);
        if (copy == NULL || gw_strlist_add(&list, &n, copy) != 0)
            i = SIZE_MAX - 1;   /* what is left out is not believed either */
        free(copy);
        if (i == SIZE_MAX - 1)
            break;
    }
    ldap_value_free_len(values);
    return list;
}

static const char *
kind_of(LDAP *ld, LDAPMessage *entry)
{
    char **classes = all_values(ld, entry, a_class);
    size_t i;

    for (i = 0; kinds[i].class != NULL; i++) {
        if (classes != NULL && gw_strlist_find(kinds[i].class,
                                               (const char *const *)classes) >= 0)
            break;
    }
    gw_strlist_free(classes);
    return kinds[i].kind;
}

struct account *
account_read(LDAP *ld, LDAPMessage *entry)
{
    struct account *a = calloc(1, sizeof(*a));
    char *text, *dn;
    struct cs_span span;

    if (a == NULL)
        return NULL;
    dn = ldap_get_dn(ld, entry);
    if (dn != NULL) {
        span.p = (const uint8_t *)dn;
        span.len = strlen(dn);
        a->dn = clean_new(span);
        ldap_memfree(dn);
    }
    a->name = one_value(ld, entry, a_name);
    if (a->name == NULL)
        a->name = strdup(a->dn != NULL ? a->dn : "?");
    a->host = one_value(ld, entry, a_host);
    a->kind = kind_of(ld, entry);
    text = one_value(ld, entry, a_uac);
    if (text != NULL)
        a->uac = strtoul(text, NULL, 10);
    free(text);
    a->spns = all_values(ld, entry, a_spns);
    a->delegates_to = all_values(ld, entry, a_delegates);
    text = one_value(ld, entry, a_acted);
    a->acted_for = text != NULL;
    free(text);
    if (a->name == NULL || a->dn == NULL)
        account_free(&a);
    return a;
}

void
account_free(struct account **account)
{
    struct account *a = *account;

    *account = NULL;
    if (a == NULL)
        return;
    free(a->name);
    free(a->dn);
    free(a->host);
    gw_strlist_free(a->spns);
    gw_strlist_free(a->delegates_to);
    free(a);
}

int
account_has(const struct account *account, const char *spn)
{
    return account->spns != NULL &&
        gw_strlist_find(spn, (const char *const *)account->spns) >= 0;
}

/* --- What it may do --- */

static int
is_constrained(const struct account *a)
{
    return a->delegates_to != NULL;
}

static int
is_acted_for(const struct account *a)
{
    return a->acted_for;
}

static const struct {
    unsigned long flag;         /* or, when 0, */
    int (*test)(const struct account *account);
    const char *text;
} rights[] = {
    { UAC_DISABLED, NULL, "disabled" },
    { UAC_TRUSTED_FOR_DELEGATION, NULL, "trusted for delegation" },
    { UAC_NOT_DELEGATED, NULL, "sensitive: never delegated" },
    { UAC_PROTOCOL_TRANSITION, NULL, "protocol transition" },
    { 0, is_constrained, "constrained delegation" },
    { 0, is_acted_for, "others may act towards it (RBCD)" },
};

#define NRIGHTS (sizeof(rights) / sizeof(*rights))

static int
has_right(const struct account *a, size_t i)
{
    return rights[i].flag != 0 ? (a->uac & rights[i].flag) != 0 :
        rights[i].test(a);
}

void
account_rights(const struct account *account, char *buf, size_t size)
{
    size_t i, len = 0;
    int n;

    *buf = '\0';
    for (i = 0; i < NRIGHTS; i++) {
        if (!has_right(account, i))
            continue;
        n = snprintf(buf + len, size - len, "%s%s", len > 0 ? ", " : "",
                     rights[i].text);
        if (n < 0 || (size_t)n >= size - len)
            break;
        len += n;
    }
}

json_t *
account_json(const struct account *account)
{
    json_t *o = json_object(), *list = json_array();
    size_t i;

    for (i = 0; i < NRIGHTS; i++) {
        if (has_right(account, i))
            (void)json_array_append_new(list, json_string(rights[i].text));
    }
    (void)json_object_set_new(o, "account", json_string(account->name));
    (void)json_object_set_new(o, "kind", json_string(account->kind));
    (void)json_object_set_new(o, "dn", json_string(account->dn));
    (void)json_object_set_new(o, "host", account->host != NULL ?
                              json_string(account->host) : json_null());
    (void)json_object_set_new(o, "rights", list);
    return o;
}
