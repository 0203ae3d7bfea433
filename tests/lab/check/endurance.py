# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A thousand connections at once, and everything that can break meanwhile.

The server is tests/bench/winrm_end in a network namespace of its own, behind a
link that can be cut; its name is web02's.  The clients are tests/lab/load, and
some with the plugin, by pypsrp, whose tickets the gateway makes.  What counts:
no request without an end, none answered with another's body, nothing but clean
errors while something is broken, and everybody back when it is not.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import progress
from .far import PORT, WEB02, Network, Server, Talker
from .gateway import SOAP, reason_of
from .helper import HOST, UID, Helper, missing, policy, wait_for
from .lab import HERE

SECONDS = 60            # of load, about; --seconds
CONNECTIONS = 1000
BUDGET = 200 << 20      # bytes, of gateway and broker
THREADS = 12            # of pypsrp
PROXY = 15980
WEB01 = HOST["web01"]
PATIENCE = 40           # seconds without an answer: it hangs
RECOVERY = 90           # seconds for all to be back
LONG = 300              # seconds: of a run by hand
HANG = 15               # seconds: of a domain controller, in a short one
RESPONSE = 12           # seconds: response_timeout
LARGEST = 500000        # bytes of a body


def conf():
    """Like everybody's, for many, and with a port of winrm_end's."""
    about = {h.fqdn: ["delegation = credssp", f"ports = 5985 {PORT}"]
             for h in (WEB01, WEB02)}
    return policy(about, delegate_to=list(about), max_message=1000,
                  connections=2 * CONNECTIONS + 200, connect_timeout=5,
                  max_header=32,
                  response_timeout=RESPONSE)


class Crowd:
    """The helper, the load, and what they have been through."""

    def __init__(self, lab, helper, network, server, report):
        self.lab, self.helper, self.network = lab, helper, network
        self.server, self.report = server, report
        self.load = self.pypsrp = None
        self.figures = []

    # --- Processes ---

    def start_broker(self):
        # What a killed one has left would look as if this one was there, and
        # login would start a third.
        with contextlib.suppress(OSError):
            os.remove(f"{self.helper.dir}/run/gss-winrm/broker")
        self.helper.start_broker()
        done = self.helper.log_in()
        return [] if done.returncode == 0 else [done.stderr]

    def start_gateway(self):
        self.helper.gateway = self.helper.start_gateway(
            listen=f"127.0.0.1:{PROXY}")
        self.helper.proxy = self.helper.gateway.address

    def start_load(self, build):
        helper = self.helper
        shutil.copy(f"{build}/tests/lab/load", helper.bin)
        shutil.copy(self.lab.plugin, helper.bin)
        mech = f"{helper.dir}/mech"
        with open(mech, "w") as f:
            f.write("gss_winrm 2.25.1467839256 "
                    f"{helper.bin}/gss_winrm.so <interposer>\n")
        run = [f"{HERE}/lab", "run", "--dir", self.lab.dir, "--"]
        longest = min(SECONDS // 15, RESPONSE - 4)
        self.load = Talker(
            [*run, *helper.wrap(), f"{helper.bin}/load", str(PROXY),
             f"{WEB02.fqdn}:{PORT}", str(CONNECTIONS), "4000",
             str(longest * 1000), str(PATIENCE * 1000), str(LARGEST)],
            f"{helper.dir}/load.err")
        self.pypsrp = Talker(
            [*run, *helper.wrap({"http_proxy": f"http://{helper.proxy}",
                                 "GSS_MECH_CONFIG": mech}),
             f"{helper.dir}/venv/bin/python", "-B",
             f"{helper.dir}/programs/post_pypsrp.py", WEB02.fqdn, str(PORT),
             str(THREADS)], f"{helper.dir}/pypsrp.err")

    def end(self):
        for talker in (self.load, self.pypsrp):
            if talker is not None:
                talker.end()

    # --- Looks ---

    def measure(self):
        """{name: (resident, proportional, private bytes, descriptors)}"""
        found = {}
        for name, process in (("gateway", self.helper.gateway),
                              ("broker", self.helper.broker)):
            sizes = {}
            with open(f"/proc/{process.pid}/smaps_rollup") as f:
                for line in f.readlines()[1:]:
                    key, value = line.split()[:2]
                    sizes[key] = int(value) << 10
            found[name] = (sizes["Rss:"], sizes["Pss:"],
                           len(os.listdir(f"/proc/{process.pid}/fd")))
        return found

    def all_back(self):
        """Seconds until everybody has had an answer; or None."""
        start = time.monotonic()
        if not wait_for(lambda: self.load.ask("look")["healthy"] ==
                        CONNECTIONS, RECOVERY):
            return None
        return time.monotonic() - start

    def stats(self):
        return self.load.ask("stats"), self.pypsrp.ask("stats")


def told(stats, other):
    text = (f"{stats['ok']} answers, {stats['bytes'] >> 20} MiB, p50 "
            f"{stats['p50']:.0f} ms, p99 {stats['p99']:.0f} ms; "
            f"{stats['faults']} faults, {stats['refused']} refused, "
            f"{stats['cut']} cut, {stats['hung']} hung, "
            f"{stats['wrong']} wrong; pypsrp {other['ok']} answers, "
            f"{other['logins']} logins, "
            f"{sum(other['errors'].values())} errors")
    return text


def show(report, title, stats, other):
    report.say(f"{title}: {told(stats, other)}")
    counts = {}
    for text, count in [*stats["why"].items(), *other["errors"].items()]:
        text = re.sub(r" after \d+ ms.*", "", text)
        counts[text] = counts.get(text, 0) + count
    for text, count in counts.items():
        report.say(f"  {count} x {text}")


def crossed(stats, other):
    """What must never be, whatever is broken."""
    return [f"{count} {what}" for count, what in (
        (stats["hung"], "requests without an end"),
        (stats["wrong"], "answers that are somebody else's"),
        (other["wrong"], "answers to pypsrp that are somebody else's"))
        if count]


def flawless(stats, other):
    problems = crossed(stats, other)
    for name in ("faults", "refused", "cut"):
        if stats[name]:
            problems.append(f"{stats[name]} {name}: {stats['why']}")
    if other["errors"]:
        problems.append(f"pypsrp: {other['errors']}")
    if not stats["ok"] or not other["ok"]:
        problems.append("nothing was answered")
    return problems


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"


def show_memory(report, title, found):
    for name, (rss, pss, fds) in found.items():
        report.say(f"{title}: {name}: {mib(rss)} resident, {mib(pss)} "
                   f"proportional, {fds} descriptors")


# --- Nothing broken ---

def warm_up(report, crowd):
    took = crowd.all_back()
    stats, other = crowd.stats()
    show(report, f"the first {took or RECOVERY:.0f} s", stats, other)
    report.ok(f"{CONNECTIONS} connections at once: everybody is let in",
              flawless(stats, other) + ["not all"] * (took is None))
    return took is not None


def steady(report, crowd):
    """Memory is flat once everybody has had bodies of all sizes."""
    time.sleep(max(SECONDS / 6, 5))
    before = crowd.measure()
    time.sleep(max(SECONDS / 2, 10))
    after = crowd.measure()
    stats, other = crowd.stats()
    show(report, "undisturbed", stats, other)
    show_memory(report, "then", before)
    show_memory(report, "now", after)
    report.ok("undisturbed: every request has its answer",
              flawless(stats, other))
    total = sum(pss for _, pss, _ in after.values())
    report.ok(f"{CONNECTIONS} connections: gateway and broker have "
              f"{mib(total)} together, of {mib(BUDGET)}",
              [mib(total)] * (total > BUDGET))
    grown = {name: (after[name][0] - before[name][0],
                    after[name][2] - before[name][2]) for name in after}
    report.ok("neither memory nor descriptors grow", [
        f"{name}: {mib(size)} and {fds} descriptors more"
        for name, (size, fds) in grown.items()
        if size > max(before[name][0] // 10, 8 << 20) or fds > 100])


# --- Faults ---

@contextlib.contextmanager
def fault(report, crowd, title, wanted=crossed):
    """What is in the block breaks something and mends it; then everybody has
    to come back."""
    start = time.monotonic()
    problems = []
    yield problems
    broken = time.monotonic() - start
    during = crowd.stats()
    back = crowd.all_back()
    after = crowd.stats()
    show(report, f"{title}, {broken:.0f} s", *during)
    show(report, f"... all back after {back or RECOVERY:.1f} s", *after)
    if back is None:
        problems.append(f"not everybody is back after {RECOVERY} s: "
                        f"{after[0]['healthy']} of {CONNECTIONS}")
    if not after[1]["ok"]:
        problems.append("pypsrp is not back")
    report.ok(title, problems + wanted(*during) + crossed(*after))


def stop(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def kill_gateway(report, crowd):
    with fault(report, crowd, "kill -9 of the gateway"):
        stop(crowd.helper.gateway)
        time.sleep(1)
        crowd.start_gateway()


def kill_broker(report, crowd):
    with fault(report, crowd, "kill -9 of the broker") as problems:
        stop(crowd.helper.broker)
        try:
            code = progress.wait(crowd.helper.gateway)
            problems += [f"the gateway ended with {code}"] * (code != 3)
        except progress.Hang:
            problems.append("the gateway has not noticed")
        problems += crowd.start_broker()
        crowd.start_gateway()


def kill_server(report, crowd):
    with fault(report, crowd, "the server dies and comes back"):
        crowd.server.kill()
        time.sleep(2)
        crowd.server.start()


def cut_link(report, crowd):
    """TCP mends what is short; nobody sees it."""
    with fault(report, crowd, "the link is cut for 4 s", flawless_or_slow):
        crowd.network.cut()
        time.sleep(4)
        crowd.network.restore()
    with fault(report, crowd, "the link is cut for longer than "
               f"response_timeout ({RESPONSE} s)"):
        crowd.network.cut()
        time.sleep(RESPONSE + 5)
        crowd.network.restore()


def flawless_or_slow(stats, other):
    """pypsrp and new connections may have met connect_timeout."""
    problems = crossed(stats, other)
    if stats["cut"] or stats["refused"]:
        problems.append(f"{stats['cut']} cut, {stats['refused']} refused")
    return problems


def domain_controllers(lab):
    """The pids of Samba in the lab."""
    with open(f"{lab.dir}/netns.name", encoding="ascii") as f:
        name = f.read().strip()
    listed = subprocess.run(["ip", "netns", "pids", name], text=True,
                            stdout=subprocess.PIPE, check=True)
    found = []
    for pid in listed.stdout.split():
        # What they call themselves differs ("kdc[master]").
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/exe").endswith("/samba"):
                found.append(int(pid))
    return found


def ask_new_host(crowd):
    """(seconds, what curl says): a session with a host that the broker has no
    ticket for."""
    start = time.monotonic()
    result = crowd.helper.run(
        ["curl", "-sS", "-H", SOAP, "-d",
         f"@{crowd.helper.dir}/programs/identify.xml",
         f"http://{WEB01.fqdn}:5985/wsman", "-w", " %{http_code}"], True,
        quiet=150)
    return time.monotonic() - start, result


def signal_all(pids, which):
    for pid in pids:
        os.kill(pid, which)


def domain_controller(report, crowd):
    """Krb5 asks for about two minutes before it gives up, which is for long
    runs; and it gets its ticket when the domain controller is back before."""
    hang, wanted = (600, "500") if SECONDS >= LONG else (HANG, "200")
    with fault(report, crowd, "the domain controller hangs, and goes on",
               flawless) as problems:
        pids = domain_controllers(crowd.lab)
        problems += ["no domain controller found"] * (not pids)
        signal_all(pids, signal.SIGSTOP)
        mend = threading.Timer(hang, signal_all, (pids, signal.SIGCONT))
        mend.start()
        try:
            took, result = ask_new_host(crowd)
        finally:
            mend.cancel()
            signal_all(pids, signal.SIGCONT)
        report.say(f"  meanwhile a new host: {result.out.strip()[-3:]} after "
                   f"{took:.0f} s: {reason_of({'text': result.out})}")
        if not result.out.strip().endswith(wanted):
            problems.append(f"not {wanted}: {result.describe()}")
        took, result = ask_new_host(crowd)
        report.say(f"  and afterwards: {result.out.strip()[-3:]} after "
                   f"{took:.1f} s")
        if not result.out.strip().endswith("200"):
            problems.append(f"not well afterwards: {result.describe()}")


def fill(directory):
    with contextlib.suppress(OSError), open(f"{directory}/filler", "wb") as f:
        while True:
            f.write(bytes(4096))
            f.flush()


def disk(report, crowd):
    """The runtime directory is full; a gateway can still start there."""
    run = f"{crowd.helper.dir}/run"
    with fault(report, crowd, "the disk is full", flawless):
        fill(run)
        time.sleep(3)
    with fault(report, crowd, "kill -9 of the gateway on a full disk"
               ) as problems:
        stop(crowd.helper.gateway)
        crowd.start_gateway()
        done = crowd.helper.log_in()
        problems += [done.stderr] * (done.returncode != 0)
    os.remove(f"{run}/filler")


FAULTS = (kill_gateway, kill_broker, kill_server, cut_link, domain_controller,
          disk)


def the_end(report, crowd, idle):
    """Nothing of the clients stays behind."""
    crowd.end()
    ended = [f"{name}: {process.poll()}: {crowd.helper.said(name)[-900:]}"
             for name, process in (("gateway", crowd.helper.gateway),
                                   ("broker", crowd.helper.broker))
             if wait_for(lambda p=process: p.poll() is not None, 3)]
    report.ok("gateway and broker are there after all their clients", ended)
    if ended:
        return
    wait_for(lambda: all(now[2] <= idle[name][2] + 3 for name, now in
                         crowd.measure().items()))
    left = crowd.measure()
    show_memory(report, "without clients", left)
    report.ok("no descriptor of a client's stays behind", [
        f"{name}: {left[name][2]}, {idle[name][2]} at the beginning"
        for name in left if left[name][2] > idle[name][2] + 3])


@contextlib.contextmanager
def small_disk(helper):
    run = f"{helper.dir}/run"
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    f"size=64k,mode=700,uid={UID},gid={UID}", "none", run],
                   check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", run], check=False)


def run(report, lab, helper, build):
    with Network(lab) as network, small_disk(helper):
        server = Server(lab, network, build)
        crowd = Crowd(lab, helper, network, server, report)
        try:
            server.start()
            problems = crowd.start_broker()
            crowd.start_gateway()
            report.ok("carol has logged in", problems)
            idle = crowd.measure()
            crowd.start_load(build)
            if not warm_up(report, crowd):
                return
            steady(report, crowd)
            for each in FAULTS:
                each(report, crowd)
            the_end(report, crowd, idle)
        finally:
            crowd.end()
            helper.down()
            server.end()


def endurance(report, lab, venv, program):
    """Many connections, and faults in mid-load."""
    build = Helper.build(program)
    lacking = missing(build) + [p for p in ("tests/lab/load",
                                            "tests/bench/winrm_end")
                                if not os.path.exists(f"{build}/{p}")]
    if lacking:
        report.skip("endurance", f"{' '.join(lacking)}: not built")
        return
    run(report, lab, Helper(lab, venv, program, text=conf()), build)
