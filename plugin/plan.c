/* plan.c - the names that one context may try, in order. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "delegate.h"
#include "names.h"
#include "plan.h"
#include "trace.h"
#include "words.h"

/* Append a step; strings are copied. */
static int
add_step(struct gw_plan *p, const char *template, const char *host,
         const char *name, int gift)
{
    struct gw_step *s, *grown;

    grown = realloc(p->steps, (p->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return ENOMEM;
    p->steps = grown;
    s = &grown[p->n++];
    s->template = (template != NULL) ? strdup(template) : NULL;
    s->host = (host != NULL) ? strdup(host) : NULL;
    s->name = (name != NULL) ? strdup(name) : NULL;
    s->gift = gift;
    if ((template != NULL && s->template == NULL) ||
        (host != NULL && s->host == NULL) ||
        (name != NULL && s->name == NULL))
        return ENOMEM;
    return 0;
}

int
gw_plan_delegates(const struct gw_plan *p)
{
    return !p->other &&
        ((p->flags & GW_DELEGATION) != 0 ||
         p->decision->policy->delegation == GW_DELEG_KERBEROS);
}

/* The hosts that may be given a ticket: as krb5.conf puts them in this one's
 * place, or as it was typed, if that is a whole name.  *hosts NULL: none. */
static int
trusted_hosts(const struct gw_plan *p, char ***hosts)
{
    const struct gw_policy *policy = gw_policy_trusted(p->decision->policy);
    char *whole = NULL;
    int ret = 0;

    *hosts = NULL;
    if (policy->nodes == NULL && policy->host == NULL)
        ret = gw_delegate_host(p->typed, &whole);
    if (ret == 0)
        ret = gw_policy_hosts(policy, whole, NULL, hosts);
    free(whole);
    return (ret == ENOMEM) ? ret : 0;
}

int
gw_plan_name(const struct gw_plan *p, const struct gw_step *s, char **out)
{
    int ret;

    if (s->name != NULL) {
        *out = strdup(s->name);
        return (*out == NULL) ? ENOMEM : 0;
    }
    ret = (s->gift ? gw_delegate_name : gw_name_expand)(
        s->template, s->host, p->decision->port, out);
    if (ret == EINVAL)
        gw_trace("%s: %s means nothing for %s; skipped", p->plain,
                 s->template, s->host);
    return ret;
}

/*
 * Which of the steps makes this name?  What was learned has to be one that
 * would be tried here: krb5.conf may have changed since, or a cluster's name
 * have led to another node.
 */
static size_t
find_step(const struct gw_plan *p, const char *name)
{
    size_t i;
    char *made = NULL;

    for (i = 0; i < p->n; i++) {
        int same;

        if (gw_plan_name(p, &p->steps[i], &made) != 0)
            continue;
        same = strcasecmp(made, name) == 0;
        free(made);
        if (same)
            break;
    }
    return i;
}

/* Of a cluster's nodes, the one that was reached; else all. */
static int
is_meant(const struct gw_plan *p, const char *host)
{
    return gw_policy_trusted(p->decision->policy)->nodes == NULL ||
        gw_find_word(host, (const char *const *)p->decision->hosts) >= 0;
}

/* Each template that may be given a ticket, at each host that may. */
static int
plan_gifts(struct gw_plan *p)
{
    const struct gw_policy *policy = gw_policy_trusted(p->decision->policy);
    char **hosts, **templates = NULL, **h, **t;
    int ret = trusted_hosts(p, &hosts);

    if (ret == 0 && hosts != NULL)
        ret = gw_delegate_templates(policy, &templates);
    for (t = templates; t != NULL && *t != NULL; t++) {
        for (h = hosts; *h != NULL && ret == 0; h++) {
            if (is_meant(p, *h) && gw_delegate_realm_ok(*t, *h))
                ret = add_step(p, *t, *h, NULL, 1);
        }
    }
    gw_free_words(templates);
    gw_free_words(hosts);
    return ret;
}

/* Is template at host among the gifts already, under the same name? */
static int
is_planned(const struct gw_plan *p, size_t gifts, const char *template,
           const char *host)
{
    size_t i;

    for (i = 0; i < gifts; i++) {
        if (strcasecmp(p->steps[i].template, template) == 0 &&
            strcasecmp(p->steps[i].host, host) == 0)
            return gw_host_is_canonical(host);
    }
    return 0;
}

/* Each template at each host that the name may stand for. */
static int
plan_names(struct gw_plan *p)
{
    const struct gw_decision *d = p->decision;
    size_t gifts = p->n;
    char **t, **h;
    int ret = 0;

    for (t = d->policy->spn; *t != NULL; t++) {
        for (h = d->hosts; *h != NULL && ret == 0; h++) {
            if (!is_planned(p, gifts, *t, *h))
                ret = add_step(p, *t, *h, NULL, 0);
        }
    }
    return ret;
}

static int
add_first(struct gw_plan *p, const char *name, int gift)
{
    struct gw_step last;
    int ret = add_step(p, NULL, NULL, name, gift);

    if (ret != 0)
        return ret;
    last = p->steps[p->n - 1];
    memmove(p->steps + 1, p->steps, (p->n - 1) * sizeof(last));
    p->steps[0] = last;
    return 0;
}

int
gw_plan_make(struct gw_plan *p)
{
    const struct gw_decision *d = p->decision;
    size_t same;
    int ret = 0;

    if (gw_plan_delegates(p))
        ret = plan_gifts(p);
    if (ret == 0 && !p->other)
        ret = plan_names(p);
    if (ret == 0)
        ret = add_step(p, NULL, NULL, p->plain, 0);
    if (ret == 0 && d->learned != NULL &&
        (same = find_step(p, d->learned)) < p->n)
        ret = add_first(p, d->learned, p->steps[same].gift);
    if (ret == 0 && d->offer.kind == GW_OFFER_TICKET)
        ret = add_first(p, d->offer.name, 0);
    return ret;
}

void
gw_plan_free(struct gw_plan *p)
{
    while (p->n > 0) {
        p->n--;
        free(p->steps[p->n].template);
        free(p->steps[p->n].host);
        free(p->steps[p->n].name);
    }
    free(p->steps);
    p->steps = NULL;
}
