# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Servers as they should not be, and tickets that no KDC has issued: what the doctor has to get over."""

import base64
import os
import random
import socket
import struct
import threading
import time

from place import check

REALM = 'CORP.EXAMPLE.COM'


class Server:
    """Takes connections to a port of a loopback address of its own, and does `talk` with each."""

    def __init__(self, port, talk):
        self.ended = threading.Event()
        self.socket = socket.socket()
        for _ in range(100):
            self.address = '127.%d.%d.%d' % tuple(random.randint(2, 250) for _ in range(3))
            try:
                self.socket.bind((self.address, port))
                break
            except OSError:
                continue
        self.socket.listen()
        self.talk, self.connections = talk, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.ended.is_set():
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        try:
            self.talk(self, connection)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.socket.close()
        for connection in self.connections:
            connection.close()


def silent(server, _):
    server.ended.wait()


def dripping(head, drip, pause):
    """A beginning, and then as slowly as keeps a client waiting."""
    def talk(server, connection):
        connection.sendall(head)
        while not server.ended.wait(pause):
            connection.sendall(drip)
    return talk


def read_request(connection):
    text = b''
    while b'\r\n\r\n' not in text:
        some = connection.recv(65536)
        if not some:
            raise OSError('hung up')
        text += some
    head, _, body = text.partition(b'\r\n\r\n')
    length = [int(line.split(b':')[1]) for line in head.split(b'\r\n') if line.lower().startswith(b'content-length:')]
    while length and len(body) < length[0]:
        body += connection.recv(65536)
    return head


def answering(status=401, headers=('WWW-Authenticate: Negotiate',), before=None):
    """The same answer to every request."""
    def talk(_, connection):
        while True:
            head = read_request(connection)
            if before:
                before(head)
            lines = ['HTTP/1.1 %d Answer' % status, *headers, 'Content-Length: 0', '', '']
            connection.sendall('\r\n'.join(lines).encode())
    return talk


def challenge_of(name):
    """An NTLM challenge of a machine that calls itself so (MS-NLMP 2.2.1.2), for WWW-Authenticate."""
    value = name.encode('utf-16-le')
    info = struct.pack('<HH', 3, len(value)) + value + struct.pack('<HH', 0, 0)
    message = b'NTLMSSP\0' + struct.pack('<I', 2) + struct.pack('<HHI', 0, 0, 56)
    message += struct.pack('<I', 0x00800201) + bytes(8) + bytes(8) + struct.pack('<HHI', len(info), len(info), 56)
    return base64.b64encode(message + bytes(8) + info).decode()


def _data(value):
    return struct.pack('>I', len(value)) + value


def _principal(*components):
    return struct.pack('>II', 1, len(components)) + b''.join(_data(c.encode()) for c in (REALM, *components))


def _der(tag, *parts):
    body = b''.join(parts)
    check(len(body) < 65536, 'too long')
    length = bytes([len(body)]) if len(body) < 128 else b'\x82' + struct.pack('>H', len(body))
    return bytes([tag]) + length + body


def _ticket():
    """In the form of RFC 4120 5.3, and sealed with nobody's key."""
    def text(value):
        return _der(0x1b, value.encode())

    names = _der(0x30, text('krbtgt'), text(REALM))
    server = _der(0x30, _der(0xa0, _der(2, b'\x02')), _der(0xa1, names))
    sealed = _der(0x30, _der(0xa0, _der(2, b'\x12')), _der(0xa2, _der(4, os.urandom(64))))
    return _der(0x61, _der(0x30, _der(0xa0, _der(2, b'\x05')), _der(0xa1, text(REALM)), _der(0xa2, server),
                           _der(0xa3, sealed)))


def forge_tickets(place, user='alice'):
    """A credential cache with a ticket-granting ticket, good for ten hours and for no KDC."""
    now = int(time.time())
    text = struct.pack('>HH', 0x0504, 0) + _principal(user)
    text += _principal(user) + _principal('krbtgt', REALM)
    text += struct.pack('>H', 18) + _data(os.urandom(32))
    text += struct.pack('>IIII', now, now, now + 36000, now + 36000) + b'\0' + struct.pack('>I', 0x40000000)
    text += struct.pack('>II', 0, 0) + _data(_ticket()) + _data(b'')
    (place.path / 'ccache').write_bytes(text)


def children(pid):
    """Of a process, by what /proc says of everybody's parents."""
    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % entry, encoding='utf-8', errors='replace') as f:
                if int(f.read().rpartition(')')[2].split()[1]) == pid:
                    found.append(int(entry))
        except (OSError, IndexError):
            pass
    return found


def findings(answer, name):
    """The texts of one check."""
    texts = [f['text'] for c in answer['checks'] if c['check'] == name for f in c['found']]
    check(texts, 'nothing of', name, answer)
    return texts
