/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cspolicy.c - what krb5.conf allows for one target. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>

#include "plugin/conf/candidates.h"
#include "plugin/credssp/cspolicy.h"
#include "plugin/credssp/gsserr.h"
#include "plugin/conf/names.h"
#include "plugin/conf/policy.h"
#include "plugin/base/strlist.h"

/* What krb5.conf says of a host as it was given.  Either may be NULL.  The
 * realm whose section counts: the host's, or the default. */
static int
load(const char *host, struct gw_credssp_policy **credssp,
     struct gw_policy **policy)
{
    char *realm;
    struct gw_subject subject = { .typed = host };
    krb5_context context;
    profile_t profile;
    int ret = krb5_init_context(&context);

    if (ret != 0)
        return ret;
    ret = krb5_get_profile(context, &profile);
    if (ret != 0) {
        krb5_free_context(context);
        return ret;
    }
    realm = gw_section_realm(context, host);
    subject.realm = realm;
    if (credssp != NULL)
        ret = gw_credssp_policy_load(profile, subject.realm, credssp);
    if (ret == 0 && policy != NULL)
        ret = gw_policy_load(profile, &subject, policy);
    free(realm);
    profile_release(profile);
    krb5_free_context(context);
    return ret;
}

int
cs_policy_for_host(const char *host, struct cs_policy *out,
                   struct cs_error *err)
{
    struct gw_credssp_policy *conf = NULL;
    char **key;
    int ret = load(host, &conf, NULL);

    memset(out, 0, sizeof(*out));
    if (ret != 0)
        return cs_krb5_conf_fail(ret, err);
    out->ntlm = conf->ntlm;
    out->minimum_version = conf->minimum_version;
    for (key = conf->delegate_to; key != NULL && *key != NULL; key++) {
        if (gw_target_rank(*key, host) > 0)
            out->delegate = 1;
    }
    gw_credssp_policy_free(conf);
    return 0;
}

/* Why a host cannot be named without asking DNS. */
static int
unnamed(const char *host, int why, struct cs_error *err)
{
    if (why == EDOM)
        return cs_fail(err, CS_POLICY, "%s is a short name: use the full "
                       "name, or put the domain into krb5.conf ([libdefaults] "
                       "qualify_shortname), since DNS must not choose who "
                       "gets what is delegated", host);
    if (why == EINVAL && !gw_is_address(host))
        return cs_fail(err, CS_USAGE, "%s is not a valid host name", host);
    if (why == EINVAL)
        return cs_fail(err, CS_POLICY, "%s is an address: use the host's "
                       "name, or put it into krb5.conf (targets = { %s = { "
                       "host = NAME } }), since DNS must not choose who gets "
                       "what is delegated", host, host);
    return cs_nomem(err);
}

int
cs_delegate_names(const struct gw_policy *policy, const char *host,
                  const char *node, uint16_t port, char ***names,
                  struct cs_error *err)
{
    char *nodes[] = { (char *)(uintptr_t)node, NULL };
    /* ticket.c looks whose realm the ticket is of. */
    const struct gw_query query = {
        .policy = policy, .host = host, .purpose = GW_GIVE,
        .hosts = (node != NULL) ? nodes : NULL, .port = port,
        .realm_is_checked = 1   /* ticket.c does */
    };
    int ret = gw_candidates_names(&query, names);

    if (ret != 0)
        return unnamed(host, ret, err);
    if (*names == NULL)
        return cs_fail(err, CS_POLICY, "krb5.conf (spn) has only names of "
                       "class HTTP for %s, which may be the web site's "
                       "account's: list HOST/%%f, or spell out that very name "
                       "in the target's own section", host);
    return 0;
}

char *
cs_service_host(const char *service)
{
    const char *slash = strchr(service, '/'), *at = strchr(service, '@');

    if (slash != NULL && (at == NULL || slash < at))
        return strndup(slash + 1, strcspn(slash + 1, "/@"));
    return (at != NULL) ? strdup(at + 1) : strdup(service);
}

/* Another class than HTTP, which the program itself has named, at the host as
 * it stands: what krb5.conf has is about WinRM. */
static int
other_class(const char *service, const char *host, char ***names,
            struct cs_error *err)
{
    char *spn[] = { NULL, NULL };
    struct gw_policy policy = { .spn = spn };
    int ret;

    if (asprintf(&spn[0], "%.*s/%%f", (int)strcspn(service, "/@"),
                 service) < 0)
        return cs_nomem(err);
    ret = cs_delegate_names(&policy, host, NULL, 0, names, err);
    free(spn[0]);
    return ret;
}

int
cs_delegate_service(const char *service, char ***names, struct cs_error *err)
{
    char *host = cs_service_host(service);
    struct gw_policy *policy = NULL;
    int ret;

    *names = NULL;
    if (host == NULL)
        return cs_nomem(err);
    if (!gw_is_http(service)) {
        ret = other_class(service, host, names, err);
    } else if ((ret = load(host, NULL, &policy)) != 0) {
        ret = cs_krb5_conf_fail(ret, err);
    } else {
        ret = cs_delegate_names(policy, host, NULL, 0, names, err);
        gw_policy_free(policy);
    }
    free(host);
    return ret;
}

int
cs_proof_find(struct cs_creds *creds, const char *service, gss_name_t ntlm,
              unsigned int mechs, int ntlm_ok, struct cs_proof *out,
              struct cs_error *err)
{
    struct cs_error why = { 0 };
    char **names = NULL;
    uint32_t at = 0;
    int ret = 0;

    memset(out, 0, sizeof(*out));
    if (mechs & CS_MECH_KRB5) {
        ret = cs_delegate_service(service, &names, &why);
        if (ret == 0)
            ret = cs_ticket_find(creds, names, CS_GIFT_PASSWORD, &at,
                                 &out->ticket, &why);
        gw_strlist_free(names);
        if (ret == 0)
            return 0;
    }
    if (ret != 0 && (ret == CS_NOMEM || ret == CS_UNEXPECTED || !ntlm_ok || cs_is_verdict(&why) ||
                     !(mechs & (CS_MECH_NTLM | CS_MECH_RAW_NTLM)))) {
        if (err != NULL)
            *err = why;
        return ret;
    }
    out->ntlm = ntlm;
    out->raw = (mechs & CS_MECH_RAW_NTLM) != 0;
    return 0;
}
