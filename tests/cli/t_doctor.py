# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm doctor and spn, as far as they go without a domain; the lab has the rest."""

import json
import re
import shutil

from place import HERE, PROGRAM, check, ended, progress
from servers import Server, answering, challenge_of, findings, forge_tickets

CHECKS = ['krb5.conf', 'mech.d', 'tickets', 'name', 'localhost', 'services', 'accounts', 'ports', 'certificate',
          'schemes', 'authentication', 'programs', 'clock', 'client']
ESCAPE = '\x1b'


def test_doctor_json(place):
    done = place.run('doctor', '--json', '--client', 'python3 /opt/x/tool.py', '127.0.0.1:1')
    answer = json.loads(done.stdout)
    check([c['check'] for c in answer['checks']] == CHECKS, answer)
    check(answer['port'] == 1 and answer['host'] == '127.0.0.1', answer)
    check(answer['verdict']['id'] == 'no-ticket' and answer['verdict']['class'] == 'tickets', answer['verdict'])
    check(answer['verdict']['status'] == done.returncode == 11, done.returncode)
    check(answer['verdict']['fixes'][0]['text'] == 'kinit alice@CORP.EXAMPLE.COM', answer['verdict'])
    check(answer['checks'][-1]['program'] == 'tool.py', answer['checks'][-1])


def test_doctor_text(place):
    """Without a terminal: no colours, no wrapping, words beside the marks."""
    done = place.run('doctor', 'nosuch.corp.invalid')
    ended(done, 12, 'nosuch.corp.invalid does not exist.', 'krb5.conf', '✗ bad', '? not seen', where='stdout')
    check(ESCAPE not in done.stdout and done.stderr == '', repr(done.stdout), done.stderr)
    ascii_only = place.run('doctor', 'nosuch.corp.invalid', LANG='C', LC_ALL='C')
    check(ascii_only.stdout.isascii() and 'x bad' in ascii_only.stdout, ascii_only.stdout)


def test_doctor_fallback(place):
    """Fedora's and EL's krb5.conf lets DNS choose, but only where the KDC knows no better."""
    conf = place.path / 'krb5.conf'
    for value, said in (('false', None), ('fallback', 'does not know by the name that was typed'),
                        ('true', 'DNS chooses the machine')):
        conf.write_text(re.sub('(dns_canonicalize_hostname = ).*', r'\g<1>' + value, conf.read_text()))
        found = [f for f in findings(json.loads(place.run('doctor', '--json', '127.0.0.1:1').stdout), 'krb5.conf')
                 if 'DNS chooses the machine' in f]
        check(len(found) == (said is not None) and (said or '') in ''.join(found), value, found)


def contents(place):
    return {str(p): p.read_bytes() if p.is_file() else None for p in place.path.rglob('*')}


def test_doctor_changes_nothing(place):
    """Neither files nor tickets, also where there is a server that wants some."""
    forge_tickets(place)
    before = contents(place)
    with Server(5985, answering()) as server:
        for host in ('nosuch.corp.invalid', server.address):
            done = place.run('doctor', host)
            check('alice@CORP.EXAMPLE.COM until' in done.stdout, done.stdout)
            check(contents(place) == before, host, set(contents(place)) ^ set(before))


def test_doctor_claims(place):
    """A server may call itself what it likes; that counts if DNS or krb5.conf says so too."""
    forge_tickets(place)
    name = 'dc1.corp.invalid'
    with Server(5985, answering(headers=('WWW-Authenticate: Negotiate ' + challenge_of(name),))) as server:
        answer = json.loads(place.run('doctor', '--json', server.address).stdout)
        schemes = [c for c in answer['checks'] if c['check'] == 'schemes'][0]
        check(schemes['claims'] == [{'name': name, 'address': server.address, 'vouched': False}], schemes)
        check('calls itself %s, but neither DNS nor krb5.conf' % name in ' '.join(findings(answer, 'schemes')), schemes)
        check(answer['verdict']['id'] == 'no-kdc' and name not in str(answer['verdict']), answer['verdict'])
        check(answer['verdict']['fixes'][0]['text'] == 'dig +short SRV _kerberos._udp.corp.example.com',
              answer['verdict'])
        (place.path / 'krb5.conf').write_text((place.path / 'krb5.conf').read_text().replace(
            '10.20.30.40 = { host = web03.corp.example.com', '%s = { host = %s' % (server.address, name)))
        answer = json.loads(place.run('doctor', '--json', server.address).stdout)
        schemes = [c for c in answer['checks'] if c['check'] == 'schemes'][0]
        check(schemes['claims'][0]['vouched'], schemes)


def test_doctor_page(place):
    """The manual page knows every verdict, with its exit status."""
    root = HERE.parents[1]
    table = re.findall(r'^    { "([a-z-]+)", DOC_([A-Z]+), ', (root / 'helper/doctor/verdicts.c').read_text(), re.M)
    text = (root / 'docs/gss-winrm.1').read_text()
    status = {'WELL': 0, 'CLIENT': 10, 'TICKETS': 11, 'NAME': 12, 'DOMAIN': 13, 'NETWORK': 14, 'SERVER': 15,
              'CLOCK': 16}
    check(len(table) > 30 and len({name for name, _ in table}) == len(table), table)
    for name, kind in table:
        check(re.search(r'^\.It %d\n[^\n]*\n\.Pq [^\n]*\b%s( |$)' % (status[kind], name), text, re.M), name, kind)


def test_doctor_usage(place):
    for arguments, text in (((), 'one HOST'), (('a', 'b'), 'one HOST'),
                            (('--port', '0', 'a'), 'not a port'), (('--port', '99999', 'a'), 'not a port'),
                            (('a:b:',), 'name or address'),
                            (('a:x',), 'HOST:PORT'), (('--nosuch', 'a'), 'unknown option'), (('a', '--port'), 'a value')):
        ended(place.run('doctor', *arguments), 2, text)
        done = place.run('doctor', *arguments, '--json') if arguments[-1:] != ('--port',) else \
            place.run('doctor', '--json', *arguments)
        ended(done, 2, text)
        answer = json.loads(done.stdout)
        check(text in answer['error'] and answer['status'] == 2, arguments, answer)
    ended(place.run('doctor', 'a', GSS_WINRM_LIBEXEC='/no/such'), 1, 'gss-winrm-doctor')
    done = place.run('doctor', '--json', 'a', GSS_WINRM_LIBEXEC='/no/such')
    check(json.loads(done.stdout)['status'] == done.returncode == 1, done)
    for arguments in ((), ('-q', 'a', '-x'), ('-q', 'a', 'b'), ('-x', 'a', 'b')):
        ended(place.run('spn', *arguments), 2)
        check(json.loads(place.run('spn', '--json', *arguments).stdout)['status'] == 2, arguments)
    ended(place.run('spn', '-x', '--realm', 'NO.SUCH.INVALID'), 1, 'no domain controller')
    (place.path / 'krb5.conf').write_text('[libdefaults]\n dns_lookup_realm = false\n')
    done = place.run('spn', '--json', '-x')
    check('--realm' in json.loads(done.stdout)['error'] and done.returncode == 1, done)


def on_terminal(place, width, *arguments, **env):
    """What tmux shows, with its colours: the screen as a person has it."""
    # A server of its own: the last one may not be gone yet.
    tmux = ['tmux', '-S', str(place.path / ('tmux%d' % len(list(place.path.iterdir())))), '-f', '/dev/null']
    line = '%s %s; echo; echo that is the end; sleep 60' % (PROGRAM, ' '.join(arguments))
    progress.run([*tmux, 'new-session', '-d', '-x', str(width), '-y', '200', 'sh', '-c', line], check=True,
                   env=dict(place.env, TERM='xterm', **env))
    try:
        def shown():
            return progress.run([*tmux, 'capture-pane', '-p', '-e'], text=True, capture_output=True).stdout

        check(progress.wait_for(lambda: 'that is the end' in shown()), 'no end of', shown())
        return shown()
    finally:
        progress.run([*tmux, 'kill-server'], capture_output=True)


def plain(text):
    return re.sub(r'\x1b\[[0-9;]*m', '', text)


def test_doctor_terminal(place):
    if shutil.which('tmux') is None:
        return 'SKIP there is no tmux (tests/deps.sh check)'
    wide = on_terminal(place, 120, 'doctor', 'nosuch.corp.invalid')
    check(ESCAPE + '[31m' in wide and '✗ bad' in plain(wide), wide)
    label = re.compile(r'^(\S.{12,13}\S?)?\s+[✓·!✗?] (ok|note|warning|bad|not seen)\s+\S', re.M)
    columns = {len(m.group(0)) for m in label.finditer(plain(wide))}
    check(len(columns) == 1, columns, plain(wide))
    narrow = plain(on_terminal(place, 44, 'doctor', 'nosuch.corp.invalid'))
    check(all(len(line) <= 44 for line in narrow.split('\n')), narrow)
    check('\nTickets\n' in narrow and '  ✗ bad' in narrow, narrow)
    quiet = on_terminal(place, 120, 'doctor', 'nosuch.corp.invalid', NO_COLOR='1')
    check(not re.search(r'\x1b\[3[0-9]m|\x1b\[1m', quiet), quiet)
    piped = on_terminal(place, 120, 'doctor', 'nosuch.corp.invalid', '|', 'cat')
    check(not re.search(r'\x1b\[3[0-9]m|\x1b\[1m', piped) and 'does not exist' in piped, piped)
    return None
