# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Kerberos tokens, as far as a WinRM stand-in must look into them.

GSSAPI tells an acceptor which key opened a ticket, not which name the client
asked for, and tells nothing about a ticket that it could not open.  Both are
what the lab wants to know, so this reads them from the token; and it writes
the error tokens that Windows answers with and MIT's acceptor does not.

    60 len 06 len KRB5-OID  01 00 AP-REQ        a krb5 token (03 00 KRB-ERROR)
    60 len 06 len SPNEGO-OID  a0 NegTokenInit   its mechToken is the above
    a1 NegTokenResp                             a later leg of SPNEGO
"""

import time
from dataclasses import dataclass

KRB5 = bytes.fromhex("2a864886f712010202")
MS_KRB5 = bytes.fromhex("2a864882f712010202")
SPNEGO = bytes.fromhex("2b0601050502")
NTLM_NEGOTIATE = b"NTLMSSP\0\1\0\0\0"

KRB_AP_ERR_MODIFIED = 41
ACCEPT_COMPLETED, ACCEPT_INCOMPLETE, REJECT = 0, 1, 2


class Malformed(ValueError):
    pass


def is_client_hello(token):
    """A new TLS connection: a handshake record with a ClientHello."""
    return token[:1] == b"\x16" and token[5:6] == b"\x01"


def starts_ntlm(token):
    """NTLM's first message, bare or as what SPNEGO tries first."""
    if token.startswith(NTLM_NEGOTIATE):
        return True
    try:
        return mech_token(token).startswith(NTLM_NEGOTIATE)
    except (Malformed, KeyError):
        return False


@dataclass
class Ask:
    """What a client's token asks for."""
    spnego: bool            # wrapped in SPNEGO
    continued: bool         # a later leg (NegTokenResp)
    krb5: bytes             # the inner krb5 token
    server: str             # the ticket's server name, name/name@REALM
    name: tuple             # its components
    realm: str


def read(data, expected=None):
    """(tag, content, rest) of the DER element at the start of data."""
    if len(data) < 2:
        raise Malformed("truncated")
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        n = length & 0x7f
        length, at = int.from_bytes(data[2:2 + n], "big"), 2 + n
    if at + length > len(data):
        raise Malformed("truncated")
    if expected is not None and tag != expected:
        raise Malformed(f"tag {tag:#x} where {expected:#x} should be")
    return tag, data[at:at + length], data[at + length:]


def children(data):
    """The elements of a SEQUENCE as {tag: content}."""
    _, data, _ = read(data, 0x30)
    found = {}
    while data:
        tag, content, data = read(data)
        found[tag] = content
    return found


def put(tag, *contents):
    content = b"".join(contents)
    n = len(content)
    if n < 0x80:
        return bytes([tag, n]) + content
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + content


def put_int(n):
    return put(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def unframe(token):
    """(mechanism OID, inner token) of an initial token's GSSAPI frame."""
    _, content, _ = read(token, 0x60)
    _, oid, inner = read(content, 0x06)
    return oid, inner


def mech_token(token):
    """The krb5 token inside a SPNEGO token, first leg or later."""
    if token[:1] == b"\xa1":
        _, body, _ = read(token, 0xa1)
        content = children(body).get(0xa2)
    else:
        _, body, _ = read(unframe(token)[1], 0xa0)
        content = children(body).get(0xa2)
    if content is None:
        raise Malformed("no mechToken")
    return read(content, 0x04)[1]


def ask_of(token):
    """What an Authorization header's token asks for; None if it is not
    Kerberos."""
    try:
        return parse_ask(token)
    except (Malformed, KeyError, UnicodeDecodeError):
        return None


def parse_ask(token):
    continued = token[:1] == b"\xa1"
    spnego = continued or unframe(token)[0] == SPNEGO
    inner = mech_token(token) if spnego else token
    oid, body = unframe(inner)
    if oid != KRB5 or body[:2] != b"\x01\x00":
        raise Malformed("not a krb5 AP-REQ")
    _, ap_req, _ = read(body[2:], 0x6e)
    _, ticket, _ = read(children(ap_req)[0xa3], 0x61)
    fields = children(ticket)
    realm = read(fields[0xa1])[1].decode()
    _, names, _ = read(children(fields[0xa2])[0xa1], 0x30)
    parts = []
    while names:
        _, part, names = read(names)
        parts.append(part.decode())
    return Ask(spnego, continued, inner, "/".join(parts) + "@" + realm,
               tuple(parts), realm)


def krb_error(ask, code=KRB_AP_ERR_MODIFIED):
    """A krb5 token carrying KRB-ERROR (RFC 4120, 5.9.1) for `ask`."""
    now = time.gmtime()
    names = put(0x30, *(put(0x1b, p.encode()) for p in ask.name))
    error = put(0x7e, put(
        0x30,
        put(0xa0, put_int(5)),
        put(0xa1, put_int(30)),
        put(0xa4, put(0x18, time.strftime("%Y%m%d%H%M%SZ", now).encode())),
        put(0xa5, put_int(0)),
        put(0xa6, put_int(code)),
        put(0xa9, put(0x1b, ask.realm.encode())),
        put(0xaa, put(0x30, put(0xa0, put_int(2)), put(0xa1, names)))))
    return put(0x60, put(0x06, KRB5), b"\x03\x00", error)


def neg_token_resp(state, inner, mech=KRB5):
    fields = [put(0xa0, put(0x0a, bytes([state])))]
    if mech:
        fields.append(put(0xa1, put(0x06, mech)))
    if inner:
        fields.append(put(0xa2, put(0x04, inner)))
    return put(0xa1, put(0x30, *fields))
