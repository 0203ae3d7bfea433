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

/* Is a name spelled out, without directives and escapes? */
static int
is_spelled_out(const char *template)
{
    return strpbrk(template, "%\\") == NULL;
}

static int
may_delegate(const struct gw_policy *policy, const char *template)
{
    if (policy->spn_exact && is_spelled_out(template))
        return 1;
    return !gw_is_http(template) && (strstr(template, "%f") != NULL ||
                                     strstr(template, "%n") != NULL);
}

int
gw_delegate_templates(const struct gw_policy *policy, char ***out)
{
    char *const *t;
    int machine = 0, ret = 0;
    size_t n = 0;

    *out = NULL;
    for (t = policy->spn; *t != NULL && ret == 0; t++) {
        if (!may_delegate(policy, *t) || (machine && gw_is_http(*t)))
            continue;
        machine |= !gw_is_http(*t);
        ret = gw_add_word(out, &n, *t);
    }
    if (ret != 0) {
        gw_free_words(*out);
        *out = NULL;
    }
    return ret;
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
    char **templates, **t, *name;
    char *const *h;
    size_t n = 0;
    int ret = gw_delegate_templates(policy, &templates);

    *names = NULL;
    for (t = templates; t != NULL && *t != NULL && ret == 0; t++) {
        for (h = hosts; *h != NULL && ret == 0; h++) {
            ret = gw_delegate_name(*t, *h, port, &name);
            if (ret == 0)
                ret = gw_add_word_once(names, &n, name);
            free(name);
            if (ret == EINVAL)
                ret = 0;        /* it means nothing for this host */
        }
    }
    gw_free_words(templates);
    if (ret != 0) {
        gw_free_words(*names);
        *names = NULL;
    }
    return ret;
}

int
gw_delegate_realm_ok(const char *template, const char *host)
{
    krb5_context context;
    char *realm;
    int ok;

    if (strchr(template, '@') != NULL)
        return 1;
    if (krb5_init_context(&context) != 0)
        return 0;
    ok = !gw_realm_by_dns(context);
    if (!ok) {
        realm = gw_host_realm(context, host);
        ok = realm != NULL && *realm != '\0';
        free(realm);
    }
    krb5_free_context(context);
    return ok;
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
