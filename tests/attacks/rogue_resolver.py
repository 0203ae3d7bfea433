# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A resolver on the way out that is everybody, and waits for what comes.

    rogue_resolver.py ADDRESS LOG

Answers every question for an address at 127.0.0.1:53 with ADDRESS (in a
network namespace), and what is sent to port 5980 there goes to LOG.
"""

import base64
import http.server
import socket
import struct
import sys
import threading


def answer(query, address):
    end = query.index(b"\0", 12) + 5
    question, kind = query[12:end], query[end - 4:end - 2]
    found = kind == b"\0\1"
    reply = query[:2] + b"\x81\x80\0\1" + struct.pack(">H", found) + bytes(4)
    reply += question
    if found:
        reply += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address)
    return reply


def resolve(sock, address, note):
    while True:
        query, peer = sock.recvfrom(4096)
        name, at = [], 12
        while query[at]:
            name.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        note("asked for " + ".".join(name))
        sock.sendto(answer(query, address), peer)


def main():
    address, path = sys.argv[1:]
    log = open(path, "a", encoding="utf-8")     # for as long as we live

    def note(text):
        print(text, file=log, flush=True)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):      # pylint: disable=invalid-name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            who = self.headers.get("Authorization", "").split()
            note("got " + (base64.b64decode(who[1]).decode() if
                           len(who) == 2 else "nobody") + " and " +
                 body.decode())
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))
    server = http.server.ThreadingHTTPServer((address, 5980), Handler)
    threading.Thread(target=resolve, args=(sock, address, note),
                     daemon=True).start()
    note("ready")
    server.serve_forever()


if __name__ == "__main__":
    main()
