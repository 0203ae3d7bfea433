# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm doctor and spn: every verdict, and that the printed fix is one."""

import json
import os
import re
import shlex
import shutil
import time
from dataclasses import replace

import hosts
from .clients import PROGRAMS
from .helper import Helper
from .scenario import (Doctor, Scenario, by_shell, client, examine, mended,
                       told)

FQDN = {h.name: h.fqdn for h in hosts.HOSTS}
LIMIT = 2       # seconds, for a healthy host


def bound(*pairs):
    """A command line before one that has other files in /etc."""
    script = "".join(f"mount --bind {a} {b}\n" for a, b in pairs)
    return ("unshare", "-m", "bash", "-c", f"{script}exec \"$@\"", "bound")


def simple(doctor):
    """Scenarios that only need to be described."""
    no_policy = ("",)
    web = "web.corp.example.com"
    mechs = f"{doctor.dir}/mechs"
    os.makedirs(mechs)
    doctor.write("mechs/gss-winrm.conf", "gss_winrm 2.25.1467839256 "
                 f"{doctor.lab.plugin} <interposer>\n")
    yield Scenario("a conflict", "conflict", 0, FQDN["web01"])
    yield Scenario("no conflict", "healthy", 0, FQDN["web02"])
    yield Scenario("an unknown host", "unknown-host", 12,
                   "nohost.corp.example.com", says="does not exist")
    yield Scenario("a name in the wrong domain", "other-host", 12,
                   "web02.example.com", fix="shell", says=FQDN["web02"])
    yield Scenario("an address", "address", 12, "127.0.0.13", conf=no_policy,
                   fix="krb5.conf", says=f"host = {FQDN['web03']}")
    yield Scenario("an address, by configure", "address", 12, "127.0.0.13",
                   conf=no_policy, fix="shell",
                   says="gss-winrm configure 127.0.0.13 host=web03")
    yield Scenario("an alias", "alias", 12, "files.corp.example.com",
                   conf=no_policy, fix="krb5.conf",
                   says=f"host = {FQDN['web03']}")
    yield Scenario("a cluster", "cluster", 12, web, conf=no_policy,
                   fix="krb5.conf", says="nodes = web01.corp.example.com "
                   "web02.corp.example.com")
    yield Scenario("a cluster, by configure", "cluster", 12, web,
                   conf=no_policy, fix="shell", says=f"configure {web} nodes=")
    yield Scenario("no WSMAN/ is no harm", "conflict", 0, FQDN["web04"])
    yield Scenario("the port is closed, another is not", "other-port", 14,
                   FQDN["web02"], ("--port", "5999"), fix="shell",
                   says="--port 5985")
    yield Scenario("the plugin is not loaded", "replaced", 10, FQDN["web01"],
                   wrap=(*bound((mechs, "/etc/gss/mech.d")), "env",
                         "GSS_MECH_CONFIG=/dev/null"), fix="shell",
                   says="unset GSS_MECH_CONFIG")
    yield Scenario("GSS_WINRM=off", "switched-off", 10, FQDN["web01"],
                   env={"GSS_WINRM": "off"}, fix="shell")
    yield Scenario("gssproxy in the way", "gssproxy", 10, FQDN["web01"],
                   wrap=("env", "GSS_USE_PROXY=yes"), fix="shell",
                   says="unset GSS_USE_PROXY")
    yield Scenario("match = never", "never", 10, FQDN["web01"],
                   conf=("[appdefaults]\nwinrm = {\nmatch = never\n}\n",),
                   fix="krb5.conf", says="match = auto")
    yield Scenario("enabled = false", "off-in-conf", 10, FQDN["web01"],
                   conf=("[appdefaults]\nwinrm = {\nenabled = false\n}\n",),
                   fix="krb5.conf", says="enabled = true")
    off = ("[appdefaults]\nwinrm = {\ntargets = {\n.corp.example.com = {\n"
           "enabled = false\n}\n}\n}\n")
    yield Scenario("enabled = false for a domain", "off-for-host", 10,
                   FQDN["web01"], conf=(off,), fix="krb5.conf",
                   says="enabled = true")
    yield Scenario("no ticket", "no-ticket", 11, FQDN["web02"],
                   cache=f"{doctor.dir}/none", fix="shell",
                   wrap=("env", f"USER={hosts.USER}"),
                   says=f"kinit {hosts.USER}@{hosts.REALM}")
    yield Scenario("the wrong realm", "wrong-realm", 12, FQDN["web02"],
                   conf=("[domain_realm]\n.corp.example.com = "
                         "OTHER.EXAMPLE.COM\n",), fix="krb5.conf",
                   says=".corp.example.com = CORP.EXAMPLE.COM")
    reverse = doctor.write("hosts", "127.0.0.1 localhost\n"
                           "127.0.0.12 elsewhere.corp.example.com\n")
    yield Scenario("reverse DNS", "rdns", 12, FQDN["web02"],
                   conf=("[libdefaults]\nrdns = true\n",),
                   wrap=bound((reverse, "/etc/hosts")), fix="krb5.conf",
                   says="rdns = false")
    yield Scenario("the clock", "clock", 16, FQDN["web02"], fix="shell",
                   wrap=("faketime", "-f", "+20m"), says="20 min ahead of")


def short_names(report, doctor):
    """A search domain that is not the host's."""
    # A machine's name as Samba does not guess it: not that of an account.
    node = doctor.write("node", "127.0.0.1 localhost\n"
                        "127.0.0.12 node02.corp.example.com node02\n")
    resolv = doctor.write("resolv", f"nameserver {hosts.DC_ADDRESS}\n"
                          "search other.example.com corp.example.com\n")
    spn = "HOST/node02.corp.example.com"
    doctor.register(spn, "WEB02$")
    examine(report, doctor, Scenario(
        "a short name", "short-name", 12, "node02", fix="krb5.conf",
        conf=("[libdefaults]\ndns_canonicalize_hostname = false\n",),
        wrap=bound((resolv, "/etc/resolv.conf"), (node, "/etc/hosts")),
        says="qualify_shortname = corp.example.com"))
    doctor.register(spn, "WEB02$", "delete")


def balanced(report, doctor):
    """Both fixes, one after the other; the last is the gateway.  The names are
    for the administrator to fill in: nothing proves those that were seen."""
    host = "vweb.corp.example.com"
    scenario = Scenario(
        "a cluster with one address", "balanced", 12, host, conf=("",),
        says="web01.corp.example.com, web02.corp.example.com")
    verdict, problems = told(doctor, scenario)
    fixes = {f["kind"]: f["text"] for f in verdict["fixes"]}
    if not problems:
        scenario.conf = (fixes["krb5.conf"].replace(
            "NODE1 NODE2", f"{FQDN['web01']} {FQDN['web02']}"),)
        _, problems = told(doctor, replace(
            scenario, verdict="gateway", status=10, says=fixes["then"]))
        command = fixes["then"].replace("COMMAND", shlex.join(
            ["curl", "--silent", "--data", f"@{PROGRAMS}/identify.xml",
             "--header", "Content-Type: application/soap+xml;charset=UTF-8",
             f"http://{host}:5985/wsman"]))
        result = doctor.run(["bash", "-c", command],
                            **scenario.how(doctor))
        if "IdentifyResponse" not in result.out:
            problems.append(result.describe())
    report.ok("doctor: a cluster with one address: balanced, fixed "
              "(krb5.conf, then the gateway)", problems)


def unproved(report, doctor):
    """A machine that calls itself another, as whoever wants a ticket for that
    one to pass on would."""
    scenario = Scenario(
        "a name that is not the address's", "unproved", 12,
        "vodd.corp.example.com", conf=("",), says=FQDN["web03"], fix="shell")
    _, result = doctor.ask(scenario.host, **scenario.how(doctor))
    sent = [a["ticket"] for a in result.auths if a.get("ticket")]
    report.ok("doctor: it gets no ticket for the other", [] if sent and all(
        "web03" not in ticket.lower() for ticket in sent) else
        [f"{sent}", result.describe()])
    examine(report, doctor, scenario)
    examine(report, doctor, Scenario(
        "which krb5.conf says it is", "conflict", 0, scenario.host,
        conf=("[appdefaults]\nwinrm = {\ntargets = {\n"
              f"{scenario.host} = {{\nhost = {FQDN['web03']}\n}}\n}}\n}}\n",
              )))


def domains(report, doctor):
    """What is wrong in the domain."""
    spn = f"HOST/{FQDN['web02']}"
    doctor.register(spn, hosts.SERVICE_ACCOUNT, beneath=True)
    examine(report, doctor, Scenario(
        "a name on two accounts", "duplicate", 13, FQDN["web02"],
        conf=("[appdefaults]\nwinrm = {\nspn = HOST/%f\n}\n",),
        fix="domain", says=f"setspn -D {spn} {hosts.SERVICE_ACCOUNT}"))
    examine(report, doctor, Scenario(
        "which is then well", "healthy", 0, FQDN["web02"]))
    site = f"HTTP/{FQDN['web02']}"
    for account in ("WEB02$", hosts.SERVICE_ACCOUNT):
        doctor.register(site, account, beneath=True)
    examine(report, doctor, Scenario(
        "a site's name on two accounts does no harm", "conflict", 0,
        FQDN["web02"]))
    for account in ("WEB02$", hosts.SERVICE_ACCOUNT):
        doctor.register(site, account, "delete", beneath=True)
    narrow = "[appdefaults]\nwinrm = {\nspn = WSMAN/%f\n}\n"
    examine(report, doctor, Scenario(
        "WSMAN/ is missing, and nothing else is asked for", "missing-spn", 13,
        FQDN["web04"], conf=(narrow,), fix="domain",
        says=f"setspn -S WSMAN/{FQDN['web04']} WEB04$"))
    doctor.register(f"WSMAN/{FQDN['web04']}", "WEB04$", "delete")
    examine(report, doctor, Scenario(
        "the same, on this side", "missing-spn", 13, FQDN["web04"],
        conf=(narrow,), fix="krb5.conf", says="spn = HOST/%f"))
    doctor.control("WEB05$", 4096 | 2)
    examine(report, doctor, Scenario(
        "a disabled machine", "disabled", 13, FQDN["web05"], fix="domain",
        says="Enable-ADAccount -Identity 'WEB05$'"))


def users(report, doctor):
    """What is wrong with the user."""
    cache = doctor.kinit(hosts.USER, "-l", "1s")
    time.sleep(1.5)
    examine(report, doctor, Scenario(
        "expired tickets", "expired", 11, FQDN["web02"], cache=cache,
        fix="shell", says=f"kinit {hosts.USER}@{hosts.REALM}"))
    cache = doctor.kinit(hosts.OTHER_USER)
    doctor.control(hosts.OTHER_USER, 512 | 2)
    examine(report, doctor, Scenario(
        "a disabled user", "revoked", 11, FQDN["web02"], cache=cache,
        fix="domain", says=f"-Identity {hosts.OTHER_USER}\n"))


def servers(report, doctor):
    """What is wrong with the server."""
    host, lab = FQDN["web02"], doctor.lab
    ca = ("[appdefaults]\nwinrm = {\nca_file = "
          f"{lab.dir}/ca.pem\n}}\n",)
    examine(report, doctor, Scenario(
        "TLS", "healthy", 0, host, ("--port", "5986"), conf=ca, port=5986))
    lab.set("web02", expired=True)
    examine(report, doctor, Scenario(
        "an expired certificate", "certificate-expired", 15, host,
        ("--port", "5986"), conf=ca, fix="shell", port=5986))
    lab.set("web02", untrusted=True)
    examine(report, doctor, Scenario(
        "an untrusted certificate", "certificate", 15, host,
        ("--port", "5986"), conf=ca))
    lab.set("web02", bindings="strict")
    examine(report, doctor, Scenario(
        "channel bindings are strict", "bindings", 15, host,
        ("--port", "5986"), conf=ca, fix="shell", port=5986))
    lab.set("web02", bindings="strict")
    examine(report, doctor, Scenario(
        "the same, by the server", "bindings", 15, host,
        ("--port", "5986"), conf=ca, fix="server", port=5986,
        says='CbtHardeningLevel="Relaxed"'))
    lab.set("web02", schemes=["Basic"])
    examine(report, doctor, Scenario(
        "Basic only", "no-kerberos", 15, host, fix="server",
        says='Negotiate="true"'))
    lab.set("web02", ahead=1200)
    examine(report, doctor, Scenario(
        "the server's clock", "server-clock", 16, host, fix="server",
        says="20 min ahead of"))
    lab.set()


def put_off(report, doctor):
    """After gss-winrm disable; enable is for files of another root here."""
    root = f"{doctor.dir}/root"
    done = doctor.run([doctor.command, "disable", "--json", "--root", root])
    path = json.loads(done.out)["file"]
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as f:
        f.write(f"#off gss_winrm 2.25.1467839256 {doctor.lab.plugin} "
                "<interposer>\n")
    scenario = Scenario("it is disabled", "put-off", 10, FQDN["web01"],
                        wrap=bound((os.path.dirname(path),
                                    "/etc/gss/mech.d")) + ("env", "-u",
                                                           "GSS_MECH_CONFIG"),
                        fix="shell", says="sudo gss-winrm enable")
    verdict, problems = told(doctor, scenario)
    if not problems:
        text = verdict["fixes"][0]["text"] + f" --root {root}"
        # The one that `enable' renews: where it would be installed.
        module = root + doctor.module
        os.makedirs(os.path.dirname(module))
        shutil.copy(doctor.lab.plugin, module)
        problems = client(doctor, scenario, by_shell(doctor, scenario, text))
    report.ok("doctor: it is disabled: put-off, fixed (shell)", problems)


def machine(report, doctor):
    """What is wrong on this machine, with files that the fix changes."""
    mech = doctor.write("mech", "# empty\n")
    wrap = ("env", f"GSS_MECH_CONFIG={mech}")
    scenario = Scenario("the plugin is not in mech.d", "not-loaded", 10,
                        FQDN["web01"], wrap=wrap, fix="shell", says=mech)
    # The printed path is where it would be installed.
    verdict, problems = told(doctor, scenario)
    if not problems:
        text = verdict["fixes"][0]["text"]
        path = next(w for w in text.split() if w.endswith(".so"))
        doctor.module = path
        text = text.replace(path, doctor.lab.plugin)
        problems = client(doctor, scenario, by_shell(doctor, scenario, text))
    report.ok("doctor: the plugin is not in mech.d: not-loaded, fixed "
              "(shell)", problems)
    oid, plugin = "2.25.1467839256", doctor.lab.plugin
    for name, line, says in (
            ("a wrong object identifier", f"2.25.1 {plugin} <interposer>",
             "2.25.1,"),
            ("no such module", f"{oid} /no/such.so <interposer>", "/no/such"),
            ("no interposer", f"{oid} {plugin}", "<interposer>")):
        doctor.write("mech", f"# gss_winrm\ngss_winrm {line}\n")
        scenario = Scenario(f"its line has {name}", "bad-line", 10,
                            FQDN["web01"], wrap=wrap, fix="shell", says=says)
        verdict, problems = told(doctor, scenario)
        if not problems:
            text = re.sub(r"/\S+\.so", plugin, verdict["fixes"][0]["text"])
            problems = client(doctor, scenario,
                              by_shell(doctor, scenario, text))
        report.ok(f"doctor: {scenario.name}: bad-line, fixed (shell)",
                  problems)
    put_off(report, doctor)


def block(doctor, rule):
    """Refuse connections; None: no longer."""
    done = doctor.run(["nft", "delete table inet doctor" if rule is None else
                       "add table inet doctor; add chain inet doctor out "
                       "{ type filter hook output priority 0; }; "
                       f"add rule inet doctor out {rule} reject with "
                       "tcp reset"])
    if done.code:
        raise RuntimeError(done.describe())


def refused_ldap(report, doctor):
    """Without the directory it says what it could not see."""
    block(doctor, "tcp dport 389")
    scenario = Scenario("LDAP is refused", "conflict", 0, FQDN["web01"])
    verdict, problems = told(doctor, scenario)
    block(doctor, None)
    if not any("who owns the names" in u for u in verdict.get("unseen", [])):
        problems.append(f"unseen: {verdict.get('unseen')}")
    if "could not be seen" not in verdict.get("reason", ""):
        problems.append(f"reason: {verdict.get('reason')}")
    report.ok("doctor: LDAP is refused: conflict, and what was not seen",
              problems)


def closed(report, doctor):
    """What Enable-PSRemoting does: listen, and open the firewall."""
    block(doctor, f"ip daddr {hosts.BY_NAME['web02'].address} tcp dport "
          "{ 5985, 5986 }")
    scenario = Scenario("nothing listens", "closed", 14, FQDN["web02"],
                        fix="server", says="Enable-PSRemoting")
    _, problems = told(doctor, scenario)
    block(doctor, None)
    report.ok("doctor: nothing listens: closed, fixed (server)",
              problems + mended(doctor, scenario))


def large(report, doctor):
    """More accounts than a controller gives away at once."""
    doctor.add(*(f"dn: {doctor.dn(f'many{n}')}\nobjectClass: user\n"
                 f"sAMAccountName: many{n}\n"
                 f"servicePrincipalName: HTTP/many{n}\n"
                 for n in range(1100)))
    spn = "HTTP/many7"
    doctor.register(spn, "many1090", beneath=True)
    result = doctor.run([doctor.command, "spn", "-x", "--json"])
    answer = json.loads(result.out)
    seen = [(d["spn"], sorted(a["account"] for a in d["accounts"]))
            for d in answer["duplicates"]]
    report.ok("spn: a name registered twice among 1100 accounts",
              [] if seen == [(spn, ["many1090", "many7"])] and
              answer["accounts"] > 1100 and result.code == 7 else
              [f"{seen} of {answer['accounts']}", result.describe()])
    doctor.register(spn, "many1090", "delete", beneath=True)


def spn(report, doctor):
    """gss-winrm spn: -q and -x, as a table and as JSON."""
    cases = [
        (("-q", "HTTP/web0*"), 0, "svc-iis"),
        (("-q", "host/WEB01"), 0, "WEB01$"),
        (("-q", "HOST/nosuch"), 6, ""),
        (("-x",), 0, "No name is registered twice"),
        (("-x", "--json"), 0, '"duplicates": []'),
    ]
    problems = []
    for arguments, code, text in cases:
        result = doctor.run([doctor.command, "spn", *arguments])
        if result.code != code or text not in result.out:
            problems.append(f"{arguments}\n{result.describe()}")
    doctor.register("HOST/web02", hosts.SERVICE_ACCOUNT, beneath=True)
    for arguments in (("-x",), ("-x", FQDN["web02"])):
        result = doctor.run([doctor.command, "spn", *arguments])
        if result.code != 7 or "svc-iis" not in result.out \
                or "WEB02$" not in result.out:
            problems.append(f"{arguments}\n{result.describe()}")
    doctor.register("HOST/web02", hosts.SERVICE_ACCOUNT, "delete",
                    beneath=True)
    report.ok("spn: -q and -x", problems)


def quick(report, doctor):
    """A healthy host takes no time."""
    times, problems = [], []
    for _ in range(3):
        start = time.monotonic()
        answer, result = doctor.ask(FQDN["web02"], plugin=True)
        times.append(time.monotonic() - start)
        if answer["verdict"]["id"] != "healthy":
            problems.append(result.describe())
    took = min(times)
    if took > LIMIT:
        problems.append(f"{took:.2f} s")
    report.ok(f"doctor: a healthy host takes less than {LIMIT} s", problems,
              note=f"{took:.2f} s")


def doctor(report, lab, venv, program):
    """gss-winrm doctor's verdicts, each with its fix applied."""
    if not os.path.exists(
            f"{Helper.build(program)}/helper/doctor/gss-winrm-doctor"):
        report.skip("doctor", "gss-winrm-doctor is not built")
        return
    with_tools = Doctor(lab, program)
    try:
        for scenario in simple(with_tools):
            examine(report, with_tools, scenario)
        for part in (short_names, balanced, unproved, servers, machine, refused_ldap,
                     closed, spn, large, quick, users, domains):
            part(report, with_tools)
    finally:
        lab.set()
        shutil.rmtree(with_tools.dir, ignore_errors=True)
