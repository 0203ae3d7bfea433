# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Nothing is lost: a system whose files are elsewhere, and a changed krb5.conf

What the gateway needs may be outside of /etc: sssd and FreeIPA include a
directory below /var/lib in krb5.conf, WSL and SUSE have resolv.conf behind a
link, and ca_file is any path.  The sandbox has to know them before, and shows
nothing else for it.  What is named only later is named in the message.
"""

import os
import re
import socket
import ssl
import subprocess
import threading

from rogue_broker import Talk
from rogue_place import REALM, Scene, post, section, until

USER, PASSWORD = "mover", "The-ticket-is-enough-4711"
ADVICE = "start it again"


class Https:
    """A server for which there is no authority but its certificate's file."""

    def __init__(self, t, directory, address, host):
        self.cert, key = directory / "cert.pem", directory / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", key, "-out", self.cert, "-subj", f"/CN={host}",
             "-addext", f"subjectAltName=DNS:{host}", "-days", "2"],
            check=True, stderr=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.cert, key)
        # The gateway speaks TLS to this port and to 443 alone.
        self.listener = socket.create_server((address, 5986))
        t.defer(self.listener.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(client, server_side=True) as c:
                    c.recv(9999)
                    c.sendall(b"HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                client.close()


def last_line(scene, host):
    """What the gateway says of this host in the end."""
    until(lambda: host in scene.said("gateway"), 10)
    lines = [x for x in scene.said("gateway").splitlines() if host in x]
    return lines[-1] if lines else ""


def reason(answer):
    """The text of a fault."""
    found = re.search(r"<s:Text[^>]*>([^<]*)", answer[1])
    return f"{answer[0]} {found[1] if found else answer[1]}"


def begin(scene):
    scene.start_broker()
    with Talk(scene.socket) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)


def included(t, scene, place):
    """krb5.conf includes a directory, which includes a file elsewhere."""
    directory, other = place / "krb5.include.d", place / "other"
    for each in (directory, other):
        each.mkdir()
    (directory / "site").write_text(f"include {other}/more.conf\n")
    (other / "more.conf").write_text("[libdefaults]\n")
    (other / "secret").write_text("secret")
    host = scene.host("included", "HOST/%f")
    scene.configure([section("gateway", f"targets = {host}")])
    text = scene.conf.read_text()
    scene.conf.write_text(f"includedir {directory}/\n{text}")
    begin(scene)
    gateway = scene.start_gateway()
    ways = (("first", lambda: None),
            ("after a touch", lambda: os.utime(scene.conf)),
            ("after another file", lambda: (
                (directory / "second.conf").write_text("[libdefaults]\n"),
                os.utime(scene.conf))))
    for what, change in ways:
        change()
        # krb5 looks once a second.
        seen = [post(gateway, host, 5985)]
        until(lambda: seen.append(post(gateway, host, 5985)) or
              "krb5.conf" in seen[-1][1], 2.5)
        t.rogue(f"includedir, {what}: {reason(seen[-1])}")
        t.ok("krb5.conf" not in seen[-1][1],
             f"includedir: krb5.conf can be read, {what}", seen[-1])
    later = place / "later"
    later.mkdir()
    scene.conf.write_text(f"includedir {later}/\n{text}")
    until(lambda: seen.append(post(gateway, host, 5985)) or
          "krb5.conf" in seen[-1][1], 10)
    t.rogue(f"includedir, a new one: {reason(seen[-1])}")
    t.ok(ADVICE in seen[-1][1] and str(later) in seen[-1][1],
         "includedir: a new one is named, with what to do", seen[-1])
    scene.stop()


def authorities(t, scene, place):
    address = "127.0.11.161"
    host = scene.host("authority", "HOST/%f", "", address)
    server = Https(t, place, address, host)
    other = place / "other.pem"
    other.write_bytes(server.cert.read_bytes())
    policy = section("gateway", f"targets = {host}")
    for what, lines in (
            ("targets", [section("targets", section(
                host, f"ca_file = {server.cert}")), policy]),
            ("targets on one line", [section("targets", f"{host} = {{ ca_file "
                                             f"= {server.cert} }}"), policy]),
            ("the realm", [section(REALM, f"ca_file = {server.cert}"),
                           policy]),
            ("general", [f"ca_file = {server.cert}", policy])):
        scene.configure(lines)
        begin(scene)
        gateway = scene.start_gateway()
        post(gateway, host, 5986)
        line = last_line(scene, host)
        t.rogue(f"ca_file, {what}: {line}")
        t.ok("404" in line, f"ca_file of {what}: the server is trusted", line)
        if what != "general":
            scene.stop()
    scene.configure([f"ca_file = {other}", policy])
    until(lambda: post(gateway, host, 5986) and
          ADVICE in last_line(scene, host), 10)
    line = last_line(scene, host)
    t.rogue(f"ca_file, a new one: {line}")
    t.ok(ADVICE in line and str(other) in line,
         "ca_file: a new one is named, with what to do", line)
    scene.stop()


LINKED = """
mount -t tmpfs none /mnt && mkdir -p /mnt/{where} /mnt/up /mnt/work &&
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work \
    /etc || exit 3
mkdir -p {parent}; {mount}
echo 'nameserver {server}' >{file}
umount /etc/resolv.conf 2>/dev/null
rm -f /etc/resolv.conf
ln -s {file} /etc/resolv.conf
"""


def resolver(t, scene, number, file):
    """resolv.conf is a link to file: who is asked?"""
    server = f"127.0.11.{170 + number}"
    asked = threading.Event()
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dns.bind((server, 53))
    t.defer(dns.close)

    def answer():
        while True:
            try:
                question, sender = dns.recvfrom(4096)
            except OSError:
                return
            asked.set()
            # No such name.
            dns.sendto(question[:2] + b"\x81\x83" + question[4:6] +
                       bytes(6) + question[12:], sender)

    threading.Thread(target=answer, daemon=True).start()
    host = scene.host(f"nowhere{number}", "HOST/%f")
    scene.configure([section("gateway", f"targets = {host}")])
    begin(scene)
    asked.clear()
    parent = os.path.dirname(file)
    # A directory of /run that others do not see.
    mount = "" if parent.startswith("/mnt") else "mount -t tmpfs none /run; " \
        f"mkdir -p {parent}"
    script = LINKED.format(where="wsl", parent=parent, mount=mount, file=file,
                           server=server)
    read, write = os.pipe()
    env = {k: v for k, v in scene.env.items() if not k.startswith("NSS_")}
    env.pop("LD_PRELOAD")
    scene.env, kept = env, scene.env
    scene.daemon("gateway", [
        "unshare", "-m", "sh", "-c", f"{script}exec "
        f"{t.build}/helper/gateway/gss-winrm-gateway --listen 127.0.0.1:0 "
        f"--ready-fd {write}"], pass_fds=[write])
    scene.env = kept
    os.close(write)
    with os.fdopen(read) as ready:
        gateway = ready.readline().strip()
    t.ok(gateway, f"{file}: the gateway starts", scene.said("gateway"))
    if gateway:
        post(gateway, host, 5985)
    t.rogue(f"{file}: {last_line(scene, host)}")
    t.ok(asked.is_set(), f"{file}: the server it names is asked",
         scene.said("gateway"))
    scene.stop()


def attack(t):
    scene = Scene(t)
    scene.user(USER, PASSWORD)
    # Not beside krb5.conf, whose directory can be read anyway.
    place = t.dir.parent / f"{t.dir.name}-elsewhere"
    place.mkdir()
    t.defer(lambda: subprocess.run(["rm", "-r", place], check=False))
    for each in included, authorities:
        here = place / each.__name__
        here.mkdir()
        each(t, scene, here)
    for number, file in enumerate(("/mnt/wsl/resolv.conf",
                                   "/run/elsewhere/resolv.conf")):
        resolver(t, scene, number, file)
