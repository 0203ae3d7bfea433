# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A machine that is as it should be, for attacks that are not on it: GSSAPI's
acceptor, as a process.  `Machine` starts one, and speaks CredSSP's part with
it; run by itself it is the process."""

import hashlib
import subprocess
import sys

CLIENT_MAGIC = b"CredSSP Client-To-Server Binding Hash\0"
SERVER_MAGIC = b"CredSSP Server-To-Client Binding Hash\0"


def proof(magic, nonce, key):
    """pubKeyAuth of versions 5 and 6."""
    return hashlib.sha256(magic + nonce + key).digest()


class Machine:
    """t: the attack; env: has KRB5_KTNAME, and NTLM_USER_FILE if wanted."""

    def __init__(self, t, env):
        self.process = t.start(
            ["/usr/bin/python3", "-B", __file__], env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if answer[:1] != ["ok"]:
            raise ValueError("the machine: " + " ".join(answer))
        return answer[1:]

    def new(self):
        self.ask("new")
        return self

    def accept(self, token):
        """(reply, is it complete, who it is)"""
        reply, complete, name = self.ask("accept", token.hex())
        return bytes.fromhex(reply[1:]), complete == "1", name

    def unwrap(self, sealed):
        return bytes.fromhex(self.ask("unwrap", sealed.hex())[0][1:])

    def wrap(self, plain):
        return bytes.fromhex(self.ask("wrap", plain.hex())[0][1:])


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
    if token[:1] != b"\xa1" or reads(raw, 0xa3) or not reads(raw, 0xa4):
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


def serve(gssapi):
    context = None
    for line in sys.stdin:
        verb, *data = line.split()
        data = bytes.fromhex("".join(data))
        try:
            if verb == "new":
                context = gssapi.SecurityContext(usage="accept")
                answer = ""
            elif verb == "accept":
                token = context.step(as_read(gssapi.raw, data)) or b""
                complete = context.complete
                name = str(context.initiator_name) if complete else "?"
                answer = f"={token.hex()} {int(complete)} {name}"
            elif verb == "unwrap":
                answer = "=" + context.unwrap(data).message.hex()
            else:
                answer = "=" + context.wrap(data, True).message.hex()
            print("ok", answer, flush=True)
        except Exception as why:        # pylint: disable=broad-except
            print("error", repr(str(why)), flush=True)


if __name__ == "__main__":
    import gssapi as _gssapi
    serve(_gssapi)
