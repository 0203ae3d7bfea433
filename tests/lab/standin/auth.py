# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""One authentication: the server's side of Negotiate and Kerberos.

An Acceptor belongs to one TCP connection, as WinRM's do.  A rejection goes
out in one of three ways, which `Settings.rejection` chooses:

    none    401 with a bare `Negotiate`
    token   what Windows sends: KRB_AP_ERR_MODIFIED in a krb5 error token,
            inside SPNEGO with negState accept-incomplete, which lets the
            client go on with another ticket in the same conversation
    reject  the same with negState reject, as MIT's acceptor does
"""

import json
import os
import threading
import time
from dataclasses import dataclass, field

import gssapi
from gssapi import raw
from gssapi.raw import IOV, IOVBufferType

from . import logon, tokens
from .verdict import Verdict


@dataclass
class Settings:
    """What an administrator (or a test) can set on a WinRM host."""
    rejection: str = "none"             # none | token | reject
    bindings: str = "relaxed"           # CbtHardeningLevel: none|...|strict
    allow_unencrypted: bool = False     # AllowUnencrypted
    schemes: list = field(
        default_factory=lambda: ["Negotiate", "Kerberos", "CredSSP"])
    ntlm: bool = True                   # NTLM inside Negotiate
    # What is wrong with the server, the network, or whoever is in between.
    errorcode: int = 0                  # NTSTATUS that CredSSP ends with
    swapped_key: bool = False           # CredSSP speaks of another key
    untrusted: bool = False             # 5986: a certificate of no known CA
    expired: bool = False               # 5986: a certificate of last year
    downgrade: bool = False             # answers sealed requests in clear
    idle: float = 120                   # seconds until it hangs up
    forget: int = 0                     # requests until a 401 in mid-use
    delay: float = 0                    # seconds before every answer
    dead: bool = False                  # reads, never answers
    echo: bool = False                  # bodies come back, whatever they are
    reply: int = 0                      # bytes of every answer
    fault: int = 0                      # bytes of a fault for every request
    boundary: bool = False              # ciphertext has the boundary inside
    corrupt: bool = False               # somebody changes what was sealed
    ahead: float = 0                    # seconds: its clock, so it refuses

    @classmethod
    def load(cls, path):
        """Read anew for every connection, so that tests can change them."""
        try:
            with open(path) as f:
                return cls(**json.load(f))
        except FileNotFoundError:
            return cls()


class Log:
    """One JSON object per line: what happened to every token."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, **event):
        line = json.dumps({"time": round(time.time(), 3), **event}) + "\n"
        with self.lock:
            os.write(self.fd, line.encode())


class GssSeal:
    """What sealed.py needs, of a krb5 context."""

    def __init__(self, context):
        self.context = context

    def seal(self, text):
        """(header, data, length to announce)"""
        iov = IOV(IOVBufferType.header, text, IOVBufferType.padding,
                  std_layout=False)
        raw.wrap_iov(self.context, iov, confidential=True)
        data = iov[1].value + (iov[2].value or b"")
        return iov[0].value, data, len(data)

    def unseal(self, header, data):
        iov = IOV((IOVBufferType.header, False, header), data,
                  (IOVBufferType.data, False, b""), std_layout=False)
        raw.unwrap_iov(self.context, iov)
        return iov[1].value


class Acceptor:
    def __init__(self, directory, keytab, settings, certificate_hash=None):
        self.directory = directory
        self.keytab = keytab
        self.settings = settings
        self.certificate_hash = certificate_hash
        self.reset()

    def reset(self):
        self.context = None
        self.rejected_spnego = False    # sent accept-incomplete + KRB-ERROR

    def step(self, token, ask):
        """Feed one token; `ask` is tokens.ask_of(token), or None."""
        first = token[:1] == b"\x60"
        raw_leg = not first and self.rejected_spnego and ask
        if first:
            self.reset()
        elif raw_leg:
            # After a rejection the client goes on inside SPNEGO, but our
            # SPNEGO context is dead: continue with krb5 and frame by hand.
            self.reset()
            token = ask.krb5
        try:
            verdict = self.accept(token)
        except gssapi.exceptions.GSSError as error:
            return self.reject(error, ask)
        if raw_leg and verdict.reply is not None:
            verdict.reply = tokens.neg_token_resp(tokens.ACCEPT_COMPLETED,
                                                  verdict.reply)
        return verdict

    def accept(self, token):
        credential = gssapi.Credentials(
            usage="accept", store={"keytab": self.keytab})
        result = raw.accept_sec_context(
            token, credential, context=self.context,
            channel_bindings=self.expected_bindings())
        self.context = result.context
        if result.more_steps:
            return Verdict(False, result.token, more=True)
        bound = self.check_bindings(result.flags)
        client = raw.display_name(result.initiator_name, False).name.decode()
        if bound == "missing":
            self.reset()
            return Verdict(False, reason="no channel bindings (strict)",
                           client=client, bound=bound)
        tickets = None
        if result.delegated_creds is not None:
            tickets = logon.with_tickets(self.directory,
                                         result.delegated_creds)
        return Verdict(True, result.token, client=client, bound=bound,
                       tickets=tickets, seal=GssSeal(self.context))

    def expected_bindings(self):
        if self.certificate_hash is None or self.settings.bindings == "none":
            return None
        return raw.ChannelBindings(
            application_data=b"tls-server-end-point:" + self.certificate_hash)

    def check_bindings(self, flags):
        """krb5 itself refuses wrong bindings; it lets a client pass that
        sends none, and says so by a flag."""
        if self.expected_bindings() is None:
            return "-"
        if raw.RequirementFlag.channel_bound in flags:
            return "ok"
        return "missing" if self.settings.bindings == "strict" else "none"

    def reject(self, error, ask):
        self.reset()
        verdict = Verdict(False, reason=" ".join(str(error).split()))
        wrong_bindings = isinstance(
            error, gssapi.exceptions.BadChannelBindingsError)
        if wrong_bindings:
            verdict.bound = "wrong"
        if (ask is None or wrong_bindings
                or self.settings.rejection == "none"):
            return verdict
        verdict.reply = tokens.krb_error(ask)
        if ask.spnego:
            windows = self.settings.rejection == "token"
            self.rejected_spnego = windows
            verdict.reply = tokens.neg_token_resp(
                tokens.ACCEPT_INCOMPLETE if windows else tokens.REJECT,
                verdict.reply)
        return verdict
