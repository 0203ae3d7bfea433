# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The broker's protocol in raw frames, as docs/PROTOCOL.broker.md has it: what
a gateway that was taken over can say, and all that it hears."""

import array
import socket
import struct

HELLO, LOGIN, LOGOUT, STATUS, CONFINE, CHANNEL = range(1, 7)
CREDSSP, STEP, BIND, VERIFY, DELEGATE, FINISH = range(10, 16)
CONTEXT, EXPORT, REPORT = 20, 21, 30
OK, ERROR, WELCOME, DATA, STEPPED, STATUS_IS, STARTED, LOGGED_IN = \
    range(128, 136)
NEGOTIATE, KERBEROS = 1, 2


class Refused(Exception):
    """The broker's ERROR, or its silence."""


def u8(value):
    return struct.pack(">B", value)


def u32(value):
    return struct.pack(">I", value)


def s(data):
    if isinstance(data, str):
        data = data.encode()
    return u32(len(data)) + data


class Reader:
    """The fields of a reply, in turn."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def s(self):
        return self.take(self.u32())


class Talk:
    """One connection.  heard: every byte that came."""

    def __init__(self, path=None, connection=None, heard=None):
        self.heard = bytearray() if heard is None else heard
        self.socket = connection or socket.socket(socket.AF_UNIX)
        self.socket.settimeout(600)
        if path is not None:
            self.socket.connect(str(path))
            self.ask(HELLO, u32(1))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise Refused("the broker has hung up")
            data += more
        self.heard += data
        return data

    def send(self, number, *fields):
        body = u8(number) + b"".join(fields)
        self.socket.sendall(u32(len(body)) + body)

    def answer(self):
        (size,) = struct.unpack(">I", self.receive(4))
        data = self.receive(size)
        if data[0] == ERROR:
            reader = Reader(data[1:])
            reader.take(16)
            raise Refused(reader.s().decode(errors="replace"))
        return Reader(data[1:])

    def ask(self, number, *fields):
        self.send(number, *fields)
        return self.answer()

    def login(self, user, password):
        self.ask(LOGIN, s(user), s(""), s(password), u32(0), u8(0))
        return self

    def confine(self):
        self.ask(CONFINE)
        return self

    def channel(self):
        """Another connection of the same kind."""
        self.send(CHANNEL)
        data, control, _, _ = self.socket.recvmsg(
            4, socket.CMSG_SPACE(struct.calcsize("i")))
        self.heard += data
        if len(data) < 4:
            data += self.receive(4 - len(data))
        self.receive(struct.unpack(">I", data)[0])
        for level, kind, fds in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                (fd,) = array.array("i", fds[:4])
                return Talk(connection=socket.socket(fileno=fd),
                            heard=self.heard)
        raise Refused("no descriptor came")

    def started(self, reader):
        spn, candidate, candidates = reader.s(), reader.u32(), reader.u32()
        return spn.decode(), candidate, candidates

    def context(self, scheme, host, port=5985, candidate=0, bindings=b""):
        return self.started(self.ask(
            CONTEXT, u8(scheme), s(host), u32(port), s(""), u32(candidate),
            s(bindings)))

    def credssp(self, host, port=5985, candidate=0):
        return self.started(self.ask(CREDSSP, s(host), u32(port), s(""),
                                     u32(candidate)))

    def step(self, token=None):
        """(token, ready, complete)"""
        reader = self.ask(STEP, u8(token is not None), s(token or b""))
        return reader.s(), reader.u8(), reader.u8()

    def bind(self, binding):
        return self.ask(BIND, binding).s()

    def verify(self, binding, sealed):
        self.ask(VERIFY, binding, s(sealed))

    def delegate(self):
        return self.ask(DELEGATE).s()

    def export(self):
        """All of the reply, whatever its fields are."""
        return self.ask(EXPORT).data

    def finish(self):
        self.ask(FINISH)

    def report(self, host, status, text):
        self.ask(REPORT, s(host), u32(status), s(text))


def binding(version, nonce, key, verified=0):
    return u32(version) + s(nonce) + s(key) + u8(verified)
