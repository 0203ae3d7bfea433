# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The client tests (tests/lab/clients).

    lab      the lab seen from a test: run a program, read the logs
    clients  every unmodified client: its command line, what success is
    matrix   client x name x port, before and after, as one table
    cases    everything else: sites, spellings of SPNs, healing, bad input
    standin  the stand-in itself, by clients that nobody here wrote
    credssp  our CredSSP with pyspnego and FreeRDP
    helper   the broker and a gateway of an unprivileged user
    gateway  clients without GSSAPI through the gateway, before and after
    logins   who is logged in with what, and what is said
    attacks  what the gateway and the broker must not do
    secrets  where the password is
    tap      the report
"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../../watch"))
