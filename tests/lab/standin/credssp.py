"""CredSSP and NTLM, by pyspnego's acceptors: written by others, so that our
client is never tested only against itself.

The mechanisms' keys are a process's own (KRB5_KTNAME, NTLM_USER_FILE), and so
is the name in an NTLM challenge (the host's name): `__main__` gives every
host a process.
"""

import spnego
from spnego import _credssp, _ntlm
from spnego.exceptions import ErrorCode, SpnegoError
from spnego.tls import generate_tls_certificate

import hosts
from . import logon
from .verdict import Verdict

LOGON_FAILURE = 0xC000006D
_public_key_auth = _credssp._get_pub_key_auth


class OtherKey(bytes):
    """The public key of a TLS key that is not the one in use: as a server
    would have it that a man in the middle has talked into not checking."""
    in_use = b""


def public_key_auth(key, usage, nonce=None):
    """pyspnego's, but a server with OtherKey takes what the client says."""
    if usage == "initiate" and isinstance(key, OtherKey):
        key = key.in_use
    return _public_key_auth(key, usage, nonce=nonce)


class HostTargetInfo(_ntlm.TargetInfo):
    """pyspnego names the computer by one name and no domain; Windows says
    four names."""

    def pack(self):
        computer, _, domain = self[_ntlm.AvId.dns_computer_name].partition(".")
        self[_ntlm.AvId.nb_computer_name] = computer.upper()
        self[_ntlm.AvId.nb_domain_name] = hosts.WORKGROUP
        self[_ntlm.AvId.dns_domain_name] = domain
        return super().pack()


_credssp._get_pub_key_auth = public_key_auth
_ntlm.TargetInfo = HostTargetInfo


class Refused(Exception):
    """The authentication inside failed, and the client is told nothing."""


class Inner:
    """The context inside CredSSP, which ends as the settings say: a status
    becomes an errorCode in pyspnego."""

    def __init__(self, settings):
        self.context = spnego.server(protocol="negotiate")
        self.settings = settings

    def __getattr__(self, name):
        return getattr(self.context, name)

    def step(self, token):
        try:
            reply = self.context.step(token)
        except AttributeError as error:
            # pyspnego's way to say that a first ticket was no good.
            if self.settings.rejection == "none":
                raise Refused(f"ticket: {error}") from None
            raise failure(LOGON_FAILURE) from None
        if self.context.complete and self.settings.errorcode:
            raise failure(self.settings.errorcode)
        return reply


def failure(status):
    error = SpnegoError(ErrorCode.failure)
    error._SSPI_CODE = status
    return error


class SpnegoSeal:
    """What sealed.py needs, of a pyspnego context."""

    def __init__(self, context):
        self.context = context

    def seal(self, text):
        """(header, data, length to announce)"""
        sealed = self.context.wrap_winrm(text)
        return sealed.header, sealed.data, len(text) + sealed.padding_length

    def unseal(self, header, data):
        return self.context.unwrap_winrm(header, data)


class CredSSPSeal(SpnegoSeal):
    def trailer(self, length):
        """The TLS trailer's size, for a record of that many bytes."""
        cipher, tls, _ = self.context.get_extra_info("ssl_object").cipher()
        return _credssp._tls_trailer_length(length, tls, cipher)


def principal(name):
    """DOMAIN\\user as Kerberos writes it: one user, one name."""
    domain, _, user = (name or "").rpartition("\\")
    known = domain.upper() in (hosts.WORKGROUP, hosts.REALM)
    return f"{user}@{hosts.REALM}" if known else name


class NTLMAcceptor:
    """NTLM, bare or in SPNEGO, under the scheme Negotiate."""

    def __init__(self):
        self.context = spnego.server(protocol="negotiate")

    def step(self, token):
        try:
            reply = self.context.step(token)
        except SpnegoError as error:
            return Verdict(False, reason=f"NTLM: {error}")
        if not self.context.complete:
            return Verdict(False, reply, more=True)
        return Verdict(True, reply, seal=SpnegoSeal(self.context),
                       client=principal(self.context.client_principal))


class CredSSPAcceptor:
    """One CredSSP exchange, and the logon with what was delegated."""

    def __init__(self, settings, directory):
        self.settings, self.directory = settings, directory
        context = _credssp._create_tls_context("accept")
        if settings.swapped_key:
            other = OtherKey(generate_tls_certificate()[2])
            other.in_use = context.public_key
            context.public_key = other
        self.context = spnego.server(
            protocol="credssp", credssp_tls_context=context,
            credssp_min_protocol=5, credssp_negotiate_context=Inner(settings))
        self.failed = False

    def step(self, token):
        if self.failed:
            return Verdict(False, reason="CredSSP: after its end")
        try:
            reply = self.context.step(token)
        except (SpnegoError, Refused, ValueError, TypeError) as error:
            self.failed = True
            return Verdict(False, reason=f"CredSSP: {error}")
        if not self.context.complete:
            self.failed = reply is None
            return Verdict(False, reply, more=True)
        return self.log_on()

    def log_on(self):
        """The second hop's tickets; Windows refuses who cannot log on with
        401 and no token."""
        client = principal(self.context.client_principal)
        given = self.context.get_extra_info("client_credential")
        try:
            tickets = logon.with_password(
                self.directory, given.username, given.domain_name,
                given.password)
        except logon.LogonFailure as error:
            self.failed = True
            return Verdict(False, reason=f"delegated logon: {error}",
                           client=client)
        return Verdict(True, client=client, tickets=tickets,
                       seal=CredSSPSeal(self.context),
                       mech=self.context.negotiated_protocol)
