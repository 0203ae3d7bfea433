# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The two ends of a scripted exchange: HTTP on sockets, contexts by MIT's GSSAPI (python3-gssapi), CredSSP by Python's
TLS. Nothing of ours is in them, so what both sides of ours get wrong in the same way is seen here.
"""

import base64
import contextlib
import hashlib
import itertools
import re
import select
import socket
import ssl
import struct
import threading

import gssapi
from gssapi import raw
from gssapi.raw import IOV, IOVBufferType

import negtoken
import realm
from realm import progress

MECHS = {name: gssapi.OID.from_int_seq(oid) for name, oid in
         (('Negotiate', '1.3.6.1.5.5.2'), ('Kerberos', '1.2.840.113554.1.2.2'))}
BOUNDARY = b'--Encrypted Boundary'
SOAP = 'application/soap+xml;charset=UTF-8'
numbers = itertools.count()
RECORD = 16384                  # bytes of a CredSSP part
MAGIC = {'client': b'CredSSP Client-To-Server Binding Hash\0', 'server': b'CredSSP Server-To-Client Binding Hash\0'}


QUIET = progress.QUIET          # seconds, after which somebody hangs for whom nobody works


class Wrong(Exception):
    """What was expected is not what was seen."""


class Over(Exception):
    """Another part of the script has failed already."""


def wait_for(condition):
    return progress.wait_for(condition, QUIET)


def want(condition, expected, seen):
    if not condition:
        raise Wrong('expected %s\nseen     %s' % (expected, seen))


def shown(data, most=400):
    """Bytes for the transcript."""
    text = data.decode('latin-1').replace('\r\n', '\n').rstrip('\n')
    text = re.sub(r'[^\n\x20-\x7e]', '.', re.sub(r'[A-Za-z0-9+/]{60,}=*', lambda m: m[0][:24] + '...', text))
    return text if len(text) <= most else '%s ... (%d bytes)' % (text[:most], len(data))


# --- HTTP --------------------------------------------------------------------

class Message:
    """A request or an answer."""

    def __init__(self, head, body):
        lines = head.decode('latin-1').split('\r\n')
        self.first, self.body = lines[0], body
        self.headers = [(name.strip().lower(), value.strip())
                        for name, _, value in (line.partition(':') for line in lines[1:])]

    def values(self, name):
        return [value for each, value in self.headers if each == name]

    def field(self, name):
        """What a script calls a part of it; None if it has no such header."""
        words = self.first.split(' ', 2) + ['', '']
        special = {'method': words[0], 'path': words[1], 'status': words[1], 'first': self.first,
                   'body': self.body.decode('latin-1'), 'size': str(len(self.body))}
        values = self.values(name)
        return special.get(name, ', '.join(values) if values else None)

    def token(self, scheme):
        """The bytes behind a scheme; None without it."""
        for value in self.values('authorization') + self.values('www-authenticate'):
            words = value.split()
            if words[0].lower() == scheme.lower() and len(words) == 2:
                return base64.b64decode(words[1])
        return None


class End:
    """One end of a TCP connection, which tells the transcript what passes."""

    def __init__(self, name, sock, note, over):
        self.name, self.sock, self.note, self.over = name, sock, note, over
        self.buffer, self.ended = b'', False

    def send(self, data):
        self.note(self.name, '>', shown(data))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(data)

    def more(self):
        """Wait for more bytes; False at the end of the connection."""
        if self.ended:
            return False
        ready = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
        if not ready and not wait_for(lambda: select.select([self.sock], [], [], 0.05)[0] or self.over.is_set()):
            raise Wrong('expected bytes, or the end of the connection\nseen     nothing, and nobody is at work')
        if self.over.is_set():
            raise Over()
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b''
        self.ended = not data
        self.buffer += data
        return bool(data)

    def get(self):
        """A whole message."""
        while b'\r\n\r\n' not in self.buffer:
            want(self.more(), 'an HTTP message', 'the end of the connection, behind %r' % self.buffer)
        head, _, rest = self.buffer.partition(b'\r\n\r\n')
        message = Message(head, b'')
        size = int((message.values('content-length') or ['0'])[0])
        while len(self.buffer) < len(head) + 4 + size:
            want(self.more(), 'a body of %d bytes' % size, 'the end of the connection behind %d' % len(rest))
        end = len(head) + 4 + size
        message.body, self.buffer = self.buffer[len(head) + 4:end], self.buffer[end:]
        self.note(self.name, '<', shown(head + b'\r\n' + message.body))
        return message

    def gone(self):
        """The other end closes, and says nothing before."""
        while not self.buffer and self.more():
            continue
        want(not self.buffer, 'the end of the connection', shown(self.buffer))
        self.note(self.name, '<', '[closed]')

    def close(self, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.note(self.name, '>', '[reset]' if reset else '[close]')
        self.sock.close()


# --- Contexts and messages (MS-WSMV 2.2.9.1) ---------------------------------

class Context:
    """A context of GSSAPI's, as Negotiate or Kerberos."""

    def __init__(self, scheme, context):
        self.scheme, self.context = scheme, context
        self.protocol = 'application/HTTP-%s-session-encrypted' % ('SPNEGO' if scheme == 'Negotiate' else 'Kerberos')

    @classmethod
    def acceptor(cls, scheme, keytab, bindings=None):
        # Without its element a context's bare Kerberos (or NTLM) would be refused.
        creds = gssapi.Credentials(usage='accept', mechs=[MECHS[scheme]],
                                   store={'keytab': 'FILE:%s' % keytab}) if keytab else None
        return cls(scheme, gssapi.SecurityContext(creds=creds, usage='accept', channel_bindings=cls.bind(bindings)))

    @classmethod
    def initiator(cls, scheme, name, token=None, flags=('mutual_authentication', 'integrity', 'confidentiality')):
        """name: a principal's, or SERVICE@HOST; token: an exported credential, without the mechglue's frame."""
        creds = None
        if token is not None:
            # An imported credential has no element for SPNEGO, one from a cache has.
            oid, cache = bytes(MECHS['Kerberos']), {b'ccache': b'MEMORY:%d' % next(numbers)}
            imported = raw.import_cred(b''.join(struct.pack('>I', len(part)) + part for part in (oid, token)))
            raw.store_cred_into(cache, imported, usage='initiate', mech=MECHS['Kerberos'], overwrite=True)
            creds = gssapi.Credentials(usage='initiate', mechs=[MECHS[scheme]], store=cache)
        return cls(scheme, gssapi.SecurityContext(
            name=gssapi.Name(name, gssapi.NameType.kerberos_principal if '/' in name else
                             gssapi.NameType.hostbased_service), creds=creds, mech=MECHS[scheme],
            flags=sum(getattr(gssapi.RequirementFlag, flag) for flag in flags), usage='initiate'))

    @staticmethod
    def bind(data):
        return raw.ChannelBindings(application_data=data) if data else None

    def step(self, token=None):
        """The next token, or b''."""
        if token and self.scheme == 'Negotiate':
            token = negtoken.as_read(raw, token)
        return self.context.step(token) or b''

    @property
    def complete(self):
        return self.context.complete

    def client(self):
        return str(self.context.initiator_name)

    def delegated(self):
        """The principal whose ticket has been forwarded, or None."""
        creds = self.context.delegated_creds
        return None if creds is None else str(creds.name)

    def is_ntlm(self):
        return self.context.mech.dotted_form.startswith('1.3.6.1.4.1.311')

    def parts(self, text):
        """(what LLLL says, what follows it) of each part."""
        if self.is_ntlm():
            sealed = self.context.wrap(text, True).message
            return [(16, sealed)]
        iov = IOV(IOVBufferType.header, text, IOVBufferType.padding, std_layout=False)
        raw.wrap_iov(self.context, iov, confidential=True)
        return [(len(iov[0].value), iov[0].value + iov[1].value + (iov[2].value or b''))]

    def open(self, data, length):
        """The text at the start of data (behind LLLL), and where it ends."""
        (size,) = struct.unpack_from('<I', data)
        end = 4 + size + length
        if self.is_ntlm():
            return self.context.unwrap(data[4:end]).message, end
        iov = IOV((IOVBufferType.header, False, data[4:4 + size]), data[4 + size:end],
                  (IOVBufferType.data, False, b''), std_layout=False)
        raw.unwrap_iov(self.context, iov)
        return iov[1].value, end


def seal(context, text):
    """(Content-Type, body) of an encrypted message."""
    body, pieces = b'', [text]
    if context.scheme == 'CredSSP':
        pieces = [text[at:at + RECORD] for at in range(0, len(text), RECORD)]
    for piece in pieces:
        for field, data in context.parts(piece):
            body += b'\r\n'.join([
                BOUNDARY, b'\tContent-Type: ' + context.protocol.encode(),
                b'\tOriginalContent: type=%s;Length=%d' % (SOAP.encode(), len(piece)), BOUNDARY,
                b'\tContent-Type: application/octet-stream', struct.pack('<I', field) + data])
    kind = 'multipart/x-multi-encrypted' if len(pieces) > 1 else 'multipart/encrypted'
    return '%s;protocol="%s";boundary="Encrypted Boundary"' % (kind, context.protocol), body + BOUNDARY + b'--\r\n'


def unseal(context, message):
    """The text of an encrypted message."""
    kind = message.field('content-type') or ''
    want('multipart/' in kind and 'protocol="%s"' % context.protocol in kind, 'a message under ' + context.protocol, kind)
    text, data, last = b'', message.body, 0
    while data not in (BOUNDARY + b'--\r\n', BOUNDARY + b'--'):
        head = re.match(rb'--Encrypted Boundary\r\n\tContent-Type: \S+\r\n\tOriginalContent: \S+;Length=(\d+)\r\n'
                        rb'--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n', data)
        want(head, 'a part of an encrypted message', shown(data))
        part, end = context.open(data[head.end():], int(head[1]))
        want(len(part) == int(head[1]), 'a part of %s bytes' % head[1].decode(), len(part))
        text, data, last = text + part, data[head.end() + end:], last + 1
        want(last < 10000, 'an end', 'parts without one')
    return text


# --- CredSSP's acceptor (MS-CSSP) --------------------------------------------

def der(tag, *contents):
    content = b''.join(contents)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    return bytes((tag, 0x80 | len(length))) + length + content


def split(data):
    """(tag, content, what follows)."""
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7f
        size = int.from_bytes(data[2:at], 'big')
    return data[0], data[at:at + size], data[at + size:]


def fields(data):
    """{tag: content} of a SEQUENCE."""
    found, rest = {}, split(data)[1]
    while rest:
        tag, content, rest = split(rest)
        found[tag] = content
    return found


class Certificate:
    """Signed by itself; the files are made once for all scripts."""

    def __init__(self, directory):
        self.pem, self.cert = directory / 'server.pem', directory / 'server.cert'
        self.public = (directory / 'server.pkcs1').read_bytes()
        self.der = ssl.PEM_cert_to_DER_cert(self.cert.read_text())
        self.pin = hashlib.sha256((directory / 'server.spki').read_bytes()).hexdigest()
        self.bindings = b'tls-server-end-point:' + hashlib.sha256(self.der).digest()

    @staticmethod
    def make(directory, run):
        key, cert = directory / 'server.key', directory / 'server.cert'
        run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-sha256', '-days', '2', '-subj',
             '/CN=web01.' + realm.DOMAIN, '-addext', 'subjectAltName=DNS:*.' + realm.DOMAIN, '-keyout', key, '-out',
             cert])
        (directory / 'server.pem').write_text(key.read_text() + cert.read_text())
        for form, option in (('pkcs1', '-RSAPublicKey_out'), ('spki', '-pubout')):
            run(['openssl', 'rsa', '-in', key, option, '-outform', 'DER', '-out', directory / ('server.' + form)])

    def context(self, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        context.maximum_version = {'1.2': ssl.TLSVersion.TLSv1_2, '1.3': ssl.TLSVersion.TLSv1_3}[version]
        return context


class CredSSP:
    """The acceptor. state: hello, token, pubkey, done: what has been finished."""
    scheme, protocol = 'CredSSP', 'application/HTTP-CredSSP-session-encrypted'

    def __init__(self, certificate, keytab, tls='1.2', version=6, proof='good'):
        self.certificate, self.version, self.proof = certificate, version, proof
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = certificate.context(tls).wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.inner = Context.acceptor('Negotiate', keytab)
        self.state, self.nonce, self.credential, self.peer = '', b'', None, 0

    @property
    def complete(self):
        return self.state == 'done'

    def read(self):
        plain = b''
        with contextlib.suppress(ssl.SSLWantReadError):
            while True:
                more = self.tls.read(1 << 20)
                if not more:
                    break
                plain += more
        return plain

    def step(self, token=None):
        """The next token, or b''."""
        self.incoming.write(token)
        if not self.state:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                return self.outgoing.read()
            self.state = 'hello'
        plain = self.read()
        if plain:
            answer = self.answer(fields(plain))
            if answer:
                self.tls.write(answer)
        return self.outgoing.read()

    def answer(self, found):
        """To a TSRequest."""
        self.peer = int.from_bytes(split(found[0xa0])[1], 'big')
        parts = [der(0xa0, der(2, bytes([self.version])))]
        if 0xa5 in found:
            self.nonce = split(found[0xa5])[1]
        if 0xa1 in found:
            token = split(fields(split(found[0xa1])[1])[0xa0])[1]
            reply = self.inner.step(token)
            self.state = 'token'
            if reply:
                parts.append(der(0xa1, der(0x30, der(0x30, der(0xa0, der(4, reply))))))
        if 0xa3 in found:
            want(self.inner.context.unwrap(split(found[0xa3])[1]).message == self.hash('client'),
                 "the client's proof of our key", 'another')
            proof = self.hash('server') if self.proof == 'good' else bytes(32)
            parts.append(der(0xa3, der(4, self.inner.context.wrap(proof, True).message)))
            self.state = 'pubkey'
        if 0xa2 in found:
            plain = self.inner.context.unwrap(split(found[0xa2])[1]).message
            inner = fields(split(fields(plain)[0xa1])[1])
            self.credential = [split(inner[tag])[1].decode('utf-16-le') for tag in (0xa0, 0xa1, 0xa2)]
            self.state = 'done'
            return b''
        return der(0x30, *parts)

    def go_on(self):
        """A TSRequest with a token that means nothing."""
        self.tls.write(der(0x30, der(0xa0, der(2, bytes([self.version]))), der(0xa1, der(0x30, der(0x30, der(
            0xa0, der(4, b'and?')))))))
        return self.outgoing.read()

    def hash(self, who):
        return hashlib.sha256(MAGIC[who] + self.nonce + self.certificate.public).digest()

    def parts(self, text):
        self.tls.write(text)
        record = self.outgoing.read()
        return [(len(record) - 5 - len(text), record)]

    def open(self, data, length):
        (size,) = struct.unpack_from('>H', data, 7)
        self.incoming.write(data[4:9 + size])
        text = self.read()
        want(len(text) == length, '%d bytes in a record' % length, len(text))
        return text, 9 + size


def ntlm_challenge(name):
    """MS-NLMP 2.2.1.2."""
    value = name.encode('utf-16-le')
    info = struct.pack('<HH', 3, len(value)) + value + struct.pack('<HH', 0, 0)
    return (b'NTLMSSP\0' + struct.pack('<IHHII', 2, 0, 0, 56, 0x00800201) + bytes(16) +
            struct.pack('<HHI', len(info), len(info), 56) + bytes(8) + info)


# --- A broker whose contexts never come to an end (docs/PROTOCOL.broker.md) ---

HELLO, CONFINE, CHANNEL, CREDSSP, STEP, CONTEXT = 1, 5, 6, 10, 11, 20
OK, WELCOME, STEPPED, STARTED = 128, 130, 132, 134


def string(data):
    return struct.pack('>I', len(data)) + data


class EndlessBroker:
    REPLIES = {
        HELLO: bytes([WELCOME]) + struct.pack('>IIB', 1, 1, 0),
        STEP: bytes([STEPPED]) + string(b'and?') + bytes(2),
        CREDSSP: bytes([STARTED]) + string(b'HOST/web01@TEST.EXAMPLE') + struct.pack('>II', 0, 1) + string(b'alice'),
        CONTEXT: bytes([STARTED]) + string(b'HOST/web01@TEST.EXAMPLE') + struct.pack('>II', 0, 1) + string(b'alice'),
    }

    def __init__(self, path, stepped=None):
        """stepped: an event, if a STEP is not to be answered at all."""
        self.stepped = stepped
        path.parent.mkdir(mode=0o700)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        self.begin(self.accept, listener)

    @staticmethod
    def begin(call, sock):
        threading.Thread(target=call, args=(sock,), daemon=True).start()

    def accept(self, listener):
        while True:
            self.begin(self.serve, listener.accept()[0])

    def serve(self, sock):
        with contextlib.suppress(OSError), sock, sock.makefile('rb') as incoming:
            while size := incoming.read(4):
                frame = incoming.read(struct.unpack('>I', size)[0])
                reply = string(self.REPLIES.get(frame[0], bytes([OK])))
                if frame[0] == CHANNEL:
                    ours, theirs = socket.socketpair()
                    socket.send_fds(sock, [reply], [theirs.fileno()])
                    theirs.close()
                    self.begin(self.serve, ours)
                elif frame[0] == STEP and self.stepped:
                    self.stepped.set()
                else:
                    sock.sendall(reply)


# --- The gateway's own tickets (docs/PROTOCOL.tickets.md) --------------------

def ask(path, question):
    """One question to the gateway's Unix socket; the answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(str(path))
        s.sendall(question)
        if not wait_for(lambda: select.select([s], [], [], 0.05)[0]):
            raise Wrong("expected an answer at the gateway's socket\nseen     nothing")
        return s.recv(1 << 18)


def ticket(path, host):
    """(kind, principal, credential)."""
    answer = ask(path, b'\x01' + host.encode())
    if answer[:1] != b'\x02':
        return (answer[0] if answer else None), None, None
    (size,) = struct.unpack_from('>H', answer, 1)
    return 2, answer[3:3 + size].decode(), answer[3 + size:]
