/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * policy.h - what krb5.conf says about one target.
 *
 * [appdefaults] winrm = { ... }, documented in gss-winrm.conf(5).  Reading
 * never fails: a value that cannot be used is a line in the trace and the
 * next level's value, in the end the default.
 */
#ifndef GW_POLICY_H
#define GW_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <profile.h>

#include "plugin/conf/keys.h"

/* In the order of the words in keytable.h. */
enum gw_match { GW_MATCH_AUTO, GW_MATCH_ALWAYS, GW_MATCH_NEVER };
enum gw_delegation { GW_DELEG_NONE, GW_DELEG_KERBEROS, GW_DELEG_CREDSSP };

/* Whom a call is about.  Borrows all strings. */
struct gw_subject {
    const char *typed;          /* the host as the program gave it */
    const char *canon;          /* as krb5 canonicalised it, or NULL */
    const char *realm;          /* of that host, or the default; or NULL */
    const char *typed_realm;    /* the same of the host as it was given */
};

/*
 * The policy for a subject: a field for each key, and its source, as
 * keytable.h has them (match is an enum gw_match, delegation an enum
 * gw_delegation).  Owns its strings.  The lists end with NULL.
 */
struct gw_policy {
#define GW_POLICY_KEY GW_FIELDS
#include "plugin/conf/keytable.h"
    size_t nports;              /* of ports; never 0 */
    int spn_exact;              /* spn is of this very target, as typed */
    /* What krb5.conf says of the name as it was typed, where DNS may have
     * chosen sections; NULL: the same.  See gw_policy_trusted().  Delegation
     * is by this in any case. */
    struct gw_policy *typed;
};

/* The credssp section (for the helper; here it is only validated). */
struct gw_credssp_policy {
#define GW_CREDSSP_KEY GW_FIELDS
#include "plugin/conf/keytable.h"
};

/* Does the configuration have targets, or a section for any realm? */
int gw_policy_has_sections(profile_t profile);

/* Returns 0 or ENOMEM.  Release with gw_policy_free(). */
int gw_policy_load(profile_t profile, const struct gw_subject *subject,
                   struct gw_policy **out);
void gw_policy_free(struct gw_policy *policy);

/* The policy by which something is given away: DNS had no part in it.
 * Borrowed from policy. */
static inline const struct gw_policy *
gw_policy_trusted(const struct gw_policy *policy)
{
    return (policy->typed != NULL) ? policy->typed : policy;
}

/*
 * The hosts that a name stands for by this policy: the node that is meant, or
 * its nodes, or its host; else itself.  *hosts is new memory.  0 or ENOMEM.
 */
int gw_policy_hosts(const struct gw_policy *policy, const char *itself,
                    const char *node, char ***hosts);

int gw_credssp_policy_load(profile_t profile, const char *realm,
                           struct gw_credssp_policy **out);
void gw_credssp_policy_free(struct gw_credssp_policy *policy);

/* Trace what is unknown or contradictory in the section.  Slow. */
void gw_policy_review(profile_t profile);

/*
 * Does a target key of krb5.conf cover this host?  The length of the match,
 * as a rank: an exact name above every suffix, ".", for dotless names, below;
 * 0 for no match.  Case and a final dot do not matter.
 */
size_t gw_target_rank(const char *key, const char *host);

#endif /* GW_POLICY_H */
