# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A server, a KDC, or who is between, wants to write on the user's terminal.

Content-Type, challenge, reason, certificate, NTLM names and the KDC's error
text hold escape sequences: titles, a cleared screen, a fake prompt, OSC 52, C1
as one character, directions of writing.  They end up in the gateway's log, in
what clients are told, in `gss-winrm status' and in the doctor's report.
"""

import datetime
import json
import os
import socket
import struct
import subprocess
import sys
import threading

import progress
from place import NO_KDC, wait_for
from place_log import Log, controls
from rogue_winrm import EVIL

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = """[appdefaults]
 winrm = {
  targets = {
   127.0.0.1 = {
    host = web01.test.example
    ports = %s
   }
  }
  gateway = {
   targets = 127.0.0.1
  }
 }
"""


def rogue(t, mode, env, *certificate, wrap=()):
    """Its ports, and what was started."""
    ready = t.dir / f"ready-{mode}"
    t.start([*wrap, sys.executable, f"{HERE}/rogue_winrm.py", mode, ready,
             *certificate], env=env)
    if not wait_for(ready.exists):
        raise RuntimeError(f"the rogue ({mode}) does not listen")
    return ready.read_text().split()


# --- A KDC, or who is on the way to it ---------------------------------------

def der(tag, data):
    size = len(data)
    head = bytes([size]) if size < 128 else struct.pack(">BH", 0x82, size)
    return bytes([tag]) + head + data


def krb_error():
    """KRB-ERROR (RFC 4120 5.9.1), generic, with words of ours."""
    now = datetime.datetime.now(datetime.timezone.utc)
    text = EVIL + b"\nalice@TEST.EXAMPLE's password has expired"
    name = der(0xA0, der(2, b"\2")) + der(0xA1, der(0x30, der(
        0x1B, b"HOST") + der(0x1B, b"web01.test.example")))
    fields = (der(0xA0, der(2, b"\5")) + der(0xA1, der(2, b"\x1e")) +
              der(0xA4, der(0x18, now.strftime("%Y%m%d%H%M%SZ").encode())) +
              der(0xA5, der(2, b"\0")) + der(0xA6, der(2, b"\x3c")) +
              der(0xA9, der(0x1B, b"TEST.EXAMPLE")) +
              der(0xAA, der(0x30, name)) + der(0xAB, der(0x1B, text)))
    return der(0x7E, der(0x30, fields))


def serve_kdc(listener, asked):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, client.makefile("rb") as stream:
            size = stream.read(4)
            if len(size) == 4 and stream.read(struct.unpack(">I", size)[0]):
                asked.append(1)
                reply = krb_error()
                client.sendall(struct.pack(">I", len(reply)) + reply)


# --- Through a gateway -------------------------------------------------------

def through_gateway(t, mode, conf, env, port, expected):
    """One request; all that anybody then gets to read."""
    run, log = t.dir / f"run-{mode}", Log(t, f"log-{mode}")
    run.mkdir(mode=0o700)
    env = dict(env, KRB5_CONFIG=conf, XDG_RUNTIME_DIR=str(run),
               LC_ALL="C.UTF-8")
    with open(t.dir / f"broker-{mode}", "wb") as stderr:
        broker = t.start(log.argv([t.build / "helper/broker/gss-winrmd",
                                   "--foreground"]), env=env, stderr=stderr)
    wait_for((run / "gss-winrm/broker").exists)
    cli = t.build / "helper/cli/gss-winrm"
    script = f"""
        for type in 'application/soap+xml;charset=UTF-8' text/plain; do
            curl -s -m 60 -H "Content-Type: $type" -d '<x/>' \\
                http://127.0.0.1:{port}/wsman
        done
        {cli} status; {cli} status --json; {cli} explain 127.0.0.1
    """
    done = progress.run(
        [str(a) for a in log.argv([cli, "run", "--", "sh", "-c", script])],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    wait_for(lambda: any(b"127.0.0.1" in line for line in log.lines), 10)
    broker.terminate()
    broker.wait()
    for what, data in (
            ("stderr of gss-winrm run", done.stderr),
            ("what the client is told, status and its JSON", done.stdout),
            ("the broker's stderr",
             (t.dir / f"broker-{mode}").read_bytes())):
        t.ok(not controls(data), f"{mode}: {what}", controls(data))
    bad = [line for line in log.text() if controls(line) or "\n" in line]
    t.ok(log.lines and not bad, f"{mode}: syslog", "\n".join(map(repr, bad)))
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    t.ok(expected in said, f"{mode}: the reason is told", said)
    at = said.find("pwned")
    t.rogue(f"{mode}: " + ("as text: " + repr(said[max(0, at - 12):at + 60])
                           if at >= 0 else "nothing of mine"))


# --- The doctor --------------------------------------------------------------

def certificate(t):
    """For names that are no names."""
    # pylint: disable=import-outside-toplevel
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    evil = EVIL[:60].decode("utf-8", "ignore")      # 64 octets at most
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, evil)])
    now = datetime.datetime.now(datetime.timezone.utc)
    cert = x509.CertificateBuilder().subject_name(name).issuer_name(
        name).public_key(key.public_key()).serial_number(7).not_valid_before(
            now - datetime.timedelta(1)).not_valid_after(
                now + datetime.timedelta(9)).add_extension(
                    x509.SubjectAlternativeName([x509.DNSName(
                        "\x1b]0;pwned\x07\x1b[2J\nroot#\x7f.example")]),
                    False).sign(key, hashes.SHA256())
    path = t.dir / "evil.pem"
    path.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()) +
        cert.public_bytes(serialization.Encoding.PEM))
    return path


def doctor(t, env):
    """In a network of its own, where the real ports are free."""
    inside = t.start(["unshare", "--net", "sh", "-c",
                      "ip link set lo up; echo up; exec sleep 1000"],
                     stdout=subprocess.PIPE)
    inside.stdout.readline()
    wrap = ["nsenter", f"--net=/proc/{inside.pid}/ns/net"]
    rogue(t, "doctor", env, certificate(t), wrap=wrap)
    conf = t.dir / "doctor.conf"
    conf.write_text(NO_KDC % 1 + CONF % "5985 5986")
    env = dict(env, KRB5_CONFIG=str(conf), LC_ALL="C.UTF-8",
               KRB5CCNAME=f"FILE:{t.dir}/none")
    for port in (5985, 5986):
        for option in ([], ["--json"]):
            done = progress.run(
                [*wrap, t.build / "helper/cli/gss-winrm", "doctor", *option,
                 f"127.0.0.1:{port}"], env=env, capture_output=True,
                check=False)
            both = done.stdout + done.stderr
            name = f"doctor {' '.join([*option, str(port)])}"
            t.ok(b"pwned" in both, f"{name}: it has seen the certificate",
                 both.decode("utf-8", "replace"))
            t.ok(not controls(both), f"{name}: no control character",
                 controls(both))
            if option:
                texts = "".join(strings(json.loads(done.stdout)))
                t.ok(not controls(texts),
                     f"{name}: nor has what is taken out of its JSON",
                     controls(texts))


def strings(value):
    if isinstance(value, str):
        yield value
    for one in (value.values() if isinstance(value, dict) else value if
                isinstance(value, list) else ()):
        yield from strings(one)


def attack(t):
    base = {key: value for key, value in os.environ.items()
            if not key.startswith(("KRB5", "GSS_", "http", "HTTP", "no_pro"))}
    base["GSS_WINRM_LIBEXEC"] = ":".join(
        str(t.build / "helper" / each)
        for each in ("broker", "gateway", "doctor"))
    realms = t.realms()
    env = dict(base, **realms.environment())
    machine = dict(env, KRB5_KTNAME=env["K5_MACHINE_KEYTAB"],
                   GSS_MECH_CONFIG="/dev/null")
    for mode, expected in (
            ("type", "answered in plain text"), ("sealed", "127.0.0.1:"),
            ("token", "WWW-Authenticate is malformed"), ("status", "302"),
            ("line", "127.0.0.1:"), ("refuse", "WWW-Authenticate is malformed")):
        (port,) = rogue(t, mode, machine)
        conf = t.dir / f"{mode}.conf"
        conf.write_text(CONF % port)
        through_gateway(t, mode, f"{conf}:{env['KRB5_CONFIG']}", env, port,
                        expected)

    listener, asked = socket.create_server(("127.0.0.1", 0)), []
    t.defer(listener.close)
    threading.Thread(target=serve_kdc, args=(listener, asked),
                     daemon=True).start()
    (port,) = rogue(t, "kdc", machine)
    conf = t.dir / "kdc.conf"
    conf.write_text(NO_KDC % listener.getsockname()[1] + CONF % port)
    through_gateway(t, "kdc", str(conf), env, port, "password has expired")
    t.ok(asked, "kdc: the rogue was asked for a ticket")
    doctor(t, base)
