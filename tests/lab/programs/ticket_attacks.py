# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""ticket_attacks.py GATEWAY URL OTHER-URL OTHER-GATEWAY: what can be done with a
ticket that a gateway has made.  A line of JSON per attempt: its name and the
status, with the client's own GSSAPI where a token is made."""

import base64
import http.client
import json
import sys
from urllib.parse import urlparse

import spnego

gateway, url, other_url, other_gateway = sys.argv[1:5]


def connect(where):
    host, port = where.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=600)
    connection.connect()
    return connection


def token_for(where):
    """A connection to a gateway, and a first token for it: the gateway's ticket
    with an authenticator."""
    connection = connect(where)
    context = spnego.client(hostname=urlparse(url).hostname, service="HTTP",
                            protocol="kerberos",
                            options=spnego.NegotiateOptions.use_gssapi)
    return connection, context.step()


def post(connection, to, token, scheme="Kerberos"):
    connection.request("POST", to, b"", {
        "Authorization": f"{scheme} {base64.b64encode(token).decode()}"})
    reply = connection.getresponse()
    reply.read()
    return reply.status


def flipped(token, at):
    return token[:at] + bytes([token[at] ^ 1]) + token[at + 1:]


def say(name, status):
    print(json.dumps({"name": name, "status": status}), flush=True)


connection, token = token_for(gateway)
say("good", post(connection, url, token))
say("again, same connection", post(connection, url, token))
say("again, another connection", post(connect(gateway), url, token))
connection, token = token_for(gateway)
say("for another host", post(connection, other_url, token))
say("... and then for its own", post(connect(gateway), url, token))
for part in (4, 2):
    connection, token = token_for(gateway)
    say(f"altered at 1/{part}",
        post(connection, url, flipped(token, len(token) // part)))
connection, token = token_for(gateway)
say("altered at the end", post(connection, url, flipped(token, len(token) - 1)))
connection, token = token_for(gateway)
say("cut", post(connection, url, token[:len(token) // 2]))
connection, token = token_for(other_gateway)
connection.close()      # the plugin asks all gateways that there are
say("another gateway's", post(connect(gateway), url, token))
connection, token = token_for(gateway)
say("good", post(connection, url, token))
