#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A web site that authenticates to another one by itself, before it has connected there: a reverse proxy, say.

    place_site.py here|prefork ADDRESS      listen there; who accepts listens, or its parent does
    place_site.py activated                 the connection is standard input, as from inetd or systemd

Prints the port.  To each client goes what the site would have sent to TARGET: a token in base64.  A line "winrm ADDRESS
PORT" makes it connect there first.
"""

import base64
import ctypes
import os
import signal
import socket
import sys

import gssapi

TARGET = "HTTP@web01.test.example"


def token():
    name = gssapi.Name(TARGET, gssapi.NameType.hostbased_service)
    context = gssapi.SecurityContext(name=name, usage="initiate",
                                     mech=gssapi.MechType.kerberos)
    return context.step()


def answer(client):
    words = client.recv(1000).decode().split()
    winrm = None
    if words[:1] == ["winrm"]:
        winrm = socket.create_connection((words[1], int(words[2])))
    client.sendall(base64.b64encode(token()) + b"\n")
    if winrm is not None:
        winrm.close()
    client.close()


def listen(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family)
    print(listener.getsockname()[1], flush=True)
    return listener


def end_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def main():
    how = sys.argv[1]
    if how == "activated":
        client = socket.socket(fileno=os.dup(0))
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        answer(client)
        return
    listener = listen(sys.argv[2])
    while True:
        if how == "here":
            answer(listener.accept()[0])
        elif os.fork() == 0:
            end_with_parent()
            client = listener.accept()[0]
            listener.close()
            answer(client)
            os._exit(0)
        else:
            os.wait()


if __name__ == "__main__":
    main()
