# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""KDCs that take a connection and then say nothing: krb5 1.22 waits for ever, and we do not."""

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

from place import CONF, RealPlace, check
from servers import Server, answering, findings, forge_tickets, silent

REALM = 'CORP.EXAMPLE.COM'
LIMIT = 60                      # seconds for what krb5, or we, should give up after 20 to 25


@contextlib.contextmanager
def mute_kdcs(place, number=1, libdefaults='', realm=REALM):
    with contextlib.ExitStack() as stack:
        kdcs = [stack.enter_context(Server(10088, silent)) for _ in range(number)]
        conf = CONF.replace('[libdefaults]\n', '[libdefaults]\n' + libdefaults, 1)
        conf += '[realms]\n %s = {\n%s }\n' % (realm, ''.join('  kdc = %s:10088\n' % kdc.address for kdc in kdcs))
        (place.path / 'krb5.conf').write_text(conf)
        yield kdcs


def log_in(number, libdefaults):
    """How a login ended, and after how many seconds."""
    with RealPlace() as place, mute_kdcs(place, number, libdefaults) as kdcs:
        start = time.monotonic()
        done = place.run('login', '--stdin', 'alice@' + REALM, stdin='secret\n')
        took = time.monotonic() - start
        check(any(kdc.connections for kdc in kdcs), 'no KDC was asked', done.stderr)
        check(done.returncode == 5, done.returncode, done.stdout, done.stderr)
        check('Waiting for a domain controller (KDC) of %s to answer' % REALM in done.stderr, done.stderr)
        check('no domain controller answer' in done.stderr, done.stderr)
        check('user name' not in done.stderr and 'password' not in done.stderr.lower(), done.stderr)
        check(REALM in done.stderr.splitlines()[-1], done.stderr)
    return took


def test_login_silent_kdc(_):
    """Whatever krb5.conf says of it, and as many as there are."""
    with ThreadPoolExecutor() as pool:
        one, long, many = pool.map(log_in, (1, 1, 3), ('', ' request_timeout = 1h\n', ''))
    check(one < LIMIT and long < LIMIT, one, long)
    check(many < LIMIT, many)


def test_doctor_silent_kdc(place):
    """There is a verdict, and it is this one."""
    forge_tickets(place)
    (place.path / 'mech').write_text('')
    with Server(5985, answering()) as server, mute_kdcs(place):
        start = time.monotonic()
        done = place.run('doctor', '--json', server.address, GSS_MECH_CONFIG=str(place.path / 'mech'))
        took = time.monotonic() - start
    check(done.stdout.startswith('{'), 'no answer:', done.returncode, done.stderr)
    answer = json.loads(done.stdout)
    check(took < LIMIT, took)
    check(answer['verdict']['class'] == 'network', answer['verdict'])
    check('no KDC answers' in findings(answer, 'services')[0], answer)
