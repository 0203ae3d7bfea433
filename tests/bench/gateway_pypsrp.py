#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Time the sessions that pypsrp opens when it does CredSSP itself, for gateway.py.

Run by the Python of tests/lab/venv. Reads commands, one a line, and answers each with a line:

    target HOST PORT USER PASSWORD
    sessions N [plain]      "ok" and nanoseconds for each: N times a new WSMan object, one message on it, and its end

pypsrp gets a ticket-granting ticket and a service ticket for every session: with "plain" it is left to that. Without,
it finds both in a memory cache, as the broker's contexts do.
"""

import sys
import time

import krb5
import requests_credssp.credssp
import spnego
from pypsrp.wsman import WSMan

SIZE = 1024


class Warm:
    """The module spnego as requests_credssp sees it, with tickets that are there already."""

    def __init__(self, cache):
        self.cache = cache

    def __getattr__(self, name):
        return getattr(spnego, name)

    def client(self, credential, **keywords):
        return spnego.client([spnego.KerberosCCache(self.cache, credential.username), credential], **keywords)


class Bench:
    """What the commands work on."""

    def __init__(self):
        self.host = self.port = self.user = self.password = self.warm = self.keep = None

    def target(self, host, port, user, password):
        self.host, self.port, self.user, self.password = host, int(port), user, password
        context = krb5.init_context()
        principal = krb5.parse_name_flags(context, user.encode())
        creds = krb5.get_init_creds_password(context, principal, krb5.get_init_creds_opt_alloc(context),
                                             password=password.encode())
        cache = krb5.cc_new_unique(context, b'MEMORY')
        krb5.cc_initialize(context, cache, principal)
        krb5.cc_store_cred(context, cache, creds)
        self.keep = context, cache
        self.warm = Warm((cache.cache_type + b':' + cache.name).decode())

    def session(self, body):
        with WSMan(self.host, port=self.port, ssl=False, username=self.user, password=self.password, auth='credssp',
                   credssp_auth_mechanism='kerberos', no_proxy=True) as wsman:
            if wsman.transport.send(body) != body:
                raise RuntimeError('other bytes came back')

    def sessions(self, number, plain=''):
        requests_credssp.credssp.spnego = spnego if plain else self.warm
        body, took = b'x' * SIZE, []
        for _ in range(int(number)):
            start = time.perf_counter_ns()
            self.session(body)
            took.append(time.perf_counter_ns() - start)
        return ' '.join(map(str, took))


def main():
    bench = Bench()
    for line in sys.stdin:
        command, *words = line.split()
        try:
            print('ok', getattr(bench, command)(*words) or '', flush=True)
        except Exception as error:  # pylint: disable=broad-exception-caught (whatever pypsrp raises)
            print('error', type(error).__name__, str(error).replace('\n', ' '), flush=True)


if __name__ == '__main__':
    main()
