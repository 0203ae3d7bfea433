/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* sections.c - sections of krb5.conf, on several lines or on one. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/conf/sections.h"
#include "plugin/base/strlist.h"

#define DEPTH_MAX 8

/* The next token of a section on one line: "=", "}" or a word.  Returns where
 * the scan goes on, with *len 0 at the end. */
static const char *
next_token(const char *p, const char **start, size_t *len)
{
    p += strspn(p, " \t\r\n");
    *start = p;
    *len = (*p == '=' || *p == '}') ? 1 : strcspn(p, "=} \t\r\n");
    return p + *len;
}

/* Append a word to the string at buf, which has room for it. */
static void
append(char *buf, const char *word, size_t len)
{
    size_t used = strlen(buf);

    if (used > 0)
        buf[used++] = ' ';
    memcpy(buf + used, word, len);
    buf[used + len] = '\0';
}

char *
gw_inline_value(const char *text, const char *key)
{
    const char *word, *next, *after, *p = text + strspn(text, " \t\r\n");
    size_t len, nlen;
    int mine = 0, found = 0;
    char *buf;

    if (*p++ != '{')
        return NULL;
    buf = calloc(1, strlen(p) + 1);
    if (buf == NULL)
        return NULL;
    for (p = next_token(p, &word, &len); len > 0;
         p = next_token(p, &word, &len)) {
        if (*word == '}')
            break;
        after = next_token(p, &next, &nlen);
        if (nlen == 1 && *next == '=') {
            p = after;          /* word is a key */
            mine = key == NULL || (strlen(key) == len &&
                                   strncmp(word, key, len) == 0);
            found |= mine;
            if (key == NULL)
                append(buf, word, len);
        } else if (mine && key != NULL) {
            append(buf, word, len);
        }
    }
    if (len > 0 && found)
        return buf;
    free(buf);
    return NULL;
}

/* Copy a list of the profile library's, and free that. */
static char **
take_list(char **list)
{
    char **words = NULL, **v;
    size_t n = 0;

    for (v = list; v != NULL && *v != NULL; v++) {
        if (gw_strlist_add(&words, &n, *v) != 0) {
            gw_strlist_free(words);
            words = NULL;
            break;
        }
    }
    profile_free_list(list);
    return words;
}

static char **
relation_values(profile_t profile, const char *const *path)
{
    char **list = NULL;

    if (profile_get_values(profile, (const char **)(uintptr_t)path,
                           &list) != 0)
        return NULL;
    return take_list(list);
}

/* The text of the section at path if it is on one line, else NULL. */
static char *
one_line(profile_t profile, const char *const *path)
{
    char **values = relation_values(profile, path), *text = NULL;

    if (values != NULL && *values[0] == '{')
        text = strdup(values[0]);
    gw_strlist_free(values);
    return text;
}

/* path without its last element.  Returns 0 when it is too deep or empty. */
static int
parent_of(const char *const *path, const char **parent, const char **last)
{
    size_t n;

    for (n = 0; path[n] != NULL; n++)
        ;
    if (n == 0 || n > DEPTH_MAX)
        return 0;
    memcpy(parent, path, (n - 1) * sizeof(*path));
    parent[n - 1] = NULL;
    *last = path[n - 1];
    return 1;
}

char **
gw_section_values(profile_t profile, const char *const *path)
{
    const char *parent[DEPTH_MAX], *key;
    char **values = relation_values(profile, path), *text, *value;
    size_t n = 0;

    if (values != NULL || !parent_of(path, parent, &key))
        return values;
    text = one_line(profile, parent);
    value = (text != NULL) ? gw_inline_value(text, key) : NULL;
    free(text);
    if (value != NULL && gw_strlist_add(&values, &n, value) != 0) {
        gw_strlist_free(values);
        values = NULL;
    }
    free(value);
    return values;
}

/* Add the relations at path that are sections on one line. */
static void
add_one_liners(profile_t profile, const char *const *path, char ***names,
               size_t *n)
{
    const char *child[DEPTH_MAX + 2];
    char **list = NULL, **k, *text;
    size_t depth;

    for (depth = 0; path[depth] != NULL; depth++) {
        if (depth == DEPTH_MAX)
            return;
        child[depth] = path[depth];
    }
    if (profile_get_relation_names(profile, (const char **)(uintptr_t)path,
                                   &list) != 0)
        return;
    for (k = list; *k != NULL; k++) {
        child[depth] = *k;
        child[depth + 1] = NULL;
        text = one_line(profile, child);
        if (text != NULL)
            (void)gw_strlist_add(names, n, *k);
        free(text);
    }
    profile_free_list(list);
}

char **
gw_section_names(profile_t profile, const char *const *path)
{
    char **list = NULL, **names = NULL;
    size_t n = 0;

    if (profile_get_subsection_names(profile,
                                     (const char **)(uintptr_t)path,
                                     &list) == 0)
        names = take_list(list);
    while (names != NULL && names[n] != NULL)
        n++;
    add_one_liners(profile, path, &names, &n);
    return names;
}

char **
gw_section_keys(profile_t profile, const char *const *path)
{
    char **list = NULL, *values[2] = { NULL, NULL }, *text;

    if (profile_get_relation_names(profile, (const char **)(uintptr_t)path,
                                   &list) == 0 && list != NULL &&
        list[0] != NULL)
        return take_list(list);
    if (list != NULL)
        profile_free_list(list);
    list = NULL;
    text = one_line(profile, path);
    values[0] = (text != NULL) ? gw_inline_value(text, NULL) : NULL;
    free(text);
    if (values[0] != NULL)
        (void)gw_strlist_split(values, &list);
    free(values[0]);
    return list;
}
