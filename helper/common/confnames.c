/* confnames.c - the service names to ask for at a host. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf.h"
#include "names.h"
#include "words.h"

/* The hosts that this one stands for. */
static int
stand_for(const struct hc_host *host, const char *node, char ***hosts)
{
    const struct gw_policy *p = host->policy;
    char *const *n;
    size_t count = 0;
    int ret = 0;

    if (node != NULL)
        return gw_add_word(hosts, &count, node);
    if (p->nodes == NULL)
        return gw_add_word(hosts, &count, p->host != NULL ? p->host :
                           host->host);
    for (n = p->nodes; *n != NULL && ret == 0; n++)
        ret = gw_add_word(hosts, &count, *n);
    return ret;
}

static int
add_once(char ***names, size_t *n, const char *name)
{
    if (*names != NULL &&
        gw_find_word(name, (const char *const *)*names) >= 0)
        return 0;
    return gw_add_word(names, n, name);
}

/* The plugin's order (plan() in attempt.c): each template at each host. */
static int
expand_all(const struct hc_host *host, char *const *hosts, uint16_t port,
           char ***names, size_t *n)
{
    char *const *t, *const *h;
    char *name;
    int ret;

    for (t = host->policy->spn; *t != NULL; t++) {
        for (h = hosts; h != NULL && *h != NULL; h++) {
            ret = gw_name_expand(*t, *h, port, &name);
            if (ret == EINVAL)
                continue;       /* means nothing for this host */
            if (ret == 0)
                ret = add_once(names, n, name);
            free(name);
            if (ret != 0)
                return ret;
        }
    }
    return 0;
}

int
hc_names(const struct hc_host *host, const char *node, uint16_t port,
         char ***names, struct cs_error *err)
{
    char **hosts = NULL, **list = NULL, *plain = NULL;
    size_t n = 0;
    int ret;

    *names = NULL;
    if (node != NULL && !hc_node_ok(host, node))
        return cs_fail(err, CS_POLICY, "krb5.conf does not list %s in the "
                       "nodes of %s", node, host->host);
    if (port == 0)
        port = host->policy->ports[0];
    ret = stand_for(host, node, &hosts);
    if (ret == 0)
        ret = expand_all(host, hosts, port, &list, &n);
    if (ret == 0 && asprintf(&plain, "HTTP@%s", host->host) < 0) {
        plain = NULL;
        ret = ENOMEM;
    }
    if (ret == 0)
        ret = add_once(&list, &n, plain);
    gw_free_words(hosts);
    free(plain);
    if (ret != 0) {
        gw_free_words(list);
        return cs_nomem(err);
    }
    *names = list;
    return 0;
}
