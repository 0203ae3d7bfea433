# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Arguments, login, logout and status."""

import json
import os
import signal
import socket
import threading
from pathlib import Path

from place import COMMANDS, WITH_JSON, Terminal, check, ended


# --- arguments ------------------------------------------------------------------

def test_help(place):
    done = place.run('--help')
    ended(done, 0, *COMMANDS, where='stdout')
    ended(place.run(), 2, 'Usage:')
    for name in COMMANDS:
        done = place.run(name, '--help')
        ended(done, 0, 'Usage: gss-winrm %s' % name, where='stdout')
        check(('--json' in done.stdout) == (name in WITH_JSON), 'json in the help of', name)
        check(done.stderr == '', done.stderr)
        check(all(len(line) < 80 for line in done.stdout.splitlines()), done.stdout)
    ended(place.run('--version'), 0, 'gss-winrm ', where='stdout')
    check(place.logged() == [], 'a broker was started for that')


def test_usage(place):
    for arguments in (['nosuch'], ['login', '--nosuch'], ['login', 'a', 'b'], ['login', ''], ['login', '--lifetime'],
                      ['login', '--stdin', '--askpass', 'x'], ['login', '--check=1'], ['logout', 'a', 'b'],
                      ['logout', '--all', 'a'], ['status', 'x'], ['explain'], ['explain', 'a', 'b'],
                      ['explain', 'a:b'], ['explain', 'a:0'], ['explain', 'a:65536'], ['explain', '[::1'],
                      ['explain', ':5985'], ['explain', ''], ['forward'], ['forward', 'a', 'b'],
                      ['forward', 'a', '--listen', 'x'], ['forward', 'a', '--json'], ['run', '--json', 'true']):
        done = place.run(*arguments)
        if arguments[0] == 'run':
            ended(done, 2)
        else:
            ended(done, 2, '--help', 'gss-winrm')
        check(done.stdout == '', done.stdout)
    ended(place.run('run'), 125, 'COMMAND')
    check(place.logged() == [], 'a broker was started for that')


def test_lifetimes(place):
    for text in ('', '0', '0h', '8', '8x', 'h', '-1h', '1h30', '1 h', '8hh', '999999999999d', '4294967296', '8h-1m'):
        if text == '8':
            continue
        done = place.run('login', '--stdin', '--lifetime', text, 'bob', stdin='secret\n')
        ended(done, 2, 'is not a time like')
    check(place.logged('login') == [], 'a password was sent')
    for text, seconds in (('3600', 3600), ('8h', 28800), ('90m', 5400), ('1d12h', 129600), ('45s', 45),
                          ('1h30m', 5400)):
        ended(place.run('login', '--stdin', '--lifetime', text, 'bob', stdin='secret\n'), 0)
        check(place.logged('login')[-1]['lifetime'] == seconds, text)


# --- login ----------------------------------------------------------------------

def test_login_stdin(place):
    done = place.run('login', '--stdin', 'CORP\\bob', stdin='secr\u00e9t\nand more\n')
    ended(done, 0, 'Logged in as CORP\\bob.', where='stdout')
    check(len(place.logged('start')) == 1, 'the broker was not started once')
    check(place.logged('login') == [{'what': 'login', 'user': 'CORP\\bob', 'domain': '', 'password': 'secr\u00e9t',
                                     'lifetime': 0, 'check': 1}], place.logged())
    ended(place.run('login', '--stdin', '--no-check', 'bob', stdin='no newline'), 0)
    last = place.logged('login')[-1]
    check(last['check'] == 0 and last['password'] == 'no newline', last)
    ended(place.run('login', '--stdin', 'bob', stdin='dos\r\n'), 0)
    check(place.logged('login')[-1]['password'] == 'dos', 'the CR')
    check(len(place.logged('start')) == 1, 'another broker was started')
    sent = len(place.logged('login'))
    ended(place.run('login', '--stdin', 'bob', stdin=''), 1, 'gave no password')
    ended(place.run('login', '--stdin', 'bob', stdin='\n'), 1, 'gave no password')
    ended(place.run('login', '--stdin', 'bob', stdin='x' * 1025), 1, 'too long')
    check(len(place.logged('login')) == sent, 'something was sent')


def test_login_json(place):
    done = place.run('login', '--json', '--stdin', '--lifetime', '8h', 'bob@X', stdin='secret\n')
    ended(done, 0)
    check(json.loads(done.stdout) == {'name': 'bob@X', 'expires': 1700000000 + 28800}, done.stdout)
    done = place.run('login', '--stdin', '--json', 'bob@X', stdin='secret\n')
    check(json.loads(done.stdout)['expires'] is None, done.stdout)
    done = place.run('login', '--stdin', '--json', 'bob@X', stdin='wrong\n')
    ended(done, 5, 'does not take the password')
    answer = json.loads(done.stdout)
    check(answer['status'] == 5 and answer['ntstatus'] == 0xC000006A, answer)
    ended(place.run('login', '--stdin', 'bob@X', stdin='policy\n'), 4, 'it must not be')


def test_login_user(place):
    ended(place.run('login', '--stdin', stdin='secret\n'), 0, 'alice@CORP.EXAMPLE.COM', where='stdout')
    ended(place.run('login', '--stdin', stdin='secret\n', USER='carol'), 0, 'carol@CORP.EXAMPLE.COM', where='stdout')
    (place.path / 'krb5.conf').write_text('[libdefaults]\n dns_lookup_realm = false\n')
    ended(place.run('login', '--stdin', stdin='secret\n'), 2, 'USER@REALM')


def test_askpass(place):
    good = place.script('good', '#!/bin/sh\necho "$1" >"$0.prompt"\necho from askpass\n')
    bad = place.script('bad', '#!/bin/sh\necho half\nexit 3\n')
    mute = place.script('mute', '#!/bin/sh\nexit 0\n')
    ended(place.run('login', '--askpass', good, 'bob'), 0)
    check(place.logged('login')[-1]['password'] == 'from askpass', place.logged())
    check(Path(good + '.prompt').read_text() == 'Password for bob: \n', 'the prompt')
    ended(place.run('login', 'bob', GSS_WINRM_ASKPASS=good), 0)
    sent = place.logged('login')
    check(len(sent) == 2 and sent[1]['password'] == 'from askpass', sent)
    ended(place.run('login', '--askpass', bad, 'bob'), 1, 'failed (exit status 3)')
    ended(place.run('login', '--askpass', mute, 'bob'), 1, 'gave no password')
    ended(place.run('login', '--askpass', '/no/such', 'bob'), 1, 'cannot run')
    ended(place.run('login', 'bob'), 1, 'no terminal', '--stdin', 'GSS_WINRM_ASKPASS')
    check(len(place.logged('login')) == 2, 'something was sent')


def test_terminal(place):
    terminal = Terminal(place, 'login', 'bob@X')
    terminal.expect('Password for bob@X: ')
    check(not terminal.echoes(), 'the terminal echoes')
    terminal.write('hush hush\n')
    status, echoes = terminal.finish()
    check(status == 0 and echoes, status, echoes, terminal.seen)
    check('hush' not in terminal.seen, 'it was shown:', terminal.seen)
    check('Logged in as bob@X' in terminal.seen, terminal.seen)
    check(place.logged('login')[-1]['password'] == 'hush hush', place.logged())


def test_terminal_interrupted(place):
    for key, number in ('\x03', signal.SIGINT), ('\x1c', signal.SIGQUIT):
        terminal = Terminal(place, 'login', 'bob@X')
        terminal.expect('Password for bob@X: ')
        terminal.write('half' + key)
        status, echoes = terminal.finish()
        check(status == -number and echoes, status, echoes, terminal.seen)
    terminal = Terminal(place, 'login', 'bob@X')
    terminal.expect('Password for bob@X: ')
    os.kill(terminal.pid, signal.SIGTERM)
    status, echoes = terminal.finish()
    check(status == -signal.SIGTERM and echoes, status, echoes)
    for text in '\n', '\x04':
        terminal = Terminal(place, 'login', 'bob@X')
        terminal.expect('Password for bob@X: ')
        terminal.write(text)
        status, echoes = terminal.finish()
        check(status == 1 and echoes and 'no password' in terminal.seen, status, echoes, terminal.seen)
    check(place.logged('login') == [], 'something was sent')


# --- logout, status ---------------------------------------------------------------

def test_logout(place):
    ended(place.run('logout'), 3, 'no broker')
    check(place.logged() == [], 'a broker was started for that')
    ended(place.run('login', '--stdin', 'bob', stdin='x\n'), 0)
    ended(place.run('login', '--stdin', 'carol', stdin='x\n'), 0)
    ended(place.run('logout'), 1, '2 credentials', '--all')
    ended(place.run('logout', 'nobody'), 1, 'no credential nobody')
    ended(place.run('logout', 'bob'), 0, 'Forgotten: bob.', where='stdout')
    done = place.run('logout', '--json')
    ended(done, 0)
    check(json.loads(done.stdout) == {'forgotten': 'carol'}, done.stdout)
    ended(place.run('logout'), 1, 'no credential')
    ended(place.run('logout', '--all'), 0, 'all', where='stdout')
    check([line['name'] for line in place.logged('logout')] == ['nobody', 'bob', 'carol', ''], place.logged())


def test_status(place):
    ended(place.run('status'), 3, 'no broker')
    done = place.run('status', '--json')
    ended(done, 3)
    check(json.loads(done.stdout)['status'] == 3, done.stdout)
    check(place.logged() == [], 'a broker was started for that')
    ended(place.run('login', '--stdin', 'bob', stdin='x\n'), 0)
    done = place.run('status')
    ended(done, 0, 'in locked memory', 'bob   login', '2023-11-14 22:13', 'STATUS_LOGON_FAILURE: no?[31m',
          'web01.corp.example.com', 'CredSSP', 'STATUS_ACCOUNT_LOCKED_OUT: the account is locked', where='stdout')
    check('\x1b' not in done.stdout, 'control characters')
    answer = json.loads(place.run('status', '--json').stdout)
    check(answer['running'] and answer['locked'], answer)
    check(answer['credentials'][0]['name'] == 'bob' and answer['credentials'][0]['uses'] == 3, answer)
    check(answer['hosts'][0]['last'] == {'ok': True, 'ntstatus': 0, 'text': 'CredSSP'}, answer)
    check(answer['hosts'][1]['last']['symbol'] == 'STATUS_ACCOUNT_LOCKED_OUT', answer)


def answer_once(listener, text):
    with listener.accept()[0] as connection:
        connection.recv(16)
        connection.send(text.encode())


def test_status_gateways(place):
    """What a gateway says may have come from the network."""
    ended(place.run('login', '--stdin', 'bob', stdin='x\n'), 0)
    directory = place.path / 'run/gss-winrm/gateway'
    directory.mkdir(mode=0o700)
    session = {'id': 1, 'program': 'curl[1]', 'host': 'web01\x1b[31m', 'spn': 'HTTP@web01\u202e'}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(directory / '5980'))
        listener.listen()
        for arguments in ((), ('--json',)):
            thread = threading.Thread(target=answer_once, args=(listener, json.dumps({'open': 1, 'list': [session]})))
            thread.start()
            done = place.run('status', *arguments)
            thread.join()
            ended(done, 0, 'curl[1]', 'web01?[31m', where='stdout')
            check('\x1b' not in done.stdout and '\u202e' not in done.stdout, done.stdout)
        thread = threading.Thread(target=answer_once, args=(listener, '["open"]'))
        thread.start()
        ended(place.run('status'), 0)
        thread.join()


def test_no_programs(place):
    done = place.run('login', '--stdin', 'bob', stdin='x\n', GSS_WINRM_LIBEXEC='/no/such')
    ended(done, 3, 'there is no gss-winrmd in /no/such')
    (place.path / 'gss-winrmd').symlink_to('/bin/false')
    done = place.run('login', '--stdin', 'bob', stdin='x\n', GSS_WINRM_LIBEXEC=str(place.path))
    ended(done, 3, 'did not start')
    (place.path / 'run/gss-winrm').chmod(0o755)
    ended(place.run('status'), 3, 'other users can access')
