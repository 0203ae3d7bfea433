#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The broker in an MIT realm, asked by talk.c. Called by broker.tap; prints TAP.

GW_VALGRIND (a command) goes in front of the broker. The scan of its memory needs root, since the broker lets nobody
else look; it is skipped otherwise.
"""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'k5'))
import realm        # noqa: E402
import run_tests    # noqa: E402
import results      # noqa: E402
from realm import progress      # noqa: E402
from results import ok, skip    # noqa: E402

PASSWORD = 'Correct-Horse-7319'
POLICY = '''[appdefaults]
 winrm = {
  targets = {
   web04.test.example = {
    spn = HTTP/web04
   }
   web.test.example = {
    nodes = node1.test.example node2.test.example
   }
   web11.test.example = {
    delegation = kerberos
    credential = bob@TEST.EXAMPLE
   }
   web05.test.example = {
    match = never
   }
   web02.test.example = {
    nodes = web08.test.example
    spn = HOST/%%f HTTP/%%f
    delegation = kerberos
   }
  }
  credssp = {
   delegate_to = web01.test.example web03.test.example web04.test.example web08.test.example web10.test.example
   ntlm = %s
  }
  gateway = {
   targets = .test.example web04
   ntlm = %s
  }
 }
'''
NOBODY = 65534


# --- what is started ----------------------------------------------------------

class Place:
    """The realms, the builds, and the environments of the two ends."""

    def __init__(self, realms):
        self.realms = realms
        self.here = realms.directory
        self.build = Path(os.environ.get('top_builddir') or '.').resolve()
        source = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2]).resolve()
        self.program = self.build / 'helper/broker/gss-winrmd'
        if not self.program.exists():
            raise realm.Failure('there is no %s: run make first' % self.program)
        sanitizer = os.environ.get('GW_SANITIZER', 'no')
        self.valgrind = shlex.split(os.environ.get('GW_VALGRIND', ''))
        self.slow = 10 if self.valgrind or sanitizer != 'no' else 1
        (self.here / 'mech.conf').write_text(ntlmssp_line())
        (self.here / 'plugin.conf').write_text(
            run_tests.MECHANISM % (self.build / 'plugin/.libs/gss_winrm.so').resolve() + ntlmssp_line())
        (self.here / 'policy.conf').write_text(POLICY % ('false', 'false'))
        (self.here / 'ntlm.conf').write_text(POLICY % ('true', 'true'))
        users = self.here / 'ntlm'
        users.touch(mode=0o600)
        users.write_text('TEST:alice:alice\n')
        self.env = realm.clean_environment()
        self.env.update(realms.environment())
        # LeakSanitizer has to trace its process, which the broker forbids; valgrind looks for leaks.
        self.env.update(run_tests.sanitizer_options(source, True))
        self.env.update(GSS_MECH_CONFIG=str(self.here / 'mech.conf'), KRB5_CONFIG=self.conf('policy'),
                        KRB5CCNAME='FILE:%s/none' % self.here,
                        LD_PRELOAD=':'.join(run_tests.sanitizer_runtimes(sanitizer) + [run_tests.nss_wrapper()]),
                        NSS_WRAPPER_HOSTS=str(self.here / 'hosts'), NSS_WRAPPER_DISABLE_DEEPBIND='1')
        self.acceptor = dict(self.env, KRB5_KTNAME=realms.environment()['K5_MACHINE_KEYTAB'],
                             NTLM_USER_FILE=str(users))

    def conf(self, name):
        return '%s:%s' % (self.here / (name + '.conf'), self.here / 'krb5.conf')


def ntlmssp_line():
    """The line of gss-ntlmssp, as the system has it."""
    for path in Path('/etc/gss/mech.d').glob('*ntlmssp*'):
        for line in path.read_text().splitlines():
            if line.startswith('gssntlmssp'):
                return line + '\n'
    raise realm.Failure('gss-ntlmssp is not there: tests/deps.sh check installs it')


class Broker:
    """A gss-winrmd in the foreground, until it is stopped."""
    number = 0

    def __init__(self, place, *options, env=None, path=None, prefix=()):
        Broker.number += 1
        directory = place.here / ('b%d' % Broker.number)
        directory.mkdir(mode=0o700)
        self.place = place
        self.path = path or directory / 'broker'
        self.log = directory / 'log'
        with open(self.log, 'wb') as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                list(prefix) + place.valgrind + [str(place.program), '--foreground', '--socket', str(self.path), *options],
                env=dict(place.env, **(env or {})), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=realm.die_with_parent)
        progress.wait_for(lambda: self.process.poll() is not None or self.answers())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def said(self):
        return self.log.read_text(errors='replace')

    def answers(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.path))
            return True
        return False

    def wait(self):
        return progress.wait(self.process)

    def stop(self):
        """Stop it as systemd would, and say how it went."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        ok(status == 0 and not self.path.exists(), 'the broker ends well, and its socket goes',
           '%s: %s' % (status, self.said()))


class Talk:
    """talk.c at the other end."""

    def __init__(self, place, path, env=None):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([str(place.build / 'tests/broker/talk'), str(path)],
                                        env=dict(place.acceptor, **(env or {})), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, preexec_fn=realm.die_with_parent)
        self.hello = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, *words):
        self.process.stdin.write('\t'.join(str(word) for word in words) + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def check(self, name, pattern, *words):
        answer = self.ask(*words)
        ok(re.search(pattern, answer), name, answer)


def scan(pid, needle):
    """How often bytes occur in the memory of a process."""
    count = 0
    with open('/proc/%d/maps' % pid, encoding='ascii', errors='replace') as maps, \
            open('/proc/%d/mem' % pid, 'rb', buffering=0) as memory:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split('-'))
            # A sanitizer's shadow is terabytes of nothing.
            if 'r' not in line.split()[1] or '[v' in line or end - start > 1 << 30:
                continue
            with contextlib.suppress(OSError, OverflowError):
                memory.seek(start)
                count += memory.read(end - start).count(needle)
    return count


# --- the tests ----------------------------------------------------------------

WEB01 = ('web01.test.example', 5985)


def test_login(talk):
    ok(re.fullmatch(r'ok hello \d+ [01]', talk.hello), 'the broker says who it is', talk.hello)
    for user, password, words in (
            ('alice', 'wrong', 'error -8 C000006A .*the password is wrong'),
            ('nobody', 'x', 'error -8 C0000064 .*no such user'),
            ('old', 'old', 'error -8 C0000071 .*the password has expired'),
            ('gone', 'gone', 'error -8 C0000193 .*the account has expired'),
            ('locked', 'locked', 'error -8 C0000234 .*locked')):
        talk.check('login refused: %s' % user, words, 'login', user + '@TEST.EXAMPLE', '-', password, 0, 1)
    talk.check('nothing was kept', r'^ok locked=[01]$', 'status')
    talk.check('login', r'^ok alice@TEST.EXAMPLE \d+$', 'login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 1)
    seconds = int(talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 0).split()[-1]) - time.time()
    ok(35000 < seconds <= 36001, 'it lasts for ten hours', seconds)
    talk.check('status', r'^ok locked=[01] \[alice@TEST.EXAMPLE\|login\|uses=0\|00000000 \]$', 'status')
    talk.check('logout of somebody else', 'error -10', 'logout', 'bob@TEST.EXAMPLE')


def test_credssp(talk):
    credssp = 'ok %s alice@TEST.EXAMPLE delegated [1-9]'
    talk.check('CredSSP', credssp % 'HOST/web01.test.example@TEST.EXAMPLE 0/2', 'credssp', *WEB01, 0)
    talk.check('CredSSP, the second name', credssp % 'WSMAN/web01.test.example@TEST.EXAMPLE 1/2', 'credssp', *WEB01, 1)
    talk.check('no third name, of class HTTP', 'error -10 .*2 service names', 'credssp', *WEB01, 2)
    talk.check('a name that the KDC does not know is passed over', credssp % 'WSMAN/web03.test.example@TEST.EXAMPLE 1/2',
               'credssp', 'web03.test.example', 5985, 0)
    talk.check('the name that krb5.conf has', credssp % 'HTTP/web04@TEST.EXAMPLE 0/1', 'credssp', 'web04.test.example', 5985, 0)
    talk.check('no name at all', 'error -8 C000018B', 'credssp', 'web08.test.example', 5985, 0)
    talk.check('the wrong account says no', 'error ', 'credssp', 'web10.test.example', 5985, 0)
    talk.check('a host that krb5.conf does not name', 'error -6 .*delegate_to', 'credssp', 'web02.test.example', 5985,
               0)
    talk.check("a port that is not WinRM's", 'error -6 .*ports', 'credssp', WEB01[0], 443, 0)
    talk.check('what is no host', 'error -10', 'credssp', 'web01/x', 5985, 0)
    for calls, result in (('bvd', 'bvd'), ('bvdd', 'bvd!'), ('bvdbv', 'bvd!!'), ('dbv', '!!!'), ('vbd', '!!!'),
                          ('bdv', 'b!!'), ('bbv', 'b!!'), ('bvvd', 'bv!!')):
        talk.check('in this order: %s' % calls, '^ok %s$' % result, 'order', *WEB01, calls)


def test_context(talk):
    for scheme in ('negotiate', 'kerberos'):
        for bindings in ('-', 'tls-server-end-point:0123'):
            talk.check('%s, bindings %s: exported, messages both ways' % (scheme, bindings),
                       'ok HOST@web01.test.example 0/4 alice@TEST.EXAMPLE krb5$', 'context', scheme, *WEB01, 0,
                       bindings)
    talk.check('a name that the KDC does not know', 'ok WSMAN@web03.test.example 1/4', 'context', 'kerberos',
               'web03.test.example', 5985, 0, '-')
    talk.check('a host that may not be reached', 'error -6 .*gateway: targets', 'context', 'negotiate',
               'web.other.example', 5985, 0, '-')
    talk.check('a cluster', r'ok HOST@node1.test.example 0/', 'context', 'kerberos', 'web.test.example', 5985, 0,
               '-')
    talk.check('the credential that krb5.conf names is not there', 'error -6 .*bob@TEST.EXAMPLE.*alice@TEST.EXAMPLE',
               'context', 'kerberos', 'web11.test.example', 5985, 0, '-')
    talk.ask('login', 'bob@TEST.EXAMPLE', '-', 'bob', 0, 0)
    talk.check('it is, and its ticket is forwarded', 'ok WSMAN/web11.test.example@TEST.EXAMPLE 1/2 bob@TEST.EXAMPLE krb5 forwarded',
               'context', 'kerberos', 'web11.test.example', 5985, 1, '-')
    talk.check('two credentials of the realm', 'error -6 .*more than one', 'context', 'kerberos', *WEB01, 0, '-')
    talk.ask('logout', 'bob@TEST.EXAMPLE')
    # The nodes' names are unknown, the cluster's own HTTP name is known: nothing is forwarded to that.
    talk.check("a cluster's own HTTP name gets no ticket", 'error -8 C000018B', 'context', 'negotiate',
               'web02.test.example', 5985, 0, '-')
    talk.check('how it went', r'\[alice@TEST.EXAMPLE\|login\|uses=\d\d\|.*\{web01.test.example\|', 'status')


def test_confined(place, broker):
    for words in (('login', 'eve', '-', 'eve', 0, 0), ('status',), ('logout', '-'), ('confine',)):
        with Talk(place, broker.path) as talk:
            talk.check('confined', 'ok', 'confine')
            talk.check('confined: %s is refused' % words[0], 'error -6 .*confined', *words)
            talk.check('confined: and the connection is closed', 'error -11', 'credssp', *WEB01, 0)
    with Talk(place, broker.path) as talk:
        talk.ask('confine')
        talk.check('a confined connection makes channels', 'ok', 'channel', 1)
        talk.ask('use', 1)
        talk.check('a channel: CredSSP', 'ok HOST/web01', 'credssp', *WEB01, 0)
        talk.check('a channel: Negotiate', 'ok HOST@web01', 'context', 'negotiate', *WEB01, 0, '-')
        talk.check('a channel of the channel', 'ok', 'channel', 2)
        talk.ask('use', 2)
        talk.check('a channel of the channel: status is refused', 'error -6 .*confined', 'status')
        talk.ask('use', 1)
        talk.check('the others live on', 'ok HOST/web01', 'credssp', *WEB01, 0)
    frames = (('STEP before any context', '0b' + '00' * 5, -3), ('HELLO twice', '0100000001', -3),
              ('a reply', '80', -3), ('no such message', '63', -2), ('octets left over', '0400', -2),
              ('a field that is cut', '0300000001', -2), ('EXPORT before any context', '15', -3))
    for name, frame, code in frames:
        with Talk(place, broker.path) as talk:
            talk.check('refused: ' + name, 'error %d ' % code, 'raw', frame)
            talk.check('... and closed', 'error -11', 'raw', '04')
    with Talk(place, broker.path) as talk:
        talk.ask('start', *WEB01)
        talk.check('refused: EXPORT of a context for CredSSP', 'error -3', 'raw', '15')
    with Talk(place, broker.path) as talk:
        talk.ask('start', *WEB01)
        talk.check('the first STEP brings no token', 'ok STEPPED', 'raw', '0b' + '00' * 5)
        talk.check('refused: another one without (SPNEGO would crash)', 'error -10', 'raw', '0b' + '00' * 5)
        talk.check('refused: what comes after that', 'error -10', 'raw', '0b0100000001' + '00')
        talk.check('but FINISH is fine, and the broker well', 'ok OK', 'raw', '0f')
    with Talk(place, broker.path) as talk:
        talk.ask('start', *WEB01)
        talk.check('refused: LOGOUT in the midst of a context', 'error -3', 'raw', '0300000000')


def test_wrong_password_later(place, talk):
    talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'wrong', 0, 0)
    talk.check('a wrong password is found out by its use', 'error -8 C000006A', 'credssp', *WEB01, 0)
    talk.check('... and kept', r'\[alice@TEST.EXAMPLE\|login\|uses=0\|C000006A .*wrong', 'status')
    log = Path(place.realms.environment()['K5_KDC_LOG'])
    before = log.stat().st_size
    talk.check('... the second time as well', 'error -8 C000006A .*wrong', 'credssp', *WEB01, 0)
    ok(log.stat().st_size == before, '... which the KDC, who would count it, is not asked for')
    talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 0)


def test_memory(place, broker):
    names = ('the password is in memory once while it is held', 'it is not after logout',
             'nor after its lifetime', 'nobody else may look')
    # Under valgrind and ThreadSanitizer there is too much of it.
    if os.geteuid() != 0 or place.valgrind or 'thread' in os.environ.get('GW_SANITIZER', ''):
        for name in names:
            skip(name, 'takes root (make check-root), and neither valgrind nor ThreadSanitizer')
        return
    pid = broker.process.pid
    wide = PASSWORD.encode('utf-16-le')
    with Talk(place, broker.path) as talk:
        talk.ask('login', 'walter@TEST.EXAMPLE', '-', PASSWORD, 0, 1)
        talk.ask('logout', 'alice@TEST.EXAMPLE')
        done = talk.ask('credssp', *WEB01, 0)
        found = scan(pid, PASSWORD.encode()), scan(pid, wide)
        ok(done.startswith('ok') and found == (1, 0), names[0], (done, found))
        talk.ask('start', *WEB01)       # a context that still refers to it
        with Talk(place, broker.path) as other:
            other.ask('logout', '-')
        found = scan(pid, PASSWORD.encode()), scan(pid, wide)
        ok(found == (0, 0), names[1], found)
    with Talk(place, broker.path) as talk:
        talk.ask('login', 'walter@TEST.EXAMPLE', '-', PASSWORD, 2 * place.slow, 0)
        before = scan(pid, PASSWORD.encode())
        progress.wait_for(lambda: scan(pid, PASSWORD.encode()) == scan(pid, wide) == 0)
        found = scan(pid, PASSWORD.encode()), scan(pid, wide)
        ok(before == 1 and found == (0, 0), names[2], (before, found))
    done = subprocess.run(['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups', 'cat',
                           '/proc/%d/environ' % pid], capture_output=True, check=False)
    ok(done.returncode != 0 and Path('/proc/%d/mem' % pid).stat().st_uid == 0, names[3], done)


def test_lifetime(place, broker):
    with Talk(place, broker.path) as talk:
        talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 1, 0)
        talk.check('a credential for a second', 'alice', 'status')
        gone = progress.wait_for(lambda: 'expired: alice@TEST.EXAMPLE' in broker.said())
        ok(gone, 'it expires by itself', broker.said()[-300:])
        talk.check('... and is gone', r'^ok locked=\d [^[]', 'status')


def test_other_user(place, broker):
    name = 'another user is turned away'
    if os.geteuid() != 0:
        skip(name, 'takes root: make check-root')
        return
    # An end, a reset and a broken pipe are as good as each other.
    code = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\ntry:\n"
            " s.sendall(bytes.fromhex('000000050100000001'))\n got = s.recv(1)\n"
            "except (BrokenPipeError, ConnectionResetError):\n got = b''\nsys.exit(0 if got == b'' else 1)")
    places = [place.here, broker.path.parent, broker.path]
    modes = [path.stat().st_mode & 0o777 for path in places]
    for path in places:
        path.chmod(0o777)
    done = subprocess.run(['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups',
                           sys.executable, '-c', code, str(broker.path)], capture_output=True, text=True,
                          env=realm.clean_environment(), check=False)
    with Talk(place, broker.path) as talk:
        ok('other users can access' in talk.hello, "a client does not trust others' directories", talk.hello)
    for path, mode in zip(places, modes):
        path.chmod(mode)
    ok(done.returncode == 0 and 'uid %d' % NOBODY in broker.said(), name, (done, broker.said()[-300:]))


def test_one_broker(place, broker):
    with Broker(place, path=broker.path) as second:
        status = second.wait()
        ok(status == 1 and 'already running' in second.said(), 'a second broker says so', second.said())
        second.stop = lambda: None
    with Talk(place, broker.path) as talk:
        talk.check('and the first lives on', 'ok', 'status')


def test_stale(place):
    broker = Broker(place)
    broker.process.kill()
    broker.process.wait()
    ok(broker.path.is_socket(), 'a broker that was killed leaves its socket')
    with Broker(place, path=broker.path) as second, Talk(place, second.path) as talk:
        talk.check('which the next one replaces', 'ok', 'status')


def test_unlocked(place):
    """Without a right to lock memory it works, and says so."""
    prefix = ['prlimit', '--memlock=0:0']
    if os.geteuid() == 0:
        prefix = ['setpriv', '--bounding-set=-ipc_lock'] + prefix
    with Broker(place, prefix=prefix) as broker, Talk(place, broker.path) as talk:
        name = 'a warning where memory cannot be locked'
        if os.environ.get('GW_SANITIZER', 'no') != 'no':
            skip(name, "the sanitizers' mlock() does nothing, and says that it worked")
        else:
            ok(talk.hello.endswith(' 0') and 'cannot lock' in broker.said(), name, (talk.hello, broker.said()))
        talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 0)
        talk.check('it works all the same', 'ok HOST/web01', 'credssp', *WEB01, 0)


def test_tickets(place):
    """What the user's own tickets are good for."""
    own = {'KRB5CCNAME': place.realms.environment()['KRB5CCNAME']}
    with Broker(place, env=own) as broker, Talk(place, broker.path) as talk:
        for scheme in ('negotiate', 'kerberos'):
            talk.check("%s by the user's tickets" % scheme, "ok HOST@web01.test.example 0/4 the user's tickets krb5",
                       'context', scheme, *WEB01, 0, '-')
        talk.check('but no CredSSP', 'error -6 .*no password', 'credssp', *WEB01, 0)
        talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'wrong', 0, 0)
        talk.check('they come before the password', 'ok HOST@web01.test.example 0/4 alice@TEST.EXAMPLE', 'context',
                   'kerberos', *WEB01, 0, '-')
    with Broker(place) as broker, Talk(place, broker.path) as talk:
        talk.check('neither credential nor tickets', 'error -8 .*gss-winrm login.*kinit', 'context', 'negotiate',
                   *WEB01, 0, '-')


def test_ntlm(place):
    with Broker(place, env={'KRB5_CONFIG': place.conf('ntlm')}) as broker, Talk(place, broker.path) as talk:
        talk.ask('login', 'TEST\\alice', '-', 'alice', 0, 0)
        talk.check('Kerberos comes first, NTLM or not', r'ok HOST@web01.test.example 0/4 TEST.alice krb5', 'context',
                   'negotiate', *WEB01, 0, '-')
        talk.check('Negotiate ends as NTLM, exported', 'ok HTTP@web08.test.example 3/4 TEST.alice ntlm', 'context',
                   'negotiate', 'web08.test.example', 5985, 0, '-')
        talk.check('CredSSP with NTLM inside', 'ok HTTP@web08.test.example 2/3 TEST.alice delegated', 'credssp',
                   'web08.test.example', 5985, 0)
        talk.check('Kerberos is Kerberos', 'error -8 C000018B', 'context', 'kerberos', 'web08.test.example', 5985, 0,
                   '-')
        talk.ask('login', 'TEST\\alice', '-', 'wrong', 0, 0)
        talk.check('no NTLM once the KDC has refused the password', 'error -8 C000006A', 'context', 'negotiate',
                   *WEB01, 0, '-')
        talk.ask('logout', '-')
        talk.ask('login', 'WEB08\\alice', '-', 'alice', 0, 0)
        log = Path(place.realms.environment()['K5_KDC_LOG'])
        before = log.stat().st_size
        talk.check("a machine's user is no realm's", 'error -6 .*user@REALM', 'context', 'kerberos', *WEB01, 0, '-')
        ok(log.stat().st_size == before, 'the KDC is not asked about it')
    with Broker(place) as broker, Talk(place, broker.path) as talk:
        talk.ask('login', 'TEST\\alice', '-', 'alice', 0, 0)
        talk.check('no NTLM unless krb5.conf allows it', 'error -8 C000018B', 'context', 'negotiate',
                   'web08.test.example', 5985, 0, '-')


def test_silent_kdc(place):
    """One that takes connections, and that is all: krb5 1.22 by itself would wait for ever."""
    with socket.socket() as kdc:
        kdc.bind(('127.0.0.1', 0))
        kdc.listen()
        text = (place.here / 'krb5.conf').read_text()
        (place.here / 'silent.conf').write_text(re.sub(r'kdc = \S+', 'kdc = 127.0.0.1:%d' % kdc.getsockname()[1], text))
        env = {'KRB5_CONFIG': '%s:%s' % (place.here / 'policy.conf', place.here / 'silent.conf')}
        with Broker(place, env=env) as broker, Talk(place, broker.path) as talk:
            hang = threading.Timer(120 * place.slow, broker.process.kill)
            hang.start()
            talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 0)
            for words in (('credssp', *WEB01, 0), ('context', 'negotiate', *WEB01, 0, '-')):
                talk.check('%s: no KDC answers' % words[0], 'error -8 C000005E .*no domain controller answers', *words)
            hang.cancel()


def test_plugin(place):
    """With the plugin registered names are still the broker's."""
    env = {'GSS_MECH_CONFIG': str(place.here / 'plugin.conf')}
    iis = {'KRB5_KTNAME': place.realms.environment()['K5_IIS_KEYTAB']}
    with Broker(place, env=env) as broker:
        with Talk(place, broker.path, iis) as talk:
            talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 0)
            talk.check('beside the plugin the plain name is the plain name', 'ok HTTP@web01.test.example 3/4',
                       'context', 'kerberos', *WEB01, 3, '-')
        with Talk(place, broker.path) as talk:
            talk.check('and the others are what they say', 'ok HOST@web01.test.example 0/4', 'context', 'negotiate',
                       *WEB01, 0, '-')


def test_files(place):
    secrets = place.here / 'secrets'
    secrets.write_text('# ours\nTEST:alice:alice\n')
    secrets.chmod(0o644)
    with Broker(place, '--ntlm-file', str(secrets)) as broker:
        ok(broker.wait() == 1 and 'chmod 600' in broker.said(), 'a file that others can read is refused',
           broker.said())
        broker.stop = lambda: None
    secrets.chmod(0o600)
    directory = place.here / 'credentials'
    directory.mkdir(mode=0o700)
    (directory / 'corp.winrm').touch(mode=0o600)
    (directory / 'corp.winrm').write_text(':bob@TEST.EXAMPLE:bob\n')
    with Broker(place, '--ntlm-file', str(secrets), env={'CREDENTIALS_DIRECTORY': str(directory)}) as broker, \
            Talk(place, broker.path) as talk:
        said = talk.ask('status')
        ok(r'[TEST\alice|%s|' % secrets in said and '[bob@TEST.EXAMPLE|systemd: corp.winrm|' in said,
           "credentials from a file and from systemd's directory", said)
        talk.check('one that krb5.conf names', 'ok .*bob@TEST.EXAMPLE', 'context', 'kerberos', 'web11.test.example',
                   5985, 1, '-')


def test_slow_dns(place):
    away = place.here / 'away'
    # Before nss_wrapper, after a sanitizer.
    first, last = place.env['LD_PRELOAD'].rpartition(':')[::2]
    preload = ':'.join(filter(None, (first, str(place.build / 'tests/broker/.libs/away.so'), last)))
    with Broker(place, env={'LD_PRELOAD': preload, 'AWAY': str(away)}) as broker:
        with Talk(place, broker.path) as talk:
            talk.ask('login', 'alice@TEST.EXAMPLE', '-', 'alice', 0, 0)
        for name, words in (('CredSSP', ('credssp', *WEB01, 0)),
                            ('Negotiate', ('context', 'negotiate', *WEB01, 0, '-'))):
            with Talk(place, broker.path) as talk, futures.ThreadPoolExecutor() as pool:
                away.write_text('')
                answer = pool.submit(talk.ask, *words)
                # libkrb5 looks it up more than once by itself, for UDP and TCP.
                progress.wait_for(lambda: away.stat().st_size > 9 or answer.done())
                asked = away.stat().st_size
                away.unlink()
                ok(asked and answer.result().startswith('ok HOST'),
                   'a DNS server that does not answer for a moment, %s: the session waits' % name, (asked, answer.result()))


def test_background(place):
    directory = place.here / 'background'
    directory.mkdir(mode=0o700)
    path = directory / 'broker'
    options = [str(place.program), '--socket', str(path)]
    done = progress.run(options, env=place.env, stdin=subprocess.DEVNULL, capture_output=True)
    with Talk(place, path) as talk:
        ok(done.returncode == 0 and done.stderr == b'', 'it can be asked as soon as its parent has returned', done)
        pid = int(talk.hello.split()[2])
        ok(os.getsid(pid) == pid and pid != os.getpid(), 'and is in the background')
        again = progress.run(options, env=place.env, capture_output=True, text=True)
        ok(again.returncode == 1 and 'already running' in again.stderr, 'a second one says so', again)
    os.kill(pid, signal.SIGTERM)
    progress.wait_for(lambda: not path.exists())
    ok(not path.exists(), 'it ends by a signal')
    bad = progress.run(options + ['--ntlm-file', str(directory / 'none')], env=place.env, capture_output=True, text=True)
    ok(bad.returncode == 1 and 'No such file' in bad.stderr, 'what fails at the start is said by the parent', bad)


# (Not bash: with addresses that are not randomized, as ThreadSanitizer wants them, it crashes once in a while.)
ACTIVATE = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_activation(place):
    """As systemd starts it: a socket as descriptor 3."""
    directory = place.here / 'activation'
    directory.mkdir(mode=0o700)
    path = directory / 'broker'
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        # pylint: disable=consider-using-with
        process = subprocess.Popen([sys.executable, '-c', ACTIVATE, str(listener.fileno()), str(place.program),
                                    '--idle-exit', '1'], env=place.env, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, pass_fds=[listener.fileno()],
                                   preexec_fn=realm.die_with_parent)
        with Talk(place, path) as talk:
            talk.check('a socket that systemd passes', 'ok alice', 'login', 'alice', '-', 'alice', 0, 0)
            time.sleep(1.5)
        time.sleep(1.5)
        ok(process.poll() is None, 'it stays while it holds a credential')
        with Talk(place, path) as talk:
            talk.ask('logout', '-')
            time.sleep(1.5)
            ok(process.poll() is None, 'and while somebody is there')
        try:
            status = progress.wait(process)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        ok(status == 0 and path.exists(), "it ends when it is idle, and leaves systemd's socket", status)
        process.stderr.close()


def test_options(place):
    for options, status, words in ((['--help'], 0, 'usage:'), (['--version'], 0, 'gss-winrmd '),
                                   (['--lifetime', '0'], 2, 'takes a number'), (['--idle-exit', 'x'], 2, 'takes'),
                                   (['--nonsense'], 2, '--help'), (['word'], 2, 'unexpected argument')):
        done = subprocess.run([str(place.program)] + options, env=place.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        ok(done.returncode == status and words in done.stdout, ' '.join(options), done)


def run(place):
    place.realms.main.administer([
        'add_principal -pw old -pwexpire 2000-01-01 old', 'add_principal -pw gone -expire 2000-01-01 gone',
        'add_principal -pw locked -allow_tix locked', 'add_principal -pw %s walter' % PASSWORD])
    with Broker(place) as broker:
        with Talk(place, broker.path) as talk:
            test_login(talk)
            test_credssp(talk)
            test_context(talk)
            test_wrong_password_later(place, talk)
        test_confined(place, broker)
        test_memory(place, broker)
        test_lifetime(place, broker)
        test_other_user(place, broker)
        test_one_broker(place, broker)
        ok(not re.search('Correct-Horse|wrong-secret', broker.said()), 'no password in the log')
        for line in ('delegated: alice@TEST.EXAMPLE to web01.test.example (HOST/web01.test.example@TEST.EXAMPLE, Kerberos)',
                     'forwarded: bob@TEST.EXAMPLE to web11.test.example (WSMAN/web11.test.example@TEST.EXAMPLE, Kerberos)',
                     'context: alice@TEST.EXAMPLE with web01.test.example (HOST/web01.test.example@TEST.EXAMPLE, Kerb'):
            ok(line in broker.said(), 'the log has who got what, by its real name: ' + line.split(':')[0], broker.said())
    for test in (test_stale, test_unlocked, test_tickets, test_ntlm, test_silent_kdc, test_plugin, test_files, test_slow_dns,
                 test_background, test_activation, test_options):
        test(place)
    return results.end()


def main():
    with realm.Realms() as realms:
        return run(Place(realms))


if __name__ == '__main__':
    try:
        sys.exit(main())
    except realm.Failure as failure:
        print('Bail out! %s' % failure)
        sys.exit(1)
