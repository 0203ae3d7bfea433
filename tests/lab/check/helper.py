# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The broker and a gateway of one unprivileged user, in the lab."""

import os
import shutil
import socket
import subprocess
import threading

import hosts
import progress
from progress import wait_for
from .lab import HERE
from .clients import PROGRAMS

UID, OTHER_UID = 61001, 61002
PROGRAM_FILES = ("broker/gss-winrmd", "gateway/gss-winrm-gateway",
                 "cli/gss-winrm")
NTLMSSP = "/etc/gss/mech.d/mech.ntlmssp.conf"
HOST = hosts.BY_NAME

# web01 to web03 and the clusters may have the password; web04 is reached
# without it; web05 is not for the gateway.
DELEGATED = [HOST[n].fqdn for n in ("web01", "web02", "web03")]
DELEGATED += [b.fqdn for b in hosts.BALANCED]
UNDELEGATED, OUTSIDE = HOST["web04"], HOST["web05"]


def section(name, *lines):
    """libkrb5 wants braces on lines of their own."""
    return "\n".join([f"{name} = {{", *lines, "}"])


def targets():
    """What most of the tests want to know about hosts."""
    nodes = " ".join(n.fqdn for n in hosts.CLUSTER_NODES)
    credssp = "delegation = credssp"
    return {DELEGATED[0]: [credssp], DELEGATED[1]: [credssp],
            DELEGATED[2]: [credssp],
            **{b.fqdn: [credssp, f"nodes = {nodes}"] for b in hosts.BALANCED}}


def policy(about=None, delegate_to=DELEGATED, ntlm="false", **gateway):
    """krb5.conf; `gateway` are further keys of that section."""
    keys = {"targets": UNDELEGATED.fqdn, "max_message": 4096, "ntlm": ntlm,
            "connect_timeout": 3, "response_timeout": 4, **gateway}
    return "[appdefaults]\n" + section(
        "winrm", "ca_file = {dir}/ca.pem",
        section("targets", *(section(name, *lines) for name, lines in
                             (about or targets()).items())),
        section("credssp", "delegate_to = " + " ".join(delegate_to),
                f"ntlm = {ntlm}"),
        section("gateway", *(f"{k} = {v}" for k, v in keys.items()))) + "\n"


def missing(build):
    """Those of the programs that are not built."""
    return [p for p in PROGRAM_FILES
            if not os.path.exists(f"{build}/helper/{p}")]


class Syslog:
    """What a user's programs log, line by line, into a file."""

    def __init__(self, path, file):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.file = open(file, "a", buffering=1)
        threading.Thread(target=self.pump, daemon=True).start()

    def pump(self):
        while True:
            try:
                line = self.socket.recv(65536)
            except OSError:
                return
            self.file.write(line.decode(errors="replace").rstrip() + "\n")


class Helper:
    """One user's; `text` is krb5.conf's policy."""

    def __init__(self, lab, venv, program, uid=UID, text=None):
        self.lab, self.venv, self.program, self.uid = lab, venv, program, uid
        self.processes = []
        self.dir = f"{lab.dir}/u{uid}"
        build = self.build(program)
        self.mounts = {"venv": venv, "programs": PROGRAMS,
                       "foreign": lab.foreign()}
        self.make_directories(build)
        self.syslog = f"{self.dir}/syslog"
        Syslog(f"{self.dir}/log", self.syslog)
        self.write_policy(text or policy())
        self.proxy = self.broker = None

    @staticmethod
    def build(program):
        """The build's directory: the C client is in its tests/lab."""
        return os.path.dirname(os.path.dirname(os.path.dirname(program)))

    def make_directories(self, build):
        shutil.rmtree(self.dir, ignore_errors=True)
        for sub in ("", "run", *self.mounts):
            os.makedirs(f"{self.dir}/{sub}", mode=0o700)
            os.chown(f"{self.dir}/{sub}", self.uid, self.uid)
        # Their place in the tree may be root's alone.
        self.bin = f"{self.lab.dir}/helper"
        if not os.path.exists(self.bin):
            os.makedirs(self.bin)
            for each in PROGRAM_FILES:
                shutil.copy(f"{build}/helper/{each}", self.bin)

    def write_policy(self, text):
        self.conf = f"{self.dir}/policy.conf"
        with open(self.conf, "w") as f:
            f.write(text.replace("{dir}", self.lab.dir))
        os.chown(self.conf, self.uid, self.uid)

    def wrap(self, env=None):
        """A command line before one that runs as this user."""
        variables = {
            # As after a login: the uid has no name, and since Python 3.13
            # Ansible ends where it finds none.
            "USER": f"u{self.uid}", "LOGNAME": f"u{self.uid}",
            "HOME": self.dir, "XDG_RUNTIME_DIR": f"{self.dir}/run",
            "KRB5_CONFIG": f"{self.conf}:{self.lab.dir}/krb5.plain.conf",
            "KRB5CCNAME": f"FILE:{self.dir}/ccache",
            "KRB5_TRACE": f"{self.dir}/trace",
            "GSS_MECH_CONFIG": NTLMSSP,
            "GSS_WINRM_LIBEXEC": self.bin,
            "NODE_PATH": f"{self.dir}/foreign/node_modules", **(env or {})}
        return [f"{PROGRAMS}/as_user", str(self.uid), self.dir,
                *(f"{source}={self.dir}/{target}"
                  for target, source in self.mounts.items()), "--", "env",
                *(f"{k}={v}" for k, v in variables.items())]

    def start(self, argv, name, env=None, **how):
        """A program of the user in the background; its output in a file."""
        with open(f"{self.dir}/{name}.out", "ab") as out:
            process = subprocess.Popen(
                [f"{HERE}/lab", "run", "--dir", self.lab.dir, "--",
                 *self.wrap(env), *argv], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, **how)
        self.processes.append(process)
        return process

    def said(self, name):
        with open(f"{self.dir}/{name}.out", errors="replace") as f:
            return f.read()

    def start_broker(self):
        self.broker = self.start([f"{self.bin}/gss-winrmd", "--foreground"],
                                 "broker")
        path = f"{self.dir}/run/gss-winrm/broker"
        if not wait_for(lambda: os.path.exists(path)):
            raise RuntimeError(f"no broker: {self.said('broker')}")

    def start_gateway(self, *options, name="gateway", listen="127.0.0.1:0"):
        """Its address; `options` are its own."""
        read, write = os.pipe()
        process = self.start(
            [f"{self.bin}/gss-winrm-gateway", "--listen", listen,
             "--ready-fd", str(write), *options], name, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as ready:
            address = ready.readline().strip()
        if not address:
            raise RuntimeError(f"no gateway: {self.said(name)}")
        process.address = address
        return process

    def up(self):
        self.start_broker()
        self.gateway = self.start_gateway()
        self.proxy = self.gateway.address
        return self

    def down(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                progress.wait(process)
            except progress.Hang:
                process.kill()
        self.processes = []

    def run(self, argv, proxied=False, env=None, **how):
        """A client of the user's; `proxied`: the one change."""
        env = dict(env or {})
        if proxied:
            env["http_proxy"] = f"http://{self.proxy}"
        return self.lab.run(argv, wrap=self.wrap(env), **how)

    def command(self, *arguments, stdin=None):
        """gss-winrm; `stdin` is a file."""
        with open(stdin or os.devnull) as given:
            return progress.run(
                [f"{HERE}/lab", "run", "--dir", self.lab.dir, "--",
                 *self.wrap(), f"{self.bin}/gss-winrm", *arguments],
                stdin=given, text=True, capture_output=True)

    def log_in(self, user=hosts.SECRET_USER, password=None, *options):
        """With a file's password; by default the one that nobody knows."""
        return self.command("login", "--stdin", *options,
                            f"{user}@{hosts.REALM}",
                            stdin=password or f"{self.lab.dir}/secret")
