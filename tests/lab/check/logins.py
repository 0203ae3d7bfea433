# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Who is logged in, with what, and what is said when that is not enough."""

import json
import os
import shutil

import hosts
from .clients import url
from .gateway import WEB01, all_echoed, catalog, posts, told, with_helper
from .helper import (DELEGATED, HOST, OTHER_UID, UNDELEGATED, Helper, policy)

# What the user is told, by the state of the account.
WORDS = {"expired": "expired", "locked": "locked", "mustchange": "change",
         "disabled": "disabled", hosts.OTHER_USER: "password"}


def accounts(report, lab, helper):
    """Expired, locked, must change, wrong password: in words, when logging in
    and, where that does not check, to the client and in `status`."""
    right = lab.secret("password", hosts.PASSWORD)
    wrong = lab.secret("wrong", "wrong")
    other = Helper(lab, helper.venv, helper.program, OTHER_UID)
    try:
        other.up()
        for user, word in WORDS.items():
            secret = wrong if user == hosts.OTHER_USER else right
            done = other.log_in(user, secret)
            text = done.stdout + done.stderr
            report.ok(f"login as {user}: refused, in words", [] if
                      done.returncode and word in text.lower() else
                      [f"exit {done.returncode}: {text}"])
            late(report, other, user, secret, word)
    finally:
        other.down()


def late(report, other, user, secret, word):
    """The first use shows it."""
    done = other.log_in(user, secret, "--no-check")
    problems = [done.stdout + done.stderr] * bool(done.returncode)
    result, seen = posts(other, WEB01.fqdn, 5985, "identify")
    problems += told(result, seen, word)
    shown = other.command("status").stdout
    problems += [f"status: {shown}"] * (word not in shown.lower())
    other.command("logout", "--all")
    report.ok(f"{user}, found out late: in words to the client, and in "
              "`status`", problems)


def tickets(report, lab, helper):
    """Nobody logged in: the user's own tickets will do where no password is
    wanted, and elsewhere the user is told what to do."""
    about = {UNDELEGATED.fqdn: ["delegation = kerberos"],
             WEB01.fqdn: ["delegation = credssp"]}
    other = Helper(lab, helper.venv, helper.program, OTHER_UID, policy(about))
    ccache = f"{other.dir}/ccache"
    shutil.copy(f"{lab.dir}/alice.ccache", ccache)
    os.chown(ccache, OTHER_UID, OTHER_UID)
    try:
        other.up()
        pywinrm = catalog(other)[3]
        result = other.run(pywinrm.argv(url("http", UNDELEGATED.fqdn, 5985)),
                           True)
        got = {(a["scheme"], a["client"], a["delegated"])
               for a in result.accepted()}
        ok = (got == {("Negotiate", f"{hosts.USER}@{hosts.REALM}", True)} and
              hosts.private_entry(hosts.USER)[1] in result.out)
        report.ok("delegation = kerberos, with tickets only: the second hop "
                  "without a password", [] if ok else
                  [f"{got}\n{result.describe()}"])
        result, seen = posts(other, WEB01.fqdn, 5985, "identify")
        report.ok("with tickets only, where a password is wanted: told to "
                  "log in", told(result, seen, "gss-winrm login"))
    finally:
        other.down()


def ntlm(report, lab, helper):
    """By address, which no ticket is for: NTLM, where krb5.conf allows it."""
    inside, plain = HOST["web02"].address, UNDELEGATED.address
    about = {inside: ["delegation = credssp"], plain: ["delegation = none"]}
    other = Helper(lab, helper.venv, helper.program, OTHER_UID)
    try:
        for allowed in (False, True):
            other.write_policy(policy(about, [inside], str(allowed).lower(),
                                      targets=plain))
            if not allowed:
                other.up()
                other.log_in(hosts.USER, lab.secret("password",
                                                    hosts.PASSWORD))
            ntlm_at(report, other, inside, "CredSSP", allowed)
            ntlm_at(report, other, plain, "Negotiate", allowed)
    finally:
        other.down()


def ntlm_at(report, other, address, scheme, allowed):
    """One way of NTLM; sealed bodies of all sizes, if it is allowed."""
    host = hosts.BY_ADDRESS[address]
    other.lab.set(host.name, echo=True)
    steps = (1, 16385, 70000) if allowed else (1,)
    result, seen = posts(other, address, 5985, *steps)
    got = {(a["scheme"], a["client"]) for a in result.accepted()}
    if allowed:
        problems = all_echoed(result, seen, len(steps))
        wanted = {(scheme, f"{hosts.USER}@{hosts.REALM}")}
    else:
        # Not even its first message, which would tell who is asking.
        problems, wanted = told(result, seen), set()
    report.ok(f"NTLM in {scheme}, "
              f"{'allowed: in' if allowed else 'not allowed: refused'}",
              problems + [f"{got}, not {wanted}"] * (got != wanted))
    other.lab.set()


def outcome(report, lab, helper):
    """The server's NTSTATUS, to the client and in `status`."""
    for status, name, words in (
            (0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT", "locked"),
            (0xC0000224, "STATUS_PASSWORD_MUST_CHANGE", "chang")):
        lab.set("web01", errorcode=status)
        result, seen = posts(helper, WEB01.fqdn, 5985, "identify")
        shown = helper.command("status")
        known = json.loads(helper.command("status", "--json").stdout or "{}")
        problems = told(result, seen, words)
        if name not in shown.stdout:
            problems.append(f"status: {shown.stdout}{shown.stderr}")
        codes = {h["host"]: (h["last"] or {}).get("ntstatus")
                 for h in known.get("hosts", [])}
        if codes.get(WEB01.fqdn) != status:
            problems.append(f"status --json: {known}")
        report.ok(f"{name} of the server: in words to the client, and in "
                  "`status`", problems)
    lab.set()


def explained(report, lab, helper):
    """`explain` names the line that decides."""
    for host, word in ((DELEGATED[0], "delegate_to"),
                       (UNDELEGATED.fqdn, UNDELEGATED.fqdn)):
        done = helper.command("explain", host)
        report.ok(f"`gss-winrm explain {host}` says why", [] if
                  done.returncode == 0 and word in done.stdout else
                  [f"exit {done.returncode}: {done.stdout}{done.stderr}"])


def logins(report, lab, venv, program):
    """Accounts with troubles, tickets only, NTLM, `status` and `explain`."""
    with_helper(report, lab, venv, program,
                (accounts, tickets, ntlm, outcome, explained))
