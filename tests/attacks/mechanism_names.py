# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The password of a program that uses CredSSP as a GSSAPI mechanism.

The program asks for HTTP@HOST, as programs that speak to WinRM do, or for the
machine's names; the rogue has the key of the web site's account, or that of
another machine and what DNS says.
"""

from rogue_credssp import Server
from rogue_place import DOMAIN, Scene, run_mechanism, section

USER, PASSWORD = "mechanism", "Not-by-the-mechanism-4711"
ADDRESS = "127.0.11.111"
HOST, OTHER = f"mechanism1.{DOMAIN}", f"mechanism2.{DOMAIN}"
FORGED = ["dns_canonicalize_hostname = true", "rdns = true"]


def run(scene, service, keytab, libdefaults=(), own=()):
    """(the rogue, what the program says)"""
    server = Server(scene.t, scene.keys(keytab), ADDRESS, "token")
    scene.configure([
        f"ports = {server.port}",
        *([section("targets", section(HOST, *own))] if own else []),
        section("credssp", f"delegate_to = {HOST}")], libdefaults)
    return server, run_mechanism(scene, HOST, server.port, service)


def judge(t, what, server, answer):
    t.rogue(f"{what}:")
    t.rogue(server.loot.text())
    t.ok(not server.loot.passwords, f"{what}: no password", answer)


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    # AD has no case; this KDC has.
    scene.host("mechanism1", "HOST/%f host/%f WSMAN/%f",
               "HTTP/%f http/%f HTTP/%n", ADDRESS)
    scene.host("mechanism2", "HOST/%f host/%f WSMAN/%f HTTP/%f HTTP/%n")
    for service in ("HTTP", "http", "WSMAN", "host"):
        judge(t, f"{service}@{HOST}, the site's account",
              *run(scene, service, "iis.keytab"))
    for service in ("WSMAN", "host", "HOST"):
        server, answer = run(scene, service, "mechanism1.keytab")
        t.ok([each[2] for each in server.loot.passwords] == [PASSWORD],
             f"control: {service}@{HOST}, the machine",
             f"{answer} {server.loot.text()} {server.loot.problems}")
    server, answer = run(scene, "HTTP", "iis.keytab", own=[
        f"spn = HTTP/{HOST}"])
    t.rogue("HTTP/host listed in full: " + server.loot.text())
    scene.call(ADDRESS, f"{OTHER} mechanism2 {HOST} mechanism1")
    for service in ("HTTP", "WSMAN", "HOST", "host"):
        judge(t, f"{service}@{HOST}, another machine by forged DNS",
              *run(scene, service, "mechanism2.keytab", FORGED))
