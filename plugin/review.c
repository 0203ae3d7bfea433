/*
 * review.c - what in the winrm section nobody will read.
 *
 * Only for the trace: a mistyped key is otherwise silent in krb5.conf.
 */
#include "config.h"

#include <string.h>

#include "policy.h"
#include "sections.h"
#include "trace.h"
#include "words.h"

#define WINRM "appdefaults", "winrm"

static const char *const general_keys[] = {
    "enabled", "ports", "spn", "delegation", "match", "programs", "except",
    NULL
};
static const char *const target_keys[] = {
    "enabled", "ports", "spn", "delegation", "match", "host", "nodes", NULL
};
static const char *const credssp_keys[] = {
    "delegate_to", "ntlm", "minimum_version", NULL
};

/* Name each key at path that is not among the known. */
static void
review_keys(profile_t profile, const char *const *path, const char *where,
            const char *const *known)
{
    char **names = gw_section_keys(profile, path), **n;

    for (n = names; n != NULL && *n != NULL; n++) {
        if (gw_find_word(*n, known) < 0)
            gw_trace("krb5.conf, winrm%s: unknown key %s; ignored", where, *n);
    }
    gw_free_words(names);
}

/* The general section: its keys, and what looks like a section on one line. */
static void
review_general(profile_t profile)
{
    const char *winrm[] = { WINRM, NULL };
    char **names = gw_section_keys(profile, winrm), **n;
    char **sections = gw_section_names(profile, winrm);

    for (n = names; n != NULL && *n != NULL; n++) {
        if (gw_find_word(*n, general_keys) < 0 && (sections == NULL ||
            gw_find_word(*n, (const char *const *)sections) < 0))
            gw_trace("krb5.conf, winrm: unknown key %s; ignored", *n);
    }
    gw_free_words(sections);
    gw_free_words(names);
}

static int
has_value(profile_t profile, const char *target, const char *key)
{
    const char *path[] = { WINRM, "targets", target, key, NULL };
    char **values = gw_section_values(profile, path);
    int found = values != NULL;

    gw_free_words(values);
    return found;
}

static void
review_targets(profile_t profile)
{
    const char *path[] = { WINRM, "targets", NULL };
    char **names = gw_section_names(profile, path), **n;

    for (n = names; n != NULL && *n != NULL; n++) {
        const char *target[] = { WINRM, "targets", *n, NULL };

        review_keys(profile, target, " targets", target_keys);
        if (has_value(profile, *n, "host") && has_value(profile, *n, "nodes"))
            gw_trace("krb5.conf, targets %s: host and nodes are both set; "
                     "nodes is used", *n);
    }
    gw_free_words(names);
}

void
gw_policy_review(profile_t profile)
{
    const char *winrm[] = { WINRM, NULL };
    struct gw_credssp_policy *credssp = NULL;
    char **names, **n;

    review_general(profile);
    review_targets(profile);
    names = gw_section_names(profile, winrm);
    for (n = names; n != NULL && *n != NULL; n++) {
        const char *sub[] = { WINRM, *n, NULL };

        if (strcmp(*n, "targets") == 0)
            continue;
        if (strcmp(*n, "credssp") == 0)
            review_keys(profile, sub, " credssp", credssp_keys);
        else
            review_keys(profile, sub, " realm", general_keys);
    }
    gw_free_words(names);
    /* Reading it complains of values that cannot be used. */
    (void)gw_credssp_policy_load(profile, NULL, &credssp);
    gw_credssp_policy_free(credssp);
}
