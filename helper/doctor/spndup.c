/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* spndup.c - service names that are registered more than once. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/console/console.h"
#include "helper/doctor/spn.h"
#include "plugin/base/strlist.h"

#define PROGRESS 200            /* accounts from line to line */

/* One name of one account. */
struct entry {
    char *spn;
    size_t owner;               /* which of the accounts */
};

/* A domain may have some hundred thousand of both: nothing is kept of them but
 * what a line about them needs.  Owns all of it. */
struct survey {
    const char *host;
    struct entry *entries;
    size_t nentries;
    struct account **owners;    /* without their lists */
    size_t nowners;
    size_t accounts;            /* that were looked at */
    int tty;
};

/* "http/web01" of "HTTP/web01:5985/x"? */
static int
is_of_host(const char *spn, const char *host)
{
    const char *name = strchr(spn, '/');
    size_t len, first = strcspn(host, ".");

    if (name == NULL)
        return 0;
    len = strcspn(++name, ":/");
    return (len == strlen(host) && strncasecmp(name, host, len) == 0) ||
        (len == first && strncasecmp(name, host, len) == 0);
}

/* Room for one more in an array that doubles: n members of that size. */
static int
grow(void **array, size_t n, size_t size)
{
    void *more;

    if (n != 0 && (n & (n - 1)) != 0)
        return 0;               /* not a power of two: there is room */
    more = realloc(*array, (n != 0 ? 2 * n : 1) * size);
    if (more == NULL)
        return CS_NOMEM;
    *array = more;
    return 0;
}

static int
note(struct survey *s, char **spn)
{
    void *array = s->entries;

    if (grow(&array, s->nentries, sizeof(*s->entries)) != 0)
        return CS_NOMEM;
    s->entries = array;
    s->entries[s->nentries].spn = *spn;
    s->entries[s->nentries++].owner = s->nowners;
    *spn = NULL;
    return 0;
}

static int
keep_owner(struct survey *s, struct account **account)
{
    void *array = s->owners;

    if (grow(&array, s->nowners, sizeof(struct account *)) != 0)
        return CS_NOMEM;
    s->owners = array;
    s->owners[s->nowners++] = *account;
    *account = NULL;
    return 0;
}

static int
visit(void *arg, struct account **account)
{
    struct survey *s = arg;
    char **spns = (*account)->spns, **spn, *copy;
    size_t before = s->nentries;
    int ret = 0;

    if (++s->accounts % PROGRESS == 0 && s->tty) {
        say_control(stderr, "\r");
        say(stderr, "%zu accounts...", s->accounts);
    }
    for (spn = spns; spn != NULL && *spn != NULL && ret == 0; spn++) {
        if (s->host != NULL && !is_of_host(*spn, s->host))
            continue;
        copy = strdup(*spn);
        ret = copy != NULL ? note(s, &copy) : CS_NOMEM;
        free(copy);
    }
    gw_strlist_free(spns);
    (*account)->spns = NULL;
    return ret == 0 && s->nentries > before ? keep_owner(s, account) : ret;
}

/* Every account with a name at the host, in whatever class and form. */
static char *
filter_for(const char *host)
{
    char *name, *first, *filter = NULL;

    if (host == NULL)
        return strdup("(servicePrincipalName=*)");
    name = dir_escape(host, 0);
    first = (name != NULL) ? strndup(name, strcspn(name, ".")) : NULL;
    if (first == NULL || asprintf(&filter,
                                  "(|(servicePrincipalName=*/%s)"
                                  "(servicePrincipalName=*/%s:*)"
                                  "(servicePrincipalName=*/%s/*)"
                                  "(servicePrincipalName=*/%s))",
                                  name, name, name, first) < 0)
        filter = NULL;
    free(name);
    free(first);
    return filter;
}

/* --- The duplicates --- */

static int
compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int by_name = strcasecmp(x->spn, y->spn);

    return by_name != 0 ? by_name : (x->owner > y->owner) -
        (x->owner < y->owner);
}

/* The n entries of one name. */
static json_t *
one_name(const struct survey *s, const struct entry *e, size_t n)
{
    json_t *accounts = json_array(), *o;
    size_t i;

    for (i = 0; i < n; i++) {
        o = account_json(s->owners[e[i].owner]);
        (void)json_object_set_new(o, "spn", json_string(e[i].spn));
        (void)json_array_append_new(accounts, o);
    }
    return json_pack("{s:s, s:o}", "spn", e->spn, "accounts", accounts);
}

static json_t *
more_than_once(struct survey *s)
{
    json_t *list = json_array();
    const struct entry *e = s->entries;
    size_t i, n;

    if (s->nentries > 1)
        qsort(s->entries, s->nentries, sizeof(*s->entries), compare);
    for (i = 0; i < s->nentries; i += n) {
        for (n = 1; i + n < s->nentries &&
             strcasecmp(e[i].spn, e[i + n].spn) == 0; n++)
            ;
        if (e[i].owner != e[i + n - 1].owner)
            (void)json_array_append_new(list, one_name(s, e + i, n));
    }
    return list;
}

static void
survey_free(struct survey *s)
{
    size_t i;

    for (i = 0; i < s->nentries; i++)
        free(s->entries[i].spn);
    for (i = 0; i < s->nowners; i++)
        account_free(&s->owners[i]);
    free(s->entries);
    free(s->owners);
}

int
spn_duplicates(struct dir *dir, const char *host, json_t **out,
               size_t *accounts, struct cs_error *err)
{
    struct survey s = { .host = host, .tty = isatty(STDERR_FILENO) };
    char *filter = filter_for(host);
    int ret = CS_NOMEM;

    *out = NULL;
    if (filter != NULL)
        ret = dir_search(dir, filter, visit, &s, err);
    if (s.tty && s.accounts >= PROGRESS) {
        say_control(stderr, "\r");
        say(stderr, "%23s", "");
        say_control(stderr, "\r");
    }
    if (ret == 0)
        *out = more_than_once(&s);
    else if (ret == CS_NOMEM)
        (void)cs_nomem(err);
    *accounts = s.accounts;
    survey_free(&s);
    free(filter);
    return ret;
}
