#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""pam_gss_winrm.so in a PAM application (app.c, by way of pam_wrapper), with brokers of all kinds. Called by pam.tap;
prints TAP.

As root there is more: the application is then root, as sshd is, and the user is somebody else.
"""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'k5'))
import realm        # noqa: E402
from registers import registers     # noqa: E402
import run_tests    # noqa: E402
import results      # noqa: E402
from realm import progress      # noqa: E402
from results import ok, skip    # noqa: E402

PASSWORD = 'Zq7-never-in-a-core-9'      # as in tests/unit/cs_search.c, and nowhere in the application
PAM_SUCCESS, PAM_AUTH_ERR, PAM_PERM_DENIED = 0, 7, 6
HELLO, LOGIN, LOGOUT = 1, 2, 3
OK, ERROR, WELCOME, LOGGED_IN = 128, 129, 130, 135
CAROL, DAVE = 60001, 60002              # of no account outside of nss_wrapper's file


# --- brokers ------------------------------------------------------------------

def string(text):
    data = text.encode()
    return struct.pack('>I', len(data)) + data


def frame(number, fields=b''):
    return struct.pack('>IB', len(fields) + 1, number) + fields


def receive(connection):
    """(number, fields) of a frame; number None at the end."""
    def exactly(count):
        data = b''
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data
    try:
        data = exactly(struct.unpack('>I', exactly(4))[0])
    except (EOFError, OSError):
        return None, b''
    return data[0], data[1:]


def take_strings(data, count):
    out = []
    for _ in range(count):
        size = struct.unpack('>I', data[:4])[0]
        out.append(data[4:4 + size].decode())
        data = data[4 + size:]
    return out + [data]


def talk(connection, kind, say):
    """One conversation, as a broker of that kind has it. say() gets what it has heard."""
    if kind == 'mute':
        say('heard %s' % receive(connection)[0])
        time.sleep(60)
    if kind in ('garbage', 'huge'):
        receive(connection)
    if kind == 'garbage':
        connection.sendall(os.urandom(8192))
        return
    if kind == 'huge':
        connection.sendall(struct.pack('>I', 200000) + b'\x82' * 200000)
        return
    while True:
        number, fields = receive(connection)
        if number is None:
            return
        if number == HELLO:
            version = 2 if kind == 'newer' else 1
            connection.sendall(frame(WELCOME, struct.pack('>IIB', version, os.getpid(), 1)))
            if kind == 'halfway':
                time.sleep(60)
            continue
        if number == LOGIN:
            user, domain, password, rest = take_strings(fields, 3)
            say('LOGIN %s|%s|%s|%d|%d' % ((user, domain, password) + struct.unpack('>IB', rest)))
            reply = frame(LOGGED_IN, string('as %s' % user) + struct.pack('>Q', 0))
        else:
            say('LOGOUT %s' % take_strings(fields, 1)[0])
            reply = frame(OK)
        if kind == 'refuses':
            reply = frame(ERROR, struct.pack('>IIII', 10, 0, 0, 0) + string('no, thank you\nkernel: forged'))
        if kind == 'other':
            reply = frame(OK)
        connection.sendall(reply)


def stop_peer(connection, say):
    """Whoever has connected is this process's user, it seems: look into it, and stop it."""
    pid = struct.unpack('3i', connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    status = Path('/proc/%d/status' % pid).read_text().splitlines()
    ids = {line.split(':')[0]: line.split(':')[1].split() for line in status}
    say('PEER %s %s %s' % (','.join(ids['Uid']), ','.join(ids['Gid']), ','.join(ids['Groups'])))
    say('CAPABILITIES %s' % ids['CapPrm'][0])
    for name in ('mem', 'fd', 'environ', 'exe'):
        try:
            path = '/proc/%d/%s' % (pid, name)
            with contextlib.ExitStack() as stack:
                if name == 'fd':
                    os.listdir(path)
                elif name == 'exe':
                    os.readlink(path)
                else:
                    stack.enter_context(open(path, 'rb')).read(1)
            say('LOOKED %s' % name)
        except OSError:
            pass
    os.kill(pid, signal.SIGSTOP)
    say('STOPPED')
    time.sleep(60)


class Fake:
    """A broker of some kind, in a process of its own that belongs to uid."""

    def __init__(self, runtime, kind='good', uid=None, folder=None):
        self.folder = folder or Path(runtime) / 'gss-winrm'
        self.folder.mkdir(mode=0o700)
        self.log = Path(str(runtime) + '.heard')
        self.log.write_text('')
        self.log.chmod(0o666)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / 'broker'))
        ready = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.run(listener, kind, uid, ready[1])
            finally:
                os._exit(1)
        listener.close()
        os.close(ready[1])
        os.read(ready[0], 1)
        os.close(ready[0])

    def say(self, text):
        with open(self.log, 'a', encoding='utf-8') as log:
            log.write(text + '\n')

    def run(self, listener, kind, uid, ready):
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        listener.listen(0 if kind == 'full' else 8)
        others = []
        while kind == 'full':
            others.append(socket.socket(socket.AF_UNIX))
            others[-1].setblocking(False)
            try:
                others[-1].connect(listener.getsockname())
            except BlockingIOError:
                break
        os.write(ready, b'1')
        if kind == 'full':
            time.sleep(60)
        while True:
            connection = listener.accept()[0]
            if kind == 'stops':
                stop_peer(connection, self.say)
            with contextlib.suppress(OSError):
                talk(connection, kind, self.say)
            connection.close()

    def heard(self):
        return self.log.read_text().splitlines()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.folder)


# --- the application ----------------------------------------------------------

class Run:
    """What an application has printed: steps as (name, returned, milliseconds, questions)."""

    def __init__(self, done):
        self.all = done.stdout + done.stderr
        self.log = done.stderr
        self.steps = [line.split() for line in done.stdout.splitlines() if not line.startswith('#')]
        self.status = done.returncode

    def results(self):
        return {step[0]: int(step[1]) for step in self.steps}

    def list(self, name):
        return [int(step[1]) for step in self.steps if step[0] == name]

    def slowest(self):
        return max(int(step[2]) for step in self.steps if step[0] != 'search')

    def asked(self):
        return int(self.steps[-1][3])

    def well(self):
        return self.status == 0 and all(step[1] == '0' for step in self.steps if step[0] != 'search')


class Place:
    """A directory for a service's file and the runtime directory, and the environment that goes with it."""

    def __init__(self, here, uid):
        self.here = here
        self.uid = uid
        self.build = Path(os.environ.get('top_builddir') or '.').resolve()
        source = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2]).resolve()
        self.module = self.build / 'helper/pam/.libs/pam_gss_winrm.so'
        self.first = self.build / 'tests/pam/.libs/first.so'
        self.services = here / 'pam.d'
        self.services.mkdir()
        (self.services / 'other').write_text('auth required pam_deny.so\n')
        self.runtime = here / 'run'
        self.runtime.mkdir(mode=0o700)
        os.chown(self.runtime, uid, -1)
        self.putenv = 'putenv=XDG_RUNTIME_DIR=%s' % self.runtime
        passwd = ''.join('%s:x:%d:%d::/nonexistent:/bin/sh\n' % line for line in (
            ('alice', uid, uid), ('CORP\\alice', uid, uid), ('alice@corp.example', uid, uid), ('bob', uid + 1, uid),
            ('twin', uid, uid)))
        (here / 'passwd').write_text(passwd + 'root:x:0:0::/root:/bin/sh\n')
        (here / 'group').write_text('root:x:0:\n')
        self.sanitizer = os.environ.get('GW_SANITIZER', 'no')
        self.valgrind = shlex.split(os.environ.get('GW_VALGRIND', ''))
        self.slow = 10 if self.valgrind or self.sanitizer != 'no' else 1
        self.env = dict(realm.clean_environment(), **run_tests.sanitizer_options(source, False))
        self.env.update(NSS_WRAPPER_PASSWD=str(here / 'passwd'), NSS_WRAPPER_GROUP=str(here / 'group'))
        # pam_wrapper loads libpam in a way that a sanitizer forbids: libpam can be shown a directory, too.
        wrap = [] if self.sanitizer != 'no' or self.valgrind else ['libpam_wrapper.so']
        if wrap:
            self.env.update(PAM_WRAPPER='1', PAM_WRAPPER_SERVICE_DIR=str(self.services), PAM_WRAPPER_DEBUGLEVEL='2')
        else:
            self.env.update(APP_CONFDIR=str(self.services))
        self.wrapped = bool(wrap)
        self.preload = ':'.join(run_tests.sanitizer_runtimes(self.sanitizer) + wrap + [run_tests.nss_wrapper()])
        self.write()

    def write(self, options='', auth='{first}|{ours}', session='{first}|{ours}'):
        """The service "login". Each of the stacks is modules in their order."""
        lines = []
        for what, stack in (('auth', auth), ('session', session), ('password', '{first}|{ours}')):
            for module in stack.split('|'):
                argument = ' %s' % self.runtime if what == 'session' else ''
                line = module.format(first='required %s%s' % (self.first, argument),
                                     none='required %s none' % self.first,
                                     fail='required %s fail' % self.first, noenv='required %s' % self.first,
                                     ours='optional %s debug minimum_uid=%d %s' % (self.module, 1 if self.uid else 0,
                                                                                 options))
                lines.append('%s %s\n' % (what, line))
        (self.services / 'login').write_text(''.join(lines))

    def run(self, *steps, user='alice', feed=None):
        env = dict(self.env, LD_PRELOAD=self.preload)
        command = self.valgrind + [str(self.build / 'tests/pam/app'), 'login', user] + list(steps)
        return Run(progress.run(command, env=env, input=feed, capture_output=True, text=True))

    @contextlib.contextmanager
    def broker(self):
        """The real one."""
        env = dict(self.env, XDG_RUNTIME_DIR=str(self.runtime))
        env['ASAN_OPTIONS'] += ':detect_leaks=0'
        with subprocess.Popen([str(self.build / 'helper/broker/gss-winrmd'), '--foreground'], env=env,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
            try:
                yield Broker(self, process, env)
            finally:
                process.terminate()
                process.wait()
                shutil.rmtree(self.runtime / 'gss-winrm')


class Broker:
    """The real broker, and what gss-winrm says of it."""

    def __init__(self, place, process, env):
        self.place, self.process, self.env = place, process, env
        if not progress.wait_for(lambda: self.cli('status').returncode == 0):
            raise realm.Failure('the broker does not start')

    def cli(self, *words, feed=None):
        return progress.run([str(self.place.build / 'helper/cli/gss-winrm')] + list(words), env=self.env, input=feed,
                            capture_output=True, text=True)

    def status(self):
        return self.cli('status').stdout


LOGIN_STEPS = ('authenticate', 'setcred', 'open')


# --- tests --------------------------------------------------------------------

def test_real(place):
    """The broker that people have."""
    place.write('realm=TEST.EXAMPLE lifetime=300')
    with place.broker() as broker:
        before = broker.status()
        run = place.run(*LOGIN_STEPS, 'close', 'end')
        after = broker.status()
        ok(run.well() and run.asked() == 1, 'a login goes well, and the module asks for nothing', run.all)
        ok('alice@TEST.EXAMPLE' in after and 'alice@TEST.EXAMPLE' not in before,
           'the broker holds the credential then', after + run.all)
        broker.cli('logout', '--all')
        gone = broker.status()
        run = place.run(place.putenv, 'chauthtok', 'end')
        ok(run.well() and 'alice@TEST.EXAMPLE' in broker.status() and 'alice@TEST.EXAMPLE' not in gone,
           'a change of password is one at the broker', gone + run.all)
        place.write('realm=TEST.EXAMPLE logout')
        run = place.run(*LOGIN_STEPS, 'close', 'end')
        ok(run.well() and 'alice@TEST.EXAMPLE' not in broker.status(), 'with "logout" the session\'s end is a logout',
           broker.status() + run.all)
        place.write('realm=TEST.EXAMPLE')
        place.run(*LOGIN_STEPS, 'close', 'end')
        ok('alice@TEST.EXAMPLE' in broker.status(), 'without it the credential stays', broker.status())


def login_line(place, user, options):
    place.write(options)
    with Fake(place.runtime) as fake:
        run = place.run(*LOGIN_STEPS, 'end', user=user)
        return '\n'.join(fake.heard()) if run.well() else run.all


def test_names(place):
    """What LOGIN says."""
    for user, options, expected in (
            ('alice', '', 'alice|'),
            ('alice', 'realm=CORP.EXAMPLE', 'alice@CORP.EXAMPLE|'),
            ('alice', 'domain=CORP', 'alice|CORP'),
            ('CORP\\alice', '', 'alice|CORP'),
            ('CORP\\alice', 'realm=CORP.EXAMPLE', 'alice@CORP.EXAMPLE|'),
            ('CORP\\alice', 'domain=OTHER', 'alice|OTHER'),
            ('alice@corp.example', '', 'alice@corp.example|'),
            ('alice@corp.example', 'realm=CORP.EXAMPLE', 'alice@CORP.EXAMPLE|'),
            ('alice@corp.example', 'domain=CORP', 'alice|CORP')):
        heard = login_line(place, user, options)
        ok(heard == 'LOGIN %s|%s|0|0' % (expected, PASSWORD), 'LOGIN for %s%s' % (user, options and ' with ' + options),
           heard)
    heard = login_line(place, 'alice', 'lifetime=7')
    ok(heard == 'LOGIN alice||%s|7|0' % PASSWORD, 'LOGIN has the lifetime', heard)
    heard = login_line(place, 'alice', 'lifetime=x nonsense minimum_uid=-1 timeout=0 realm=')
    ok(heard == 'LOGIN alice||%s|0|0' % PASSWORD, 'arguments that make no sense do not count', heard)


def nothing_said(place, name, *steps, **options):
    """A login that goes well and leaves the broker alone."""
    with Fake(place.runtime) as fake:
        run = place.run(*(steps or LOGIN_STEPS + ('end',)), **options)
        heard = fake.heard()
    ok(run.well() and not heard, name, str(heard) + run.all)
    return run


def test_orders(place):
    """Stacks, and the order of calls."""
    place.write(auth='{ours}|{first}')
    nothing_said(place, 'in front of the module that asks: nothing is delivered, and nothing asked')
    place.write(auth='{none}|{ours}')
    nothing_said(place, 'a login without a password delivers nothing')
    place.write()
    nothing_said(place, 'a session without an authentication delivers nothing', 'open', 'close', 'end')
    nothing_said(place, 'an authentication without a session delivers nothing', 'authenticate', 'setcred', 'end')
    nothing_said(place, 'another user\'s session gets nothing (sudo -u)', 'authenticate', 'user=bob', 'open', 'end')
    nothing_said(place, 'nor does another name with the same uid', 'authenticate', 'user=twin', 'open', 'end')
    nothing_said(place, 'nor does a session after that one', 'authenticate', 'user=bob', 'open', 'user=alice', 'open',
                 'end')
    nothing_said(place, 'credentials that are deleted take the password along', 'authenticate', 'delete', 'open', 'end')
    nothing_said(place, 'an account that is not there is left alone', *LOGIN_STEPS, 'end', user='nobody-here')
    if place.uid != 0:
        nothing_said(place, 'root is left alone', *LOGIN_STEPS, 'end', user='root')
    place.write('minimum_uid=%d' % (place.uid + 1))
    nothing_said(place, 'below minimum_uid nothing is delivered')
    place.write(auth='{fail}|{ours}')
    with Fake(place.runtime) as fake:
        run = place.run('authenticate', 'end')
        ok(run.results()['authenticate'] == PAM_AUTH_ERR and not fake.heard(), 'nobody is let in because of it',
           run.all)
    place.write(auth='{ours}')
    run = place.run('authenticate', 'end')
    ok(run.results()['authenticate'] == PAM_PERM_DENIED, 'nor where it is alone', run.all)
    place.write(auth='{first}|{ours}')
    with Fake(place.runtime) as fake:
        run = place.run(place.putenv, 'authenticate', 'refresh', 'open', 'end')
        heard = fake.heard()
    ok(run.well() and heard == ['LOGIN alice||%s|0|0' % PASSWORD], 'a refresh of credentials delivers, once',
       str(heard) + run.all)
    with Fake(place.runtime) as fake:
        run = place.run(place.putenv, 'authenticate', 'chauthtok', 'open', 'end')
        heard = fake.heard()
    ok(run.well() and heard == ['LOGIN alice||%s|0|0' % PASSWORD] * 2,
       'a password that is changed at login is delivered then, and with the session', str(heard) + run.all)
    run = place.run('sigchld', *LOGIN_STEPS, 'reaped', 'end')
    ok(run.well(), 'an application that waits for all children sees none of ours', run.all)


def test_dead(place):
    """Brokers that are not there, do not answer, or answer something else."""
    place.write('timeout=1')
    limit = 1000 + 400 * place.slow

    def login(name, expect, fast=False):
        # (A sanitizer's memory takes a quarter of a minute; test_memory does that.)
        search = ('search',) if place.sanitizer == 'no' else ()
        run = place.run(*LOGIN_STEPS, *search, 'close', 'end')
        ok(run.well() and run.slowest() < (900 * place.slow if fast else limit), '%s: the login goes well%s' % (
            name, ', at once' if fast else ', in time'), run.all)
        ok(not any(run.list('search')) and PASSWORD not in run.all, '%s: no copy is left' % name, run.all)
        if place.wrapped:
            ok(expect in run.log and 'forged' not in [line.strip() for line in run.log.splitlines()],
               '%s: the log says why' % name, run.log)
        return run

    login('no directory', 'no broker listens', True)
    (place.runtime / 'gss-winrm').mkdir(mode=0o700)
    os.chown(place.runtime / 'gss-winrm', place.uid, -1)
    login('no socket', 'no broker listens', True)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(place.runtime / 'gss-winrm/broker'))
    os.chmod(place.runtime / 'gss-winrm/broker', 0o777)
    login('nobody listens', 'no broker listens', True)
    dead.close()
    (place.runtime / 'gss-winrm/broker').unlink()
    (place.runtime / 'gss-winrm').rmdir()
    for kind, expect, fast in (('mute', 'in time', False), ('halfway', 'in time', False), ('full', 'in time', False),
                               ('garbage', 'octets', True), ('huge', 'out of memory', True),
                               ('newer', 'version 2', True), ('other', 'OK where LOGGED_IN was due', True),
                               ('refuses', 'no, thank you?kernel: forged', True)):
        with Fake(place.runtime, kind, place.uid if os.geteuid() == 0 else None) as fake:
            os.chown(fake.folder, place.uid, -1)
            os.chmod(fake.folder / 'broker', 0o777)
            login(kind, expect, fast)
    with Fake(place.runtime) as fake:
        fake.folder.chmod(0o755)
        run = place.run(*LOGIN_STEPS, 'end')
        ok(run.well() and not fake.heard(), 'a directory that others can enter is none', run.all)
        fake.folder.chmod(0o700)
    with tempfile.TemporaryDirectory() as other:
        os.chown(other, place.uid, -1)
        with Fake(other) as fake:
            (place.runtime / 'gss-winrm').symlink_to(fake.folder)
            run = place.run(*LOGIN_STEPS, 'end')
            ok(run.well() and not fake.heard(), 'a link to a directory is none', run.all)
            (place.runtime / 'gss-winrm').unlink()


def test_memory(place):
    """Where the password is, and when."""
    place.write()
    with Fake(place.runtime):
        run = place.run('search', 'authenticate', 'search', 'open', 'search', 'close', 'end', 'search')
        found = run.list('search')
        ok(found == [0, 1, 0, 0], 'copies in memory: none, the one that waits, none after the session, none', run.all)
        run = place.run('authenticate', 'authenticate', 'search', 'end', 'search')
        ok(run.list('search') == [1, 0], 'a second attempt takes the place of the first, and the end wipes it', run.all)
        run = place.run('authenticate', 'delete', 'search', 'end')
        ok(run.list('search') == [0], 'PAM_DELETE_CRED wipes it', run.all)
        run = place.run(place.putenv, 'chauthtok', 'search', 'end')
        ok(run.list('search') == [0], 'a change of password leaves none', run.all)
        ok(PASSWORD not in run.all, 'nor does the log have it', run.all)


def test_registers(place):
    """While it waits for a broker, a core of the application has its registers."""
    name = 'no register has a piece of the password while the broker hangs'
    if place.valgrind:
        skip(name, 'those are valgrind\'s own')
        return
    place.write('timeout=5')
    with Fake(place.runtime, 'mute') as fake:
        env = dict(place.env, LD_PRELOAD=place.preload)
        with subprocess.Popen([str(place.build / 'tests/pam/app'), 'login', 'alice', *LOGIN_STEPS], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as app:
            progress.wait_for(lambda: fake.heard() or app.poll() is not None)
            found = registers(app.pid)
            app.kill()
        if found is None:
            skip(name, 'there is no ptrace() here')
            return
        pieces = [PASSWORD[i:i + 8] for i in range(len(PASSWORD) - 7) if PASSWORD[i:i + 8].encode() in found]
        ok(fake.heard() and not pieces, name, '%s %s' % (fake.heard(), pieces))


# --- as root ------------------------------------------------------------------

def root_tests(place):
    """The application is root, the user is not."""
    place.write('timeout=1')
    os.chmod(place.here, 0o711)

    def fake(kind, uid=CAROL, folder=CAROL):
        out = Fake(place.runtime, kind, uid)
        os.chown(out.folder, folder, folder)
        os.chown(out.folder / 'broker', folder, folder)
        return out

    with fake('good') as broker:
        run = place.run(*LOGIN_STEPS, 'end')
        ok(run.well() and broker.heard() == ['LOGIN alice||%s|0|0' % PASSWORD], 'root hands it to the user\'s broker',
           str(broker.heard()) + run.all)
    with fake('good', uid=DAVE) as broker:
        run = place.run(*LOGIN_STEPS, 'end')
        ok(run.well() and not broker.heard() and (not place.wrapped or 'runs as uid %d' % DAVE in run.log),
           'a broker of another uid gets nothing', str(broker.heard()) + run.all)
    with fake('good', uid=0) as broker:
        run = place.run(*LOGIN_STEPS, 'end')
        ok(run.well() and not broker.heard(), 'nor does one of root', str(broker.heard()) + run.all)
    with fake('good', folder=DAVE) as broker:
        run = place.run(*LOGIN_STEPS, 'end')
        ok(run.well() and not broker.heard(), 'nor does one in a directory of another uid',
           str(broker.heard()) + run.all)
    elsewhere = Path('/tmp/gss-winrm-%d' % CAROL)
    name = 'without a runtime directory it finds the one in /tmp'
    if elsewhere.exists() or Path('/run/user/%d' % CAROL).exists():
        skip(name, 'somebody has uid %d' % CAROL)
    else:
        place.write('timeout=1', session='{noenv}|{ours}')
        with Fake(place.runtime, 'good', CAROL, elsewhere) as broker:
            os.chown(elsewhere, CAROL, CAROL)
            os.chown(elsewhere / 'broker', CAROL, CAROL)
            run = place.run(*LOGIN_STEPS, 'end')
            ok(run.well() and broker.heard() == ['LOGIN alice||%s|0|0' % PASSWORD], name,
               str(broker.heard()) + run.all)
        place.write('timeout=1')
    with fake('stops') as broker:
        run = place.run(*LOGIN_STEPS, 'end')
        heard = broker.heard()
        ids = ','.join([str(CAROL)] * 4)
        ok('PEER %s %s ' % (ids, ids) in heard, 'who connects is the user, in no group of root\'s', heard)
        ok('CAPABILITIES ' + '0' * 16 in heard, 'has no capability', heard)
        ok(not any(line.startswith('LOOKED') for line in heard), 'cannot be looked into by the user', heard)
        ok('STOPPED' in heard and run.well() and run.slowest() < 1000 + 400 * place.slow,
           'and, stopped by the user, does not stop the login', str(heard) + run.all)


NAMES_OF_ROOT_TESTS = [
    'root hands it to the user\'s broker', 'a broker of another uid gets nothing', 'nor does one of root',
    'nor does one in a directory of another uid', 'without a runtime directory it finds the one in /tmp',
    'who connects is the user, in no group of root\'s', 'has no capability',
    'cannot be looked into by the user', 'and, stopped by the user, does not stop the login']


def main():
    with tempfile.TemporaryDirectory() as here:
        place = Place(Path(here), os.geteuid())
        for test in (test_real, test_names, test_orders, test_dead, test_memory, test_registers):
            test(place)
    if os.geteuid() == 0:
        with tempfile.TemporaryDirectory() as here:
            root_tests(Place(Path(here), CAROL))
    else:
        for name in NAMES_OF_ROOT_TESTS:
            skip(name, 'takes root: make check-root')
    return results.end()


if __name__ == '__main__':
    try:
        sys.exit(main())
    except realm.Failure as failure:
        print('Bail out! %s' % failure)
        sys.exit(1)
