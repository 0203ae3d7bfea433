# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Another user wants to pass for the one whose broker and gateway these are.

In a user namespace (a rootless container) every user whom it does not map
looks like the overflow uid, 65534.  Who serves as that takes all of them for
itself: SO_PEERCRED and sock_diag say 65534 of everybody.
"""

import os
import shutil
import socket
import struct
import subprocess

import progress
from place import wait_for, write_conf

# Users without an account: whom it is about, and who wants to be that.
VICTIM, ATTACKER, NOBODY = 61103, 61104, 65534
HELLO, WELCOME = 1, 130
REQUEST = (b"POST http://web01.test.example:5985/wsman HTTP/1.1\r\n"
           b"Host: web01.test.example:5985\r\n"
           b"Content-Type: application/soap+xml\r\n"
           b"Content-Length: 4\r\n\r\n<x/>")
# Become a user; look like the overflow uid; wait for the map; be the program.
ENTER = ["unshare", "--user", "sh", "-c", 'echo in; read _; exec "$@"', "sh"]


class Victim:
    """A broker and a gateway of this uid, in a namespace with this map."""

    def __init__(self, t, name, uid, mapped):
        self.t, self.uid, self.mapped = t, uid, mapped
        self.dir = t.dir / name
        # Open to everybody: it is not the directory that has to keep them out.
        for each in (self.dir, self.dir / "run"):
            each.mkdir()
            each.chmod(0o755)
        os.chown(self.dir / "run", uid, uid)
        write_conf(self.dir / "krb5.conf", "web01.test.example")
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                    "KRB5_CONFIG": str(self.dir / "krb5.conf"),
                    "XDG_RUNTIME_DIR": str(self.dir / "run"),
                    "KRB5CCNAME": f"FILE:{self.dir}/none",
                    "GSS_WINRM_LIBEXEC": str(t.dir / "bin")}

    def start(self, *argv):
        """argv as the victim, and the file with what it says."""
        wrap = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}",
                "--clear-groups"]
        enter = ENTER if self.mapped is not None else []
        path = self.dir / f"{os.path.basename(argv[0])}-{argv[-1]}".replace(
            ":", "-")
        with open(path, "wb") as f:
            process = self.t.start(
                [*wrap, *enter, *argv], env=self.env, stderr=f,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if enter:
            process.stdout.readline()
            if self.mapped:
                with open(f"/proc/{process.pid}/uid_map", "w",
                          encoding="ascii") as f:
                    f.write(self.mapped)
            process.stdin.write(b"\n")
            process.stdin.flush()
        return process, path

    def program(self, name):
        return str(self.t.dir / "bin" / name)

    def broker(self):
        process, said = self.start(self.program("gss-winrmd"),
                                   "--foreground")
        path = self.dir / "run/gss-winrm/broker"
        wait_for(lambda: path.exists() or process.poll() is not None)
        if path.exists():
            path.parent.chmod(0o755)
            path.chmod(0o777)
        return process, said.read_text(), path

    def gateway(self):
        """It needs a broker, whose directory is as it should be."""
        directory = self.dir / "run/gss-winrm"
        if directory.exists():
            directory.chmod(0o700)
        process, said = self.start(self.program("gss-winrm-gateway"),
                                   "--listen", "127.0.0.1:0")
        wait_for(lambda: b"listening on" in said.read_bytes() or
                 process.poll() is not None)
        if directory.exists():
            directory.chmod(0o755)
        return process, said.read_text()


def as_user(uid, call, *arguments):
    """What call() gives in a process of that uid, as text."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            text = call(*arguments)
        except OSError as error:
            text = f"refused: {error}"
        os.write(theirs, text.encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as f:
        text = f.read().decode()
    os.waitpid(pid, 0)
    return text


def ask_broker(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(600)
        s.connect(str(path))
        s.sendall(struct.pack(">IBI", 5, HELLO, 1))
        reply = s.recv(64)
    if len(reply) > 4 and reply[4] == WELCOME:
        return "the broker is mine"
    return "refused: the broker hangs up"


def ask_gateway(port):
    with socket.create_connection(("127.0.0.1", port), 30) as s:
        s.sendall(REQUEST)
        reply = s.recv(4096).decode("utf-8", "replace")
    if "another user" in reply or "cannot tell which user" in reply:
        return f"refused: {reply.splitlines()[-1]}"
    return f"it works for me: {reply.splitlines()[0] if reply else 'closed'}"


def port_of(said):
    return int(said.split(" port ")[1].split()[0])


def attack(t):
    t.dir.chmod(0o755)
    (t.dir / "bin").mkdir()
    for each in ("broker/gss-winrmd", "gateway/gss-winrm-gateway",
                 "cli/gss-winrm"):
        shutil.copy(t.build / "helper" / each, t.dir / "bin")
    for name, uid, mapped in (
            ("unmapped", VICTIM, ""),
            ("mapped to 65534", VICTIM, f"{NOBODY} {VICTIM} 1\n")):
        meet(t, name, Victim(t, name.replace(" ", "-"), uid, mapped))
    # An account as any where everybody has a number of their own.
    meet_nobody(t)


def meet(t, name, victim):
    """Nobody is served, or nobody else."""
    process, said, path = victim.broker()
    got = as_user(ATTACKER, ask_broker, path) if path.exists() else \
        "nothing: there is no broker"
    t.rogue(got)
    t.ok("mine" not in got and process.poll() not in (None, 0) and
         "uid 65534" in said, f"{name}: the broker does not serve as that",
         f"{got}; {said}")
    process, said = victim.gateway()
    got = as_user(ATTACKER, ask_gateway, port_of(said)) \
        if "listening" in said else "nothing: there is no gateway"
    t.rogue(got)
    t.ok("for me" not in got and process.poll() not in (None, 0) and
         "uid 65534" in said, f"{name}: nor does the gateway",
         f"{got}; {said}")
    for words in (["status"], ["login", "alice@TEST.EXAMPLE"],
                  ["run", "--", "true"]):
        process, path = victim.start(victim.program("gss-winrm"), *words)
        progress.wait(process)
        t.ok(process.returncode and "uid 65534" in path.read_text(),
             f"{name}: nor gss-winrm {words[0]}", path.read_text())


def meet_nobody(t):
    victim = Victim(t, "nobody", NOBODY, None)
    process, said, path = victim.broker()
    t.ok(process.poll() is None and as_user(NOBODY, ask_broker, path) ==
         "the broker is mine", "outside, nobody is an account as any", said)
    got = as_user(ATTACKER, ask_broker, path)
    t.rogue(got)
    t.ok(got.startswith("refused"), "and its broker serves it alone", got)
    inside = subprocess.run(
        ["setpriv", f"--reuid={ATTACKER}", f"--regid={ATTACKER}",
         "--clear-groups", "unshare", "--user", "/usr/bin/python3", "-c",
         f"import os, socket; s = socket.socket(socket.AF_UNIX); "
         f"s.connect({str(path)!r}); s.settimeout(600); "
         f"s.sendall({struct.pack('>IBI', 5, HELLO, 1)!r}); "
         "print(os.getuid(), s.recv(64))"],
        capture_output=True, text=True, check=False)
    t.rogue(inside.stdout + inside.stderr.splitlines()[-1:].__str__())
    t.ok("65534" not in inside.stdout or "b''" in inside.stdout,
         "nor somebody who looks like it in a namespace",
         inside.stdout + inside.stderr)
    process, said = victim.gateway()
    got = as_user(ATTACKER, ask_gateway, port_of(said))
    t.rogue(got)
    t.ok(got.startswith("refused"), "and its gateway, too", got)
