# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""another user waits for a dead gateway's port, reads commands and answers them

A command under `gss-winrm run` sends requests all the time.  Its gateway is
killed again and again, as a bug in it (or lack of memory) would; another user
tries all the while, in each way that there is, to have the port.
"""

import os
import signal
import subprocess
import sys
import threading

import progress
from place_user import User, real_uid

SECRET = "Enter-PSSession secret command"

# The command: each request's answer, or what came in its place, is a line.
CLIENT = """
import os, socket, sys, time
host, port = os.environ["http_proxy"].split("//")[1].split(":")
print("port", port, flush=True)
while True:
    try:
        with socket.create_connection((host, int(port)), 600) as c:
            c.sendall(b"POST http://other.example:5985/wsman HTTP/1.1\\r\\n"
                      b"Host: other.example:5985\\r\\nContent-Length: %d\\r\\n"
                      b"Content-Type: application/soap+xml;charset=UTF-8\\r\\n"
                      b"\\r\\n%s" % (len(sys.argv[1]), sys.argv[1].encode()))
            c.settimeout(600)
            print("answer", repr(c.recv(4096).split(b"\\r\\n")[0]), flush=True)
    except OSError as error:
        print("error", error.strerror or error, flush=True)
    time.sleep(0.02)
"""


# As another user: what it hears, it tells on stdout.
ROGUE = """
import os, socket, sys, time
port = int(sys.argv[1])
places = [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET, ("", port)),
          (socket.AF_INET6, ("::", port)),
          (socket.AF_INET6, ("::ffff:127.0.0.1", port))]
options = [(), (socket.SO_REUSEADDR,), (socket.SO_REUSEPORT,),
           (socket.SO_REUSEADDR, socket.SO_REUSEPORT)]
tries = 0
parent = os.getppid()
print("ready", flush=True)
while os.getppid() == parent:
    for family, where in places:
        for each in options:
            tries += 1
            s = socket.socket(family)
            try:
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                for option in each:
                    s.setsockopt(socket.SOL_SOCKET, option, 1)
                s.bind(where)
                s.listen()
                # By the clock: it goes on to try the others.
                s.settimeout(2)
                print("has the port", where, each, flush=True)
                c, _ = s.accept()
                c.settimeout(2)     # by the clock: so does this
                print("heard", repr(c.recv(4096)), flush=True)
                c.sendall(b"HTTP/1.1 200 you are mine\\r\\n\\r\\n")
                c.close()
            except OSError:
                pass
            s.close()
    if tries % 400 == 0:
        print("tries", tries, flush=True)
"""


class Lines:
    """What a program says, line by line, while it runs."""

    def __init__(self, stream):
        self.lines = []
        self.thread = threading.Thread(target=self.read, args=(stream,),
                                       daemon=True)
        self.thread.start()

    def read(self, stream):
        for line in stream:
            self.lines.append(line.rstrip("\n"))

    def wait(self, good, start=0):
        """The first line from there on that is good, or None."""
        def look():
            alive = self.thread.is_alive()
            found = [line for line in self.lines[start:] if good(line)]
            return found or (not alive and [None])

        return (progress.wait_for(look) or [None])[0]


def child_gateway(run):
    """The gateway that this `gss-winrm run' has now, or None."""
    with open(f"/proc/{run.pid}/task/{run.pid}/children",
              encoding="ascii") as f:
        for pid in f.read().split():
            try:
                if os.readlink(f"/proc/{pid}/exe").endswith("-gateway"):
                    return int(pid)
            except FileNotFoundError:
                pass
    return None


def kill_gateway(run, before):
    """Kill one that is not `before`; which."""
    def new():
        pid = child_gateway(run)
        return pid if pid != before else None

    pid = progress.wait_for(lambda: run.poll() is not None or new())
    if not pid or pid is True:
        return None
    os.kill(pid, signal.SIGKILL)
    return pid


def start(t, user):
    run = t.start(user.wrap([user.program, "run", "--", sys.executable, "-u",
                             "-c", CLIENT, SECRET]), env=user.env, text=True,
                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")
    out, said = Lines(run.stdout), Lines(run.stderr)
    port = out.wait(lambda line: line.startswith("port"))
    if port is None:
        raise RuntimeError(said.lines)
    return run, out, said, int(port.split()[1])


def survives(t, run, out, said):
    """Killed three times: the command gets answers from the next one."""
    pid = None
    for number in range(1, 4):
        at = len(out.lines)
        pid = kill_gateway(run, pid)
        answer = out.wait(lambda line: line.startswith("answer 'HTTP/1.1")
                          or line.startswith("answer b'HTTP/1.1"), at + 1)
        again = said.wait(lambda line: "restarting it" in line)
        t.ok(pid and answer and "mine" not in answer and again,
             f"kill {number}: the command has another gateway, on its port",
             f"{pid} {answer} {said.lines} {out.lines[-5:]}")
    return pid


def gives_up(t, run, said, pid):
    """Killed for good: the command is ended, with a sentence."""
    while pid is not None:
        pid = kill_gateway(run, pid)
    try:
        status = progress.wait(run)
    except progress.Hang:
        status = None
    t.ok(status == 125 and any("keeps ending" in x for x in said.lines),
         "one that ends again and again ends the command, with a sentence",
         f"{status} {said.lines}")


def attack(t):
    user, other = User(t, "victim"), User(t, "other")
    run, out, said, port = start(t, user)
    rogue = t.start(other.wrap([sys.executable, "-u", "-c", ROGUE, port]),
                    text=True, stdout=subprocess.PIPE, cwd="/")
    heard = Lines(rogue.stdout)
    heard.wait(lambda line: line == "ready")
    t.ok(real_uid(rogue.pid) == other.uid != user.uid, "two users")
    t.ok(out.wait(lambda line: line.startswith("answer")),
         "the command has a gateway", said.lines)
    pid = survives(t, run, out, said)
    t.ok(heard.wait(lambda line: line.startswith("tries"), len(heard.lines)),
         "the rogue tried all the while", heard.lines[-3:])
    # While the command runs: when it has ended, the port is anybody's.
    got = [x for x in heard.lines if x.startswith(("has", "heard"))]
    tries = [x for x in heard.lines if x.startswith("tries")][-1]
    t.rogue(f"{tries}, got: " + ("\n".join(got[:4]) or "nothing"))
    t.ok(not got, "the port was never another user's", "\n".join(got[:10]))
    t.ok(not any("mine" in x for x in out.lines),
         "the rogue answered no request", out.lines[-5:])
    gives_up(t, run, said, pid)
