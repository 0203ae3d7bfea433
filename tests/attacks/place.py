# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Where attacks take place: the realms, what was built, and the results."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
for each in ("k5", "broker", "lab", "watch"):
    sys.path.insert(0, str(TESTS / each))

import progress                 # noqa: E402
import realm                    # noqa: E402

PATIENCE = 60                   # seconds
NO_KDC = """[libdefaults]
 default_realm = TEST.EXAMPLE
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
[realms]
 TEST.EXAMPLE = {
  kdc = 127.0.0.1:%d
 }
[domain_realm]
 .test.example = TEST.EXAMPLE
"""


def write_conf(path, targets, kdc=1):
    """A krb5.conf: a realm whose KDC nobody is, and the gateway's targets."""
    path.write_text(NO_KDC % kdc + "[appdefaults]\n winrm = {\n"
                    f"  gateway = {{\n   targets = {targets}\n  }}\n }}\n")


def wait_for(what, seconds=PATIENCE):
    """Until it is true; what it is in the end."""
    return progress.wait_for(what, quiet=seconds)


class Target:
    """One attack's: what it is given, and how it went."""

    def __init__(self, place, name):
        self.place, self.name = place, name
        self.build = place.build            # where make ran
        self.source = TESTS.parent
        self.stack = contextlib.ExitStack()
        # Short, since sockets go into it; removed afterwards.
        self.dir = Path(tempfile.mkdtemp(prefix="gss-winrm-attack-",
                                         dir="/tmp"))
        self.stack.callback(shutil.rmtree, self.dir, True)

    def ok(self, good, what, why=""):
        """One result.  why: what is to be read when it is no good."""
        self.place.result(bool(good), f"{self.name}: {what}", why)

    def skip(self, what, reason):
        self.place.skip(f"{self.name}: {what}", reason)

    @staticmethod
    def rogue(text):
        """What the attacker has seen or got."""
        for line in str(text).splitlines() or ["(nothing)"]:
            print(f"# [rogue] {line}", flush=True)

    def defer(self, call, *arguments):
        """Call it when the attack is over, however it ends."""
        self.stack.callback(call, *arguments)

    def start(self, argv, **how):
        """A process that ends with the attack."""
        how.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(     # pylint: disable=consider-using-with
            [str(a) for a in argv], preexec_fn=realm.die_with_parent, **how)
        self.defer(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.terminate()
            try:
                progress.wait(process)
            except progress.Hang:
                process.kill()
                process.wait()

    def realms(self):
        """The two MIT realms (tests/k5/realm.py), shared by all attacks."""
        return self.place.realms()

    def lab(self):
        """The Active Directory domain (tests/lab), shared by all attacks:
        (check.lab.Lab, the virtual environment's directory)."""
        return self.place.lab()


class Place:
    """What the attacks share, made when the first one asks."""

    def __init__(self, build):
        self.build = build
        self.stack = contextlib.ExitStack()
        self.count = self.failed = 0
        self._realms = self._lab = None
        for program in ("helper/broker/gss-winrmd", "helper/cli/gss-winrm",
                        "helper/gateway/gss-winrm-gateway",
                        "plugin/.libs/gss_winrm.so"):
            if not (build / program).exists():
                sys.exit(f"attacks: there is no {build / program}: run make "
                         "first, or say --build DIR")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    @contextlib.contextmanager
    def target(self, name, what):
        print(f"# {name}: {what}", flush=True)
        target = Target(self, name)
        try:
            yield target
        finally:
            target.stack.close()

    def result(self, good, what, why=""):
        self.count += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.count} - {what}", flush=True)
        if not good:
            for line in str(why).splitlines():
                print(f"#   {line}", flush=True)

    def skip(self, what, reason):
        self.count += 1
        print(f"ok {self.count} - {what} # SKIP {reason}", flush=True)

    def realms(self):
        if self._realms is None:
            self._realms = self.stack.enter_context(realm.Realms())
        return self._realms

    def lab(self):
        if self._lab is None:
            self._lab = self.stack.enter_context(self.make_lab())
        return self._lab

    @contextlib.contextmanager
    def make_lab(self):
        from check.lab import Lab       # needs the lab's packages
        venv = subprocess.run([TESTS / "lab/venv"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
        directory = tempfile.mkdtemp(prefix="gss-winrm-lab-")
        try:
            yield Lab.up(directory, str(self.build /
                                        "plugin/.libs/gss_winrm.so")), venv
        finally:
            if os.path.exists(f"{directory}/netns.name"):
                subprocess.run([TESTS / "lab/lab", "down", "--dir",
                                directory], check=False)
            elif os.path.isdir(directory):
                os.rmdir(directory)

    def adopt(self):
        """Whoever loses the parent becomes our child, and is found."""
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)

    def check_left(self):
        """When all is over, nothing of the attacks still runs."""
        def left():
            done = subprocess.run(
                ["ps", "-o", "pid=,stat=,args=", "--ppid", str(os.getpid())],
                stdout=subprocess.PIPE, text=True, check=False)
            return [line for line in done.stdout.splitlines()
                    if line.split()[1][0] != "Z" and
                    not line.split(None, 2)[2].startswith("ps -o")]
        gone = wait_for(lambda: not left(), 10)
        self.result(gone, "nothing that was started still runs",
                    "" if gone else "\n".join(left()))

    def finish(self):
        print(f"1..{self.count}")
        print(f"# {self.count - self.failed} of {self.count} passed",
              flush=True)
        return 1 if self.failed else 0
