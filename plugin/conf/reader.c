/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* reader.c - reading the keys of keytable.h, level by level. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/conf/reader.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

#define KIB ((size_t)1024)

/*
 * Takes the values found at a level (never none) into a field.  Returns 0 when
 * it has used them; EINVAL, with a complaint in the trace, when they are no
 * good and the next level is to be asked; ENOENT when they say that there is
 * nothing, and no level is to be asked; or ENOMEM.
 */
typedef int (*reader)(const struct gw_level *level, const struct gw_key *key,
                      char **values, void *out);

/* Trace that a value is not what it should be. */
static void
complain(const struct gw_level *l, const struct gw_key *k, const char *value,
         const char *want)
{
    gw_trace("krb5.conf, %s%s: %s = %s is not %s; ignored", gw_level_word(l),
             l->key != NULL ? l->key : "", k->name, value, want);
}

long
gw_whole_number(const char *text, long low, long high)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < low || n > high)
        return -1;
    return n;
}

static int
read_boolean(const struct gw_level *l, const struct gw_key *k, char **values,
             void *out)
{
    int value = gw_boolean(values[0]);

    if (value < 0) {
        complain(l, k, values[0], k->want);
        return EINVAL;
    }
    *(int *)out = value;
    return 0;
}

/* want is "auto, always or never". */
const char *
gw_key_word(const struct gw_key *key, int index, size_t *len)
{
    const char *p = key->want;

    for (p += strspn(p, ", "); *p != '\0'; p += *len, p += strspn(p, ", ")) {
        *len = strcspn(p, ", ");
        if ((*len != 2 || strncmp(p, "or", 2) != 0) && index-- == 0)
            return p;
    }
    return NULL;
}

static int
read_word(const struct gw_level *l, const struct gw_key *k, char **values,
          void *out)
{
    const char *word;
    size_t len;
    int i;

    for (i = 0; (word = gw_key_word(k, i, &len)) != NULL; i++) {
        if (strlen(values[0]) == len &&
            strncasecmp(values[0], word, len) == 0) {
            *(int *)out = i;
            return 0;
        }
    }
    complain(l, k, values[0], k->want);
    return EINVAL;
}

/* Of either width. */
static int
read_number(const struct gw_level *l, const struct gw_key *k, char **values,
            void *out)
{
    long n = gw_whole_number(values[0], k->low, k->high);
    char want[80];

    if (n < 0) {
        (void)snprintf(want, sizeof(want), "a number%s%s from %ld to %ld",
                       k->want != NULL ? " of " : "", k->want != NULL ?
                       k->want : "", k->low, k->high);
        complain(l, k, values[0], want);
        return EINVAL;
    }
    if (k->type == GW_SIZE)
        *(size_t *)out = n * KIB;
    else
        *(unsigned int *)out = n;
    return 0;
}

static int
read_string(const struct gw_level *l, const struct gw_key *k, char **values,
            void *out)
{
    if (*values[0] == '\0' || (k->ok != NULL && !k->ok(values[0]))) {
        complain(l, k, *values[0] != '\0' ? values[0] : "(empty)", k->want);
        return EINVAL;
    }
    *(char **)out = strdup(values[0]);
    return (*(char **)out == NULL) ? ENOMEM : 0;
}

/* One bad word does not spoil the others. */
static int
read_words(const struct gw_level *l, const struct gw_key *k, char **values,
           void *out)
{
    char **words, **from, **to;

    if (gw_strlist_split(values, &words) != 0)
        return ENOMEM;
    for (from = to = words; from != NULL && *from != NULL; from++) {
        if (k->ok == NULL || k->ok(*from)) {
            *to++ = *from;
        } else {
            complain(l, k, *from, k->want);
            free(*from);
        }
    }
    if (to != NULL)
        *to = NULL;
    if (words == NULL || *words == NULL) {
        gw_strlist_free(words);
        return k->ok != NULL ? EINVAL : ENOENT;
    }
    *(char ***)out = words;
    return 0;
}

static int
read_ports(const struct gw_level *l, const struct gw_key *k, char **values,
           void *out)
{
    uint16_t *ports = out;
    char **words, **w;
    size_t n = 0;
    long port;

    if (gw_strlist_split(values, &words) != 0)
        return ENOMEM;
    for (w = words; w != NULL && *w != NULL; w++) {
        port = gw_whole_number(*w, k->low, k->high);
        if (port < 0)
            complain(l, k, *w, k->want);
        else if (n == GW_PORTS_MAX)
            complain(l, k, *w, "one of the first 16 ports");
        else
            ports[n++] = port;
    }
    gw_strlist_free(words);
    return n > 0 ? 0 : EINVAL;
}

static const reader readers[] = {
    [GW_BOOLEAN] = read_boolean, [GW_WORD] = read_word,
    [GW_NUMBER] = read_number, [GW_SIZE] = read_number,
    [GW_STRING] = read_string, [GW_WORDS] = read_words,
    [GW_PORTS] = read_ports,
};

/* The default, in the same way as what krb5.conf says. */
static int
read_default(const struct gw_key *k, void *out)
{
    const struct gw_level none = { L_GENERAL, NULL };
    char *values[] = { strdup(k->dflt), NULL };
    int ret = values[0] == NULL ? ENOMEM : readers[k->type](&none, k, values,
                                                            out);

    free(values[0]);
    return ret;
}

static int
read_key(const struct gw_levels *levels, const struct gw_key *k, void *base)
{
    char **source = (char **)((char *)base + k->source), **values;
    void *out = (char *)base + k->field;
    const struct gw_level *l;
    int ret = EINVAL;

    for (l = levels->v; l < levels->v + levels->n && ret == EINVAL; l++) {
        values = (k->levels & l->kind) == 0 ? NULL :
            gw_level_values(levels, l, *k->section != '\0' ? k->section :
                            NULL, k->name);
        if (values == NULL)
            continue;
        ret = readers[k->type](l, k, values, out);
        gw_strlist_free(values);
        if ((ret == 0 || (ret == ENOENT && *k->dflt == '\0')) &&
            asprintf(source, "%s%s", gw_level_word(l),
                     l->key != NULL ? l->key : "") < 0) {
            *source = NULL;
            return ENOMEM;
        }
    }
    if (ret == EINVAL || ret == ENOENT)
        ret = *k->dflt != '\0' ? read_default(k, out) : 0;
    return ret;
}

int
gw_read_keys(const struct gw_levels *levels, const struct gw_key *keys,
             void *base)
{
    int ret = 0;

    for (; keys->name != NULL && ret == 0; keys++)
        ret = read_key(levels, keys, base);
    return ret;
}

static void
free_key(const struct gw_key *k, void *base)
{
    void *field = (char *)base + k->field;

    if (k->type == GW_STRING)
        free(*(char **)field);
    else if (k->type == GW_WORDS)
        gw_strlist_free(*(char ***)field);
    free(*(char **)((char *)base + k->source));
}

void
gw_free_keys(const struct gw_key *keys, void *base)
{
    for (; keys->name != NULL; keys++)
        free_key(keys, base);
}
