# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""long_session.py URL: one pywinrm session; a line on standard input is a
command to run, and a line of output its outcome: "ok", or the error's name."""

import os
import sys

import winrm

session = winrm.Session(sys.argv[1], auth=(None, None), transport="kerberos",
                        ca_trust_path=os.environ["LAB_CA"])
for _ in sys.stdin:
    try:
        out = session.run_cmd("echo here").std_out.strip()
        print("ok" if out == b"here" else out, flush=True)
    except Exception as error:      # pylint: disable=broad-except
        print(type(error).__name__, str(error)[:160].split("\n")[0],
              flush=True)
