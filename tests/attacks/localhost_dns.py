# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A resolver wants commands and Basic passwords that were for the gateway.

Programs that know no proxy reach it as HOST.localhost.  On Debian as it is
installed such a name is asked of DNS, and DNS is whoever runs the network.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import progress
from place import wait_for, write_conf

HERE = Path(__file__).resolve().parent
NAME = "web01.test.example.localhost"
ROGUE = "198.51.100.7"          # RFC 5737
PASSWORD = "Correct-Horse-7319"
# A network and an /etc of our own, until stdin ends.
PLACE = """
set -e
ip link set lo up
ip address add %s/32 dev lo
for file in nsswitch.conf resolv.conf hosts; do
    mount --bind "$1/$file" "/etc/$file"
done
echo up
exec cat
""" % ROGUE
# A program that knows nothing of curl's own rule for such names.
VICTIM = f"""
import base64, urllib.request
urllib.request.install_opener(urllib.request.build_opener(
    urllib.request.ProxyHandler({{}})))
request = urllib.request.Request("http://{NAME}:5980/wsman", b"<rm -rf />")
request.add_header("Authorization", "Basic " + base64.b64encode(
    b"alice:{PASSWORD}").decode())
urllib.request.urlopen(request, timeout=600)
"""


class System:
    """A machine with these services for names."""

    def __init__(self, t, name, services):
        self.t, self.dir = t, t.dir / name
        self.dir.mkdir()
        (self.dir / "nsswitch.conf").write_text(
            f"passwd: files\ngroup: files\nhosts: {services}\n")
        (self.dir / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (self.dir / "hosts").write_text("127.0.0.1 localhost\n")
        write_conf(self.dir / "krb5.conf", ".test.example")
        (self.dir / "run").mkdir(mode=0o700)
        self.env = {key: value for key, value in os.environ.items()
                    if not key.lower().endswith("_proxy") and
                    not key.startswith(("KRB5", "GSS_"))}
        self.env.update(
            KRB5_CONFIG=str(self.dir / "krb5.conf"), LC_ALL="C.UTF-8",
            XDG_RUNTIME_DIR=str(self.dir / "run"),
            KRB5CCNAME=f"FILE:{self.dir}/none",
            GSS_WINRM_LIBEXEC=":".join(
                str(t.build / "helper" / each)
                for each in ("broker", "gateway", "doctor")))
        place = t.start(["unshare", "--net", "--mount", "--propagation",
                         "private", "sh", "-c", PLACE, "sh", self.dir],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        place.stdout.readline()
        self.wrap = ["nsenter", f"--net=/proc/{place.pid}/ns/net",
                     f"--mount=/proc/{place.pid}/ns/mnt"]
        self.log = self.dir / "rogue"
        self.start([sys.executable, HERE / "rogue_resolver.py", ROGUE,
                    self.log])
        self.start([t.build / "helper/broker/gss-winrmd", "--foreground"],
                   stderr=subprocess.DEVNULL)
        wait_for(lambda: self.log.exists() and "ready" in self.got() and
                 (self.dir / "run/gss-winrm/broker").exists())

    def start(self, argv, **how):
        return self.t.start([*self.wrap, *argv], env=self.env, **how)

    def run(self, *argv):
        done = progress.run(
            [*map(str, [*self.wrap, *argv])], env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        return done.stdout

    def cli(self, *argv):
        return self.run(self.t.build / "helper/cli/gss-winrm", *argv)

    def got(self):
        return self.log.read_text(encoding="utf-8")

    def forward(self):
        """What it says until it listens."""
        process = self.start(
            [self.t.build / "helper/cli/gss-winrm", "forward", "--listen",
             "127.0.0.1:0", "web01.test.example"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        process.terminate()
        process.wait()
        return said


def module(t):
    """The directory of libnss_myhostname, from Debian's package, without
    installing that: it would change the machine's nsswitch.conf."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or
                 Path.home() / ".cache") / "gss-winrm/libnss-myhostname"
    found = sorted(cache.glob("usr/lib/*/libnss_myhostname.so.2"))
    if not found:
        subprocess.run(["apt-get", "-q", "download", "libnss-myhostname"],
                       cwd=t.dir, check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        for package in t.dir.glob("libnss-myhostname*.deb"):
            cache.mkdir(parents=True, exist_ok=True)
            subprocess.run(["dpkg", "-x", package, cache], check=True)
        found = sorted(cache.glob("usr/lib/*/libnss_myhostname.so.2"))
    return found[0].parent if found else None


def warnings(system):
    """Who says that the name leads away."""
    report = json.loads(system.cli("doctor", "--json", "web01.test.example"))
    check = next(c for c in report["checks"] if c["check"] == "localhost")
    said = {
        "doctor": any(f["status"] in ("warning", "bad") and NAME in f["text"]
                      for f in check["found"]),
        "run": f"gss-winrm: this system looks {NAME} up with DNS" in system.cli(
            "run", "--", "true", f"http://{NAME}:5980/wsman"),
        "forward": f"gss-winrm: this system looks {NAME} up with DNS" in system.forward(),
        "status": "this system looks NAME.localhost up with DNS" in system.cli(
            "run", "--", system.t.build / "helper/cli/gss-winrm", "status"),
    }
    return said, check


def attack(t):
    default = System(t, "debian", "files dns")
    default.run(sys.executable, "-c", VICTIM)
    t.rogue(default.got())
    t.ok(PASSWORD in default.got() and "rm -rf" in default.got(),
         "a default Debian gives the password to the resolver (or this test "
         "shows nothing)", default.got())
    said, check = warnings(default)
    for who, well in said.items():
        t.ok(well, f"{who} warns of that name", check)
    t.ok(check.get("elsewhere") == ROGUE and check["answered_by"] == "dns",
         "the doctor has seen where it leads", check)
    quiet = default.cli("run", "--", "true", "http://web01.test.example:5985/")
    t.ok("localhost" not in quiet, "run says nothing where no such name is "
         "used", quiet)

    library = module(t)
    if library is None:
        t.skip("with myhostname", "libnss-myhostname cannot be downloaded")
        return
    fixed = System(t, "myhostname", "files myhostname dns")
    fixed.env["LD_LIBRARY_PATH"] = str(library)
    fixed.run(sys.executable, "-c", VICTIM)
    said, check = warnings(fixed)
    t.rogue(fixed.got().replace("ready", "").strip() or "nothing")
    t.ok(PASSWORD not in fixed.got() and NAME not in fixed.got(),
         "with myhostname the resolver is not even asked", fixed.got())
    t.ok(not any(said.values()), "and nobody warns", f"{said} {check}")
    t.ok(any(f["status"] == "ok" for f in check["found"]),
         "the doctor says that it is well", check)
