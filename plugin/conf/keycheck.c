/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * keycheck.c - what in the winrm section nobody will read.
 *
 * Only for the trace: a mistyped key is otherwise silent in krb5.conf.
 */
#include "config.h"

#include <string.h>

#include "plugin/conf/keys.h"
#include "plugin/conf/policy.h"
#include "plugin/conf/sections.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

#define WINRM "appdefaults", "winrm"

/* Not pointers, which would have to be relocated in every process. */
static const struct {
    char section[8], name[20];
    unsigned char levels;
} known[] = {
#define GW_KEY(section_, name_, levels_, ...) \
    { section_, #name_, GW_AT_##levels_ },
#include "plugin/conf/keytable.h"
};

#define GW_KEY(section_, name_, ...) \
    _Static_assert(sizeof(section_) <= sizeof(known->section) && \
                   sizeof(#name_) <= sizeof(known->name), #name_ " is long");
#include "plugin/conf/keytable.h"

/* The levels at which a section may have a key; 0 if there is no such key. */
static unsigned int
levels_of(const char *section, const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(known[i].name, name) == 0 &&
            strcmp(known[i].section, section) == 0)
            return known[i].levels;
    }
    return 0;
}

/* Is the key a section on one line? */
static int
is_section(char *const *sections, const char *name)
{
    for (; sections != NULL && *sections != NULL; sections++) {
        if (strcmp(*sections, name) == 0)
            return 1;
    }
    return 0;
}

/* Name each key at path, a level's or its subsection's, that nobody reads. */
static void
review_keys(profile_t profile, const char *const *path,
            enum gw_level_kind level, const char *section)
{
    char **names = gw_section_keys(profile, path), **n;
    char **sections = gw_section_names(profile, path);
    const char *where = level == L_TARGET ? " targets" : level == L_REALM ?
        " realm" : "", *space = *section != '\0' ? " " : "";
    unsigned int levels;

    for (n = names; n != NULL && *n != NULL; n++) {
        levels = levels_of(section, *n);
        if ((levels & level) != 0 || is_section(sections, *n))
            continue;
        gw_trace("krb5.conf, winrm%s%s%s: %s %s; ignored", where, space,
                 section, levels == 0 ? "unknown key" : "no place for the key",
                 *n);
    }
    gw_strlist_free(sections);
    gw_strlist_free(names);
}

/* The section at path, which has room for two more. */
static void
review_level(profile_t profile, const char **path, enum gw_level_kind level)
{
    const char *const *s, **last = path;

    while (*last != NULL)
        last++;
    review_keys(profile, path, level, "");
    last[1] = NULL;
    for (s = gw_subsections; *s != NULL; s++) {
        *last = *s;
        review_keys(profile, path, level, *s);
    }
    *last = NULL;
}

static int
has_value(profile_t profile, const char *target, const char *key)
{
    const char *path[] = { WINRM, "targets", target, key, NULL };
    char **values = gw_section_values(profile, path);
    int found = values != NULL;

    gw_strlist_free(values);
    return found;
}

static void
review_targets(profile_t profile)
{
    const char *path[] = { WINRM, "targets", NULL };
    char **names = gw_section_names(profile, path), **n;

    for (n = names; n != NULL && *n != NULL; n++) {
        const char *target[] = { WINRM, "targets", *n, NULL, NULL };

        review_level(profile, target, L_TARGET);
        if (has_value(profile, *n, "host") && has_value(profile, *n, "nodes"))
            gw_trace("krb5.conf, targets %s: host and nodes are both set; "
                     "nodes is used", *n);
    }
    gw_strlist_free(names);
}

void
gw_policy_review(profile_t profile)
{
    const char *winrm[] = { WINRM, NULL, NULL };
    struct gw_credssp_policy *credssp = NULL;
    char **names, **n;

    review_level(profile, winrm, L_GENERAL);
    review_targets(profile);
    names = gw_section_names(profile, winrm);
    for (n = names; n != NULL && *n != NULL; n++) {
        const char *realm[] = { WINRM, *n, NULL, NULL };

        if (strcmp(*n, "targets") != 0 && !gw_is_subsection(*n))
            review_level(profile, realm, L_REALM);
    }
    gw_strlist_free(names);
    /* Reading it complains of values that cannot be used. */
    (void)gw_credssp_policy_load(profile, NULL, &credssp);
    gw_credssp_policy_free(credssp);
}
