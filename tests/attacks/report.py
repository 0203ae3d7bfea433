# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A gateway that was taken over wants lines of its own in the broker's log.

Its connection is confined, but REPORT takes any text for any host: "delegated:
carol to dc1", with line feeds and escape sequences, in the audit log and in
`gss-winrm status'.
"""

import os
import re
import subprocess
from contextlib import suppress

from place import wait_for, write_conf
from place_log import Log, controls
from rogue_broker import KERBEROS, Refused, Talk

STATUS = 0xC0000001
FORGED = "delegated: carol to dc1.test.example (HOST@dc1.test.example, " \
    "Kerberos)"
NL = "\nNov 30 12:00:00 host gss-winrmd[7]: "

TEXTS = [
    FORGED,
    NL + FORGED,
    "\r\n" + FORGED,
    "\x1b[2J\x1b[H" + FORGED,
    "\u2028" + FORGED + "\u202e\u061c",
    "\u009b2J\u009d0;title\u009c" + FORGED,
    '" (0xC0000001)' + NL + FORGED + '"',
    "\" \"\ngss-winrmd: " + FORGED,
    "x" * 3000 + NL + FORGED,
]
HOSTS = [
    "dc1.test.example",
    FORGED,
    "web01.test.example\n" + FORGED,
    "\x1b]0;pwned\x07",
    "a" * 600,
    "",
]


class Gateway(Talk):
    """A confined conversation with the broker, and whether it agreed."""

    def __init__(self, path):
        super().__init__(path)
        self.confine()

    def says(self, host, text, status=STATUS):
        try:
            self.report(host, status, text)
        except Refused:
            return False
        return True

    def fails(self, host):
        """Kerberos with whoever that is: to be refused, and logged."""
        with suppress(Refused):
            self.context(KERBEROS, host)


def forged(lines):
    """Lines that somebody would take for the broker's own."""
    return [line for line in lines
            if re.match(r"\W*(delegated|context|login|logout)\b", line) or
            (FORGED in line and
             not re.match(r'gateway says: web01\.test\.example: "[^"]*" '
                          r"\(0x[0-9A-F]{8}\)$", line))]


def attack(t):
    run, log = t.dir / "run", Log(t)
    run.mkdir(mode=0o700)
    write_conf(t.dir / "krb5.conf", "web01.test.example")
    env = dict(os.environ, KRB5_CONFIG=str(t.dir / "krb5.conf"),
               XDG_RUNTIME_DIR=str(run), KRB5CCNAME=f"FILE:{t.dir}/none",
               GSS_WINRM_LIBEXEC=str(t.build / "helper/broker"))
    with open(t.dir / "stderr", "wb") as stderr:
        t.start(log.argv([t.build / "helper/broker/gss-winrmd",
                          "--foreground"]), env=env, stderr=stderr)
    path = run / "gss-winrm/broker"
    t.ok(wait_for(path.exists), "the broker serves",
         (t.dir / "stderr").read_text())

    rogue = Gateway(path)
    # Something that the broker itself knows.
    rogue.fails("web01.test.example")
    taken = [text for text in TEXTS
             if rogue.says("web01.test.example", text)]
    hosts = [host for host in HOSTS if rogue.says(host, FORGED)]
    for host in HOSTS:
        rogue.fails(host)
    # Well, and nothing to say: a complaint of the broker's is not its to
    # take back.
    rogue.says("web01.test.example", "", 0)
    rogue.says("web01.test.example", "delegated by CredSSP", 0)
    rogue.says("web01.test.example", FORGED)

    def said():
        return (t.dir / "stderr").read_bytes()
    wait_for(lambda: said().count(b"gateway says") >= len(taken))
    raw = said()
    lines = [re.sub("^gss-winrmd: ", "", line)
             for line in raw.decode("utf-8", "replace").splitlines()]
    show = [line for line in lines if "carol" in line]
    t.rogue("the log has:\n" + "\n".join(show[:4]) if show else
            "nothing of mine is in the log")
    t.ok(len(taken) == len(TEXTS), "the gateway's word is taken, as that",
         f"{len(taken)} of {len(TEXTS)}")
    t.ok(not hosts, "but not on what is no host, nor one of krb5.conf's",
         "\n".join(map(repr, hosts)))
    t.ok(not forged(lines), "stderr has no line that looks like the broker's",
         "\n".join(forged(lines)))
    t.ok(all(line.startswith("gss-winrmd: ") for line in raw.decode(
        "utf-8", "replace").splitlines()), "and no line that is not its own",
         raw.decode("utf-8", "replace"))
    t.ok(not controls(raw), "nor a control character", controls(raw))
    log_lines = log.text()
    bad = forged(log_lines) + [line for line in log_lines
                               if "\n" in line or controls(line)]
    t.ok(not bad and any(line.startswith("gateway says: ")
                         for line in log_lines),
         "nor has syslog", "\n".join(bad) or f"{log.lines}")

    check_status(t, env)
    flood(t, str(path), said)


def check_status(t, env):
    for option in ([], ["--json"]):
        done = subprocess.run([t.build / "helper/cli/gss-winrm", "status",
                               *option], env=env, capture_output=True,
                              check=False)
        text = done.stdout.decode("utf-8", "replace")
        rows = [line for line in text.splitlines() if "delegated" in line]
        t.ok(rows and all("gateway says: " in row for row in rows) and
             not controls(text),
             f"status {' '.join(option)}: the gateway's word is marked as "
             "that", text)
        t.ok("KDC" in text or "ticket" in text or "credential" in text,
             f"status {' '.join(option)}: what the broker knew is still "
             "there", text)
        t.rogue("\n".join(rows) or "nothing")


def flood(t, path, said):
    before = len(said().splitlines())
    rogue = Gateway(path)
    for _ in range(2000):
        rogue.says("web01.test.example", FORGED)
    after = len(said().splitlines()) - before
    t.rogue(f"2000 reports made {after} lines")
    t.ok(after < 200, "2000 reports do not fill the log", after)
