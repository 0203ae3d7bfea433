# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""In Active Directory: the password and the ticket, by svc-iis and by WEB02$.

The same as http_names, forwarded_ticket and forged_dns, in the lab (Samba):
whoever has the keys of svc-iis (HTTP/web01.corp.example.com, and HTTP/web01
once it is registered by setspn -S), or of another machine when /etc/hosts (or
DNS) has that for web01.
"""

import json
import os
import subprocess

import hosts
import progress
from rogue_place import HERE, connects, section, until

WEB01, WEB02 = hosts.BY_NAME["web01"], hosts.BY_NAME["web02"]
ADDRESS = "127.0.0.40"          # nobody's
SOAP = "Content-Type: application/soap+xml;charset=UTF-8"
CREDSSP, KERBEROS = "delegation = credssp", "delegation = kerberos"


class Domain:
    """The lab, and what runs in it."""

    def __init__(self, t):
        self.t = t
        self.lab, _ = t.lab()
        self.dir = t.dir
        self.conf = self.dir / "policy.conf"
        (self.dir / "run").mkdir(mode=0o700)
        self.running = []
        with open(f"{self.lab.dir}/secret") as f:
            self.secret = f.readline().strip()
        with open(f"{self.lab.dir}/netns.name") as f:
            self.hosts = f"/etc/netns/{f.readline().strip()}/hosts"

    def inside(self, *argv):
        return [f"{self.t.source}/tests/lab/lab", "run", "--dir",
                self.lab.dir, "--", "env",
                f"KRB5_CONFIG={self.conf}:{self.lab.dir}/krb5.plain.conf",
                f"KRB5CCNAME=FILE:{self.dir}/none",
                f"XDG_RUNTIME_DIR={self.dir}/run", *map(str, argv)]

    def start(self, *argv, **how):
        with open(self.dir / "log", "ab") as log:
            how.setdefault("stdout", log)
            self.running.append(self.t.start(self.inside(*argv), stderr=log,
                                             **how))
        return self.running[-1]

    def stop(self):
        while self.running:
            self.t.stop(self.running.pop())

    def rogue(self, keytab, address):
        """(process, port)"""
        process = self.start(
            "/usr/bin/python3", "-B", f"{HERE}/rogue_serve.py",
            f"{self.lab.dir}/keytabs/{keytab}", address, "token",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return process, int(process.stdout.readline())

    @staticmethod
    def loot(process):
        process.stdin.close()
        return json.loads(process.stdout.readline())

    def policy(self, port, delegation):
        text = "[appdefaults]\n" + section(
            "winrm", f"ports = {port}",
            section("targets", section(WEB01.fqdn, delegation)),
            section("credssp", f"delegate_to = {WEB01.fqdn}")) + "\n"
        self.conf.write_text(text)
        return text

    def by_gateway(self, port):
        """carol's request, through a gateway: the status."""
        program = self.t.build / "helper"
        self.start(program / "broker/gss-winrmd", "--foreground")
        until(lambda: connects(self.dir / "run/gss-winrm/broker"))
        with open(f"{self.lab.dir}/secret") as secret:
            subprocess.run(self.inside(
                program / "cli/gss-winrm", "login", "--stdin",
                f"{hosts.SECRET_USER}@{hosts.REALM}"), stdin=secret,
                check=True, stdout=subprocess.DEVNULL)
        read, write = os.pipe()
        self.start(program / "gateway/gss-winrm-gateway", "--listen",
                   "127.0.0.1:0", "--ready-fd", write, pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as ready:
            gateway = ready.readline().strip()
        return progress.run(self.inside(
            "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-x",
            f"http://{gateway}", "-H", SOAP, "-d", "<x/>",
            f"http://{WEB01.fqdn}:{port}/wsman"), text=True, check=False,
            stdout=subprocess.PIPE).stdout

    def by_plugin(self, port, policy, *options):
        """alice's curl; her password is everybody's, so only her ticket
        counts."""
        done = self.lab.run([
            "curl", "-s", "--negotiate", "-u", ":", "-d", "", "-o",
            "/dev/null", "-w", "%{http_code}", *options,
            f"http://{WEB01.fqdn}:{port}/wsman"], plugin=True,
            policy=policy, base="krb5.plain.conf")
        return f"{done.out} {done.err[-300:]}"

    def forge(self):
        """web01 is another name of web02, and that is here."""
        with open(self.hosts) as f:
            text = f.read()
        with open(self.hosts, "w") as f:
            f.write(f"{ADDRESS} {WEB02.fqdn} {WEB01.fqdn} {WEB01.name}\n" +
                    text)
        return text

    def call(self, text):
        with open(self.hosts, "w") as f:
            f.write(text)


def change(lab, how):
    subprocess.run(
        ["ldbmodify", "-H", f"{lab.dir}/samba/private/sam.ldb.d/"
         f"{hosts.BASE_DN.upper()}.ldb"], text=True, check=True,
        input=f"dn: CN={hosts.SERVICE_ACCOUNT},CN=Users,{hosts.BASE_DN}\n"
        f"changetype: modify\n{how}: servicePrincipalName\n"
        f"servicePrincipalName: HTTP/{WEB01.name}\n",
        stdout=subprocess.DEVNULL)


def judge(t, domain, what, process, answer):
    loot = domain.loot(process)
    domain.stop()
    t.rogue(f"{what}:")
    t.rogue(loot["text"].replace(domain.secret, "(carol's)"))
    t.ok(not any(password == domain.secret
                 for _, _, password in loot["passwords"]),
         f"{what}: no password", answer)
    t.ok(not loot["tickets"], f"{what}: no ticket of the user's is forwarded",
         answer)
    t.ok(loot["asked"], f"{what}: control: something came",
         f"{answer} {loot['problems']}\n" +
         (domain.dir / "log").read_text()[-2000:])


def all_ways(t, domain, what, keytab, address):
    for delegation in (CREDSSP, KERBEROS):
        process, port = domain.rogue(keytab, address)
        domain.policy(port, delegation)
        judge(t, domain, f"{what}, the gateway, {delegation}", process,
              domain.by_gateway(port))
    for delegation, options in ((KERBEROS, []), ("delegation = none", [
            "--delegation", "always"])):
        process, port = domain.rogue(keytab, address)
        policy = domain.policy(port, delegation)
        client = " ".join(["curl", *options])
        judge(t, domain, f"{what}, {client}, {delegation}", process,
              domain.by_plugin(port, policy, *options))


def controls(t, domain):
    """The machine, whose key is web01's, has what it should."""
    for delegation in (CREDSSP, KERBEROS):
        process, port = domain.rogue("web01", WEB01.address)
        domain.policy(port, delegation)
        status = domain.by_gateway(port)
        loot = domain.loot(process)
        domain.stop()
        got = [password for _, _, password in loot["passwords"]] \
            if delegation == CREDSSP else loot["tickets"]
        t.ok(status == "200" and got, f"control: web01 itself, {delegation}",
             f"{status} {loot['asked']} {loot['problems']}")


def attack(t):
    domain = Domain(t)
    controls(t, domain)
    all_ways(t, domain, "svc-iis", "web01-site", WEB01.address)
    change(domain.lab, "add")
    t.defer(change, domain.lab, "delete")
    all_ways(t, domain, "svc-iis with HTTP/web01", "web01-site",
             WEB01.address)
    t.defer(domain.call, domain.forge())
    all_ways(t, domain, "WEB02$ by forged DNS", "web02", ADDRESS)
