# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Clients that speak Kerberos, unmodified, through the gateway.

Before: straight to the server, with the plugin loaded: they get in, and the
second hop is denied.  After, with nothing changed but the proxy variable: the
plugin gets them the gateway's ticket, the gateway delegates by CredSSP.
"""

import json
import os
import shutil
from dataclasses import dataclass
from typing import Callable

import hosts
import progress
from .clients import SYSTEM_PYTHON, url
from .gateway import COMMAND, PRIVATE, SOAP, delegated, show
from .helper import (HOST, OTHER_UID, UNDELEGATED, Helper, missing, policy,
                     wait_for)
from .lab import Tail

WEB01, WEB02 = HOST["web01"], HOST["web02"]
PRINCIPAL = f"{hosts.SECRET_USER}@{hosts.REALM}"
# A service ticket with many groups: MaxTokenSize is 48,000 bytes.
LARGE_TICKET = 48000


@dataclass(frozen=True)
class Kerberos:
    name: str
    argv: Callable          # URL -> command line
    remote: bool            # runs COMMAND; else gets an answer

    def problems(self, result, hop, host=WEB01):
        """hop: what the second hop should say."""
        wanted = ["200"]
        if self.remote:
            wanted = [f"ran-on-{host.name.upper()}", hop]
        said = result.out + result.err
        if result.code == 0 and all(w in said for w in wanted):
            return []
        return [result.describe()]


def catalog(user):
    programs, venv = f"{user.dir}/programs", f"{user.dir}/venv/bin/python"

    def run(*argv):
        return lambda to: [*argv[:2], to, *argv[2:], COMMAND]

    def post(*argv):
        return lambda to: [*argv, to]

    return [
        Kerberos("curl --negotiate (Debian)", post(
            "curl", "-sS", "--fail", "--negotiate", "-u", ":", "-w",
            "%{http_code}", "-H", SOAP, "-d", ""), False),
        Kerberos("pywinrm kerberos (PyPI)", run(
            venv, f"{programs}/run_pywinrm.py"), True),
        Kerberos("pypsrp negotiate (PyPI)", run(
            venv, f"{programs}/run_pypsrp.py", "negotiate", "HTTP"), True),
        Kerberos("pypsrp kerberos (PyPI)", run(
            venv, f"{programs}/run_pypsrp.py", "kerberos", "HTTP"), True),
        Kerberos("pypsrp negotiate, host/ (PyPI)", run(
            venv, f"{programs}/run_pypsrp.py", "negotiate", "default"), True),
        Kerberos("requests-gssapi (PyPI)", post(
            venv, f"{programs}/identify_requests_gssapi.py"), False),
    ]


# Debian's pywinrm does not encrypt: before, WinRM refuses to talk in clear.
def in_clear(user):
    return Kerberos("pywinrm kerberos (Debian)", lambda to: [
        SYSTEM_PYTHON, f"{user.dir}/programs/run_pywinrm.py", to, COMMAND],
        True)


class User(Helper):
    """carol, with tickets of her own and the plugin in all programs."""

    def tickets(self):
        cache = f"{self.dir}/ccache"
        with open(f"{self.lab.dir}/secret", encoding="ascii") as f:
            secret = f.read()
        done = self.lab.run(["sh", "-c", 'echo "$1" | kinit "$2"', "sh",
                             secret.strip(), PRINCIPAL], ccache=cache)
        os.chown(cache, self.uid, self.uid)
        return [done.describe()] * (done.code != 0)

    def load_plugin(self):
        shutil.copy(self.lab.plugin, self.bin)
        self.mech = f"{self.dir}/mech"
        with open(self.mech, "w", encoding="ascii") as f:
            f.write("gss_winrm 2.25.1467839256 "
                    f"{self.bin}/gss_winrm.so <interposer>\n")
        self.trace = Tail(f"{self.dir}/trace")
        self.log = Tail(self.syslog)

    def client(self, argv, proxied=False, env=None, **how):
        """A client with the plugin; what it traced is in the result."""
        self.trace.read()
        self.log.read()
        result = self.run(argv, proxied, {"GSS_MECH_CONFIG": self.mech,
                                          "LAB_CA": f"{self.lab.dir}/ca.pem",
                                          **(env or {})}, **how)
        result.trace = "\n".join(self.trace.read())
        return result


def minted(result):
    """Problems unless the plugin sent the gateway's ticket."""
    return [] if "a ticket of the gateway at port" in result.trace else [
        "no ticket of the gateway's\n" + result.describe()]


def undelegated(result, principal=PRINCIPAL):
    seen = {(a["client"], bool(a.get("delegated")))
            for a in result.accepted()}
    return [] if seen == {(principal, False)} else [
        f"let in: {seen}\n{result.describe()}"]


def table(report, lab, user):
    """Every client, before and after."""
    to = url("http", WEB01.fqdn, 5985)
    rows = [["client", "straight to web01", "http_proxy"]]
    for client in [*catalog(user), in_clear(user)]:
        clear = client.name == in_clear(user).name
        lab.set("web01", allow_unencrypted=clear)
        before = user.client(client.argv(to))
        wrong = client.problems(before, "Access is denied")
        wrong += undelegated(before)
        report.ok(f"{client.name}: in, and no second hop, before", wrong)
        lab.set()
        after = user.client(client.argv(to), True)
        problems = client.problems(after, PRIVATE)
        problems += delegated(after) + minted(after)
        report.ok(f"{client.name}: second hop by http_proxy", problems)
        rows.append([client.name, "WRONG" if wrong else
                     "second hop denied" if client.remote else "in",
                     "WRONG" if problems else
                     "ok, second hop" if client.remote else "ok, delegated"])
    show(report, rows)


def passed_on(report, lab, user):
    """Where nothing is delegated, it is the client's own business."""
    for client in catalog(user):
        result = user.client(client.argv(url("http", UNDELEGATED.fqdn, 5985)),
                             True)
        wrong = client.problems(result, "Access is denied", UNDELEGATED)
        report.ok(f"{client.name}: to a host without delegation, passed on "
                  "as it is", wrong + undelegated(result))


def others_passed_on(report, lab, user):
    """What only the server can take: NTLM, and the client's own CredSSP."""
    path = f"{user.dir}/alice-password"
    with open(path, "w", encoding="ascii") as f:
        f.write(hosts.PASSWORD)
    os.chown(path, user.uid, user.uid)
    private = hosts.private_entry(hosts.USER)[1]
    # To web01 Kerberos within CredSSP would take the gateway's ticket.
    for auth, host, hop in (("ntlm", WEB01, "Access is denied"),
                            ("credssp-ntlm", WEB01, private),
                            ("credssp-krb5", UNDELEGATED, private)):
        who = (f"{hosts.USER}@{hosts.REALM}" if auth.endswith("krb5") else
               f"{hosts.WORKGROUP}\\{hosts.USER}")
        result = user.client(
            [f"{user.dir}/venv/bin/python", f"{user.dir}/programs/"
             "run_pypsrp.py", url("http", host.fqdn, 5985), auth, "default",
             COMMAND, who, path], True)
        said = result.out + result.err
        wanted = (f"ran-on-{host.name.upper()}", hop)
        report.ok(f"pypsrp {auth} as {hosts.USER}: passed on as it is",
                  [] if all(w in said for w in wanted)
                  else [result.describe()])


INVENTORY = """\
[winrm]
{names}
[winrm:vars]
ansible_connection=winrm
ansible_shell_type=cmd
ansible_port=5985
ansible_winrm_scheme=http
ansible_winrm_transport=kerberos
ansible_user={user}
"""


def ansible(report, lab, user):
    """`gss-winrm run -- ansible`, one line for many hosts."""
    names = [HOST[n].fqdn for n in ("web01", "web02", "web03")]
    with open(f"{user.dir}/inventory", "w", encoding="ascii") as f:
        f.write(INVENTORY.format(names="\n".join(names), user=PRINCIPAL))
    for forks in (1, 3):
        result = user.client(
            [f"{user.bin}/gss-winrm", "run", "--", f"{user.dir}/venv/bin/"
             "python", f"{user.dir}/venv/bin/ansible", "all", "-i",
             f"{user.dir}/inventory", "-m", "raw", "-a", COMMAND, "--forks",
             str(forks)], env={"ANSIBLE_HOME": f"{user.dir}/ansible"},
            quiet=180)
        wrong = [] if result.code == 0 and result.out.count(PRIVATE) == 3 \
            else [result.out + result.describe()]
        seen = {(a["host"], a["scheme"].lower(), a["delegated"])
                for a in result.accepted()}
        if seen != {(n.split(".")[0], "credssp", True) for n in names}:
            wrong.append(f"let in: {seen}")
        report.ok(f"gss-winrm run -- ansible: {len(names)} hosts, {forks} "
                  "forks, all with the second hop", wrong)


def both_ways(report, lab, user):
    """One process, straight to one host and by the gateway to another."""
    direct = f"direct={url('http', WEB02.fqdn, 5985)}"
    proxy = f"proxy={url('http', WEB01.fqdn, 5985)}"
    for steps in ((direct, proxy, direct), (proxy, direct, proxy)):
        result = user.client(
            [f"{user.dir}/venv/bin/python",
             f"{user.dir}/programs/direct_and_gateway.py", user.proxy,
             *steps])
        wanted = [f"{step} 200 proved" for step in steps]
        got = [(a["host"], bool(a.get("delegated")))
               for a in result.accepted()]
        # The stand-in names every login; CredSSP's is one.
        ways = [("web01", True) if s == proxy else ("web02", False)
                for s in steps]
        report.ok("one process, " + ", ".join(
            s.partition("=")[0] for s in steps),
            [] if result.out.splitlines() == wanted and got == ways
            else [f"{got}\n{result.out}\n{result.describe()}"])


def preemptive(report, lab, user):
    """A client that authenticates before it is asked, and has no connection
    yet that could tell where to."""
    result = user.client([f"{user.dir}/venv/bin/python",
                          f"{user.dir}/programs/preemptive.py",
                          url("http", WEB01.fqdn, 5985)], True)
    ok = result.code == 0 and result.out.startswith("200 200") and \
        "IdentifyResponse" in result.out
    report.ok("requests-gssapi, opportunistic: the first request is "
              "authenticated", ([] if ok else [result.describe()]) +
              minted(result) + delegated(result))


def restarted(report, lab, user):
    """The gateway is killed and started under a client's session."""
    script = (f'{{ echo; while [ ! -e {user.dir}/go ]; do sleep 0.05; done; '
              'echo; sleep 1; echo; sleep 1; echo; sleep 1; } | "$@"')
    run = user.start(
        ["sh", "-c", script, "sh", f"{user.dir}/venv/bin/python", "-u",
         f"{user.dir}/programs/long_session.py",
         url("http", WEB01.fqdn, 5985)], "session",
        {"GSS_MECH_CONFIG": user.mech, "http_proxy": f"http://{user.proxy}",
         "LAB_CA": f"{lab.dir}/ca.pem"})
    began = wait_for(lambda: "ok" in user.said("session"))
    user.gateway.kill()
    user.gateway.wait()
    user.gateway = user.start_gateway(listen=user.proxy)
    with open(f"{user.dir}/go", "w", encoding="ascii"):
        pass
    progress.wait(run)
    said = user.said("session").splitlines()
    report.say(f"  a session across a restart: {said}")
    report.ok("a session goes on after a restart of the gateway, with one "
              "error at most", [] if began and len(said) == 4 and
              said[0] == "ok" and said[2:] == ["ok", "ok"] else [str(said)])


def attacks(report, lab, user):
    """Tickets used again, elsewhere, altered, of somebody else."""
    other = user.start_gateway(name="gateway2")
    result = user.client(
        [f"{user.dir}/venv/bin/python",
         f"{user.dir}/programs/ticket_attacks.py", user.proxy,
         url("http", WEB01.fqdn, 5985), url("http", WEB02.fqdn, 5985),
         other.address])
    other.terminate()
    other.wait()
    seen = [json.loads(line) for line in result.out.splitlines()]
    for each in seen:
        wanted = 200 if each["name"] == "good" else 401
        report.ok(f"a ticket, {each['name']}: {wanted}", [
            f"{each['status']}"] * (each["status"] != wanted))
    logins = [a for a in result.accepted()]
    report.ok("all attempts were made, and two logins", [
        f"{len(seen)} attempts, {logins}\n{result.describe()}"]
        * (len(seen) != 11 or len(logins) != 2))
    log = "\n".join(user.log.read())
    report.ok("the log says why", [
        f"{words!r} is not in\n{log}" for words in
        ("already used", f"for {WEB01.fqdn}, not for {WEB02.fqdn}")
        if words not in log])


ASK = """\
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
try:
    s.connect(sys.argv[1])
    s.settimeout(600)
    s.send(b"\\1" + sys.argv[2].encode())
    print("answer", s.recv(20000)[:1])
except OSError as error:
    print(type(error).__name__)
"""


def other_users(report, lab, user):
    """Another user's question, even where the directory lets it through."""
    port = user.proxy.rpartition(":")[2]
    run = f"{user.dir}/run"
    path = f"{run}/gss-winrm/gateway/{port}"
    own = user.client([SYSTEM_PYTHON, "-c", ASK, path, WEB01.fqdn])
    report.ok("the gateway's own user gets a ticket",
              [] if own.out.strip() == r"answer b'\x02'" else
              [own.describe()])
    def ask(uid):
        return lab.run(["setpriv", "--reuid", str(uid), "--regid", str(uid),
                        "--clear-groups", SYSTEM_PYTHON, "-c", ASK, path,
                        WEB01.fqdn]).out.strip()
    report.ok("another user does not get to the socket", [
        said for said in [ask(OTHER_UID)] if said != "PermissionError"])
    # root gets there in any case, and is another user all the same.
    report.ok("who gets there and is not the user gets nothing", [
        said for said in [ask(0)]
        if said not in ("answer b''", "ConnectionResetError",
                        "BrokenPipeError")])


def large_ticket(report, lab, user):
    """The token of a user with many groups has to get to the server."""
    token = "A" * (LARGE_TICKET * 4 // 3)
    with open(f"{user.dir}/header", "w", encoding="ascii") as f:
        f.write(f"Authorization: Negotiate {token}\n")
    lab.requests()
    result = user.client(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H",
         f"@{user.dir}/header", "-d", "", url("http", UNDELEGATED.fqdn,
                                              5985)], True)
    arrived = [r for r in lab.requests() if r["host"] == UNDELEGATED.name]
    report.ok(f"a token of {LARGE_TICKET} bytes gets to the server, who "
              "judges it", [] if arrived and result.out == "401" else
              [f"{len(arrived)} requests arrived\n{result.describe()}"])


def kerberos(report, lab, venv, program):
    """Clients with Kerberos through the gateway, in one table."""
    absent = missing(Helper.build(program))
    if absent:
        report.skip("kerberos", f"not built: {' '.join(absent)}")
        return
    user = User(lab, venv, program, text=policy(targets=UNDELEGATED.fqdn))
    try:
        user.up()
        user.load_plugin()
        done = user.log_in()
        problems = [done.stdout + done.stderr] * bool(done.returncode)
        report.ok(f"{hosts.SECRET_USER} has tickets, and has logged in",
                  user.tickets() + problems)
        for part in (table, passed_on, others_passed_on, ansible, both_ways,
                     preemptive, attacks, other_users, large_ticket,
                     restarted):
            part(report, lab, user)
    finally:
        lab.set()
        user.down()
