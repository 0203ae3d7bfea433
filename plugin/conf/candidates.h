/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * candidates.h - the service names to ask for at a host: which, in which
 * order, and which of them may be given more than a proof of who the user is.
 *
 * The one place for that, for plugin, broker, gateway, doctor, `gss-winrm
 * explain' and the CredSSP mechanism.  Each template of spn at each host that
 * the name may stand for makes a candidate; the caller's own name is the last.
 *
 * Whoever has the key of a name gets what is given with it (a forwarded
 * ticket, or the password), so a name that may be given something is one of
 * the machine's that was named, and of nobody else:
 *
 *   - no name of class HTTP, in any form, since that may be the web site's
 *     account's; unless spn in the target's own section spells it out, and
 *     before any name of the machine's: what is behind one can only be reached
 *     by an error, which nobody has authenticated;
 *   - a name of this host: a template with %f or %n, or one that the target's
 *     own section spells out;
 *   - the host as it was typed, or as krb5.conf has it (host, nodes), and
 *     never what DNS makes of it: always a principal, which krb5 takes as it
 *     is;
 *   - never the caller's own name: only an error leads there.
 */
#ifndef GW_CANDIDATES_H
#define GW_CANDIDATES_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/conf/policy.h"

#define GW_DELEGATION (GSS_C_DELEG_FLAG | GSS_C_DELEG_POLICY_FLAG)

/* What the names are for. */
enum gw_purpose {
    GW_AUTHENTICATE,            /* the server is given nothing */
    GW_FORWARD,                 /* a ticket goes to the names that may have it,
                                 * which come first; the others follow */
    GW_GIVE,                    /* only names that may be given something */
    GW_PASS                     /* host@HOST: krb5.conf has no names for it,
                                 * and what it is given is up to the program */
};

/* Borrows everything. */
struct gw_query {
    const struct gw_policy *policy;
    const char *host;           /* as it was typed */
    enum gw_purpose purpose;
    char *const *hosts;         /* the nodes that are meant: reached, or named;
                                 * NULL: what krb5.conf puts in host's place */
    uint16_t port;              /* for %p; 0: the first of the policy's */
    int realm_is_checked;       /* the caller looks at the ticket's realm before
                                 * it gives anything: see below */
    const char *own;            /* the caller's own name; NULL: "HTTP@host" */
    const char *learned;        /* a name that worked before, or NULL */
    const char *ticket;         /* the name of the gateway's ticket, or NULL */
};

/* A name before it is made, since that may take DNS (names.h): a template at a
 * host, or the name itself. */
struct gw_candidate {
    char *template;             /* NULL: name is set */
    char *host;
    char *name;
    int may_have;               /* may be given something */
};

struct gw_candidates {          /* owns them: gw_candidates_free() */
    struct gw_candidate *v;
    size_t n;
    uint16_t port;
};

/* At WinRM, what a call with these flags of the program's is for. */
enum gw_purpose gw_purpose_of(const struct gw_policy *policy, OM_uint32 flags);

/*
 * The candidates in order: the gateway's ticket; what was learned, if it is
 * one of those that follow; what may be given something; the others; the
 * caller's own name.
 *
 * Nothing is given to a name whose realm neither krb5.conf nor a KDC would say,
 * but DNS, unless realm_is_checked.
 *
 * Returns 0 or ENOMEM; with GW_GIVE also EINVAL when the host is an address,
 * or EDOM when it is a short name that [libdefaults] qualify_shortname does
 * not complete, and krb5.conf puts nothing in its place.  The network is
 * asked only as names.h says: to find a learned name, and with GW_FORWARD to
 * see whether krb5 would make the same name.
 */
int gw_candidates_find(const struct gw_query *query,
                       struct gw_candidates *out);
void gw_candidates_free(struct gw_candidates *candidates);

/* A candidate's name, in new memory: 0, ENOMEM, or EINVAL if the template
 * means nothing for that host. */
int gw_candidate_name(const struct gw_candidates *candidates,
                      const struct gw_candidate *candidate, char **out);

/* All the names of a query, each once.  *names is new memory (gw_strlist_free),
 * NULL if there are none.  Returns what gw_candidates_find() does. */
int gw_candidates_names(const struct gw_query *query, char ***names);

/* The flags to ask for a candidate with: the caller's, with those of
 * delegation as krb5.conf says where they may be, and without them
 * elsewhere. */
OM_uint32 gw_candidate_flags(const struct gw_query *query,
                             const struct gw_candidate *candidate,
                             OM_uint32 flags);

/* Is a template's or a name's class HTTP, or not to be told from it? */
int gw_is_http(const char *template);

#endif /* GW_CANDIDATES_H */
