# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Every unmodified client: how it is started, and what its success is."""

import re
import subprocess
from dataclasses import dataclass
from typing import Callable

import hosts
from .lab import HERE

PROGRAMS = f"{HERE}/programs"
SYSTEM_PYTHON = "/usr/bin/python3"

# Shows which host ran it, for whom, on both streams, with an exit code.
COMMAND = "echo ran-on-%COMPUTERNAME%; whoami; echo to-stderr >&2; exit 3"

# How clients say that it was authentication that failed: the server's 401,
# or no ticket for the name.
REFUSED = re.compile(
    r"\b401\b|credentials were rejected|Failed to authenticate|"
    r"Password Authentication Failed|AuthenticationError|"
    r"KerberosExchangeError|Server not found in Kerberos|No credentials|"
    r"GSSError|SpnegoError|UNREACHABLE", re.I)


@dataclass(frozen=True)
class Client:
    name: str
    argv: Callable          # (scheme, host name, port) -> command line
    kind: str               # remote: runs COMMAND; http: gets an answer
    ports: tuple = (5985, 5986)
    bindings: bool = False  # sends channel bindings over TLS
    settings: tuple = ()    # what the host must allow it on 5985

    def problems(self, result, host):
        """Why this run is not a success at `host`; empty if it is."""
        if self.kind == "remote":
            return remote_problems(result, host)
        # Over TLS they ask who is there; over 5985 WinRM wants what is sealed
        # and they cannot seal, so there an empty request shows the login.
        tls = any(a.get("port") == 5986 for a in result.auths)
        wanted = ["200"] + (["IdentifyResponse"] if tls else [])
        if result.code != 0 or any(w not in result.out for w in wanted):
            return [result.describe()]
        return []


def remote_problems(result, host):
    wanted = [f"ran-on-{host.name.upper()}",
              f"{hosts.WORKGROUP}\\{hosts.USER}"]
    if result.code == 3 and result.out.split() == wanted \
            and "to-stderr" in result.err:
        return []
    return [result.describe()]


def refused(result):
    """Why this run is not a failed authentication; empty if it is."""
    if result.code == 0 or result.accepted():
        return ["it got in\n" + result.describe()]
    if not REFUSED.search(result.out + result.err):
        return ["it failed, but not by a refusal\n" + result.describe()]
    return []


def url(scheme, name, port, path="wsman"):
    return f"{scheme}://{name}:{port}/{path}"


def curl_binds():
    """Whether this curl sends channel bindings: 8.10 and newer, with
    OpenSSL."""
    text = subprocess.run(["curl", "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    version = re.search(r"libcurl/(\d+)\.(\d+)", text)
    return tuple(map(int, version.groups())) >= (8, 10) and "OpenSSL/" in text


CURL = ["curl", "--silent", "--show-error", "--fail", "--negotiate",
        "--user", ":", "--write-out", "%{http_code}"]


def catalog(lab, venv, program):
    """All clients: `venv` has PyPI's, `program` is the C client."""
    python = f"{venv}/bin/python"

    def curl(scheme, name, port):
        body = f"@{PROGRAMS}/identify.xml" if scheme == "https" else ""
        return [*CURL, "--cacert", f"{lab.dir}/ca.pem", "--data", body,
                "--header", "Content-Type: application/soap+xml",
                url(scheme, name, port)]

    def pywinrm(interpreter):
        return lambda *to: [interpreter, f"{PROGRAMS}/run_pywinrm.py",
                            url(*to), COMMAND]

    def pypsrp(auth, service):
        return lambda *to: [python, f"{PROGRAMS}/run_pypsrp.py", url(*to),
                            auth, service, COMMAND]

    def requests_gssapi(*to):
        more = ["bindings"] if to[0] == "https" else []
        return [python, f"{PROGRAMS}/identify_requests_gssapi.py",
                url(*to), *more]

    return [
        Client("curl --negotiate (Debian)", curl, "http",
               bindings=curl_binds()),
        Client("pywinrm (Debian)", pywinrm(SYSTEM_PYTHON), "remote",
               settings=(("allow_unencrypted", True),)),
        Client("pywinrm (PyPI)", pywinrm(python), "remote", bindings=True),
        Client("pypsrp negotiate (PyPI)", pypsrp("negotiate", "HTTP"),
               "remote", bindings=True),
        Client("pypsrp kerberos (PyPI)", pypsrp("kerberos", "HTTP"),
               "remote", bindings=True),
        Client("requests-gssapi (PyPI)", requests_gssapi, "http",
               bindings=True),
        Client("C program", lambda _, name, port: [program, name, str(port)],
               "http", ports=(5985,)),
        Client("C program, krb5", lambda _, name, port: [
            program, "-m", "krb5", name, str(port)], "http", ports=(5985,)),
    ]
