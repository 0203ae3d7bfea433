# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What the matrix does not cover.  Each function is one part, reported as
one test per client or question."""

import os
import re
import shutil
import time

import hosts
from .clients import (COMMAND, CURL, PROGRAMS, SYSTEM_PYTHON, catalog, refused,
                      remote_problems, url)
from .matrix import FORMS, Ansible, after_problems, before_problems

HOST = hosts.BY_NAME


def policy(**keys):
    """[appdefaults] text for the general part of the winrm section."""
    lines = "".join(f"        {k} = {v}\n" for k, v in keys.items())
    return f"[appdefaults]\n    winrm = {{\n{lines}    }}\n"


def target(name, **keys):
    lines = " ".join(f"{k} = {v}\n" for k, v in keys.items())
    return (f"[appdefaults]\n winrm = {{\n targets = {{\n {name} = {{\n"
            f" {lines} }}\n }}\n }}\n")


def ticket_of(result, host):
    """The last ticket that `host` accepted."""
    for auth in reversed(result.accepted()):
        if auth["host"] == host.name:
            return auth["ticket"].split("@")[0]
    return None


def expect(label, got, wanted, result):
    if got == wanted:
        return []
    return [f"{label}: {got!r}, not {wanted!r}\n{result.describe()}"]


def no_conflict(report, lab, venv, program):
    """web02, whose names nobody else has, works before and after."""
    host = HOST["web02"]
    for client in catalog(lab, venv, program):
        problems = []
        lab.set(**dict(client.settings))
        for plugin in (False, True):
            result = lab.run(client.argv("http", host.fqdn, 5985), plugin)
            problems += client.problems(result, host)
        lab.set()
        report.ok(f"{client.name} to web02 works before and after", problems)


def unencrypted(report, lab, venv, program):
    """A client that cannot seal gets WinRM's 500, not a 401."""
    client = next(c for c in catalog(lab, venv, program) if c.settings)
    result = lab.run(client.argv("http", HOST["web01"].fqdn, 5985), True)
    problems = []
    if "Code 500" not in result.err or not result.accepted():
        problems.append(result.describe())
    report.ok(f"{client.name} over 5985 is let in, then told to encrypt "
              "(AllowUnencrypted=false)", problems)


def site_clients(lab, venv, program, host):
    python = f"{venv}/bin/python"
    both = f"{PROGRAMS}/site_and_winrm.py"
    return [
        ("curl (Debian)", [*CURL, url("http", host, 80, "")]),
        ("pywinrm's requests-kerberos (Debian)",
         [SYSTEM_PYTHON, both, "pywinrm", host, "site"]),
        ("pywinrm's requests-kerberos (PyPI)",
         [python, both, "pywinrm", host, "site"]),
        ("pypsrp's auth (PyPI)", [python, both, "pypsrp", host, "site"]),
        ("requests-gssapi (PyPI)",
         [python, both, "requests-gssapi", host, "site"]),
        ("C program", [program, host, "80"]),
        ("C program, krb5", [program, "-m", "krb5", host, "80"]),
        ("ansible uri, use_gssapi (PyPI)",
         ["env", f"HOME={lab.work}", f"{venv}/bin/ansible", "localhost", "-m",
          "uri", "-e", f"ansible_python_interpreter={python}", "-a",
          f"url=http://{host}/ use_gssapi=yes return_content=yes"]),
    ]


def site_problems(result, host, name):
    """The site answered as alice, to the ticket that the plain name gives;
    nothing about port 80 was rewritten."""
    hits = [h for h in result.hits if h["ticket"]]
    wanted = {"host": host.name, "status": 200,
              "user": f"{hosts.USER}@{hosts.REALM}",
              "ticket": f"HTTP/{name}@{hosts.REALM}"}
    if hits and all(h == wanted for h in hits):
        return []
    return [f"Apache saw {result.hits}, not {wanted}\n{result.describe()}"]


def sites(report, lab, venv, program):
    """The IIS site on port 80 goes on as before, from the same programs."""
    for host in (HOST["web01"], HOST["web02"]):
        for name, argv in site_clients(lab, venv, program, host.fqdn):
            problems = []
            for plugin in (False, True):
                result = lab.run(argv, plugin)
                problems += site_problems(result, host, host.fqdn)
                if "site_and_winrm" not in " ".join(argv) and \
                        result.sent(host.fqdn):
                    problems.append("rewritten\n" + result.describe())
            report.ok(f"{name} to {host.name}:80 before and after", problems)
    cluster = hosts.CLUSTER_FQDN
    problems = []
    for plugin in (False, True):
        result = lab.run([*CURL, url("http", cluster, 80, "")], plugin)
        node = HOST[result.hits[-1]["host"]] if result.hits else HOST["web01"]
        problems += site_problems(result, node, cluster)
    report.ok("curl to the cluster's site before and after", problems)


def both_commands(venv, program, host):
    """(label, command line with the site first, with WinRM first)"""
    both = f"{PROGRAMS}/site_and_winrm.py"
    python = f"{venv}/bin/python"
    for label, interpreter, stack in (
            ("pywinrm (Debian)", SYSTEM_PYTHON, "pywinrm"),
            ("pywinrm (PyPI)", python, "pywinrm"),
            ("pypsrp (PyPI)", python, "pypsrp"),
            ("requests-gssapi (PyPI)", python, "requests-gssapi")):
        yield label, [[interpreter, both, stack, host, first]
                      for first in ("site", "winrm")]
    yield "C program", [[program, host, "80", host, "5985"],
                        [program, host, "5985", host, "80"]]


def both_at_once(report, lab, venv, program):
    """One process that talks to the site and to WinRM of one host."""
    host = HOST["web01"]
    lab.set(allow_unencrypted=True)     # for Debian's pywinrm
    for label, commands in both_commands(venv, program, host.fqdn):
        for order, argv in zip(("site first", "WinRM first"), commands):
            problems = []
            before = lab.run(argv, False)
            problems += site_problems(before, host, host.fqdn)
            if before.accepted():
                problems.append("WinRM before\n" + before.describe())
            after = lab.run(argv, True)
            problems += site_problems(after, host, host.fqdn)
            problems += expect("WinRM after", ticket_of(after, host),
                               f"HOST/{host.fqdn}", after)
            report.ok(f"{label}, one process, {order}: site as before, "
                      "WinRM works", problems)
    lab.set()


def both_open(report, lab, venv, program):
    """With connections to both ports open, the name is left alone."""
    host = HOST["web01"]
    python = f"{venv}/bin/python"
    both = f"{PROGRAMS}/site_and_winrm.py"
    for label, argv in (
            ("C program", [program, "-k", host.fqdn, "5985", host.fqdn, "80"]),
            ("requests-gssapi (PyPI)", [python, both, "requests-gssapi",
                                        host.fqdn, "winrm", "open"]),
            ("curl (Debian)", [*CURL, "--data", "",
                               url("http", host.fqdn, 5985), "--next",
                               *CURL[1:], url("http", host.fqdn, 80, "")])):
        result = lab.run(argv, True)
        report.ok(f"{label}, WinRM's connection still open: site as before",
                  site_problems(result, host, host.fqdn))


def one_name(lab, venv, program, wanted):
    """Clients by name, for the parts that need no matrix."""
    return [c for c in catalog(lab, venv, program) if c.name in wanted]


def spellings(report, lab, venv, program):
    """Hosts without WSMAN, with and without the port form; nodes."""
    curl = one_name(lab, venv, program, ["curl --negotiate (Debian)"])[0]

    def ask(title, host, name, rules, wanted, traced=(), **options):
        result = lab.run(curl.argv("http", name, 5985), True, rules,
                         **options)
        problems = expect("accepted", ticket_of(result, host), wanted, result)
        for text in traced:
            problems += trace_problems(result, text)
        report.ok(title, problems)

    web03, web04, web05 = HOST["web03"], HOST["web04"], HOST["web05"]
    ask("no WSMAN registered: default policy", web04, web04.fqdn, None,
        f"HOST/{web04.fqdn}")
    ask("no WSMAN registered: WSMAN first moves on to HOST", web04,
        web04.fqdn, policy(spn="WSMAN/%f HOST/%f"), f"HOST/{web04.fqdn}",
        ["unknown to the KDC"])
    ask("no WSMAN registered: WSMAN, then the NetBIOS name", web04,
        web04.fqdn, policy(spn="WSMAN/%f HTTP/%n"), f"HTTP/{web04.name}",
        ["unknown to the KDC"])
    ask("WSMAN registered: WSMAN/%f", HOST["web01"], HOST["web01"].fqdn,
        policy(spn="WSMAN/%f"), f"WSMAN/{HOST['web01'].fqdn}")
    ask("port form registered by hand: HTTP/%f:%p", web05, web05.fqdn,
        policy(spn="HTTP/%f:%p"), f"HTTP/{web05.fqdn}:5985")
    alias = f"{web03.aliases[0]}.{hosts.DOMAIN}"
    ask("port form not registered: moves on to an explicit name", web03,
        alias, target(alias, spn=f"HTTP/%f:%p HOST/{web03.fqdn}"),
        f"HOST/{web03.fqdn}", ["unknown to the KDC"], base="krb5.plain.conf")
    ask("NetBIOS name: HTTP/%n", HOST["web01"], HOST["web01"].fqdn,
        policy(spn="HTTP/%n"), "HTTP/web01")
    for node in hosts.CLUSTER_NODES:
        result = lab.run(
            [*CURL, "--resolve", f"{hosts.CLUSTER_FQDN}:5985:{node.address}",
             "--data", "", url("http", hosts.CLUSTER_FQDN, 5985)], True)
        report.ok(f"cluster name, connected to {node.name}: that node's name",
                  expect("accepted", ticket_of(result, node),
                         f"HOST/{node.fqdn}", result))


def switched_off(report, lab, venv, program):
    """GSS_WINRM=off: as if it were not there."""
    form = FORMS[0]
    for client in catalog(lab, venv, program):
        result = lab.run(client.argv("http", form.name, 5985), True,
                         env={"GSS_WINRM": "off"})
        report.ok(f"{client.name}, GSS_WINRM=off: refused as before",
                  before_problems(client, result, form))


def bindings(report, lab, venv, program):
    """5986 with channel bindings required (CbtHardeningLevel=Strict)."""
    form = FORMS[0]
    lab.set(bindings="strict")
    for client in catalog(lab, venv, program):
        if 5986 not in client.ports:
            continue
        argv = client.argv("https", form.name, 5986)
        before, after = lab.run(argv, False), lab.run(argv, True)
        problems = before_problems(client, before, form)
        if client.bindings:
            problems += after_problems(client, after, form)
            problems += [after.describe() for a in after.accepted()
                         if a["bindings"] != "ok"]
            outcome = "bound, works"
        else:
            # It sends none: WinRM refuses it whatever its name.
            problems += refused(after)
            reasons = [a["reason"] for a in after.auths]
            if not any("strict" in r for r in reasons):
                problems.append(after.describe())
            outcome = "sends none, is refused for that"
        report.ok(f"{client.name} over 5986, strict: {outcome}", problems)
    lab.set()


def rejections(report, lab, venv, program):
    """Whatever a rejection looks like, before fails and after works."""
    form = FORMS[0]
    for kind in ("token", "reject"):
        for client in catalog(lab, venv, program):
            lab.set(rejection=kind, **dict(client.settings))
            argv = client.argv("http", form.name, 5985)
            before, after = lab.run(argv, False), lab.run(argv, True)
            report.ok(f"{client.name}, rejections of the kind "
                      f"'{kind}': refused before, works after",
                      before_problems(client, before, form)
                      + after_problems(client, after, form))
    lab.set()


def trace_problems(result, text):
    if any("gss-winrm: " in line and text in line
           for line in result.trace.splitlines()):
        return []
    return [f"not in the trace: {text}\n{result.describe()}"]


def healing(report, lab, venv, program):
    """A first name that the KDC knows and the server refuses."""
    host = HOST["web01"]
    wrong_first = policy(spn="HTTP/%f HOST/%f")
    heals = one_name(lab, venv, program, [
        "C program", "C program, krb5", "curl --negotiate (Debian)",
        "pywinrm (PyPI)", "pywinrm (Debian)"])
    # curl never looks at the server's last token, so nothing is proven.
    forgets = ["curl --negotiate (Debian)"]
    lab.set(rejection="token", allow_unencrypted=True)
    for client in heals:
        ccache = own_ccache(lab, "healing")
        argv = client.argv("http", host.fqdn, 5985)
        first = lab.run(argv, True, wrong_first, ccache=ccache)
        problems = client.problems(first, host)
        problems += trace_problems(first, "rejected by the server")
        if client.name in forgets:
            report.ok(f"{client.name}: heals from a wrong first name",
                      problems)
            continue
        problems += trace_problems(first, "learned")
        listed = lab.run(["klist", "-C", ccache])
        if "winrm_spn" not in listed.out:
            problems.append(f"no lesson in the ccache:\n{listed.out}")
        second = lab.run(argv, True, wrong_first, ccache=ccache)
        problems += client.problems(second, host)
        tickets = {a["ticket"].split("@")[0] for a in second.auths}
        problems += expect("asked for, the second time", tickets,
                           {f"HOST/{host.fqdn}"}, second)
        report.ok(f"{client.name}: heals from a wrong first name, and "
                  "remembers", problems)
    lab.set()


def own_ccache(lab, name):
    """A ccache with nothing but a TGT, to be kept for several runs."""
    path = f"{lab.work}/{name}"
    shutil.copy(f"{lab.dir}/alice.ccache", path)
    return path


def lessons(report, lab, venv, program):
    """What pywinrm's first login taught holds for WinRM, not for the site."""
    host = HOST["web01"]
    both = f"{PROGRAMS}/site_and_winrm.py"
    lab.set(allow_unencrypted=True)
    for client in one_name(lab, venv, program,
                           ["pywinrm (Debian)", "pywinrm (PyPI)"]):
        ccache = own_ccache(lab, "lessons")
        argv = client.argv("http", host.fqdn, 5985)
        problems = client.problems(lab.run(argv, True, ccache=ccache), host)
        again = lab.run(argv, True, ccache=ccache)
        problems += client.problems(again, host)
        problems += [again.describe() for a in again.auths
                     if a["ticket"] != f"HOST/{host.fqdn}@{hosts.REALM}"]
        report.ok(f"{client.name}: the second process asks for HOST at once",
                  problems)
        interpreter = argv[0]
        ccache = own_ccache(lab, "lessons")
        lab.run([interpreter, both, "pywinrm", host.fqdn, "winrm"], True,
                ccache=ccache)
        site = lab.run([interpreter, both, "pywinrm", host.fqdn, "site"],
                       True, ccache=ccache)
        report.ok(f"{client.name}: a later process of the program, the site "
                  "first", site_problems(site, host, host.fqdn))
        early = lab.run([interpreter, both, "pywinrm", host.fqdn, "site",
                         "early"], True, ccache=ccache)
        problems = []
        if not early.hits or early.hits[-1]["status"] != 200:
            problems.append(f"{early.hits}\n{early.describe()}")
        report.ok(f"{client.name}: a later process that authenticates to the "
                  "site before it connects gets in", problems)
    lab.set()


def schemes(report, lab, venv, program):
    """WinRM that offers only Kerberos; a client that asks for HOST itself."""
    host = HOST["web01"]
    lab.set(schemes=["Kerberos"])
    client = one_name(lab, venv, program, ["pypsrp kerberos (PyPI)"])[0]
    argv = client.argv("http", host.fqdn, 5985)
    form = FORMS[0]
    before, after = lab.run(argv, False), lab.run(argv, True)
    problems = before_problems(client, before, form)
    problems += after_problems(client, after, form)
    problems += [after.describe() for a in after.auths
                 if a["scheme"].lower() != "kerberos"]
    report.ok(f"{client.name}, the scheme Kerberos only", problems)
    lab.set()
    argv = [f"{venv}/bin/python", f"{PROGRAMS}/run_pypsrp.py",
            url("http", host.fqdn, 5985), "negotiate", "default", COMMAND]
    problems = []
    for plugin in (False, True):
        result = lab.run(argv, plugin)
        problems += remote_problems(result, host)
        problems += expect("rewritten", result.sent(host.fqdn), [], result)
    report.ok("pypsrp with its own default, HOST: works before, untouched",
              problems)


def long_output(report, lab, venv, program):
    """A command that writes 400,000 bytes, sealed all the way."""
    host = HOST["web01"]
    wanted = "".join(f"{n:07d}\n" for n in range(50000))
    script = "seq -f %07.0f 0 49999"
    python = f"{venv}/bin/python"
    to = url("http", host.fqdn, 5985)
    for name, argv in (
            ("pywinrm (PyPI)",
             [python, f"{PROGRAMS}/run_pywinrm.py", to, script]),
            ("pypsrp negotiate (PyPI)",
             [python, f"{PROGRAMS}/run_pypsrp.py", to, "negotiate", "HTTP",
              script])):
        result = lab.run(argv, True)
        report.ok(f"{name}: 400,000 bytes of output arrive whole",
                  [] if result.out == wanted and result.code == 0 else
                  [f"{len(result.out)} bytes\n{result.err[-500:]}"])


def forks(report, lab, venv, program):
    """Ansible, 25 tasks in 5 hosts with 5 forks."""
    ansible = Ansible(lab, venv)
    names = [h.fqdn for h in hosts.HOSTS]
    names += [h.name for h in hosts.HOSTS]
    for port in (5985, 5986):
        results = ansible.run(names, port, True, "hostname", forks=5)
        problems = []
        for name, result in results.items():
            short = name.split(".")[0].upper()
            if (result.code, result.out.strip()) != (0, short):
                problems.append(f"{name}: {result.out} {result.err}")
        report.ok(f"ansible to {len(names)} names, 5 forks, over {port}",
                  problems)


def same(report, title, before, after, extra=()):
    """What a user sees is the same with and without the plugin."""
    def view(result):
        return (result.code, result.out,
                re.sub(r"\d", "", result.err).split(":")[:1])
    problems = list(extra)
    if view(before) != view(after):
        problems.append(f"before: {before.describe()}\n"
                        f"after: {after.describe()}")
    if after.code < 0:
        problems.append(f"ended by signal {-after.code}")
    report.ok(title, problems)


# A directory that nothing can be written to any more, with the ccache in it.
FULL = """\
mount -t tmpfs -o size=64k none "$1" && cp "$2" "$1/ccache" && shift 2
cat /dev/zero >"{dir}/filler" 2>/dev/null
exec "$@"
"""
READ_ONLY = """\
mount -t tmpfs none "$1" && cp "$2" "$1/ccache" &&
mount -o remount,ro "$1" && shift 2
exec "$@"
"""


def bad_ccache(report, lab, venv, program):
    """A ccache that cannot be written, a full disk: nothing is lost."""
    directory = f"{lab.work}/small"
    os.makedirs(directory, exist_ok=True)
    curl = one_name(lab, venv, program, ["curl --negotiate (Debian)"])[0]
    for title, script in (("a read-only ccache", READ_ONLY),
                          ("a full disk", FULL.format(dir=directory))):
        wrap = ["unshare", "--mount", "sh", "-c", script, "sh", directory,
                f"{lab.dir}/alice.ccache"]
        for host, works_before in (("web02", True), ("web01", False)):
            argv = curl.argv("http", HOST[host].fqdn, 5985)
            problems = []
            before, after = (lab.run(argv, plugin, wrap=wrap,
                                     ccache=f"{directory}/ccache")
                             for plugin in (False, True))
            if (before.code == 0) != works_before:
                problems.append("before: " + before.describe())
            problems += curl.problems(after, HOST[host])
            report.ok(f"{title}: curl to {host} works after", problems)
        lab.set(rejection="token")
        result = lab.run(curl.argv("http", HOST["web01"].fqdn, 5985), True,
                         policy(spn="HTTP/%f HOST/%f"), wrap=wrap,
                         ccache=f"{directory}/ccache")
        lab.set()
        report.ok(f"{title}: healing works without a place for the lesson",
                  curl.problems(result, HOST["web01"]))


def bad_network(report, lab, venv, program):
    """No KDC: the same failure, as fast."""
    dead = (f"[realms]\n {hosts.REALM} = {{\n kdc = {hosts.DC_ADDRESS}:1\n"
            " }\n[libdefaults]\n dns_lookup_kdc = false\n")
    for client in one_name(lab, venv, program, [
            "curl --negotiate (Debian)", "C program, krb5",
            "pypsrp kerberos (PyPI)"]):
        for host in ("web01", "web02"):
            argv = client.argv("http", HOST[host].fqdn, 5985)
            start = time.monotonic()
            before = lab.run(argv, False, dead)
            middle = time.monotonic()
            after = lab.run(argv, True, dead)
            late = time.monotonic() - middle > 2 * (middle - start) + 2
            same(report, f"no KDC: {client.name} to {host} fails as before",
                 before, after,
                 ["it works\n" + before.describe()] * (before.code == 0)
                 + ["it takes much longer"] * late)


def bad_names(report, lab, venv, program):
    """Absurd host names; a policy that makes no sense."""
    argv = [f"{venv}/bin/python", f"{PROGRAMS}/absurd.py"]
    before = lab.run(argv)
    for value in ("auto", "always"):
        after = lab.run(argv, True, env={"GSS_WINRM": value})
        same(report, f"absurd host names, GSS_WINRM={value}: the same errors",
             before, after,
             ["the program itself failed"] * (before.code != 0))
    host = HOST["web01"]
    curl = one_name(lab, venv, program, ["curl --negotiate (Debian)"])[0]
    for title, text in (
            ("unknown keys", policy(spam="eggs", ports="5985 5986")),
            ("unreadable values", policy(
                ports="many", spn="%q", delegation="perhaps", enabled="7")),
            ("a list of 2,000 names", policy(spn="NOPE/%f " * 2000))):
        result = lab.run(curl.argv("http", host.fqdn, 5985), True, text)
        problems = [f"ended by signal {-result.code}"] * (result.code < 0)
        if title != "a list of 2,000 names":
            problems += curl.problems(result, host)
        report.ok(f"policy with {title}: no harm", problems)


PARTS = {f.__name__: f for f in (
    no_conflict, unencrypted, sites, both_at_once, both_open, spellings,
    switched_off, bindings, rejections, healing, lessons, schemes,
    long_output, forks, bad_ccache, bad_network, bad_names)}
