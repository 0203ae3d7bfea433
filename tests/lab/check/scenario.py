# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A scenario for gss-winrm doctor: one thing is broken, the verdict is
asserted, what it says is done (the very text that was printed), and then a
real client has to get in, and the doctor to be content.
"""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass, field, replace

import hosts
from .clients import CURL
from .helper import Helper
from .lab import HERE

# What a stand-in takes for these, word for word.
SERVER_COMMANDS = {
    "winrm set winrm/config/service/auth "
    "'@{CbtHardeningLevel=\"Relaxed\"}'": {"bindings": "relaxed"},
    "winrm set winrm/config/service/auth "
    "'@{Negotiate=\"true\";Kerberos=\"true\"}'": {
        "schemes": ["Negotiate", "Kerberos"]},
    "w32tm /resync": {"ahead": 0},
}

SUDO = "#!/bin/sh\nexec \"$@\"\n"


class Doctor:
    """What scenarios work with."""

    def __init__(self, lab, program):
        self.lab = lab
        self.build = Helper.build(program)
        self.command = f"{self.build}/helper/cli/gss-winrm"
        self.dir = f"{lab.work}/doctor"
        os.makedirs(f"{self.dir}/bin", exist_ok=True)
        self.write("bin/sudo", SUDO)
        os.chmod(f"{self.dir}/bin/sudo", 0o755)
        os.symlink(self.command, f"{self.dir}/bin/gss-winrm")
        self.env = {"PATH": f"{self.dir}/bin:{os.environ['PATH']}"}

    def write(self, name, text):
        path = f"{self.dir}/{name}"
        with open(path, "w") as f:
            f.write(text)
        return path

    def run(self, argv, wrap=(), **how):
        env = {**self.env, **how.pop("env", {})}
        libexec = ":".join(f"{self.build}/helper/{each}" for each in
                           ("doctor", "broker", "gateway"))
        return self.lab.run(
            argv, env=env,
            wrap=["env", f"GSS_WINRM_LIBEXEC={libexec}",
                  f"XDG_RUNTIME_DIR={self.dir}", *wrap], **how)

    def ask(self, *arguments, **how):
        """The answer of one run, and the run."""
        result = self.run([self.command, "doctor", "--json", *arguments],
                          **how)
        try:
            return json.loads(result.out), result
        except ValueError:
            return {"verdict": {"id": None, "status": None, "fixes": []},
                    "checks": []}, result

    def conf(self, *files):
        """KRB5_CONFIG of texts (or paths) before the lab's plain one."""
        paths = []
        for n, text in enumerate(files):
            paths.append(text if text.startswith("/") else
                         self.write(f"conf{n}-{len(text)}", text))
        return ":".join([*paths, f"{self.lab.dir}/krb5.plain.conf"])

    def change(self, record, beneath=False):
        """Change the domain, as its administrator; or `beneath` Samba's
        checks, by which no name gets registered twice."""
        database = f"{self.lab.dir}/samba/private/sam.ldb"
        if beneath:
            database += f".d/{hosts.BASE_DN.upper()}.ldb"
        done = subprocess.run(["ldbmodify", "-H", database], text=True,
                              input=record + "\n", capture_output=True)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def add(self, *records):
        subprocess.run(["ldbadd", "-H", f"{self.lab.dir}/samba/private/"
                        "sam.ldb"], text=True, check=True,
                       input="\n".join(records), capture_output=True)

    def dn(self, account):
        where = "Computers" if account.endswith("$") else "Users"
        return f"CN={account.rstrip('$')},CN={where},{hosts.BASE_DN}"

    def register(self, spn, account, how="add", beneath=False):
        self.change(f"dn: {self.dn(account)}\nchangetype: modify\n"
                    f"{how}: servicePrincipalName\n"
                    f"servicePrincipalName: {spn}", beneath)

    def control(self, account, flags):
        self.change(f"dn: {self.dn(account)}\nchangetype: modify\n"
                    "replace: userAccountControl\n"
                    f"userAccountControl: {flags}")

    def domain_command(self, text):
        """What the administrator of the domain was told to do."""
        words = shlex.split(text)
        if words[:2] == ["setspn", "-S"]:
            self.register(words[2], words[3])
        elif words[:2] == ["setspn", "-D"]:
            self.register(words[2], words[3], "delete", beneath=True)
        elif words[:2] == ["Enable-ADAccount", "-Identity"]:
            self.control(words[2],
                         4096 if words[2].endswith("$") else 512)
        else:
            raise RuntimeError(f"no such command: {text}")

    def server_command(self, host, text):
        """What the administrator of a server was told to do there, and no
        more than that."""
        path = f"{self.lab.dir}/standin/{host}.json"
        with open(path) as f:
            settings = json.load(f)
        for command, settle in SERVER_COMMANDS.items():
            if text == command:
                settings.update(settle)
                self.lab.set(host, **settings)
                return
        raise RuntimeError(f"no such command: {text}")

    def kinit(self, user=hosts.USER, *options):
        """A new cache with that user's tickets."""
        cache = f"{self.dir}/{user}.ccache"
        done = subprocess.run(
            [f"{HERE}/lab", "run", "--dir", self.lab.dir, "--", "kinit",
             "-c", f"FILE:{cache}", *options, user], text=True,
            input=hosts.PASSWORD, capture_output=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return cache


@dataclass
class Scenario:
    name: str
    verdict: str                # its id
    status: int
    host: str
    arguments: tuple = ()
    conf: tuple = None          # texts before krb5.plain.conf; None: the lab's
    env: dict = field(default_factory=dict)
    wrap: tuple = ()
    plugin: bool = True
    cache: str = None
    fix: str = None             # kind of the fix to apply, the first of it
    says: str = None            # is somewhere in the fix, or the sentence
    client: str = None          # host that the client then asks; default: host
    port: int = 5985

    def how(self, doctor, *confs, wrap=None):
        env = dict(self.env)
        if self.conf is not None or confs:
            env["KRB5_CONFIG"] = doctor.conf(*confs, *(self.conf or ()))
        return {"env": env, "wrap": self.wrap if wrap is None else wrap,
                "plugin": self.plugin, "ccache": self.cache}


def client(doctor, scenario, how):
    """Does an unmodified client get in?"""
    host = scenario.client or scenario.host
    scheme = "https" if scenario.port == 5986 else "http"
    result = doctor.run([*CURL, "--data", "", "--cacert",
                         f"{doctor.lab.dir}/ca.pem",
                         f"{scheme}://{host}:{scenario.port}/wsman"], **how)
    return [] if result.code == 0 and result.out.endswith("200") else [
        "the client does not get in:\n" + result.describe()]


def by_shell(doctor, scenario, text):
    """A shell does what was printed, then becomes the client."""
    script = f"{text} <<<'{hosts.PASSWORD}' >&2\nexec \"$@\""
    if text.startswith("unset") or "|" in text:
        script = f"{text}\nexec \"$@\""
    return scenario.how(doctor, wrap=[*scenario.wrap, "bash", "-c", script,
                                      "fix"])


def by_doctor(doctor, scenario, text):
    """What was printed is to ask the doctor about something else."""
    words = shlex.split(text)[2:]
    answer, result = doctor.ask(*words, **scenario.how(doctor))
    if answer["verdict"]["status"] != 0:
        return [f"{text}: {answer['verdict']['id']}\n{result.describe()}"]
    scenario.client = words[-1]
    if "--port" in words:
        scenario.port = int(words[words.index("--port") + 1])
    return client(doctor, scenario, scenario.how(doctor))


def by_configure(doctor, scenario, text):
    """The command as printed, but for files of ours."""
    main = doctor.write("krb5.conf", open(
        f"{doctor.lab.dir}/krb5.plain.conf").read())
    text = text.replace(" configure ", " configure --includedir --file "
                        f"{doctor.dir}/conf.d/gss-winrm.conf ")
    done = doctor.run(["bash", "-c", text], env={"KRB5_CONFIG": main})
    if done.code:
        return [f"{text}\n{done.describe()}"]
    scenario.conf, scenario.env = None, {"KRB5_CONFIG": main}
    return mended(doctor, scenario)


def mended(doctor, scenario, *confs):
    """The client gets in now, and the doctor says so as well."""
    how = scenario.how(doctor, *confs)
    answer, result = doctor.ask(*scenario.arguments, scenario.host, **how)
    well = answer["verdict"]["status"] == 0
    return client(doctor, scenario, how) + ([] if well else [
        f"then it is {answer['verdict']['id']}:\n{result.describe()}"])


def proven(doctor, scenario, text):
    """Apply the fix; why it is none."""
    if scenario.fix == "krb5.conf":
        return mended(doctor, scenario, text)
    if scenario.fix == "domain":
        doctor.domain_command(text)
        return mended(doctor, scenario)
    if scenario.fix == "server":
        doctor.server_command(scenario.host.partition(".")[0], text)
        return mended(doctor, scenario)
    if text.startswith("gss-winrm doctor"):
        return by_doctor(doctor, scenario, text)
    if text.startswith("sudo gss-winrm configure"):
        return by_configure(doctor, scenario, text)
    if text.startswith("sudo chronyc"):
        # The clock is set right: it is no longer faked.
        return mended(doctor, replace(scenario, wrap=()))
    return client(doctor, scenario, by_shell(doctor, scenario, text))


def told(doctor, scenario):
    """The verdict, and why it is not the right one."""
    answer, result = doctor.ask(*scenario.arguments, scenario.host,
                                **scenario.how(doctor))
    verdict = answer["verdict"]
    problems = []
    if (verdict["id"], result.code) != (scenario.verdict, scenario.status):
        problems.append(f"{verdict['id']} (exit {result.code}), not "
                        f"{scenario.verdict} ({scenario.status})")
    elif verdict["status"] != result.code:
        problems.append(f"status {verdict['status']}, exit {result.code}")
    text = "\n".join([verdict.get("sentence", "")] +
                     [f["text"] for f in verdict["fixes"]] + [""])
    if scenario.says and scenario.says not in text:
        problems.append(f"no {scenario.says!r} in {text!r}")
    if problems:
        problems += [f"{c['check']}: {f['status']}: {f['text']}"
                     for c in answer["checks"] for f in c["found"]]
        problems.append(result.describe())
    return verdict, problems


def examine(report, doctor, scenario):
    verdict, problems = told(doctor, scenario)
    fixes = [f["text"] for f in verdict["fixes"]
             if f["kind"] == scenario.fix]
    if problems:
        pass
    elif scenario.fix is None:
        if scenario.status == 0:
            problems = client(doctor, scenario, scenario.how(doctor))
    elif not fixes:
        problems = [f"no fix of kind {scenario.fix}: {verdict['fixes']}"]
    else:
        # It must be broken before for the fix to prove anything.
        before = client(doctor, scenario, scenario.how(doctor))
        if not before and scenario.verdict not in NOT_BROKEN:
            problems = ["the client gets in without the fix"]
        problems += proven(doctor, scenario, fixes[0])
    report.ok(f"doctor: {scenario.name}: {scenario.verdict}"
              f"{f', fixed ({scenario.fix})' if scenario.fix else ''}",
              problems)


# The host is well by another way in, or for another client.
NOT_BROKEN = ("other-port", "certificate-expired", "clock",
              "other-host", "bindings", "disabled")
