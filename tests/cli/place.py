# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What the cases of the command line share: a place to run it in, a terminal."""

import errno
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'watch'))
import progress     # noqa: E402

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get('top_builddir') or HERE.parents[1] / 'build').resolve()
PROGRAM = BUILD / 'helper/cli/gss-winrm'
DOCTOR = BUILD / 'helper/doctor'
COMMANDS = ['login', 'logout', 'status', 'forward', 'run', 'explain', 'doctor', 'spn', 'configure', 'enable', 'disable']
WITH_JSON = ['login', 'logout', 'status', 'explain', 'doctor', 'spn', 'configure', 'enable', 'disable']

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
        self.path = Path(progress.directory('gss-winrm-cli.'))
        (self.path / 'krb5.conf').write_text(CONF)
        (self.path / 'run').mkdir(0o700)
        self.log = self.path / 'log'
        self.env = {
            'PATH': os.environ['PATH'], 'HOME': str(self.path), 'LANG': 'C.UTF-8', 'TZ': 'UTC',
            'USER': 'alice', 'XDG_RUNTIME_DIR': str(self.path / 'run'), 'KRB5_CONFIG': str(self.path / 'krb5.conf'),
            'KRB5CCNAME': 'FILE:' + str(self.path / 'ccache'), 'STANDIN_LOG': str(self.log),
            'GSS_WINRM_LIBEXEC': '/no/such:%s:%s' % (HERE / 'standins', DOCTOR),
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
        # A broker that ends takes its socket away at the same time.
        while self.path.exists():
            try:
                shutil.rmtree(self.path)
            except FileNotFoundError:
                pass

    def run(self, *arguments, stdin='', **env):
        """A session of its own, so that there is no terminal."""
        return progress.run([str(PROGRAM), *arguments], input=stdin, text=True, capture_output=True,
                            env=dict(self.env, **env), start_new_session=True)

    def start(self, *arguments, stdin=None, pass_fds=(), **env):
        return subprocess.Popen([str(PROGRAM), *arguments], text=True, stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=dict(self.env, **env), start_new_session=True,
                                pass_fds=pass_fds)

    def logged(self, what=None):
        if not self.log.exists():
            return []
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if what in (None, line['what'])]

    def wait_for(self, what, times=1):
        if not progress.wait_for(lambda: len(self.logged(what)) >= times):
            raise Failure('nothing was logged as "%s"' % what)
        return self.logged(what)[-1]

    def script(self, name, text):
        path = self.path / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)


def ended(done, status, *texts, where='stderr'):
    check(done.returncode == status, 'exit status', done.returncode, 'not', status, ':', done.stdout, done.stderr)
    for text in texts:
        check(text in getattr(done, where), repr(text), 'is not in', repr(getattr(done, where)))


class Terminal:
    """gss-winrm on a terminal of its own; as a job, of a shell there."""

    def __init__(self, place, *arguments, job=None):
        command = [str(PROGRAM), *arguments]
        if job is not None:
            command = ['/bin/sh', '-c', job, 'sh', *command]
        self.seen = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, place.env)

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


class RealPlace(Place):
    def __init__(self):
        super().__init__()
        # Processes that nobody may look into cannot be searched for leaks.
        self.env['ASAN_OPTIONS'] += ':detect_leaks=0'
        self.env['GSS_WINRM_LIBEXEC'] = '%s:%s' % (BUILD / 'helper/broker', BUILD / 'helper/gateway')

    def broker(self):
        done = self.run('status', '--json')
        return json.loads(done.stdout)['pid'] if done.returncode == 0 else None

    def __exit__(self, *exception):
        pid = self.broker()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        super().__exit__(*exception)
