/*
 * review.c - what in the winrm section nobody will read.
 *
 * Only for the trace: a mistyped key is otherwise silent in krb5.conf.
 */
#include "config.h"

#include "policy.h"
#include "sections.h"
#include "trace.h"
#include "words.h"

#define WINRM "appdefaults", "winrm"

/* Those from credential on are for the helper alone. */
static const char *const general_keys[] = {
    "enabled", "ports", "spn", "delegation", "match", "programs", "except",
    "credential", "ca_file", "pin", NULL
};
static const char *const target_keys[] = {
    "enabled", "ports", "spn", "delegation", "match", "host", "nodes",
    "credential", "ca_file", "pin", NULL
};
static const char *const credssp_keys[] = {
    "delegate_to", "ntlm", "minimum_version", NULL
};
static const char *const gateway_keys[] = {
    "listen", "targets", "ntlm", "max_message", "max_header", "connections",
    "connect_timeout", "idle_timeout", "response_timeout", NULL
};

/* Name each key at path that is not among the known, nor a section on one
 * line. */
static void
review_keys(profile_t profile, const char *const *path, const char *where,
            const char *const *known)
{
    char **names = gw_section_keys(profile, path), **n;
    char **sections = gw_section_names(profile, path);

    for (n = names; n != NULL && *n != NULL; n++) {
        if (gw_find_word(*n, known) < 0 && (sections == NULL ||
            gw_find_word(*n, (const char *const *)sections) < 0))
            gw_trace("krb5.conf, winrm%s: unknown key %s; ignored", where, *n);
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

/* The general section, or a realm's, with what each has inside. */
static void
review_level(profile_t profile, const char *realm)
{
    const char *path[] = { WINRM, realm, NULL, NULL };
    const char **last = &path[realm != NULL ? 3 : 2];

    review_keys(profile, path, realm != NULL ? " realm" : "", general_keys);
    *last = "credssp";
    review_keys(profile, path, " credssp", credssp_keys);
    *last = "gateway";
    review_keys(profile, path, " gateway", gateway_keys);
}

void
gw_policy_review(profile_t profile)
{
    static const char *const others[] = {
        "targets", "credssp", "gateway", NULL
    };
    const char *winrm[] = { WINRM, NULL };
    struct gw_credssp_policy *credssp = NULL;
    char **names, **n;

    review_level(profile, NULL);
    review_targets(profile);
    names = gw_section_names(profile, winrm);
    for (n = names; n != NULL && *n != NULL; n++) {
        if (gw_find_word(*n, others) < 0)
            review_level(profile, *n);
    }
    gw_free_words(names);
    /* Reading it complains of values that cannot be used. */
    (void)gw_credssp_policy_load(profile, NULL, &credssp);
    gw_credssp_policy_free(credssp);
}
