# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Where the password is in the processes of a service, and in their cores."""

import contextlib
import os
import re
import signal
from pathlib import Path

import progress
from registers import registers

# OpenSSH has a program for each part from 9.8 on.
SERVICES = ("sshd", "sshd-session", "sshd-auth", "su", "login")
PIECE = 8
# SigBlk of one that has blocked all that can be: our child, nobody else.
ALL_BLOCKED = 0xFFFFFFFE7FFBFEFF


def copies(data, password):
    """How often a piece of it is there, as it is typed and as it travels: a
    register or a freed block may have only some of it."""
    return sum(data.count(password[i:i + PIECE].encode(form))
               for i in range(len(password) - PIECE + 1)
               for form in ("utf-8", "utf-16-le"))


def status(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.M))


def processes():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                found[int(entry)] = status(entry)
    return found


def held(hold):
    """(the service's process, the child that it waits for), or ()."""
    alive = processes()
    for pid, s in alive.items():
        parent = alive.get(int(s["PPid"]), {"Name": ""})["Name"]
        if parent in SERVICES and (
                s["Name"] == "sleep" if hold == "sleep" else
                s["Name"] == parent and int(s["SigBlk"], 16) == ALL_BLOCKED and
                s["Uid"].split()[0] != "0"):
            return int(s["PPid"]), pid
    return ()


def services():
    """Those of sessions that are not over."""
    return [pid for pid, s in processes().items() if s["Name"] in SERVICES and
            s["State"][0] != "Z" and (s["Name"], s["PPid"]) != ("sshd", "1")]


def mappings(pid):
    """(start, end, whether a core has it) of what is not only a file's."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    for part in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.M)[1:]:
        start, end = (int(n, 16) for n in part.split(" ", 1)[0].split("-"))
        if "Anonymous:             0 kB" not in part and "[v" not in part:
            yield start, end, " dd" not in part.split("VmFlags:")[1]


def in_memory(pid, password):
    """(pieces that a core would have, pieces)"""
    dumped = all_of_them = copies(registers(pid) or b"", password)
    with open(f"/proc/{pid}/mem", "rb") as mem:
        for start, end, dump in mappings(pid):
            with contextlib.suppress(OSError):
                mem.seek(start)
                n = copies(mem.read(end - start), password)
                all_of_them += n
                dumped += n if dump else 0
    return dumped, all_of_them


def look(password, pair, others, cores):
    """What the service's processes have; of the child apart, whether anybody
    but root could look into it, or it could leave a core.  It ends then."""
    dumped = everywhere = 0
    for pid in set(services()) - others - set(pair[1:]):
        with contextlib.suppress(OSError):
            more, all_of_them = in_memory(pid, password)
            dumped += more
            everywhere += all_of_them
    out = {"dumped": dumped, "everywhere": everywhere}
    with contextlib.suppress(OSError):
        if pair:
            limits = Path(f"/proc/{pair[1]}/limits").read_text()
            out["child"] = {
                "owner": os.stat(f"/proc/{pair[1]}/environ").st_uid,
                "core": re.search(r"core file size +(\S+)", limits).group(1)}
    if cores and pair:
        out["core"] = core(password, pair)
    elif pair:
        os.kill(pair[1], signal.SIGKILL)
    return out


def core(password, pair):
    """Abort the service, and search what that leaves: [(octets, pieces)]."""
    pid, child = pair
    place = Path(os.readlink(f"/proc/{pid}/cwd"))
    os.kill(child, signal.SIGABRT)
    os.kill(pid, signal.SIGABRT)
    progress.wait_for(lambda: not running(pid))
    found = []
    for path in place.glob("core*"):
        data = path.read_bytes()
        if data.startswith(b"\x7fELF"):
            found.append((len(data), copies(data, password)))
            path.unlink()
    return found


def running(pid):
    try:
        return status(pid)["State"][0] != "Z"
    except OSError:
        return False
