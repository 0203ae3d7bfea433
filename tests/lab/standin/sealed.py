# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Message encryption (MS-WSMV 2.2.9.1): SOAP sealed with the connection's
security context, in a body that only looks like MIME:

    --Encrypted Boundary\\r\\n
    \\tContent-Type: application/HTTP-SPNEGO-session-encrypted\\r\\n
    \\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=N\\r\\n
    --Encrypted Boundary\\r\\n
    \\tContent-Type: application/octet-stream\\r\\n
    LLLL header ciphertext
    --Encrypted Boundary--\\r\\n

LLLL is the little-endian length of the header: with Negotiate and Kerberos
the GSSAPI header token, whose ciphertext is as long as the plaintext; with
CredSSP the size of the TLS trailer, and what follows is a whole TLS record.
More than 16 KiB are several parts with CredSSP (multipart/x-multi-encrypted),
with one closing boundary.

What is sealed is taken by its lengths, never by looking for the boundary.
"""

import re
import struct

BOUNDARY = b"--Encrypted Boundary"
PROTOCOLS = {"negotiate": "application/HTTP-SPNEGO-session-encrypted",
             "kerberos": "application/HTTP-Kerberos-session-encrypted",
             "credssp": "application/HTTP-CredSSP-session-encrypted"}
ORIGINAL = b"type=application/soap+xml;charset=UTF-8;Length="
PART = re.compile(
    rb"--Encrypted Boundary\r\n"
    rb"\tContent-Type: (\S+)\r\n"
    rb"\tOriginalContent: type=([^\r\n;]+;charset=[^\r\n;]+);Length=(\d+)\r\n"
    rb"--Encrypted Boundary\r\n"
    rb"\tContent-Type: application/octet-stream\r\n")
END = BOUNDARY + b"--\r\n"
RECORD = 16384              # plaintext bytes of a CredSSP part
SINGLE, MULTI = "multipart/encrypted", "multipart/x-multi-encrypted"


class BadMessage(ValueError):
    pass


def is_sealed(content_type):
    return content_type.lower().startswith((SINGLE, MULTI))


def is_multi(scheme, text):
    return scheme == "credssp" and len(text) > RECORD


def content_type(scheme, text):
    kind = MULTI if is_multi(scheme, text) else SINGLE
    return f'{kind};protocol="{PROTOCOLS[scheme]}";boundary="Encrypted Boundary"'


def open_message(seal, scheme, header, body):
    """The SOAP inside `body`; BadMessage if it is not what the protocol
    says, the context's error if it is not what was sealed."""
    protocol = re.search(r'protocol="([^"]*)"', header)
    if not protocol or protocol[1] != PROTOCOLS[scheme]:
        raise BadMessage(f"protocol is not {PROTOCOLS[scheme]}")
    text, at = b"", 0
    while body[at:] not in (END, END[:-2]):
        part, at = open_part(seal, scheme, body, at)
        text += part
    if header.lower().startswith(MULTI) != is_multi(scheme, text):
        raise BadMessage(f"{header.split(';')[0]} of {len(text)} bytes")
    return text


def open_part(seal, scheme, body, at):
    """(plaintext, where it ended)"""
    head = PART.match(body, at)
    if not head or head[1].decode() != PROTOCOLS[scheme]:
        raise BadMessage("not in the encrypted message format")
    length, start = int(head[3]), head.end() + 4
    if len(body) < start:
        raise BadMessage("cut")
    (size,) = struct.unpack_from("<I", body, start - 4)
    if scheme == "credssp":
        (record,) = struct.unpack_from(">H", body, start + 3)
        end = start + 5 + record
        if size != seal.trailer(length):
            raise BadMessage(f"{size} for a trailer of "
                             f"{seal.trailer(length)} bytes")
        text = seal.unseal(b"", body[start:end])
    else:
        end = start + size + length
        text = seal.unseal(body[start:start + size], body[start + size:end])
    if len(text) != length:
        raise BadMessage(f"{len(text)} bytes where {length} were said")
    return text, end


def seal_message(seal, scheme, text):
    step = RECORD if is_multi(scheme, text) else max(len(text), 1)
    return b"".join(seal_part(seal, scheme, text[at:at + step])
                    for at in range(0, max(len(text), 1), step)) + END


def seal_part(seal, scheme, text):
    header, data, length = seal.seal(text)
    return b"\r\n".join([
        BOUNDARY,
        b"\tContent-Type: " + PROTOCOLS[scheme].encode(),
        b"\tOriginalContent: " + ORIGINAL + b"%d" % length,
        BOUNDARY,
        b"\tContent-Type: application/octet-stream",
        struct.pack("<I", len(header)) + header + data])
