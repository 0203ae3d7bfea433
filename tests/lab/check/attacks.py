# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What the gateway and the broker must not do, whoever asks."""

import json
import os

import hosts
from .clients import SYSTEM_PYTHON, url
from .gateway import (PRINCIPAL, SOAP, WEB01, all_echoed, catalog,
                      check_statuses, delegated, posts, told, with_helper)
from .helper import HOST, OTHER_UID, OUTSIDE, UNDELEGATED

# The headers of a request that the gateway itself makes.
OURS = {"host", "content-type", "content-length", "authorization", "accept",
        "accept-encoding", "user-agent", "connection", "expect"}
REFUSALS = ("400", "403", "404", "405", "415", "501")
OK, ERROR, DATA, STARTED = 128, 129, 131, 134


def as_other(helper, argv, env=None):
    """The command line argv as another unprivileged user."""
    wrap = helper.wrap({**(env or {}), "HOME": "/nonexistent"})
    wrap[1] = str(OTHER_UID)
    return helper.lab.run(argv, wrap=wrap)


def other_user(report, lab, helper):
    """Another uid at the gateway and at the broker's socket."""
    argv = catalog(helper)[0].argv(url("http", WEB01.fqdn, 5985))
    argv[argv.index("--data") + 1] = "<x/>"     # it cannot read our file
    result = as_other(helper, argv, {"http_proxy": f"http://{helper.proxy}"})
    report.ok("another user's client is refused by the gateway",
              [result.describe()] if result.code == 0 or "403" not in
              result.out + result.err or result.auths else [])
    path = f"{helper.dir}/run/gss-winrm/broker"
    result = as_other(helper, [SYSTEM_PYTHON, "-c", "import socket, sys\n"
                               "s = socket.socket(socket.AF_UNIX)\n"
                               "s.connect(sys.argv[1])", path])
    report.ok("another user cannot reach the broker's socket",
              [] if "PermissionError" in result.err else [result.describe()])
    # Even with a directory that lets everybody in.
    os.chmod(helper.dir, 0o711)
    for sub in ("run", "run/gss-winrm"):
        os.chmod(f"{helper.dir}/{sub}", 0o755)
    os.chmod(path, 0o777)
    result = as_other(helper, [SYSTEM_PYTHON, "-c", ASK_STATUS, path])
    for sub in ("", "run", "run/gss-winrm", "run/gss-winrm/broker"):
        os.chmod(f"{helper.dir}/{sub}", 0o700)
    report.ok("nor does the broker answer a user that gets there",
              [] if result.out.strip() == "closed" else [result.describe()])


ASK_STATUS = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(600)
try:
    s.sendall(bytes.fromhex("0000000501000000010000000104"))
    data = s.recv(4096)
except ConnectionError:
    data = b""
print("closed" if not data or data[4] != 130 else data)
"""


def raw(helper, *requests):
    """What comes back for each, as text."""
    path = f"{helper.dir}/raw.json"
    with open(path, "w") as f:
        json.dump(requests, f)
    os.chown(path, helper.uid, helper.uid)
    result = helper.run([SYSTEM_PYTHON, f"{helper.dir}/programs/raw.py",
                         helper.proxy, path])
    return result, json.loads(result.out or "[]")


def request(target, host=None, body="<x/>", *headers):
    lines = [f"POST {target} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [SOAP, f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines)


def forbidden_targets():
    """(what, request)"""
    web01 = WEB01.fqdn
    for what, target in (
            ("a host outside the policy", url("http", OUTSIDE.fqdn, 5985)),
            ("an allowed host's address", f"http://{WEB01.address}:5985/wsman"),
            ("an allowed host's web site", f"http://{web01}:80/wsman"),
            ("another port of an allowed host", f"http://{web01}:22/wsman"),
            ("the gateway itself", "http://127.0.0.1:5985/wsman"),
            ("localhost", "http://localhost:5985/wsman"),
            ("a link-local address", "http://169.254.169.254:5985/wsman"),
            ("IPv6 loopback", "http://[::1]:5985/wsman"),
            ("an address in one number", "http://2130706443:5985/wsman"),
            ("the domain controller's LDAP", f"http://dc1.{hosts.DOMAIN}:389/"),
            ("a name that begins like an allowed one",
             f"http://{web01}.evil.example:5985/wsman"),
            ("a name that ends like an allowed one",
             f"http://evil{web01}:5985/wsman"),
            ("user information", f"http://{web01}:5985@{OUTSIDE.fqdn}:5985/w"),
            ("a fragment", f"http://{OUTSIDE.fqdn}:5985#@{web01}:5985/wsman"),
            ("another scheme", f"file://{web01}/etc/passwd"),
            ("a NUL in the name", f"http://{web01}%00.evil.example:5985/w")):
        yield what, request(target, target.split("/")[2])
    yield "a Host other than the URL's", request(
        url("http", web01, 5985), f"{OUTSIDE.fqdn}:5985")
    yield "a Host outside the policy", request(
        "/wsman", f"{OUTSIDE.fqdn}.localhost:5980")
    yield "a Host not below .localhost", request("/wsman", f"{web01}:5980")
    yield "no Host", request("/wsman")
    # A page in the user's own browser: its requests are the user's.
    for what, *headers in (
            ("a page's form", "Origin: http://evil.example"),
            ("a page's script", "Origin: null", "Sec-Fetch-Site: cross-site",
             "Sec-Fetch-Mode: no-cors")):
        yield what, request("/wsman", f"{web01}.localhost:5980", "<x/>",
                            *headers).replace(SOAP, "Content-Type: text/plain")
    yield "what a page may send without asking", request(
        "/wsman", f"{web01}.localhost:5980").replace(
            SOAP, "Content-Type: text/plain")
    yield "CONNECT", (f"CONNECT {web01}:5985 HTTP/1.1\r\n"
                      f"Host: {web01}:5985\r\n\r\n")
    yield "CONNECT to a web site", (f"CONNECT {web01}:80 HTTP/1.1\r\n"
                                    f"Host: {web01}:80\r\n\r\n")


def targets(report, lab, helper):
    """Requests that would make the gateway connect where it must not."""
    for what, text in forbidden_targets():
        lab.requests()
        result, answers = raw(helper, text)
        status = "".join(answers).split(" ")[1:2]
        refused = status and (status[0] in REFUSALS or status[0] == "500"
                              and "Fault" in answers[0])
        problems = [] if refused else [f"{answers}"[:500]]
        reached = lab.requests() + result.auths + result.hits
        if reached:
            problems.append(f"reached a server: {reached[-1]}")
        report.ok(f"refused: {what}", problems)


def smuggled(inner="GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"):
    """(what, request): one that a careless reader takes for two, or whose
    headers a careless writer passes on."""
    web01 = url("http", WEB01.fqdn, 5985)

    def post(*headers, body=""):
        return "\r\n".join([f"POST {web01} HTTP/1.1",
                            f"Host: {WEB01.fqdn}:5985", SOAP, *headers, "",
                            body])

    chunked = "Transfer-Encoding: chunked"
    yield "two different Content-Lengths", post(
        "Content-Length: 4", "Content-Length: 40", body="<x/>" + inner)
    yield "a list of Content-Lengths", post("Content-Length: 4, 40",
                                            body="<x/>" + inner)
    yield "Content-Length and Transfer-Encoding", post(
        "Content-Length: 4", chunked, body="0\r\n\r\n" + inner)
    yield "Transfer-Encoding and Content-Length", post(
        chunked, f"Content-Length: {5 + len(inner)}",
        body="0\r\n\r\n" + inner)
    yield "a coding that is unknown", post(
        "Transfer-Encoding: chunked, cow", body="0\r\n\r\n" + inner)
    yield "a coding behind a tab", post("Transfer-Encoding:\tchunked",
                                        "Content-Length: 4", body="<x/>")
    yield "a name with a space behind it", post(
        "Content-Length : 40", "Content-Length: 4", body="<x/>" + inner)
    yield "obsolete folding", post("Content-Length: 4", "X-Folded: a",
                                   " Transfer-Encoding: chunked", body="<x/>")
    yield "a bare CR in a value", post("Content-Length: 4",
                                       "X-A: b\rX-Evil: c", body="<x/>")
    yield "a bare LF in a value", post("Content-Length: 4",
                                       "X-A: b\nX-Evil: c", body="<x/>")
    yield "a NUL in a value", post("Content-Length: 4", "X-A: b\0c",
                                   body="<x/>")
    yield "a negative length", post("Content-Length: -1", body="<x/>")
    yield "a length with a sign", post("Content-Length: +4", body="<x/>")
    yield "a huge length", post("Content-Length: 99999999999999999999")
    yield "a header of 200,000 bytes", post(
        "Content-Length: 4", "X-Long: " + "a" * 200000, body="<x/>")
    yield "30,000 headers", post(
        "Content-Length: 4", *(f"X-{n}: a" for n in range(30000)),
        body="<x/>")
    yield "a line end in the URL", (
        f"POST {web01}%0d%0aX-Evil:%20c HTTP/1.1\r\nHost: {WEB01.fqdn}:5985"
        f"\r\n{SOAP}\r\nContent-Length: 4\r\n\r\n<x/>")
    yield "hop-by-hop headers and others' (a control)", post(
        "Content-Length: 4", "Connection: close, X-Evil", "X-Evil: 1",
        "Proxy-Authorization: Basic YTpi", "Authorization: Basic YTpi",
        "Keep-Alive: 5", "TE: trailers", "Upgrade: h2c", body="<x/>")


def smuggling(report, lab, helper):
    """However a request looks, a server sees well-formed ones of ours."""
    for what, text in smuggled():
        lab.requests()
        _, answers = raw(helper, text)
        seen = lab.requests()
        problems = [f"evil: {r}" for r in seen
                    if not r["line"].startswith("POST /wsman")
                    or set(r["names"]) - OURS]
        sealed = [r for r in seen if (r["content_type"] or "").startswith(
            "multipart/")]
        if len(sealed) > 1:
            problems.append(f"more than one request: {seen}")
        if "(a control)" in what and len(sealed) != 1:
            problems.append(f"not one request: {seen}\n{answers}")
        if not answers or not answers[0].startswith("HTTP/1.") and \
                answers[0] and "Error" not in answers[0]:
            problems.append(f"answered: {answers}")
        report.ok(f"smuggling: {what}", problems)


def downgrade(report, lab, helper):
    """Plain text where encryption was agreed."""
    lab.set("web01", downgrade=True)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    problems = told(result, seen, "plain")
    if "ProductVendor" in result.out:
        problems.append(f"it was passed on: {result.out}")
    report.ok("a server that answers in clear is not believed", problems)
    lab.set()


def tampering(report, lab, helper):
    """Sealed answers that are not what the server sealed, or too long."""
    for port in (5985, 5986):
        lab.set("web01", reply=5 << 20)
        result, seen = posts(helper, WEB01.fqdn, port, "identify")
        report.ok(f"an answer of 5 MiB where 4 are allowed, over {port}: "
                  "refused", told(result, seen, "long", "large", "bytes"))
    lab.set("web01", boundary=True, reply=4000)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify", "identify")
    sent = [a for a in result.auths if "boundaries" in a]
    whole = [e["sha256"] for e in sent] == [s.get("sha256") for s in seen]
    report.ok("ciphertext with the boundary inside: the answer arrives whole",
              [] if whole and [e["boundaries"] for e in sent] == [4, 4]
              else [f"{sent}\n{seen}\n{result.describe()}"])
    lab.set("web01", corrupt=True)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    report.ok("a sealed answer with one bit changed: refused",
              told(result, seen))
    lab.set()


def swapped(report, lab, helper):
    """A man in the middle: another key, another certificate."""
    lab.set("web01", swapped_key=True)
    result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
    report.ok("CredSSP over another key gets no password",
              told(result, seen) + [f"{a}" for a in result.auths
                                    if a.get("delegated")
                                    or a.get("accepted")])
    lab.set("web01", untrusted=True)
    result, seen = posts(helper, WEB01.fqdn, 5986, "identify")
    report.ok("a certificate of no known CA on 5986 ends it there",
              told(result, seen, "certificate")
              + [f"{a}" for a in result.auths])
    lab.set()
    result, seen = posts(helper, WEB01.fqdn, 5986, "identify")
    report.ok("the right certificate works",
              check_statuses(result, seen, [200]) + delegated(result))


def converse(helper, *script):
    path = f"{helper.dir}/script.json"
    with open(path, "w") as f:
        json.dump(script, f)
    os.chown(path, helper.uid, helper.uid)
    result = helper.run([SYSTEM_PYTHON,
                         f"{helper.dir}/programs/ask_broker.py",
                         f"{helper.dir}/run/gss-winrm/broker", path])
    return json.loads(result.out) if result.code == 0 else [
        {"replies": [], "text": result.describe(), "bytes": ""}] * len(script)


def credssp(host, node=""):
    return [10, ["s", host], ["u32", 5985], ["s", node], ["u32", 0]]


def context(host):
    return [20, ["u8", 1], ["s", host], ["u32", 5985], ["s", ""], ["u32", 0],
            ["s", ""]]


BINDING = [["u32", 6], ["s", "n" * 32], ["s", "key"], ["u8", 1]]
CONFINE = [5]
# What a gateway that was taken over asks, and where it has to end.
COMPROMISED = [
    ("who is logged in", [CONFINE, [4]]),
    ("to log in somebody", [CONFINE, [2, ["s", "bob"], ["s", hosts.REALM],
                                      ["s", "x"], ["u32", 0], ["u8", 0]]]),
    ("to log everybody out", [CONFINE, [3, ["s", ""]]]),
    ("CredSSP with a host outside", [CONFINE, credssp(OUTSIDE.fqdn)]),
    ("CredSSP with a host that gets no password",
     [CONFINE, credssp(UNDELEGATED.fqdn)]),
    ("a ticket for a host outside", [CONFINE, context(OUTSIDE.fqdn)]),
    ("a ticket for the domain controller",
     [CONFINE, context(f"dc1.{hosts.DOMAIN}")]),
    ("a node that is not listed",
     [CONFINE, credssp(hosts.BALANCED[1].fqdn, HOST["web03"].fqdn)]),
    ("a node of a host that has none",
     [CONFINE, credssp(WEB01.fqdn, HOST["web02"].fqdn)]),
    ("the password before anything was verified",
     [CONFINE, credssp(WEB01.fqdn), [14]]),
    ("the password after one leg only",
     [CONFINE, credssp(WEB01.fqdn), [11, ["u8", 0], ["s", ""]], [14]]),
    ("to seal a key before the login is complete",
     [CONFINE, credssp(WEB01.fqdn), [12, *BINDING]]),
    ("to verify what it made up",
     [CONFINE, credssp(WEB01.fqdn), [11, ["u8", 0], ["s", ""]],
      [13, *BINDING, ["s", "x" * 76]], [14]]),
    ("a context before it is complete", [CONFINE, context(WEB01.fqdn), [21]]),
    ("a message that there is not", [CONFINE, [99]]),
]


def compromised(report, lab, helper):
    """A gateway that has been taken over asks for what it may not have."""
    answers = converse(helper, *(script for _, script in COMPROMISED))
    for (what, script), got in zip(COMPROMISED, answers):
        bad = got["replies"][:1] != [OK] or \
            got["replies"][-1] not in (0, ERROR) or \
            hosts.SECRET_USER in got["bytes"] * (what == "who is logged in")
        report.ok(f"the broker refuses: {what}", [f"{got}"] if bad else [],
                  got["text"] or None)
    (allowed,) = converse(helper, [CONFINE, credssp(WEB01.fqdn)])
    report.ok("the broker begins with what a gateway may have", [] if
              allowed["replies"] == [OK, STARTED] else [f"{allowed}"])


def capabilities(report, lab, helper):
    """What the gateway's process could do if it were taken over."""
    with open(f"/proc/{helper.gateway.pid}/status") as f:
        status = dict(line.split() for line in f
                      if line.startswith(("Seccomp:", "NoNewPrivs:")))
    problems = []
    if status["Seccomp:"] != "2":
        problems.append("no seccomp filter")
    if status["NoNewPrivs:"] != "1":
        problems.append("may gain privileges")
    report.ok("the gateway has a system call filter and no way up", problems)


def many(report, lab, helper):
    """Bodies that cannot be sealed in one piece after all this."""
    lab.set("web01", echo=True)
    result, seen = posts(helper, WEB01.fqdn, 5985, 1, 70000)
    report.ok(f"after all that the gateway serves {PRINCIPAL} as before",
              all_echoed(result, seen, 2) + delegated(result))
    lab.set()


def attacks(report, lab, venv, program):
    """Attacks on the gateway and the broker."""
    with_helper(report, lab, venv, program,
                (other_user, targets, smuggling, downgrade, tampering, swapped,
                 compromised, capabilities, many))
