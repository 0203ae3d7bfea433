# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run in a session of a service: what a PAM module could have left there.

Prints "PROBE" and JSON: the same for the same service, whatever the broker.
"""

import json
import os
import resource

# Their other children are other sessions'; they are the first process's.
DAEMONS = ("cron", "sshd")


def status(pid):
    lines = open(f"/proc/{pid}/status", encoding="utf-8").read().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def processes():
    """{pid: status}; what ends meanwhile is left out."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                found[int(entry)] = status(entry)
            except OSError:
                pass
    return found


def ancestors():
    """[name, children, those of them that nobody has waited for], upwards."""
    alive, out, pid = processes(), [], os.getppid()
    while pid > 1 and pid in alive:
        name, parent = alive[pid]["Name"], int(alive[pid]["PPid"])
        if parent == 1 and name in DAEMONS:
            break
        states = [s["State"][0] for s in alive.values()
                  if int(s["PPid"]) == pid]
        out.append([name, len(states), states.count("Z")])
        pid = parent
    return out


def main():
    me = status("self")
    print("PROBE", json.dumps({
        "uid": os.getresuid(), "gid": os.getresgid(),
        "groups": sorted(os.getgroups()), "environment": sorted(os.environ),
        "descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd")),
        "signals": [me[n] for n in ("SigBlk", "SigIgn")],
        "capabilities": me["CapEff"], "umask": me["Umask"],
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "ancestors": ancestors()}, default=list), flush=True)


main()
