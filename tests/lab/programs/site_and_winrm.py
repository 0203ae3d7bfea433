# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""site_and_winrm.py STACK HOST FIRST [open|early]: one process that talks to
the web site on port 80 and to WinRM on 5985 of the same host.

STACK is pywinrm (with requests-kerberos), pypsrp (with its own
HTTPNegotiateAuth) or requests-gssapi.  FIRST is site or winrm.  With `open`
the first connection stays open while the second is made.  With `early` only
the site is asked, by pywinrm's stack, authenticating before it connects."""

import gc
import sys

import requests

stack, host, first = sys.argv[1:4]
keep_open = sys.argv[4:] == ["open"]
early = sys.argv[4:] == ["early"]
site_url = f"http://{host}/"
winrm_url = f"http://{host}:5985/wsman"


def auth():
    if stack == "pywinrm":
        try:
            from winrm.vendor import requests_kerberos
        except ImportError:
            import requests_kerberos
        return requests_kerberos.HTTPKerberosAuth(force_preemptive=early)
    if stack == "pypsrp":
        from pypsrp.negotiate import HTTPNegotiateAuth
        return HTTPNegotiateAuth(service="HTTP")
    from requests_gssapi import HTTPSPNEGOAuth
    return HTTPSPNEGOAuth()


def call(method, url):
    session = requests.Session()
    reply = session.request(method, url, auth=auth())
    text = reply.text
    if not keep_open:
        reply.close()
        session.close()
        # pypsrp's closed responses hold their socket in a reference cycle.
        status = reply.status_code
        del reply
        gc.collect()
        return None, status, text.strip()
    return session, reply.status_code, text.strip()


def site():
    session, status, text = call("GET", site_url)
    print("site", status, text if status == 200 else "")
    return session


def winrm():
    if stack == "pywinrm" and not keep_open:
        import winrm as pywinrm
        try:
            result = pywinrm.Session(winrm_url, auth=(None, None),
                                     transport="kerberos").run_cmd("hostname")
            print("winrm 200", result.std_out.decode().strip())
        except pywinrm.exceptions.InvalidCredentialsError:
            print("winrm 401")
        return None
    session, status, _ = call("POST", winrm_url)
    print("winrm", status)
    return session


steps = [site, winrm] if first == "site" else [winrm, site]
if early:
    steps = [site]
kept = [step() for step in steps]
