# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""CredSSP against implementations that nobody here wrote.

pyspnego and FreeRDP, each as client and as server, with our own end
(tests/credssp/end.c) on the other side; every combination as one table.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import hosts
import progress
from .lab import HERE

PYTHON = ["/usr/bin/python3", "-B"]
NTLMSSP = "/etc/gss/mech.d/mech.ntlmssp.conf"
RDP_PORT = 3389                 # in the lab's own network namespace

MECHS = ("krb5", "ntlm")
TLS = ("1.2", "1.3")
# (announced by the peer, our minimum): older ones are refused by default.
VERSIONS = ((2, 5), (3, 5), (4, 5), (2, 2), (3, 2), (4, 2), (5, 5), (6, 5))
# What is delegated: Kerberos' users are known by their UPN here.
USERS = {"krb5": ("", f"{hosts.USER}@{hosts.REALM}"),
         "ntlm": (hosts.WORKGROUP, hosts.USER)}
USERS["raw-ntlm"] = USERS["ntlm"]
DIGEST = hashlib.sha256(hosts.PASSWORD.encode()).hexdigest()
CS_VERSION, CS_INNER = -4, -8   # error.h
NOT_SUPPORTED = "0xc00000bb"    # what our acceptor answers old versions


@dataclass(frozen=True)
class Cell:
    """One combination."""
    mech: str
    tls: str
    version: int
    minimum: int

    @property
    def works(self):
        return self.version >= self.minimum

    def __str__(self):
        return (f"{self.mech}, TLS {self.tls}, version {self.version}, "
                f"minimum {self.minimum}")


CELLS = [Cell(mech, tls, *version) for mech in MECHS for tls in TLS
         for version in VERSIONS]


class Bench:
    """The files and the command lines that all cells share."""

    def __init__(self, lab, venv, program):
        self.lab, self.dir = lab, f"{lab.work}/credssp"
        self.end = os.path.join(os.path.dirname(os.path.dirname(program)),
                                "credssp", "end")
        self.pyspnego = [f"{venv}/bin/python", "-B",
                         f"{HERE}/credssp/pyspnego_end.py"]
        os.makedirs(self.dir, mode=0o700, exist_ok=True)
        self.password = self.secret("password", hosts.PASSWORD)
        self.wrong = self.secret("wrong", "wrong")
        self.users = self.secret("users", ":".join(
            (hosts.WORKGROUP, hosts.USER, hosts.PASSWORD)))
        with open(NTLMSSP) as f:
            ntlmssp = f.read()
        self.mech = self.secret("mech", ntlmssp)
        self.plugin_mech = self.secret(
            "plugin-mech", f"gss_winrm 2.25.1467839256 {lab.plugin} "
            f"<interposer>\n{ntlmssp}")

    def secret(self, name, text):
        path = f"{self.dir}/{name}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                          0o600), "w") as f:
            f.write(text + "\n")
        return path

    def start(self, argv, mech="/dev/null", env=(), **how):
        """A process in the lab; its stderr is text to be read."""
        variables = {k: v for k, v in os.environ.items() if k not in
                     ("GSS_WINRM", "KRB5_CONFIG", "KRB5CCNAME", "KRB5_TRACE")}
        return subprocess.Popen(
            [f"{HERE}/lab", "run", "--dir", self.lab.dir, "--", "env",
             f"GSS_MECH_CONFIG={mech}", f"HOME={self.dir}",
             f"KRB5RCACHENAME=file2:{self.dir}/rcache", *env, *argv],
            env=variables, **how)

    def end_of(self, who):
        """(command line, mechanisms) of an end."""
        return (([self.end], self.mech) if who == "ours" else
                (self.pyspnego, "/dev/null"))


def initiator(bench, mech, host="web02", password=None):
    domain, user = USERS[mech]
    return ["init", "--target", f"HTTP@{hosts.BY_NAME[host].fqdn}",
            "--user", user, *(["--domain", domain] if domain else []),
            "--password-file", password or bench.password, "--mechs", mech]


def acceptor(bench, host="web02"):
    return ["accept", "--keytab", f"{bench.lab.dir}/keytabs/{host}",
            "--ntlm-users", bench.users]


def result_of(process):
    """What an end said at its end, as a dict."""
    try:
        text = progress.communicate(process)[1]
    except progress.Hang as hang:
        process.kill()
        return {"error": hang.why, "code": None,
                "stderr": process.communicate()[1]}
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return {**json.loads(line), "exit": process.returncode}
    return {"error": f"exit {process.returncode}: {text.strip()[-500:]}",
            "code": None}


def converse(start_init, start_accept):
    """Run two ends with pipes between them: what both said."""
    there, back = os.pipe(), os.pipe()
    try:
        init = start_init(stdin=back[0], stdout=there[1],
                          stderr=subprocess.PIPE, text=True)
        accept = start_accept(stdin=there[0], stdout=back[1],
                              stderr=subprocess.PIPE, text=True)
    finally:
        for fd in (*there, *back):
            os.close(fd)
    return result_of(init), result_of(accept)


def done_problems(init, accept, mech, **wanted):
    """Both are done, agree, and the credentials came over."""
    domain, user = USERS[mech]
    wanted = {"done": True, "mech": mech.removeprefix("raw-"), "exit": 0,
              **wanted}
    delegated = {"domain": domain, "user": user, "password_sha256": DIGEST}
    wrong = [f"{name}'s {key} is {got.get(key)!r}, not {value!r}"
             for name, got, values in (
                 ("initiator", init, wanted),
                 ("acceptor", accept, {**wanted, **delegated}))
             for key, value in values.items() if got.get(key) != value]
    return [f"{'; '.join(wrong)}\n{init}\n{accept}"] if wrong else []


def refused_problems(ours, theirs, cell, we_accept):
    """Our end refused the version, and no password went over."""
    problems = []
    if ours.get("code") != CS_VERSION:
        problems.append(f"ours is not about the version: {ours}")
    for got in (ours, theirs):
        if "error" not in got or "password_sha256" in got:
            problems.append(f"no failure: {got}")
    # Versions 2 and 5 have no errorCode.
    if (we_accept and cell.version in (3, 4)
            and theirs.get("ntstatus") != NOT_SUPPORTED):
        problems.append(f"no errorCode {NOT_SUPPORTED} came: {theirs}")
    return problems


def run_cell(bench, client, server, cell):
    """Problems of a cell: the peer (or else our initiator) announces the
    version and limits TLS, our other end sets the minimum."""
    peer = ["--announce", str(cell.version), "--tls-min", cell.tls,
            "--tls-max", cell.tls]
    own = ["--minimum", str(cell.minimum)]
    we_accept = server == "ours"
    init, accept = ((peer, own) if we_accept else (own, peer))
    if (client, server) == ("ours", "ours"):
        init = init + ["--minimum", "2"]
    client_argv, client_mech = bench.end_of(client)
    server_argv, server_mech = bench.end_of(server)
    first, second = converse(
        lambda **how: bench.start(
            [*client_argv, *initiator(bench, cell.mech), *init, "--talk"],
            client_mech, **how),
        lambda **how: bench.start(
            [*server_argv, *acceptor(bench), *accept, "--talk"],
            server_mech, **how))
    if cell.works:
        return done_problems(first, second, cell.mech, version=cell.version,
                             tls=f"TLSv{cell.tls}", talked=1)
    ours, theirs = (second, first) if we_accept else (first, second)
    return refused_problems(ours, theirs, cell, we_accept)


def pipe_rows(bench):
    """{row: {cell: problems}}"""
    pairs = [("pyspnego", "ours"), ("ours", "pyspnego"), ("ours", "ours")]
    rows = {}
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        try:
            jobs = {(pair, cell): pool.submit(run_cell, bench, *pair, cell)
                    for pair in pairs for cell in CELLS}
            for (pair, cell), job in jobs.items():
                rows.setdefault(" -> ".join(pair), {})[cell] = job.result()
        finally:
            pool.shutdown(cancel_futures=True)
    return rows


# --- With the plugin ---

def with_plugin(bench, plugin):
    """Kerberos to web01, whose HTTP/ is not the machine's: what both said,
    and the trace of the initiator."""
    trace = f"{bench.dir}/trace-{plugin}"
    mech = bench.plugin_mech if plugin else bench.mech
    both = converse(
        lambda **how: bench.start(
            [bench.end, *initiator(bench, "krb5", "web01"), "--talk"], mech,
            ["GSS_WINRM=always", f"KRB5_TRACE={trace}"], **how),
        lambda **how: bench.start(
            [bench.end, *acceptor(bench, "web01"), "--talk"], bench.mech,
            **how))
    with open(trace, errors="replace") as f:
        return *both, f.read()


def plugin_problems(bench):
    """To a host with the conflict, which CredSSP asks as the machine."""
    problems = []
    for plugin in (False, True):
        init, accept, trace = with_plugin(bench, plugin)
        problems += done_problems(init, accept, "krb5", version=6, talked=1)
        if "gss-winrm: HTTP" in trace:
            problems.append(f"a name was rewritten: {trace}")
    return problems


# --- FreeRDP ---

@contextmanager
def running(process):
    """Ends it, by its pid."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            progress.wait(process)
        except progress.Hang:
            process.kill()
            process.wait()


@contextmanager
def display(bench):
    """An X server in the lab; its name."""
    argv = ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24",
            "-nolisten", "tcp", "-nolisten", "unix"]
    with open(f"{bench.dir}/xvfb.log", "w") as log, running(bench.start(
            argv, stdout=subprocess.PIPE, stderr=log, text=True)) as x:
        number = x.stdout.readline().strip()
        if not number:
            raise RuntimeError("Xvfb does not start")
        yield f":{number}"


def freerdp(program):
    """The command's name: FreeRDP's major version may be its end."""
    names = [program, f"{program}3"]
    return next((n for n in names if shutil.which(n)), program)


@contextmanager
def freerdp_server(bench, screen):
    """FreeRDP's server; the path of its log."""
    sam = subprocess.run(
        [freerdp("winpr-hash"), "-u", hosts.USER, "-d", hosts.WORKGROUP, "-p",
         hosts.PASSWORD, "-f", "sam"], check=True, text=True,
        stdout=subprocess.PIPE).stdout
    argv = ["stdbuf", "-oL", freerdp("freerdp-shadow-cli"),
            f"/port:{RDP_PORT}", "/bind-address:127.0.0.1", "/sec:nla",
            f"/sam-file:{bench.secret('sam', sam.strip())}"]
    path = f"{bench.dir}/freerdp.log"
    with open(path, "w") as log, running(bench.start(
            argv, env=[f"DISPLAY={screen}", "WLOG_LEVEL=DEBUG"],
            stdout=log, stderr=subprocess.STDOUT)):
        yield path


def to_freerdp(bench, log, password, wanted):
    """Our initiator to FreeRDP's server: what ours said, and the log's new
    lines, which may come late: until there is the one that is wanted."""
    with open(log, errors="replace") as f:
        f.seek(0, os.SEEK_END)
        process = bench.start(
            [*PYTHON, f"{HERE}/credssp/rdp.py", "connect", "127.0.0.1",
             str(RDP_PORT), "--", bench.end,
             *initiator(bench, "raw-ntlm", password=password), "--stream"],
            bench.mech, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        ours, text = result_of(process), [""]

        def is_over():
            text[0] += f.read()
            return (wanted in text[0] and
                    OVER in text[0][text[0].index(wanted):])
        progress.wait_for(is_over)
    return ours, text[0]


OVER = "Failed to check FreeRDP file descriptor"
FAILURE = "client authentication failure"


def freerdp_words():
    """What FreeRDP's server says when it has accepted the peer and when it
    has read what was delegated, and its client of a wrong password. From 3 on
    the server goes on only when it has done both."""
    # By its library: FreeRDP 2 wants a display to say its version.
    said = subprocess.run(["ldd", shutil.which(freerdp("xfreerdp"))],
                          check=True, text=True, stdout=subprocess.PIPE).stdout
    if int(re.search(r"libfreerdp(\d+)\.so", said)[1]) < 3:
        return ("CONNECTION_STATE_INITIAL --> CONNECTION_STATE_NEGO",
                "Receive Encryption Credentials", "STATUS_LOGON_FAILURE")
    on = "CONNECTION_STATE_NEGO --> CONNECTION_STATE_MCS_CREATE_REQUEST"
    return on, on, "ERRCONNECT_LOGON_FAILURE"


def freerdp_server_problems(bench, log, right):
    """FreeRDP's server says nothing about what was delegated but that it
    could read it."""
    accepted, delegated, _ = freerdp_words()
    ours, text = to_freerdp(bench, log,
                            bench.password if right else bench.wrong,
                            delegated if right else FAILURE)
    seen = (accepted in text, delegated in text, FAILURE in text)
    wanted = ({"done": True, "mech": "ntlm", "version": 6} if right else
              {"done": None, "exit": 1})
    wrong = [f"ours: {key} is not {value!r}" for key, value in wanted.items()
             if ours.get(key) != value]
    if seen != (right, right, not right):
        wrong.append(f"its log: accepted, authInfo, failure: {seen}")
    return [f"{'; '.join(wrong)}\n{ours}\n{text[-1500:]}"] if wrong else []


def from_freerdp(bench, screen, password):
    """FreeRDP's client to our acceptor: what ours said, its output."""
    server = bench.start(
        [*PYTHON, f"{HERE}/credssp/rdp.py", "serve", "--", bench.end,
         *acceptor(bench), "--stream"], bench.mech,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    with running(server):
        port = server.stdout.readline().strip()
        client = bench.start(
            [freerdp("xfreerdp"), f"/v:127.0.0.1:{port}", f"/u:{hosts.USER}",
             f"/d:{hosts.WORKGROUP}", f"/p:{password}", "/cert:ignore",
             "/sec:nla", "+auth-only"], env=[f"DISPLAY={screen}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        with running(client):
            return result_of(server), progress.communicate(client)[0]


def freerdp_client_problems(bench, screen, right):
    """With the right password it goes on to RDP, which we do not speak: so
    its exit status says nothing."""
    ours, out = from_freerdp(bench, screen,
                             hosts.PASSWORD if right else "wrong")
    failure = freerdp_words()[2] in out
    if right:
        problems = done_problems(ours, ours, "raw-ntlm", version=6)
    else:
        problems = [] if ours.get("code") == CS_INNER else [f"ours: {ours}"]
    if failure == right:
        problems.append(f"xfreerdp says: {out[-800:]}")
    return problems


def freerdp_rows(bench):
    """{row: [problems with the right password, with a wrong one]}"""
    with display(bench) as screen:
        with freerdp_server(bench, screen) as log:
            server = [freerdp_server_problems(bench, log, right)
                      for right in (True, False)]
        client = [freerdp_client_problems(bench, screen, right)
                  for right in (True, False)]
    return {"ours -> FreeRDP server": server,
            "FreeRDP client -> ours": client}


# --- The table ---

WIDTH = 3                       # of a column


def header():
    count = len(VERSIONS)
    versions = "".join(
        (f"{v}*" if m == 2 else f"{v}!" if v < m else str(v)).ljust(WIDTH)
        for v, m in VERSIONS)
    mechs = {"krb5": "Kerberos", "ntlm": "NTLM in SPNEGO"}
    return ["".join(mechs[m].ljust(2 * (count * WIDTH + 1))
                    for m in MECHS) + "raw NTLM",
            "".join(f"TLS {t}".ljust(count * WIDTH + 1)
                    for _ in MECHS for t in TLS) + "password",
            "".join(f"{versions} " for _ in MECHS for _ in TLS)
            + "right wrong"]


def show(report, rows, raw):
    """One table: + done as it should, - refused as it should, X wrong."""
    title = max(len(name) for name in (*rows, *raw)) + 2
    for line in header():
        report.say(" " * title + line)
    for name, cells in rows.items():
        line = ""
        for number, cell in enumerate(CELLS):
            mark = " " if cell not in cells else (
                "X" if cells[cell] else "+" if cell.works else "-")
            line += mark.ljust(WIDTH)
            if number % len(VERSIONS) == len(VERSIONS) - 1:
                line += " "
        report.say(name.ljust(title) + line)
    blank = " " * (len(CELLS) * WIDTH + len(MECHS) * len(TLS))
    for name, (right, wrong) in raw.items():
        report.say(name.ljust(title) + blank + ("X" if right else "+").ljust(6)
                   + ("X" if wrong else "-"))
    report.say("+ done: same version and mechanism, the credentials arrived, "
               "messages of up to 70,000 bytes went both ways")
    report.say("- refused, as it should be; X not as it should be; version "
               "of the peer: * our minimum is 2, else 5 (the default)")


def credssp(report, lab, venv, program):
    """CredSSP with pyspnego and FreeRDP, as client and as server."""
    bench = Bench(lab, venv, program)
    rows = pipe_rows(bench)
    raw = freerdp_rows(bench)
    plugin = plugin_problems(bench)
    name = "ours -> ours, plugin, web01"
    show(report, {**rows, name: {Cell("krb5", "1.3", 6, 5): plugin}}, raw)
    for row, cells in rows.items():
        report.ok(f"CredSSP, {row}: {len(cells)} combinations", [
            f"{cell}: {p}" for cell, found in cells.items() for p in found])
    for row, (right, wrong) in raw.items():
        report.ok(f"CredSSP, {row}: the right password, and a wrong one",
                  right + wrong)
    report.ok("CredSSP to web01, Kerberos inside: as the machine, with the "
              "plugin and without", plugin)


PARTS = {"credssp": credssp}
