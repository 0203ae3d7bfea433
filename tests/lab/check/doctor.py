"""gss-winrm doctor: every verdict, and that the printed fix is one.

A scenario breaks one thing, asserts the verdict, does what the verdict says
(the very text that was printed), and has a real client get in.
"""

import json
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, field

import hosts
from .clients import CURL
from .helper import Helper
from .lab import HERE

FQDN = {h.name: h.fqdn for h in hosts.HOSTS}
SUDO = "#!/bin/sh\nexec \"$@\"\n"
LIMIT = 2       # seconds, for a healthy host


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
        libexec = f"{self.build}/helper/doctor"
        return self.lab.run(
            argv, env=env, timeout=60,
            wrap=["env", f"GSS_WINRM_LIBEXEC={libexec}", *wrap], **how)

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
            self.control(words[2].partition("@")[0],
                         4096 if words[2].endswith("$") else 512)
        else:
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
        doctor.lab.set()
        return mended(doctor, scenario)
    if text.startswith("gss-winrm doctor"):
        return by_doctor(doctor, scenario, text)
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
                     [f["text"] for f in verdict["fixes"]])
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


def bound(*pairs):
    """A command line before one that has other files in /etc."""
    script = "".join(f"mount --bind {a} {b}\n" for a, b in pairs)
    return ("unshare", "-m", "bash", "-c", f"{script}exec \"$@\"", "bound")


def simple(doctor):
    """Scenarios that only need to be described."""
    no_policy = ("",)
    web = "web.corp.example.com"
    yield Scenario("a conflict", "conflict", 0, FQDN["web01"])
    yield Scenario("no conflict", "healthy", 0, FQDN["web02"])
    yield Scenario("an unknown host", "unknown-host", 12,
                   "nohost.corp.example.com", says="does not exist")
    yield Scenario("a name in the wrong domain", "other-host", 12,
                   "web02.example.com", fix="shell", says=FQDN["web02"])
    yield Scenario("an address", "address", 12, "127.0.0.13", conf=no_policy,
                   fix="krb5.conf", says=f"host = {FQDN['web03']}")
    yield Scenario("an alias", "alias", 12, "files.corp.example.com",
                   conf=no_policy, fix="krb5.conf",
                   says=f"host = {FQDN['web03']}")
    yield Scenario("a cluster", "cluster", 12, web, conf=no_policy,
                   fix="krb5.conf", says="nodes = web01.corp.example.com "
                   "web02.corp.example.com")
    yield Scenario("a cluster with one address", "balanced", 12,
                   "vweb.corp.example.com", conf=no_policy,
                   says="nodes = web01.corp.example.com web02")
    yield Scenario("no WSMAN/ is no harm", "conflict", 0, FQDN["web04"])
    yield Scenario("the port is closed, another is not", "other-port", 14,
                   FQDN["web02"], ("--port", "5999"), fix="shell",
                   says="--port 5985")
    yield Scenario("nothing listens", "closed", 14, "dc1.corp.example.com",
                   says="Enable-PSRemoting")
    yield Scenario("the plugin is not loaded", "replaced", 10, FQDN["web01"],
                   plugin=False, says="unset GSS_MECH_CONFIG")
    yield Scenario("GSS_WINRM=off", "switched-off", 10, FQDN["web01"],
                   env={"GSS_WINRM": "off"}, fix="shell")
    yield Scenario("gssproxy in the way", "gssproxy", 10, FQDN["web01"],
                   wrap=("env", "GSS_USE_PROXY=yes"), fix="shell",
                   says="unset GSS_USE_PROXY")
    yield Scenario("match = never", "off-in-conf", 10, FQDN["web01"],
                   conf=("[appdefaults]\nwinrm = {\nmatch = never\n}\n",),
                   fix="krb5.conf")
    yield Scenario("no ticket", "no-ticket", 11, FQDN["web02"],
                   cache=f"{doctor.dir}/none", env={"USER": hosts.USER})
    yield Scenario("the wrong realm", "wrong-realm", 12, FQDN["web02"],
                   conf=("[domain_realm]\n.corp.example.com = "
                         "OTHER.EXAMPLE.COM\n",), fix="krb5.conf",
                   says=".corp.example.com = CORP.EXAMPLE.COM")
    reverse = doctor.write("hosts", "127.0.0.1 localhost\n"
                           "127.0.0.12 elsewhere.corp.example.com\n")
    yield Scenario("reverse DNS", "rdns", 12, FQDN["web02"],
                   conf=("[libdefaults]\nrdns = true\n",),
                   wrap=bound((reverse, "/etc/hosts")), fix="krb5.conf",
                   says="rdns = false")
    yield Scenario("the clock", "clock", 16, FQDN["web02"],
                   wrap=("faketime", "-f", "+20m"), says="20 min ahead of")


def short_names(report, doctor):
    """A search domain that is not the host's."""
    # A machine's name as Samba does not guess it: not that of an account.
    node = doctor.write("node", "127.0.0.1 localhost\n"
                        "127.0.0.12 node02.corp.example.com node02\n")
    resolv = doctor.write("resolv", f"nameserver {hosts.DC_ADDRESS}\n"
                          "search other.example.com corp.example.com\n")
    spn = "HOST/node02.corp.example.com"
    doctor.register(spn, "WEB02$")
    examine(report, doctor, Scenario(
        "a short name", "short-name", 12, "node02", fix="krb5.conf",
        conf=("[libdefaults]\ndns_canonicalize_hostname = false\n",),
        wrap=bound((resolv, "/etc/resolv.conf"), (node, "/etc/hosts")),
        says="qualify_shortname = corp.example.com"))
    doctor.register(spn, "WEB02$", "delete")


def domains(report, doctor):
    """What is wrong in the domain."""
    spn = f"HOST/{FQDN['web02']}"
    doctor.register(spn, hosts.SERVICE_ACCOUNT, beneath=True)
    examine(report, doctor, Scenario(
        "a name on two accounts", "duplicate", 13, FQDN["web02"],
        conf=("[appdefaults]\nwinrm = {\nspn = HOST/%f\n}\n",),
        fix="domain", says=f"setspn -D {spn} {hosts.SERVICE_ACCOUNT}"))
    examine(report, doctor, Scenario(
        "which is then well", "healthy", 0, FQDN["web02"]))
    narrow = "[appdefaults]\nwinrm = {\nspn = WSMAN/%f\n}\n"
    examine(report, doctor, Scenario(
        "WSMAN/ is missing, and nothing else is asked for", "missing-spn", 13,
        FQDN["web04"], conf=(narrow,), fix="domain",
        says=f"setspn -S WSMAN/{FQDN['web04']} WEB04$"))
    doctor.register(f"WSMAN/{FQDN['web04']}", "WEB04$", "delete")
    examine(report, doctor, Scenario(
        "the same, on this side", "missing-spn", 13, FQDN["web04"],
        conf=(narrow,), fix="krb5.conf", says="spn = HOST/%f"))
    doctor.control("WEB05$", 4096 | 2)
    examine(report, doctor, Scenario(
        "a disabled machine", "disabled", 13, FQDN["web05"], fix="domain",
        says="Enable-ADAccount -Identity 'WEB05$'"))


def users(report, doctor):
    """What is wrong with the user."""
    cache = doctor.kinit(hosts.USER, "-l", "1s")
    time.sleep(1.5)
    examine(report, doctor, Scenario(
        "expired tickets", "expired", 11, FQDN["web02"], cache=cache,
        fix="shell", says=f"kinit {hosts.USER}@{hosts.REALM}"))
    cache = doctor.kinit(hosts.OTHER_USER)
    doctor.control(hosts.OTHER_USER, 512 | 2)
    examine(report, doctor, Scenario(
        "a disabled user", "revoked", 11, FQDN["web02"], cache=cache,
        fix="domain", says=f"Identity {hosts.OTHER_USER}@"))


def servers(report, doctor):
    """What is wrong with the server."""
    host, lab = FQDN["web02"], doctor.lab
    ca = ("[appdefaults]\nwinrm = {\nca_file = "
          f"{lab.dir}/ca.pem\n}}\n",)
    examine(report, doctor, Scenario(
        "TLS", "healthy", 0, host, ("--port", "5986"), conf=ca, port=5986))
    lab.set("web02", expired=True)
    examine(report, doctor, Scenario(
        "an expired certificate", "certificate-expired", 15, host,
        ("--port", "5986"), conf=ca, fix="shell", port=5986))
    lab.set("web02", untrusted=True)
    examine(report, doctor, Scenario(
        "an untrusted certificate", "certificate", 15, host,
        ("--port", "5986"), conf=ca))
    lab.set("web02", bindings="strict")
    examine(report, doctor, Scenario(
        "channel bindings are strict", "bindings", 15, host,
        ("--port", "5986"), conf=ca, fix="shell", port=5986))
    lab.set("web02", bindings="strict")
    examine(report, doctor, Scenario(
        "the same, by the server", "bindings", 15, host,
        ("--port", "5986"), conf=ca, fix="server", port=5986,
        says='CbtHardeningLevel="Relaxed"'))
    lab.set("web02", schemes=["Basic"])
    examine(report, doctor, Scenario(
        "Basic only", "no-kerberos", 15, host, fix="server",
        says='Negotiate="true"'))
    lab.set()


def machine(report, doctor):
    """What is wrong on this machine, with files that the fix changes."""
    mech = doctor.write("mech", "# empty\n")
    wrap = ("env", f"GSS_MECH_CONFIG={mech}")
    scenario = Scenario("the plugin is not in mech.d", "not-loaded", 10,
                        FQDN["web01"], wrap=wrap, fix="shell", says=mech)
    # The printed path is where it would be installed.
    verdict, problems = told(doctor, scenario)
    if not problems:
        text = verdict["fixes"][0]["text"]
        path = next(w for w in text.split() if w.endswith(".so"))
        text = text.replace(path, doctor.lab.plugin)
        problems = client(doctor, scenario, by_shell(doctor, scenario, text))
    report.ok("doctor: the plugin is not in mech.d: not-loaded, fixed "
              "(shell)", problems)
    wrong = doctor.write("mech", "gss_winrm 2.25.1 "
                         f"{doctor.lab.plugin} <interposer>\n")
    answer, result = doctor.ask(FQDN["web01"], wrap=(
        "env", f"GSS_MECH_CONFIG={wrong}"), plugin=True)
    found = [f["text"] for c in answer["checks"] for f in c["found"]
             if c["check"] == "mech.d" and f["status"] == "bad"]
    report.ok("doctor: a wrong object identifier is seen",
              [] if any("2.25.1," in f for f in found) else
              [str(found), result.describe()])


def refused_ldap(report, doctor):
    """Without the directory it says what it could not see."""
    rule = ("add table inet doctor; add chain inet doctor out { type filter "
            "hook output priority 0; }; add rule inet doctor out tcp dport "
            "389 reject with tcp reset")
    done = doctor.run(["nft", rule])
    scenario = Scenario("LDAP is refused", "conflict", 0, FQDN["web01"])
    verdict, problems = told(doctor, scenario)
    doctor.run(["nft", "delete table inet doctor"])
    if done.code:
        problems.append(done.describe())
    if not any("who owns the names" in u for u in verdict.get("unseen", [])):
        problems.append(f"unseen: {verdict.get('unseen')}")
    if "could not be seen" not in verdict.get("reason", ""):
        problems.append(f"reason: {verdict.get('reason')}")
    report.ok("doctor: LDAP is refused: conflict, and what was not seen",
              problems)


def spn(report, doctor):
    """gss-winrm spn: -q and -x, as a table and as JSON."""
    cases = [
        (("-q", "HTTP/web0*"), 0, "svc-iis"),
        (("-q", "host/WEB01"), 0, "WEB01$"),
        (("-q", "HOST/nosuch"), 6, ""),
        (("-x",), 0, "No name is registered twice"),
        (("-x", "--json"), 0, '"duplicates": []'),
    ]
    problems = []
    for arguments, code, text in cases:
        result = doctor.run([doctor.command, "spn", *arguments])
        if result.code != code or text not in result.out:
            problems.append(f"{arguments}\n{result.describe()}")
    doctor.register("HOST/web02", hosts.SERVICE_ACCOUNT, beneath=True)
    for arguments in (("-x",), ("-x", FQDN["web02"])):
        result = doctor.run([doctor.command, "spn", *arguments])
        if result.code != 7 or "svc-iis" not in result.out \
                or "WEB02$" not in result.out:
            problems.append(f"{arguments}\n{result.describe()}")
    doctor.register("HOST/web02", hosts.SERVICE_ACCOUNT, "delete",
                    beneath=True)
    report.ok("spn: -q and -x", problems)


def quick(report, doctor):
    """A healthy host takes no time."""
    times, problems = [], []
    for _ in range(3):
        start = time.monotonic()
        answer, result = doctor.ask(FQDN["web02"], plugin=True)
        times.append(time.monotonic() - start)
        if answer["verdict"]["id"] != "healthy":
            problems.append(result.describe())
    took = min(times)
    if took > LIMIT:
        problems.append(f"{took:.2f} s")
    report.ok(f"doctor: a healthy host takes less than {LIMIT} s", problems,
              note=f"{took:.2f} s")


def doctor(report, lab, venv, program):
    """gss-winrm doctor's verdicts, each with its fix applied."""
    if not os.path.exists(
            f"{Helper.build(program)}/helper/doctor/gss-winrm-doctor"):
        report.skip("doctor", "gss-winrm-doctor is not built")
        return
    with_tools = Doctor(lab, program)
    try:
        for scenario in simple(with_tools):
            examine(report, with_tools, scenario)
        for part in (short_names, servers, machine, refused_ldap, spn, quick, users,
                     domains):
            part(report, with_tools)
    finally:
        lab.set()
        shutil.rmtree(with_tools.dir, ignore_errors=True)
