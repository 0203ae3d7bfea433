# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The stand-in by clients that nobody here wrote: what the gateway is tested
against must itself be right."""

import hosts
from .clients import PROGRAMS, url

HOST = hosts.BY_NAME["web02"]
SEVEN = "seq -f %07.0f 0 49999"
LONG = "".join(f"{n:07d}\n" for n in range(50000))
DENIED = "Access is denied."


def pypsrp(lab, venv, port, auth, command, user=hosts.USER):
    scheme = "https" if port == 5986 else "http"
    who = (f"{hosts.WORKGROUP}\\{user}" if auth.endswith("ntlm")
           else f"{user}@{hosts.REALM}")
    credential = [who, lab.secret("password", hosts.PASSWORD)]
    if auth in ("kerberos", "delegate"):
        credential = []
    return lab.run([f"{venv}/bin/python", f"{PROGRAMS}/run_pypsrp.py",
                    url(scheme, HOST.fqdn, port), auth, "default", command,
                    *credential])


def credssp(report, lab, venv):
    """pypsrp's own CredSSP, sealed both ways, and its second hop."""
    private = hosts.private_entry(hosts.USER)[1]
    for port in (5985, 5986):
        for auth in ("credssp-krb5", "credssp-ntlm"):
            hop = pypsrp(lab, venv, port, auth, f"secondhop; {SEVEN}")
            wrong = [hop.describe()] if (hop.code, hop.out) != (
                0, f"{private}\n{LONG}") else []
            # More than 16 KiB the other way.
            up = pypsrp(lab, venv, port, auth,
                        f"echo {'x' * 100000} | wc -c")
            wrong += [up.describe()] if up.out.strip() != "100001" else []
            report.ok(f"stand-in: pypsrp's {auth} over {port}, 400,000 bytes "
                      "down, 100,000 up, the second hop", wrong)


def hops(report, lab, venv):
    """Only what was delegated opens the second hop, to the user's own."""
    private = hosts.private_entry(hosts.USER)[1]
    for auth, code, out in (("kerberos", 5, ""), ("ntlm", 5, ""),
                            ("delegate", 0, private),
                            ("credssp-krb5", 0, private)):
        hop = pypsrp(lab, venv, 5985, auth, "secondhop")
        report.ok(f"stand-in: the second hop with {auth}: "
                  f"{out or DENIED}",
                  [hop.describe()] if (hop.code, hop.out.strip()) !=
                  (code, out) or (code and DENIED not in hop.err) else [])
    other = pypsrp(lab, venv, 5985, "credssp-ntlm",
                   f"secondhop; secondhop {hosts.USER}", hosts.OTHER_USER)
    report.ok("stand-in: another user's second hop reads that user's entry, "
              "not this one's",
              [other.describe()] if (other.code, other.out.strip()) !=
              (5, hosts.private_entry(hosts.OTHER_USER)[1]) else [])


def troubles(report, lab, venv):
    """Accounts that cannot log on get no shell, whatever NTLM thinks."""
    for user in hosts.TROUBLED:
        result = pypsrp(lab, venv, 5985, "credssp-ntlm", "whoami", user)
        reasons = [a["reason"] for a in result.auths
                   if "delegated logon" in a.get("reason", "")]
        report.ok(f"stand-in: {user} cannot log on",
                  [result.describe()] if result.code == 0 or not reasons
                  else [])


def names(report, lab, venv):
    """NTLM names the node, also behind a balancer, on the connection that
    Kerberos then uses."""
    for balanced in hosts.BALANCED:
        seen = set()
        problems = []
        for _ in range(2 * len(balanced.nodes)):
            result = lab.run([f"{venv}/bin/python", f"{PROGRAMS}/ask_name.py",
                              balanced.fqdn])
            name, _, status = result.out.strip().partition(" ")
            seen.add(name)
            if status != "200":
                problems.append(result.describe())
        wanted = {hosts.BY_NAME[node].fqdn for node in balanced.nodes}
        if seen != wanted:
            problems.append(f"{seen}, not {wanted}")
        report.ok(f"stand-in: {balanced.name} leads to "
                  f"{' and '.join(balanced.nodes)} in turn", problems)


def standin(report, lab, venv, program):
    """The stand-in by pypsrp's CredSSP, NTLM and Kerberos."""
    for part in (credssp, hops, troubles, names):
        part(report, lab, venv)
