# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The second hop: tickets from what a client has delegated.

With CredSSP that is a password, which the host logs on with as Windows does;
with Kerberos it is a forwarded ticket.  Either becomes a credential cache, as
bytes, which a shell gets as a file of its own.
"""

import os
import subprocess
import tempfile

from gssapi import raw

import hosts


class LogonFailure(Exception):
    pass


def with_password(directory, user, domain, password):
    """A credential cache, or LogonFailure with kinit's words."""
    if not user:
        raise LogonFailure("nothing was delegated")
    realm = hosts.REALM if domain.upper() in (
        "", hosts.WORKGROUP, hosts.REALM) else domain
    name = user if "@" in user else f"{user}@{realm}"
    with tempfile.TemporaryDirectory(dir=f"{directory}/logons") as work:
        done = subprocess.run(
            ["kinit", "-c", f"FILE:{work}/ccache", "--", name],
            input=password + "\n", text=True, capture_output=True)
        if done.returncode:
            raise LogonFailure(done.stderr.strip().splitlines()[-1])
        with open(f"{work}/ccache", "rb") as f:
            return f.read()


def with_tickets(directory, credential):
    """The same, of gss_accept_sec_context's delegated credential."""
    with tempfile.TemporaryDirectory(dir=f"{directory}/logons") as work:
        raw.store_cred_into({b"ccache": f"FILE:{work}/ccache".encode()},
                            credential, usage="initiate")
        with open(f"{work}/ccache", "rb") as f:
            return f.read()


class Profile:
    """A shell's own directory with its credential cache in it, for the
    account that the shell's commands run as."""

    def __init__(self, directory, tickets, account):
        self.temporary = tempfile.TemporaryDirectory(
            dir=f"{directory}/logons")
        path = f"{self.temporary.name}/ccache"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(tickets)
        for each in (path, self.temporary.name):
            os.chown(each, account.pw_uid, account.pw_gid)
        self.environment = {"KRB5CCNAME": f"FILE:{path}"}

    def close(self):
        self.temporary.cleanup()
