# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run by pam_live.py in the system that it has made, as its first process.

Starts the daemons, plays the users, and prints what came of it as JSON, a
line each.  The password comes on stdin: it is in no file but /etc/shadow.
"""

import contextlib
import itertools
import json
import os
import pty
import pwd
import re
import resource
import select
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import place_pam_memory as memory
import progress
from place_pam_brokers import (BOB, HERE, Rogue, mount, set_up, start,
                               status_of)

PROBE = f"/usr/bin/python3 -ISB {HERE}/place_pam_probe.py"
COMMAND = f"{PROBE}; exit 7"
AT_ONCE = 24
CROWD = 20


def say(**what):
    print(json.dumps(what), flush=True)


# --- The system ---

def own_devices():
    """Not this machine's: a terminal and a log of its own."""
    mount("tmpfs", "/dev", "tmpfs", 0, "mode=755")
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8),
                        ("urandom", 9)):
        node(name, 1, minor)
    node("tty", 5, 0)
    node("fuse", 10, 229)
    for name in ("pts", "shm"):
        Path("/dev", name).mkdir()
    mount("devpts", "/dev/pts", "devpts", 0,
          "newinstance,ptmxmode=666,gid=5,mode=620")
    os.symlink("pts/ptmx", "/dev/ptmx")
    os.symlink("/proc/self/fd", "/dev/fd")


def node(name, major, minor):
    os.mknod(f"/dev/{name}", stat.S_IFCHR | 0o666, os.makedev(major, minor))
    os.chmod(f"/dev/{name}", 0o666)


def daemons():
    """A log as sshd, su and the like see it, with every octet; and sshd."""
    conf = Path("/etc/rsyslog.conf")
    conf.write_text(re.sub("^.*imklog.*$", "", conf.read_text(), flags=re.M) +
                    "$EscapeControlCharactersOnReceive off\n")
    start(["rsyslogd", "-n", "-iNONE"], stderr=subprocess.DEVNULL)
    progress.wait_for(lambda: os.path.exists("/dev/log"))
    Path("/run/sshd").mkdir(exist_ok=True)
    options = ["ListenAddress=127.0.0.1", "MaxStartups=200", "UseDNS=no",
               "KbdInteractiveAuthentication=yes", "PidFile=/run/sshd.pid"]
    # Since OpenSSH 9.8 an address with many wrong passwords is shut out, and
    # here all come from one.
    patient = ["-o", "PerSourcePenalties=no"]
    known = subprocess.run(["/usr/sbin/sshd", "-t", *patient], check=False,
                           stderr=subprocess.DEVNULL).returncode == 0
    start(["/usr/sbin/sshd", "-D", *(patient if known else []),
           *(word for option in options for word in ("-o", option))])
    progress.wait_for(lambda: os.path.exists("/run/sshd.pid"))


def make_users(names, password):
    for number, name in enumerate(["bob"] + names):
        subprocess.run(["useradd", "-m", "-s", "/bin/sh", "-u",
                        str(BOB + number), name], check=True)
    # Rounds that cost little: there are hundreds of logins.
    subprocess.run(["chpasswd", "-c", "SHA512", "-s", "1000"], check=True,
                   text=True, input="".join(f"{name}:{password}\n"
                                            for name in names))
    Path("/etc/sudoers.d/tests").write_text(
        "Defaults passwd_tries=1, lecture=never\n"
        "Defaults:bob targetpw\n"
        "ALL ALL=(ALL) ALL\n")
    for name in ("right", "wrong"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        f"/root/{name}.key"], check=True)
    public = Path("/root/right.key.pub").read_text()
    for name in names:
        home, entry = Path("/home", name), pwd.getpwnam(name)
        (home / ".hushlogin").touch()
        (home / ".ssh").mkdir(mode=0o700)
        (home / ".ssh/authorized_keys").write_text(public)
        os.chown(home / ".ssh", entry.pw_uid, entry.pw_gid)


# --- Programs on a terminal ---

class Terminal:
    """A program on a terminal of its own, and what has come of it."""
    outputs = []                # of all of them
    lock = threading.Lock()

    def __init__(self, argv, uid=0):
        self.said, self.gone = b"", False
        who = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
        with self.lock:         # lest one inherits the other's
            self.fd, slave = pty.openpty()
            self.process = subprocess.Popen(
                ["setsid", "-c", *argv], stdin=slave, stdout=slave,
                stderr=slave, cwd="/",
                env={"PATH": os.environ["PATH"], "TERM": "dumb"}, **who)
            os.close(slave)

    def expect(self, pattern):
        """The match in what comes from now on, or None at the end."""
        def look():
            ended = not self.more()
            return re.search(pattern, self.said[self.at:], re.S) or ended

        found = progress.wait_for(look)
        if not isinstance(found, re.Match):
            return None
        self.at += found.end()
        return found

    at = 0

    def more(self):
        """Read what is there; False when there will not be any more."""
        running = self.process.poll() is None
        try:
            while select.select([self.fd], [], [], 0)[0]:
                self.said += os.read(self.fd, 65536)
        except OSError:         # nobody has the other end
            return running      # util-linux's login lets go, and opens it again
        return True

    def send(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def finish(self):
        """The exit status, or None for one that had to be killed."""
        progress.wait_for(lambda: not self.more() or
                          self.process.poll() is not None)
        self.more()
        try:
            return progress.wait(self.process)
        except progress.Hang:
            return None
        finally:
            self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        self.outputs.append(self.said)


def ssh(name, methods, key="/dev/null"):
    return ["ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o",
            "NumberOfPasswordPrompts=1", "-o", "IdentitiesOnly=yes", "-o",
            f"PreferredAuthentications={methods}", "-i", key,
            f"{name}@127.0.0.1"]


# What is run for an account and a command (and a key), as whom (None: as the
# account), and how it says no.
SERVICES = {
    "sshd password": (lambda n, c, _: [*ssh(n, "password"), c], 0,
                      b"Permission denied"),
    "sshd keyboard": (lambda n, c, _: [*ssh(n, "keyboard-interactive"), c], 0,
                      b"Permission denied"),
    "sshd key": (lambda n, c, key: [*ssh(n, "publickey", key), c], 0,
                 b"Permission denied"),
    "su": (lambda n, c, _: ["su", "-", n, "-c", c], BOB,
           b"Authentication failure"),
    "sudo": (lambda n, c, _: ["sudo", "-k", "sh", "-c", c], None,
             b"incorrect password"),
    "sudo -u": (lambda n, c, _: ["sudo", "-k", "-u", n, "sh", "-c", c], BOB,
                b"incorrect password"),
    "login": (lambda n, *_: ["login", n], 0, b"Login incorrect"),
}


def begin(service, name, secret, command=COMMAND):
    """The program up to where the secret is sent: (it, when)."""
    make, uid, _ = SERVICES[service]
    t = Terminal(make(name, command, secret),
                 pwd.getpwnam(name).pw_uid if uid is None else uid)
    began = time.monotonic()
    if service != "sshd key":
        t.expect(rb"assword[^:]*: ?$")
        began = time.monotonic()
        t.send(secret)
    return t, began


def log_in(service, name, secret):
    """{facts: what the probe has seen, or None; seconds; status; said}"""
    t, began = begin(service, name, secret)
    if service == "login" and t.expect(rb"\$ $|incorrect"):
        t.send(COMMAND)
    found = t.expect(rb"PROBE (\{[^\n]*\})\r?\n")
    seconds = time.monotonic() - began
    status = t.finish()
    return {"facts": facts(found and found.group(1), name),
            "seconds": seconds, "status": status,
            "said": t.said.decode("utf-8", "replace")}


def facts(text, name):
    """What the probe has seen, the same for every account."""
    if not text:
        return None
    out, uid = json.loads(text), pwd.getpwnam(name).pw_uid
    for key in ("uid", "gid", "groups"):
        out[key] = ["own" if n == uid else n for n in out[key]]
    return out


def refused(service, name, secret):
    """Whether it says no; and what it says."""
    t, _ = begin(service, name, secret)
    no = t.expect(SERVICES[service][2])
    if service != "login":
        status = t.finish()
    else:
        status = 1              # it asks again
        t.close()
    return bool(no and status != 0 and b"PROBE" not in t.said), \
        t.said.decode("utf-8", "replace")


def cron(names):
    """Every user's job, run by a cron that believes in a reboot: {name: as
    log_in() says}"""
    Path("/run/crond.reboot").unlink(missing_ok=True)
    tabs = {name: Path("/var/spool/cron/crontabs", name) for name in names}
    for name, tab in tabs.items():
        tab.write_text(f"@reboot {PROBE} >/tmp/cron.{name} 2>&1\n")
        tab.chmod(0o600)
        os.chown(tab, pwd.getpwnam(name).pw_uid, -1)
    began, out = time.monotonic(), {}
    with start(["cron", "-f"]) as daemon:
        progress.wait_for(lambda: gather(names, out, began))
        daemon.terminate()
    for name, tab in tabs.items():
        tab.unlink()
        Path("/tmp", f"cron.{name}").unlink(missing_ok=True)
    return out


def gather(names, out, began):
    for name in set(names) - set(out):
        with contextlib.suppress(OSError):
            said = Path("/tmp", f"cron.{name}").read_text()
            if said.endswith("\n"):
                out[name] = {"facts": facts(said[len("PROBE "):], name)
                             if said.startswith("PROBE ") else None,
                             "seconds": time.monotonic() - began,
                             "status": 0, "said": said}
    return len(out) == len(names)


# --- The parts, in their order ---

def everything(part, names, given):
    """Each service for each account, with the right and the wrong secret."""
    def cell(service, name, right):
        secret = given["password" if right else "wrong"]
        if service == "sshd key":
            secret = "/root/right.key" if right else "/root/wrong.key"
        if right:
            say(part=part, service=service, name=name,
                **log_in(service, name, secret))
        else:
            no, said = refused(service, name, secret)
            say(part=part, service=service, name=name, refused=no, said=said)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(cell, *each)
                for each in itertools.product(SERVICES, names, (True, False))]
    for job in jobs:
        job.result()
    for name, done in cron(names).items():
        say(part=part, service="cron", name=name, **done)


def crowd(name, given):
    with ThreadPoolExecutor(CROWD) as pool:
        jobs = [pool.submit(log_in, "sshd password", name, given["password"])
                for _ in range(CROWD)]
    for job in jobs:
        say(part="crowd", service="sshd password", name=name, **job.result())


def while_held(hold, name, given):
    """Look into the stacks while the session is held up, and later; then once
    more, and abort those that our module holds up."""
    for service, cores in itertools.product(
            ("sshd password", "su", "login"),
            (False, True) if hold == "broker" else (False,)):
        others = set(memory.services())
        t, _ = begin(service, name, given["password"], f"{PROBE}; read x")
        held = progress.wait_for(lambda: memory.held(hold))
        say(part="memory", service=service, hold=hold, held=bool(held),
            cores=cores,
            **memory.look(given["password"], held, others, cores))
        if not cores:
            t.expect(rb"\$ $" if service == "login" else rb"PROBE")
            say(part="memory", service=service, hold=f"{hold}, later",
                held=True,
                **memory.look(given["password"], (), others, False))
        t.close()
        progress.wait_for(lambda: not set(memory.services()) - others)


@contextlib.contextmanager
def edited(old, new):
    """common-session is another for a while."""
    path = Path("/etc/pam.d/common-session")
    before = path.read_text()
    path.write_text(re.sub(old, new, before))
    yield
    path.write_text(before)


def bare(given):
    """The stacks without us; and with a pause where we would be."""
    everything("bare", ["bare"], given)
    with edited(r"\Z", "session optional pam_exec.so "
                "type=open_session /bin/sleep 30\n"):
        while_held("sleep", "bare", given)


def installed(given):
    """Chosen in pam-auth-update, with all that can be in a broker's place."""
    run(f"{HERE}/libpam-gss-winrm.postinst", "configure")
    run("pam-auth-update", "--package", "--enable", "gss-winrm")
    for kind in given["kinds"]:
        set_up(kind, kind)
    everything("with", given["kinds"], given)
    for kind in set(given["kinds"]) & {"real"}:
        say(part="status", said=status_of(pwd.getpwnam(kind).pw_uid).stdout)
    crowd("halfway", given)
    for r in Rogue.all:
        say(part="rogue", name=r.name, lines=r.lines)
    with edited(r"pam_gss_winrm\.so", r"\g<0> timeout=30"):
        while_held("broker", "halfway", given)


def removed(given):
    """The module is gone from a stack that names it; and then properly."""
    for path in Path("/usr/lib").glob("*/security/pam_gss_winrm.so"):
        path.unlink()
    everything("gone", ["mute"], given)
    run(f"{HERE}/libpam-gss-winrm.prerm", "remove")
    everything("removed", ["mute"], given)


def run(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL,
                   stdout=sys.stderr)


def main():
    given = json.loads(sys.stdin.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    own_devices()
    make_users(given["kinds"] + ["bare"], given["password"])
    daemons()
    for part in (bare, installed, removed):
        began = time.monotonic()
        part(given)
        say(part="took", what=part.__name__, seconds=time.monotonic() - began)
    say(part="outputs", found=memory.copies(b"".join(Terminal.outputs),
                                            given["password"]))


main()
