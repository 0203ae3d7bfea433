/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* levels.c - the places of krb5.conf where a key for one host is looked for. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/conf/levels.h"
#include "plugin/conf/sections.h"
#include "plugin/base/strlist.h"

#define APP "appdefaults"
#define SECTION "winrm"

/* Length without a final dot. */
static size_t
name_length(const char *name)
{
    size_t len = strlen(name);

    return (len > 1 && name[len - 1] == '.') ? len - 1 : len;
}

size_t
gw_target_rank(const char *key, const char *host)
{
    size_t klen = name_length(key), hlen = name_length(host);

    if (klen == 0 || hlen == 0)
        return 0;
    if (klen == 1 && *key == '.') {
        return (memchr(host, '.', hlen) == NULL && !gw_is_address(host)) ? 1 : 0;
    }
    if (*key != '.') {
        return (klen == hlen && strncasecmp(key, host, hlen) == 0) ?
            SIZE_MAX : 0;
    }
    if (klen >= hlen || gw_is_address(host))
        return 0;
    return strncasecmp(key, host + hlen - klen, klen) == 0 ? klen : 0;
}

static int
add_level(struct gw_levels *levels, int kind, const char *key)
{
    struct gw_level *l = &levels->v[levels->n];

    l->kind = kind;
    l->key = NULL;
    if (key != NULL && (l->key = strdup(key)) == NULL)
        return ENOMEM;
    levels->n++;
    return 0;
}

/* The best of the keys for one form of a host's name. */
struct matches {
    const char *exact, *suffix, *dot;
    size_t rank;                /* of the suffix */
};

static void
match_keys(char *const *keys, const char *host, struct matches *m)
{
    size_t rank;

    memset(m, 0, sizeof(*m));
    for (; keys != NULL && *keys != NULL && host != NULL; keys++) {
        rank = gw_target_rank(*keys, host);
        if (rank == SIZE_MAX) {
            if (m->exact == NULL)
                m->exact = *keys;
        } else if (rank == 1) {
            m->dot = *keys;
        } else if (rank > m->rank) {
            m->rank = rank;
            m->suffix = *keys;
        }
    }
}

/*
 * The targets that match, best first: exact before suffix before "."; and the
 * name as typed before the canonical one, which DNS may have chosen.  "." is
 * about the name as typed: the canonical one has dots.
 */
static int
add_targets(struct gw_levels *levels, const struct gw_subject *subject)
{
    const char *path[] = { APP, SECTION, "targets", NULL };
    char **keys = gw_section_names(levels->profile, path);
    struct matches typed, canon;
    const char *order[5];
    size_t i;
    int ret = 0;

    match_keys(keys, subject->typed, &typed);
    match_keys(keys, subject->canon, &canon);
    order[0] = typed.exact;
    order[1] = canon.exact;
    order[2] = typed.suffix;
    order[3] = canon.suffix;
    order[4] = typed.dot;
    for (i = 0; i < sizeof(order) / sizeof(*order) && ret == 0; i++) {
        if (order[i] != NULL)
            ret = add_level(levels, L_TARGET, order[i]);
    }
    gw_strlist_free(keys);
    return ret;
}

void
gw_levels_free(struct gw_levels *levels)
{
    while (levels->n > 0)
        free(levels->v[--levels->n].key);
}

int
gw_levels_find(struct gw_levels *levels, profile_t profile,
            const struct gw_subject *subject)
{
    int ret = 0;

    levels->profile = profile;
    levels->n = 0;
    if (subject != NULL && subject->typed != NULL)
        ret = add_targets(levels, subject);
    if (ret == 0 && subject != NULL && subject->realm != NULL &&
        *subject->realm != '\0')
        ret = add_level(levels, L_REALM, subject->realm);
    if (ret == 0)
        ret = add_level(levels, L_GENERAL, NULL);
    if (ret != 0)
        gw_levels_free(levels);
    return ret;
}

char **
gw_level_values(const struct gw_levels *levels, const struct gw_level *l,
             const char *sub, const char *key)
{
    const char *path[7];
    size_t n = 0;

    path[n++] = APP;
    path[n++] = SECTION;
    if (l->kind == L_TARGET)
        path[n++] = "targets";
    if (l->key != NULL)
        path[n++] = l->key;
    if (sub != NULL)
        path[n++] = sub;
    path[n++] = key;
    path[n] = NULL;
    return gw_section_values(levels->profile, path);
}

const char *
gw_level_word(const struct gw_level *l)
{
    return l->kind == L_TARGET ? "targets " : l->kind == L_REALM ? "realm " :
        SECTION;
}
