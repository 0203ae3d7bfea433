#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run the scripted exchanges with the gateway (script.py has the language); print TAP. Called by scripts.tap.

    scripts.py [-v] [-jN] [-qN] [SCRIPT...]     all of scripts/, or those named; -v: every transcript; -q: the seconds of
                                                nothing after which a script has failed

Every script has a broker, a gateway and servers of its own, in one MIT realm for all, and some run at a time.
GW_VALGRIND (a command) goes in front of the broker and the gateway.
"""

import contextlib
import ctypes
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'k5'), str(HERE.parent / 'watch')]
import ends         # noqa: E402
import realm        # noqa: E402
import run_tests    # noqa: E402
import script       # noqa: E402
from realm import progress      # noqa: E402

JOBS = 4


def ntlmssp_line():
    """The line of gss-ntlmssp, as the system has it; '' without it."""
    for path in Path('/etc/gss/mech.d').glob('*ntlmssp*'):
        for line in path.read_text().splitlines():
            if line.startswith('gssntlmssp'):
                return line + '\n'
    return ''


class Place:
    """What one script has."""

    def __init__(self, shared, name):
        self.shared, self.dir = shared, shared.dir / name
        self.dir.mkdir(mode=0o700)
        self.runtime = self.dir / 'gss-winrm'
        self.certificate, self.keytabs = shared.certificate, shared.keytabs
        self.processes, self.address, self.wrong = {}, None, None
        self.env = dict(shared.env, XDG_RUNTIME_DIR=str(self.dir), HOME=str(self.dir),
                        KRB5_CONFIG='%s:%s' % (self.dir / 'krb5.conf', shared.realms.directory / 'krb5.conf'),
                        KRB5CCNAME='FILE:%s/none' % self.dir, KRB5_TRACE=str(self.dir / 'krb5.log'),
                        NSS_WRAPPER_HOSTS=str(self.dir / 'hosts'))

    def configure(self, winrm, book, ntlm, plugin):
        (self.dir / 'krb5.conf').write_text('[appdefaults]\n winrm = {\n%s\n }\n' % winrm)
        lines = ['127.0.0.1 localhost']
        for host, address in book.items():
            lines.append('%s %s.%s %s' % (address, host, realm.DOMAIN, host))
        (self.dir / 'hosts').write_text('\n'.join(lines) + '\n')
        (self.dir / 'mech').write_text(ntlmssp_line() if ntlm else '')
        (self.dir / 'plugin').write_text(run_tests.MECHANISM % (self.shared.build / 'plugin/.libs/gss_winrm.so'))
        (self.dir / 'users').write_text('TEST:alice:alice\n')
        self.env['GSS_MECH_CONFIG'] = str(self.dir / 'mech')
        # The ends are in this process.
        os.environ.update(KRB5_CONFIG=self.env['KRB5_CONFIG'], GSS_MECH_CONFIG=str(self.dir / ('plugin' if plugin else 'mech')),
                          NTLM_USER_FILE=str(self.dir / 'users'), KRB5RCACHENAME='none:',
                          KRB5CCNAME='FILE:%s/alice' % self.dir, KRB5_KTNAME=self.keytabs['machine'],
                          XDG_RUNTIME_DIR=str(self.dir), KRB5_TRACE=str(self.dir / 'trace.log'))
        shutil.copy(self.shared.realms.directory / 'alice', self.dir / 'alice')

    def start(self, name, *command, **keywords):
        with open(self.dir / (name + '.log'), 'ab') as log:
            # pylint: disable=consider-using-with
            self.processes[name] = subprocess.Popen(
                self.shared.valgrind + [str(word) for word in command], env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=realm.die_with_parent, start_new_session=True, **keywords)
        return self.processes[name]

    def said(self, name):
        path = self.dir / (name + '.log')
        return path.read_text(errors='replace') if path.exists() else ''

    def start_broker(self):
        process = self.start('broker', self.shared.build / 'helper/broker/gss-winrmd', '--foreground')
        if not ends.wait_for(lambda: process.poll() is not None or self.answers()) or process.poll() is not None:
            raise realm.Failure('the broker does not start: ' + self.said('broker'))

    def answers(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.runtime / 'broker'))
            return True
        return False

    def command(self, *words, text=''):
        done = progress.run([str(self.shared.build / 'helper/cli/gss-winrm'), *words], env=self.env, input=text,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        return done.returncode, done.stdout

    def log_in(self, user):
        name = user if '\\' in user else '%s@%s' % (user, realm.REALM)
        status, said = self.command('login', '--stdin', name, text=user.rpartition('\\')[2] + '\n')
        if status != 0:
            raise realm.Failure('gss-winrm login: ' + said)

    def start_gateway(self, options):
        reading, writing = os.pipe()
        self.start('gateway', self.shared.build / 'helper/gateway/gss-winrm-gateway', '--listen', '127.0.0.1:0',
                   '--ready-fd', writing, *self.shared.no_sandbox, *options, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as ready:
            address = ready.readline().strip()
        if not address:
            raise realm.Failure('the gateway does not start: ' + self.said('gateway'))
        host, _, port = address.rpartition(':')
        self.address = host, int(port)

    def signal(self, who, name):
        self.processes[who].send_signal(getattr(signal, 'SIG' + name))

    def ended(self, who):
        process = self.processes.pop(who)
        return progress.wait(process)

    def stop(self):
        """All of it, and each must end well."""
        while self.processes:
            name, process = self.processes.popitem()
            if process.poll() is None:
                process.terminate()
            try:
                status = progress.wait(process)
            except subprocess.TimeoutExpired:
                process.kill()
                status = process.wait()
            if status != 0:
                self.wrong = 'expected the %s to end with status 0\nseen     %s: %s' % (
                    name, status, self.said(name)[-3000:])


class Shared:
    """What all scripts have: the realm, the builds, a certificate."""

    def __init__(self, realms):
        self.realms, self.dir = realms, realms.directory
        self.build = Path(os.environ.get('top_builddir') or '.').resolve()
        source = Path(os.environ.get('top_srcdir') or HERE.parents[1]).resolve()
        sanitizer = os.environ.get('GW_SANITIZER', 'no')
        self.instrumented = sanitizer != 'no'
        self.valgrind = shlex.split(os.environ.get('GW_VALGRIND', ''))
        # What watches memory, or counts lines, makes calls and files that the sandbox does not have.
        watched = self.valgrind or sanitizer != 'no' or os.environ.get('GW_COVERAGE')
        self.no_sandbox = ['--no-sandbox'] if watched else []
        self.keytabs = {'machine': realms.environment()['K5_MACHINE_KEYTAB'], 'iis': realms.environment()['K5_IIS_KEYTAB']}
        self.env = dict(realm.clean_environment(), **realms.environment())
        self.env.update(run_tests.sanitizer_options(source, True))
        self.env.update(LD_PRELOAD=':'.join(run_tests.sanitizer_runtimes(sanitizer) + [run_tests.nss_wrapper()]),
                        NSS_WRAPPER_DISABLE_DEEPBIND='1', PATH=os.environ['PATH'])
        ends.Certificate.make(self.dir, self.quietly)
        self.certificate = ends.Certificate(self.dir)

    @staticmethod
    def quietly(command):
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if done.returncode != 0:
            raise realm.Failure('%s: %s' % (command[0], done.stdout))


def run_one(shared, path, result, verbose):
    """In a process of its own; writes its result: "ok" or why not, and the transcript."""
    place, run, why = None, None, None
    try:
        parsed = script.Script(path)
        if parsed.first('plugin') and shared.instrumented:
            result.write_text('skip\nthe plugin of this build does not go into a Python that is not instrumented')
            return
        place = Place(shared, path.stem)
        run = script.Run(parsed, place)
        why = run.go_through() or place.wrong
        for line in parsed.first('must-fail'):
            why = None if why and re.search(line.words[1], why, re.DOTALL) else \
                'expected a failure ~ %r\nseen     %s' % (line.words[1], why or 'none')
    except (script.Bad, realm.Failure) as bad:
        why = str(bad)
    finally:
        if place is not None:
            place.stop()
    lines = []
    if why:
        lines += ['%s: %s' % (path.name, why)]
    if why or verbose:
        lines += ['--- transcript'] + (run.transcript if run else [])
        for name in ('gateway', 'broker'):
            if place is not None and (place.dir / (name + '.log')).exists():
                lines += ['--- the %s said' % name, place.said(name).rstrip()]
    result.write_text(('not ok' if why else 'ok') + '\n' + '\n'.join(lines))
    if place is not None:
        shutil.rmtree(place.dir, ignore_errors=True)


def title(path):
    with open(path, encoding='utf-8') as file:
        return file.readline().lstrip('# ').strip()


def report(number, path, result):
    """Print it; returns whether it is well."""
    text = result.read_text() if result.exists() else 'not ok\nthe process of the script has died'
    good, _, rest = text.partition('\n')
    if good == 'skip':
        print('ok %d - %s: %s # SKIP %s' % (number, path.stem, title(path).replace('#', ''), rest), flush=True)
        return True
    print('%s %d - %s: %s' % (good, number, path.stem, title(path).replace('#', '')))
    for line in rest.splitlines():
        print('#   ' + line)
    sys.stdout.flush()
    return good == 'ok'


def run_all(shared, paths, jobs, verbose):
    """Number of failures."""
    left, running, failures, number = list(paths), {}, 0, 0
    while left or running:
        while left and len(running) < jobs:
            path = left.pop(0)
            result = shared.dir / (path.stem + '.result')
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    realm.die_with_parent()
                    run_one(shared, path, result, verbose)
                    status = 0
                except BaseException as error:          # pylint: disable=broad-except
                    result.write_text('not ok\n%r' % error)
                finally:
                    sys.stdout.flush()
                    if os.environ.get('GW_COVERAGE'):
                        ctypes.CDLL(None).exit(status)  # so that the plugin writes its counts
                    os._exit(status)
            running[pid] = path, result
        pid, _ = os.wait()
        if pid in running:
            number += 1
            failures += not report(number, *running.pop(pid))
    return failures


def main():
    arguments, verbose, jobs = sys.argv[1:], False, JOBS
    while arguments and arguments[0].startswith('-'):
        option = arguments.pop(0)
        if option == '-v':
            verbose = True
        elif re.fullmatch('-j[0-9]+', option):
            jobs = int(option[2:])
        elif re.fullmatch('-q[0-9]+', option):
            ends.QUIET = int(option[2:])
        else:
            sys.exit(__doc__)
    paths = sorted((HERE / 'scripts').glob('*.script'))
    if arguments:
        paths = [path for path in paths if path.stem in arguments]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, realm.interrupted)
    try:
        with realm.Realms() as realms:
            start = time.monotonic()
            print('1..%d' % len(paths), flush=True)
            failures = run_all(Shared(realms), paths, jobs, verbose)
            print('# %d scripts in %.0f s' % (len(paths), time.monotonic() - start))
    except realm.Failure as failure:
        print('Bail out! ' + str(failure).splitlines()[0])
        sys.exit('scripts: %s' % failure)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
