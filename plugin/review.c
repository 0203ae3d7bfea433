/*
 * review.c - what in the winrm section nobody will read.
 *
 * Only for the trace: a mistyped key is otherwise silent in krb5.conf.
 */
#include "config.h"

#include <string.h>

#include "policy.h"
#include "trace.h"
#include "words.h"

#define WINRM "appdefaults", "winrm"

static const char *const general_keys[] = {
    "enabled", "ports", "spn", "delegation", "match", "programs", NULL
};
static const char *const target_keys[] = {
    "enabled", "ports", "spn", "delegation", "match", "host", "nodes", NULL
};
static const char *const credssp_keys[] = {
    "delegate_to", "ntlm", "minimum_version", NULL
};

/* Name each relation at path that is not among the known. */
static void
review_keys(profile_t profile, const char **path, const char *where,
            const char *const *known)
{
    char **names = NULL, **n;

    if (profile_get_relation_names(profile, path, &names) != 0)
        return;
    for (n = names; *n != NULL; n++) {
        if (gw_find_word(*n, known) < 0)
            gw_trace("krb5.conf, winrm%s: unknown key %s; ignored", where, *n);
    }
    profile_free_list(names);
}

static int
has_value(profile_t profile, const char *target, const char *key)
{
    const char *path[] = { WINRM, "targets", target, key, NULL };
    char **values = NULL;

    if (profile_get_values(profile, path, &values) != 0)
        return 0;
    profile_free_list(values);
    return 1;
}

static void
review_targets(profile_t profile)
{
    const char *path[] = { WINRM, "targets", NULL };
    char **names = NULL, **n;

    if (profile_get_subsection_names(profile, path, &names) != 0)
        return;
    for (n = names; *n != NULL; n++) {
        const char *target[] = { WINRM, "targets", *n, NULL };

        review_keys(profile, target, " targets", target_keys);
        if (has_value(profile, *n, "host") && has_value(profile, *n, "nodes"))
            gw_trace("krb5.conf, targets %s: host and nodes are both set; "
                     "nodes is used", *n);
    }
    profile_free_list(names);
}

void
gw_policy_review(profile_t profile)
{
    const char *winrm[] = { WINRM, NULL };
    struct gw_credssp_policy *credssp = NULL;
    char **names = NULL, **n;

    review_keys(profile, winrm, "", general_keys);
    review_targets(profile);
    if (profile_get_subsection_names(profile, winrm, &names) != 0)
        return;
    for (n = names; *n != NULL; n++) {
        const char *sub[] = { WINRM, *n, NULL };

        if (strcmp(*n, "targets") == 0)
            continue;
        if (strcmp(*n, "credssp") == 0)
            review_keys(profile, sub, " credssp", credssp_keys);
        else
            review_keys(profile, sub, " realm", general_keys);
    }
    profile_free_list(names);
    /* Reading it complains of values that cannot be used. */
    (void)gw_credssp_policy_load(profile, NULL, &credssp);
    gw_credssp_policy_free(credssp);
}
