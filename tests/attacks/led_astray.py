# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The ticket of a program that asks for delegation, by what nobody has authenticated.

A KDC's "principal unknown", which anybody on the way can say; refusals, in one
process, until it tries again from the beginning; a gateway that was taken over
and offers a ticket that is none.  In the end the plain name goes out, and its
owner reads it.
"""

import base64
import socket
import struct
import subprocess
import threading
from contextlib import suppress

import realm
from rogue_credssp import Context, Server, response
from rogue_place import DOMAIN, Scene, run_client, section

USER, PASSWORD = "astray", "The-ticket-is-enough-4711"
ADDRESS = "127.0.11.161"
BY_DNS = ("dns_canonicalize_hostname = true", "rdns = false")
ASKS = [], ["delegation = none"], ["delegate"]
# What krb5.conf has in general and for the host, and what the program does.
WAYS = {
    "the program asks": ASKS,
    "the program asks, spn = HOST/%f": (["spn = HOST/%f"], *ASKS[1:]),
    "krb5.conf asks": ([], ["delegation = kerberos"], []),
}


class Refuser(Server):
    """Reads what it can, and refuses all the same."""

    def plain(self, scheme, token, state):
        Context(self.keys, self.loot, scheme).accept(token)
        other = Context([], self.loot, scheme)
        other.accept(token)
        return response(401, scheme + " " + base64.b64encode(
            other.refuse()).decode())


def look(t, what, rogue, answer):
    t.rogue(f"{what}: {rogue.loot.text()}")
    t.ok(not rogue.loot.tickets, f"{what}: no ticket is forwarded", answer)


def unknown(t, scene):
    """A host of which the KDC has nothing but HTTP/host; an alias, perhaps."""
    for n, (what, (general, own, options)) in enumerate(WAYS.items(), 1):
        for forged in (False, True):
            rogue = Server(t, [], ADDRESS, "token")
            host = f"alias{n}{'d' * forged}.{DOMAIN}"
            site = host.replace("alias", "site") if forged else host
            scene.host(site.split(".")[0], "", "HTTP/%f")
            scene.call(ADDRESS, f"{site} {host}" if forged else host)
            rogue.keys = scene.keys("iis.keytab")
            scene.configure([f"ports = {rogue.port}", *general, section(
                "targets", section(host, *own))], BY_DNS if forged else ())
            answer = run_client(scene, host, rogue.port, "negotiate",
                                *options)
            look(t, f"nothing but HTTP{', by forged DNS' * forged}: {what}",
                 rogue, answer)
    # What is spelled out for it is the administrator's decision.
    rogue = Server(t, [], ADDRESS, "token")
    host = scene.host("listed1", "", "HTTP/%f", ADDRESS)
    rogue.keys = scene.keys("iis.keytab")
    scene.configure([f"ports = {rogue.port}", section(
        "targets", section(host, f"spn = HTTP/{host}"))])
    answer = run_client(scene, host, rogue.port, "negotiate", "delegate")
    t.ok(rogue.loot.tickets, "control: HTTP/host spelled out for it", answer)


def replayed(t, scene):
    """The machine is registered; a genuine error of the KDC's is repeated."""
    relay = scene.relay
    saved = {}

    def pass_on(client):
        with client, suppress(OSError), \
                socket.create_connection(("127.0.0.1", relay.port)) as kdc:
            while (request := relay.message(client)) is not None:
                kdc.sendall(struct.pack(">I", len(request)) + request)
                answer = relay.message(kdc)
                if answer is None:
                    return
                if request[:1] == b"\x6c" and answer[:1] == b"\x7e":
                    saved["error"] = answer
                elif request[:1] == b"\x6c" and (
                        b"\x1b\x04HOST" in request or
                        b"\x1b\x05WSMAN" in request):
                    saved["used"] = True
                    answer = saved["error"]
                client.sendall(struct.pack(">I", len(answer)) + answer)

    relay.pass_on = pass_on
    rogue = Server(t, [], ADDRESS, "token")
    host = scene.host("replay1", "HOST/%f WSMAN/%f", "HTTP/%f", ADDRESS)
    rogue.keys = scene.keys("iis.keytab")
    scene.configure([f"ports = {rogue.port}",
                     section("targets", section(host, *ASKS[1]))])
    cache = scene.dir / "mine"
    scene.kinit(*scene.users[-1], f"FILE:{cache}", "-f")
    subprocess.run([realm.tool("kvno"), "-c", str(cache), f"NO/x.{DOMAIN}"],
                   env=dict(scene.env, LD_PRELOAD=""), check=False,
                   capture_output=True)
    answer = run_client(scene, host, rogue.port, "negotiate", "delegate")
    t.ok(saved.get("used"), "control: the KDC's error was replayed", saved)
    look(t, "an error of the KDC's, replayed", rogue, answer)


def again(t, scene):
    """All names are refused, and the same process tries on."""
    for n, (what, (general, own, options)) in enumerate(WAYS.items(), 1):
        for scheme in ("negotiate", "kerberos"):
            rogue = Refuser(t, [], ADDRESS, "token")
            host = scene.host(f"again{n}{scheme[0]}", "HOST/%f WSMAN/%f",
                              "HTTP/%f HTTP/%n", ADDRESS)
            rogue.keys = scene.keys("iis.keytab")
            scene.configure([f"ports = {rogue.port}", *general,
                             section("targets", section(host, *own))])
            answer = run_client(scene, host, rogue.port, scheme, "again",
                                *options)
            look(t, f"again and again, {scheme}: {what}", rogue, answer)


def offered(t, scene):
    """The gateway's answer to the plugin's question is no ticket at all."""
    directory = scene.dir / "run/gss-winrm/gateway"
    for each in (directory.parent, directory):
        each.mkdir(mode=0o700, exist_ok=True)
    for n, (what, (general, own, options)) in enumerate(WAYS.items(), 1):
        rogue = Server(t, [], ADDRESS, "token")
        host = scene.host(f"offer{n}", "HOST/%f WSMAN/%f", "HTTP/%f HTTP/%n",
                          ADDRESS)
        rogue.keys = scene.keys("iis.keytab")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(directory / str(rogue.port)))
        listener.listen(8)
        asked = []

        def serve():
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    asked.append(client.recv(999))
                    name = b"HTTP/x@GSS-WINRM"
                    client.send(b"\2" + struct.pack(">H", len(name)) + name +
                                b"garbage")
                    client.close()

        threading.Thread(target=serve, daemon=True).start()
        scene.configure([f"ports = {rogue.port}", *general,
                         section("targets", section(host, *own))])
        answer = run_client(scene, host, rogue.port, "negotiate", *options)
        t.ok(asked, f"control: the gateway was asked: {what}", answer)
        look(t, f"a gateway's ticket that is none: {what}", rogue, answer)
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    unknown(t, scene)
    again(t, scene)
    offered(t, scene)
    scene.record()
    replayed(t, scene)
    scene.stop()
