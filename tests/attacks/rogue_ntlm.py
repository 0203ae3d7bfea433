# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What somebody who has seen NTLM's three messages makes of bytes that may be
keys (MS-NLMP 3.3.2, 3.4.5)."""

import hashlib
import hmac
import struct

from Cryptodome.Cipher import ARC4
from Cryptodome.Hash import MD4

import rogue

KEY_EXCHANGE = 0x40000000
MIC = slice(72, 88)


def hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


def message(token):
    """The NTLM message in a token of SPNEGO, or None."""
    try:
        if token.startswith(b"NTLMSSP\0"):
            return token
        tag, content, _ = rogue.split(token)
        if tag == 0x60:
            _, _, token = rogue.split(content)
            tag, content, _ = rogue.split(token)
        inner = rogue.split(rogue.fields(content)[0xa2])[1]
        return inner if inner.startswith(b"NTLMSSP\0") else None
    except (rogue.Closed, KeyError):
        return None


def find(tokens, number):
    for each in tokens:
        text = message(each)
        if text is not None and text[8] == number:
            return text
    raise rogue.Closed(f"no NTLM message {number}")


class Exchange:
    """Of the client's tokens and the server's."""

    def __init__(self, tokens, replies):
        self.negotiate = find(tokens, 1)
        self.challenge = find(replies, 2)
        self.authenticate = find(tokens, 3)
        self.flags = struct.unpack_from("<I", self.authenticate, 60)[0]
        self.response = self.field(20)
        self.domain, self.user = (self.field(at).decode("utf-16-le")
                                  for at in (28, 36))
        self.sealed_key = self.field(52)

    def field(self, at):
        size, _, offset = struct.unpack_from("<HHI", self.authenticate, at)
        return self.authenticate[offset:offset + size]

    def is_session_key(self, key):
        """By AUTHENTICATE's MIC."""
        text = bytearray(self.authenticate)
        mic = bytes(text[MIC])
        text[MIC] = bytes(16)
        return hmac_md5(key, self.negotiate + self.challenge +
                        bytes(text)) == mic

    def by_exchange_key(self, key):
        """The session key; or None if it is not that."""
        if self.flags & KEY_EXCHANGE and self.sealed_key:
            key = ARC4.new(key).decrypt(self.sealed_key)
        return key if self.is_session_key(key) else None

    def by_ntowf(self, key):
        made = hmac_md5(key, self.challenge[24:32] + self.response[16:])
        if made != self.response[:16]:
            return None
        return self.by_exchange_key(hmac_md5(key, made))

    def by_hash(self, nthash):
        return self.by_ntowf(hmac_md5(nthash, (
            self.user.upper() + self.domain).encode("utf-16-le")))

    def by_password(self, password):
        return self.by_hash(MD4.new(password.encode("utf-16-le")).digest())

    def among(self, stream):
        """What of this exchange's keys is among these bytes."""
        for each in rogue.windows(stream, (16,)):
            for what, test in (("the session key", self.is_session_key),
                               ("the key exchange key", self.by_exchange_key),
                               ("the key of the user's responses",
                                self.by_ntowf),
                               ("the hash of the password", self.by_hash)):
                if test(each):
                    return what
        return None
