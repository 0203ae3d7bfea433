/* environ.c - what the environment says, and whether to be there at all. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>

#include "policy.h"
#include "trace.h"
#include "words.h"

static int
is_true(const char *value)
{
    static const char *const words[] = {
        "1", "yes", "true", "on", "y", "t", NULL
    };

    return value != NULL && gw_find_word(value, words) >= 0;
}

int
gw_environment_match(enum gw_match *match)
{
    const char *value = secure_getenv("GSS_WINRM");

    if (value == NULL || *value == '\0')
        return 0;
    if (strcasecmp(value, "off") == 0)
        *match = GW_MATCH_NEVER;
    else if (strcasecmp(value, "auto") == 0)
        *match = GW_MATCH_AUTO;
    else if (strcasecmp(value, "always") == 0)
        *match = GW_MATCH_ALWAYS;
    else {
        gw_trace("GSS_WINRM=%s is not off, auto or always; ignored", value);
        return 0;
    }
    return 1;
}

/* The general "enabled" of krb5.conf; no when that cannot be read. */
static int
enabled_by_profile(void)
{
    struct gw_policy *policy = NULL;
    profile_t profile = NULL;
    krb5_context context;
    int enabled = 0;

    if (krb5_init_context(&context) != 0)
        return 0;
    if (krb5_get_profile(context, &profile) == 0 &&
        gw_policy_load(profile, NULL, &policy) == 0)
        enabled = policy->enabled;
    gw_policy_free(policy);
    if (profile != NULL)
        profile_release(profile);
    krb5_free_context(context);
    return enabled;
}

int
gw_stand_aside(void)
{
    enum gw_match match;

    if (is_true(secure_getenv("GSS_USE_PROXY")))
        return 1;
    if (gw_environment_match(&match) && match == GW_MATCH_NEVER)
        return 1;
    return !enabled_by_profile();
}
