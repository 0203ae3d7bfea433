/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * levels.h - the places of krb5.conf where a key for one host is looked for.
 *
 * In turn: the exact target, the longest suffix, ".", the realm's section, the
 * general section.
 */
#ifndef GW_LEVELS_H
#define GW_LEVELS_H

#include "plugin/conf/policy.h"

#define GW_LEVELS_MAX 7

/* Where a key is looked for.  Owns key. */
struct gw_level {
    enum gw_level_kind kind;
    char *key;                  /* the target or realm; NULL if general */
};

struct gw_levels {
    profile_t profile;
    struct gw_level v[GW_LEVELS_MAX];
    size_t n;
};

/* Find the levels for a subject (NULL: only the general one).  Returns 0 or
 * ENOMEM; release with gw_levels_free().  Borrows profile. */
int gw_levels_find(struct gw_levels *levels, profile_t profile,
                   const struct gw_subject *subject);
void gw_levels_free(struct gw_levels *levels);

/* All values of a key at one level (in its section sub, unless that is NULL),
 * or NULL.  Free with gw_strlist_free(). */
char **gw_level_values(const struct gw_levels *levels,
                       const struct gw_level *l, const char *sub,
                       const char *key);

/* What a level is called in front of its key, for people. */
const char *gw_level_word(const struct gw_level *l);

#endif /* GW_LEVELS_H */
