/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confnames.c - the service names to ask for at a host. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/conf/candidates.h"
#include "helper/common/conf.h"
#include "plugin/conf/names.h"

enum hc_gift
hc_gift(const struct hc_host *host)
{
    switch (host->policy->delegation) {
    case GW_DELEG_CREDSSP:
        return host->credssp.delegate ? HC_PASSWORD : HC_REFUSED;
    case GW_DELEG_KERBEROS:
        return HC_TICKET;
    case GW_DELEG_NONE:
    default:
        return HC_NOTHING;
    }
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
    char *nodes[] = { (char *)(uintptr_t)node, NULL };
    const struct gw_query query = {
        .policy = host->policy, .host = host->host,
        .purpose = gw_purpose_of(host->policy, 0),
        .hosts = (node != NULL) ? nodes : NULL, .port = port
    };
    int ret = check_node(host, node, err);

    *names = NULL;
    if (ret != 0)
        return ret;
    return gw_candidates_names(&query, names) != 0 ? cs_nomem(err) : 0;
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

krb5_error_code
hc_principal(krb5_context context, const char *name, krb5_principal *out)
{
    krb5_error_code code;
    const char *at;
    char *class;

    *out = NULL;
    if (gw_is_principal(name))
        return krb5_parse_name(context, name, out);
    at = strchr(name, '@');
    if (at == NULL)
        return EINVAL;
    class = strndup(name, (size_t)(at - name));
    if (class == NULL)
        return ENOMEM;
    code = krb5_sname_to_principal(context, at + 1, class, KRB5_NT_SRV_HST,
                                   out);
    free(class);
    return code;
}
