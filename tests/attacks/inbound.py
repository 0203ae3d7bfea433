# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A ticket for the machine, from a web site that wants one for the web site behind it: by connecting from port 5985."""

import base64
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import realm
import run_tests

HERE = Path(__file__).resolve().parent
HOST = "web01.test.example"     # of the realms: HTTP/ is the service account's
HOST_ADDRESS = "127.0.11.1"
# How the site accepts: see place_site.py.
KINDS = {
    "here": "who accepts listens",
    "prefork": "its parent listens",
    "activated": "no listener in sight",
}


class Site:
    """The victim, and what it needs."""

    def __init__(self, t, realms):
        self.t = t
        self.trace = t.dir / "trace"
        self.winrm = socket.create_server((HOST_ADDRESS, 0))
        t.defer(self.winrm.close)
        conf = Path(realms.environment()["KRB5_CONFIG"]).read_text()
        (t.dir / "krb5.conf").write_text(
            conf + "[appdefaults]\n winrm = {\n  ports = 5985 5986 "
            f"{self.winrm.getsockname()[1]}\n }}\n")
        (t.dir / "mech").write_text(
            run_tests.MECHANISM % (t.build / "plugin/.libs/gss_winrm.so"))
        shutil.copy(realms.directory / "alice", t.dir / "cc")
        self.environment = realm.clean_environment()
        self.environment.update(realms.environment())
        self.environment.update(
            KRB5_CONFIG=str(t.dir / "krb5.conf"),
            GSS_MECH_CONFIG=str(t.dir / "mech"),
            KRB5CCNAME=f"FILE:{t.dir}/cc", KRB5_TRACE=str(self.trace),
            LD_PRELOAD=run_tests.nss_wrapper(),
            NSS_WRAPPER_HOSTS=realms.environment()["K5_HOSTS"])

    def start(self, kind, address):
        """Returns its port."""
        if kind == "activated":
            return self.activate(address)
        process = self.t.start(
            [sys.executable, "-B", HERE / "place_site.py", kind, address],
            env=self.environment, stdout=subprocess.PIPE, text=True)
        return int(process.stdout.readline())

    def activate(self, address):
        """A super server: a process that accepts, and starts the site."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, 0), family=family)
        port = listener.getsockname()[1]
        program = [sys.executable, "-B", str(HERE / "place_site.py"),
                   "activated"]
        pid = os.fork()
        if pid == 0:
            realm.die_with_parent()
            while True:
                client = listener.accept()[0]
                with subprocess.Popen(program, stdin=client,
                                      env=self.environment):
                    client.close()
        listener.close()
        self.t.defer(end, pid)
        return port


def end(pid):
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def connect(source, port):
    """From one of WinRM's ports, which no privilege is needed for.  None: both
    are taken."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    for winrm in (5985, 5986):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.settimeout(600)
        try:
            s.bind((source, winrm))
            s.connect(("::1" if ":" in source else "127.0.0.1", port))
            return s
        except OSError:
            s.close()
    return None


def ask(s, text="GET /"):
    """What the site sent: the name in its ticket, which is not encrypted."""
    with s:
        s.sendall(text.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            more = s.recv(65536)
            if not more:
                return f"nothing ({answer!r})"
            answer += more
    found = re.search(rb"\x1b.([A-Z]+)\x1b.([a-z0-9.]+)",
                      base64.b64decode(answer), re.DOTALL)
    return b"/".join(found.groups()).decode() if found else "no name"


def attack(t):
    site = Site(t, t.realms())
    sources = (("127.0.0.1", "elsewhere"), (HOST_ADDRESS, "the host itself"),
               ("::1", "IPv6"))
    for kind, how in KINDS.items():
        for source, where in sources:
            what = f"from port 5985 of {where}, {how}"
            port = site.start(kind, "::1" if ":" in source else "127.0.0.1")
            s = connect(source, port)
            if s is None:
                t.skip(what, f"ports 5985 and 5986 of {source} are taken")
                continue
            name = ask(s)
            t.rogue(f"{what}: " + ("nothing, a ticket for the web site"
                                   if name == f"HTTP/{HOST}" else name))
            t.ok(name == f"HTTP/{HOST}", what, name)
    # The same process, with a connection of its own to WinRM.
    port = site.start("here", "127.0.0.1")
    s = socket.create_connection(("127.0.0.1", port), 60)
    name = ask(s, f"winrm {HOST_ADDRESS} {site.winrm.getsockname()[1]}")
    t.ok(name == f"HOST/{HOST}", "a connection of the site's own counts", name)
    trace = site.trace.read_text()
    t.ok(trace.count("gss-winrm: ") >= len(KINDS),
         "the plugin was there", trace)
