# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The password, as the owner of the web site's account at the host's address.

Whoever has the key of HTTP/host (the account's owner, a node of its farm, who
has cracked its ticket), and answers at the host's address, says by an error
that nobody authenticates that a ticket was no good, until one comes that it
can open: the last name of the list was the site's.
"""

from rogue_broker import Refused, Talk
from rogue_credssp import Server
from rogue_place import DOMAIN, REALM, Scene, post, section

USER, PASSWORD = "names", "Not-for-the-web-site-4711"
ADDRESS = "127.0.11.81"
# What belongs to the site's account, beside HTTP/%f; spn in krb5.conf, in
# general and for the host.
CASES = {
    "the default names": ("HTTP/%n", "", ""),
    "spn = HOST/%f": ("HTTP/%n", "HOST/%f", ""),
    "spn = HTTP/%f HOST/%f": ("HTTP/%n", "HTTP/%f HOST/%f", ""),
    "spn = HTTP/%n": ("HTTP/%n", "HTTP/%n", ""),
    "spn = HTTP/%f:%p": ("HTTP/%n HTTP/%f:%p", "HTTP/%f:%p", ""),
    "spn = http/%f": ("HTTP/%n http/%f http/%n", "http/%f http/%n", ""),
    "the target's spn = HOST/%f": ("HTTP/%n", "", "HOST/%f"),
    # libkrb5 takes that for HTTP.
    r"spn = HT\TP/%n": ("HTTP/%n", r"HT\TP/%n", ""),
}
REFUSALS = {"errorcode": "STATUS_LOGON_FAILURE",
            "token": "KRB_AP_ERR_MODIFIED", "bare": "a bare 401"}


class Case:
    """One host, its rogue, and what krb5.conf says."""
    number = 0

    def __init__(self, t, scene, refusal, theirs="HTTP/%n", general="",
                 own="", name=None, keytab="iis.keytab", suffix=False):
        Case.number += 1
        self.t, self.scene = t, scene
        self.name = name or f"names{Case.number}"
        self.host = f"{self.name}.{DOMAIN}"
        self.rogue = Server(t, [], ADDRESS, refusal)
        self.port = self.rogue.port
        if name is None:
            # ... and one of the machine's, so that there is no lack of them.
            scene.host(self.name, "HOST/%f WSMAN/%f", "HTTP/%f " +
                       theirs.replace("%p", str(self.port)), ADDRESS)
        scene.call(ADDRESS, f"{self.host} {self.name}")
        # The site's names only; the machine is somebody else.
        self.rogue.keys = scene.keys(keytab)
        self.general = [f"spn = {general}"] if general else []
        self.own = [f"spn = {own.replace('%h', self.host)}"] if own else []
        self.suffix = suffix

    def configure(self):
        key = f".{DOMAIN}" if self.suffix else self.host
        self.scene.configure([
            f"ports = {self.port}", *self.general,
            section("targets", section(key, "delegation = credssp",
                                       *self.own)),
            section("credssp", f"delegate_to = {self.host}")])

    def run(self):
        """What the client was told."""
        self.configure()
        self.scene.start_broker()
        with Talk(self.scene.socket) as user:
            user.login(f"{USER}@{REALM}", PASSWORD)
        gateway = self.scene.start_gateway()
        answer = post(gateway, self.host, self.port)
        self.scene.stop()
        return answer


def attack_by(t, scene, what, refusal, **how):
    case = Case(t, scene, refusal, **how)
    status, body = case.run()
    loot = case.rogue.loot
    t.rogue(f"{what}, saying {REFUSALS[refusal]}:")
    t.rogue(loot.text())
    t.ok(not loot.passwords, f"{what}, {REFUSALS[refusal]}: no password",
         f"{loot.passwords}; the client was told {status}: {body[:500]}")
    http = [name for name in loot.names()
            if name.upper().startswith("HTTP/")]
    t.ok(not http, f"{what}, {REFUSALS[refusal]}: no name of class HTTP is "
         "asked for", http)
    t.ok(len(set(loot.names())) <= 1, f"{what}, {REFUSALS[refusal]}: no "
         "other name on the rogue's word", loot.names())
    # Where krb5.conf has nothing but HTTP/ there may be nothing to ask for.
    if "HTTP" not in (how.get("general", "") + how.get("own", "")).replace(
            "\\", "").upper():
        t.ok(loot.asked, f"{what}, {REFUSALS[refusal]}: control: it was asked",
             f"{case.rogue.loot.problems} {status} {body[:500]} "
             f"{scene.said('gateway')[-500:]}")
    t.ok(status != 200, f"{what}, {REFUSALS[refusal]}: the client is told",
         f"{status}")
    return case


def choose(t, case):
    """A gateway that was taken over asks the broker for each of the names."""
    case.configure()
    case.scene.start_broker()
    names = []
    with Talk(case.scene.socket) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)
    for candidate in range(8):
        with Talk(case.scene.socket) as talk:
            talk.confine()
            try:
                names.append(talk.credssp(case.host, case.port,
                                          candidate)[0])
            except Refused:
                pass
    case.scene.stop()
    t.rogue(f"a gateway of mine may choose among: {' '.join(names)}")
    http = [name for name in names if name.upper().startswith("HTTP")]
    t.ok(not http, "the broker has no name of class HTTP to choose from",
         names)
    t.ok(names, "control: it has names")


def control(t, scene, what, **how):
    """It is for the machine after all, and gets through."""
    case = Case(t, scene, "errorcode", **how)
    status, body = case.run()
    loot = case.rogue.loot
    t.rogue(f"control, {what}: tickets for {loot.names()}")
    t.ok(status == 200 and loot.passwords and
         loot.passwords[-1][2] == PASSWORD, f"control: {what}",
         f"{status} {body[:500]} {loot.text()} {loot.problems}")


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    for what, (theirs, general, own) in CASES.items():
        attack_by(t, scene, what, "errorcode", theirs=theirs,
                  general=general, own=own)
    attack_by(t, scene, "a suffix's spn = HTTP/%f", "errorcode",
              own="HTTP/%f", suffix=True)
    # That is not that very name; nor is what an error leads to.
    for spn in ("HTTP/%f", "HTTP/%n", "HOST/%f HTTP/%h"):
        attack_by(t, scene, f"the target's own spn = {spn}", "errorcode",
                  own=spn)
    for refusal in ("token", "bare"):
        case = attack_by(t, scene, "the default names", refusal)
    choose(t, case)
    # The same servers, where they have the machine's key.
    control(t, scene, "the machine itself is delegated to",
            name="names1", keytab="names1.keytab")
    control(t, scene, "the target's own spn spells out HTTP/host",
            name="names2", own="HTTP/%h")
