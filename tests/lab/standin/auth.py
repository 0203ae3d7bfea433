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

from . import tokens


@dataclass
class Settings:
    """What an administrator (or a test) can set on a WinRM host."""
    rejection: str = "none"             # none | token | reject
    bindings: str = "relaxed"           # CbtHardeningLevel: none|...|strict
    allow_unencrypted: bool = False     # AllowUnencrypted
    schemes: list = field(default_factory=lambda: ["Negotiate", "Kerberos"])

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


@dataclass
class Verdict:
    accepted: bool
    reply: bytes | None = None          # for WWW-Authenticate
    more: bool = False                  # a further leg is needed
    reason: str = ""
    client: str | None = None
    bound: str = "-"                    # bindings: ok|none|missing|wrong|-


class Acceptor:
    def __init__(self, keytab, settings, certificate_hash=None):
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
        return Verdict(True, result.token, client=client, bound=bound)

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
