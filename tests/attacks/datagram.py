# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""a gateway that has been taken over sends to the user's other sockets

The sandbox lets nobody make a Unix socket.  What the gateway has already it
can use: syslog(3)'s is of datagrams, which go to any address that is given.
"""

import os
import re
import select
import socket
import subprocess

import progress
from place_user import PATIENCE, User, compile_c, told


def listen(user, path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    os.chown(path, user.uid, user.uid)
    sock.settimeout(PATIENCE)
    user.t.defer(sock.close)
    return sock


def report(user, library):
    """Of the rogue, in the gateway of a `gss-winrm run`; /dev/log is ours."""
    environment = [f"{k}={v}" for k, v in user.env.items()]
    run = user.t.start(
        ["unshare", "-m", user.t.source / "tests/lab/programs/as_user",
         user.uid, user.dir, "--", "env", *environment,
         f"LD_PRELOAD={library}", f"ROGUE_SOCKET={user.dir}/run/target",
         user.program, "run", "--", "sh", "-c", "echo $http_proxy; read stop"],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd="/")
    port = int(run.stdout.readline().rsplit(":", 1)[1])
    text = told(("127.0.0.1", port))
    run.stdin.close()
    progress.wait(run)
    return text


def received(sock):
    lines = []
    while select.select([sock], [], [], 0)[0]:
        lines.append(sock.recv(65536))
    return lines


def attack(t):
    user = User(t, "victim")
    library = compile_c(t.source / "tests/attacks/rogue_gateway.c",
                        user.dir / "rogue.so", "-shared", "-fPIC", "-ldl")
    log = listen(user, user.dir / "log")
    target = listen(user, user.dir / "run/target")
    said = report(user, library)
    got = received(target)
    tried = re.findall(r"^(?:sendto|sendmsg|connect) .*", said, re.M)
    t.rogue("reached: " + "; ".join(x for x in tried if x.endswith("done")))
    t.rogue(f"got: {b', '.join(got).decode() or 'nothing'}")
    t.ok(len(tried) > 5 and said.endswith("end\n"), "it tried each socket",
         said)
    t.ok(not got, "the user's other socket got nothing", got)
    # The log is there as before: that it listens is among the first lines.
    lines = received(log)
    t.ok(any(b"listening on 127.0.0.1 port" in x for x in lines),
         "syslog gets the gateway's lines", lines)
