# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""ask_name.py HOST [PORT]: asks WinRM at HOST for the node's name by NTLM, then
authenticates to that name by Kerberos on the same connection, as a gateway in
front of a balancer has to.  Prints the name and the last status."""

import base64
import http.client
import sys

import spnego
from spnego._ntlm_raw.messages import (AvId, Challenge, Negotiate,
                                       NegotiateFlags)

host, port = sys.argv[1], int((sys.argv[2:] or [5985])[0])
connection = http.client.HTTPConnection(host, port)


def ask(token):
    """(status, the server's token)"""
    connection.request("POST", "/wsman", b"", {
        "Authorization": "Negotiate " + base64.b64encode(token).decode()})
    reply = connection.getresponse()
    reply.read()
    for value in reply.headers.get_all("WWW-Authenticate", []):
        if value.lower().startswith("negotiate "):
            return reply.status, base64.b64decode(value.split()[1])
    return reply.status, None


_, token = ask(Negotiate(
    NegotiateFlags.unicode | NegotiateFlags.ntlm).pack())
name = Challenge.unpack(token).target_info[AvId.dns_computer_name]
context = spnego.client(hostname=name, service="host", protocol="kerberos")
print(name, ask(context.step())[0])
