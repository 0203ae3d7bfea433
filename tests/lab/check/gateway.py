# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Clients that know neither Kerberos nor CredSSP, through the gateway.

Each is run as it is, before (straight to the server) and after with nothing
changed but the proxy variable or the host's name.  A second hop is the proof
of delegation: a directory entry that only the user may read.
"""

import json
import re
from dataclasses import dataclass
from typing import Callable

import hosts
from .clients import SYSTEM_PYTHON, refused, url
from .helper import (HOST, UNDELEGATED, Helper, missing, policy, targets,
                     wait_for)

WEB01 = HOST["web01"]
PRINCIPAL = f"{hosts.SECRET_USER}@{hosts.REALM}"
PRIVATE = hosts.private_entry(hosts.SECRET_USER)[1]
# One line, since winrm-client takes only what comes first.
COMMAND = "echo ran-on-%COMPUTERNAME% $(secondhop)"
SOAP = "Content-Type: application/soap+xml;charset=UTF-8"
FORWARD = "127.0.0.1:15985"
SIZES = (1, 2, 100, 16383, 16384, 16385, 65536, 1 << 20, 2 << 20)


@dataclass(frozen=True)
class Plain:
    """A client without GSSAPI."""
    name: str
    argv: Callable          # URL -> command line
    remote: bool            # runs COMMAND; else asks who is there
    proxy: bool = True      # looks at http_proxy

    def problems(self, result):
        wanted = ["IdentifyResponse"]
        if self.remote:
            wanted = [f"ran-on-{WEB01.name.upper()}", PRIVATE]
        if result.code == 0 and all(w in result.out for w in wanted):
            return []
        return [result.describe()]


def catalog(helper):
    identify = f"{helper.dir}/programs/identify.xml"
    programs = f"{helper.dir}/programs"
    venv = f"{helper.dir}/venv/bin/python"

    def run(*argv):
        return lambda to: [*argv, to, COMMAND]

    basic = f"{programs}/run_pywinrm_basic.py"
    return [
        Plain("curl, no --negotiate", lambda to: [
            "curl", "--silent", "--show-error", "--fail", "--header", SOAP,
            "--data", f"@{identify}", to], False),
        Plain("wget --post-file", lambda to: [
            "wget", "-nv", "--tries=1", "-O", "-", f"--header={SOAP}",
            f"--post-file={identify}", to], False),
        Plain("pywinrm basic (Debian)", run(SYSTEM_PYTHON, basic), True),
        Plain("pywinrm basic (PyPI)", run(venv, basic), True),
        Plain("masterzen/winrm (Go)", run(f"{helper.dir}/foreign/run_winrm"),
              True),
        Plain("winrm-client (Node)", run(
            "node", f"{programs}/node/run_winrm.js"), True, proxy=False),
    ]


def delegated(result, host=WEB01, principal=PRINCIPAL):
    """Problems unless all that got in did so by CredSSP, as the user."""
    seen = {(a["host"], a["scheme"].lower(), a["client"], a["delegated"])
            for a in result.accepted()}
    wanted = {(host.name, "credssp", principal, True)}
    return [] if seen == wanted else [
        f"let in: {seen}, not {wanted}\n{result.describe()}"]


def sealed_only(lab):
    """Problems with what went to port 5985 since the last look: nothing but
    what is sealed may have a body, and nobody's headers but ours."""
    problems = []
    for request in lab.requests():
        sealed = (request["content_type"] or "").startswith("multipart/")
        body = int(request["length"] or 0) > 0
        if request["port"] == 5985 and body and not (
                sealed and request["caller"]):
            problems.append(f"in clear: {request}")
        if "basic" in request["line"] or "proxy-connection" in request["names"]:
            problems.append(f"passed on: {request}")
    return problems


def ways(helper, client):
    """(title, URL, by the proxy variable)"""
    yield ("http_proxy", url("http", WEB01.fqdn, 5985),
           True) if client.proxy else ("http_proxy", None, True)
    port = helper.proxy.rpartition(":")[2]
    yield "NAME.localhost", url("http", f"{WEB01.fqdn}.localhost", port), False
    yield "forward", f"http://{FORWARD}/wsman", False


def show(report, rows):
    report.say()
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for n, row in enumerate(rows):
        report.say("  ".join(c.ljust(w) for c, w in zip(row, widths)))
        if n == 0:
            report.say("  ".join("-" * w for w in widths))
    report.say()


def unmodified(report, lab, helper):
    """Every client before and after, as a table."""
    forward = helper.start([f"{helper.bin}/gss-winrm", "forward", "--listen",
                            FORWARD, WEB01.fqdn], "forward")
    port = int(FORWARD.rpartition(":")[2])
    up = wait_for(lambda: forward.poll() is not None or lab.run(
        ["bash", "-c", f": <>/dev/tcp/127.0.0.1/{port}"]).code == 0)
    report.ok("`gss-winrm forward` listens", [] if up and
              forward.poll() is None else [helper.said("forward")])
    rows = [["client", "straight to web01", "http_proxy", "NAME.localhost",
             "forward"]]
    for client in catalog(helper):
        before = helper.run(client.argv(url("http", WEB01.fqdn, 5985)))
        wrong = refused(before)
        report.ok(f"{client.name}: refused before", wrong)
        cells = ["WRONG" if wrong else "401"]
        lab.requests()
        for title, to, proxied in ways(helper, client):
            if to is None:
                cells.append("(knows none)")
                continue
            after = helper.run(client.argv(to), proxied)
            wrong = client.problems(after) + delegated(after)
            wrong += sealed_only(lab)
            report.ok(f"{client.name}: works by {title}", wrong)
            cells.append("WRONG" if wrong else
                         "ok, second hop" if client.remote else "ok")
        rows.append([client.name, *cells])
    show(report, rows)


def run_command(report, lab, helper):
    """`gss-winrm run`, and its exit status."""
    curl = catalog(helper)[0]
    argv = curl.argv(url("http", WEB01.fqdn, 5985))
    result = helper.run([f"{helper.bin}/gss-winrm", "run", "--", *argv])
    report.ok("`gss-winrm run -- curl` works",
              curl.problems(result) + delegated(result))
    result = helper.run([f"{helper.bin}/gss-winrm", "run", "--", "sh", "-c",
                         "exit 7"])
    report.ok("`gss-winrm run` ends with the command's status",
              [] if result.code == 7 else [result.describe()])


def posts(helper, host, port, *steps, proxied=True):
    """(result, what post.py saw)"""
    result = helper.run([SYSTEM_PYTHON, f"{helper.dir}/programs/post.py",
                         url("http", host, port), *map(str, steps)], proxied)
    return result, [json.loads(line) for line in result.out.splitlines()]


def all_echoed(result, seen, count):
    wrong = [(s.get("status"), s.get("length"), s.get("error") or
              reason_of(s)) for s in seen
             if s.get("status") != 200 or s["sha256"] != s["sent"]]
    if wrong or len(seen) != count:
        return [f"{str(wrong)[:600]}\n{result.describe()}"]
    return []


def sizes(report, lab, helper):
    """Bodies of 1 B to 2 MiB, both ways, on one connection."""
    lab.set("web01", echo=True)
    for port in (5985, 5986):
        lab.requests()
        result, seen = posts(helper, WEB01.fqdn, port, *SIZES)
        report.ok(f"bodies of {SIZES[0]} to {SIZES[-1]} bytes come back over "
                  f"{port}, all by one login",
                  all_echoed(result, seen, len(SIZES)) + delegated(result)
                  + ["logged in again"] * (len(result.accepted()) != 1)
                  + sealed_only(lab))
    lab.set()


def faults(report, lab, helper):
    """SOAP faults, small and large."""
    for size in (100, 16384, 300000):
        lab.set("web01", fault=size)
        result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
        ok = (len(seen) == 1 and seen[0].get("status") == 500
              and seen[0]["length"] > 2 * size
              and "The server has much to say" in seen[0]["text"]
              and (seen[0]["type"] or "").startswith("application/soap+xml"))
        report.ok(f"the server's fault of {size} bytes arrives as it is",
                  [] if ok else [result.describe()])
    lab.set()


def moods(report, lab, helper):
    """Servers that hang up, forget, are slow or dead."""
    lab.set("web01", idle=0.5)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify", "sleep=1.2",
                         "identify", "sleep=1.2", "identify")
    report.ok("a server that closes idle connections is not noticed",
              check_statuses(result, seen, [200] * 3))
    lab.set("web01", forget=2)
    result, seen = posts(helper, WEB01.fqdn, 5985, *["identify"] * 7)
    report.ok("401 in mid-use is not noticed",
              check_statuses(result, seen, [200] * 7)
              + ["no 401 was sent"] * (len(result.accepted()) < 2))
    lab.set("web01", delay=0.5)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    report.ok("a slow server is waited for",
              check_statuses(result, seen, [200]))
    lab.set("web01", dead=True)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    late = [f"{s['seconds']} s" for s in seen if s["seconds"] > 10]
    report.ok("a dead server is given up, with a fault that says so",
              told(result, seen, "answer", "time") + late)
    lab.set()
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    report.ok("the gateway is there afterwards",
              check_statuses(result, seen, [200]))


def check_statuses(result, seen, wanted):
    got = [s.get("status", s.get("error")) for s in seen]
    return [] if got == wanted else [
        f"{got}, not {wanted}: {[reason_of(s) for s in seen]}\n"
        f"{result.describe()}"]


def reason_of(answer):
    """The reason of a fault."""
    reason = re.search("<s:Text[^>]*>([^<]*)", answer.get("text", ""))
    return reason[1] if reason else None


def told(result, seen, *words):
    """Problems unless the one answer is a fault whose reason has one of the
    words (none: whatever it says)."""
    text = seen[0].get("text", "") if len(seen) == 1 else ""
    if (seen and seen[0].get("status") == 500 and "Fault" in text and
            (not words or any(w.lower() in text.lower() for w in words))):
        return []
    return [f"no fault with {' or '.join(words) or 'anything'}: "
            f"{reason_of(*seen[:1] or [{}]) or result.describe()}"]


def undelegated(report, lab, helper):
    """Where the password must not go, Kerberos is used, or nothing."""
    pywinrm = catalog(helper)[3]
    result = helper.run(pywinrm.argv(url("http", UNDELEGATED.fqdn, 5985)),
                        True)
    seen = {(a["scheme"], a["client"], a["delegated"])
            for a in result.accepted()}
    ok = (seen == {("Negotiate", PRINCIPAL, False)}
          and "Access is denied" in result.err)
    report.ok("a host that krb5.conf does not delegate to: in by Negotiate, "
              "the second hop is denied", [] if ok else
              [f"{seen}\n{result.describe()}"])
    for scheme in ("Negotiate", "Kerberos"):
        lab.set(UNDELEGATED.name, schemes=[scheme], bindings="strict")
        for port in (5985, 5986):
            result, seen = posts(helper, UNDELEGATED.fqdn, port, "identify")
            got = [(a["scheme"], a["bindings"]) for a in result.accepted()]
            wanted = [(scheme, "ok" if port == 5986 else "-")]
            report.ok(f"a server that offers {scheme} only, over {port}, "
                      "channel bindings strict: in",
                      check_statuses(result, seen, [200]) +
                      [f"{got}"] * (got != wanted))
    lab.set("web01", schemes=["Negotiate", "Kerberos"])
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    report.ok("a server without CredSSP where CredSSP is wanted: an error "
              "that names it", told(result, seen, "CredSSP")
              + ["it got in"] * bool(result.accepted()))
    lab.set()


def names(report, lab, helper):
    """krb5.conf names first what the server cannot open."""
    web03 = HOST["web03"]
    helper.write_policy(policy(about={
        **targets(), web03.fqdn: ["delegation = credssp",
                                  f"spn = HTTP/{web03.fqdn} HOST/%f"]}))
    for kind, how in (("none", "401"), ("token", "an errorCode")):
        lab.set(web03.name, rejection=kind)
        result, seen = posts(helper, web03.fqdn, 5985, "identify")
        wrong = told(result, seen, f"asked for as HTTP/{web03.fqdn}@")
        wrong += [f"{a}" for a in result.accepted()]
        if not result.auths:
            wrong.append("nothing was refused")
        report.ok(f"the one name that the server refuses with {how}: no other "
                  "one gets the password", wrong)
    lab.set()
    helper.write_policy(policy())
    result, seen = posts(helper, web03.fqdn, 5985, "identify")
    report.ok("without that line the same server gets it", check_statuses(
        result, seen, [200]) + delegated(result, web03))


def clusters(report, lab, helper):
    """Behind a balancer: the listed nodes, each by its own name."""
    cluster, odd = hosts.BALANCED
    wanted = {(name, True) for name in cluster.nodes}
    for port in (5985, 5986):
        nodes, problems = set(), []
        for _ in range(4):
            result, seen = posts(helper, cluster.fqdn, port, "identify")
            problems += check_statuses(result, seen, [200])
            nodes |= {(a["host"], a["delegated"]) for a in result.accepted()}
        problems += [f"{nodes}, not {wanted}"] * (nodes != wanted)
        report.ok(f"a cluster behind one address, {port}: both nodes, with "
                  "delegation", problems)
    result, seen = posts(helper, odd.fqdn, 5985, "identify")
    report.ok("a balancer that leads to a node that is not listed: nothing",
              told(result, seen, odd.nodes[0], "nodes")
              + ["it got in"] * bool(result.accepted()))


def long_output(report, lab, helper):
    """A command that writes 400,000 bytes."""
    wanted = "".join(f"{n:07d}\n" for n in range(50000))
    for client in catalog(helper)[3:5]:
        argv = client.argv(url("http", WEB01.fqdn, 5985))
        argv[-1] = "seq -f %07.0f 0 49999"
        result = helper.run(argv, True)
        report.ok(f"{client.name}: 400,000 bytes of output arrive whole",
                  [] if result.out == wanted else
                  [f"{len(result.out)} bytes\n{result.err[-500:]}"])


CROWD = """
for n in 1 2 3 4 5 6 7 8; do
    /usr/bin/python3 -B "$1" "$2" $((n * 1000)) 70000 $((n * 100)) \\
        >"$HOME/crowd.$n" &
done
wait
cat "$HOME"/crowd.*
"""


def crowd(report, lab, helper):
    """Eight clients at once: each has a login and a connection of its own."""
    lab.set("web01", echo=True)
    lab.requests()
    result = helper.run(["sh", "-c", CROWD, "sh",
                         f"{helper.dir}/programs/post.py",
                         url("http", WEB01.fqdn, 5985)], True)
    seen = [json.loads(line) for line in result.out.splitlines()]
    peers = {}
    for request in lab.requests():
        if int(request["length"] or 0):
            peers.setdefault(request["peer"], []).append(request)
    problems = all_echoed(result, seen, 24) + delegated(result)
    if [len(r) for r in peers.values()] != [3] * 8:
        problems.append(f"requests by connection: {peers}")
    report.ok("eight clients at once have eight connections", problems)
    lab.set()


def with_helper(report, lab, venv, program, parts, **keys):
    """Run parts with a user who has logged in."""
    absent = missing(Helper.build(program))
    if absent:
        report.skip("the gateway", f"not built: {' '.join(absent)}")
        return
    helper = Helper(lab, venv, program, text=policy(**keys))
    try:
        helper.up()
        done = helper.log_in()
        report.ok(f"gss-winrm login --stdin as {hosts.SECRET_USER}",
                  [done.stdout + done.stderr] * bool(done.returncode))
        for part in parts:
            part(report, lab, helper)
        for process, name in ((helper.broker, "broker"),
                              (helper.gateway, "gateway")):
            report.ok(f"the {name} is still there", [helper.said(name)] *
                      (process.poll() is not None))
    finally:
        lab.set()
        helper.down()


def gateway(report, lab, venv, program):
    """Clients without GSSAPI through the gateway, in one table."""
    with_helper(report, lab, venv, program, (
        unmodified, run_command, long_output, sizes, crowd, faults, moods,
        undelegated, names, clusters))
