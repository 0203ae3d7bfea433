"""long_session.py URL: one pypsrp session, Negotiate; a line on standard input is
a request, and a line of output its outcome: "ok", or the error's name."""

import sys
from urllib.parse import urlparse

from pypsrp.wsman import WSMan

where = urlparse(sys.argv[1])
with WSMan(where.hostname, port=where.port, ssl=False,
           auth="negotiate") as wsman:
    for _ in sys.stdin:
        try:
            reply = wsman.transport.send(b"<x/>").strip()
            print("ok" if reply else "empty", flush=True)
        except Exception as error:      # pylint: disable=broad-except
            print(type(error).__name__, str(error)[:160].split("\n")[0],
                  flush=True)
