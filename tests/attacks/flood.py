# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Another user floods the gateway, to fill its log and to slow its user down.

Connections without end from several processes of another uid.  The user's own
requests are timed with and without, in turn, in the same run.  And a program
or a page of the user's fills the log with what is refused; and somebody who
gets as far as the broker's socket.
"""

import json
import os
import re
import statistics
import subprocess
import time

import place_front as front
import progress

FLOODERS, SECONDS = 2, 6
# As many connections at a time as one process may have, each anew when it has
# been answered or closed; how many they were.
FLOOD = r"""
import select, socket, sys, time
# By the clock: so long is the flood.
end, n, open_ones = time.monotonic() + float(sys.argv[3]), 0, {}
where, poll = (sys.argv[1], int(sys.argv[2])), select.epoll()
while time.monotonic() < end:
    while len(open_ones) < 400:
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(where)
        open_ones[s.fileno()] = s
        poll.register(s.fileno(), select.EPOLLIN)
        n += 1
    for fd, _ in poll.poll(1):
        open_ones.pop(fd).close()
print(n)
"""
# Requests, one after the other, each on a connection of its own; how long each
# took, in ms.
TIMED = r"""
import json, socket, sys, time
request, took = bytes.fromhex(sys.stdin.read()), []
# By the clock: so long is the flood.
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    start = time.monotonic()
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as s:
        s.sendall(request)
        if not s.recv(4096).startswith(b"HTTP/1.1 401 "):
            raise SystemExit("not answered")
    took.append(1000 * (time.monotonic() - start))
    time.sleep(0.01)
print(json.dumps(took))
"""


def run(t, user, text, seconds, uid=front.UID):
    """In a session of its own, as other users are: they share processors."""
    return t.start(user.as_user(["/usr/bin/python3", "-c", text, user.host,
                                 user.port, seconds], uid),
                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                   start_new_session=True)


def timed(t, user, seconds):
    request = user.request(body="").hex()
    out, _ = run(t, user, TIMED, seconds).communicate(request)
    return json.loads(out)


def flooded(t, user):
    """What the user's requests took meanwhile, and how many floods came."""
    rogues = [run(t, user, FLOOD, SECONDS, front.OTHER_UID)
              for _ in range(FLOODERS)]
    time.sleep(0.5)
    took = timed(t, user, SECONDS - 1)
    return took, sum(int(r.communicate()[0]) for r in rogues)


# Each about another host, so that the lines differ.
REFUSED = r"""
import socket, sys
for i in range(500):
    for request in ("POST http://web%d/wsman HTTP/1.1\r\nHost: other\r\n",
                    "POST http://web%d/wsman HTTP/1.1\r\nHost: web%d\r\n",
                    "GET /web%d HTTP/1.1\r\nHost: web%d.localhost\r\n"):
        with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
            s.sendall((request.replace("%d", str(i)) +
                       "Content-Length: 0\r\n\r\n").encode())
            s.recv(4096)
"""
KNOCK = r"""
import socket, sys
for i in range(3000):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
"""


def refused(t, user):
    before = len(user.said().splitlines())
    run(t, user, REFUSED, 0).communicate()
    lines = len(user.said().splitlines()) - before
    t.rogue(f"1500 requests that are refused: {lines} lines")
    t.ok(1 <= lines < 150, "refused requests do not fill the log either",
         user.said()[-900:])


def knock(t, user):
    """The directory is its user's alone; but if it were not."""
    path = t.dir / "run/gss-winrm/broker"
    for each, mode in ((t.dir / "run", 0o755), (path.parent, 0o755),
                       (path, 0o777)):
        os.chmod(each, mode)
    t.start(user.as_user(["/usr/bin/python3", "-c", KNOCK, path],
                         front.OTHER_UID)).wait()
    theirs = [line for line in user.said("gss-winrmd").splitlines()
              if f"uid {front.OTHER_UID}" in line]
    t.rogue(f"3000 connections to the broker: {len(theirs)} lines")
    t.ok(1 <= len(theirs) <= 5, "nor do strangers at the broker's socket",
         "\n".join(theirs[:9]))


def attack(t):
    # A journal is not faster, and who logs waits for it.
    user = front.Front(t, front.Upstream(t), line=0.0005)
    quiet = timed(t, user, 3)
    took, n = flooded(t, user)
    quiet += timed(t, user, 3)
    before, median = statistics.median(quiet), statistics.median(took)
    t.rogue(f"{n} connections; the user's request takes {median:.1f} ms, and "
            f"{before:.1f} ms without them")
    t.ok(n > 1000, "the flood is one", str(n))
    t.ok(median < 10 * before + 200, "it does not slow the user down",
         f"{median:.1f} ms, {before:.1f} ms without, worst {max(took):.1f}")
    lines = user.said().splitlines()
    theirs = [line for line in lines if f"uid {front.OTHER_UID}" in line]
    t.rogue(f"{len(theirs)} lines in the user's log")
    t.ok(1 <= len(theirs) <= 5 and len(lines) < 40, "nor fills the log",
         f"{len(theirs)} of {len(lines)} lines\n" + "\n".join(lines[-9:]))
    refused(t, user)
    knock(t, user)
    user.gateway.terminate()
    progress.wait(user.gateway)
    more = re.findall(rf"uid {front.OTHER_UID} \((\d+) more in the last",
                      user.said())
    t.ok(sum(map(int, more)) + len(theirs) >= 0.9 * n and more,
         "and the log says how many there were", f"{more} of {n}")
