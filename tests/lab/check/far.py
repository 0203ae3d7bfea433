# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A fast WinRM server in a network namespace of its own, for endurance.py, and
the link that leads there."""

import contextlib
import json
import subprocess

import progress
from .helper import HOST

SERVER, LINK = "10.231.0.2", "10.231.0.1"
PORT = 5999
WEB02 = HOST["web02"]           # whose name it has


class Network:
    """The server's own namespace, and the link to it."""

    def __init__(self, lab):
        with open(f"{lab.dir}/netns.name") as f:
            self.lab = f.read().strip()
        self.name = f"{self.lab}-far"
        self.hosts = f"/etc/netns/{self.lab}/hosts"

    def ip(self, *arguments, where=None):
        subprocess.run(["ip", "-n", where or self.lab, *arguments],
                       check=True, stdin=subprocess.DEVNULL)

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "add", "near", "type", "veth", "peer", "name", "far",
                "netns", self.name)
        for where, device, address in ((self.lab, "near", LINK),
                                       (self.name, "far", SERVER)):
            self.ip("addr", "add", f"{address}/24", "dev", device,
                    where=where)
            self.ip("link", "set", device, "up", where=where)
        with open(self.hosts) as f:
            self.before = f.read()
        with open(self.hosts, "a") as f:
            f.write(f"{SERVER} {WEB02.fqdn}\n")
        return self

    def __exit__(self, *_):
        with open(self.hosts, "w") as f:
            f.write(self.before)
        subprocess.run(["ip", "netns", "delete", self.name], check=False)

    def cut(self):
        self.ip("link", "set", "near", "down")

    def restore(self):
        self.ip("link", "set", "near", "up")


class Talker:
    """A program that takes commands, a line each, and answers with one."""

    def __init__(self, argv, err, **how):
        self.err = err
        with open(err, "ab") as stderr:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=stderr, text=True, **how)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            with open(self.err, errors="replace") as f:
                raise RuntimeError(f"{self.process.args[-8:]} has ended: "
                                   f"{f.read()[-800:]}")
        return json.loads(line)

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            progress.wait(self.process)
        except progress.Hang:
            self.process.kill()
            self.process.wait()


class Server:
    def __init__(self, lab, network, build):
        self.argv = ["ip", "netns", "exec", network.name, "env",
                     f"KRB5_KTNAME={lab.dir}/keytabs/web02",
                     f"KRB5_CONFIG={lab.dir}/krb5.conf", "GSS_MECH_CONFIG="
                     "/dev/null", "sh", "-c", 'ulimit -Sn hard; exec "$@"',
                     "sh", f"{build}/tests/bench/winrm_end", SERVER,
                     f"{lab.dir}/certs/web02.pem", str(PORT)]
        self.err = f"{lab.dir}/winrm_end.err"
        self.talker = None

    def start(self):
        self.talker = Talker(self.argv, self.err)
        if not self.talker.process.stdout.readline():       # its port
            with open(self.err) as f:
                raise RuntimeError(f"no server: {f.read()}")

    def kill(self):
        self.talker.process.kill()
        self.talker.process.wait()

    def end(self):
        if self.talker is not None:
            self.kill()
