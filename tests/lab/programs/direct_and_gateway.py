# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""direct_and_gateway.py GATEWAY STEP...: one process with GSSAPI, and a POST for
each step, over a connection of its own: `direct=URL` to the server itself,
`proxy=URL` by the gateway.  Prints "STEP STATUS", with what the server's
mutual authentication proved."""

import base64
import http.client
import sys
from urllib.parse import urlparse

import spnego


def post(connection, path, token, body):
    connection.request("POST", path, body, {
        "Authorization": "Negotiate " + base64.b64encode(token).decode(),
        "Content-Type": "application/soap+xml;charset=UTF-8"})
    reply = connection.getresponse()
    reply.read()
    for value in reply.headers.get_all("WWW-Authenticate", []):
        if value.lower().startswith("negotiate "):
            return reply.status, base64.b64decode(value.split()[1])
    return reply.status, None


def step(gateway, kind, url):
    where = urlparse(f"http://{gateway}" if kind == "proxy" else url)
    connection = http.client.HTTPConnection(where.hostname, where.port,
                                            timeout=600)
    connection.connect()
    context = spnego.client(hostname=urlparse(url).hostname, service="HTTP",
                            protocol="negotiate")
    path = url if kind == "proxy" else urlparse(url).path
    status, token = post(connection, path, context.step(), b"")
    while token and not context.complete:
        more = context.step(token)
        if not more:
            break
        status, token = post(connection, path, more, b"")
    return status, "proved" if context.complete else "not proved"


for each in sys.argv[2:]:
    kind, _, url = each.partition("=")
    print(each, *step(sys.argv[1], kind, url), flush=True)
