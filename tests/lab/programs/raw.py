# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""raw.py ADDRESS:PORT FILE: sends each of FILE's strings (a JSON list; a
character is a byte) as it is on a connection of its own, and prints what
comes back until the end, or for two seconds: a JSON list of strings."""

import json
import socket
import sys


def converse(address, data):
    answer = b""
    try:
        # By the clock: the connection stays open, so silence is the end.
        with socket.create_connection(address, timeout=2) as connection:
            connection.sendall(data)
            while more := connection.recv(65536):
                answer += more
    except TimeoutError:
        pass
    except OSError as error:
        answer += f"\n{error!r}".encode()
    return answer


host, _, port = sys.argv[1].rpartition(":")
with open(sys.argv[2]) as f:
    requests = json.load(f)
print(json.dumps([converse((host, int(port)), text.encode("latin-1"))
                  .decode("latin-1") for text in requests]))
