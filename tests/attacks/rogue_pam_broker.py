# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A user's program that sits where pam_gss_winrm.so looks for a broker.

    rogue_pam_broker.py KIND DIRECTORY [DESCRIPTOR]

With its own idea of the protocol (a length in 4 octets, a number, fields).
Prints "ready", then what it has seen.  A password is printed as its SHA-256,
so that its bytes are nowhere that this program has written to.
"""

import array
import ctypes
import hashlib
import os
import signal
import socket
import struct
import sys
import threading
import time

HELLO, LOGIN = 1, 2
OK, ERROR, WELCOME, LOGGED_IN = 128, 129, 130, 135
FOREVER = 3600
# What a terminal obeys: a title, a cleared screen, C1's form of both, a line
# of its own, text from right to left, and what no UTF-8 is.
ESCAPES = ("\x1b]0;owned\x07 \x1b[2J \x9d0;owned\x9c \x9b2J "
           "\nkernel: forged \r \u202eflipped \x7f")


def say(*words):
    print(*words, flush=True)


def field(data):
    return struct.pack(">I", len(data)) + data


def frame(number, fields=b""):
    return struct.pack(">IB", len(fields) + 1, number) + fields


def welcome():
    return frame(WELCOME, struct.pack(">IIB", 1, os.getpid(), 1))


def logged_in(name=b"as you say"):
    return frame(LOGGED_IN, field(name) + struct.pack(">Q", 0))


def exactly(c, count):
    data = b""
    while len(data) < count:
        more = c.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def hear(c):
    """The next message's number; a password in it is said."""
    data = exactly(c, struct.unpack(">I", exactly(c, 4))[0])
    if data[0] == LOGIN:
        at, texts = 1, []
        for _ in range(3):
            size = struct.unpack_from(">I", data, at)[0]
            texts.append(data[at + 4:at + 4 + size])
            at += 4 + size
        say("password", hashlib.sha256(texts[2]).hexdigest())
    return data[0]


# --- The kinds: what is done with a connection ---

def mute(c):
    hear(c)
    say("heard")
    time.sleep(FOREVER)


def halfway(c):
    hear(c)
    c.sendall(welcome())
    hear(c)
    time.sleep(FOREVER)


def drip(c):
    """An octet at a time, of a frame that never ends."""
    for octet in struct.pack(">I", 4000) + b"\x82" * 3999:
        c.sendall(bytes([octet]))
        time.sleep(0.1)


def closes(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def leaves(c):
    """So that LOGIN is written to nobody."""
    exactly(c, 9)
    c.sendall(welcome())
    c.shutdown(socket.SHUT_RDWR)


def garbage(c):
    while True:
        c.sendall(os.urandom(65536))


def huge(c):
    c.sendall(b"\xff" * 4)
    while True:
        c.sendall(b"\x82" * 65536)


def long(c):
    """Not longer than a message may be, but than there is room for."""
    hear(c)
    c.sendall(welcome())
    hear(c)
    c.sendall(logged_in(b"A" * 200000))


def escape(c):
    hear(c)
    c.sendall(welcome())
    hear(c)
    c.sendall(frame(ERROR, struct.pack(">IIII", 10, 0, 0, 0) +
                    field(ESCAPES.encode())))


def name(c):
    hear(c)
    c.sendall(welcome())
    hear(c)
    c.sendall(logged_in(ESCAPES.encode() + b"B" * 2000))


def yes(c):
    while True:
        hear(c)
        c.sendall(frame(OK))


def okay(c):
    hear(c)
    c.sendall(welcome())
    while True:
        hear(c)
        c.sendall(frame(OK))


def good(c):
    hear(c)
    c.sendall(welcome())
    while hear(c) == LOGIN:
        c.sendall(logged_in())


def send_fds(c, data, fds):
    c.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                        array.array("i", fds))])


def fds(c):
    """Gives descriptors of a pipe away, and sees who keeps them."""
    reader, writer = os.pipe()
    hear(c)
    send_fds(c, welcome(), [writer] * 3)
    hear(c)
    for octet in logged_in():
        send_fds(c, bytes([octet]), [writer] * 100)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    say("closed")


def trace(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.ptrace(16, pid, None, None) == 0        # PTRACE_ATTACH


def stops(c):
    """Whoever has connected is this user: look into it, abort it, stop it."""
    pid = struct.unpack("3i", c.getsockopt(socket.SOL_SOCKET,
                                           socket.SO_PEERCRED, 12))[0]
    for what, call in (
            ("memory", lambda: open(f"/proc/{pid}/mem", "rb").read(1)),
            ("environment", lambda: open(f"/proc/{pid}/environ").read()),
            ("descriptors", lambda: os.listdir(f"/proc/{pid}/fd")),
            ("program", lambda: os.readlink(f"/proc/{pid}/exe")),
            ("directory", lambda: os.readlink(f"/proc/{pid}/cwd"))):
        try:
            call()
            say("looked at", what)
        except OSError:
            pass
    if trace(pid):
        say("looked at everything: attached")
    os.kill(pid, signal.SIGABRT)
    os.kill(pid, signal.SIGSTOP)
    say("stopped")
    time.sleep(FOREVER)


# --- What is there ---

def serve(kind, directory):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{directory}/broker")
    os.chmod(f"{directory}/broker", 0o777)
    listener.listen(0 if kind == "full" else 64)
    if kind == "full":
        callers = []
        try:
            while True:
                callers.append(socket.socket(socket.AF_UNIX))
                callers[-1].setblocking(False)
                callers[-1].connect(listener.getsockname())
        except BlockingIOError:
            say("ready")
            time.sleep(FOREVER)
    say("ready")
    while True:
        threading.Thread(target=one, args=(listener.accept()[0], kind),
                         daemon=True).start()


def one(c, kind):
    say("connection")
    with c:
        try:
            globals()[kind](c)
        except (EOFError, OSError):
            pass


def fuse(descriptor):
    """A file system that says what it is, and nothing more."""
    while True:
        request = os.read(descriptor, 1 << 17)
        opcode, unique = struct.unpack_from("<IQ", request, 4)
        if opcode == 26:                                # FUSE_INIT
            reply = struct.pack("<IiQIIIIHHII", 80, 0, unique, 7, 31, 65536,
                                0, 8, 6, 65536, 1)
            os.write(descriptor, reply.ljust(80, b"\0"))
            say("ready")
        elif opcode != 36:                              # FUSE_INTERRUPT
            say("connection")


def main():
    kind, directory = sys.argv[1:3]
    if kind == "fuse":
        fuse(int(sys.argv[3]))
    serve(kind, directory)


main()
