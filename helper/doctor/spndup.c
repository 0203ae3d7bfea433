/* spndup.c - service names that are registered more than once. */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "spn.h"
#include "words.h"

#define PROGRESS 200            /* accounts from line to line */

struct survey {
    const char *host;
    json_t *seen;               /* "http/web01": [ account... ] */
    size_t accounts;
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

static char *
key_of(const char *spn)
{
    char *key = strdup(spn), *p;

    for (p = key; p != NULL && *p != '\0'; p++)
        *p = tolower((unsigned char)*p);
    return key;
}

static int
note(struct survey *s, const char *spn, const struct account *account)
{
    char *key = key_of(spn);
    json_t *list, *entry;

    if (key == NULL)
        return CS_NOMEM;
    list = json_object_get(s->seen, key);
    if (list == NULL) {
        list = json_array();
        (void)json_object_set_new(s->seen, key, list);
    }
    free(key);
    entry = account_json(account);
    if (list == NULL || entry == NULL)
        return CS_NOMEM;
    (void)json_object_set_new(entry, "spn", json_string(spn));
    return json_array_append_new(list, entry) == 0 ? 0 : CS_NOMEM;
}

static int
visit(void *arg, struct account **account)
{
    struct survey *s = arg;
    char *const *spn;
    int ret = 0;

    if (++s->accounts % PROGRESS == 0 && s->tty)
        (void)fprintf(stderr, "\r%zu accounts...", s->accounts);
    for (spn = (*account)->spns; spn != NULL && *spn != NULL && ret == 0;
         spn++) {
        if (s->host == NULL || is_of_host(*spn, s->host))
            ret = note(s, *spn, *account);
    }
    return ret;
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

static json_t *
more_than_once(const struct survey *s)
{
    json_t *list = json_array(), *o, *accounts;
    void *at = json_object_iter(s->seen);

    for (; at != NULL; at = json_object_iter_next(s->seen, at)) {
        accounts = json_object_iter_value(at);
        if (json_array_size(accounts) < 2)
            continue;
        o = json_object();
        (void)json_object_set(o, "spn", json_object_get(
                              json_array_get(accounts, 0), "spn"));
        (void)json_object_set(o, "accounts", accounts);
        (void)json_array_append_new(list, o);
    }
    return list;
}

int
spn_duplicates(struct dir *dir, const char *host, json_t **out,
               size_t *accounts, struct cs_error *err)
{
    struct survey s = { host, json_object(), 0, isatty(STDERR_FILENO) };
    char *filter = filter_for(host);
    int ret = CS_NOMEM;

    *out = NULL;
    if (filter != NULL && s.seen != NULL)
        ret = dir_search(dir, filter, visit, &s, err);
    if (s.tty && s.accounts >= PROGRESS)
        (void)fputs("\r                       \r", stderr);
    if (ret == 0)
        *out = more_than_once(&s);
    else if (ret == CS_NOMEM)
        (void)cs_nomem(err);
    *accounts = s.accounts;
    json_decref(s.seen);
    free(filter);
    return ret;
}
