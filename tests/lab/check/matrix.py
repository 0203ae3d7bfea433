# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Client x name x port, before and after, as one table."""

import json
import os
import shutil
from dataclasses import dataclass

import hosts
from .clients import (COMMAND, Client, catalog, refused,
                      remote_problems)
from .lab import Result

WEB01, WEB03 = hosts.BY_NAME["web01"], hosts.BY_NAME["web03"]


@dataclass(frozen=True)
class Form:
    """A way to name a host, and the hosts that may answer."""
    title: str
    name: str
    answers: tuple


FORMS = [
    Form("FQDN", WEB01.fqdn, (WEB01,)),
    Form("short", WEB01.name, (WEB01,)),
    Form("upper case", WEB01.fqdn.upper(), (WEB01,)),
    Form("IP (host)", WEB03.address, (WEB03,)),
    Form("alias (host)", f"{WEB03.aliases[0]}.{hosts.DOMAIN}", (WEB03,)),
    Form("cluster (nodes)", hosts.CLUSTER_FQDN, tuple(hosts.CLUSTER_NODES)),
]


def scheme(port):
    return "https" if port == 5986 else "http"


def who_answered(result, form):
    """The host that the client reached, by the stand-ins' log."""
    for auth in reversed(result.auths):
        if auth.get("host") in (h.name for h in form.answers):
            return hosts.BY_NAME[auth["host"]]
    return form.answers[0]


def after_problems(client, result, form):
    """The client worked, because of the plugin, with the machine's name."""
    host = who_answered(result, form)
    problems = client.problems(result, host)
    if not result.sent(form.name):
        problems.append(f"no rewriting of HTTP@{form.name} in the trace")
    wanted = f"HOST/{host.fqdn}@{hosts.REALM}"
    tickets = {a["ticket"] for a in result.accepted()}
    if not problems and tickets != {wanted}:
        problems.append(f"accepted {tickets}, not {wanted}")
    if problems and result.describe() not in problems:
        problems.append(result.describe())
    return problems


def before_problems(client, result, form):
    return refused(result) + [
        "the plugin traces without being loaded" for _ in
        result.sent(form.name)]


def run_each(lab, client, port, plugin):
    """{form: result} of a client that talks to one host at a time."""
    return {form: lab.run(client.argv(scheme(port), form.name, port),
                          plugin) for form in FORMS}


class Ansible:
    """ansible-core with the winrm connection: all hosts in one run."""

    client = Client("ansible-core winrm, raw (PyPI)", None, "remote")

    def __init__(self, lab, venv):
        self.lab = lab
        self.ansible = f"{venv}/bin/ansible"
        self.home = f"{lab.work}/ansible"

    def inventory(self, names, port):
        path = f"{self.home}/inventory"
        lines = ["[winrm]", *names, "[winrm:vars]",
                 "ansible_connection=winrm", "ansible_shell_type=cmd",
                 f"ansible_port={port}", "ansible_winrm_transport=kerberos",
                 f"ansible_winrm_scheme={scheme(port)}",
                 f"ansible_user={hosts.USER}@{hosts.REALM}",
                 f"ansible_winrm_ca_trust_path={self.lab.dir}/ca.pem"]
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def run(self, names, port, plugin, command=COMMAND, forks=6):
        """{name: result}."""
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.home)
        tree = f"{self.home}/tree"
        whole = self.lab.run(
            ["env", f"HOME={self.home}", f"ANSIBLE_HOME={self.home}",
             f"ANSIBLE_LOCAL_TEMP={self.home}/tmp",
             "ANSIBLE_DEVEL_WARNING=0", self.ansible, "all",
             "-i", self.inventory(names, port), "-m", "raw", "-a", command,
             "--forks", str(forks), "--tree", tree], plugin,
            quiet=180)
        return {name: self.one(whole, f"{tree}/{name}") for name in names}

    @staticmethod
    def one(whole, path):
        if not os.path.exists(path):
            return Result(-1, whole.out, whole.err, whole.trace, whole.auths)
        with open(path) as f:
            said = json.load(f)
        failed = "UNREACHABLE" if said.get("unreachable") else ""
        return Result(said.get("rc", -1), said.get("stdout", ""),
                      said.get("stderr", "") + failed +
                      str(said.get("msg", "")), whole.trace, whole.auths)

    def run_forms(self, port, plugin):
        results = self.run([f.name for f in FORMS], port, plugin)
        for form in FORMS:
            # All share one log: keep what concerns this name's hosts.
            result = results[form.name]
            result.auths = [a for a in result.auths if a.get("host") in
                            (h.name for h in form.answers)]
        return {form: results[form.name] for form in FORMS}


def ansible_after_problems(result, form):
    problems = []
    if not any(not remote_problems(result, h) for h in form.answers):
        problems.append(result.describe())
    if not result.sent(form.name):
        problems.append(f"no rewriting of HTTP@{form.name} in the trace")
    strange = {a["ticket"] for a in result.accepted()} - {
        f"HOST/{h.fqdn}@{hosts.REALM}" for h in form.answers}
    if strange:
        problems.append(f"accepted {strange}")
    return problems


def cell(before, after, before_bad, after_bad):
    """How it went, in a word each."""
    text = before.out + before.err
    if before_bad:
        was = "WRONG"
    elif "Server not found" in text and not before.auths:
        was = "no ticket"
    else:
        was = "401"
    return f"{was} > {'WRONG' if after_bad else 'ok'}"


class Table:
    def __init__(self):
        self.rows = []

    def add(self, name, port, cells):
        self.rows.append([name, str(port), *cells])

    def show(self, report):
        head = ["client", "port"] + [f.title for f in FORMS]
        rows = [head, *self.rows]
        widths = [max(len(r[i]) for r in rows) for i in range(len(head))]
        report.say()
        report.say("before > after the plugin is loaded; every `ok` was asked "
                   "by the name in its column")
        for n, row in enumerate(rows):
            report.say("  ".join(c.ljust(w) for c, w in zip(row, widths)))
            if n == 0:
                report.say("  ".join("-" * w for w in widths))
        report.say()


def check_client(report, table, name, port, before, after, problems):
    """One row: two tests and the cells."""
    bad_before = {f: problems[0](before[f], f) for f in FORMS}
    bad_after = {f: problems[1](after[f], f) for f in FORMS}
    for when, bad in (("before: refused", bad_before),
                      ("after: works", bad_after)):
        report.ok(f"{name} over {port} {when} by all {len(FORMS)} names",
                  [f"by {f.title}, {f.name}:\n{p}"
                   for f in FORMS for p in bad[f]])
    table.add(name, port, [cell(before[f], after[f], bad_before[f],
                                bad_after[f]) for f in FORMS])


def run_matrix(report, lab, venv, program):
    table = Table()
    for client in catalog(lab, venv, program):
        for port in client.ports:
            if port == 5985:
                lab.set(**dict(client.settings))
            check_client(
                report, table, client.name, port,
                run_each(lab, client, port, False),
                run_each(lab, client, port, True),
                (lambda r, f, c=client: before_problems(c, r, f),
                 lambda r, f, c=client: after_problems(c, r, f)))
            lab.set()
    ansible = Ansible(lab, venv)
    for port in (5985, 5986):
        check_client(report, table, ansible.client.name, port,
                     ansible.run_forms(port, False),
                     ansible.run_forms(port, True),
                     (lambda r, f: before_problems(None, r, f),
                      ansible_after_problems))
    table.show(report)
