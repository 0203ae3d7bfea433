# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""identify_requests_gssapi.py URL [bindings]: requests with requests-gssapi.

WinRM's 5985 wants sealed messages, which requests-gssapi cannot make: there
an empty POST shows the authentication.  Over TLS it asks who is there."""

import os
import sys

import requests
from requests_gssapi import HTTPSPNEGOAuth

url = sys.argv[1]
options = {}
if sys.argv[2:] == ["bindings"]:
    options["channel_bindings"] = "tls-server-end-point"
with open(os.path.join(os.path.dirname(__file__), "identify.xml"), "rb") as f:
    body = f.read() if url.startswith("https") else b""
reply = requests.post(url, data=body, auth=HTTPSPNEGOAuth(**options),
                      headers={"Content-Type": "application/soap+xml"},
                      verify=os.environ["LAB_CA"])
print(reply.status_code, reply.text)
sys.exit(0 if reply.ok else 1)
