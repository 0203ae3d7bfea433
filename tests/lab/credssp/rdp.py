# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The little of RDP that comes before CredSSP, for an end that speaks nothing
but CredSSP (tests/credssp/end.c with --stream):

    rdp.py connect HOST PORT -- END...    as the client of an RDP server
    rdp.py serve -- END...                as the server of one RDP client;
                                          prints its port

MS-RDPBCGR 2.2.1.1 and 2.2.1.2: one request and one confirmation, in the open;
then END has the connection as its stdin and stdout.  Exits as END does.
"""

import socket
import struct
import subprocess
import sys
import time

SSL, HYBRID = 1, 2              # protocols, as bits
REQUEST, CONFIRM = 0xE0, 0xD0   # X.224
NEG_REQUEST, NEG_RESPONSE, NEG_FAILURE = 1, 2, 3
PATIENCE = 600                  # seconds; nothing is that slow


def receive(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError("the peer closed the connection")
        data += more
    return data


def packet(kind, negotiation, protocols):
    """TPKT, X.224 and RDP_NEG_REQ or RDP_NEG_RSP."""
    body = struct.pack("<BBHI", negotiation, 0, 8, protocols)
    x224 = struct.pack(">BBHHB", 6 + len(body), kind, 0, 0, 0) + body
    return struct.pack(">BBH", 3, 0, 4 + len(x224)) + x224


def read_packet(sock, wanted):
    """(type, value) of the negotiation in an X.224 packet of that kind."""
    version, _, length = struct.unpack(">BBH", receive(sock, 4))
    if version != 3 or not 11 <= length < 1024:
        raise ValueError("not TPKT")
    x224 = receive(sock, length - 4)
    if x224[1] != wanted:
        raise ValueError(f"X.224 packet {x224[1]:#x}, not {wanted:#x}")
    # Before it may be a cookie, after it nothing that we asked for.
    tail = x224[7:]
    if tail.startswith(b"Cookie:"):
        tail = tail.split(b"\r\n", 1)[1]
    if len(tail) < 8:
        raise ValueError("the peer does not negotiate")
    kind, _, _, value = struct.unpack("<BBHI", tail[:8])
    return kind, value


def run(sock, argv):
    sock.settimeout(None)
    return subprocess.run(argv, stdin=sock, stdout=sock).returncode


def dial(host, port):
    """A server that was only just started may not listen yet."""
    # By the clock: alone in its process, it sees nobody else get on.
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def connect(host, port, argv):
    with dial(host, port) as sock:
        sock.sendall(packet(REQUEST, NEG_REQUEST, SSL | HYBRID))
        kind, value = read_packet(sock, CONFIRM)
        if kind != NEG_RESPONSE or value != HYBRID:
            raise ValueError(f"the server answered {kind} with {value:#x}")
        return run(sock, argv)


def serve(argv):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        listener.settimeout(PATIENCE)
        sock, _ = listener.accept()
    with sock:
        sock.settimeout(PATIENCE)
        kind, value = read_packet(sock, REQUEST)
        if kind != NEG_REQUEST or not value & HYBRID:
            raise ValueError(f"the client asked {kind} with {value:#x}")
        # Not HYBRID_EX: that would have us say one thing more at the end.
        sock.sendall(packet(CONFIRM, NEG_RESPONSE, HYBRID))
        return run(sock, argv)


def main(argv):
    try:
        split = argv.index("--")
        command, end = argv[:split], argv[split + 1:]
        if command[0] == "connect":
            return connect(command[1], int(command[2]), end)
        return serve(end)
    except (OSError, EOFError, ValueError) as error:
        print(f"rdp.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
