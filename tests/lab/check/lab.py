# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The lab seen from a test."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

import hosts
import progress
from standin import tokens

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@dataclass
class Result:
    """One run of a client and what the lab saw of it."""
    code: int
    out: str
    err: str
    trace: str                                  # KRB5_TRACE
    auths: list = field(default_factory=list)   # the stand-ins' log
    hits: list = field(default_factory=list)    # Apache's log, as dicts

    def sent(self, asked):
        """The names that the plugin sent in place of HTTP@asked."""
        return re.findall(rf"gss-winrm: HTTP@{re.escape(asked)}: sending "
                          r"(\S+)", self.trace, re.I)

    def accepted(self):
        return [a for a in self.auths if a.get("accepted")]

    def describe(self):
        lines = [f"exit {self.code}"]
        lines += [f"out: {x[:300]}" for x in self.out.splitlines()[-3:]]
        lines += [f"err: {x[:300]}" for x in self.err.splitlines()[-4:]]
        lines += ["seen: %s:%s %s %s %s" % (
            a.get("host"), a.get("port"), a.get("ticket"),
            "accepted" if a.get("accepted") else "refused",
            a.get("reason", "")[:90]) for a in self.auths]
        lines += [x for x in self.trace.splitlines() if "gss-winrm: " in x]
        return "\n".join(lines)


class Tail:
    """What a file gained since the last look."""

    def __init__(self, path):
        self.path, self.at = path, 0
        self.read()

    def read(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path) as f:
            f.seek(self.at)
            text = f.read()
            self.at = f.tell()
        return text.splitlines()


class Lab:
    def __init__(self, directory, plugin):
        self.dir = directory
        self.plugin = plugin
        self.work = tempfile.mkdtemp(prefix="run-", dir=directory)
        self.auth_log = Tail(f"{directory}/standin.jsonl")
        self.request_log = Tail(f"{directory}/requests.jsonl")
        self.site_log = Tail(f"{directory}/apache/access.log")

    @classmethod
    def up(cls, directory, plugin):
        subprocess.run([f"{HERE}/lab", "up", "--dir", directory],
                       check=True, stdout=2)
        return cls(directory, plugin)

    def run(self, argv, plugin=False, policy=None, env=None, quiet=90,
            ccache=None, wrap=(), base="krb5.conf"):
        """Run a client in the lab with a TGT of its own and nothing learned.
        `policy` is text for krb5.conf, read before `base`, the lab's own;
        `wrap` is a command line that starts argv."""
        trace = f"{self.work}/trace"
        if os.path.exists(trace):
            os.remove(trace)
        if ccache is None:
            ccache = f"{self.work}/ccache"
            shutil.copy(f"{self.dir}/alice.ccache", ccache)
        variables = {**os.environ, "KRB5CCNAME": f"FILE:{ccache}",
                     "KRB5_TRACE": trace}
        variables.pop("GSS_WINRM", None)
        variables.pop("KRB5_CONFIG", None)
        if policy is not None:
            path = f"{self.work}/policy.conf"
            with open(path, "w") as f:
                f.write(policy)
            variables["KRB5_CONFIG"] = f"{path}:{self.dir}/{base}"
        variables.update(env or {})
        command = [f"{HERE}/lab", "run", "--dir", self.dir]
        if plugin:
            command += ["--plugin", self.plugin]
        self.events()
        try:
            done = progress.run(
                [*command, "--", *wrap, *argv], env=variables, text=True,
                stdin=subprocess.DEVNULL, capture_output=True,
                quiet=quiet)
            code, out, err = done.returncode, done.stdout, done.stderr
        except progress.Hang as hang:
            code, out, err = -1, "", str(hang)
        text = ""
        if os.path.exists(trace):
            with open(trace, errors="replace") as f:
                text = f.read()
        auths, hits = self.events()
        return Result(code, out, err, text, auths, hits)

    @staticmethod
    def foreign():
        """The directory with the clients in Go and for Node."""
        return subprocess.run([f"{HERE}/foreign"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def requests(self):
        """The requests that the stand-ins had since the last look."""
        return [json.loads(line) for line in self.request_log.read()]

    def secret(self, name, text):
        """A file that only root reads."""
        path = f"{self.work}/{name}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                          0o600), "w") as f:
            f.write(text + "\n")
        return path

    def events(self):
        auths = [json.loads(line) for line in self.auth_log.read()]
        hits = []
        for line in self.site_log.read():
            address, status, user, authorization = line.split("\t")
            ask = None
            if authorization.startswith("Negotiate "):
                ask = tokens.ask_of(_decode(authorization.split()[1]))
            hits.append({"host": hosts.BY_ADDRESS[address].name,
                         "status": int(status), "user": user,
                         "ticket": ask.server if ask else None})
        return auths, hits

    def set(self, host=None, **settings):
        """Set a WinRM host's (default: all hosts') options; no options: the
        defaults."""
        for name in [host] if host else hosts.BY_NAME:
            path = f"{self.dir}/standin/{name}.json"
            if settings:
                with open(path + ".new", "w") as f:
                    json.dump(settings, f)
                os.replace(path + ".new", path)
            elif os.path.exists(path):
                os.remove(path)


def _decode(text):
    import base64
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""
