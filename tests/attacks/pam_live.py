# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Wants logins that hang or fail, or a password that is left lying about.

By way of what pam_gss_winrm.so meets where a user's broker should be:
Debian's sshd, su, sudo, login and cron, in a system of their own, with the
module as the package configures it.  In it, place_pam_inside.py starts and
asks them; rogue_pam_broker.py plays the brokers.
"""

import collections
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import place
import progress

sys.path.insert(0, str(place.TESTS / "packages"))
import root                     # noqa: E402

HERE = Path(__file__).resolve().parent
# What the system is made of, and what our programs need in it.
PACKAGES = ["cron", "libgssapi-krb5-2", "libjansson4", "libpam-modules",
            "libpam-runtime", "libssl3", "login", "openssh-client",
            "openssh-server", "python3", "rsyslog", "sudo", "systemd"]
LIBRARY = "usr/local/lib/gss-winrm-tests"
# What is where the broker should be, whether it holds a login up,
# and whether it gets a password that was delivered to it.
Kind = collections.namedtuple("Kind", "what hangs gets")
KINDS = {
    "absent": Kind("no directory", False, False),
    "missing": Kind("a socket, and the program is gone", False, False),
    "dead": Kind("a socket that nobody listens on", False, False),
    "fifo": Kind("a FIFO", False, False),
    "file": Kind("a file", False, False),
    "fifodir": Kind("a FIFO in the directory's place", False, False),
    "link": Kind("a link to where bob listens", False, False),
    "squat": Kind("bob's, in /tmp, before the user", False, False),
    "another": Kind("bob's, in the user's directory", False, False),
    "full": Kind("listens, and never accepts", True, False),
    "mute": Kind("hangs before WELCOME", True, False),
    "halfway": Kind("hangs after WELCOME", True, True),
    "drip": Kind("an octet at a time", True, False),
    "stops": Kind("stops who connects", True, False),
    "fuse": Kind("a file system that does not answer", True, False),
    "closes": Kind("resets", False, False),
    "leaves": Kind("is gone after WELCOME", False, False),
    "garbage": Kind("random octets, no end", False, False),
    "huge": Kind("4 GiB to come, no end", False, False),
    "long": Kind("a name of 200000 octets", False, True),
    "escape": Kind("an error for the terminal", False, True),
    "name": Kind("a name for the terminal", False, True),
    "yes": Kind("OK to everything", False, False),
    "okay": Kind("OK where LOGGED_IN is due", False, True),
    "fds": Kind("sends hundreds of descriptors", False, True),
    "real": Kind("gss-winrmd", False, False),
}
SERVICES = ["sshd password", "sshd keyboard", "sshd key", "su", "sudo",
            "sudo -u", "login", "cron"]
# C0, DEL, C1, what turns text round, what is no UTF-8; a line that we forged.
UNFIT = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
                   "\udc80-\udcff]|^kernel")
PROMISE = 2.1                   # pam_gss_winrm(8): timeout, and a bit
SLACK = 1.8                     # of a busy machine; less than to wait twice


def install(t, system):
    """What packaging/debian puts there, at its places."""
    debian = t.source / "packaging/debian"
    arch = subprocess.run(["dpkg-architecture", "-q", "DEB_HOST_MULTIARCH"],
                          check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    library = system.path / LIBRARY
    library.mkdir(parents=True)
    for line in (debian / "libpam-gss-winrm.install").read_text().split("\n"):
        if line.startswith("debian/"):
            source, target = line.split()
            copy(t.source / "packaging" / source, system.path / target)
        elif line.endswith("/security"):
            copy(t.build / "helper/pam/.libs/pam_gss_winrm.so",
                 system.path / line.replace("*", arch), 0o644)
        elif line:              # a script
            program = system.path / line
            copy(t.source / "helper/pam" / program.name, program.parent)
    copy(t.build / "helper/broker/gss-winrmd",
         system.path / "usr/libexec/gss-winrm")
    copy(t.build / "helper/cli/gss-winrm", system.path / "usr/bin")
    for path in [*HERE.glob("place_pam_*.py"),
                 t.source / "tests/pam/registers.py",
                 t.source / "tests/watch/progress.py",
                 *debian.glob("libpam-gss-winrm.p*")]:
        copy(path, library)
    rogue = (HERE / "rogue_pam_broker.py").read_text()
    system.write(f"{LIBRARY}/rogue_pam_broker.py",
                 f"#!/usr/bin/python3 -B\n{rogue}", 0o755)


def copy(source, directory, mode=0o755):
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, directory)
    (directory / source.name).chmod(mode)


def run_inside(t, system, given):
    """What place_pam_inside.py says: {part: [...]}"""
    process = t.start(
        system.command("/usr/bin/python3", "-B",
                       f"/{LIBRARY}/place_pam_inside.py"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        stderr=open(t.dir / "stderr", "w+", encoding="utf-8"),
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
             "/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
             "DEBIAN_FRONTEND": "noninteractive"})
    process.stdin.write(json.dumps(given) + "\n")
    process.stdin.close()
    parts = collections.defaultdict(list)
    for line in process.stdout:
        one = json.loads(line)
        parts[one["part"]].append(one)
    said = (t.dir / "stderr").read_text()
    t.ok(progress.wait(process) == 0 and given["password"] not in said,
         "everything was tried", said)
    return parts


# --- What came of it ---

class Cells:
    """The logins of one part, beside those without the module."""

    def __init__(self, lines, bare):
        self.right = {(c["name"], c["service"]): c for c in lines
                      if "facts" in c}
        self.wrong = {(c["name"], c["service"]): c for c in lines
                      if "refused" in c}
        self.bare = {c["service"]: c for c in bare if "facts" in c}

    def fault(self, name, service):
        """Why that one is no good, or ""."""
        cell, bare = self.right.get((name, service)), self.bare[service]
        if cell is None or cell["facts"] is None:
            return f"locked out: {cell and cell['said']}"
        if cell["status"] != bare["status"]:
            return f"exit status {cell['status']} for {bare['status']}"
        mine, theirs = dict(cell["facts"]), dict(bare["facts"])
        if name == "fuse":
            # The child is beyond SIGKILL until that file system is gone.
            del mine["ancestors"], theirs["ancestors"]
        if mine != theirs:
            return "left something: " + ", ".join(
                f"{k} {mine[k]} for {theirs[k]}" for k in theirs
                if mine[k] != theirs[k])
        if service != "cron" and not self.wrong[name, service]["refused"]:
            return f"wrong: {self.wrong[name, service]['said']}"
        return ""

    def seconds(self, name, service):
        cell = self.right.get((name, service))
        return cell["seconds"] if cell else -1

    def table(self, names):
        print(f"# {'seconds until the session, !: a fault':<45}" + "".join(
            f"{s:>15}" for s in SERVICES))
        for name in names:
            print(f"# {name:<8} {KINDS[name].what:<36.36}" + "".join(
                f"{self.seconds(name, s):14.1f}"
                f"{'!' if self.fault(name, s) else ' '}" for s in SERVICES))


def judge_services(t, cells):
    for service in SERVICES:
        faults = [f"{name}: {why}" for name in KINDS
                  if (why := cells.fault(name, service))]
        slow = max(cells.seconds(n, service) for n in KINDS if KINDS[n].hangs)
        quick = max(cells.seconds(n, service) for n in KINDS
                    if not KINDS[n].hangs)
        if slow > quick + PROMISE + SLACK:
            faults.append(f"held up: {slow:.1f} s, others {quick:.1f} s")
        t.ok(not faults, f"{service}: the right secret gets in and leaves "
             f"with its status, the wrong one does not, with {len(KINDS)} "
             f"kinds of broker (longest {max(slow, quick):.1f} s)",
             "\n".join(faults))


def judge_rogues(t, rogues, password):
    digest = f"password {hashlib.sha256(password.encode()).hexdigest()}"
    wrong = []
    for r in rogues:
        kind, got = KINDS[r["name"]], r["lines"].count(digest)
        looked = [line for line in r["lines"] if line.startswith("looked")]
        t.rogue(f"{r['name']} ({kind.what}): "
                f"{r['lines'].count('connection')} connections, "
                f"{got} passwords{', ' if looked else ''}{', '.join(looked)}")
        if looked or (got > 0) != kind.gets:
            wrong.append(r["name"])
        if any(line.startswith("password") and line != digest
               for line in r["lines"]):
            wrong.append(f"{r['name']}: a wrong one")
    t.ok(not wrong, "only a user's own broker that greets gets the password, "
         "and only the right one; nobody looks into who brings it", wrong)
    fds = next(r["lines"] for r in rogues if r["name"] == "fds")
    t.ok(fds.count("closed") == fds.count("connection") > 0,
         "descriptors that were sent are closed", fds)


def judge_memory(t, lines):
    """Each beside the same service with a pause in our place."""
    for service in ("sshd password", "su", "login"):
        of = {(m["hold"], m.get("cores", False)): m for m in lines
              if m["service"] == service}
        ours, theirs = of["broker", False], of["sleep", False]
        later, bare = of["broker, later", False], of["sleep, later", False]
        cores = of["broker", True].get("core", [])
        print(f"# {service}, pieces of the password (without us): while the "
              f"broker hangs {ours['everywhere']} ({theirs['everywhere']}), "
              f"of which a core would have {ours['dumped']} "
              f"({theirs['dumped']}); in the session {later['everywhere']} "
              f"({bare['everywhere']}); in real cores "
              f"{[pieces for _, pieces in cores] or '(it leaves none)'}")
        t.ok(ours["held"] and theirs["held"] and
             ours["dumped"] <= theirs["dumped"] and
             later["everywhere"] <= bare["everywhere"] and
             not any(pieces for _, pieces in cores),
             f"{service}: neither memory nor registers would give a core what "
             "it had not without us, aborted or not, and nothing is left in "
             "the session", [ours, theirs, later, bare, cores])
        child = ours.get("child")
        t.ok(child == {"owner": 0, "core": "0"}, f"{service}: the child can "
             "be looked into by root alone, and leaves no core", child)


def search(system, password):
    """The files below the system's root that have it, in either form."""
    forms = (password.encode(), password.encode("utf-16-le"))
    found = []
    for path in system.path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(form in data for form in forms):
                found.append(str(path.relative_to(system.path)))
    return found


def judge_files(t, system, password):
    for name, form in (("plain", "utf-8"), ("wide", "utf-16-le")):
        (system.path / f"var/tmp/control.{name}").write_bytes(
            b"x" + password.encode(form))
    found = search(system, password)
    t.ok(sorted(found) == ["var/tmp/control.plain", "var/tmp/control.wide"],
         "no file has the password: only those that we have planted", found)
    log = (system.path / "var/log/auth.log").read_bytes()
    text = log.decode("utf-8", "surrogateescape")
    lines = [line for line in text.split("\n")
             if "gss_winrm" in line or "forged" in line]
    t.ok(lines and not any(UNFIT.search(line) for line in lines), "the log has"
         " the lies, in lines of ours, and nothing that a terminal obeys",
         "\n".join(line.encode("ascii", "backslashreplace").decode()
                   for line in lines if UNFIT.search(line)))


def judge_removal(t, parts, system):
    for part, what in (("gone", "the module is missing, and the stacks name "
                        "it still"), ("removed", "the package is removed")):
        cells = Cells(parts[part], parts["bare"])
        faults = [f"{s}: {why}" for s in SERVICES
                  if (why := cells.fault("mute", s))]
        t.ok(not faults, f"every service works when {what}",
             "\n".join(faults))
    naming = [str(p) for p in (system.path / "etc/pam.d").iterdir()
              if "gss_winrm" in p.read_text()]
    t.ok(not naming, "and no stack names it any more", naming)


def attack(t):
    if not os.path.exists("/dev/fuse"):
        t.skip("a file system that does not answer", "there is no /dev/fuse")
        del KINDS["fuse"]
    given = {"password": f"Pw{secrets.token_hex(8)}",
             "wrong": f"Wr{secrets.token_hex(8)}", "kinds": list(KINDS)}
    with root.Root(root.archive(name="logins", packages=PACKAGES)) as system:
        install(t, system)
        parts = run_inside(t, system, given)
        cells = Cells(parts["with"], parts["bare"])
        cells.table(KINDS)
        judge_services(t, cells)
        crowd = [c["facts"] is not None for c in parts["crowd"]]
        t.ok(all(crowd) and crowd, f"{len(crowd)} at once at a broker that "
             "hangs: all get in (longest %.1f s)" %
             max(c["seconds"] for c in parts["crowd"]), crowd)
        t.ok("real" in parts["status"][0]["said"], "the real broker has the "
             "credential", parts["status"])
        judge_rogues(t, parts["rogue"], given["password"])
        judge_memory(t, parts["memory"])
        t.ok(parts["outputs"][0]["found"] == 0, "no program has printed it")
        judge_files(t, system, given["password"])
        judge_removal(t, parts, system)
