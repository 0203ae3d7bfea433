# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""search_memory.py FILE PID...: which processes have the first line of FILE in
their memory, as UTF-8 or UTF-16 (as CredSSP sends it).  Prints a JSON object:
PID to what was found where.  Needs root; a process of its own, because this one
has it as well."""

import json
import re
import sys

CHUNK = 1 << 24


def mappings(pid):
    """(start, end, name) of what is readable and in use."""
    with open(f"/proc/{pid}/smaps") as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)",
                            line)
            if head:
                now = (int(head[1], 16), int(head[2], 16), head[4].strip())
                readable = head[3].startswith("r")
            elif (line.startswith("Rss:") and readable
                    and not line.split()[1] == "0"
                    and now[2] not in ("[vvar]", "[vsyscall]")):
                yield now


def chunks(memory, start, end, overlap):
    while start < end:
        memory.seek(start)
        try:
            data = memory.read(min(CHUNK, end - start))
        except OSError:
            return
        if not data:
            return
        yield data
        start += len(data) if len(data) <= overlap else len(data) - overlap
        if len(data) < CHUNK:
            return


def search(pid, needles):
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, name in mappings(pid):
            for data in chunks(memory, start, end, 256):
                found += [f"{form} in {name or 'anonymous memory'}"
                          for form, needle in needles.items()
                          if needle in data]
    return found


def main():
    with open(sys.argv[1]) as f:
        secret = f.readline().strip()
    needles = {"UTF-8": secret.encode(), "UTF-16": secret.encode("utf-16-le")}
    result = {}
    for pid in sys.argv[2:]:
        try:
            found = search(pid, needles)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if found:
            result[pid] = sorted(set(found))
    print(json.dumps(result))


main()
