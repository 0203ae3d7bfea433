/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * verdicts.c - the table of verdicts, in the order in which things must be
 * fixed: the first that is true is reported.
 *
 * Where several fixes are given, any one of them will do.
 */
#define _GNU_SOURCE
#include "config.h"

#include <stddef.h>

#include "helper/doctor/predicates.h"

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
    { "clock", DOC_CLOCK, holds_clock,
      "This machine's clock is {ahead} the domain's; Kerberos allows five "
      "minutes.",
      "The KDC and the server reject the timestamps that this machine sends.",
      { { FIX_SHELL, "sudo chronyc makestep" },
        { FIX_SHELL, "sudo timedatectl set-ntp true" } } },
    { "other-host", DOC_NAME, holds_resembling,
      "{host} does not exist, but {resembling} does.",
      "DNS has no address for the name, but the domain has a computer whose "
      "name begins the same way.",
      { { FIX_SHELL, "gss-winrm doctor {resembling}" } } },
    { "unknown-host", DOC_NAME, holds_unknown_host,
      "{host} does not exist.",
      "DNS has no address for the name.",
      { { FIX_SHELL, "getent hosts {host}" } } },
    { "expired", DOC_TICKETS, holds_expired,
      "The tickets of {user} have expired: {expired}.",
      "The KDC issues nothing for expired tickets.",
      { { FIX_SHELL, "kinit {user}" } } },
    { "no-ticket", DOC_TICKETS, holds_no_ticket,
      "There are no tickets.",
      "There is no ticket-granting ticket in the cache.",
      { { FIX_SHELL, "kinit {user}" } } },
    { "revoked", DOC_TICKETS, holds_revoked,
      "The KDC no longer serves {user}: the account is disabled, locked, or "
      "not allowed to log on.",
      "There are older tickets, but the KDC issues no new ones.",
      { { FIX_DOMAIN, "Enable-ADAccount -Identity {account}" },
        { FIX_DOMAIN, "Unlock-ADAccount -Identity {account}" } } },
    { "wrong-realm", DOC_NAME, holds_wrong_realm,
      "krb5 takes {host} to be in realm {realm}, and it is not.",
      "krb5.conf's [domain_realm], or the name's domain, says so; the user's "
      "realm is {user_realm}.",
      { { FIX_CONF, "[domain_realm]\n    .{domain} = {user_realm}\n"
          "    {domain} = {user_realm}\n    {host} = {user_realm}\n" } } },
    { "no-kdc", DOC_NETWORK, holds_no_kdc,
      "No KDC of {realm} answers.",
      "Kerberos needs one (port 88) for every new ticket.",
      { { FIX_SHELL, "dig +short SRV _kerberos._udp.{realm_domain}" } } },
    { "other-port", DOC_NETWORK, holds_closed_here,
      "{host} has WinRM at port {other_port}, not at {port}.",
      "Port {port}: {port_why}.",
      { { FIX_SHELL, "gss-winrm doctor --port {other_port} {host}" } } },
    { "closed", DOC_NETWORK, holds_closed,
      "Nothing listens at port {port} of {host}, or a firewall is in between.",
      "{port_why}.",
      { { FIX_SERVER, "Enable-PSRemoting -Force" } } },
    { "certificate-expired", DOC_SERVER, holds_expired_certificate,
      "The certificate of {host} has expired.",
      "Programs that verify it, as they should, do not connect.",
      { { FIX_SHELL, "gss-winrm doctor --port 5985 {host}" },
        { FIX_SERVER, "winrm set winrm/config/Listener?Address=*+"
          "Transport=HTTPS '@{CertificateThumbprint=\"NEW\"}'" } } },
    { "certificate", DOC_SERVER, holds_bad_certificate,
      "The certificate of {host} is not trusted: {certificate_why}.",
      "Programs that verify it, as they should, do not connect.",
      { { FIX_SHELL, "gss-winrm doctor --port 5985 {host}" } } },
    { "silent", DOC_NETWORK, holds_silent,
      "Port {port} of {host} is open, but does not answer like WinRM.",
      "{port_why}.",
      { { FIX_SERVER, "winrm quickconfig" } } },
    { "no-kerberos", DOC_SERVER, holds_not_kerberos,
      "{host} offers {offers} only: neither Negotiate nor Kerberos.",
      "Its administrator has switched them off.",
      { { FIX_SERVER, "winrm set winrm/config/service/auth "
          "'@{Negotiate=\"true\";Kerberos=\"true\"}'" } } },
    { "disabled", DOC_DOMAIN, holds_disabled,
      "The computer account {machine} is disabled.",
      "A computer without its account cannot log users on for long, even "
      "while tickets for it are still issued.",
      { { FIX_DOMAIN, "Enable-ADAccount -Identity '{machine}'" } } },
    { "duplicate", DOC_DOMAIN, holds_duplicate,
      "{duplicate} is registered to more than one account: {owners}.",
      "The KDC cannot tell whose key to use, and issues no tickets for it.",
      { { FIX_DOMAIN, "{deduplicate}" } } },
    { "server-clock", DOC_CLOCK, holds_server_clock,
      "The clock of {host} is {server_ahead} this machine's; Kerberos allows "
      "five minutes.",
      "The KDC accepts this machine's time and issues tickets, but the server "
      "rejects them.",
      { { FIX_SERVER, "w32tm /resync" } } },
    { "bindings", DOC_SERVER, holds_bindings,
      "{host} accepts only programs that send channel bindings.",
      "CbtHardeningLevel is Strict there. curl before 8.10, for example, "
      "sends none; at port 5985 there is nothing to bind to.",
      { { FIX_SHELL, "gss-winrm doctor --port 5985 {host}" },
        { FIX_SERVER, "winrm set winrm/config/service/auth "
          "'@{CbtHardeningLevel=\"Relaxed\"}'" } } },
    { "untried", DOC_CLIENT, holds_untried,
      "{host} would authenticate {user}, but programs here may crash before "
      "that.",
      "A process with this machine's GSSAPI mechanisms ended or did not "
      "answer when told to try.",
      { { FIX_SHELL, "KRB5_TRACE=/dev/stderr curl --negotiate -u : -d '' "
          "{url}" } } },
    { "gateway", DOC_CLIENT, holds_for_gateway,
      "{host} is one address in front of several machines, {claims}: go "
      "through the gateway.",
      "krb5.conf lists the nodes, but only the gateway can ask which of them "
      "a connection leads to.",
      { { FIX_SHELL, "gss-winrm run -- COMMAND" } } },
    { "conflict", DOC_WELL, holds_rewritten,
      "Programs are authenticated: they ask for {plain}, and the plugin asks "
      "for {sent} instead.",
      "{plain} would be refused ({whose}).",
      { { FIX_NONE, NULL } } },
    { "healthy", DOC_WELL, holds_works,
      "Programs are authenticated, whatever name they ask for.",
      "{plain} belongs to the computer account.",
      { { FIX_NONE, NULL } } },
    { "misled", DOC_CLIENT, holds_misled,
      "Programs would be authenticated without the plugin: {plain} is "
      "accepted.",
      "With the plugin: {program_why}.",
      { { FIX_CONF, TARGET("{host}", "match = never") } } },
    { "gssproxy", DOC_CLIENT, holds_proxied,
      "GSS_USE_PROXY={proxy} gives gssproxy the plugin's place.",
      "{plain} is refused ({whose}), {accepted} is accepted; only one of the "
      "two can interpose krb5.",
      { { FIX_SHELL, "unset GSS_USE_PROXY" } } },
    { "switched-off", DOC_CLIENT, holds_off,
      "GSS_WINRM=off keeps the plugin out.",
      "{plain} is refused, {accepted} is accepted.",
      { { FIX_SHELL, "unset GSS_WINRM" } } },
    { "off-in-conf", DOC_CLIENT, holds_off_in_conf,
      "krb5.conf keeps the plugin out of everything: enabled = false.",
      "{plain} is refused, {accepted} is accepted. Change the existing line: "
      "of two lines, the first counts.",
      { { FIX_CONF, "[appdefaults]\n    winrm = {\n        enabled = true\n"
          "    }\n" } } },
    { "off-for-host", DOC_CLIENT, holds_off_for_host,
      "krb5.conf keeps the plugin away from {host}: enabled = false.",
      "{plain} is refused, {accepted} is accepted.",
      { { FIX_CONF, TARGET("{host}", "enabled = true") },
        { FIX_SHELL, CONFIGURE("{host}", "enabled=true") } } },
    { "never", DOC_CLIENT, holds_never,
      "krb5.conf keeps the plugin away from {host}: match = never.",
      "{plain} is refused, {accepted} is accepted.",
      { { FIX_CONF, TARGET("{host}", "match = auto") },
        { FIX_SHELL, CONFIGURE("{host}", "match=auto") } } },
    { "replaced", DOC_CLIENT, holds_replaced,
      "GSS_MECH_CONFIG keeps the plugin out.",
      "{plain} is refused ({whose}), {accepted} is accepted.",
      { { FIX_SHELL, "unset GSS_MECH_CONFIG" } } },
    { "put-off", DOC_CLIENT, holds_put_off,
      "The plugin has been switched off on this machine by gss-winrm disable.",
      "{plain} is refused ({whose}), {accepted} is accepted.",
      { { FIX_SHELL, "sudo gss-winrm enable" } } },
    { "bad-line", DOC_CLIENT, holds_bad_line,
      "The plugin's line in {listed_in} is wrong: {mech_why}.",
      "So it is not loaded: {plain} is refused ({whose}), {accepted} is "
      "accepted.",
      { { FIX_SHELL, "sudo sed -i '/^[^#]*gss_winrm/c\\"
          "gss_winrm 2.25.1467839256 {module} <interposer>' {listed_in}" } } },
    { "not-loadable", DOC_CLIENT, holds_not_loadable,
      "{listed_in} names the plugin, but it cannot be loaded.",
      "{plain} is refused ({whose}), {accepted} is accepted. This shows what "
      "is missing or of another architecture:",
      { { FIX_SHELL, "ldd -r {module}" } } },
    { "not-loaded", DOC_CLIENT, holds_not_loaded,
      "The plugin is not loaded, and without it programs are not "
      "authenticated.",
      "{plain} is refused ({whose}), {accepted} is accepted.",
      { { FIX_SHELL, "echo 'gss_winrm 2.25.1467839256 {module} <interposer>' "
          "|\n    sudo tee -a {mech_file}" } } },
    { "address", DOC_NAME, holds_address,
      "{host} is an address, and Kerberos needs the name: {name}.",
      "The server has authenticated itself as {name}.",
      { { FIX_CONF, TARGET("{host}", "host = {name}") },
        { FIX_SHELL, CONFIGURE("{host}", "host={name}") } } },
    { "rdns", DOC_NAME, holds_reversed,
      "Reverse DNS makes krb5 ask for {krb5_name} instead of {dns_name}.",
      "rdns is true in krb5.conf, and reverse DNS calls {address} "
      "{krb5_name}.",
      { { FIX_CONF, "[libdefaults]\n    rdns = false\n" } } },
    { "short-name", DOC_NAME, holds_short,
      "krb5 turns {host} into {krb5_name}, but it is {dns_name}.",
      "krb5 adds the first search domain, and DNS found the host in another.",
      { { FIX_CONF, "[libdefaults]\n    qualify_shortname = "
          "{name_domain}\n" } } },
    { "balanced", DOC_NAME, holds_balanced,
      "{host} is one address in front of several machines: {claims}.",
      "Only the gateway can ask which of them a connection leads to. The "
      "names are what the machines call themselves, and a man in the middle "
      "can say the same: write the names that you know.",
      { { FIX_CONF, TARGET("{host}", "nodes = NODE1 NODE2") },
        { FIX_THEN, "gss-winrm run -- COMMAND" } } },
    { "cluster", DOC_NAME, holds_cluster,
      "{host} is a cluster, and Kerberos knows only its machines: {nodes}.",
      "{plain} is not a machine's name ({whose}). The nodes are what the "
      "machines call themselves; {name} has authenticated itself. Are they "
      "yours?",
      { { FIX_CONF, TARGET("{host}", "nodes = {nodes}") },
        { FIX_SHELL, CONFIGURE("{host}", "nodes='{nodes}'") } } },
    { "alias", DOC_NAME, holds_alias,
      "{host} is another name of {name} that Kerberos does not know.",
      "The server has authenticated itself as {name}.",
      { { FIX_CONF, TARGET("{host}", "host = {name}") },
        { FIX_SHELL, CONFIGURE("{host}", "host={name}") },
        { FIX_DOMAIN, "setspn -S HOST/{host} {machine}" } } },
    { "missing-spn", DOC_DOMAIN, holds_missing,
      "{missing} is not registered, and krb5.conf names no other name that is "
      "accepted.",
      "{accepted} is accepted.",
      { { FIX_DOMAIN, "setspn -S {missing} {machine}" },
        { FIX_CONF, TARGET("{host}", "spn = HOST/%f") },
        { FIX_SHELL, CONFIGURE("{host}", "spn=HOST/%f") } } },
    { "narrow", DOC_CLIENT, holds_narrow,
      "None of krb5.conf's names for {host} is accepted, but {accepted} is.",
      "The setting spn of the winrm section leaves it out.",
      { { FIX_CONF, TARGET("{host}", "spn = HOST/%f") },
        { FIX_SHELL, CONFIGURE("{host}", "spn=HOST/%f") } } },
    { "not-sent", DOC_CLIENT, holds_not_sent,
      "{accepted} is accepted, but programs do not send it.",
      "The plugin is loaded, but does not take the connection to be WinRM's: "
      "{program_why}.",
      { { FIX_CONF, TARGET("{host}", "match = always") } } },
    { "unproved", DOC_NAME, holds_unproved,
      "{host} calls itself {claims}, and {user} is not authenticated by the "
      "name that was given.",
      "That is unconfirmed: DNS has another address for that name, so no "
      "ticket for it was sent to this one. Does it authenticate you by that "
      "name?",
      { { FIX_SHELL, "gss-winrm doctor {claim}" } } },
    { "refused", DOC_SERVER, holds_anything,
      "{host} refuses {user} under every name.",
      "With what programs ask for: {program_why}.",
      { { FIX_SERVER, "nltest /sc_verify:{realm_domain}" } } },
};

const struct verdict *
verdict_find(const struct doctor *d)
{
    const struct verdict *v = verdicts;

    while (!v->test(d))
        v++;
    return v;
}

const struct verdict *
verdict_at(size_t n)
{
    return (n < sizeof(verdicts) / sizeof(*verdicts)) ? &verdicts[n] : NULL;
}
