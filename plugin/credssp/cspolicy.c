/* cspolicy.c - what krb5.conf allows for one target. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <krb5.h>

#include "cspolicy.h"
#include "policy.h"

/* The realm whose section counts: the host's, or the default. */
static int
load(krb5_context context, const char *host, struct gw_credssp_policy **out)
{
    char **realms = NULL, *dflt = NULL;
    const char *realm;
    profile_t profile;
    int ret;

    ret = krb5_get_profile(context, &profile);
    if (ret != 0)
        return ret;
    (void)krb5_get_host_realm(context, host, &realms);
    realm = (realms != NULL) ? realms[0] : NULL;
    if (realm == NULL || *realm == '\0') {
        (void)krb5_get_default_realm(context, &dflt);
        realm = dflt;
    }
    ret = gw_credssp_policy_load(profile, realm, out);
    krb5_free_default_realm(context, dflt);
    if (realms != NULL)
        (void)krb5_free_host_realm(context, realms);
    profile_release(profile);
    return ret;
}

int
cs_policy_for_host(const char *host, struct cs_policy *out,
                   struct cs_error *err)
{
    struct gw_credssp_policy *conf = NULL;
    krb5_context context;
    char **key;
    int ret;

    memset(out, 0, sizeof(*out));
    ret = krb5_init_context(&context);
    if (ret == 0) {
        ret = load(context, host, &conf);
        krb5_free_context(context);
    }
    if (ret == ENOMEM)
        return cs_nomem(err);
    if (ret != 0)
        return cs_fail(err, CS_SYSTEM, "krb5.conf cannot be read");
    out->ntlm = conf->ntlm;
    out->minimum_version = conf->minimum_version;
    for (key = conf->delegate_to; key != NULL && *key != NULL; key++) {
        if (gw_target_rank(*key, host) > 0)
            out->delegate = 1;
    }
    gw_credssp_policy_free(conf);
    return 0;
}
