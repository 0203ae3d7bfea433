# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""rogue_credssp.Server as a process, for where it has to be in a network
namespace.

    rogue_serve.py KEYTAB ADDRESS REFUSAL

Prints its port; at the end of its input what it has seen and got, as JSON.
"""

import contextlib
import json
import sys

import rogue
from rogue_credssp import Server


def main():
    keytab, address, refusal = sys.argv[1:]
    with contextlib.ExitStack() as stack:
        class Attack:
            """As much of place.Target as a server wants."""
            defer = stack.callback

        server = Server(Attack, [key for _, _, key in
                                 rogue.read_keytab(keytab)], address, refusal)
        print(server.port, flush=True)
        sys.stdin.read()
        loot = server.loot
        print(json.dumps({
            "asked": loot.names(), "text": loot.text(),
            "passwords": loot.passwords, "problems": loot.problems,
            "tickets": [name for name, _, _, _ in loot.tickets]}))


if __name__ == "__main__":
    main()
