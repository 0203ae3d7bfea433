# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Hosts, users and programs for the attacks in an MIT realm
(tests/k5/realm.py): each attack has hosts of its own there, a broker and a
gateway."""

import contextlib
import http.client
import os
import re
import socket
import struct
import subprocess
import threading

import progress
import realm
import rogue
import run_tests

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN, REALM = realm.DOMAIN, realm.REALM


def section(name, *lines):
    return "\n".join([f"{name} = {{", *lines, "}"])


class Relay:
    """A TCP relay in front of the KDC, which keeps all that passes."""

    def __init__(self, t, port):
        self.port = port
        self.exchanges = []                     # (request, reply)
        self.listener = socket.create_server(("127.0.0.1", 0))
        t.defer(self.listener.close)
        self.address = self.listener.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.pass_on, args=(client,),
                             daemon=True).start()

    @staticmethod
    def message(connection):
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">I",
                                                             data[:4])[0]:
            more = connection.recv(65536)
            if not more:
                return None
            data += more
        return data[4:]

    def pass_on(self, client):
        with client, contextlib.suppress(OSError), \
                socket.create_connection(("127.0.0.1", self.port)) as kdc:
            while (request := self.message(client)) is not None:
                kdc.sendall(struct.pack(">I", len(request)) + request)
                answer = self.message(kdc)
                if answer is None:
                    return
                self.exchanges.append((request, answer))
                client.sendall(struct.pack(">I", len(answer)) + answer)


class Scene:
    """policy: the lines in krb5.conf's winrm section; more: what krb5.conf
    has in front, if it is not what Realms wrote."""

    def __init__(self, t):
        self.t, self.realms = t, t.realms()
        self.dir = t.dir
        self.dir.chmod(0o700)
        self.conf = self.dir / "krb5.conf"
        self.hosts, self.book = self.dir / "hosts", {}
        self.relay = None
        self.keep_tickets = False       # of run_program
        self.env = dict(
            realm.clean_environment(), **self.realms.environment())
        self.env.update(
            KRB5_CONFIG=str(self.conf), KRB5CCNAME=f"FILE:{self.dir}/none",
            GSS_MECH_CONFIG=str(self.dir / "mech.conf"),
            KRB5_KTNAME=f"{self.dir}/none.keytab",
            LD_PRELOAD=run_tests.nss_wrapper(),
            NSS_WRAPPER_HOSTS=str(self.hosts),
            NSS_WRAPPER_DISABLE_DEEPBIND="1", HOME=str(self.dir),
            XDG_RUNTIME_DIR=str(self.dir / "run"), PYTHONUNBUFFERED="1")
        (self.dir / "run").mkdir(mode=0o700)
        self.call("127.0.0.1", "localhost")
        (self.dir / "mech.conf").write_text("")
        (self.dir / "plugin.conf").write_text(
            run_tests.MECHANISM % (t.build / "plugin/.libs/gss_winrm.so"))
        self.socket = self.dir / "run/gss-winrm/broker"
        self.logs, self.running, self.users = {}, [], []
        self.configure()

    # -- The realm

    def host(self, name, machine="", iis="", address=None, enctype=None,
             trusted=False):
        """A host in the realm; whose keys the names have is as in
        realm.HOSTS.  trusted: for delegation, all of them.  Its name."""
        fqdn = f"{name}.{DOMAIN}"
        commands = []
        for keytab, forms in ((f"{name}.keytab", machine),
                              ("iis.keytab", iis)):
            for form in forms.split():
                spn = form.replace("%f", fqdn).replace("%n", name)
                commands += [f"add_principal -randkey {spn}" if not enctype
                             else f"add_principal -e {enctype}:normal "
                             f"-randkey {spn}",
                             f"ktadd -k {self.dir / keytab} -norandkey {spn}"]
                # MIT's KDC takes AES256 for what everybody can.
                if enctype:
                    commands.append(f"setstr {spn} session_enctypes "
                                    f"{enctype}")
                if trusted:
                    commands.append(f"modify_principal +ok_as_delegate {spn}")
        self.realms.main.administer(commands)
        if address is not None:
            self.call(address, f"{fqdn} {name}")
        return fqdn

    def call(self, address, names):
        """What DNS says of it from now on; nss_wrapper has room for a hundred
        names in all."""
        self.book[address] = names
        self.hosts.write_text("".join(
            f"{a} {n}\n" for a, n in self.book.items()))

    def user(self, name, password):
        self.realms.main.administer(
            [f"add_principal -pw {password} +allow_forwardable {name}"])
        self.users.append((name, password))
        return f"{name}@{REALM}"

    def keys(self, keytab):
        return [key for _, _, key in rogue.read_keytab(self.dir / keytab)]

    def record(self):
        """Let all that is said to the KDC pass by us."""
        self.relay = Relay(self.t, self.realms.main.port)

    def configure(self, policy=(), libdefaults=()):
        text = (self.realms.directory / "krb5.conf").read_text()
        if self.relay is not None:
            text = re.sub(rf"kdc = 127.0.0.1:{self.realms.main.port}\b",
                          "kdc = %s:%d" % self.relay.address, text)
        for line in libdefaults:
            key = line.split("=")[0].strip()
            text = re.sub(rf"(?m)^ {key} = .*\n", "", text)
        if libdefaults:
            text = text.replace("[libdefaults]", "\n".join(
                ["[libdefaults]", *(f" {line}" for line in libdefaults)]))
        self.conf.write_text(text + "[appdefaults]\n" +
                             section("winrm", *policy) + "\n")

    def kinit(self, user, password, cache, *options):
        done = subprocess.run(
            [realm.tool("kinit"), *options, "-c", cache, user], text=True,
            env=dict(self.env, LD_PRELOAD=""), input=password + "\n",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise realm.Failure(f"kinit: {done.stdout}")

    # -- Programs

    def daemon(self, name, argv, env=None, **how):
        self.logs[name] = self.dir / f"{name}.log"
        with open(self.logs[name], "ab") as log:
            self.running.append(self.t.start(
                argv, env=dict(self.env, **(env or {})), stdout=log,
                stderr=log, **how))
        return self.running[-1]

    def said(self, name):
        return self.logs[name].read_text(errors="replace")

    def start_broker(self, env=None):
        process = self.daemon("broker", [
            self.t.build / "helper/broker/gss-winrmd", "--foreground"], env)
        if not until(lambda: process.poll() is not None or
                     connects(self.socket)) or process.poll() is not None:
            raise realm.Failure("no broker: " + self.said("broker"))
        return process

    def start_gateway(self, env=None, *options):
        """Its address."""
        read, write = os.pipe()
        self.daemon("gateway", [
            self.t.build / "helper/gateway/gss-winrm-gateway", "--listen",
            "127.0.0.1:0", "--ready-fd", str(write), *options], env,
            pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as ready:
            address = ready.readline().strip()
        if not address:
            raise realm.Failure("no gateway: " + self.said("gateway"))
        return address

    def stop(self):
        """The last ones first."""
        while self.running:
            self.t.stop(self.running.pop())


def connects(path):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
        return True
    return False


def until(condition, quiet=progress.QUIET):
    """Wait for it; False if what we have started hangs."""
    return bool(progress.wait_for(condition, quiet))


SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8"}


def post(gateway, host, port):
    """A client's request through the gateway: (status, body)."""
    connection = http.client.HTTPConnection(gateway, timeout=600)
    try:
        connection.request("POST", f"http://{host}:{port}/wsman", "<x/>",
                           SOAP)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def run_client(scene, host, port, *options):
    """rogue_client.py with the plugin, and with tickets of its own that can be
    forwarded; what it says."""
    return run_program(scene, "/usr/bin/python3", "-B",
                       f"{HERE}/rogue_client.py", host, port, *options)


def run_curl(scene, host, port, *options):
    """The same by curl."""
    return run_program(scene, "curl", "-sS", "--negotiate", "-u", ":", "-d",
                       "", "-o", "/dev/null", "-w", "%{http_code}", *options,
                       f"http://{host}:{port}/wsman")


def run_mechanism(scene, host, port, service):
    """The same by CredSSP as a mechanism, for SERVICE@host."""
    mechs = scene.dir / "credssp.conf"
    mechs.write_text("gss_credssp 2.25.1467839257 "
                     f"{scene.t.build}/plugin/credssp/mech/.libs/gss_credssp.so\n")
    user, password = scene.users[-1]
    done = progress.run(
        ["/usr/bin/python3", "-B", f"{HERE}/rogue_client.py", host,
         str(port), "credssp", service, f"{user}@{REALM}", password],
        env=dict(scene.env, GSS_MECH_CONFIG=str(mechs)), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    return done.stdout.strip()


def run_program(scene, *argv):
    cache = f"FILE:{scene.dir}/client.ccache"
    if not scene.keep_tickets:
        scene.kinit(*scene.users[-1], cache, "-f")
    trace = scene.dir / "trace"
    trace.write_text("")
    done = progress.run(
        [str(a) for a in argv], stdin=subprocess.DEVNULL, text=True,
        env=dict(scene.env, KRB5CCNAME=cache, KRB5_TRACE=str(trace),
                 GSS_MECH_CONFIG=f"{scene.dir}/plugin.conf",
                 PATH=os.environ["PATH"]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    if "gss-winrm:" not in trace.read_text(errors="replace"):
        raise realm.Failure(f"the plugin was not there: {done.stdout}")
    return done.stdout.strip()
