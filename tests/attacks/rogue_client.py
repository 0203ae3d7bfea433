# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""An ordinary program, for attacks on the plugin and on CredSSP's mechanism:
connects, authenticates by python-gssapi, says how it went.

    rogue_client.py HOST PORT negotiate|kerberos [delegate] [again]
    rogue_client.py HOST PORT credssp CLASS USER PASSWORD

delegate: it asks for delegation itself; again: it tries several times.
"""

import base64
import socket
import sys

import gssapi

MECHS = {"negotiate": "1.3.6.1.5.5.2", "kerberos": "1.2.840.113554.1.2.2",
         "credssp": "2.25.1467839257"}
SCHEMES = {"negotiate": "Negotiate", "kerberos": "Kerberos",
           "credssp": "CredSSP"}


def post(connection, scheme, token):
    """(status, token of the answer)"""
    text = base64.b64encode(token).decode()
    connection.sendall(
        f"POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: {scheme} {text}"
        "\r\nContent-Length: 0\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return 0, b""
        data += more
    lines = data.decode().split("\r\n")
    for line in lines:
        name, _, value = line.partition(": ")
        words = value.split()
        if name == "WWW-Authenticate" and words[0] == scheme and words[1:]:
            return int(lines[0].split()[1]), base64.b64decode(words[1])
    return int(lines[0].split()[1]), b""


def attempt(host, port, scheme, flags, service="HTTP", creds=None):
    """(the last status, are we in)"""
    context = gssapi.SecurityContext(
        name=gssapi.Name(f"{service}@{host}",
                         gssapi.NameType.hostbased_service),
        mech=gssapi.OID.from_int_seq(MECHS[scheme]), flags=flags,
        creds=creds, usage="initiate")
    with socket.create_connection((host, int(port)), 30) as connection:
        token, status = context.step(), 0
        while token:
            status, answer = post(connection, SCHEMES[scheme], token)
            if not answer or context.complete:
                break
            token = context.step(answer)
    return status, context.complete


def main():
    host, port, scheme, *options = sys.argv[1:]
    flags = gssapi.RequirementFlag.mutual_authentication | \
        gssapi.RequirementFlag.integrity
    if scheme == "credssp":
        service, user, password = options
        creds = gssapi.raw.acquire_cred_from(
            {b"user": user.encode(), b"password": password.encode()}, None,
            mechs=[gssapi.OID.from_int_seq(MECHS[scheme])], usage="initiate")
        status, is_in = attempt(host, port, scheme, flags, service,
                                creds.creds)
        print(status, "in" if is_in else "out")
        return
    if "delegate" in options:
        flags |= gssapi.RequirementFlag.delegate_to_peer
    for left in reversed(range(6 if "again" in options else 1)):
        try:
            status, is_in = attempt(host, port, scheme, flags)
        except gssapi.exceptions.GSSError:
            if not left:
                raise
            continue
        if is_in:
            break
    print(status, "in" if is_in else "out")


try:
    main()
except gssapi.exceptions.GSSError as error:
    print("error", str(error).replace("\n", " "))
