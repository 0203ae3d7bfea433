# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm run and forward, and the real broker and gateway."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time

from place import HERE, Terminal, check, ended, progress


# --- run --------------------------------------------------------------------------

def test_run(place):
    done = place.run('run', '--', '/bin/sh', '-c', 'echo $http_proxy $HTTP_PROXY; cat; exit 7', stdin='hello\n')
    ended(done, 7)
    proxies, hello = done.stdout.splitlines()
    http_proxy, capital = proxies.split()
    check(http_proxy == capital and http_proxy.startswith('http://127.0.0.1:'), done.stdout)
    check(hello == 'hello', done.stdout)
    gateway = place.logged('gateway')[0]
    check(gateway['argv'][::2] == ['--listen-fd', '--while-fd', '--ready-fd'], gateway)
    check(gateway['session'] == gateway['pid'], 'the gateway is in our session')
    check(len(place.logged('gateway ended')) == 1, 'the gateway was not ended')
    check(len(place.logged('start')) == 1, 'the broker was not started')
    ended(place.run('run', 'sh', '-c', 'exit 0'), 0)
    ended(place.run('run', 'env', '--version'), 0, 'env', where='stdout')
    check(len(place.logged('start')) == 1, 'another broker was started')
    check(len(place.logged('gateway ended')) == 3, 'a gateway was not ended')
    gone = socket.socket()
    check(gone.connect_ex(('127.0.0.1', int(http_proxy.rsplit(':', 1)[1]))) != 0, 'somebody still listens')


def test_run_failures(place):
    ended(place.run('run', '/no/such'), 127, 'cannot run')
    ended(place.run('run', '/etc/passwd'), 126, 'cannot run')
    check(len(place.logged('gateway ended')) == 2, 'a gateway was not ended', place.logged())
    ended(place.run('run', 'true', STANDIN_GATEWAY='fails'), 125, 'did not start')
    ended(place.run('run', 'true', GSS_WINRM_LIBEXEC='/no/such'), 125, 'no gss-winrm-gateway')
    ended(place.run('run', 'true', no_proxy='*'), 0, 'no_proxy=*')


def test_run_again(place):
    """A gateway that ends is started again, on a port that nobody else gets in between."""
    process = place.start('run', 'sh', '-c', 'echo $http_proxy; read stop; exit 9', stdin=subprocess.PIPE)
    address = '127.0.0.1', int(process.stdout.readline().rsplit(':', 1)[1])
    for number in range(1, 4):
        place.wait_for('gateway', number)
        pid = place.logged('gateway')[-1]['pid']
        os.kill(pid, signal.SIGKILL)
        try:
            socket.create_server(address).close()
            check(False, 'the port was free')
        except OSError as error:
            check(error.errno == errno.EADDRINUSE, error)
        # Who comes meanwhile waits for the next one.
        socket.create_connection(address, 10).close()
    place.wait_for('gateway', 4)
    _, said = progress.communicate(process, '\n')
    check(process.returncode == 9, process.returncode, said)
    check(said.count('has ended (signal 9, Killed); restarting it') == 3, said)
    check(len(place.logged('gateway ended')) == 1, 'the last one was not ended')


def test_run_again_and_again(place):
    """One that ends all the time ends the command."""
    done = place.run('run', 'sleep', '40', STANDIN_GATEWAY='leaves')
    ended(done, 125, 'has ended because the broker is gone; restarting it', 'keeps ending', 'SIGTERM')
    check(len(place.logged('gateway')) == 6, len(place.logged('gateway')), 'times')
    # A command that does not end has the port still, and is refused.
    code = ('import errno, os, signal, socket, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n'
            'address = "127.0.0.1", int(os.environ["http_proxy"].rsplit(":", 1)[1])\n'
            'while True:\n'
            '    with socket.create_connection(address, 60) as one:\n'
            '        one.settimeout(600)\n'
            '        try: print(repr(one.recv(1)))\n'
            '        except ConnectionResetError: print("reset")\n'
            '    break\n'
            'try: socket.create_server(address)\n'
            'except OSError as error: print(error.errno == errno.EADDRINUSE)\n')
    done = place.run('run', sys.executable, '-c', code, STANDIN_GATEWAY='dies')
    ended(done, 125, 'signal 9')
    check(done.stdout.splitlines()[1:] == ['True'], done.stdout)


def test_run_apart(place):
    """The gateway has nothing of ours: no terminal, no descriptor but those that are meant for it."""
    mine, other = os.pipe()
    # The gateway may take longer to start than the command to end.
    process = place.start('run', 'sh', '-c', 'exec 7</dev/null; ls -l /proc/self/fd\n'
                          'until grep -q "has spoken" "$0"; do sleep 0.05; done', place.log, pass_fds=(mine, other),
                          STANDIN_GATEWAY='says')
    listing, said = progress.communicate(process)
    given = place.logged('gateway')[0]['given']
    check(given['0'] == given['1'] == '/dev/null' and given['2'].startswith('pipe:'), given)
    check(sorted(fd.split(':')[0] for number, fd in given.items() if int(number) > 2) == ['pipe', 'pipe', 'socket'],
          given)
    mine, other = (os.readlink('/proc/self/fd/%d' % fd) for fd in (mine, other))
    check(mine not in given.values(), given)
    # The command has all that we have.
    check(mine in listing and '7 -> /dev/null' in listing, listing)
    check('socket' not in listing and 'anon_inode' not in listing, listing)
    check('a title ?]0;got you? and half a line' in said and '\x1b' not in said, repr(said))


def from_gateway(text):
    """The lines that are not the command's."""
    lines = [line for line in text.splitlines() if line.strip() and 'command' not in line]
    mine = [line for line in lines if not line.startswith(('gss-winrm-gateway: ', 'gss-winrm: '))]
    check(not mine, 'without its name:', mine[:5])
    return [line for line in lines if line.startswith('gss-winrm-gateway: ')]


def test_run_lines(place):
    """What the gateway says cannot pass for what another program says, nor fill the terminal."""
    wait = 'until [ $(grep -c "has spoken" "$0") = "$1" ]; do sleep 0.05; done; echo the command'
    done = place.run('run', 'sh', '-c', wait, place.log, '1', STANDIN_GATEWAY='forges')
    lines = from_gateway(done.stdout + done.stderr)
    check('gss-winrm-gateway: [sudo] password for carol: ' in lines, lines[:5])
    check('gss-winrm-gateway: is honest' in lines, lines[:5])
    noise = [line for line in lines if 'noise' in line]
    check(100 < len(noise) <= 200, len(noise))
    check('(%d more lines not shown)' % (400 - len(noise)) in lines[-1], lines[-3:])
    # On a terminal, each of whose lines counts.
    place.env['STANDIN_GATEWAY'] = 'forges'
    terminal = Terminal(place, 'run', 'sh', '-c', wait, place.log, '2', job='stty cols 80; "$@"')
    terminal.finish()
    lines = from_gateway(terminal.seen)
    check(max(map(len, lines)) <= 80, max(lines, key=len))
    check(sum('sudo] password' in line for line in lines) == 3, lines[:9])


def test_run_signals(place):
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1:
        process = place.start('run', 'sh', '-c', 'trap "exit 33" %d; echo on; while :; do sleep 0.05; done' % number)
        check(process.stdout.readline() == 'on\n', process.stderr.read)
        process.send_signal(number)
        check(progress.wait(process) == 33, number, process.returncode)
    process = place.start('run', 'sh', '-c', 'echo on; exec sleep 60')
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    check(progress.wait(process) == -signal.SIGTERM, 'not ended by the signal:', process.returncode)
    ended(place.run('run', 'sh', '-c', 'kill -KILL $$'), -signal.SIGKILL)
    # A command that ignores it outlives it, and has a gateway all the while.
    process = place.start('run', 'sh', '-c', 'trap "" TERM; echo on; sleep 0.5; exit 5')
    process.stdout.readline()
    ended_before = len(place.logged('gateway ended'))
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    check(len(place.logged('gateway ended')) == ended_before, 'the gateway went first')
    check(progress.wait(process) == 5, process.returncode)


def test_run_killed(place):
    """The command goes on, and so does its gateway, until it ends."""
    process = place.start('run', 'sh', '-c', 'echo on; read stop; echo over >&2', stdin=subprocess.PIPE)
    process.stdout.readline()
    process.kill()
    progress.wait(process)
    check(not place.logged('gateway ended'), 'the gateway went first')
    _, said = progress.communicate(process, '\n')
    check('over' in said, said)
    place.wait_for('gateway left alone')


def test_run_terminal(place):
    terminal = Terminal(place, 'run', 'sh', '-c', 'trap "echo got it; exit 4" INT; echo on; sleep 10; sleep 10')
    terminal.expect('on\r\n')
    terminal.write('\x03')
    status, _ = terminal.finish()
    check(status == 4 and terminal.seen.count('got it') == 1, status, terminal.seen)
    place.wait_for('gateway ended')
    check(not any(fd.startswith('/dev/pts') for fd in place.logged('gateway')[0]['given'].values()), 'the terminal')


def test_run_job(place):
    """The command has the terminal, and is stopped and continued as a job."""
    code = ('import os\n'
            'print("mine:", os.tcgetpgrp(0) == os.getpgrp(), os.ttyname(0) == os.ttyname(2), flush=True)\n'
            'print("heard:", input())\n')
    terminal = Terminal(place, 'run', sys.executable, '-c', code, job='set -m; "$@"; echo stopped $?; fg; exit $?')
    terminal.expect('mine: True True')
    terminal.write('\x1a')
    terminal.expect('stopped 148')
    terminal.write('hello\n')
    terminal.expect('heard: hello')
    status, _ = terminal.finish()
    check(status == 0, status, terminal.seen)


# --- forward ------------------------------------------------------------------------

def test_forward(place):
    process = place.start('forward', 'web01.corp.example.com:5986', '--listen', '0')
    line = process.stdout.readline()
    check(line.startswith('http://127.0.0.1:') and '/wsman now leads to web01.corp.example.com:5986' in line, line)
    gateway = place.logged('gateway')[0]
    check(gateway['session'] == gateway['pid'] != process.pid, 'it is not apart')
    check(gateway['argv'][::2] == ['--listen-fd', '--while-fd', '--target', '--ready-fd'] and
          gateway['argv'][5] == 'web01.corp.example.com:5986', gateway)
    process.send_signal(signal.SIGINT)
    check(progress.wait(process) == 0, process.returncode)
    check(len(place.logged('gateway ended')) == 1, 'it was not ended')
    process = place.start('forward', '--listen', '127.0.0.2:0', 'web02.corp.example.com')
    check(process.stdout.readline().startswith('http://127.0.0.2:'), 'the address')
    os.kill(place.logged('gateway')[-1]['pid'], signal.SIGKILL)
    place.wait_for('gateway', 3)
    # It may warn of names first.
    said = [process.stderr.readline()]
    while said[-1] and 'restarting it' not in said[-1]:
        said.append(process.stderr.readline())
    check(said[-1], 'what it says:', ''.join(said))
    process.terminate()
    check(progress.wait(process) == 0, process.returncode)
    check(len(place.logged('start')) == 1, 'the broker was not started once')


def test_forward_killed(place):
    process = place.start('forward', 'web01.corp.example.com', '--listen', '0')
    process.stdout.readline()
    process.kill()
    progress.wait(process)
    place.wait_for('gateway left alone')


def test_forward_refused(place):
    ended(place.run('forward', 'web01.corp.example.com', '--listen', '192.0.2.1:5985'), 2, 'not a loopback address')
    with socket.create_server(('127.0.0.1', 0)) as taken:
        done = place.run('forward', 'web01.corp.example.com', '--listen', '%s:%d' % taken.getsockname())
        ended(done, 1, 'Address already in use', 'Take another port')
    check(place.logged('gateway') == [], 'a gateway was started')


def test_forward_policy(place):
    ended(place.run('forward', 'elsewhere.example'), 4, 'does not let the gateway connect to', 'targets =')
    ended(place.run('forward', 'web01.corp.example.com:80'), 4, 'port 80', 'ports')
    check(place.logged() == [], 'something was started')
    done = place.run('forward', 'web01.corp.example.com', '--listen', '0', STANDIN_GATEWAY='fails')
    ended(done, 1, 'gss-winrm-gateway: no')
    check(done.stdout == '', done.stdout)


# --- with the real broker and the real gateway ----------------------------------------

def through(proxy, url):
    """The status line of a request through a proxy."""
    address, port = proxy.removeprefix('http://').rsplit(':', 1)
    with socket.create_connection((address, int(port)), 30) as connection:
        connection.sendall(('POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n' %
                            (url, url.split('/')[2])).encode())
        return connection.recv(4096).split(b'\r\n')[0].decode()


def test_real_login(place):
    terminal = Terminal(place, 'login', '--no-check', '--lifetime', '2h', 'bob@CORP.EXAMPLE.COM')
    terminal.expect('Password for bob@CORP.EXAMPLE.COM: ')
    terminal.write('p\u00e4ssw\u00f6rd\n')
    status, echoes = terminal.finish()
    check(status == 0 and echoes and '(in 1 h 59 min)' in terminal.seen or '(in 2 h 0 min)' in terminal.seen,
          status, terminal.seen)
    pid = place.broker()
    ended(place.run('login', '--no-check', '--stdin', 'CORP\\carol', stdin='x\n'), 0)
    check(place.broker() == pid, 'another broker was started')
    answer = json.loads(place.run('status', '--json').stdout)
    names = sorted(one['name'] for one in answer['credentials'])
    check(names == ['CORP\\carol', 'bob@CORP.EXAMPLE.COM'], answer)
    check(all(0 < one['expires'] - time.time() < 36001 and one['uses'] == 0 and one['last'] is None
              for one in answer['credentials']), answer)
    ended(place.run('status'), 0, 'CORP\\carol', 'bob@CORP.EXAMPLE.COM', where='stdout')
    ended(place.run('logout'), 1, '2 credentials')
    ended(place.run('logout', 'nobody'), 1, 'nobody')
    ended(place.run('logout', 'bob@CORP.EXAMPLE.COM'), 0)
    ended(place.run('logout'), 0, 'CORP\\carol', where='stdout')
    ended(place.run('status'), 0, 'no credential', where='stdout')


def test_real_check(place):
    """There is no KDC: a login that is to be checked fails, and nothing is kept."""
    done = place.run('login', '--stdin', 'bob@CORP.EXAMPLE.COM', stdin='x\n')
    ended(done, 5)
    check(json.loads(place.run('status', '--json').stdout)['credentials'] == [], 'it was kept')


def test_real_run(place):
    code = ('import os, sys; sys.path.insert(0, sys.argv[1]); import t_run; '
            'print(t_run.through(os.environ["http_proxy"], "http://elsewhere.example:5985/wsman"))')
    done = place.run('run', sys.executable, '-B', '-c', code, str(HERE))
    ended(done, 0, 'HTTP/1.1 401', where='stdout')
    ended(place.run('run', 'sh', '-c', 'exit 77'), 77)
    # The broker ends while a command runs: there is another one, and the command stays.
    process = place.start('run', 'sh', '-c', 'echo on; sleep 1; exit 6')
    process.stdout.readline()
    os.kill(place.broker(), signal.SIGTERM)
    _, said = progress.communicate(process)
    check(process.returncode == 6 and 'the broker is gone; restarting it' in said, process.returncode, said)
    check(place.broker(), 'there is no other broker')


def test_real_forward(place):
    process = place.start('forward', 'web01.corp.example.com', '--listen', '0')
    line = process.stdout.readline()
    check(line.startswith('http://127.0.0.1:') and 'now leads to web01.corp.example.com' in line, line)
    process.send_signal(signal.SIGINT)
    check(progress.wait(process) == 0, process.returncode, process.stderr.read())
