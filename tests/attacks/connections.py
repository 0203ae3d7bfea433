# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Take all of the gateway's connections, so that nobody else is served.

A page's preconnects, a program that opens more than there are, one that sends
its requests by the byte, one with real requests; and the gateway has to end
when it is told to, whatever hangs.
"""

import json
import signal
import subprocess
import time

import place_front as front
import progress

LIMIT, SHARE = 200, 150         # of all, and of one program
# So many connections; each sends the same, the end of it by the byte; then
# what came back.
CROWD = r"""
import json, socket, sys, threading, time
host, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
text, slow = (bytes.fromhex(line) for line in sys.stdin.readline().split(","))
got = {}
def follow(i, s):
    data = end = ""
    while not end:
        try:
            more = s.recv(65536).decode(errors="replace")
        except OSError as e:
            more, end = "", "[%s]" % e
        data += more
        end = end or ("" if more else "[closed]")
        got[i] = data + end
def send(s):
    try:
        s.sendall(text)
        for i in range(len(slow)):
            time.sleep(0.5)
            s.sendall(slow[i:i + 1])
    except OSError:
        pass
def start(call, *arguments):
    threading.Thread(target=call, args=arguments, daemon=True).start()
threading.stack_size(65536)
for i in range(n):
    try:
        s = socket.create_connection((host, port), 10)
    except OSError as e:
        got[i] = "[%s]" % e
        continue
    s.settimeout(None)
    start(follow, i, s)
    start(send, s)
print("open", flush=True)
for line in sys.stdin:
    print(json.dumps(list(got.values())), flush=True)
"""


class Crowd:
    """One program of the user's that opens many connections."""

    def __init__(self, t, user, n, text=b"", slow=b""):
        self.process = t.start(
            user.as_user(["/usr/bin/python3", "-c", CROWD, user.host,
                          user.port, n]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tell(f"{text.hex()},{slow.hex()}")
        if self.process.stdout.readline() != "open\n":
            raise RuntimeError("the crowd did not start")

    def tell(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def look(self):
        """What each connection has got that got anything."""
        self.tell("")
        return json.loads(self.process.stdout.readline())

    def count(self, *texts):
        return sum(all(text in each for text in texts)
                   for each in self.look())

    def leave(self):
        self.process.stdin.close()
        progress.wait(self.process)


def served(t, user, what):
    before = len(user.upstream.requests)
    got = user.legal(10)
    t.ok(got == "here\n 200" and len(user.upstream.requests) == before + 1,
         f"another program is served {what}", f"{got!r}\n{user.said()[-900:]}")


def half_open(t, user):
    """More than there are, and then all of them closed."""
    start = b"POST http://web01/wsman HTTP/1.1\r\nHost: web01\r\n"
    for what, text in (("half-open requests", start), ("preconnects", b"")):
        crowd = Crowd(t, user, LIMIT + 55, text)
        served(t, user, f"beside {LIMIT + 55} {what}")
        second = Crowd(t, user, LIMIT - SHARE + 10, text)
        time.sleep(1.5)         # what is new has a second to say something
        served(t, user, f"beside {what} of two programs, which have all")
        t.rogue(f"{what}: {crowd.count('503')} of {LIMIT + 55} told 503")
        crowd.leave()
        second.leave()
        served(t, user, f"after {LIMIT + 55} {what}")


def slow(t, user):
    """Requests by the byte go, and free their places."""
    request = user.request(front.SOAP, front.NTLM, body="x" * 2000)
    end = request.index(b"\r\n\r\n") + 4
    for what, at in (("headers", 20), ("bodies", end)):
        crowd = Crowd(t, user, 30, request[:at], request[at:])
        begin = time.monotonic()
        gone = front.wait_for(lambda: crowd.count("[") == 30, 60)
        t.rogue(f"{what} by the byte: {crowd.count('[')} of 30 ended after "
                f"{time.monotonic() - begin:.0f} s")
        t.ok(gone, f"30 {what} that come by the byte are ended",
             str(crowd.look())[:900])
        crowd.leave()


def told(text):
    return text.startswith("HTTP/1.1 503") and "Retry-After: " in text and \
        "connections" in text and text.endswith("\n[closed]")


def real(t, user):
    """Requests that a server takes its time over, long ones."""
    request = user.request(front.SOAP, front.NTLM, body="x" * 100000)
    requests = user.upstream.requests
    before = len(requests)
    user.upstream.hold = True
    greedy = Crowd(t, user, LIMIT + 10, request)
    over = LIMIT + 10 - SHARE
    front.wait_for(lambda: len(greedy.look()) >= over and
                   len(requests) - before >= SHARE)
    answers = greedy.look()
    t.rogue(f"{len(answers)} of {LIMIT + 10}: {min(answers, default='')!r}")
    t.ok(len(answers) == over and all(map(told, answers)),
         f"of {LIMIT + 10} requests of one program {over} are told why not",
         "\n".join(sorted(set(answers)))[:900])
    user.upstream.hold = False
    served(t, user, f"beside the {SHARE} others")
    user.upstream.hold = True
    second = Crowd(t, user, LIMIT - SHARE, request)
    front.wait_for(lambda: len(requests) - before >= LIMIT + 1)
    got = user.legal(10)
    t.ok(got.endswith(" 503") and "krb5.conf, gateway: connections" in got,
         "when all connections are in use a client is told so", repr(got))
    user.upstream.hold = False
    greedy.leave()
    second.leave()
    t.ok(front.wait_for(lambda: user.legal(10) == "here\n 200"),
         "and is served when they are not", user.said()[-900:])


def ends(t, process, status, what):
    """In the seconds that it gives itself, with room for a busy machine; to wait for its clients takes minutes."""
    start = time.monotonic()
    try:
        code = progress.wait(process)
    except progress.Hang:
        code = "never"
        process.kill()
    after = time.monotonic() - start
    t.ok(code == status and after < 30, what, f"{code} after {after:.1f} s")


def endings(t, user):
    crowd = Crowd(t, user, LIMIT + 55, b"POST")
    user.gateway.send_signal(signal.SIGTERM)
    ends(t, user.gateway, 0, "SIGTERM ends it beside half-open requests")
    crowd.leave()
    user.gateway = user.start_gateway()
    # Nobody answers this thread of the gateway's.
    user.broker.send_signal(signal.SIGSTOP)
    crowd = Crowd(t, user, 3, user.request(front.SOAP))
    time.sleep(1)
    user.gateway.send_signal(signal.SIGTERM)
    ends(t, user.gateway, 0, "SIGTERM ends it while the broker hangs")
    user.broker.send_signal(signal.SIGCONT)
    crowd.leave()
    user.gateway = user.start_gateway()
    crowd = Crowd(t, user, LIMIT + 55, b"POST")
    user.broker.kill()
    ends(t, user.gateway, 3, "the broker's end ends it")
    crowd.leave()


def attack(t):
    user = front.Front(t, front.Upstream(t))
    half_open(t, user)
    slow(t, user)
    real(t, user)
    endings(t, user)
