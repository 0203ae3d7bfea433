# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""preemptive.py URL: requests-gssapi, which authenticates before it is asked.
Two POSTs of the same question over one connection; prints both statuses and
the last answer."""

import os
import sys

import requests
from requests_gssapi import HTTPSPNEGOAuth, OPTIONAL

HERE = os.path.dirname(os.path.abspath(__file__))

with open(f"{HERE}/identify.xml", "rb") as f:
    body = f.read()
with requests.Session() as session:
    session.auth = HTTPSPNEGOAuth(opportunistic_auth=True,
                                  mutual_authentication=OPTIONAL)
    session.headers["Content-Type"] = "application/soap+xml;charset=UTF-8"
    replies = [session.post(sys.argv[1], data=body) for _ in range(2)]
print(*(r.status_code for r in replies), replies[-1].text)
sys.exit(0 if all(r.ok for r in replies) else 1)
