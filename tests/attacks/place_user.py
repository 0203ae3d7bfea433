# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A user of the machine, with programs of ours, for attacks on what they start."""

import os
import pty
import secrets
import select
import shutil
import signal
import socket
import subprocess

import progress

PATIENCE = 600                  # seconds, of a socket: it hangs
PROGRAMS = ("broker/gss-winrmd", "cli/gss-winrm", "gateway/gss-winrm-gateway")
CONF = """[libdefaults]
 default_realm = ATTACK.TEST
 dns_lookup_kdc = false
[appdefaults]
 winrm = {
  gateway = { targets = .attack.test }
 }
"""


class User:
    """Nobody else has this uid, so two of us do not meet."""

    def __init__(self, t, name):
        self.t, self.dir = t, t.dir / name
        self.uid = 200000 + secrets.randbelow(2000000)
        os.chmod(t.dir, 0o755)
        for each in (self.dir, self.dir / "run", self.dir / "bin"):
            each.mkdir(mode=0o700)
            os.chown(each, self.uid, self.uid)
        for each in PROGRAMS:
            shutil.copy(t.build / "helper" / each, self.dir / "bin")
            os.chmod(self.dir / "bin" / each.split("/")[1], 0o755)
        (self.dir / "krb5.conf").write_text(CONF)
        self.program = self.dir / "bin/gss-winrm"
        self.gateway = self.dir / "bin/gss-winrm-gateway"
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(self.dir), "PS1": "$ ",
            "TERM": "dumb", "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.dir / "run"),
            "KRB5_CONFIG": str(self.dir / "krb5.conf"),
            "KRB5CCNAME": f"FILE:{self.dir}/ccache",
            "GSS_WINRM_LIBEXEC": str(self.dir / "bin")}
        t.defer(self.end_broker)

    def wrap(self, argv):
        return ["setpriv", "--reuid", str(self.uid), "--regid", str(self.uid),
                "--clear-groups", *(str(a) for a in argv)]

    def end_broker(self):
        """Whoever runs as this uid is ours, and nobody else's."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if real_uid(pid) == self.uid:
                    os.kill(int(pid), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass


def real_uid(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        for line in f:
            if line.startswith("Uid:"):
                return int(line.split()[1])
    return -1


class Terminal:
    """A program of the user's on a terminal of its own."""

    def __init__(self, user, argv, env=None):
        self.seen = b""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(user.dir)
            argv = user.wrap(argv)
            os.execvpe(argv[0], argv, {**user.env, **(env or {})})
        self.pid = pid
        user.t.defer(self.end)

    def read(self, seconds=0.1):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                return False
        return True

    def expect(self, text, start=0):
        """Where it is."""
        if not progress.wait_for(lambda: text in self.seen[start:] or
                                 not self.read()) or \
                text not in self.seen[start:]:
            raise RuntimeError(f"no {text!r} in {self.seen!r}")
        return self.seen.index(text, start)

    def write(self, data):
        os.write(self.fd, data)

    def wait(self):
        """Its exit status, or None."""
        def ended():
            self.read()
            return os.waitpid(self.pid, os.WNOHANG)

        done = self.pid and progress.wait_for(
            lambda: (one := ended())[0] and one)
        if not done:
            return None
        self.pid = None
        return os.waitstatus_to_exitcode(done[1])

    def end(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def compile_c(source, output, *options):
    subprocess.run(["cc", "-O1", "-Wall", "-D_GNU_SOURCE", "-o", output,
                    source, *options], check=True)
    os.chmod(output, 0o755)
    return output


def told(where):
    """What the attacker in a gateway (rogue_gateway.c) tells whoever connects."""
    with socket.socket() as connection:
        # Without a time limit, which would ask for the socket's error: the
        # gateway may have reset the connection by then, with all in it.
        connection.connect(where)
        connection.settimeout(PATIENCE)
        text = b""
        try:
            while not text.endswith(b"end\n"):
                more = connection.recv(65536)
                if not more:
                    break
                text += more
        except OSError as error:
            text += f"({error})\n".encode()
    return text.decode()
