/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* strlist.c - words, and lists of them. */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/base/strlist.h"

#define SEPARATORS " \t\r\n,"

void
gw_strlist_free(char **words)
{
    char **w;

    for (w = words; w != NULL && *w != NULL; w++)
        free(*w);
    free(words);
}

int
gw_strlist_add(char ***words, size_t *n, const char *word)
{
    char **grown = realloc(*words, (*n + 2) * sizeof(*grown));

    if (grown == NULL)
        return ENOMEM;
    *words = grown;
    grown[*n] = strdup(word);
    if (grown[*n] == NULL)
        return ENOMEM;
    grown[++*n] = NULL;
    return 0;
}

int
gw_strlist_add_once(char ***words, size_t *n, const char *word)
{
    if (*words != NULL &&
        gw_strlist_find(word, (const char *const *)*words) >= 0)
        return 0;
    return gw_strlist_add(words, n, word);
}

int
gw_strlist_split(char **values, char ***out)
{
    char **words = NULL, **v, *copy, *save, *w;
    size_t n = 0;
    int ret = 0;

    for (v = values; *v != NULL && ret == 0; v++) {
        copy = strdup(*v);
        if (copy == NULL) {
            ret = ENOMEM;
            break;
        }
        for (w = strtok_r(copy, SEPARATORS, &save); w != NULL && ret == 0;
             w = strtok_r(NULL, SEPARATORS, &save))
            ret = gw_strlist_add(&words, &n, w);
        free(copy);
    }
    if (ret != 0) {
        gw_strlist_free(words);
        words = NULL;
    }
    *out = words;
    return ret;
}

int
gw_is_address(const char *host)
{
    struct in6_addr a;

    return inet_pton(AF_INET, host, &a) == 1 ||
        inet_pton(AF_INET6, host, &a) == 1;
}

int
gw_strlist_find(const char *word, const char *const *names)
{
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (strcasecmp(word, names[i]) == 0)
            return i;
    }
    return -1;
}

int
gw_boolean(const char *word)
{
    static const char *const words[] = {
        "false", "true", "no", "yes", "off", "on", "0", "1", "f", "t", "n",
        "y", NULL
    };
    int i = (word != NULL) ? gw_strlist_find(word, words) : -1;

    return (i < 0) ? -1 : (i & 1);
}

uint64_t
gw_hash(const char *word)
{
    uint64_t h = 14695981039346656037ULL;

    for (; *word != '\0'; word++)
        h = (h ^ (uint64_t)tolower((unsigned char)*word)) * 1099511628211ULL;
    return h;
}
