# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A rogue server: HTTP with CredSSP, Negotiate and Kerberos, by rogue.py and
DER of its own. It opens what its keys open, plays along with that, and says of
the rest whatever makes the client come with another name."""

import base64
import contextlib
import datetime
import re
import socket
import ssl
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

import rogue
from rogue import der, fields, split
from rogue_machine import CLIENT_MAGIC, SERVER_MAGIC, proof

LOGON_FAILURE = 0xC000006D
VERSION = 6


# --- TSRequest and TSCredentials (MS-CSSP 2.2) -------------------------------

def integer(value):
    # An NTSTATUS is negative: four octets, as Windows writes it.
    return der(0x02, value.to_bytes(4, "big") if value > 0x7fffffff else
               bytes((value,)))


def ts_request(version=VERSION, token=None, pub_key_auth=None, error=None):
    parts = [der(0xa0, integer(version))]
    if token is not None:
        parts.append(der(0xa1, der(0x30, der(0x30, der(
            0xa0, der(0x04, token))))))
    if pub_key_auth is not None:
        parts.append(der(0xa3, der(0x04, pub_key_auth)))
    if error is not None:
        parts.append(der(0xa4, integer(error)))
    return der(0x30, *parts)


def read_ts_request(data):
    """{"version", "token", "auth_info", "pub_key_auth", "nonce"} of those
    that are there."""
    found = fields(data)
    out = {"version": int.from_bytes(split(found[0xa0])[1], "big")}
    if 0xa1 in found:
        item = split(split(found[0xa1])[1])[1]
        out["token"] = split(fields(der(0x30, item))[0xa0])[1]
    for name, tag in (("auth_info", 0xa2), ("pub_key_auth", 0xa3),
                      ("nonce", 0xa5)):
        if tag in found:
            out[name] = split(found[tag])[1]
    return out


def read_credentials(plain):
    """(domain, user, password)"""
    inner = split(fields(plain)[0xa1])[1]
    found = fields(inner)
    return tuple(split(found[tag])[1].decode("utf-16-le")
                 for tag in (0xa0, 0xa1, 0xa2))


# --- TLS ---------------------------------------------------------------------

class Certificate:
    """Self-signed, as on most of the machines that run WinRM."""
    made = None

    def __init__(self):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rogue")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = x509.CertificateBuilder().subject_name(name) \
            .issuer_name(name).public_key(key.public_key()) \
            .serial_number(1).not_valid_before(
                now - datetime.timedelta(days=1)) \
            .not_valid_after(now + datetime.timedelta(days=1)) \
            .sign(key, hashes.SHA256())
        self.public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # In 1.3 there would be legs in which a server has nothing to say.
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(certificate.public_bytes(serialization.Encoding.PEM) +
                      key.private_bytes(serialization.Encoding.PEM,
                                        serialization.PrivateFormat.PKCS8,
                                        serialization.NoEncryption()))
            pem.flush()
            self.context.load_cert_chain(pem.name)

    @classmethod
    def get(cls):
        if cls.made is None:
            cls.made = cls()
        return cls.made


class Tls:
    """The server's end, in memory."""

    def __init__(self):
        self.certificate = Certificate.get()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.certificate.context.wrap_bio(
            self.incoming, self.outgoing, server_side=True)
        self.ready = False

    def take(self, data):
        """The plain text of it; during the handshake, none."""
        self.incoming.write(data)
        if not self.ready:
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
                self.ready = True
        plain = b""
        with contextlib.suppress(ssl.SSLWantReadError):
            while self.ready:
                more = self.tls.read(65536)
                if not more:
                    break
                plain += more
        return plain

    def give(self, plain=b""):
        if plain:
            self.tls.write(plain)
        return self.outgoing.read()


# --- What it knows, and what it got ------------------------------------------

class Loot:
    """asked: (how, name of the ticket, what became of it); passwords;
    tickets: (principal, session key, client) that were forwarded; admitted:
    whose tickets it could open."""

    def __init__(self):
        self.asked, self.passwords, self.tickets = [], [], []
        self.admitted = []
        self.problems = []

    def names(self):
        return [name for _, name, _ in self.asked]

    def text(self):
        lines = [f"{how}: a ticket for {name}: {what}"
                 for how, name, what in self.asked]
        lines += [f"got: {domain}\\{user} with the password {password!r}"
                  if domain else f"got: {user} with the password {password!r}"
                  for domain, user, password in self.passwords]
        lines += [f"got: a forwarded {name} of {client}, with its key "
                  f"{key.contents.hex()}" for name, key, client, _ in
                  self.tickets]
        if not self.passwords and not self.tickets:
            lines.append("got: nothing")
        return "\n".join(lines)


class Context:
    """One acceptor's context, by the rogue's keys."""

    def __init__(self, keys, loot, how):
        self.keys, self.loot, self.how = keys, loot, how
        self.request = self.key = None
        self.number = 1000

    def accept(self, token):
        """The answer, or None where no key opens it (self.request is what
        was asked)."""
        self.request = rogue.Request(token)
        try:
            self.request.open(self.keys)
        except rogue.Closed:
            self.loot.asked.append((self.how, self.request.server, "no key"))
            return None
        self.loot.asked.append((self.how, self.request.server, "opened"))
        self.loot.admitted.append(self.request.server)
        with contextlib.suppress(rogue.Closed):
            self.loot.tickets += self.request.forwarded()
        self.key = rogue.new_key(self.request.session)
        return self.wrap_up(rogue.reply(self.request, self.key, self.number))

    def wrap_up(self, token, state=rogue.ACCEPT_COMPLETED):
        return rogue.spnego_reply(token, state) if self.request.spnego \
            else token

    def refuse(self):
        """A KRB-ERROR, in a conversation that is to go on."""
        return self.wrap_up(rogue.error(self.request),
                            rogue.ACCEPT_INCOMPLETE)

    def seal(self, plain):
        self.number += 1
        return rogue.seal(self.key, plain, self.number - 1)

    def unseal(self, token):
        return rogue.unseal(self.key, token)


class CredSSP:
    """A leg comes in, a leg goes out."""

    def __init__(self, server):
        self.server, self.tls = server, Tls()
        self.context = Context(server.keys, server.loot, "CredSSP")
        self.nonce = b""
        self.done = False

    def leg(self, data):
        plain = self.tls.take(data)
        if not plain:
            return self.tls.give()
        return self.tls.give(self.answer(read_ts_request(plain)))

    def answer(self, message):
        self.nonce = message.get("nonce", self.nonce)
        out = {}
        if "token" in message:
            try:
                token = self.context.accept(message["token"])
            except rogue.Closed:
                # Another mechanism: what we cannot be.
                return ts_request(error=LOGON_FAILURE)
            if token is None:
                return self.refuse()
            out["token"] = token
        if "pub_key_auth" in message:
            key = self.tls.certificate.public
            if self.context.unseal(message["pub_key_auth"]) != \
                    proof(CLIENT_MAGIC, self.nonce, key):
                self.server.loot.problems.append("pubKeyAuth differs")
            out["pub_key_auth"] = self.context.seal(
                proof(SERVER_MAGIC, self.nonce, key))
        if "auth_info" in message:
            self.server.loot.passwords.append(read_credentials(
                self.context.unseal(message["auth_info"])))
            self.done = True
            return b""
        return ts_request(**out)

    def refuse(self):
        if self.server.refusal == "errorcode":
            return ts_request(error=LOGON_FAILURE)
        return ts_request(token=self.context.refuse())


class Server:
    """On address, at a port that is free.  refusal: how it says that a ticket
    is not for it: errorcode (in CredSSP), token, bare."""

    def __init__(self, t, keys, address="127.0.0.1", refusal="errorcode",
                 offers=("CredSSP", "Negotiate", "Kerberos")):
        self.keys, self.refusal, self.offers = keys, refusal, offers
        self.loot = Loot()
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.connections = set()
        t.defer(self.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.listener.close()
        for each in list(self.connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self.converse, args=(connection,),
                             daemon=True).start()

    def converse(self, connection):
        state = {}
        try:
            with connection, connection.makefile("rb") as incoming:
                while (headers := read_request(incoming)) is not None:
                    connection.sendall(self.answer(headers, state))
        except (OSError, ValueError, KeyError, rogue.Closed,
                ssl.SSLError) as why:
            self.loot.problems.append(repr(why))
        finally:
            self.connections.discard(connection)

    def answer(self, headers, state):
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if state.get("in") and not scheme:
            return response(200)
        if not text:
            return response(401, *self.offers)
        token = base64.b64decode(text)
        if scheme == "CredSSP":
            if token[:1] == b"\x16" and token[5:6] == b"\x01":
                state["credssp"] = CredSSP(self)
            out = state["credssp"].leg(token)
            if state["credssp"].done:
                state["in"] = True
                return response(200)
            return response(401, "CredSSP " +
                            base64.b64encode(out).decode())
        return self.plain(scheme, token, state)

    def plain(self, scheme, token, state):
        context = Context(self.keys, self.loot, scheme)
        out = context.accept(token)
        if out is not None:
            state["in"] = True
            return response(200, f"{scheme} {base64.b64encode(out).decode()}")
        if self.refusal == "bare":
            return response(401, *self.offers)
        return response(401, scheme + " " +
                        base64.b64encode(context.refuse()).decode())


def read_request(incoming):
    """The headers of a request, whose body is read; None at the end."""
    line = incoming.readline()
    if not line:
        return None
    headers = {}
    while (line := incoming.readline().strip()):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    incoming.read(int(re.sub(r"\D", "", headers.get("content-length", "0"))
                      or 0))
    return headers


def response(status, *challenges):
    lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'No'}"]
    lines += [f"WWW-Authenticate: {each}" for each in challenges]
    lines += ["Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()
