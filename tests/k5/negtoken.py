# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""An initiator's NegTokenResp, for an acceptor that is this machine's libgssapi_krb5: as that one reads it."""

# A refusal, with a field that claims to be longer than the token is: for who
# reads the field the token is a defective one.
REFUSAL = bytes([0xa1, 9, 0x30, 7, 0xa0, 3, 10, 1, 2])


def reads(raw, tag):
    """Does this krb5 read a NegTokenResp's field with this tag?"""
    spnego = raw.OID(elements=bytes.fromhex("2b0601050502"))
    ntlm = raw.OID(elements=bytes.fromhex("2b06010401823702020a"))
    cred = raw.acquire_cred_from(
        {b"ntlmssp_nthash": b"0" * 32}, raw.import_name(b"test"),
        mechs=[spnego], usage="initiate").creds
    raw.set_neg_mechs(cred, [ntlm])
    target = raw.import_name(b"HTTP@test", raw.NameType.hostbased_service)
    first = raw.init_sec_context(target, cred, mech=spnego)
    try:
        raw.init_sec_context(target, cred, first.context, spnego,
                             input_token=REFUSAL + bytes([tag, 127]))
    except raw.GSSError as why:
        return why.maj_code >> 16 & 0xff == 9       # GSS_S_DEFECTIVE_TOKEN
    return False


def as_read(raw, token):
    """RFC 4178 has the mechListMIC in [3]; krb5 1.21 and 1.22 want it in [4],
    and so NTLM, which needs one, fails there."""
    at, end = 0, len(token)
    try:
        if token[:1] != b"\xa1" or reads(raw, 0xa3) or not reads(raw, 0xa4):
            return token
    except raw.GSSError:        # there is no NTLM
        return token
    for _ in range(2):          # into the sequence
        at += 2 + (token[at + 1] & 0x7f if token[at + 1] & 0x80 else 0)
    while at < end and token[at] != 0xa3:
        size, more = token[at + 1], 0
        if size & 0x80:
            more = size & 0x7f
            size = int.from_bytes(token[at + 2:at + 2 + more], "big")
        at += 2 + more + size
    return token[:at] + b"\xa4" + token[at + 1:] if at < end else token
