# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""`python3 -m standin DIR`: all WinRM hosts of the lab in DIR, each with a
process of its own: its keys, its name, what it was told are its own too."""

import ctypes
import os
import signal
import socket
import sys
import threading
import traceback

import hosts
from . import balancer

CLONE_NEWUTS = 0x04000000


def become(host, directory):
    """The host's name and keys, for what asks the system for them."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUTS):
        raise OSError(ctypes.get_errno(), "unshare")
    socket.sethostname(host.fqdn)
    os.environ.update(KRB5_KTNAME=f"FILE:{directory}/keytabs/{host.name}",
                      NTLM_USER_FILE=f"{directory}/ntlm-users")


def serve(host, directory):
    become(host, directory)
    # The libraries look at the environment when they are loaded.
    from .auth import Log
    from .server import Listener
    from .shells import Service
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    service = Service(host, directory)
    logs = [Log(f"{directory}/{name}.jsonl") for name in ("standin",
                                                          "requests")]
    for port in (5985, 5986):
        Listener(host, port, service, directory, *logs).start()
    stop.wait()
    for shell in list(service.shells.values()):
        shell.close()


def start(what, *arguments):
    pid = os.fork()
    if pid:
        return pid
    try:
        what(*arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def main():
    directory = sys.argv[1]
    children = [start(serve, host, directory) for host in hosts.HOSTS]
    children.append(start(balancer.serve))
    signal.signal(signal.SIGTERM, lambda *_: [
        os.kill(pid, signal.SIGTERM) for pid in children])
    for pid in children:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
