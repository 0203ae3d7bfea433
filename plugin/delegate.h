/*
 * delegate.h - the names that may be given more than a proof of who the user
 * is: a forwarded ticket, or (CredSSP) the password.
 *
 * Who has the key of such a name gets what is given, so it has to be one of
 * the machine's that was named, and of nobody else:
 *
 *   - no name of class HTTP, in any form, since that may be the web site's
 *     account's; unless spn in the target's own section spells it out, and
 *     before any name of the machine's: what is behind one can only be reached
 *     by an error, which nobody has authenticated;
 *   - a name of this host: a template with %f or %n, or one that the target's
 *     own section spells out;
 *   - the host as it was typed, or as krb5.conf has it (host, nodes), and never
 *     what DNS makes of it.
 *
 * The rule of plugin, broker, gateway and the CredSSP mechanism alike.
 */
#ifndef GW_DELEGATE_H
#define GW_DELEGATE_H

#include "policy.h"

/* Is a template's or a name's class HTTP, or not to be told from it? */
int gw_is_http(const char *template);

/* The templates of spn whose names may be given something, in order.  *out is
 * new memory (gw_free_words), NULL if there are none.  0 or ENOMEM. */
int gw_delegate_templates(const struct gw_policy *policy, char ***out);

/*
 * A template's name at a host as it stands: a principal name, which krb5 takes
 * as it is.  Returns 0 with new memory, ENOMEM, or EINVAL for a template that
 * means nothing there.
 */
int gw_delegate_name(const char *template, const char *host, uint16_t port,
                     char **out);

/* All names, best first: each of these templates at each host.  *names is
 * new memory (gw_free_words), NULL if there are none.  0 or ENOMEM. */
int gw_delegate_names(const struct gw_policy *policy, char *const *hosts,
                      uint16_t port, char ***names);

/*
 * The whole name of a host that was typed, in new memory: without a dot,
 * completed as [libdefaults] qualify_shortname says; no network is asked.
 * Returns 0, ENOMEM, EINVAL for an address, or EDOM for a short name that
 * krb5.conf does not complete.
 */
int gw_delegate_host(const char *typed, char **out);

/* Will the realm of a template's name at a host be krb5.conf's or a KDC's word?
 * Where krb5.conf lets DNS say it and says nothing itself, krb5 asks DNS last. */
int gw_delegate_realm_ok(const char *template, const char *host);

#endif /* GW_DELEGATE_H */
