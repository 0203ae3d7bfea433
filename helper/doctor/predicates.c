/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* predicates.c - the conditions of verdicts: tests of what the checks have
 * found. */
#define _GNU_SOURCE
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/conf/environ.h"
#include "helper/doctor/predicates.h"
#include "helper/wsman/upstream.h"
#include "plugin/base/strlist.h"

/* --- What several go by --- */

/* A program here is authenticated. */
int
holds_works(const struct doctor *d)
{
    return d->seen.outcome == DOC_ACCEPTED;
}

/* Without the plugin the name that programs ask for is accepted. */
static int
plain_works(const struct doctor *d)
{
    const struct candidate *c = candidate_plain(d);

    return c != NULL && c->outcome == DOC_ACCEPTED;
}

/* krb5.conf's names would do, but programs do not ask for them. */
static int
is_left_alone(const struct doctor *d)
{
    return !holds_works(d) && candidate_accepted(d, 1) != NULL;
}

/* A name other than krb5.conf's is accepted. */
static int
is_elsewhere(const struct doctor *d)
{
    return !holds_works(d) && candidate_accepted(d, 1) == NULL &&
        candidate_accepted(d, 0) != NULL;
}

/* No name is accepted. */
static int
is_shut_out(const struct doctor *d)
{
    return !holds_works(d) && !plain_works(d) &&
        candidate_accepted(d, 0) == NULL;
}

static int
any_code(const struct doctor *d, krb5_error_code code)
{
    size_t i;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].asked && d->candidates[i].code == code)
            return 1;
    }
    return 0;
}

/* --- Tickets and the KDC --- */

/* By the domain's clock.  What the server says of its own is the server's, and
 * need not even be true. */
int
holds_clock(const struct doctor *d)
{
    return !holds_works(d) && ((d->dc_clock && labs(d->dc_ahead) > SKEW_MAX) ||
                               any_code(d, KRB5KRB_AP_ERR_SKEW));
}

int
holds_expired(const struct doctor *d)
{
    return d->expired != 0;
}

int
holds_no_ticket(const struct doctor *d)
{
    return d->cache == NULL;
}

/* Of the user; a name alone can be refused by a policy as well. */
int
holds_revoked(const struct doctor *d)
{
    return !holds_works(d) && !any_code(d, 0) &&
        (any_code(d, KRB5KDC_ERR_CLIENT_REVOKED) ||
         any_code(d, KRB5KDC_ERR_POLICY));
}

int
holds_no_kdc(const struct doctor *d)
{
    return !holds_works(d) && (any_code(d, KRB5_REALM_UNKNOWN) ||
                               any_code(d, KRB5_REALM_CANT_RESOLVE) ||
                               any_code(d, KRB5_KDC_UNREACH));
}

/* --- The name --- */

int
holds_resembling(const struct doctor *d)
{
    return d->naddresses == 0 && d->resembling != NULL;
}

int
holds_unknown_host(const struct doctor *d)
{
    return d->naddresses == 0;
}

/* krb5.conf puts the host into another realm: either that has no KDC (of one
 * that does not answer nobody knows), or the host has proved itself in another
 * one, by its own name. */
int
holds_wrong_realm(const struct doctor *d)
{
    const struct candidate *c = candidate_accepted(d, 0);

    if (d->realm == NULL || d->user_realm == NULL || holds_works(d) ||
        strcmp(d->realm, d->user_realm) == 0)
        return 0;
    if (any_code(d, KRB5_REALM_UNKNOWN) ||
        any_code(d, KRB5_REALM_CANT_RESOLVE))
        return 1;
    return is_elsewhere(d) && strcmp(candidate_realm(d, c), d->realm) != 0 &&
        strcasecmp(facts_real_name(d), d->dns_name != NULL ? d->dns_name :
                   d->host) == 0;
}

int
holds_address(const struct doctor *d)
{
    return is_elsewhere(d) && d->is_address;
}

static int
renamed(const struct doctor *d)
{
    return is_elsewhere(d) && d->krb5_name != NULL && d->dns_name != NULL &&
        strcasecmp(d->krb5_name, d->dns_name) != 0;
}

int
holds_reversed(const struct doctor *d)
{
    return renamed(d) && d->reverse != NULL &&
        strcasecmp(d->krb5_name, d->reverse) == 0;
}

int
holds_short(const struct doctor *d)
{
    return renamed(d) && strchr(d->host, '.') == NULL;
}

/* Which of them a connection leads to nobody can tell, and so their names are
 * not tried. */
int
holds_balanced(const struct doctor *d)
{
    return !holds_works(d) && candidate_accepted(d, 1) == NULL &&
        d->nodes_differ;
}

int
holds_cluster(const struct doctor *d)
{
    return is_elsewhere(d) && claims_vouched(d, 1) != NULL;
}

int
holds_alias(const struct doctor *d)
{
    const char *name = claims_vouched(d, 0);

    return is_elsewhere(d) && name != NULL &&
        strcasecmp(name, d->host) != 0 &&
        strcasecmp(facts_real_name(d), d->host) != 0 &&
        (d->dns_name == NULL || strcasecmp(name, d->dns_name) != 0);
}

/* It calls itself something that it has not been asked to prove. */
int
holds_unproved(const struct doctor *d)
{
    return is_shut_out(d) && claims_doubted(d) != NULL;
}

/* --- The domain --- */

int
holds_disabled(const struct doctor *d)
{
    return facts_disabled(d) != NULL;
}

/* If names are accepted, one that is registered twice is not what is wrong. */
int
holds_duplicate(const struct doctor *d)
{
    return !holds_works(d) && !plain_works(d) && !is_left_alone(d) &&
        facts_duplicate(d) != NULL;
}

int
holds_missing(const struct doctor *d)
{
    return is_elsewhere(d) && facts_missing(d) != NULL;
}

/* --- The server --- */

int
holds_closed(const struct doctor *d)
{
    return !d->port_open;
}

int
holds_closed_here(const struct doctor *d)
{
    return holds_closed(d) && (d->open[0] || d->open[1]);
}

int
holds_expired_certificate(const struct doctor *d)
{
    return d->tls && d->certificate_expired;
}

int
holds_bad_certificate(const struct doctor *d)
{
    return d->tls && d->certificate_why != NULL;
}

int
holds_silent(const struct doctor *d)
{
    return !d->answered;
}

int
holds_not_kerberos(const struct doctor *d)
{
    return !(d->offers & (GATE_OFFERS_NEGOTIATE | GATE_OFFERS_KERBEROS));
}

/* The KDC finds this machine's clock good enough. */
int
holds_server_clock(const struct doctor *d)
{
    return is_shut_out(d) && d->server_clock &&
        labs(d->server_ahead) > SKEW_MAX && any_code(d, 0);
}

int
holds_bindings(const struct doctor *d)
{
    return d->needs_bindings && (holds_works(d) || plain_works(d));
}

/* --- Programs here --- */

/* The process that was to try it has ended. */
int
holds_untried(const struct doctor *d)
{
    return d->seen.outcome == DOC_UNTRIED &&
        (plain_works(d) || candidate_accepted(d, 1) != NULL);
}

int
holds_for_gateway(const struct doctor *d)
{
    return d->nodes_differ && d->conf->policy->nodes != NULL &&
        !plain_works(d);
}

int
holds_rewritten(const struct doctor *d)
{
    return holds_works(d) && d->seen.sent != NULL && !plain_works(d);
}

int
holds_misled(const struct doctor *d)
{
    return !holds_works(d) && plain_works(d);
}

int
holds_proxied(const struct doctor *d)
{
    return is_left_alone(d) && gw_boolean(d->environment[0]) == 1;
}

int
holds_off(const struct doctor *d)
{
    enum gw_match match = GW_MATCH_AUTO;

    return is_left_alone(d) &&
        gw_environment_word(d->environment[1], &match) &&
        match == GW_MATCH_NEVER;
}

/* In general: then the plugin is not there at all. */
int
holds_off_in_conf(const struct doctor *d)
{
    return is_left_alone(d) && d->off_in_general;
}

int
holds_off_for_host(const struct doctor *d)
{
    return is_left_alone(d) && d->seen.plugin != NULL &&
        !d->conf->policy->enabled;
}

int
holds_never(const struct doctor *d)
{
    return is_left_alone(d) && d->seen.plugin != NULL &&
        d->conf->policy->match == GW_MATCH_NEVER;
}

/* There is no line, a line that has been put off, a line with a mistake, or a
 * good one that does not help. */
int
holds_not_loaded(const struct doctor *d)
{
    return is_left_alone(d) && d->seen.looked && d->seen.plugin == NULL;
}

int
holds_replaced(const struct doctor *d)
{
    return holds_not_loaded(d) && d->environment[2] != NULL &&
        strncmp(d->environment[2], "/dev/", 5) == 0;
}

int
holds_put_off(const struct doctor *d)
{
    return holds_not_loaded(d) && d->mech_file == NULL && d->mech_off;
}

/* The mechglue may have opened the module all the same. */
int
holds_bad_line(const struct doctor *d)
{
    return is_left_alone(d) && d->mech_file != NULL && d->mech_why != NULL;
}

int
holds_not_loadable(const struct doctor *d)
{
    return holds_not_loaded(d) && d->mech_file != NULL;
}

int
holds_narrow(const struct doctor *d)
{
    return is_elsewhere(d);
}

int
holds_not_sent(const struct doctor *d)
{
    return is_left_alone(d);
}

int
holds_anything(const struct doctor *d)
{
    (void)d;
    return 1;
}
