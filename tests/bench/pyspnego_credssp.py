#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Time pyspnego's CredSSP, both ends in this process, for credssp.py.

Run by the Python of tests/lab/venv. Reads commands, one a line, and answers each with a line:

    tls VERSION PEM                  1.2|1.3; a file with the server's key and certificate
    mech NAME TARGET USER PASSWORD   krb5|ntlm, a host-based name
    handshake N [plain]              "ok NANOSECONDS", for one of N
    used                             "ok VERSION CIPHER MECH", of the last

As in credssp.c, what the ends share is made before: the TLS contexts, and Kerberos tickets in a memory cache. With
"plain" nothing is: a user and a password, as the documentation has it, which gets a ticket each time.
pyspnego's NTLM is its own, in Python; its Kerberos is the system's library, as ours is.
"""

import ssl
import sys
import time

import krb5
import spnego
from spnego import _negotiate
from spnego._context import GSSMech
from spnego.tls import default_tls_context, get_certificate_public_key

MECHS = {'krb5': GSSMech.kerberos, 'ntlm': GSSMech.ntlm}
TLS = {'1.2': ssl.TLSVersion.TLSv1_2, '1.3': ssl.TLSVersion.TLSv1_3}
LEGS_MAX = 12


def memory_cache(user, password):
    """The name of a cache in this process with the user's ticket."""
    context = krb5.init_context()
    principal = krb5.parse_name_flags(context, user.encode())
    creds = krb5.get_init_creds_password(context, principal, krb5.get_init_creds_opt_alloc(context),
                                         password=password.encode())
    cache = krb5.cc_new_unique(context, b'MEMORY')
    krb5.cc_initialize(context, cache, principal)
    krb5.cc_store_cred(context, cache, creds)
    return (cache.cache_type + b':' + cache.name).decode(), (context, cache)


class Bench:
    """What the commands work on."""

    def __init__(self):
        self.contexts = self.credentials = self.service = self.host = self.keep = self.used = None
        self.user = self.password = None

    def tls(self, version, pem):
        self.contexts = {}
        for usage in ('initiate', 'accept'):
            made = default_tls_context(usage=usage)
            made.context.maximum_version = TLS[version]
            made.context.options |= ssl.OP_NO_TICKET
            self.contexts[usage] = made
        server = self.contexts['accept']
        server.context.num_tickets = 0
        server.context.load_cert_chain(pem)
        with open(pem, encoding='ascii') as file:
            text = file.read()
        der = ssl.PEM_cert_to_DER_cert(text[text.index('-----BEGIN CERTIFICATE'):])
        try:
            server.public_key = get_certificate_public_key(der)
        except ValueError as error:
            raise RuntimeError('pyspnego cannot bind to this kind of key: %s' % error) from error

    def mech(self, name, target, user, password):
        _negotiate.NegotiateProxy._preferred_mech_list = lambda _: [MECHS[name]]
        self.service, self.host = target.split('@')
        self.user, self.password = user, password
        self.credentials = [spnego.Password(user, password)]
        if name == 'krb5':
            cache, self.keep = memory_cache(user, password)
            self.credentials.insert(0, spnego.KerberosCCache(cache, user))

    def pair(self, plain):
        if plain:
            return (spnego.client(self.user, self.password, hostname=self.host, service=self.service,
                                  protocol='credssp'), spnego.server(protocol='credssp'))
        return (spnego.client(self.credentials, hostname=self.host, service=self.service, protocol='credssp',
                              credssp_tls_context=self.contexts['initiate'], credssp_min_protocol=5),
                spnego.server(protocol='credssp', credssp_tls_context=self.contexts['accept'],
                              credssp_min_protocol=5))

    def exchange(self, plain):
        client, server = self.pair(plain)
        token = None
        for _ in range(LEGS_MAX):
            token = server.step(client.step(token))
            if client.complete and server.complete:
                break
        if server.get_extra_info('client_credential').password != self.password:
            raise RuntimeError('another password arrived')
        return server

    def handshake(self, number, plain=''):
        start = time.perf_counter_ns()
        for _ in range(int(number)):
            last = self.exchange(plain)
        took = time.perf_counter_ns() - start
        cipher, tls, _ = last.get_extra_info('ssl_object').cipher()
        mech = last.negotiated_protocol
        self.used = '%s %s %s' % (tls, cipher, 'krb5' if mech == 'kerberos' else mech)
        return '%.1f' % (took / int(number))


def main():
    bench = Bench()
    for line in sys.stdin:
        command, *words = line.split()
        try:
            answer = bench.used if command == 'used' else getattr(bench, command)(*words)
            print('ok', answer or '', flush=True)
        except Exception as error:  # pylint: disable=broad-exception-caught (whatever pyspnego raises)
            print('error', type(error).__name__, str(error).replace('\n', ' '), flush=True)


if __name__ == '__main__':
    main()
