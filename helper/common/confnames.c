/* confnames.c - the service names to ask for at a host. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf.h"
#include "names.h"
#include "words.h"

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
                ret = gw_add_word_once(names, n, name);
            free(name);
            if (ret != 0)
                return ret;
        }
    }
    return 0;
}

static int
check_node(const struct hc_host *host, const char *node, struct cs_error *err)
{
    if (node == NULL || hc_node_ok(host, node))
        return 0;
    return cs_fail(err, CS_POLICY, "krb5.conf does not list %s in the nodes "
                   "of %s", node, host->host);
}

int
hc_names(const struct hc_host *host, const char *node, uint16_t port,
         char ***names, struct cs_error *err)
{
    char **hosts = NULL, **list = NULL, *plain = NULL;
    size_t n = 0;
    int ret;

    *names = NULL;
    ret = check_node(host, node, err);
    if (ret != 0)
        return ret;
    if (port == 0)
        port = host->policy->ports[0];
    ret = gw_policy_hosts(host->policy, host->host, node, &hosts);
    if (ret == 0)
        ret = expand_all(host, hosts, port, &list, &n);
    if (ret == 0 && asprintf(&plain, "HTTP@%s", host->host) < 0) {
        plain = NULL;
        ret = ENOMEM;
    }
    if (ret == 0)
        ret = gw_add_word_once(&list, &n, plain);
    gw_free_words(hosts);
    free(plain);
    if (ret != 0) {
        gw_free_words(list);
        return cs_nomem(err);
    }
    *names = list;
    return 0;
}

int
hc_delegate_names(const struct hc_host *host, const char *node,
                  uint16_t port, char ***names, struct cs_error *err)
{
    int ret = check_node(host, node, err);

    *names = NULL;
    return ret != 0 ? ret : cs_delegate_names(host->policy, host->host, node,
                                              port, names, err);
}
