# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The password or the ticket, by a forged answer of DNS and any machine's key.

With krb5's defaults DNS says what a host is called: the rogue, who has joined
a machine of its own to the domain (any user may), answers for the host's name
with its own machine's.
"""

import re

import rogue
from rogue_broker import KERBEROS, NEGOTIATE, Refused, Talk
from rogue_credssp import Server
from rogue_place import (DOMAIN, REALM, Scene, post, run_client, run_curl,
                         section)

USER, PASSWORD = "forged", "Not-for-the-neighbour-4711"
ADDRESS = "127.0.11.91"
# The rogue's own machine, and those that users type.
OWN, TYPED = "forged1", ("forged2", "forged3")
UNKNOWN = f"forged4.{DOMAIN}"           # to the KDC
HOST = f"{TYPED[0]}.{DOMAIN}"
# What krb5.conf has of DNS.
TRUSTS = {
    "krb5's defaults": ["dns_canonicalize_hostname = true", "rdns = true"],
    "rdns = false": ["dns_canonicalize_hostname = true", "rdns = false"],
    "dns_canonicalize_hostname = fallback": [
        "dns_canonicalize_hostname = fallback", "rdns = true"],
}
KERBEROS_TOO = "delegation = kerberos"


class Case:
    """A rogue at the address, and krb5.conf."""

    def __init__(self, scene, trust, delegation, host=HOST, more=(), key=OWN,
                 libdefaults=()):
        self.scene, self.host = scene, host
        self.rogue = Server(scene.t, scene.keys(f"{key}.keytab"), ADDRESS,
                            "token")
        scene.configure(
            [f"ports = {self.rogue.port}",
             section("targets", section(host, delegation, *more)),
             section("credssp", f"delegate_to = {host}")],
            TRUSTS[trust] + list(libdefaults))

    def by_gateway(self):
        self.scene.start_broker()
        with Talk(self.scene.socket) as user:
            user.login(f"{USER}@{REALM}", PASSWORD)
        gateway = self.scene.start_gateway()
        answer = post(gateway, self.host, self.rogue.port)
        self.scene.stop()
        return answer

    def by_plugin(self, scheme, *options):
        return run_client(self.scene, self.host, self.rogue.port, scheme,
                          *options)


def judge(t, what, case, answer):
    loot = case.rogue.loot
    t.rogue(f"{what}:")
    t.rogue(loot.text())
    t.ok(not loot.passwords, f"{what}: no password", loot.passwords)
    t.ok(not loot.tickets, f"{what}: no ticket of the user's is forwarded",
         f"{[name for name, _, _, _ in loot.tickets]}: {answer}")
    return loot


def by_gateway(t, scene):
    for trust in TRUSTS:
        for delegation in ("delegation = credssp", KERBEROS_TOO):
            case = Case(scene, trust, delegation)
            answer = case.by_gateway()
            loot = judge(t, f"the gateway, {trust}, {delegation}", case,
                         answer)
            check_journal(t, scene, f"{trust}, {delegation}", loot)
            t.ok(answer[0] != 200, f"the gateway, {trust}, {delegation}: the "
                 "client is told", answer)


def check_journal(t, scene, what, loot):
    """The line that auditors read names whoever got it."""
    lines = re.findall(r".*delegated: .*", scene.said("broker"))
    for line in lines[-1:] if loot.passwords else []:
        t.rogue(f"in the journal: {line}")
        t.ok(f"HOST/{OWN}.{DOMAIN}@{REALM}" in line,
             f"{what}: the journal names who has got it", line)


def by_broker(t, scene):
    """A gateway that was taken over, with the forger's help."""
    for trust in TRUSTS:
        case = Case(scene, trust, KERBEROS_TOO)
        scene.start_broker()
        with Talk(scene.socket) as user:
            user.login(f"{USER}@{REALM}", PASSWORD)
        got, names = [], []
        for scheme in (KERBEROS, NEGOTIATE):
            with Talk(scene.socket) as talk:
                try:
                    talk.confine()
                    talk.context(scheme, HOST, case.rogue.port)
                    request = rogue.Request(talk.step()[0])
                    names.append(request.server)
                    request.open(case.rogue.keys)
                    got += request.forwarded()
                except (Refused, rogue.Closed):
                    pass
        scene.stop()
        t.rogue(f"the broker, {trust}: tickets for {names}; got: " +
                (", ".join(f"{name} of {client}" for name, _, client, _ in
                           got) or "nothing"))
        t.ok(not got, f"the broker, {trust}: no ticket is forwarded",
             f"{names}")


def by_plugin(t, scene):
    for trust in TRUSTS:
        for scheme in ("negotiate", "kerberos"):
            case = Case(scene, trust, KERBEROS_TOO)
            answer = case.by_plugin(scheme)
            judge(t, f"a program, {scheme}, {trust}, {KERBEROS_TOO}", case,
                  answer)
            case = Case(scene, trust, "delegation = none")
            answer = case.by_plugin(scheme, "delegate")
            judge(t, f"a program that asks for it, {scheme}, {trust}", case,
                  answer)
        for what, delegation, options in (
                (KERBEROS_TOO, KERBEROS_TOO, []),
                ("--delegation always", "delegation = none",
                 ["--delegation", "always"]),
                ("--delegation policy", "delegation = none",
                 ["--delegation", "policy"])):
            case = Case(scene, trust, delegation)
            answer = run_curl(scene, HOST, case.rogue.port, *options)
            judge(t, f"curl, {trust}, {what}", case, answer)


def other_names(t, scene):
    """What is typed is no machine's name: nothing but DNS has one for it."""
    for what, host in (("an address", ADDRESS),
                       ("a name that the KDC does not know", UNKNOWN)):
        for trust in TRUSTS:
            for delegation in ("delegation = credssp", KERBEROS_TOO):
                case = Case(scene, trust, delegation, host)
                judge(t, f"{what}, {trust}, {delegation}", case,
                      case.by_gateway())
            case = Case(scene, trust, KERBEROS_TOO, host)
            judge(t, f"{what}, a program, {trust}", case,
                  case.by_plugin("negotiate"))


def short_names(t, scene):
    """A short name becomes what krb5.conf makes of it, or nothing."""
    short = TYPED[1]
    for trust in TRUSTS:
        for delegation in ("delegation = credssp", KERBEROS_TOO):
            case = Case(scene, trust, delegation, short)
            answer = case.by_gateway()
            judge(t, f"a short name, {trust}, {delegation}", case, answer)
        case = Case(scene, trust, KERBEROS_TOO, short)
        judge(t, f"a short name, a program, {trust}", case,
              case.by_plugin("negotiate"))
    # The machine itself, with the same forged DNS.
    for delegation in ("delegation = credssp", KERBEROS_TOO):
        case = Case(scene, "krb5's defaults", delegation, short, key=short)
        answer = case.by_gateway()
        loot = case.rogue.loot
        t.ok(answer[0] == 200 and (loot.passwords or loot.tickets),
             f"control: a short name that krb5.conf completes, {delegation}",
             f"{loot.text()} {answer}")
        case = Case(scene, "krb5's defaults", delegation, short, key=short,
                    libdefaults=['qualify_shortname = ""'])
        answer = case.by_gateway()
        t.rogue("one that nothing completes: the client is told: " +
                sentence(answer[1]))
        loot = case.rogue.loot
        t.ok(answer[0] != 200 and not loot.passwords and not loot.tickets and
             short in sentence(answer[1]),
             f"a short name that nothing completes is refused, {delegation}",
             f"{loot.text()} {answer}")


def sentence(fault):
    """The reason in a SOAP fault."""
    found = re.search(r"<s:Text[^>]*>([^<]*)", fault)
    return found.group(1) if found else fault[:300]


def controls(t, scene):
    """Those that it is for."""
    for name, host, more in (
            ("the rogue's own name", f"{OWN}.{DOMAIN}", []),
            ("krb5.conf's host", HOST, [f"host = {OWN}.{DOMAIN}"])):
        for delegation in ("delegation = credssp", KERBEROS_TOO):
            case = Case(scene, "krb5's defaults", delegation, host, more)
            answer = case.by_gateway()
            loot = case.rogue.loot
            t.ok(answer[0] == 200 and (loot.passwords or loot.tickets),
                 f"control: {name}, {delegation}", f"{loot.text()} {answer}")
            check_journal(t, scene, f"control: {name}", loot)
        case = Case(scene, "krb5's defaults", KERBEROS_TOO, host, more)
        answer = case.by_plugin("negotiate")
        t.ok(case.rogue.loot.tickets, f"control: {name}, a program",
             f"{case.rogue.loot.text()} {answer}")
    case = Case(scene, "krb5's defaults", KERBEROS_TOO,
                more=[f"nodes = {OWN}.{DOMAIN}"])
    answer = case.by_plugin("negotiate")
    t.ok(case.rogue.loot.tickets, "control: krb5.conf's nodes, a program",
         f"{case.rogue.loot.text()} {answer}")
    # Without delegation the canonical name is krb5's choice.
    case = Case(scene, "krb5's defaults", "delegation = none")
    answer = case.by_plugin("negotiate")
    t.ok(case.rogue.loot.names() == [f"HOST/{OWN}.{DOMAIN}@{REALM}"] and
         answer.startswith("200"), "control: rewriting goes by krb5's name",
         f"{case.rogue.loot.text()} {answer}")


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    # The real ones have keys of their own, and are not there.
    for name in TYPED:
        scene.host(name, "HOST/%f WSMAN/%f HTTP/%n", "HTTP/%f")
    scene.host(OWN, "HOST/%f WSMAN/%f HTTP/%n HTTP/%f", trusted=True)
    scene.call(ADDRESS, f"{OWN}.{DOMAIN} {OWN} " + " ".join(
        f"{name}.{DOMAIN} {name}" for name in TYPED) + f" {UNKNOWN}")
    by_gateway(t, scene)
    by_broker(t, scene)
    by_plugin(t, scene)
    other_names(t, scene)
    short_names(t, scene)
    controls(t, scene)
