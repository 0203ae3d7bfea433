# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""post_pypsrp.py HOST PORT THREADS: Negotiate by pypsrp, and a body that comes
back as it was, again and again; each thread has a connection of its own, and
another after an error.  Commands on standard input: `stats` prints a line of
JSON, with what there was since the last one; `end`."""

import json
import os
import random
import sys
import threading
import time

from pypsrp.wsman import WSMan

LOCK = threading.Lock()
SEEN = {"ok": 0, "wrong": 0, "logins": 0, "errors": {}}


def note(key, error=None):
    with LOCK:
        if error is None:
            SEEN[key] += 1
        else:
            text = f"{type(error).__name__}: {error}"[:120]
            SEEN["errors"][text] = SEEN["errors"].get(text, 0) + 1


def session(host, port, number):
    with WSMan(host, port=port, ssl=False, auth="negotiate",
               connection_timeout=600, read_timeout=600) as wsman:
        note("logins")
        while True:
            # pypsrp takes what comes back for text.
            body = b"wait 000000 %d " % number + os.urandom(
                random.choice((10, 1000, 50000))).hex().encode()
            note("ok" if wsman.transport.send(body) == body else "wrong")
            time.sleep(random.uniform(0, 1))


def keep_posting(*where):
    while True:
        try:
            session(*where)
        except Exception as error:      # pylint: disable=broad-except
            note("errors", error)
            time.sleep(0.5)


def main():
    host, port, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for number in range(threads):
        threading.Thread(target=keep_posting, args=(host, port, number),
                         daemon=True).start()
    for line in sys.stdin:
        if line.startswith("end"):
            break
        with LOCK:
            print(json.dumps(SEEN), flush=True)
            SEEN.update(ok=0, wrong=0, logins=0, errors={})
    os._exit(0)


main()
