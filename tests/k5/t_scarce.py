#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Every allocation that the plugin's entries make fails once: an error, and the next call is fine. Run by run_tests.py;
prints TAP. The parts below the entries have tests/unit/test_nomem.c.
"""

import os
import sys

import gssapi

import scarce
import t_python as base
from t_python import KRB5, SPNEGO, ok, results

LIBRARY = os.environ.get('K5_BUILD', '') + '/.libs/scarce.so'


def each_fails(what, work):
    scarce.each_fails(ok, LIBRARY, 'gss_winrm.so', what, work, gssapi.raw.GSSError)


def names():
    raw, kinds = gssapi.raw, gssapi.NameType
    name = raw.import_name(b'HTTP@web01.test.example', kinds.hostbased_service)
    mine = raw.canonicalize_name(name, KRB5)
    twin = raw.duplicate_name(mine)
    raw.compare_name(mine, twin)
    raw.canonicalize_name(raw.import_name(raw.export_name(mine), kinds.export), KRB5)
    raw.duplicate_name(raw.canonicalize_name(raw.import_name(b'WSMAN@web01.test.example', kinds.hostbased_service), KRB5))


def credentials():
    raw = gssapi.raw
    creds = gssapi.Credentials(usage='initiate', mechs=[KRB5])
    str(creds.name)
    raw.inquire_cred_by_mech(creds, KRB5)
    gssapi.Credentials(token=creds.export())
    creds.store({'ccache': 'FILE:%s/scarce.stored' % base.DIRECTORY}, overwrite=True)
    gssapi.Credentials(usage='initiate', store={'ccache': 'FILE:%s/bob' % base.DIRECTORY})


def contexts(mech):
    def both():
        init = base.initiator(mech=mech, flags=base.FLAGS | base.DELEGATE)
        acc = gssapi.SecurityContext(usage='accept')
        token = init.step()
        while token:
            token = acc.step(token)
            token = init.step(token) if token else None
        if not (init.complete and acc.complete):
            raise gssapi.raw.GSSError(1, 1)
        str(init.target_name), str(acc.initiator_name), acc.delegated_creds
        acc.unwrap(init.wrap(b'message', True).message)
        gssapi.SecurityContext(token=init.export())
    return both


def main():
    if not base.loaded():
        print('Bail out! the interposer is not loaded in this process (GSS_MECH_CONFIG=%s)'
              % os.environ.get('GSS_MECH_CONFIG'))
        return 3
    if os.environ.get('GW_SANITIZER', 'no') != 'no':
        ok(True, 'allocations # SKIP the sanitizer has the allocator')
    elif LIBRARY not in os.environ['LD_PRELOAD']:
        os.environ['LD_PRELOAD'] += ':' + LIBRARY
        os.execv(sys.executable, [sys.executable, __file__])
    else:
        base.configure('match = always')
        os.environ['KRB5_KTNAME'] = 'FILE:%s/machine.keytab' % base.DIRECTORY
        each_fails('names', names)
        each_fails('credentials', credentials)
        each_fails('contexts, krb5', contexts(KRB5))
        each_fails('contexts, SPNEGO', contexts(SPNEGO))
        base.configure('match = always\n delegation = kerberos')
        each_fails('contexts, delegation', contexts(KRB5))
        base.configure(' targets = {\n  web.test.example = {\n   nodes = node1.test.example node2.test.example\n  }\n }')
        each_fails('a cluster', lambda: base.initiator('web.test.example').step())
    return results.end()


if __name__ == '__main__':
    sys.exit(main())
