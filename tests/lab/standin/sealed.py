"""Message encryption (MS-WSMV 2.2.9.1): SOAP sealed with the connection's
security context, in a body that only looks like MIME:

    --Encrypted Boundary\\r\\n
    \\tContent-Type: application/HTTP-SPNEGO-session-encrypted\\r\\n
    \\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=N\\r\\n
    --Encrypted Boundary\\r\\n
    \\tContent-Type: application/octet-stream\\r\\n
    LLLL signature ciphertext
    --Encrypted Boundary--\\r\\n

LLLL is the little-endian length of the signature (the GSSAPI header token);
the ciphertext is as long as the plaintext, hence wrap_iov.
"""

import re
import struct

from gssapi import raw
from gssapi.raw import IOV, IOVBufferType

BOUNDARY = b"--Encrypted Boundary"
PROTOCOLS = {"negotiate": "application/HTTP-SPNEGO-session-encrypted",
             "kerberos": "application/HTTP-Kerberos-session-encrypted"}
OCTETS = b"\tContent-Type: application/octet-stream\r\n"


class BadMessage(ValueError):
    pass


def is_sealed(content_type):
    return content_type.lower().startswith("multipart/encrypted")


def content_type(scheme):
    return (f'multipart/encrypted;protocol="{PROTOCOLS[scheme]}";'
            'boundary="Encrypted Boundary"')


def open_message(context, scheme, header, body):
    """The SOAP inside `body`; BadMessage if it is not what the protocol or
    the context says."""
    protocol = re.search(r'protocol="([^"]*)"', header)
    if not protocol or protocol[1] != PROTOCOLS[scheme]:
        raise BadMessage(f"protocol is not {PROTOCOLS[scheme]}")
    start = body.find(OCTETS)
    length = re.search(rb"OriginalContent:[^\r]*;Length=(\d+)", body[:start])
    end = body.rfind(BOUNDARY + b"--")
    if start < 0 or not length or end < start or not body.startswith(BOUNDARY):
        raise BadMessage("not in the encrypted message format")
    sealed = body[start + len(OCTETS):end]
    (size,) = struct.unpack_from("<I", sealed)
    signature, data = sealed[4:4 + size], sealed[4 + size:]
    iov = IOV((IOVBufferType.header, False, signature), data,
              (IOVBufferType.data, False, b""), std_layout=False)
    raw.unwrap_iov(context, iov)
    text = iov[1].value
    if len(text) != int(length[1]):
        raise BadMessage(f"{len(text)} bytes where {int(length[1])} were said")
    return text


def seal_message(context, scheme, text):
    iov = IOV(IOVBufferType.header, text, IOVBufferType.padding,
              std_layout=False)
    raw.wrap_iov(context, iov, confidential=True)
    signature, data = iov[0].value, iov[1].value + (iov[2].value or b"")
    return b"\r\n".join([
        BOUNDARY,
        b"\tContent-Type: " + PROTOCOLS[scheme].encode(),
        b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;"
        b"Length=%d" % len(data),
        BOUNDARY,
        OCTETS + struct.pack("<I", len(signature)) + signature + data
        + BOUNDARY + b"--", b""])
