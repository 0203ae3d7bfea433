/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * policy.c - what krb5.conf says about one target.
 *
 * A value is looked for at each level in turn: the exact target, the longest
 * suffix, ".", the realm's section, the general section, the default.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/conf/levels.h"
#include "plugin/conf/policy.h"
#include "plugin/conf/reader.h"
#include "plugin/conf/sections.h"
#include "plugin/base/strlist.h"

#define APP "appdefaults"
#define SECTION "winrm"

const struct gw_key gw_policy_keys[] = {
#define GW_POLICY_KEY(...) GW_ROW(struct gw_policy, __VA_ARGS__)
#include "plugin/conf/keytable.h"
    { .name = NULL }
};

const struct gw_key gw_credssp_keys[] = {
#define GW_CREDSSP_KEY(...) GW_ROW(struct gw_credssp_policy, __VA_ARGS__)
#include "plugin/conf/keytable.h"
    { .name = NULL }
};

int
gw_spn_ok(char *text)
{
    return strchr(text, '/') != NULL && *text != '/';
}

const char *const gw_subsections[] = { "credssp", "gateway", NULL };

int
gw_is_subsection(const char *name)
{
    const char *const *s;

    for (s = gw_subsections; *s != NULL && strcmp(*s, name) != 0; s++)
        ;
    return *s != NULL;
}

int
gw_policy_has_sections(profile_t profile)
{
    const char *path[] = { APP, SECTION, NULL };
    char **names = gw_section_names(profile, path), **n;
    int found = 0;

    for (n = names; n != NULL && *n != NULL; n++)
        found |= !gw_is_subsection(*n);
    gw_strlist_free(names);
    return found;
}

/* Is a source the section of the target as it was typed? */
static int
is_exact(const char *source, const struct gw_subject *subject)
{
    static const char targets[] = "targets ";
    size_t len = strlen(targets);

    return source != NULL && subject != NULL && subject->typed != NULL &&
        strncmp(source, targets, len) == 0 &&
        gw_target_rank(source + len, subject->typed) == SIZE_MAX;
}

static int
load(profile_t profile, const struct gw_subject *subject,
     struct gw_policy **out)
{
    struct gw_policy *p = calloc(1, sizeof(*p));
    struct gw_levels levels;
    int ret;

    *out = NULL;
    if (p == NULL)
        return ENOMEM;
    ret = gw_levels_find(&levels, profile, subject);
    if (ret != 0) {
        gw_policy_free(p);
        return ret;
    }
    ret = gw_read_keys(&levels, gw_policy_keys, p);
    gw_levels_free(&levels);
    while (p->nports < GW_PORTS_MAX && p->ports[p->nports] != 0)
        p->nports++;
    p->spn_exact = is_exact(p->spn_source, subject);
    if (ret != 0) {
        gw_policy_free(p);
        return ret;
    }
    *out = p;
    return 0;
}

/* DNS has no part in it. */
static int
take_delegation(struct gw_policy *policy, const struct gw_policy *typed)
{
    char *source = NULL;

    if (typed->delegation_source != NULL &&
        (source = strdup(typed->delegation_source)) == NULL)
        return ENOMEM;
    free(policy->delegation_source);
    policy->delegation_source = source;
    policy->delegation = typed->delegation;
    return 0;
}

int
gw_policy_load(profile_t profile, const struct gw_subject *subject,
               struct gw_policy **out)
{
    struct gw_subject typed = { NULL, NULL, NULL, NULL };
    int ret = load(profile, subject, out);

    if (ret != 0 || subject == NULL || subject->canon == NULL)
        return ret;
    typed.typed = subject->typed;
    typed.realm = subject->typed_realm;
    ret = load(profile, &typed, &(*out)->typed);
    if (ret == 0)
        ret = take_delegation(*out, (*out)->typed);
    if (ret != 0) {
        gw_policy_free(*out);
        *out = NULL;
    }
    return ret;
}

int
gw_policy_hosts(const struct gw_policy *p, const char *itself,
                const char *node, char ***hosts)
{
    char *const *each;
    size_t n = 0;
    int ret = 0;

    *hosts = NULL;
    if (node != NULL)
        return gw_strlist_add(hosts, &n, node);
    if (p->nodes == NULL)
        return gw_strlist_add(hosts, &n, p->host != NULL ? p->host : itself);
    for (each = p->nodes; *each != NULL && ret == 0; each++)
        ret = gw_strlist_add(hosts, &n, *each);
    return ret;
}

void
gw_policy_free(struct gw_policy *policy)
{
    if (policy == NULL)
        return;
    gw_free_keys(gw_policy_keys, policy);
    gw_policy_free(policy->typed);
    free(policy);
}

int
gw_credssp_policy_load(profile_t profile, const char *realm,
                       struct gw_credssp_policy **out)
{
    struct gw_credssp_policy *p = calloc(1, sizeof(*p));
    struct gw_subject subject = { .realm = realm };
    struct gw_levels levels;
    int ret;

    *out = NULL;
    if (p == NULL)
        return ENOMEM;
    ret = gw_levels_find(&levels, profile, &subject);
    if (ret != 0) {
        free(p);
        return ret;
    }
    ret = gw_read_keys(&levels, gw_credssp_keys, p);
    gw_levels_free(&levels);
    if (ret != 0) {
        gw_credssp_policy_free(p);
        return ret;
    }
    *out = p;
    return 0;
}

void
gw_credssp_policy_free(struct gw_credssp_policy *policy)
{
    if (policy == NULL)
        return;
    gw_free_keys(gw_credssp_keys, policy);
    free(policy);
}
