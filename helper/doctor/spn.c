/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* spn.c - gss-winrm spn: setspn -Q and -X. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>

#include "helper/console/console.h"
#include "helper/doctor/output.h"
#include "helper/doctor/spn.h"
#include "plugin/base/strlist.h"

static const struct option options[] = {
    { "query", required_argument, NULL, 'q' },
    { "duplicates", no_argument, NULL, 'x' },
    { "realm", required_argument, NULL, 'r' },
    CLI_JSON, CLI_HELP, CLI_END
};

struct wanted {
    const char *query, *realm, *host;
    int duplicates;
};

/* --- Who has it --- */

struct found {
    json_t *list;
    const char *query;
};

/* Does the name match a pattern with stars?  (The filter has matched some
 * name of the account, not all of them.) */
static int
matches(const char *pattern, const char *name)
{
    for (; *pattern != '\0' && *pattern != '*'; pattern++, name++) {
        if (strncasecmp(pattern, name, 1) != 0)
            return 0;
    }
    if (*pattern == '\0')
        return *name == '\0';
    while (*pattern == '*')
        pattern++;
    do {
        if (matches(pattern, name))
            return 1;
    } while (*name++ != '\0');
    return 0;
}

static int
visit(void *arg, struct account **account)
{
    struct found *f = arg;
    char *const *spn;
    json_t *o;

    for (spn = (*account)->spns; spn != NULL && *spn != NULL; spn++) {
        if (!matches(f->query, *spn))
            continue;
        o = account_json(*account);
        (void)json_object_set_new(o, "spn", json_string(*spn));
        if (json_array_append_new(f->list, o) != 0)
            return CS_NOMEM;
    }
    return 0;
}

static int
query(struct dir *dir, const char *spn, json_t **out, struct cs_error *err)
{
    struct found found = { json_array(), spn };
    char *value = dir_escape(spn, 1), *filter = NULL;
    int ret = CS_NOMEM;

    if (found.list != NULL && value != NULL &&
        asprintf(&filter, "(servicePrincipalName=%s)", value) >= 0)
        ret = dir_search(dir, filter, visit, &found, err);
    free(value);
    free(filter);
    if (ret != 0)
        json_decref(found.list);
    *out = (ret == 0) ? found.list : NULL;
    return ret == CS_NOMEM ? cs_nomem(err) : ret;
}

/* --- Showing it --- */

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* Rows of SPN, account, kind, DN. */
static void
print_rows(const json_t *list)
{
    const char **cells = calloc(json_array_size(list) * 4 + 1,
                                sizeof(*cells));
    size_t i, n = 0;
    json_t *o;

    for (i = 0; cells != NULL && i < json_array_size(list); i++) {
        o = json_array_get(list, i);
        cells[n++] = text_of(o, "spn");
        cells[n++] = text_of(o, "account");
        cells[n++] = text_of(o, "kind");
        cells[n++] = text_of(o, "dn");
    }
    output_table(cells, n / 4, 4);
    free(cells);
}

static int
show_query(const struct wanted *w, struct dir *dir, struct cs_error *err)
{
    json_t *list = NULL;
    int ret = query(dir, w->query, &list, err), any;

    if (ret != 0)
        return cli_fail(err);
    any = json_array_size(list) > 0;
    if (cli_wants_json()) {
        cli_print_json(json_pack("{s:s, s:o}", "query", w->query, "found",
                                 json_incref(list)));
    } else if (any) {
        print_rows(list);
    } else {
        cli_error("no account in the domain has %s (%s was asked)", w->query,
                  dir_server(dir));
    }
    json_decref(list);
    return any ? CLI_OK : SPN_NONE;
}

static void
print_duplicates(const json_t *list, size_t accounts)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++)
        print_rows(json_object_get(json_array_get(list, i), "accounts"));
    if (json_array_size(list) == 0)
        say_line(stdout, "No name is registered twice (%zu account%s).",
                 accounts, accounts == 1 ? "" : "s");
    else
        say_line(stdout, "%zu name%s registered more than once (%zu accounts);"
                 " the KDC issues tickets for none of them.",
                 json_array_size(list), json_array_size(list) == 1 ?
                 " is" : "s are", accounts);
}

static int
show_duplicates(const struct wanted *w, struct dir *dir,
                struct cs_error *err)
{
    json_t *list = NULL;
    size_t accounts = 0;
    int ret = spn_duplicates(dir, w->host, &list, &accounts, err), any;

    if (ret != 0)
        return cli_fail(err);
    any = json_array_size(list) > 0;
    if (cli_wants_json())
        cli_print_json(json_pack("{s:O, s:i}", "duplicates", list,
                                 "accounts", (int)accounts));
    else
        print_duplicates(list, accounts);
    json_decref(list);
    return any ? SPN_DUPLICATES : CLI_OK;
}

/* --- The command --- */

/* Whose domain: the realm of the tickets, or the default one. */
static char *
default_realm(void)
{
    krb5_context context;
    krb5_ccache cache = NULL;
    krb5_principal client = NULL;
    char *realm = NULL, *dflt = NULL;

    if (krb5_init_context(&context) != 0)
        return NULL;
    if (krb5_cc_default(context, &cache) == 0 &&
        krb5_cc_get_principal(context, cache, &client) == 0)
        realm = strndup(client->realm.data, client->realm.length);
    else if (krb5_get_default_realm(context, &dflt) == 0)
        realm = strdup(dflt);
    krb5_free_default_realm(context, dflt);
    krb5_free_principal(context, client);
    if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    krb5_free_context(context);
    return realm;
}

static int
run(const struct wanted *w, const char *realm)
{
    struct dir *dir = NULL;
    struct cs_error err;
    int ret;

    ret = dir_open(realm, &dir, &err);
    if (ret == 0)
        ret = dir_bind(dir, &err);
    if (ret != 0)
        ret = cli_fail(&err);
    else if (w->duplicates)
        ret = show_duplicates(w, dir, &err);
    else
        ret = show_query(w, dir, &err);
    dir_close(&dir);
    return ret;
}

int
doc_spn(int argc, char **argv)
{
    struct wanted w = { NULL, NULL, NULL, 0 };
    struct cs_error err = { 0 };
    char *realm;
    int c, ret;

    while ((c = cli_option(argc, argv, ":hq:xr:", options)) != -1) {
        if (c == 'q')
            w.query = optarg;
        else if (c == 'r')
            w.realm = optarg;
        else
            w.duplicates = 1;
    }
    if ((w.query != NULL) == w.duplicates)
        return cli_usage(argv[0], "-q SPN or -x is required");
    if (argc - optind > w.duplicates)
        return cli_usage(argv[0], "too many arguments");
    w.host = argv[optind];
    output_init();
    realm = (w.realm != NULL) ? strdup(w.realm) : default_realm();
    if (realm == NULL) {
        (void)cs_fail(&err, CS_SYSTEM, "there are no tickets, and krb5.conf "
                      "has no default_realm; use --realm");
        return cli_fail(&err);
    }
    ret = run(&w, realm);
    free(realm);
    return ret;
}
