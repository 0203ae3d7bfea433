# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""HTTP, TLS, and the life of a connection to a WinRM host.

As http.sys does it: what is not POST /wsman is refused before any
authentication; a connection authenticates once and stays authenticated; a
later Authorization header starts anew.  On 5985 a request with a body that
is not sealed is refused with 500 and no body (AllowUnencrypted=false); one
without a body is a client setting up its context, and gets an empty 200.

DIR/requests.jsonl has every request; what is wrong with a host (`Settings`)
happens here.
"""

import base64
import binascii
import hashlib
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gssapi.exceptions import GSSError

from spnego.exceptions import SpnegoError

from . import sealed, soap, tokens
from .auth import Acceptor, Settings
from .credssp import CredSSPAcceptor, NTLMAcceptor
from .verdict import Caller, Verdict

SKEW_MAX = 300      # seconds: what Kerberos allows
SOAP_TYPE = "application/soap+xml;charset=UTF-8"


class Connection(BaseHTTPRequestHandler):
    """One TCP connection, served by a thread of its own."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True

    def setup(self):
        listener = self.server
        self.settings = Settings.load(listener.settings_path)
        self.timeout = self.settings.idle
        if listener.tls:
            tls = (listener.rogue if self.settings.untrusted else
                   listener.expired if self.settings.expired else
                   listener.tls)
            self.request.settimeout(self.timeout)
            self.request = tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.acceptors = {}
        self.forget()

    def forget(self):
        """Nobody is authenticated (any more)."""
        self.caller = self.seal = self.scheme = None
        self.served = 0

    def date_time_string(self, timestamp=None):
        return super().date_time_string(
            (timestamp or time.time()) + self.settings.ahead)

    def log_message(self, format, *args):
        pass    # the log of authentications says more

    def answer(self, status, body=b"", content_type=None, headers=()):
        self.log_request_of(status, body)
        time.sleep(self.settings.delay)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request_of(self, status, body):
        given = self.headers
        self.server.requests.write(
            host=self.server.host.name, port=self.server.server_port,
            peer="%s:%d" % self.client_address[:2], line=self.requestline,
            names=sorted(name.lower() for name in given),
            content_type=given.get("Content-Type"), status=status,
            length=given.get("Content-Length"), answered=len(body),
            caller=self.caller.name if self.caller else None)

    def challenge(self, verdict=None):
        headers = []
        for scheme in self.settings.schemes:
            value = scheme
            if verdict and verdict.reply and scheme.lower() == self.scheme:
                value += " " + base64.b64encode(verdict.reply).decode()
            headers.append(("WWW-Authenticate", value))
        self.answer(401, headers=headers)

    def do_GET(self):
        self.refuse_method()

    do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def refuse_method(self):
        if self.path.split("?")[0].lower() != "/wsman":
            self.answer(404)
        else:
            self.answer(405, headers=[("Allow", "POST")])

    def do_POST(self):
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or len(lengths) > 1:
            self.close_connection = True
            self.answer(400)
            return
        body = self.rfile.read(int(lengths[0]) if lengths else 0)
        if self.settings.dead:
            self.rfile.read(1)      # until the client has had enough
            self.close_connection = True
        elif self.path.split("?")[0].lower() != "/wsman":
            self.answer(404)
        elif "WSMANIDENTIFY" in self.headers and not self.caller:
            # Without authentication it does not say which system it is.
            self.answer(200, identify("0.0.0"), SOAP_TYPE)
        elif self.headers.get("Authorization"):
            self.authenticate(body)
        elif self.caller and 0 < self.settings.forget <= self.served:
            self.forget()
            self.challenge()
        elif self.caller:
            self.serve(body)
        else:
            self.challenge()

    def authenticate(self, body):
        self.forget()
        scheme, _, text = self.headers["Authorization"].partition(" ")
        self.scheme = scheme.lower()
        try:
            token = base64.b64decode(text, validate=True)
        except binascii.Error:
            token = b""
        if self.scheme not in (s.lower() for s in self.settings.schemes):
            self.challenge()
            return
        ask = tokens.ask_of(token)
        verdict = self.accept(token, ask)
        self.log_verdict(scheme, ask, verdict)
        if not verdict.accepted:
            self.challenge(verdict)
            return
        self.caller = Caller(verdict.client, verdict.tickets)
        self.seal = verdict.seal
        headers = []
        if verdict.reply:
            headers.append(("WWW-Authenticate", scheme + " " +
                            base64.b64encode(verdict.reply).decode()))
        self.serve(body, headers)

    def accept(self, token, ask):
        """The verdict on a token, by whoever speaks its mechanism."""
        if self.scheme == "credssp":
            if tokens.is_client_hello(token):
                self.acceptors.pop("credssp", None)
            return self.acceptor("credssp", lambda: CredSSPAcceptor(
                self.settings, self.server.directory)).step(token)
        if self.scheme == "negotiate" and self.settings.ntlm:
            if tokens.starts_ntlm(token):
                self.acceptors["ntlm"] = NTLMAcceptor()
            elif token[:1] == b"\x60":
                self.acceptors.pop("ntlm", None)
            if "ntlm" in self.acceptors:
                return self.acceptors["ntlm"].step(token)
        if abs(self.settings.ahead) > SKEW_MAX:
            return Verdict(False, reason="clock skew too great")
        return self.acceptor("gss", lambda: Acceptor(
            self.server.directory, self.server.keytab, self.settings,
            self.server.certificate_hash)).step(token, ask)

    def acceptor(self, kind, make):
        """The connection's, made when first needed."""
        if kind not in self.acceptors:
            self.acceptors[kind] = make()
        return self.acceptors[kind]

    def log_verdict(self, scheme, ask, verdict):
        self.server.log.write(
            host=self.server.host.name, port=self.server.server_port,
            peer="%s:%d" % self.client_address[:2], scheme=scheme,
            mech=verdict.mech or (
                "spnego" if ask and ask.spnego else "krb5" if ask else None),
            delegated=verdict.tickets is not None, ticket=ask.server if ask else None, client=verdict.client,
            accepted=verdict.accepted, bindings=verdict.bound,
            reason=verdict.reason or ("more legs" if verdict.more else ""))

    def serve(self, body, headers=()):
        """An authenticated request."""
        self.served += 1
        content_type = self.headers.get("Content-Type") or ""
        if not body:
            self.answer(200, headers=headers)
        elif sealed.is_sealed(content_type):
            self.serve_sealed(body, content_type, headers)
        elif self.server.tls or self.settings.allow_unencrypted:
            status, reply = self.dispatch(body)
            self.answer(status, reply, SOAP_TYPE, headers)
        else:
            self.answer(500, headers=headers)

    def serve_sealed(self, body, content_type, headers):
        seal = self.seal
        try:
            text = sealed.open_message(seal, self.scheme, content_type, body)
        except (sealed.BadMessage, GSSError, SpnegoError) as error:
            self.server.log.write(host=self.server.host.name,
                                  port=self.server.server_port,
                                  bad_message=str(error))
            self.answer(400, headers=headers)
            return
        status, reply = self.dispatch(text)
        if self.settings.downgrade:
            self.answer(status, reply, SOAP_TYPE, headers)
            return
        if self.settings.boundary:
            reply = seal.keystream.plant(reply, sealed.BOUNDARY + b"\r\n",
                                         len(reply) // 2)
        body = sealed.seal_message(seal, self.scheme, reply)
        if self.settings.boundary:
            self.server.log.write(
                host=self.server.host.name, port=self.server.server_port,
                boundaries=body.count(sealed.BOUNDARY),
                sha256=hashlib.sha256(reply).hexdigest())
        if self.settings.corrupt:
            at = body.rindex(sealed.BOUNDARY) - 1
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        self.answer(status, body, sealed.content_type(self.scheme, reply),
                    headers)

    def dispatch(self, text):
        relates_to = ""
        try:
            if self.settings.echo:
                return 200, text
            if self.settings.reply:
                return 200, b"x" * self.settings.reply
            request = soap.Request(text)
            relates_to = request.message_id
            if self.settings.fault:
                raise soap.Fault.of_size(self.settings.fault)
            if request.identify:
                return 200, identify("10.0.20348")
            return 200, self.server.service.handle(request, self.caller)
        except soap.Fault as error:
            return 500, soap.fault(error, relates_to, self.server.host.fqdn)


def identify(system):
    return soap.IDENTIFY_RESPONSE.format(os=system).encode()


class Listener(ThreadingHTTPServer):
    """One host's port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host, port, service, directory, log, requests):
        self.host = host
        self.service = service
        self.directory = directory
        self.log, self.requests = log, requests
        self.keytab = f"FILE:{directory}/keytabs/{host.name}"
        self.settings_path = f"{directory}/standin/{host.name}.json"
        self.tls = self.certificate_hash = None
        if port == 5986:
            self.load_certificate(f"{directory}/certs/{host.name}.pem")
            self.rogue, self.expired = (
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
            self.rogue.load_cert_chain(f"{directory}/certs/rogue.pem")
            self.expired.load_cert_chain(f"{directory}/certs/expired.pem")
        super().__init__((host.address, port), Connection)

    def load_certificate(self, path):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(path)
        with open(path) as f:
            pem = f.read()
        pem = pem[:pem.index("-----BEGIN PRIVATE KEY")]
        # RFC 5929: with the hash of the certificate's signature; the lab's
        # certificates are all signed with SHA-256.
        self.certificate_hash = hashlib.sha256(
            ssl.PEM_cert_to_DER_cert(pem)).digest()

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        """A client that hangs up or speaks no TLS is its own problem; what
        goes wrong in here is logged for the tests to find."""
        error = sys.exc_info()[1]
        if not isinstance(error,
                          (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)
            self.log.write(host=self.host.name, port=self.server_port,
                           internal_error=repr(error))

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
