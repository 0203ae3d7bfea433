# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""run_pywinrm_basic.py URL COMMAND: pywinrm with basic authentication, as for
a server with AllowUnencrypted=true."""

import sys

import winrm

url, command = sys.argv[1:3]
session = winrm.Session(url, auth=("any", "any"), transport="basic")
result = session.run_cmd(command)
sys.stdout.write(result.std_out.decode())
sys.stderr.write(result.std_err.decode())
sys.exit(result.status_code)
