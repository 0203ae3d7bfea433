# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A gateway and its broker, of an unprivileged user, and a server behind it.

No realm: what gets through is a client's own NTLM, which the gateway passes
on as it is, so that the server counts it.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time

import realm
from place import PATIENCE, wait_for

UID, OTHER_UID = 61011, 61012
SOAP = "Content-Type: application/soap+xml;charset=UTF-8"
NTLM = "Authorization: NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA="
CONF = """[libdefaults]
 dns_canonicalize_hostname = false
[appdefaults]
 winrm = {{
  ports = {ports}
  gateway = {{
   targets = {host}
{keys}
  }}
 }}
"""


class Upstream:
    """Answers whatever comes, unless it is told to hold, and counts it."""

    def __init__(self, t, host="127.0.0.1"):
        self.host, self.requests = host, []
        self.hold = False
        self.listener = socket.create_server((host, 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        t.defer(self.listener.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                one, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(one,),
                                 daemon=True).start()

    def serve(self, one):
        with one, one.makefile("rb") as file:
            while True:
                line = file.readline()
                if not line:
                    return
                length = 0
                for header in iter(file.readline, b"\r\n"):
                    if not header:
                        return
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                file.read(length)
                self.requests.append(line.decode(errors="replace").strip())
                if self.hold:
                    file.read()         # until the gateway hangs up
                    return
                one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                            b"Content-Type: text/plain\r\n\r\nhere\n")


class Front:
    """What the user has: broker, gateway, and what they say."""

    def __init__(self, t, upstream, *options, netns=None, line=0, **keys):
        """line: the seconds that it takes to log one."""
        self.t, self.upstream, self.netns = t, upstream, netns
        self.line = line
        self.keys = "\n".join(f"   {k} = {v}" for k, v in keys.items())
        t.dir.chmod(0o755)
        for name in ("bin", "run"):
            (t.dir / name).mkdir(mode=0o755, exist_ok=True)
        for name in ("broker/gss-winrmd", "gateway/gss-winrm-gateway"):
            shutil.copy(t.build / "helper" / name, t.dir / "bin")
        os.chmod(t.dir / "run", 0o700)
        os.chown(t.dir / "run", UID, UID)
        self.configure()
        self.broker = self.start("gss-winrmd", "--foreground")
        path = t.dir / "run/gss-winrm/broker"
        if not wait_for(path.exists):
            raise RuntimeError(f"no broker: {self.said('gss-winrmd')}")
        self.host, self.port = None, None
        self.gateway = self.start_gateway(*options)

    def configure(self):
        (self.t.dir / "krb5.conf").write_text(CONF.format(
            ports=self.upstream.port, host=self.upstream.host,
            keys=self.keys))

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                "XDG_RUNTIME_DIR": str(self.t.dir / "run"),
                "KRB5_CONFIG": str(self.t.dir / "krb5.conf"),
                "GSS_MECH_CONFIG": "/dev/null", "LC_ALL": "C.UTF-8"}

    def as_user(self, argv, uid=UID):
        enter = ["ip", "netns", "exec", self.netns] if self.netns else []
        return [*enter, "setpriv", f"--reuid={uid}", f"--regid={uid}",
                "--clear-groups", "--", *argv]

    def start(self, program, *options, **how):
        log = open(self.t.dir / f"{program}.log", "ab", buffering=0)
        process = self.t.start(
            self.as_user([self.t.dir / "bin" / program, *options]),
            stdout=log, stderr=subprocess.PIPE, env=self.environment(), **how)
        threading.Thread(target=self.pump, args=(process.stderr, log),
                         daemon=True).start()
        return process

    def pump(self, lines, log):
        with lines, log:
            for line in lines:
                log.write(line)
                time.sleep(self.line)

    def start_gateway(self, *options):
        read, write = os.pipe()
        process = self.start(
            "gss-winrm-gateway", "--listen", "127.0.0.1:0", "--ready-fd",
            str(write), *options, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as ready:
            address = ready.readline().strip()
        if not address:
            raise RuntimeError(self.said("gss-winrm-gateway"))
        host, port = address.rsplit(":", 1)
        self.host, self.port = host, int(port)
        return process

    def said(self, program="gss-winrm-gateway"):
        return (self.t.dir / f"{program}.log").read_text(errors="replace")

    def request(self, *headers, method="POST", body="<x/>", target=None,
                host=None):
        where = f"{self.upstream.host}:{self.upstream.port}"
        return "\r\n".join([
            f"{method} {target or f'http://{where}/wsman'} HTTP/1.1",
            f"Host: {host or where}", f"Content-Length: {len(body)}",
            *headers, "", body]).encode()

    def legal(self, seconds=PATIENCE, **how):
        """curl's request as the user; its status and body."""
        done = subprocess.run(
            self.as_user([
                "curl", "-s", "-m", str(seconds), "-x",
                f"http://{self.host}:{self.port}", "-H", SOAP, "-H", NTLM,
                "--data", "<x/>", "-w", " %{http_code}",
                f"http://{self.upstream.host}:{self.upstream.port}/wsman"],
                **how), text=True, capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
            preexec_fn=realm.die_with_parent)
        return done.stdout
