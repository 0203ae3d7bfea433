#!/usr/bin/python3
"""The command line gss-winrm: arguments, output, exit status, terminals and signals. Prints TAP.

Its peers are stand-ins (standins/), which write down what they were asked. No network.
"""

import errno
import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get('top_builddir') or HERE.parents[1] / 'build').resolve()
PROGRAM = BUILD / 'helper/cli/gss-winrm'
COMMANDS = ['login', 'logout', 'status', 'forward', 'run', 'explain']
WITH_JSON = ['login', 'logout', 'status', 'explain']

CONF = '''[libdefaults]
 default_realm = CORP.EXAMPLE.COM
 dns_canonicalize_hostname = false
 dns_lookup_realm = false
 dns_lookup_kdc = false
 qualify_shortname = corp.example.com
[domain_realm]
 .corp.example.com = CORP.EXAMPLE.COM
[appdefaults]
 winrm = {
  targets = {
   .corp.example.com = { delegation = credssp }
   web01.corp.example.com = {
    spn = HTTP/%n HOST/%f
    credential = alice@CORP.EXAMPLE.COM
   }
   web.corp.example.com = { nodes = web01.corp.example.com web02.corp.example.com }
   10.20.30.40 = { host = web03.corp.example.com delegation = none }
   portal.example.org = { match = never }
   nopass.example.org = { delegation = credssp }
  }
  credssp = { delegate_to = .corp.example.com }
  gateway = { targets = .lab.example ntml = true }
  CORP.EXAMPLE.COM = { ports = 5985 5986 15985 }
 }
'''


class Failure(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Failure(' '.join(str(item) for item in what))


class Place:
    """A runtime directory, krb5.conf and log of one case's own."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix='gss-winrm-cli.', dir='/tmp'))
        (self.path / 'krb5.conf').write_text(CONF)
        (self.path / 'run').mkdir(0o700)
        self.log = self.path / 'log'
        self.env = {
            'PATH': os.environ['PATH'], 'HOME': str(self.path), 'LANG': 'C.UTF-8', 'TZ': 'UTC',
            'USER': 'alice', 'XDG_RUNTIME_DIR': str(self.path / 'run'), 'KRB5_CONFIG': str(self.path / 'krb5.conf'),
            'KRB5CCNAME': 'FILE:' + str(self.path / 'ccache'), 'STANDIN_LOG': str(self.log),
            'GSS_WINRM_LIBEXEC': '/no/such:%s' % (HERE / 'standins'),
            'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', ''), 'LSAN_OPTIONS': os.environ.get('LSAN_OPTIONS', ''),
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for line in self.logged():
            if 'pid' in line:
                try:
                    os.kill(line['pid'], signal.SIGKILL)
                except ProcessLookupError:
                    pass
        shutil.rmtree(self.path)

    def run(self, *arguments, stdin='', **env):
        """A session of its own, so that there is no terminal."""
        return subprocess.run([str(PROGRAM), *arguments], input=stdin, text=True, capture_output=True, timeout=60,
                              env=dict(self.env, **env), start_new_session=True)

    def start(self, *arguments, **env):
        return subprocess.Popen([str(PROGRAM), *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=dict(self.env, **env), start_new_session=True)

    def logged(self, what=None):
        if not self.log.exists():
            return []
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if what in (None, line['what'])]

    def wait_for(self, what):
        for _ in range(1000):
            if self.logged(what):
                return self.logged(what)[-1]
            time.sleep(0.01)
        raise Failure('nothing was logged as "%s"' % what)

    def script(self, name, text):
        path = self.path / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)


def ended(done, status, *texts, where='stderr'):
    check(done.returncode == status, 'exit status', done.returncode, 'not', status, ':', done.stdout, done.stderr)
    for text in texts:
        check(text in getattr(done, where), repr(text), 'is not in', repr(getattr(done, where)))


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
    ended(place.run('login', '--askpass', bad, 'bob'), 1, 'gave up (status 3)')
    ended(place.run('login', '--askpass', mute, 'bob'), 1, 'gave no password')
    ended(place.run('login', '--askpass', '/no/such', 'bob'), 1, 'cannot be run')
    ended(place.run('login', 'bob'), 1, 'no terminal', '--stdin', 'GSS_WINRM_ASKPASS')
    check(len(place.logged('login')) == 2, 'something was sent')


class Terminal:
    """gss-winrm on a terminal of its own."""

    def __init__(self, place, *arguments):
        self.seen = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(str(PROGRAM), [str(PROGRAM), *arguments], place.env)

    def expect(self, text):
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], 30)
            check(ready, 'no', repr(text), 'in', repr(self.seen))
            try:
                self.seen += os.read(self.fd, 4096).decode()
            except OSError as error:
                check(error.errno == errno.EIO, error)
                raise Failure('the end after %r' % self.seen)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def write(self, text):
        os.write(self.fd, text.encode())

    def finish(self):
        try:
            while True:
                self.seen += os.read(self.fd, 4096).decode()
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        echoes = self.echoes()
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), echoes


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


def test_no_programs(place):
    done = place.run('login', '--stdin', 'bob', stdin='x\n', GSS_WINRM_LIBEXEC='/no/such')
    ended(done, 3, 'there is no gss-winrmd in /no/such')
    (place.path / 'gss-winrmd').symlink_to('/bin/false')
    done = place.run('login', '--stdin', 'bob', stdin='x\n', GSS_WINRM_LIBEXEC=str(place.path))
    ended(done, 3, 'did not start')
    (place.path / 'run/gss-winrm').chmod(0o755)
    ended(place.run('status'), 3, 'can be entered by others')


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

class RealPlace(Place):
    def __init__(self):
        super().__init__()
        self.env['GSS_WINRM_LIBEXEC'] = '%s:%s' % (BUILD / 'helper/broker', BUILD / 'helper/gateway')

    def broker(self):
        done = self.run('status', '--json')
        return json.loads(done.stdout)['pid'] if done.returncode == 0 else None

    def __exit__(self, *exception):
        pid = self.broker()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        super().__exit__(*exception)


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
    code = ('import os, sys; sys.path.insert(0, sys.argv[1]); import cli; '
            'print(cli.through(os.environ["http_proxy"], "http://elsewhere.example:5985/wsman"))')
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


# --- explain ------------------------------------------------------------------------

def explained(place, *arguments, **env):
    done = place.run('explain', '--json', *arguments, **env)
    ended(done, 0)
    answer = json.loads(done.stdout)
    answer['by key'] = {setting['key']: setting for setting in answer['settings']}
    return answer


EXACT = '''web01.corp.example.com, port 5985, realm CORP.EXAMPLE.COM

Gateway     connects: credssp: delegate_to = .corp.example.com
            authenticates by CredSSP, with your password
Plugin      asks for the names below where a program has a connection to port 5985, 5986 or 15985
Names       HTTP/web01@CORP.EXAMPLE.COM
            HOST/web01.corp.example.com@CORP.EXAMPLE.COM
            HTTP/web01.corp.example.com@CORP.EXAMPLE.COM

krb5.conf, [appdefaults] winrm:
  enabled                  = true                                default
  match                    = auto                                default
  ports                    = 5985 5986 15985                     realm CORP.EXAMPLE.COM
  spn                      = HTTP/%n HOST/%f                     targets web01.corp.example.com
  delegation               = credssp                             targets .corp.example.com
  credssp: ntlm            = false                               default
  credssp: minimum_version = 5                                   default
  gateway: ntlm            = false                               default
  credential               = alice@CORP.EXAMPLE.COM              targets web01.corp.example.com
  ca_file                  = system                              default

Complaints  winrm gateway: unknown key ntml; ignored
'''


def test_explain_text(place):
    done = place.run('explain', 'Web01.corp.example.com.')
    ended(done, 0)
    check(done.stdout == EXACT, 'not as expected:\n' + done.stdout)
    check(place.logged() == [], 'a broker was started for that')


def test_explain_gateway(place):
    for host, connects, why, how in (
            ('a.corp.example.com', True, 'credssp: delegate_to = .corp.example.com', 'CredSSP, with your password'),
            ('a.lab.example', True, 'gateway: targets = .lab.example', 'Kerberos'),
            ('10.20.30.40:5986', True, 'targets 10.20.30.40', 'Kerberos'),
            ('a.corp.example.com:15985', True, 'credssp: delegate_to = .corp.example.com',
             'CredSSP, with your password'),
            ('a.corp.example.com:80', False, 'port 80 is not one of its ports', None),
            ('nopass.example.org', False, 'delegation = credssp, and delegate_to does not cover it', None),
            ('portal.example.org', False, 'neither', None),
            ('elsewhere.example', False, 'neither', None),
            ('web01', False, 'neither', None)):
        gateway = explained(place, host)['gateway']
        check(gateway['connects'] == connects and gateway['why'].startswith(why) and gateway['authenticates'] == how,
              host, gateway)


def test_explain_names(place):
    answer = explained(place, '10.20.30.40')
    check(answer['names'][0].startswith('HOST/web03.corp.example.com@'), answer)
    check(answer['by key']['host'] == {'key': 'host', 'value': 'web03.corp.example.com',
                                       'source': 'targets 10.20.30.40'}, answer)
    check('KDC does not know' in answer['plugin'], answer)
    names = explained(place, 'web.corp.example.com')['names']
    check([name.split('@')[0] for name in names[:3]] ==
          ['HOST/web01.corp.example.com', 'HOST/web02.corp.example.com', 'WSMAN/web01.corp.example.com'], names)
    check(names[-1].startswith('HTTP/web.corp.example.com@'), names)
    # What krb5 makes of a short name counts for the plugin, and not for trust.
    answer = explained(place, 'web01')
    check(answer['by key']['spn']['source'] == 'targets web01.corp.example.com', answer)
    check(answer['by key']['credential'] == {'key': 'credential', 'value': None, 'source': 'default'}, answer)


def test_explain_plugin(place):
    check('match = never' in explained(place, 'portal.example.org')['plugin'], 'never')
    check('GSS_WINRM' in explained(place, 'web01', GSS_WINRM='off')['plugin'], 'off')
    check('every call' in explained(place, 'portal.example.org', GSS_WINRM='always')['plugin'], 'always')
    check('connection to port' in explained(place, 'web01', GSS_WINRM='nonsense')['plugin'], 'nonsense')
    check(explained(place, 'web01')['complaints'] == ['winrm gateway: unknown key ntml; ignored'], 'complaints')
    check(explained(place, 'web01')['dns'] is False, 'dns')
    (place.path / 'krb5.conf').write_text('[libdefaults]\n default_realm = X\n[appdefaults]\n winrm = {\n'
                                          '  enabled = false\n }\n')
    answer = explained(place, 'web01.nowhere.invalid')
    check('enabled = false' in answer['plugin'] and answer['dns'] is True, answer)
    check(answer['by key']['enabled']['source'] == 'winrm', answer)


def test_explain_errors(place):
    ended(place.run('explain', 'a b'), 1, 'not the name or address')
    (place.path / 'krb5.conf').write_text('[libdefaults\n')
    done = place.run('explain', '--json', 'web01')
    ended(done, 1, 'krb5.conf cannot be read')
    check('krb5.conf' in json.loads(done.stdout)['error'], done.stdout)


def main():
    if not PROGRAM.exists():
        print('1..0 # SKIP there is no %s' % PROGRAM)
        return 0
    wanted = sys.argv[1:]
    tests = [(name, case) for name, case in globals().items()
             if name.startswith('test_') and (not wanted or name in wanted)]
    print('1..%d' % len(tests), flush=True)
    failed = 0
    for number, (name, case) in enumerate(tests, 1):
        try:
            with RealPlace() if name.startswith('test_real') else Place() as place:
                case(place)
            print('ok %d - %s' % (number, name), flush=True)
        except Exception:
            failed += 1
            print('not ok %d - %s' % (number, name))
            print(''.join('# %s\n' % line for line in traceback.format_exc().splitlines()[-6:]), end='', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
