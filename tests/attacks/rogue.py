# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What a rogue needs of Kerberos and SPNEGO, with nothing of ours in it.

Request has what is in a token, once it is opened by keys that the rogue has;
reply and error answer as an acceptor does; seal and unseal are RFC 4121.  The
ASN.1 and the ciphers are impacket's.
"""

import base64
import contextlib
import struct
import time

from impacket.krb5 import asn1, crypto
from pyasn1.codec.der import decoder, encoder

KRB5 = bytes.fromhex("2a864886f712010202")
MS_KRB5 = bytes.fromhex("2a864882f712010202")
SPNEGO = bytes.fromhex("2b0601050502")

# RFC 4120 section 7.5.1, RFC 4121 section 2.
IN_TICKET, IN_AUTHENTICATOR, IN_AP_REP, IN_KRB_CRED = 2, 11, 12, 14
IN_TGS_REQ, IN_TGS_REP_SUBKEY, IN_FAST_REP = 7, 9, 52
PA_TGS_REQ, PA_FX_FAST = 1, 136
BY_ACCEPTOR, BY_INITIATOR = 22, 24
GSS_CHECKSUM, DELEGATE = 0x8003, 1
KRB_AP_ERR_MODIFIED = 41


class Closed(Exception):
    """What a rogue could not open."""


# --- DER ---------------------------------------------------------------------

def der(tag, *contents):
    """One element."""
    content = b"".join(contents)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def split(data):
    """(tag, content, what follows) of the element in front."""
    if len(data) < 2:
        raise Closed("no DER")
    tag, size, at = data[0], data[1], 2
    if size & 0x80:
        at += size & 0x7f
        size = int.from_bytes(data[2:at], "big")
    if at + size > len(data):
        raise Closed("DER that is cut")
    return tag, data[at:at + size], data[at + size:]


def fields(data):
    """{tag: content} of a SEQUENCE."""
    _, rest, _ = split(data)
    found = {}
    while rest:
        tag, content, rest = split(rest)
        found[tag] = content
    return found


# --- Keys and tickets --------------------------------------------------------

def read_keytab(path):
    """All keys of a keytab: [(principal, kvno, crypto.Key)]."""
    with open(path, "rb") as f:
        data = f.read()
    at, found = 2, []
    while at + 4 <= len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size > 0:
            found.append(keytab_entry(data[at:at + size]))
        at += abs(size)
    return found


def counted(data, at):
    (size,) = struct.unpack_from(">H", data, at)
    return data[at + 2:at + 2 + size], at + 2 + size


def keytab_entry(data):
    (count,) = struct.unpack_from(">H", data)
    realm, at = counted(data, 2)
    parts = []
    for _ in range(count):
        part, at = counted(data, at)
        parts.append(part.decode())
    _, _, kvno, etype = struct.unpack_from(">IIBH", data, at)
    key, at = counted(data, at + 11)
    if len(data) >= at + 4:
        kvno = struct.unpack_from(">I", data, at)[0] or kvno
    return "/".join(parts) + "@" + realm.decode(), kvno, \
        raw_key(etype, key)


def raw_key(etype, contents):
    """A key of a kind that impacket may not know."""
    try:
        return crypto.Key(etype, contents)
    except ValueError:
        key = crypto.Key.__new__(crypto.Key)
        key.enctype, key.contents = etype, contents
        return key


def key_of(element):
    """EncryptionKey as a Key."""
    return raw_key(int(element["keytype"]), bytes(element["keyvalue"]))


def principal(name, realm):
    return "/".join(str(part) for part in name["name-string"]) + "@" + \
        str(realm)


def unlock(keys, usage, sealed):
    """(plain text, key) by the first of the keys that opens EncryptedData."""
    etype, cipher = int(sealed["etype"]), bytes(sealed["cipher"])
    for key in keys:
        if key.enctype != etype:
            continue
        try:
            return crypto.decrypt(key, usage, cipher), key
        except (ValueError, crypto.InvalidChecksum):
            pass
    raise Closed(f"no key for it (enctype {etype})")


def encrypt(key, usage, plain):
    size = 16 if key.enctype in (17, 18) else 8
    return crypto.encrypt(key, usage, plain, crypto.get_random_bytes(size))


def encrypt_into(element, key, usage, plain):
    """EncryptedData in its place, which has given it a tag."""
    element["etype"] = key.enctype
    element["cipher"] = encrypt(key, usage, plain)


def open_ticket(ticket, keys):
    """EncTicketPart, by one of the keys ([Key])."""
    plain, _ = unlock(keys, IN_TICKET, ticket["enc-part"])
    return decoder.decode(plain, asn1Spec=asn1.EncTicketPart())[0]


# --- Tokens ------------------------------------------------------------------

def gss_token(oid, body):
    return der(0x60, der(0x06, oid), body)


def krb5_token(token):
    """(tok-id, message) of the Kerberos that is in a token, which may be in
    SPNEGO or not."""
    spnego = False
    for _ in range(4):
        tag, content, _ = split(token)
        if tag == 0x60:
            _, oid, rest = split(content)
            if oid != SPNEGO:
                return rest[:2], rest[2:], spnego
            token, spnego = rest, True
        elif tag in (0xa0, 0xa1):
            inner = fields(content).get(0xa2)
            if inner is None:
                raise Closed("SPNEGO with no token in it")
            token, spnego = split(inner)[1], True
        elif tag == 0x6e:               # a bare AP-REQ
            return b"\1\0", token, spnego
        elif tag == 0x6f:
            return b"\2\0", token, spnego
        else:
            break
    raise Closed("no Kerberos in it")


class Request:
    """An AP-REQ.  What a reader of the wire sees: server, ticket; with a key
    of the ticket or its session key, the rest."""

    def __init__(self, token):
        tok_id, message, self.spnego = krb5_token(token)
        if tok_id != b"\1\0":
            raise Closed("not an AP-REQ")
        self.message = decoder.decode(message, asn1Spec=asn1.AP_REQ())[0]
        self.ticket = self.message["ticket"]
        self.server = principal(self.ticket["sname"], self.ticket["realm"])
        self.session = self.part = self.inside = None

    def open(self, keys):
        """By the keys of a service (or machine)."""
        self.part = open_ticket(self.ticket, keys)
        return self.open_with([key_of(self.part["key"])])

    def open_with(self, sessions, usage=IN_AUTHENTICATOR):
        """By what may be the ticket's session key."""
        plain, self.session = unlock(sessions, usage,
                                     self.message["authenticator"])
        self.inside = decoder.decode(plain,
                                     asn1Spec=asn1.Authenticator())[0]
        return self

    @property
    def client(self):
        return principal(self.inside["cname"], self.inside["crealm"])

    @property
    def subkey(self):
        if not self.inside["subkey"].hasValue():
            return self.session
        return key_of(self.inside["subkey"])

    @property
    def checksum(self):
        return bytes(self.inside["cksum"]["checksum"])

    @property
    def flags(self):
        return struct.unpack_from("<I", self.checksum, 20)[0]

    def forwarded(self):
        """[(principal of the ticket, its session key, EncKrbCredPart's
        client)] of the tickets that came along."""
        data = self.checksum
        if not self.flags & DELEGATE or len(data) < 28:
            return []
        (size,) = struct.unpack_from("<H", data, 26)
        credential = decoder.decode(data[28:28 + size],
                                    asn1Spec=asn1.KRB_CRED())[0]
        sealed = credential["enc-part"]
        if int(sealed["etype"]) == 0:
            plain = bytes(sealed["cipher"])
        else:
            plain, _ = unlock([self.session, self.subkey], IN_KRB_CRED,
                              sealed)
        part = decoder.decode(plain, asn1Spec=asn1.EncKrbCredPart())[0]
        return [(principal(info["sname"], info["srealm"]),
                 key_of(info["key"]), principal(info["pname"],
                                                info["prealm"]), ticket)
                for info, ticket in zip(part["ticket-info"],
                                        credential["tickets"])]


def new_key(like):
    return crypto.random_to_key(like.enctype, crypto.get_random_bytes(
        crypto._get_enctype_profile(like.enctype).seedsize))


def reply(request, subkey, number):
    """The AP-REP's token for a request that was opened."""
    part = asn1.EncAPRepPart()
    part["ctime"] = str(request.inside["ctime"])
    part["cusec"] = int(request.inside["cusec"])
    if subkey is not None:
        part["subkey"]["keytype"] = subkey.enctype
        part["subkey"]["keyvalue"] = subkey.contents
    part["seq-number"] = number
    message = asn1.AP_REP()
    message["pvno"] = 5
    message["msg-type"] = 15
    encrypt_into(message["enc-part"], request.session, IN_AP_REP,
                   encoder.encode(part))
    return gss_token(KRB5, b"\2\0" + encoder.encode(message))


def read_reply(token, session):
    """(subkey or None, sequence number) of an AP-REP."""
    tok_id, message, _ = krb5_token(token)
    if tok_id != b"\2\0":
        raise Closed("not an AP-REP")
    message = decoder.decode(message, asn1Spec=asn1.AP_REP())[0]
    plain, _ = unlock([session], IN_AP_REP, message["enc-part"])
    part = decoder.decode(plain, asn1Spec=asn1.EncAPRepPart())[0]
    return (key_of(part["subkey"]) if part["subkey"].hasValue() else None,
            int(part["seq-number"]) if part["seq-number"].hasValue() else 0)


def error(request, code=KRB_AP_ERR_MODIFIED):
    """The token of a KRB-ERROR, which nobody authenticates."""
    now = time.gmtime()
    message = asn1.KRB_ERROR()
    message["pvno"] = 5
    message["msg-type"] = 30
    message["stime"] = time.strftime("%Y%m%d%H%M%SZ", now)
    message["susec"] = 0
    message["error-code"] = code
    message["realm"] = str(request.ticket["realm"])
    message["sname"]["name-type"] = int(request.ticket["sname"]["name-type"])
    for at, part in enumerate(request.ticket["sname"]["name-string"]):
        message["sname"]["name-string"][at] = str(part)
    return gss_token(KRB5, b"\3\0" + encoder.encode(message))


ACCEPT_COMPLETED, ACCEPT_INCOMPLETE = 0, 1


def spnego_reply(token, state=ACCEPT_COMPLETED):
    return der(0xa1, der(0x30, der(0xa0, der(0x0a, bytes((state,)))),
                         der(0xa1, der(0x06, KRB5)),
                         der(0xa2, der(0x04, token))))


def spnego_request(token):
    return gss_token(SPNEGO, der(0xa0, der(
        0x30, der(0xa0, der(0x30, der(0x06, KRB5))),
        der(0xa2, der(0x04, token)))))


def make_request(ticket, session, client):
    """An AP-REQ of one's own, with somebody else's ticket: all that it takes
    is the session key."""
    name, realm = client.split("@")
    inside = asn1.Authenticator()
    inside["authenticator-vno"] = 5
    inside["crealm"] = realm
    inside["cname"]["name-type"] = 1
    inside["cname"]["name-string"][0] = name
    inside["cksum"]["cksumtype"] = GSS_CHECKSUM
    inside["cksum"]["checksum"] = struct.pack("<I16sI", 16, bytes(16), 0x32)
    now = time.time()
    inside["cusec"] = int(now % 1 * 1000000)
    inside["ctime"] = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now))
    inside["seq-number"] = 1
    message = asn1.AP_REQ()
    message["pvno"] = 5
    message["msg-type"] = 14
    message["ap-options"] = [0, 0, 1] + 29 * [0]        # mutual-required
    message["ticket"]["tkt-vno"] = 5
    message["ticket"]["realm"] = str(ticket["realm"])
    message["ticket"]["sname"]["name-type"] = \
        int(ticket["sname"]["name-type"])
    for at, part in enumerate(ticket["sname"]["name-string"]):
        message["ticket"]["sname"]["name-string"][at] = str(part)
    for each in ("etype", "kvno", "cipher"):
        if ticket["enc-part"][each].hasValue():
            message["ticket"]["enc-part"][each] = ticket["enc-part"][each]
    encrypt_into(message["authenticator"], session, IN_AUTHENTICATOR,
                   encoder.encode(inside))
    return gss_token(KRB5, b"\1\0" + encoder.encode(message))


# --- Messages (RFC 4121 section 4.2.4) ---------------------------------------

def sealed_by(token):
    """The flags of a sealed message: 1 by the acceptor, 4 its subkey."""
    if token[:2] != b"\5\4":
        raise Closed("not a sealed message of RFC 4121")
    return token[2]


def unseal(key, token):
    """What a sealed message says, whoever sealed it."""
    flags = sealed_by(token)
    extra, rotated = struct.unpack_from(">HH", token, 4)
    body = token[16:]
    rotated %= len(body)
    body = body[rotated:] + body[:rotated]
    usage = BY_ACCEPTOR if flags & 1 else BY_INITIATOR
    try:
        plain = crypto.decrypt(key, usage, body)
    except (ValueError, crypto.InvalidChecksum) as why:
        raise Closed("not its key") from why
    if plain[-16:-10] != token[:6]:
        raise Closed("another head inside")
    return plain[:len(plain) - 16 - extra]


def seal(key, plain, number, acceptor=True, subkey=True):
    flags = 2 | (1 if acceptor else 0) | (4 if subkey else 0)
    head = struct.pack(">BBBBHHQ", 5, 4, flags, 0xff, 0, 0, number)
    return head + encrypt(key, BY_ACCEPTOR if acceptor else BY_INITIATOR,
                          plain + head)


# --- Search ------------------------------------------------------------------

def forms(key):
    """The ways in which a key can stand among other bytes."""
    def swapped(size):
        return b"".join(key[at:at + size][::-1]
                        for at in range(0, len(key), size))

    found = {"as it is": key, "backwards": key[::-1],
             "in swapped words": swapped(4), "in swapped pairs": swapped(2),
             "in swapped quads": swapped(8)}
    for name, each in list(found.items())[:3]:
        found[name + ", in hexadecimal"] = each.hex().encode()
        found[name + ", in HEXADECIMAL"] = each.hex().upper().encode()
    for shift in range(3):
        # Without the digits that its neighbours have a part in.
        text = base64.b64encode(bytes(shift) + key)
        found[f"in base64 at {shift}"] = text[4 * bool(shift):][:len(text) // 4
                                                                * 4 - 8]
    found["in UTF-16"] = key.hex().encode("utf-16-le")
    return found


def search(stream, keys):
    """[(what, form)] of the keys ({what: bytes}) that occur in the bytes."""
    return [(what, form) for what, key in keys.items()
            for form, each in forms(key).items() if each in stream]


def windows(stream, sizes=(16, 32)):
    """Everything in the bytes that could be a key: AES, RC4."""
    seen = set()
    for size in sizes:
        for at in range(len(stream) - size + 1):
            each = stream[at:at + size]
            for text in (each, each[::-1]):
                if text not in seen and len(set(text)) > 4:
                    seen.add(text)
                    yield text


def session_among(stream, token, usage=IN_AUTHENTICATOR):
    """Is the session key of this AP-REQ among these bytes, wherever and in
    whatever format?  A Request, opened; or None."""
    request = Request(token)
    etype = int(request.message["authenticator"]["etype"])
    size = {17: 16, 18: 32, 23: 16, 19: 16, 20: 32}[etype]
    for each in windows(stream, (size,)):
        try:
            return request.open_with([crypto.Key(etype, each)], usage)
        except Closed:
            pass
    return None


def strengthened(request, answer):
    """The key of a TGS-REP, if FAST has made another of the subkey (RFC 6113
    section 5.4.2, 5.4.3): that is no secret from who has the first."""
    for each in answer["padata"]:
        if int(each["padata-type"]) != PA_FX_FAST:
            continue
        armor = crypto.cf2(request.subkey.enctype, request.subkey,
                           request.session, b"subkeyarmor", b"ticketarmor")
        armored = fields(der(0x30, bytes(each["padata-value"])))[0xa0]
        sealed = decoder.decode(fields(armored)[0xa0],
                                asn1Spec=asn1.EncryptedData())[0]
        plain, _ = unlock([armor], IN_FAST_REP, sealed)
        key = fields(fields(plain)[0xa1])
        key = crypto.Key(split(key[0xa0])[1][0], split(key[0xa1])[1])
        return crypto.cf2(key.enctype, key, request.subkey,
                          b"strengthenkey", b"replykey")
    return request.subkey


def key_by_wire(asked, answer, stream):
    """A ticket's session key out of a TGS exchange, if the key of the ticket-
    granting ticket is among the bytes."""
    asked = decoder.decode(asked, asn1Spec=asn1.TGS_REQ())[0]
    answer = decoder.decode(answer, asn1Spec=asn1.TGS_REP())[0]
    (own,) = [bytes(each["padata-value"]) for each in asked["padata"]
              if int(each["padata-type"]) == PA_TGS_REQ]
    request = session_among(stream, own, IN_TGS_REQ)
    if request is None:
        raise Closed("another ticket's")
    plain, _ = unlock([strengthened(request, answer)], IN_TGS_REP_SUBKEY,
                      answer["enc-part"])
    return key_of(decoder.decode(plain,
                                 asn1Spec=asn1.EncTGSRepPart())[0]["key"])


def keys_by_wire(exchanges, stream):
    found = []
    for asked, answer in exchanges:
        if asked[:1] == b"\x6c" and answer[:1] == b"\x6d":
            with contextlib.suppress(Closed):
                found.append(key_by_wire(asked, answer, stream))
    return found
