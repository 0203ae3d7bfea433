/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* answer.c - the parts of what gss-winrm explain answers. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>

#include "helper/cli/cli.h"
#include "plugin/conf/environ.h"
#include "helper/cli/explain.h"
#include "plugin/conf/reader.h"
#include "plugin/base/strlist.h"

static void
set(json_t *object, const char *key, const char *text)
{
    (void)json_object_set_new(object, key, text != NULL ? json_string(text) :
                              json_null());
}

/* --- The gateway --- */

/* Why not, or by which line. */
static char *
reachable_text(const struct hc_host *host, uint16_t port, int *connects)
{
    char *text;
    int n;

    *connects = 0;
    if (!host->reachable) {
        n = asprintf(&text, "neither delegate_to, nor targets of the gateway "
                     "section, nor a key of targets names it");
    } else if (!hc_port_ok(host, port)) {
        n = asprintf(&text, "port %u is not one of its ports", port);
    } else if (hc_gift(host) == HC_REFUSED) {
        n = asprintf(&text, "delegation = credssp, but delegate_to does not "
                     "name it");
    } else {
        n = asprintf(&text, "%s", host->reachable_source);
        *connects = 1;
    }
    return (n < 0) ? NULL : text;
}

static const char *
authentication_text(const struct hc_host *host)
{
    switch (hc_gift(host)) {
    case HC_PASSWORD:
        return "CredSSP, with your password";
    case HC_TICKET:
        return host->ntlm ? "Kerberos, with your ticket forwarded, or else "
            "NTLM" : "Kerberos, with your ticket forwarded";
    case HC_NOTHING:
    case HC_REFUSED:
    default:
        return host->ntlm ? "Kerberos, or else NTLM" : "Kerberos";
    }
}

json_t *
explain_gateway(const struct hc_host *host, uint16_t port)
{
    json_t *o = json_object();
    int connects;
    char *why = reachable_text(host, port, &connects);

    if (o != NULL) {
        (void)json_object_set_new(o, "connects", json_boolean(connects));
        set(o, "why", why);
        set(o, "authenticates", connects ? authentication_text(host) : NULL);
    }
    free(why);
    return o;
}

/* --- The plugin --- */

static char *
auto_text(const struct gw_policy *p)
{
    char ports[GW_PORTS_MAX * 8] = "", *text;
    size_t i, len = 0;

    for (i = 0; i < p->nports; i++)
        len += snprintf(ports + len, sizeof(ports) - len, "%s%u",
                        i == 0 ? "" : i + 1 == p->nports ? " or " : ", ",
                        p->ports[i]);
    if (asprintf(&text, "asks for the names below if a program has a "
                 "connection to port %s%s", ports, p->nodes != NULL ||
                 p->host != NULL ?
                 ", or the KDC does not know the plain name" : "") < 0)
        return NULL;
    return text;
}

json_t *
explain_plugin(const struct hc_host *host)
{
    const struct gw_policy *p = host->policy;
    enum gw_match match = p->match;
    int told = gw_environment_match(&match);
    json_t *text;
    char *found;

    if (!p->enabled)
        return json_string("leaves the name alone (enabled = false)");
    if (match == GW_MATCH_NEVER)
        return json_string(told ? "leaves the name alone (GSS_WINRM)" :
                           "leaves the name alone (match = never)");
    if (match == GW_MATCH_ALWAYS)
        return json_string(told ? "asks for the names below in every call "
                           "for HTTP there (GSS_WINRM)" :
                           "asks for the names below in every call for HTTP "
                           "there (match = always)");
    found = auto_text(p);
    text = (found != NULL) ? json_string(found) : NULL;
    free(found);
    return text;
}

/* --- The names --- */

/* As it would be asked for. */
static void
add_name(krb5_context context, json_t *list, const char *name)
{
    krb5_principal principal = NULL;
    const char *shown = name;
    char *text = NULL;
    const json_t *known;
    size_t i;

    if (hc_principal(context, name, &principal) == 0 &&
        krb5_unparse_name(context, principal, &text) == 0)
        shown = text;
    /* Two names of krb5's making may be one: of a short host, for instance. */
    json_array_foreach(list, i, known) {
        if (strcmp(json_string_value(known), shown) == 0)
            break;
    }
    if (i == json_array_size(list))
        (void)json_array_append_new(list, json_string(shown));
    krb5_free_unparsed_name(context, text);
    krb5_free_principal(context, principal);
}

json_t *
explain_names(const struct hc_host *host, uint16_t port)
{
    json_t *list = json_array();
    krb5_context context;
    struct cs_error err;
    char **names, **n;

    if (list == NULL || hc_names(host, NULL, port, &names, &err) != 0)
        return list;
    if (krb5_init_context(&context) == 0) {
        for (n = names; *n != NULL; n++)
            add_name(context, list, *n);
        krb5_free_context(context);
    }
    gw_strlist_free(names);
    return list;
}

void
explain_delegates(json_t *answer, const struct hc_host *host, uint16_t port)
{
    struct cs_error err = { 0 };
    char **names = NULL, **n;
    json_t *list = json_null();
    int ret = 0;

    if (hc_gift(host) == HC_PASSWORD || hc_gift(host) == HC_TICKET) {
        list = json_array();
        ret = hc_delegate_names(host, NULL, port, &names, &err);
    }
    for (n = names; n != NULL && *n != NULL; n++)
        (void)json_array_append_new(list, json_string(*n));
    gw_strlist_free(names);
    (void)json_object_set_new(answer, "delegates", list);
    set(answer, "delegates_nothing", ret != 0 ? err.text : NULL);
}

/* --- The settings --- */

static json_t *
words_json(char *const *words)
{
    json_t *list = json_array();

    for (; list != NULL && words != NULL && *words != NULL; words++)
        (void)json_array_append_new(list, json_string(*words));
    return list;
}

static json_t *
ports_json(const uint16_t *ports)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; list != NULL && i < GW_PORTS_MAX && ports[i] != 0; i++)
        (void)json_array_append_new(list, json_integer(ports[i]));
    return list;
}

/* As krb5.conf would have it. */
static json_t *
value_json(const struct gw_key *key, const void *value)
{
    const char *word;
    size_t len;

    switch (key->type) {
    case GW_BOOLEAN:
        return json_boolean(*(const int *)value);
    case GW_WORD:
        word = gw_key_word(key, *(const int *)value, &len);
        return word != NULL ? json_stringn(word, len) : json_null();
    case GW_NUMBER:
        return json_integer(*(const unsigned int *)value);
    case GW_SIZE:
        return json_integer(*(const size_t *)value / 1024);
    case GW_STRING:
        return *(char *const *)value != NULL ?
            json_string(*(char *const *)value) : json_null();
    case GW_WORDS:
        return words_json(*(char **const *)value);
    case GW_PORTS:
        return ports_json(value);
    }
    return json_null();
}

json_t *
explain_settings(const struct hc_host *host, const struct hc_gateway *gateway)
{
    json_t *list = json_array(), *o;
    struct hc_setting s;
    const char *section;
    size_t i;

    for (i = 0; hc_setting_at(host, gateway, i, &s); i++) {
        section = s.key->section;
        o = json_object();
        (void)json_object_set_new(o, "key", json_sprintf("%s%s%s", section,
                                  *section != '\0' ? ": " : "", s.key->name));
        (void)json_object_set_new(o, "value", value_json(s.key, s.value));
        set(o, "source", s.source != NULL ? s.source : "default");
        (void)json_array_append_new(list, o);
    }
    return list;
}
