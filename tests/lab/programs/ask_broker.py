# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""ask_broker.py SOCKET SCRIPT: what a gateway that has been taken over could
say to the broker (docs/PROTOCOL.broker.md).

SCRIPT is a JSON list of conversations, each a list of messages with fields:
[number, [type, value]...], types u8, u32 and s.  Every conversation is on a
connection of its own, after HELLO.  Prints, per conversation, the numbers of
the replies (0: closed) and the text of the last ERROR."""

import json
import socket
import struct
import sys

HELLO, ERROR = 1, 129


def field(kind, value):
    if kind == "u8":
        return struct.pack(">B", value)
    if kind == "u32":
        return struct.pack(">I", value)
    data = value.encode("latin-1")
    return struct.pack(">I", len(data)) + data


def receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def ask(connection, number, *fields):
    """(number of the reply, its fields' bytes)"""
    body = struct.pack(">B", number) + b"".join(field(*f) for f in fields)
    connection.sendall(struct.pack(">I", len(body)) + body)
    (size,) = struct.unpack(">I", receive(connection, 4))
    reply = receive(connection, size)
    return reply[0], reply[1:]


def converse(path, messages):
    replies, text, everything = [], "", b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(600)
        connection.connect(path)
        try:
            for message in [[HELLO, ["u32", 1]], *messages]:
                number, rest = ask(connection, *message)
                replies.append(number)
                everything += rest
                if number == ERROR:
                    text = rest[20:].decode(errors="replace")
        except OSError:
            replies.append(0)
    return {"replies": replies[1:], "text": text,
            "bytes": everything.decode("latin-1")}


with open(sys.argv[2]) as f:
    script = json.load(f)
print(json.dumps([converse(sys.argv[1], messages) for messages in script]))
