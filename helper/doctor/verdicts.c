/*
 * verdicts.c - the table of verdicts, in the order in which things have to be
 * put right: the first that is true is what is told.
 *
 * Where several fixes are given, any one of them will do.
 */
#define _GNU_SOURCE
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "upstream.h"
#include "verdict.h"
#include "words.h"

#define SKEW_MAX 300            /* seconds: Kerberos' limit */

/* --- The tests --- */

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

static int
is_clock(const struct doctor *d)
{
    return (d->clock_known && labs(d->ahead) > SKEW_MAX) ||
        any_code(d, KRB5KRB_AP_ERR_SKEW);
}

static int
is_resembling(const struct doctor *d)
{
    return d->naddresses == 0 && d->resembling != NULL;
}

static int
is_unknown_host(const struct doctor *d)
{
    return d->naddresses == 0;
}

static int
is_expired(const struct doctor *d)
{
    return d->expired != 0;
}

static int
is_without_ticket(const struct doctor *d)
{
    return d->cache == NULL;
}

static int
is_revoked(const struct doctor *d)
{
    return d->revoked;
}

static int
is_without_kdc(const struct doctor *d)
{
    return any_code(d, KRB5_REALM_UNKNOWN) || any_code(d, KRB5_KDC_UNREACH) ||
        any_code(d, KRB5_REALM_CANT_RESOLVE);
}

static int
works(const struct doctor *d)
{
    return d->seen.outcome == DOC_ACCEPTED;
}

/* Another name than those of krb5.conf gets in. */
static int
is_elsewhere(const struct doctor *d)
{
    return !works(d) && candidate_accepted(d, 1) == NULL &&
        candidate_accepted(d, 0) != NULL;
}

/* krb5.conf puts the host into another realm: either that has no KDC, or the
 * host is the user's own realm's. */
static int
is_wrong_realm(const struct doctor *d)
{
    return d->realm != NULL && d->user_realm != NULL &&
        strcmp(d->realm, d->user_realm) != 0 &&
        (is_without_kdc(d) || (is_elsewhere(d) && strcasecmp(
            facts_real_name(d), d->dns_name != NULL ? d->dns_name :
            d->host) == 0));
}

static int
is_closed(const struct doctor *d)
{
    return !d->port_open;
}

static int
is_closed_here(const struct doctor *d)
{
    return is_closed(d) && (d->open[0] || d->open[1]);
}

static int
is_expired_certificate(const struct doctor *d)
{
    return d->tls && d->certificate_expired;
}

static int
is_bad_certificate(const struct doctor *d)
{
    return d->tls && d->certificate_why != NULL;
}

static int
is_silent(const struct doctor *d)
{
    return !d->answered;
}

static int
is_not_kerberos(const struct doctor *d)
{
    return !(d->offers & (GATE_OFFERS_NEGOTIATE | GATE_OFFERS_KERBEROS));
}

static int
is_disabled(const struct doctor *d)
{
    return facts_disabled(d) != NULL;
}

static int
is_duplicate(const struct doctor *d)
{
    return facts_duplicate(d) != NULL;
}

static int
plain_works(const struct doctor *d)
{
    const struct candidate *c = candidate_plain(d);

    return c != NULL && c->outcome == DOC_ACCEPTED;
}

static int
needs_bindings(const struct doctor *d)
{
    return d->needs_bindings && (works(d) || plain_works(d));
}

static int
is_rewritten(const struct doctor *d)
{
    return works(d) && d->seen.sent != NULL && !plain_works(d);
}

static int
is_for_gateway(const struct doctor *d)
{
    return d->nodes_differ && d->conf->policy->nodes != NULL &&
        !plain_works(d);
}

static int
is_misled(const struct doctor *d)
{
    return !works(d) && plain_works(d);
}

/* krb5.conf's names would do, but programs do not ask for them. */
static int
is_left_alone(const struct doctor *d)
{
    return !works(d) && candidate_accepted(d, 1) != NULL;
}

static int
is_proxied(const struct doctor *d)
{
    return is_left_alone(d) && gw_boolean(d->environment[0]) == 1;
}

static int
is_off(const struct doctor *d)
{
    return is_left_alone(d) && d->environment[1] != NULL &&
        strcasecmp(d->environment[1], "off") == 0;
}

static int
is_off_in_conf(const struct doctor *d)
{
    return is_left_alone(d) && d->seen.plugin != NULL &&
        (!d->conf->policy->enabled ||
         d->conf->policy->match == GW_MATCH_NEVER);
}

static int
is_replaced(const struct doctor *d)
{
    return is_left_alone(d) && d->seen.plugin == NULL &&
        d->environment[2] != NULL && strncmp(d->environment[2], "/dev/",
                                             5) == 0;
}

static int
is_not_loaded(const struct doctor *d)
{
    return is_left_alone(d) && d->seen.plugin == NULL;
}

static int
is_address(const struct doctor *d)
{
    return is_elsewhere(d) && d->is_address;
}

static int
renamed(const struct doctor *d)
{
    return is_elsewhere(d) && d->krb5_name != NULL && d->dns_name != NULL &&
        strcasecmp(d->krb5_name, d->dns_name) != 0;
}

static int
is_reversed(const struct doctor *d)
{
    return renamed(d) && d->reverse != NULL &&
        strcasecmp(d->krb5_name, d->reverse) == 0;
}

static int
is_short(const struct doctor *d)
{
    return renamed(d) && strchr(d->host, '.') == NULL;
}

static int
is_balanced(const struct doctor *d)
{
    return is_elsewhere(d) && d->nodes_differ;
}

static int
is_cluster(const struct doctor *d)
{
    return is_elsewhere(d) && d->nclaimed > 1;
}

static int
is_alias(const struct doctor *d)
{
    return is_elsewhere(d) && d->nclaimed > 0 &&
        strcasecmp(d->claimed[0], d->host) != 0 &&
        (d->dns_name == NULL || strcasecmp(d->claimed[0], d->dns_name) != 0);
}

static int
is_missing(const struct doctor *d)
{
    return is_elsewhere(d) && facts_missing(d) != NULL;
}

static int
is_anything(const struct doctor *d)
{
    (void)d;
    return 1;
}

/* --- The table --- */

#define TARGET(name, line)                              \
    "[appdefaults]\n"                                   \
    "    winrm = {\n"                                   \
    "        targets = {\n"                             \
    "            " name " = {\n"                        \
    "                " line "\n"                        \
    "            }\n"                                   \
    "        }\n"                                       \
    "    }\n"

/* The same as a command. */
#define CONFIGURE(name, pair) "sudo gss-winrm configure " name " " pair

static const struct verdict verdicts[] = {
    { "clock", DOC_CLOCK, is_clock,
      "This machine's clock is {ahead} the domain's, and Kerberos allows five "
      "minutes.",
      "The KDC and the server take a ticket's time stamp for a forgery.",
      { { FIX_SHELL, "sudo chronyc makestep" },
        { FIX_SHELL, "sudo timedatectl set-ntp true" } } },
    { "other-host", DOC_NAME, is_resembling,
      "{host} does not exist, but {resembling} does.",
      "DNS has no address for the name, and the domain has a computer whose "
      "name begins the same.",
      { { FIX_SHELL, "gss-winrm doctor {resembling}" } } },
    { "unknown-host", DOC_NAME, is_unknown_host,
      "{host} does not exist.",
      "DNS has no address for the name.",
      { { FIX_SHELL, "getent hosts {host}" } } },
    { "expired", DOC_TICKETS, is_expired,
      "The tickets of {user} have expired: {expired}.",
      "Nothing can be asked of the KDC with them.",
      { { FIX_SHELL, "kinit {user}" } } },
    { "no-ticket", DOC_TICKETS, is_without_ticket,
      "There are no tickets.",
      "Whoever wants to get in has to be somebody first.",
      { { FIX_SHELL, "kinit {user}" } } },
    { "revoked", DOC_TICKETS, is_revoked,
      "The KDC does not serve {user} any more: the account is disabled, "
      "locked, or may not log on.",
      "There are tickets from before, but it adds none to them.",
      { { FIX_DOMAIN, "Enable-ADAccount -Identity {user}" },
        { FIX_DOMAIN, "Unlock-ADAccount -Identity {user}" } } },
    { "wrong-realm", DOC_NAME, is_wrong_realm,
      "krb5 takes {host} for a host of {realm}, which it is not.",
      "krb5.conf's [domain_realm], or the name's domain, leads there; the "
      "user's realm is {user_realm}.",
      { { FIX_CONF, "[domain_realm]\n    .{domain} = {user_realm}\n"
          "    {domain} = {user_realm}\n    {host} = {user_realm}\n" } } },
    { "no-kdc", DOC_NETWORK, is_without_kdc,
      "No KDC of {realm} answers.",
      "Kerberos needs one (port 88) for every new ticket.",
      { { FIX_SHELL, "dig +short SRV _kerberos._udp.{name_domain}" } } },
    { "other-port", DOC_NETWORK, is_closed_here,
      "{host} has WinRM at port {other_port}, not at {port}.",
      "Port {port}: {port_why}.",
      { { FIX_SHELL, "gss-winrm doctor --port {other_port} {host}" } } },
    { "closed", DOC_NETWORK, is_closed,
      "Nothing listens at port {port} of {host}, or a firewall is in between.",
      "{port_why}.",
      { { FIX_SERVER, "Enable-PSRemoting -Force" } } },
    { "certificate-expired", DOC_SERVER, is_expired_certificate,
      "The certificate of {host} has expired.",
      "Programs that verify it, as they should, do not connect.",
      { { FIX_SHELL, "gss-winrm doctor --port 5985 {host}" },
        { FIX_SERVER, "winrm set winrm/config/Listener?Address=*+"
          "Transport=HTTPS '@{CertificateThumbprint=\"NEW\"}'" } } },
    { "certificate", DOC_SERVER, is_bad_certificate,
      "The certificate of {host} is not one to be trusted: {certificate_why}.",
      "Programs that verify it, as they should, do not connect.",
      { { FIX_SHELL, "gss-winrm doctor --port 5985 {host}" } } },
    { "silent", DOC_NETWORK, is_silent,
      "What listens at port {port} of {host} does not answer as WinRM does.",
      "{port_why}.",
      { { FIX_SERVER, "winrm quickconfig" } } },
    { "no-kerberos", DOC_SERVER, is_not_kerberos,
      "{host} offers {offers} only: neither Negotiate nor Kerberos.",
      "Its administrator has switched them off.",
      { { FIX_SERVER, "winrm set winrm/config/service/auth "
          "'@{Negotiate=\"true\";Kerberos=\"true\"}'" } } },
    { "disabled", DOC_DOMAIN, is_disabled,
      "The machine's account {machine} is disabled.",
      "A machine without its account cannot log anybody on for long, even "
      "where tickets for it are still issued.",
      { { FIX_DOMAIN, "Enable-ADAccount -Identity '{machine}'" } } },
    { "duplicate", DOC_DOMAIN, is_duplicate,
      "{duplicate} is registered to more than one account, {intruder} among "
      "them.",
      "The KDC cannot tell whose key to use, and issues no tickets for it.",
      { { FIX_DOMAIN, "setspn -D {duplicate} {intruder}" } } },
    { "bindings", DOC_SERVER, needs_bindings,
      "{host} takes programs that send channel bindings, and no others.",
      "CbtHardeningLevel is Strict there. curl, for one, sends none; at port "
      "5985 there is nothing to bind to.",
      { { FIX_SHELL, "gss-winrm doctor --port 5985 {host}" },
        { FIX_SERVER, "winrm set winrm/config/service/auth "
          "'@{CbtHardeningLevel=\"Relaxed\"}'" } } },
    { "gateway", DOC_CLIENT, is_for_gateway,
      "{host} is one address in front of several machines, {nodes}: go "
      "through the gateway.",
      "krb5.conf lists the nodes, but which of them a connection leads to "
      "only the gateway can ask.",
      { { FIX_SHELL, "gss-winrm run -- COMMAND" } } },
    { "conflict", DOC_WELL, is_rewritten,
      "Programs get in: they ask for {plain}, and the plugin for {sent}.",
      "{plain} would not do ({whose}).",
      { { FIX_NONE, NULL } } },
    { "healthy", DOC_WELL, works,
      "Programs get in, whatever they ask for.",
      "{plain} is the machine's own name.",
      { { FIX_NONE, NULL } } },
    { "misled", DOC_CLIENT, is_misled,
      "Programs would get in if they were left alone: {plain} is accepted.",
      "With the plugin: {program_why}.",
      { { FIX_CONF, TARGET("{host}", "match = never") } } },
    { "gssproxy", DOC_CLIENT, is_proxied,
      "GSS_USE_PROXY={proxy} gives gssproxy the plugin's place.",
      "{plain} is refused ({whose}), {accepted} is accepted; "
      "only one of the two can stand in front of krb5.",
      { { FIX_SHELL, "unset GSS_USE_PROXY" } } },
    { "switched-off", DOC_CLIENT, is_off,
      "GSS_WINRM=off keeps the plugin out.",
      "{plain} is refused, {accepted} is accepted.",
      { { FIX_SHELL, "unset GSS_WINRM" } } },
    { "off-in-conf", DOC_CLIENT, is_off_in_conf,
      "krb5.conf keeps the plugin out (enabled, or match = never).",
      "{plain} is refused, {accepted} is accepted.",
      { { FIX_CONF, TARGET("{host}", "match = auto") },
        { FIX_SHELL, CONFIGURE("{host}", "match=auto") } } },
    { "replaced", DOC_CLIENT, is_replaced,
      "GSS_MECH_CONFIG keeps the plugin out.",
      "{plain} is refused ({whose}), {accepted} is accepted.",
      { { FIX_SHELL, "unset GSS_MECH_CONFIG" } } },
    { "not-loaded", DOC_CLIENT, is_not_loaded,
      "The plugin is not loaded, and without it programs do not get in.",
      "{plain} is refused ({whose}), {accepted} is accepted.",
      { { FIX_SHELL, "echo 'gss_winrm 2.25.1467839256 {module} <interposer>' "
          "|\n    sudo tee -a {mech_file}" } } },
    { "address", DOC_NAME, is_address,
      "{host} is an address, and Kerberos needs the name: {name}.",
      "The server there has proved to be {name}.",
      { { FIX_CONF, TARGET("{host}", "host = {name}") },
        { FIX_SHELL, CONFIGURE("{host}", "host={name}") } } },
    { "rdns", DOC_NAME, is_reversed,
      "Reverse DNS makes krb5 ask for {krb5_name} instead of {dns_name}.",
      "rdns is true in krb5.conf, and the address {address} is called "
      "{krb5_name}.",
      { { FIX_CONF, "[libdefaults]\n    rdns = false\n" } } },
    { "short-name", DOC_NAME, is_short,
      "krb5 makes {krb5_name} of {host}, which is {dns_name}.",
      "It adds the first search domain, and DNS has found the host in "
      "another.",
      { { FIX_CONF, "[libdefaults]\n    qualify_shortname = "
          "{name_domain}\n" } } },
    { "balanced", DOC_NAME, is_balanced,
      "{host} is one address in front of several machines: {nodes}.",
      "Which of them a connection leads to only the gateway can ask. The "
      "nodes are what the machines call themselves; {name} has proved it. "
      "Are they yours?",
      { { FIX_CONF, TARGET("{host}", "nodes = {nodes}") },
        { FIX_THEN, "gss-winrm run -- COMMAND" } } },
    { "cluster", DOC_NAME, is_cluster,
      "{host} is a cluster, and Kerberos knows its machines only: {nodes}.",
      "{plain} is not a machine's name ({whose}). The nodes are what the "
      "machines call themselves; {name} has proved it. Are they yours?",
      { { FIX_CONF, TARGET("{host}", "nodes = {nodes}") },
        { FIX_SHELL, CONFIGURE("{host}", "nodes='{nodes}'") } } },
    { "alias", DOC_NAME, is_alias,
      "{host} is another name of {name}, and not known to Kerberos.",
      "The server there has proved to be {name}.",
      { { FIX_CONF, TARGET("{host}", "host = {name}") },
        { FIX_SHELL, CONFIGURE("{host}", "host={name}") },
        { FIX_DOMAIN, "setspn -S HOST/{host} {machine}" } } },
    { "missing-spn", DOC_DOMAIN, is_missing,
      "{missing} is not registered, and krb5.conf names nothing else that "
      "would do.",
      "{accepted} is accepted.",
      { { FIX_DOMAIN, "setspn -S {missing} {machine}" },
        { FIX_CONF, TARGET("{host}", "spn = HOST/%f") },
        { FIX_SHELL, CONFIGURE("{host}", "spn=HOST/%f") } } },
    { "narrow", DOC_CLIENT, is_elsewhere,
      "None of krb5.conf's names for {host} gets in, but {accepted} does.",
      "The setting spn of the winrm section leaves it out.",
      { { FIX_CONF, TARGET("{host}", "spn = HOST/%f") },
        { FIX_SHELL, CONFIGURE("{host}", "spn=HOST/%f") } } },
    { "not-sent", DOC_CLIENT, is_left_alone,
      "{accepted} is accepted, but programs do not ask for it.",
      "The plugin is loaded, and does not take the connection for WinRM's: "
      "{program_why}.",
      { { FIX_CONF, TARGET("{host}", "match = always") } } },
    { "refused", DOC_SERVER, is_anything,
      "{host} refuses {user} by every name.",
      "With what programs ask for: {program_why}.",
      { { FIX_SERVER, "nltest /sc_verify:{name_domain}" } } },
};

const struct verdict *
verdict_find(const struct doctor *d)
{
    const struct verdict *v = verdicts;

    while (!v->test(d))
        v++;
    return v;
}
