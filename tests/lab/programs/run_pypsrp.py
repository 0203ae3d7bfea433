# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""run_pypsrp.py URL AUTH SERVICE COMMAND [USER PASSWORD-FILE]: WinRS with
pypsrp.  AUTH is negotiate, kerberos, delegate (kerberos with a forwarded
ticket), ntlm, or credssp-krb5 and credssp-ntlm; SERVICE is its
negotiate_service option (`default`: what pypsrp takes of itself)."""

import os
import sys
from urllib.parse import urlparse

from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

KINDS = {
    "delegate": {"auth": "kerberos", "negotiate_delegate": True},
    "credssp-krb5": {"auth": "credssp", "credssp_auth_mechanism": "kerberos"},
    "credssp-ntlm": {"auth": "credssp", "credssp_auth_mechanism": "ntlm"},
}

url, auth, service, command = sys.argv[1:5]
where = urlparse(url)
options = KINDS.get(auth, {"auth": auth}).copy()
if service != "default":
    options["negotiate_service"] = service
if sys.argv[5:]:
    options["username"] = sys.argv[5]
    with open(sys.argv[6]) as f:
        options["password"] = f.readline().rstrip("\n")
with WSMan(where.hostname, port=where.port, ssl=where.scheme == "https",
           cert_validation=os.environ["LAB_CA"], **options) as wsman:
    with WinRS(wsman) as shell:
        process = Process(shell, command)
        process.invoke()
        process.signal(SignalCode.TERMINATE)
sys.stdout.write(process.stdout.decode())
sys.stderr.write(process.stderr.decode())
sys.exit(process.rc)
