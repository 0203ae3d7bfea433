# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""post.py URL STEP...: POSTs over one connection, by $http_proxy if it is set,
and prints a line of JSON per request: status, type, length, digest, the
beginning of the body, seconds; or the error.  A STEP is a body's size,
`identify`, or `sleep=SECONDS`."""

import hashlib
import http.client
import json
import os
import sys
import time
from urllib.parse import urlparse

HERE = os.path.dirname(os.path.abspath(__file__))
TYPE = "application/soap+xml;charset=UTF-8"


def body_of(step):
    if step == "identify":
        with open(f"{HERE}/identify.xml", "rb") as f:
            return f.read()
    # Every byte there is, at changing places.
    size = int(step)
    block = bytes(range(256))
    return b"".join(block[n % 256:] + block[:n % 256]
                    for n in range(size // 256 + 1))[:size]


def post(connection, url, body):
    start = time.monotonic()
    try:
        connection.request("POST", url, body, {"Content-Type": TYPE})
        reply = connection.getresponse()
        data = reply.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return {"error": repr(error), "sent": hashlib.sha256(body).hexdigest(),
                "seconds": time.monotonic() - start}
    return {"status": reply.status, "type": reply.getheader("Content-Type"),
            "length": len(data), "sha256": hashlib.sha256(data).hexdigest(),
            "text": data[:3000].decode(errors="replace"),
            "sent": hashlib.sha256(body).hexdigest(),
            "seconds": time.monotonic() - start}


def main():
    url, steps = sys.argv[1], sys.argv[2:]
    proxy = os.environ.get("http_proxy")
    where = urlparse(proxy or url)
    connection = http.client.HTTPConnection(where.hostname, where.port,
                                            timeout=600)
    path = url if proxy else urlparse(url).path
    for step in steps:
        if step.startswith("sleep="):
            time.sleep(float(step[6:]))
        else:
            print(json.dumps(post(connection, path, body_of(step))),
                  flush=True)


main()
