# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A WinRM server whose every word is made for the terminal of who reads it.

    rogue_winrm.py MODE READY [CERTIFICATE]

MODE: what it does (below).  Writes its ports to READY when it listens: one of
its own choice, or 5985 and 5986 with a CERTIFICATE (in a network namespace).
Its own code: http.server would not send such things.
"""

import base64
import socket
import ssl
import struct
import sys
import threading

# A window title, a cleared screen, a fake prompt, the clipboard (OSC 52), a
# line that is not ours; C1 as characters and as bytes; directions; tags.
EVIL = ("\x1b]0;pwned\x07\x1b[2J\x1b[Hroot# \x1b]52;c;cm0gLXJmCg==\x07"
        "\x7f\x08\u009b31m\u009d0;t\u009c\u202egnp.\u2066\u061c\u2028"
        "\U000e0041").encode() + b"\x9b2J\xff\xc0\x9b\xed\xa0\x80"
NTLM_FIRST = b"NTLMSSP\0\1"


def ntlm_challenge():
    """Type 2 with names of a terminal's sequences (MS-NLMP 2.2.1.2)."""
    name = "\x1b]0;pwned\x07\u009b2J\u202eweb\n99".encode("utf-16-le")
    info = b"".join(struct.pack("<HH", kind, len(name)) + name
                    for kind in (1, 2, 3, 4, 5)) + struct.pack("<HH", 0, 0)
    head = 56
    return (b"NTLMSSP\0" + struct.pack("<I", 2) +
            struct.pack("<HHI", len(name), len(name), head) +
            struct.pack("<I", 0xE2898235) + b"8 octets" + bytes(8) +
            struct.pack("<HHI", len(info), len(info), head + len(name)) +
            bytes([10, 0, 0, 0, 0, 0, 0, 15]) + name + info)


class Connection:
    def __init__(self, mode, sock):
        self.mode, self.file = mode, sock.makefile("rwb")
        self.context = None

    def request(self):
        """(headers, body) or None at the end."""
        line = self.file.readline()
        if not line:
            return None
        headers = {}
        while line.strip():
            line = self.file.readline()
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        return headers, self.file.read(int(headers.get(b"content-length", 0)))

    def answer(self, status, *headers, body=b""):
        lines = [b"HTTP/1.1 " + status, *headers, b"Server: " + EVIL,
                 b"Date: " + EVIL, b"X-Evil: " + EVIL,
                 b"Content-Length: %d" % len(body), b"", body]
        self.file.write(b"\r\n".join(lines))
        self.file.flush()

    def accept(self, token):
        """The machine is ours, so is its key: let them in by it."""
        import gssapi           # pylint: disable=import-outside-toplevel
        if self.context is None or self.context.complete:
            self.context = gssapi.SecurityContext(
                creds=gssapi.Credentials(usage="accept"), usage="accept")
        reply = self.context.step(token) or b""
        return b"WWW-Authenticate: Negotiate " + base64.b64encode(reply)

    def serve(self):
        while True:
            request = self.request()
            if request is None:
                return
            words = request[0].get(b"authorization", b"").split()
            token = base64.b64decode(words[1]) if len(words) == 2 else b""
            self.handle(token, request[1])

    def handle(self, token, body):
        offers = (b"WWW-Authenticate: Negotiate",
                  b"WWW-Authenticate: " + EVIL + b' realm="' + EVIL + b'"')
        if token.startswith(NTLM_FIRST):
            self.answer(b"401 " + EVIL, b"WWW-Authenticate: Negotiate " +
                        base64.b64encode(ntlm_challenge()))
        elif self.mode == "type" and token:
            self.answer(b"200 " + EVIL, self.accept(token))
        elif self.mode == "type" and body and self.context:
            self.answer(b"200 " + EVIL, b"Content-Type: text/" + EVIL,
                        body=b"<" + EVIL + b">")
        elif self.mode == "sealed" and token:
            self.answer(b"200 " + EVIL, self.accept(token))
        elif self.mode == "sealed" and body and self.context:
            self.answer(b"200 " + EVIL, b"Content-Type: multipart/encrypted;"
                        b'protocol="application/HTTP-SPNEGO-session-encrypted'
                        b'";boundary="Encrypted Boundary"',
                        body=b"--Encrypted Boundary\r\n\tContent-Type: " +
                        EVIL + b"\r\n\tOriginalContent: type=" + EVIL +
                        b"\r\n--Encrypted Boundary\r\n" + EVIL)
        elif self.mode == "token":
            self.answer(b"401 " + EVIL, b"WWW-Authenticate: Negotiate " +
                        EVIL)
        elif self.mode == "status":
            self.answer(b"302 " + EVIL, b"Location: http://" + EVIL)
        elif self.mode == "line":
            self.file.write(EVIL + b"\r\n" + EVIL + b"\r\n\r\n")
            self.file.flush()
        else:
            # The second is nothing that can be understood.
            self.answer(b"401 " + EVIL, *offers[:1 + (self.mode == "refuse")])


def serve(mode, listener, tls):
    while True:
        sock, _ = listener.accept()
        try:
            if tls:
                sock = tls.wrap_socket(sock, server_side=True)
        except OSError:
            continue
        threading.Thread(target=Connection(mode, sock).serve,
                         daemon=True).start()


def main():
    mode, ready = sys.argv[1:3]
    listeners = []
    for port in (5985, 5986) if len(sys.argv) > 3 else (0,):
        listener = socket.create_server(("127.0.0.1", port))
        tls = None
        if port == 5986:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(sys.argv[3])
        threading.Thread(target=serve, args=(mode, listener, tls),
                         daemon=True).start()
        listeners.append(listener)
    with open(ready + ".new", "w", encoding="ascii") as f:
        print(*[each.getsockname()[1] for each in listeners], file=f)
    import os                   # pylint: disable=import-outside-toplevel
    os.rename(ready + ".new", ready)
    threading.Event().wait()


if __name__ == "__main__":
    main()
