# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""pyspnego's end: `pyspnego_end.py init|accept [--option value]...`.

Speaks what tests/credssp/end.c speaks: tokens over stdin and stdout, each
with its length in four octets, the result as a line of JSON on stderr.  Run
by the Python of tests/lab/venv.
"""

import argparse
import hashlib
import json
import os
import ssl
import sys

import spnego
from spnego import _credssp, _negotiate
from spnego._context import GSSMech
from spnego.tls import default_tls_context

SIZES = (0, 1, 100, 16384, 16385, 70000)
MECHS = {"krb5": GSSMech.kerberos, "ntlm": GSSMech.ntlm}
TLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def receive():
    """The next token, or None at the end."""
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    size = int.from_bytes(head, "big")
    token = sys.stdin.buffer.read(size)
    return token if len(token) == size else None


def transmit(token):
    sys.stdout.buffer.write(len(token).to_bytes(4, "big") + token)
    sys.stdout.buffer.flush()


def force(given):
    """What pyspnego has no options for."""
    _credssp._CREDSSP_VERSION = given.announce
    # SPNEGO asks for its mechanisms here; a copy, since it is changed.
    mechs = [MECHS[m] for m in given.mechs.split(",")]
    _negotiate.NegotiateProxy._preferred_mech_list = lambda self: list(mechs)


def tls_context(given):
    context = (default_tls_context(usage="initiate") if given.side == "init"
               else _credssp._create_tls_context("accept"))
    context.context.minimum_version = TLS[given.tls_min]
    context.context.maximum_version = TLS[given.tls_max]
    return context


def make(given):
    shared = {"protocol": "credssp", "credssp_tls_context": tls_context(given),
              "credssp_min_protocol": given.minimum}
    if given.side == "accept":
        if given.keytab:
            os.environ["KRB5_KTNAME"] = given.keytab
        if given.ntlm_users:
            os.environ["NTLM_USER_FILE"] = given.ntlm_users
        return spnego.server(**shared)
    service, hostname = given.target.split("@", 1)
    user = f"{given.domain}\\{given.user}" if given.domain else given.user
    with open(given.password_file) as f:
        password = f.readline().rstrip("\n")
    return spnego.client(user, password, hostname=hostname, service=service,
                         **shared)


def exchange(context, initiator):
    token = None
    if not initiator:
        token = receive()
    while True:
        out = context.step(token)
        if out or (out is not None and not context.complete):
            transmit(out)
        if context.complete:
            return
        if out is None:
            raise RuntimeError("pyspnego ended the exchange (it has no "
                               "errorCode in this version)")
        token = receive()
        if token is None:
            raise RuntimeError("the peer ended the exchange")


def send_messages(context):
    for size in SIZES:
        message = bytes((i * 7 + i // 251) & 255 for i in range(size))
        transmit(context.wrap(message).data)
        answer = receive()
        if answer is None:
            raise RuntimeError(f"no answer to {size} bytes")
        if context.unwrap(answer).data != message[::-1]:
            raise RuntimeError(f"{size} bytes came back as others")


def answer_messages(context):
    while (token := receive()) is not None:
        transmit(context.wrap(context.unwrap(token).data[::-1]).data)


def describe(context, given):
    cipher, tls, _ = context.get_extra_info("ssl_object").cipher()
    mech = context.negotiated_protocol
    result = {"done": context.complete, "tls": tls, "cipher": cipher,
              "version": context.get_extra_info("protocol_version"),
              "mech": "krb5" if mech == "kerberos" else mech,
              "state": context.get_extra_info("auth_stage"),
              "talked": int(given.talk)}
    if given.side == "accept":
        creds = context.get_extra_info("client_credential")
        digest = hashlib.sha256(creds.password.encode()).hexdigest()
        result.update(domain=creds.domain_name, user=creds.username,
                      password_sha256=digest,
                      source=context.client_principal)
    return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side", choices=("init", "accept"))
    for name in ("target", "user", "domain", "password-file", "keytab",
                 "ntlm-users"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--mechs", default="krb5,ntlm")
    parser.add_argument("--minimum", type=int, default=2)
    parser.add_argument("--announce", type=int, default=6)
    parser.add_argument("--tls-min", choices=TLS, default="1.2")
    parser.add_argument("--tls-max", choices=TLS, default="1.3")
    parser.add_argument("--talk", action="store_true")
    return parser.parse_args()


def main():
    given = arguments()
    try:
        force(given)
        context = make(given)
        exchange(context, given.side == "init")
        if given.talk and given.side == "init":
            send_messages(context)
        elif given.talk:
            answer_messages(context)
        result = describe(context, given)
    except Exception as error:          # whatever pyspnego raises
        result = {"error": f"{type(error).__name__}: {error}",
                  "ntstatus": "0x%08x" % (
                      getattr(getattr(error, "base_error", None), "winerror",
                              0) & 0xffffffff)}
    print(json.dumps(result), file=sys.stderr)
    return "error" in result


if __name__ == "__main__":
    sys.exit(main())
