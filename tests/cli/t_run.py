"""gss-winrm run and forward, and the real broker and gateway."""

import json
import os
import signal
import socket
import sys
import time

from place import HERE, Terminal, check, ended


# --- run --------------------------------------------------------------------------

def test_run(place):
    done = place.run('run', '--', '/bin/sh', '-c', 'echo $http_proxy $HTTP_PROXY; cat; exit 7', stdin='hello\n')
    ended(done, 7)
    proxies, hello = done.stdout.splitlines()
    http_proxy, capital = proxies.split()
    check(http_proxy == capital and http_proxy.startswith('http://127.0.0.1:'), done.stdout)
    check(hello == 'hello', done.stdout)
    gateway = place.logged('gateway')[0]
    check(gateway['argv'][:3] == ['--listen', '127.0.0.1:0', '--ready-fd'], gateway)
    check(gateway['group'] == gateway['pid'], 'the gateway is in our process group')
    check(len(place.logged('gateway ended')) == 1, 'the gateway was not ended')
    check(len(place.logged('start')) == 1, 'the broker was not started')
    ended(place.run('run', 'sh', '-c', 'exit 0'), 0)
    ended(place.run('run', 'env', '--version'), 0, 'env', where='stdout')
    check(len(place.logged('start')) == 1, 'another broker was started')
    check(len(place.logged('gateway ended')) == 3, 'a gateway was not ended')
    gone = socket.socket()
    check(gone.connect_ex(('127.0.0.1', int(http_proxy.rsplit(':', 1)[1]))) != 0, 'somebody still listens')


def test_run_failures(place):
    ended(place.run('run', '/no/such'), 127, 'cannot be run')
    ended(place.run('run', '/etc/passwd'), 126, 'cannot be run')
    check(len(place.logged('gateway ended')) == 2, 'a gateway was not ended')
    ended(place.run('run', 'true', STANDIN_GATEWAY='fails'), 125, 'did not start')
    ended(place.run('run', 'true', GSS_WINRM_LIBEXEC='/no/such'), 125, 'no gss-winrm-gateway')
    done = place.run('run', 'sh', '-c', 'sleep 1; exit 9', STANDIN_GATEWAY='leaves')
    ended(done, 9, 'the gateway has ended because the broker is gone')
    ended(place.run('run', 'true', no_proxy='*'), 0, 'no_proxy=*')


def test_run_signals(place):
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1:
        process = place.start('run', 'sh', '-c', 'trap "exit 33" %d; echo on; while :; do sleep 0.05; done' % number)
        check(process.stdout.readline() == 'on\n', process.stderr.read)
        process.send_signal(number)
        check(process.wait(30) == 33, number, process.returncode)
    process = place.start('run', 'sh', '-c', 'echo on; exec sleep 60')
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    check(process.wait(30) == -signal.SIGTERM, 'not ended by the signal:', process.returncode)
    ended(place.run('run', 'sh', '-c', 'kill -KILL $$'), -signal.SIGKILL)
    # A command that ignores it outlives it, and has a gateway all the while.
    process = place.start('run', 'sh', '-c', 'trap "" TERM; echo on; sleep 0.5; exit 5')
    process.stdout.readline()
    ended_before = len(place.logged('gateway ended'))
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    check(len(place.logged('gateway ended')) == ended_before, 'the gateway went first')
    check(process.wait(30) == 5, process.returncode)


def test_run_killed(place):
    process = place.start('run', 'sh', '-c', 'echo on; exec sleep 5')
    process.stdout.readline()
    process.kill()
    process.wait(30)
    place.wait_for('gateway ended')


def test_run_terminal(place):
    terminal = Terminal(place, 'run', 'sh', '-c', 'trap "echo got it; exit 4" INT; echo on; sleep 10; sleep 10')
    terminal.expect('on\r\n')
    terminal.write('\x03')
    status, _ = terminal.finish()
    check(status == 4 and terminal.seen.count('got it') == 1, status, terminal.seen)
    place.wait_for('gateway ended')


# --- forward ------------------------------------------------------------------------

def test_forward(place):
    process = place.start('forward', 'web01.corp.example.com:5986', '--listen', '0')
    line = process.stdout.readline()
    check(line.startswith('http://127.0.0.1:') and '/wsman is web01.corp.example.com:5986 now' in line, line)
    gateway = place.logged('gateway')[0]
    check(gateway['pid'] == process.pid, 'it does not take our place')
    check(gateway['argv'][:5] == ['--listen', '127.0.0.1:0', '--target', 'web01.corp.example.com:5986', '--ready-fd'],
          gateway)
    process.send_signal(signal.SIGINT)
    check(process.wait(30) == 0, process.returncode)
    process = place.start('forward', '--listen', '127.0.0.2:0', 'web02.corp.example.com')
    check(process.stdout.readline().startswith('http://127.0.0.2:'), 'the address')
    process.terminate()
    check(process.wait(30) == 0, process.returncode)
    check(len(place.logged('start')) == 1, 'the broker was not started once')


def test_forward_refused(place):
    ended(place.run('forward', 'elsewhere.example'), 4, 'does not let the gateway reach', 'targets =')
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
    # The broker ends while a command runs: the gateway goes, the command stays.
    process = place.start('run', 'sh', '-c', 'echo on; sleep 1; exit 6')
    process.stdout.readline()
    os.kill(place.broker(), signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    check(process.returncode == 6 and 'the broker is gone' in said, process.returncode, said)


def test_real_forward(place):
    process = place.start('forward', 'web01.corp.example.com', '--listen', '0')
    line = process.stdout.readline()
    check(line.startswith('http://127.0.0.1:') and 'is web01.corp.example.com now' in line, line)
    process.send_signal(signal.SIGINT)
    check(process.wait(30) == 0, process.returncode, process.stderr.read())
