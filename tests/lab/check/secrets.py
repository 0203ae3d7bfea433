# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Where the password is while it is used: in the broker, and in the server
that it was delegated to; and nowhere in a log."""

import json
import os
import subprocess
import sys

import progress
from .clients import PROGRAMS, url
from .gateway import PRINCIPAL, WEB01, catalog, delegated, with_helper
from .helper import HERE, HOST, wait_for

# Written by the gateway's side, the servers and the domain controller.
SKIPPED = ("secret", "samba/private", "samba/state", "samba/lock")


def pids_inside(lab):
    with open(f"{lab.dir}/netns.name") as f:
        name = f.read().strip()
    text = subprocess.run(["ip", "netns", "pids", name], check=True,
                          text=True, stdout=subprocess.PIPE).stdout
    return text.split()


def ancestors():
    """The tests' own processes."""
    pid, found = os.getpid(), []
    while pid > 1:
        found.append(str(pid))
        with open(f"/proc/{pid}/stat") as f:
            pid = int(f.read().rpartition(")")[2].split()[1])
    return found


def title(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return " ".join(f.read().split("\0")[:4]) or "?"
    except OSError:
        return "(has ended)"


def standin_of(lab, host):
    """The process that serves the host."""
    text = subprocess.run(
        [f"{HERE}/lab", "run", "--dir", lab.dir, "--", "ss", "-Htlnp",
         f"src {host.address}:5985"], check=True, text=True,
        stdout=subprocess.PIPE).stdout
    return text.partition("pid=")[2].partition(",")[0]


def delegated_to(lab):
    """{PID: name} of the servers that the user's password was given to, by
    their own log."""
    with open(f"{lab.dir}/standin.jsonl") as f:
        names = {event["host"] for event in map(json.loads, f)
                 if event.get("delegated") and event["client"] == PRINCIPAL}
    return {standin_of(lab, HOST[name]): f"server {name}" for name in names}


def search(lab, pids):
    done = subprocess.run(
        [sys.executable, "-B", f"{PROGRAMS}/search_memory.py",
         f"{lab.dir}/secret", *pids], check=True, text=True,
        stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def memory(report, lab, helper):
    """Every process while a client waits for its command."""
    client = catalog(helper)[4]
    argv = client.argv(url("http", WEB01.fqdn, 5985))
    flag = f"{lab.dir}/searched"
    argv[-1] = (f"echo started; while ! [ -e {flag} ]; do sleep 0.1; done; "
                "secondhop")
    running = helper.start(argv, "client",
                           {"http_proxy": f"http://{helper.proxy}"})
    started = wait_for(lambda: "started" in helper.said("client"))
    pids = pids_inside(lab)
    found = search(lab, [*pids, *ancestors()])
    broker, server = str(helper.broker.pid), standin_of(lab, WEB01)
    holders = {broker: "broker", **delegated_to(lab)}
    problems = [f"{pid} {title(pid)}: {where}" for pid, where in found.items()
                if pid not in holders]
    with open(flag, "w"):
        pass
    code = progress.wait(running)
    if not started or code:
        problems.append(f"the client: {code} {helper.said('client')}")
    if server not in found:
        problems.append(f"the search finds nothing, not even in the server "
                        f"({server})")
    if str(helper.gateway.pid) not in pids:
        problems.append("the gateway was not searched")
    report.ok(f"the password is in no process but the broker and the server: "
              f"{len(pids)} searched during use", problems, "found in: " +
              " and ".join(holders[pid] for pid in found if pid in holders))


def traced(report, lab, helper):
    """A request, so that there is something in the logs."""
    curl = catalog(helper)[0]
    result = helper.run(curl.argv(url("http", WEB01.fqdn, 5985)), True)
    report.ok("a request with KRB5_TRACE", curl.problems(result)
              + delegated(result))


def files(lab):
    for directory, _, names in os.walk(lab.dir):
        for name in names:
            path = os.path.join(directory, name)
            inside = os.path.relpath(path, lab.dir)
            if not inside.startswith(SKIPPED) and os.path.isfile(path):
                yield path


def logs(report, lab, helper):
    """Every file of the lab: logs, traces, syslog, what was printed."""
    with open(f"{lab.dir}/secret") as f:
        secret = f.readline().strip().encode()
    needles = (secret, secret.decode().encode("utf-16-le"))
    # Not kept: this process is searched as well.
    found, count = [], 0
    for path in files(lab):
        count += 1
        with open(path, "rb") as f:
            data = f.read()
        found += [path] * any(n in data for n in needles)
    with open(helper.syslog) as f:
        logged = f.read()
    report.ok(f"the password is in none of the lab's {count} files", found)
    report.ok("the delegation is in the system's log, with host and user",
              [] if WEB01.fqdn in logged else [logged or "nothing logged"])


def command_lines(report, lab, helper):
    """Nothing on a command line or in an environment."""
    with open(f"{lab.dir}/secret") as f:
        secret = f.readline().strip().encode()
    found = []
    for pid in pids_inside(lab):
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as f:
                    if secret in f.read():
                        found.append(f"{pid} {name}: {title(pid)}")
            except OSError:
                pass
    report.ok("the password is on no command line, in no environment", found)


def forgotten(report, lab, helper):
    """After logout not even the broker has it."""
    done = helper.command("logout", "--all")
    found = search(lab, [str(helper.broker.pid)])
    report.ok("after logout the broker's memory has no password",
              [done.stdout + done.stderr] * bool(done.returncode)
              + [f"{found}"] * bool(found))


def secrets(report, lab, venv, program):
    """Where the password is, in memory and in logs."""
    with_helper(report, lab, venv, program,
                (memory, traced, logs, command_lines, forgotten),
                response_timeout=90)
