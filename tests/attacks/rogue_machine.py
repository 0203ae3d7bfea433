# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A machine that is as it should be, for attacks that are not on it: GSSAPI's
acceptor, as a process.  `Machine` starts one, and speaks CredSSP's part with
it; run by itself it is the process."""

import hashlib
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "k5"))
import negtoken                 # noqa: E402

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
                token = context.step(negtoken.as_read(gssapi.raw, data)) or b""
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
