# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What is written about a forwarded ticket, when somebody would rather it were not.

Who took over a gateway takes the first token and never finishes the
negotiation: a line must say that the ticket went.  And what did not go must not
be claimed: the policy asks, but the user's own ticket can't be forwarded.
"""

import time

import progress
import rogue
from rogue_broker import KERBEROS, NEGOTIATE, Talk
from rogue_credssp import Server
from rogue_place import REALM, Scene, post, section

USER, PASSWORD = "unsaid", "The-ticket-is-enough-4711"
ADDRESS = "127.0.11.171"
GRANTED = "credential delegated"


class Log:
    """What a program has written with a word in it, from now on."""

    def __init__(self, scene, program, word):
        self.scene, self.program, self.word = scene, program, word
        self.before = len(self.lines())

    def lines(self):
        said = (self.scene.said(self.program)
                if self.program in self.scene.logs else "")
        return [line for line in said.splitlines() if self.word in line]

    def new(self, expected):
        """They come after the answer: wait for as many as that."""
        if expected:
            progress.wait_for(
                lambda: len(self.lines()) >= self.before + expected)
        else:
            time.sleep(.5)      # what is not to come has no sign
        return self.lines()[self.before:]


def taken(t, scene, host, port):
    """The first token is taken from the broker, and nothing is finished."""
    scene.start_broker()
    with Talk(scene.socket) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)
    for scheme, name in ((KERBEROS, "Kerberos"), (NEGOTIATE, "Negotiate")):
        log = Log(scene, "broker", "forwarded:")
        with Talk(scene.socket).confine() as talk:
            talk.context(scheme, host, port)
            token = talk.step()[0]
        if scheme == KERBEROS:
            request = rogue.Request(token)
            request.open(scene.keys("unsaid1.keytab"))
            t.ok(request.forwarded(), "control: the token has a ticket")
        said = log.new(1)
        t.ok(len(said) == 1 and host in said[0],
             f"{name}: the first token leaves a line", said)
    scene.stop()


def claimed(t, scene, host, server):
    """Through a gateway, with a ticket that can be forwarded and one that can't."""
    for option, goes in (("-f", 1), ("-F", 0)):
        cache = f"FILE:{scene.dir}/cache{option}"
        scene.kinit(f"{USER}@{REALM}", PASSWORD, cache, option)
        scene.start_broker({"KRB5CCNAME": cache})
        logs = {"gateway": Log(scene, "gateway", "credential delegated"),
                "broker": Log(scene, "broker", "forwarded:")}
        server.loot.tickets.clear()
        answer = post(scene.start_gateway(), host, server.port)
        t.ok(len(server.loot.tickets) == goes, f"kinit {option}: "
             f"{'a' if goes else 'no'} ticket reaches the server", answer)
        for program, log in logs.items():
            said = log.new(goes)
            t.ok(len(said) == goes, f"kinit {option}: the {program} "
                 f"{'says so' if goes else 'claims nothing'}", said)
        scene.stop()


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    server = Server(t, [], ADDRESS, "token")
    host = scene.host("unsaid1", "HOST/%f", "HTTP/%f", ADDRESS, trusted=True)
    server.keys = scene.keys("unsaid1.keytab")
    scene.configure([f"ports = {server.port}",
                     section("targets", section(host, "delegation = kerberos")),
                     section("gateway", f"targets = {host}")])
    taken(t, scene, host, server.port)
    claimed(t, scene, host, server)
