# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""run_pywinrm.py URL COMMAND: with pywinrm (Debian's or PyPI's), as its
documentation says.  For https, verifies with the CA in $LAB_CA."""

import os
import sys

import winrm

url, command = sys.argv[1:3]
session = winrm.Session(url, auth=(None, None), transport="kerberos",
                        ca_trust_path=os.environ["LAB_CA"])
result = session.run_cmd(command)
sys.stdout.write(result.std_out.decode())
sys.stderr.write(result.std_err.decode())
sys.exit(result.status_code)
