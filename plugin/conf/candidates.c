/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* candidates.c - the service names to ask for at a host, and what they get. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>
#include <profile.h>

#include "plugin/conf/candidates.h"
#include "plugin/conf/names.h"
#include "plugin/base/strlist.h"

/* --- Which names may be given something --- */

int
gw_is_http(const char *template)
{
    size_t len = strcspn(template, "/@");

    return (len == 4 && strncasecmp(template, "HTTP", 4) == 0) ||
        memchr(template, '%', len) != NULL ||
        memchr(template, '\\', len) != NULL;
}

/* behind_machine: a name of the machine's comes before it. */
static int
may_have(const struct gw_policy *policy, const char *template,
         int behind_machine)
{
    int http = gw_is_http(template);

    if (policy->spn_exact && strpbrk(template, "%\\") == NULL)
        return !http || !behind_machine;        /* spelled out */
    return !http && (strstr(template, "%f") != NULL ||
                     strstr(template, "%n") != NULL);
}

/* [libdefaults] qualify_shortname, if krb5.conf has it; new memory.  Its
 * default is what the resolver searches, which the network may have said. */
static char *
short_domain(void)
{
    krb5_context context;
    profile_t profile;
    char *value = NULL, *copy = NULL;

    if (krb5_init_context(&context) != 0)
        return NULL;
    if (krb5_get_profile(context, &profile) == 0) {
        if (profile_get_string(profile, "libdefaults", "qualify_shortname",
                               NULL, NULL, &value) == 0 && value != NULL &&
            gw_host_ok(value))
            copy = strdup(value + (*value == '.'));
        profile_release_string(value);
        profile_release(profile);
    }
    krb5_free_context(context);
    return copy;
}

/* The whole name of a host that was typed, in new memory; no network. */
static int
whole_host(const char *typed, char **out)
{
    char *domain;
    int n;

    *out = NULL;
    if (gw_is_address(typed) || !gw_host_ok(typed))
        return EINVAL;
    if (strchr(typed, '.') != NULL) {
        *out = strdup(typed);
        return (*out == NULL) ? ENOMEM : 0;
    }
    domain = short_domain();
    if (domain == NULL)
        return EDOM;
    n = asprintf(out, "%s.%s", typed, domain);
    free(domain);
    if (n < 0)
        *out = NULL;
    return (n < 0) ? ENOMEM : 0;
}

/* The hosts whose names may be given something: as krb5.conf puts them in this
 * one's place, by the section that was typed, or the whole name. */
static int
hosts_to_trust(const struct gw_query *q, char ***hosts)
{
    const struct gw_policy *policy = gw_policy_trusted(q->policy);
    char *whole = NULL;
    int ret = 0;

    *hosts = NULL;
    if (policy->nodes == NULL && policy->host == NULL)
        ret = whole_host(q->host, &whole);
    if (ret == 0)
        ret = gw_policy_hosts(policy, whole, NULL, hosts);
    free(whole);
    return ret;
}

/* Of a cluster's nodes, is it one that is meant?  A node is a name, not the
 * suffix that a target may be. */
static int
is_meant(const struct gw_query *q, const char *node)
{
    char *const *h = q->hosts;

    if (h == NULL || gw_policy_trusted(q->policy)->nodes == NULL)
        return 1;
    while (*h != NULL && gw_target_rank(*h, node) != SIZE_MAX)
        h++;
    return *h != NULL;
}

/* Will the realm of a template's name at a host be krb5.conf's or a KDC's
 * word?  Where krb5.conf lets DNS say it and says nothing itself, krb5 asks
 * DNS last. */
static int
is_realm_safe(krb5_context context, const char *template, const char *host)
{
    char *realm;
    int safe;

    if (strchr(template, '@') != NULL)
        return 1;
    if (context == NULL)
        return 0;
    if (!gw_realm_by_dns(context))
        return 1;
    realm = gw_host_realm(context, host);
    safe = realm != NULL && *realm != '\0';
    free(realm);
    return safe;
}

/* --- The list --- */

/* Append one; strings are copied. */
static int
add(struct gw_candidates *list, const char *template, const char *host,
    const char *name, int have)
{
    struct gw_candidate *c, *grown;

    grown = realloc(list->v, (list->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return ENOMEM;
    list->v = grown;
    c = &grown[list->n++];
    c->template = (template != NULL) ? strdup(template) : NULL;
    c->host = (host != NULL) ? strdup(host) : NULL;
    c->name = (name != NULL) ? strdup(name) : NULL;
    c->may_have = have;
    if ((template != NULL && c->template == NULL) ||
        (host != NULL && c->host == NULL) ||
        (name != NULL && c->name == NULL))
        return ENOMEM;
    return 0;
}

static int
add_first(struct gw_candidates *list, const char *name, int have)
{
    struct gw_candidate last;
    int ret = add(list, NULL, NULL, name, have);

    if (ret != 0)
        return ret;
    last = list->v[list->n - 1];
    memmove(list->v + 1, list->v, (list->n - 1) * sizeof(last));
    list->v[0] = last;
    return 0;
}

/* Each template that may be given something, at each host that may. */
static int
add_trusted(const struct gw_query *q, struct gw_candidates *list)
{
    const struct gw_policy *policy = gw_policy_trusted(q->policy);
    krb5_context context = NULL;
    char **hosts, **t, **h;
    int ret, machine = 0;

    ret = hosts_to_trust(q, &hosts);
    if (!q->realm_is_checked && krb5_init_context(&context) != 0)
        context = NULL;
    for (t = policy->spn; ret == 0 && *t != NULL; t++) {
        if (!may_have(policy, *t, machine))
            continue;
        machine |= !gw_is_http(*t);
        for (h = hosts; *h != NULL && ret == 0; h++) {
            if (is_meant(q, *h) &&
                (q->realm_is_checked || is_realm_safe(context, *t, *h)))
                ret = add(list, *t, *h, NULL, 1);
        }
    }
    gw_strlist_free(hosts);
    if (context != NULL)
        krb5_free_context(context);
    return ret;
}

/* Is template at host there already, under the same name? */
static int
is_there(const struct gw_candidates *list, size_t trusted,
         const char *template, const char *host)
{
    size_t i;

    for (i = 0; i < trusted; i++) {
        if (strcasecmp(list->v[i].template, template) == 0 &&
            strcasecmp(list->v[i].host, host) == 0)
            return gw_host_is_canonical(host);
    }
    return 0;
}

/* Each template at each host that the name may stand for, as krb5 makes it. */
static int
add_others(const struct gw_query *q, struct gw_candidates *list)
{
    size_t trusted = list->n;
    char **made = NULL, **t;
    char *const *h, *const *hosts = q->hosts;
    int ret = 0;

    if (hosts == NULL) {
        ret = gw_policy_hosts(q->policy, q->host, NULL, &made);
        hosts = made;
    }
    for (t = q->policy->spn; ret == 0 && *t != NULL; t++) {
        for (h = hosts; *h != NULL && ret == 0; h++) {
            if (!is_there(list, trusted, *t, *h))
                ret = add(list, *t, *h, NULL, 0);
        }
    }
    gw_strlist_free(made);
    return ret;
}

/* The caller's own name. */
static int
add_own(const struct gw_query *q, struct gw_candidates *list)
{
    char *made = NULL;
    int ret;

    if (q->own == NULL && asprintf(&made, "HTTP@%s", q->host) < 0)
        return ENOMEM;
    ret = add(list, NULL, NULL, q->own != NULL ? q->own : made,
              q->purpose == GW_PASS);
    free(made);
    return ret;
}

/*
 * What was learned has to be one that would be tried here: krb5.conf may have
 * changed since, or a cluster's name have led to another node.
 */
static int
add_learned(const char *learned, struct gw_candidates *list)
{
    char *made;
    size_t i;
    int same;

    for (i = 0; i < list->n; i++) {
        if (gw_candidate_name(list, &list->v[i], &made) != 0)
            continue;
        same = strcasecmp(made, learned) == 0;
        free(made);
        if (same)
            return add_first(list, learned, list->v[i].may_have);
    }
    return 0;
}

/* --- What others call --- */

enum gw_purpose
gw_purpose_of(const struct gw_policy *policy, OM_uint32 flags)
{
    return ((flags & GW_DELEGATION) != 0 ||
            policy->delegation == GW_DELEG_KERBEROS) ? GW_FORWARD :
        GW_AUTHENTICATE;
}

int
gw_candidates_find(const struct gw_query *q, struct gw_candidates *out)
{
    int ret = 0;

    memset(out, 0, sizeof(*out));
    out->port = (q->port != 0) ? q->port : q->policy->ports[0];
    if (q->purpose == GW_FORWARD || q->purpose == GW_GIVE)
        ret = add_trusted(q, out);
    if (q->purpose == GW_FORWARD && (ret == EINVAL || ret == EDOM))
        ret = 0;                /* nothing is given, then */
    if (ret == 0 && q->purpose != GW_GIVE && q->purpose != GW_PASS)
        ret = add_others(q, out);
    if (ret == 0 && q->purpose != GW_GIVE)
        ret = add_own(q, out);
    if (ret == 0 && q->learned != NULL)
        ret = add_learned(q->learned, out);
    if (ret == 0 && q->ticket != NULL)
        ret = add_first(out, q->ticket, 0);
    if (ret != 0)
        gw_candidates_free(out);
    return ret;
}

void
gw_candidates_free(struct gw_candidates *list)
{
    while (list->n > 0) {
        list->n--;
        free(list->v[list->n].template);
        free(list->v[list->n].host);
        free(list->v[list->n].name);
    }
    free(list->v);
    list->v = NULL;
}

int
gw_candidate_name(const struct gw_candidates *list,
                  const struct gw_candidate *c, char **out)
{
    if (c->name == NULL)
        return (c->may_have ? gw_name_expand_at : gw_name_expand)(
            c->template, c->host, list->port, out);
    *out = strdup(c->name);
    return (*out == NULL) ? ENOMEM : 0;
}

int
gw_candidates_names(const struct gw_query *q, char ***names)
{
    struct gw_candidates list;
    size_t i, n = 0;
    char *name;
    int ret = gw_candidates_find(q, &list);

    *names = NULL;
    for (i = 0; ret == 0 && i < list.n; i++) {
        ret = gw_candidate_name(&list, &list.v[i], &name);
        if (ret == 0)
            ret = gw_strlist_add_once(names, &n, name);
        free(name);
        if (ret == EINVAL)
            ret = 0;            /* it means nothing for this host */
    }
    gw_candidates_free(&list);
    if (ret != 0) {
        gw_strlist_free(*names);
        *names = NULL;
    }
    return ret;
}

OM_uint32
gw_candidate_flags(const struct gw_query *q, const struct gw_candidate *c,
                   OM_uint32 flags)
{
    if (!c->may_have)
        return flags & ~(OM_uint32)GW_DELEGATION;
    return (q->purpose == GW_FORWARD &&
            q->policy->delegation == GW_DELEG_KERBEROS) ?
        flags | GSS_C_DELEG_FLAG : flags;
}
