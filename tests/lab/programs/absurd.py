# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""absurd.py: what GSSAPI says to names that nobody has.  One line each, to
be compared with and without the plugin."""

import gssapi

NAMES = [
    b"HTTP", b"HTTP@", b"@", b"HTTP@.", b"HTTP@..", b"HTTP@" + b"a" * 300,
    b"HTTP@" + b"a." * 2000, b"HTTP@web01\0.corp.example.com",
    "HTTP@w\u00ebb01.corp.example.com".encode(), b"HTTP@\xff\xfe",
    b"HTTP@ web01", b"HTTP@web01@web02", b"HTTP@/", b"HTTP@web01/..",
    b"HTTP@%f", b"HTTP@[::1]", b"HTTP@::1", b"HTTP@999.999.999.999",
    b"http@nowhere.corp.example.com", b"HTTP@-", b"HTTP@*", b"HTTP@{",
]

for name in NAMES:
    try:
        target = gssapi.Name(name, gssapi.NameType.hostbased_service)
        context = gssapi.SecurityContext(
            name=target, usage="initiate", mech=gssapi.MechType.kerberos)
        said = f"token {len(context.step()) > 0}"
    except gssapi.exceptions.GSSError as error:
        said = f"major {error.maj_code}"
    print(name[:40], len(name), said)
