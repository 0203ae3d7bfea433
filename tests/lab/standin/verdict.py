# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What became of a token."""

from dataclasses import dataclass


@dataclass
class Verdict:
    accepted: bool
    reply: bytes | None = None          # for WWW-Authenticate
    more: bool = False                  # a further leg is needed
    reason: str = ""
    client: str | None = None           # user@REALM
    bound: str = "-"                    # bindings: ok|none|missing|wrong|-
    mech: str | None = None             # inside CredSSP
    tickets: bytes | None = None        # a ccache: what was delegated
    seal: object = None                 # for sealed.py


@dataclass(frozen=True)
class Caller:
    """Who a connection is authenticated as."""
    name: str
    tickets: bytes | None = None
