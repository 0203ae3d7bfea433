# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""CredSSP and NTLM, by pyspnego's acceptors: written by others, so that our
client is never tested only against itself.

The mechanisms' keys are a process's own (KRB5_KTNAME, NTLM_USER_FILE), and so
is the name in an NTLM challenge (the host's name): `__main__` gives every
host a process.
"""

import os
import re
import struct

import spnego
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
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
    def __init__(self, context, keystream=None):
        super().__init__(context)
        self.keystream = keystream

    def trailer(self, length):
        """The TLS trailer's size, for a record of that many bytes."""
        cipher, tls, _ = self.context.get_extra_info("ssl_object").cipher()
        return _credssp._tls_trailer_length(length, tls, cipher)


class Keystream:
    """What TLS 1.3 will encrypt a server's next record with (RFC 8446 5.3,
    7.1, 7.3; AES-GCM of SP 800-38D): so that who has the keys can choose the
    ciphertext."""

    def __init__(self, keylog, record):
        """`record` is the last one that the server has sent."""
        with open(keylog) as f:
            (secret,) = re.findall(r"SERVER_TRAFFIC_SECRET_0 \S+ (\S+)",
                                   f.read())
        key, self.iv = (
            HKDFExpand(SHA384(), size, struct.pack(">HB", size, 6 + len(name))
                       + b"tls13 " + name + b"\0").derive(
                           bytes.fromhex(secret))
            for name, size in ((b"key", 32), (b"iv", 12)))
        self.cipher = AESGCM(key)
        self.number = next(n for n in range(100) if self.opens(record, n)) + 1

    def nonce(self, number):
        return (int.from_bytes(self.iv, "big") ^ number).to_bytes(12, "big")

    def opens(self, record, number):
        try:
            self.cipher.decrypt(self.nonce(number), record[5:], record[:5])
        except InvalidTag:
            return False
        return True

    def plant(self, text, ciphertext, at):
        """The text, changed so that it becomes the ciphertext there."""
        stream = self.cipher.encrypt(self.nonce(self.number), bytes(len(text)),
                                     None)
        self.number += 1
        end = at + len(ciphertext)
        return text[:at] + bytes(
            a ^ b for a, b in zip(ciphertext, stream[at:end])) + text[end:]


def last_record(data):
    at = 0
    while at + 5 + int.from_bytes(data[at + 3:at + 5], "big") < len(data):
        at += 5 + int.from_bytes(data[at + 3:at + 5], "big")
    return data[at:]


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
        self.keylog = self.said = None
        if settings.boundary:
            self.keylog = f"{directory}/keylog.{os.getpid()}.{id(self)}"
            context.context.keylog_filename = self.keylog

    def keystream(self):
        if self.keylog is None:
            return None
        stream = Keystream(self.keylog, last_record(self.said))
        os.remove(self.keylog)
        return stream

    def step(self, token):
        if self.failed:
            return Verdict(False, reason="CredSSP: after its end")
        try:
            reply = self.context.step(token)
        except (SpnegoError, Refused, ValueError, TypeError) as error:
            self.failed = True
            return Verdict(False, reason=f"CredSSP: {error}")
        self.said = reply or self.said
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
                       seal=CredSSPSeal(self.context, self.keystream()),
                       mech=self.context.negotiated_protocol)
