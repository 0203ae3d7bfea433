# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A ticket's key, in any byte that leaves the broker.

Contexts of all kinds with hosts of all kinds of keys; every byte that comes
out of the broker's socket is kept.  An auditor, who has the KDC's keys and all
that was said to it, knows the session key of each ticket that there is: none
may occur, in any format.
"""

from Cryptodome.Hash import MD4
from impacket.krb5 import asn1
from pyasn1.codec.der import decoder

import rogue
import rogue_broker as broker
from password_split import delegate, exchange_tokens
from rogue_machine import Machine
from rogue_place import DOMAIN, REALM, Scene, section

USER, PASSWORD = "bytes", "Not-among-the-bytes-4711"
# name: (the keys of its service, what else krb5.conf says)
HOSTS = {"byte1": ("aes256-cts", []), "byte2": ("aes128-cts", []),
         "byte3": ("arcfour-hmac", []),
         "byte4": ("aes256-cts", ["delegation = kerberos"]),
         "byte5": ("aes128-cts", ["delegation = kerberos"])}
KINDS = {17: "AES128", 18: "AES256", 23: "RC4"}


class Auditor:
    """Knows all long-term keys, and so those of all tickets."""

    def __init__(self, scene):
        self.scene = scene
        scene.realms.main.administer([
            f"ktadd -k {scene.dir}/kdc.keytab -norandkey krbtgt/{REALM} "
            f"{USER}"])
        self.keys = scene.keys("kdc.keytab")
        for name in HOSTS:
            self.keys += scene.keys(f"{name}.keytab")

    def tickets(self):
        """({what: session key}, tickets that stayed closed)"""
        found, closed = {}, []
        for _, answer in self.scene.relay.exchanges:
            if answer[:1] not in (b"\x6b", b"\x6d"):
                continue                        # KRB-ERROR
            kind = asn1.AS_REP() if answer[:1] == b"\x6b" else asn1.TGS_REP()
            ticket = decoder.decode(answer, asn1Spec=kind)[0]["ticket"]
            name = rogue.principal(ticket["sname"], ticket["realm"])
            try:
                key = rogue.key_of(rogue.open_ticket(ticket,
                                                     self.keys)["key"])
            except rogue.Closed:
                closed.append(name)
                continue
            found[f"{KINDS[key.enctype]} of ticket {len(found) + 1}, for "
                  f"{name}"] = key.contents
        return found, closed

    def secrets(self):
        """What else must stay where it is."""
        return {f"{USER}'s long-term key ({KINDS[key.enctype]})":
                key.contents for name, _, key in
                rogue.read_keytab(self.scene.dir / "kdc.keytab")
                if name.startswith(USER)} | {
            "the password": PASSWORD.encode(),
            "the password as Windows has it": PASSWORD.encode("utf-16-le"),
            "its NT hash": MD4.new(PASSWORD.encode("utf-16-le")).digest()}


def contexts(t, talk, machine, name, passwords=True):
    """All kinds with one host."""
    host = f"{name}.{DOMAIN}"
    done = []
    for scheme, what in ((broker.KERBEROS, "Kerberos"),
                         (broker.NEGOTIATE, "Negotiate")):
        for bindings in (b"", b"tls-server-end-point:0123"):
            talk.context(scheme, host, bindings=bindings)
            exchange_tokens(talk, machine)
            talk.export()
        done.append(what)
    if passwords and host in DELEGATE_TO:
        for _ in range(2):
            delegate(talk, machine, host)
        done.append("CredSSP")
    # One that is given up, and one that the server refuses.
    talk.context(broker.KERBEROS, host)
    talk.step()
    talk.finish()
    talk.context(broker.NEGOTIATE, host)
    request = rogue.Request(talk.step()[0])
    try:
        talk.step(rogue.spnego_reply(rogue.error(request),
                                     rogue.ACCEPT_INCOMPLETE))
    except broker.Refused:
        pass
    talk.finish()
    return done


DELEGATE_TO = [f"{name}.{DOMAIN}" for name, (_, lines) in HOSTS.items()
               if not lines]


def collect(scene, machine, heard, passwords=True):
    """By a confined connection, one of its channels, and a plain one."""
    for kind in ("confined", "channel", "plain"):
        with broker.Talk(scene.socket, heard=heard) as talk:
            if kind != "plain":
                talk.confine()
            user = talk.channel() if kind == "channel" else talk
            for name in HOSTS:
                done = contexts(scene.t, user, machine, name, passwords)
                if kind == "confined":
                    scene.t.rogue(f"{name}: {' '.join(done)}")
            if kind == "plain":
                talk.ask(broker.STATUS)


def judge(t, auditor, heard, what):
    tickets, closed = auditor.tickets()
    kinds = {name.split()[0] for name in tickets}
    t.rogue(f"{what}: {len(heard)} bytes from the broker, {len(tickets)} "
            f"tickets ({', '.join(sorted(kinds))})")
    t.ok(len(tickets) > len(HOSTS) and not closed,
         f"{what}: control: the auditor knows all tickets",
         f"{tickets} {closed}")
    t.ok(kinds >= {"AES128", "AES256", "RC4"},
         f"{what}: control: keys of each kind", kinds)
    t.ok(len([name for name in tickets if "krbtgt/" in name]) > 1,
         f"{what}: control: tickets were forwarded", list(tickets))
    wanted = {**tickets, **auditor.secrets()}
    found = rogue.search(bytes(heard), wanted)
    for key, form in found:
        t.rogue(f"got: the key {key}, {form}")
    if not found:
        t.rogue("got: nothing")
    t.ok(not found, f"{what}: no key and no password among the bytes", found)
    half = len(heard) // 2
    missed = [name for name, key in wanted.items() for form in
              (key, key[::-1], key.hex().encode()) if name not in
              dict(rogue.search(bytes(heard[:half]) + form +
                                bytes(heard[half:]), {name: key}))]
    t.ok(not missed, f"{what}: control: planted ones are found", missed)


def attack(t):
    scene = Scene(t)
    scene.record()
    for at, (name, (enctype, _)) in enumerate(HOSTS.items()):
        scene.host(name, "HOST/%f WSMAN/%f HTTP/%n", "HTTP/%f",
                   f"127.0.11.{70 + at}", enctype)
    scene.user(USER, PASSWORD)
    names = " ".join(f"{name}.{DOMAIN}" for name in HOSTS)
    scene.configure([
        section("targets", *(section(f"{name}.{DOMAIN}", *lines)
                             for name, (_, lines) in HOSTS.items() if lines)),
        section("credssp", "delegate_to = " + " ".join(DELEGATE_TO)),
        section("gateway", f"targets = {names}")],
        ["allow_weak_crypto = true", "allow_rc4 = true"])
    auditor = Auditor(scene)
    keytab = scene.dir / "machines.keytab"
    keytab.write_bytes(b"\5\2" + b"".join(
        (scene.dir / f"{name}.keytab").read_bytes()[2:] for name in HOSTS))
    machine = Machine(t, dict(scene.env, KRB5_KTNAME=str(keytab)))
    heard = bytearray()
    scene.start_broker()
    with broker.Talk(scene.socket, heard=heard) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)
    collect(scene, machine, heard)
    scene.stop()
    judge(t, auditor, heard, "by the password")
    # The user's own tickets.
    scene.relay.exchanges.clear()
    cache = f"FILE:{scene.dir}/cache"
    scene.kinit(f"{USER}@{REALM}", PASSWORD, cache, "-f")
    heard = bytearray()
    scene.start_broker({"KRB5CCNAME": cache})
    collect(scene, machine, heard, passwords=False)
    with broker.Talk(scene.socket, heard=heard) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)
    collect(scene, machine, heard)
    scene.stop()
    judge(t, auditor, heard, "by the user's tickets")
