/* delegate.c - the names that may be given more than a proof. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <krb5.h>
#include <profile.h>

#include "delegate.h"
#include "handles.h"
#include "names.h"
#include "words.h"

int
gw_is_http(const char *template)
{
    size_t len = strcspn(template, "/@");

    return (len == 4 && strncasecmp(template, "HTTP", 4) == 0) ||
        memchr(template, '%', len) != NULL ||
        memchr(template, '\\', len) != NULL;
}

int
gw_may_delegate(const struct gw_policy *policy, const char *template)
{
    return !gw_is_http(template) ||
        (policy->spn_exact &&
         gw_find_word(template, (const char *const *)policy->spn) >= 0);
}

int
gw_delegate_name(const char *template, const char *host, uint16_t port,
                 char **out)
{
    return gw_name_expand_at(template, host, port, out);
}

int
gw_delegate_names(const struct gw_policy *policy, char *const *hosts,
                  uint16_t port, char ***names)
{
    char *const *t, *const *h;
    char *name;
    size_t n = 0;
    int ret = 0;

    *names = NULL;
    for (t = policy->spn; *t != NULL; t++) {
        for (h = hosts; gw_may_delegate(policy, *t) && *h != NULL; h++) {
            ret = gw_delegate_name(*t, *h, port, &name);
            if (ret == EINVAL)
                continue;       /* means nothing for this host */
            if (ret == 0)
                ret = gw_add_word_once(names, &n, name);
            free(name);
            if (ret != 0)
                goto fail;
        }
    }
    return 0;

fail:
    gw_free_words(*names);
    *names = NULL;
    return ENOMEM;
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

int
gw_delegate_host(const char *typed, char **out)
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
