# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The user's ticket-granting ticket, as the owner of the web site's account.

The account owns HTTP/%f, and HTTP/%n too (`setspn -S HTTP/web01 svc-iis`,
which Microsoft's pages tell people to register).  The rogue refuses what comes
for HOST and WSMAN by error tokens, which nobody authenticates, and opens what
comes then.
"""

import rogue
from rogue_broker import KERBEROS, NEGOTIATE, Refused, Talk
from rogue_credssp import Server
from rogue_place import (DOMAIN, REALM, Scene, post, run_client, run_curl,
                         section)

USER, PASSWORD = "forwarded", "The-ticket-is-enough-4711"
ADDRESS = "127.0.11.101"
FORWARD = "delegation = kerberos"
# What krb5.conf has: in general, and for the host (%h) or a suffix.
CASES = {
    "the default names": ([], [FORWARD], False),
    "delegation in general": ([FORWARD], [], False),
    "a suffix": ([], [FORWARD], True),
    "spn = HTTP/%n HTTP/%f": (["spn = HTTP/%n HTTP/%f"], [FORWARD], False),
    "spn = HOST/%f": (["spn = HOST/%f"], [FORWARD], False),
    "spn = HTTP/%f:%p HOST/%f": (["spn = HTTP/%f:%p HOST/%f"], [FORWARD],
                                 False),
    "a suffix's spn = HTTP/%f": ([], [FORWARD, "spn = HTTP/%f"], True),
}
LISTED = "a target's own spn names HTTP/host in full"


class Case:
    """One host, its rogue, and krb5.conf."""
    number = 0

    def __init__(self, t, scene, general, own, suffix, refusal="token",
                 keytab="iis.keytab"):
        Case.number += 1
        name = f"tickets{Case.number}"
        self.t, self.scene, self.host = t, scene, f"{name}.{DOMAIN}"
        self.rogue = Server(t, [], ADDRESS, refusal)
        self.port = self.rogue.port
        # Service accounts of sites are often trusted for delegation.
        scene.host(name, "HOST/%f WSMAN/%f", f"HTTP/%f HTTP/%n HTTP/%f:"
                   f"{self.port} HTTP/%n:{self.port}", ADDRESS, trusted=True)
        self.rogue.keys = scene.keys(keytab.replace("NAME", name))
        own = [line.replace("%h", self.host) for line in own]
        key = f".{DOMAIN}" if suffix else self.host
        self.say(general, key, own)

    def say(self, general, key, own):
        self.scene.configure([
            f"ports = {self.port}", *general,
            *([section("targets", section(key, *own))] if own else []),
            section("gateway", f"targets = {self.host}")])

    def log_in(self):
        self.scene.start_broker()
        with Talk(self.scene.socket) as user:
            user.login(f"{USER}@{REALM}", PASSWORD)

    def by_gateway(self):
        self.log_in()
        gateway = self.scene.start_gateway()
        answer = post(gateway, self.host, self.port)
        self.scene.stop()
        return answer

    def by_broker(self):
        """As a gateway that was taken over: every name, by each scheme."""
        self.log_in()
        for scheme in (KERBEROS, NEGOTIATE):
            for candidate in range(6):
                with Talk(self.scene.socket) as talk:
                    try:
                        talk.confine()
                        talk.context(scheme, self.host, self.port, candidate)
                        self.take(rogue.Request(talk.step()[0]))
                    except Refused:
                        pass
        self.scene.stop()

    def take(self, request):
        loot = self.rogue.loot
        try:
            request.open(self.rogue.keys)
        except rogue.Closed:
            loot.asked.append(("the broker", request.server, "no key"))
            return
        loot.asked.append(("the broker", request.server, "opened"))
        loot.tickets += request.forwarded()

    def by_plugin(self, scheme, *options):
        return run_client(self.scene, self.host, self.port, scheme, *options)

    def by_curl(self, *options):
        return run_curl(self.scene, self.host, self.port, *options)


def judge(t, what, case, answer="", must_come=True):
    """Tickets for HTTP may come; with one of the user's inside, not."""
    loot = case.rogue.loot
    t.rogue(f"{what}:")
    t.rogue(loot.text())
    t.ok(not loot.tickets, f"{what}: no ticket of the user's is forwarded",
         answer)
    t.ok(loot.asked or not must_come, f"{what}: control: something came",
         f"{loot.problems} {answer}")


def attacks(t, scene):
    for what, how in CASES.items():
        # Where there is nothing but HTTP/ there may be nothing to ask for.
        must = "HTTP" not in what or "HOST" in what
        case = Case(t, scene, *how)
        judge(t, f"the gateway, {what}", case, case.by_gateway(), must)
        case = Case(t, scene, *how)
        judge(t, f"the broker, {what}", case, case.by_broker(), must)
        for scheme in ("negotiate", "kerberos"):
            case = Case(t, scene, *how)
            judge(t, f"a program, {scheme}, {what}", case,
                  case.by_plugin(scheme))
        case = Case(t, scene, *how)
        judge(t, f"curl, {what}", case, case.by_curl())


def own_wish(t, scene):
    """Programs that ask for delegation themselves: the machine may have it,
    who refuses its names may not."""
    for scheme in ("negotiate", "kerberos"):
        case = Case(t, scene, [], ["delegation = none"], False)
        judge(t, f"a program that asks for it, {scheme}", case,
              case.by_plugin(scheme, "delegate"))
    # policy: to whom the domain trusts for delegation.
    for word in ("always", "policy"):
        case = Case(t, scene, [], ["delegation = none"], False)
        judge(t, f"curl --delegation {word}", case,
              case.by_curl("--delegation", word))


def without_tokens(t, scene):
    """Nothing but a bare 401: a program that comes again has another name."""
    for what, own, options in (("", FORWARD, []), (
            " that asks for it", "delegation = none", ["delegate"])):
        case = Case(t, scene, [], [own], False, "bare")
        judge(t, f"a program{what}, a bare 401 each time", case,
              case.by_plugin("negotiate", "again", *options))


def by_lesson(t, scene):
    """First without delegation, so that the program learns our name."""
    for what, own, options in (("", FORWARD, []), (
            " that asks for it", "delegation = none", ["delegate"])):
        case = Case(t, scene, [], ["delegation = none"], False)
        answer = case.by_plugin("negotiate")
        t.rogue("first without delegation: " + " ".join(
            case.rogue.loot.names()))
        scene.keep_tickets = True
        case.say([], case.host, [own])
        judge(t, f"a program{what}, that has learned HTTP/%n", case,
              [answer, case.by_plugin("negotiate", *options)])
        scene.keep_tickets = False


def controls(t, scene):
    """The machine has it, and the name that krb5.conf lists in full."""
    for what, own, keytab in (
            ("the machine itself", [FORWARD], "NAME.keytab"),
            (LISTED, [FORWARD, "spn = HTTP/%h"], "iis.keytab")):
        case = Case(t, scene, [], own, False, keytab=keytab)
        answer = case.by_gateway()
        t.ok(case.rogue.loot.tickets, f"control: the gateway, {what}",
             f"{case.rogue.loot.text()} {answer}")
        case = Case(t, scene, [], own, False, keytab=keytab)
        answer = case.by_plugin("negotiate")
        t.ok(case.rogue.loot.tickets, f"control: a program, {what}",
             f"{case.rogue.loot.text()} {answer}")
    # Without delegation the plain name is still the last one.
    case = Case(t, scene, [], ["delegation = none"], False)
    answer = case.by_plugin("negotiate")
    t.ok(answer.startswith("200") and not case.rogue.loot.tickets,
         "control: without delegation the other names are tried",
         f"{case.rogue.loot.text()} {answer}")


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    attacks(t, scene)
    own_wish(t, scene)
    without_tokens(t, scene)
    by_lesson(t, scene)
    controls(t, scene)
