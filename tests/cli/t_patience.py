# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm doctor against servers, and a part of its own, that do not answer."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from place import check, progress
from servers import Server, answering, children, dripping, findings, forge_tickets, silent


def asked(place, target, seconds):
    """The answer about a target, which has to come in time: by the clock, since a person waits for it."""
    start = time.monotonic()
    done = place.run('doctor', '--json', target)
    took = time.monotonic() - start
    check(done.stdout.startswith('{'), 'no answer:', done.returncode, done.stderr)
    check(took < seconds, target, 'took', took, done.stdout)
    return json.loads(done.stdout)


def all_of(place, seconds, *targets):
    """Side by side, since each takes its time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda target: asked(place, target, seconds), targets))


def test_doctor_silent_tls(place):
    """Whoever has 5986 need not speak TLS, nor fast."""
    with Server(5986, silent) as mute, Server(5986, dripping(b'\x16\x03\x03\x40\x00', b'\0', 0.3)) as slow:
        # And by the way, when another port is asked about.
        for answer in all_of(place, 30, mute.address + ':5986', slow.address + ':5986', mute.address, slow.address):
            check('TLS does not work there' in findings(answer, 'certificate'), answer)


def test_doctor_slow_http(place):
    """Headers, then bytes of a body, two in a second."""
    with Server(5985, dripping(b'HTTP/1.1 401 No\r\nX-Header: ', b'x', 0.5)) as one, \
            Server(5985, dripping(b'HTTP/1.1 401 No\r\nContent-Length: 9999\r\n\r\n', b'x', 0.5)) as other:
        for answer in all_of(place, 30, one.address, other.address):
            check(any('timed out' in text for text in findings(answer, 'schemes')), answer)


def test_doctor_dead_witness(place):
    """The process with the machine's mechanisms has ended: there is a verdict all the same."""
    forge_tickets(place)
    # What else GSSAPI may find on this machine has no part in it.
    (place.path / 'mech').write_text('')
    process, killed = None, []

    def kill(_):
        while process is None:
            time.sleep(0.01)
        for pid in children(process.pid) if not killed else ():
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with Server(5985, answering(before=kill)) as server:
        process = place.start('doctor', '--json', server.address, GSS_MECH_CONFIG=str(place.path / 'mech'))
        out, err = progress.communicate(process)
    check(killed, 'it had no children')
    check(process.returncode >= 0 and out.startswith('{'), process.returncode, out, err)
    answer = json.loads(out)
    check('the process that tries failed: ' in ' '.join(findings(answer, 'programs')), answer)
    check(answer['verdict']['status'] == process.returncode, answer['verdict'])


def test_doctor_hang_up(place):
    """A server that hangs up in the middle of everything."""
    def talk(_, connection):
        connection.recv(1)
        connection.close()

    for port in (5985, 5986):
        with Server(port, talk) as server:
            answer = asked(place, '%s:%d' % (server.address, port), 20)
            check(answer['verdict']['id'] == 'no-ticket', answer['verdict'])
