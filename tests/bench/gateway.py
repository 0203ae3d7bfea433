#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Measure what the gateway costs: per request, beside a direct encrypted connection; per session, beside pypsrp.

    gateway.py --build DIRECTORY [--out DIR] [--rounds N] [--generations N]

Everything runs on this machine: a KDC, a server (winrm_end.c), the broker, the gateway, a client (gateway.c) that has
connections of all kinds and lets them take turns, and pypsrp. What counts is the median of the differences or ratios
in the quieter half of the rounds: those in which all that is compared took the least time together. (Where others use
the processors, a request that needs milliseconds is interrupted for more than that.) All processes but the KDC are
started anew several times. Writes gateway-report.md and gateway-report.svg, prints the former, and fails if a limit is
missed.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'k5')]
import bench  # noqa: E402 (it is in this folder)
import gateway_report as report  # noqa: E402
import realm  # noqa: E402
import run_tests  # noqa: E402

say = bench.say
USER, PASSWORD = 'alice@' + realm.REALM, 'alice'
# How the gateway gets in there (krb5.conf below); both have HOST/ in a keytab of the realm, and web01 has HTTP/.
HOSTS = {'credssp': 'web01', 'negotiate': 'node1'}
PERIOD = 300                                    # milliseconds


# --- Processes ---------------------------------------------------------------

class Process(bench.Process):
    """One that takes commands."""

    def __init__(self, name, command, env):
        # pylint: disable=super-init-not-called,consider-using-with
        self.variant = name
        self.popen = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      preexec_fn=realm.die_with_parent)

    def numbers(self, command):
        return [float(word) for word in self.ask(command).split()]


class Setup:
    """Everything that runs, as a context manager."""

    def __init__(self, realms, build, work):
        self.build, self.work, self.kdc = build, work, realms.main.process.pid
        work.mkdir(mode=0o700)
        self.notes, self.processes, self.daemons = [], {}, {}
        self.base = dict(realm.clean_environment(), **realms.environment())
        self.base.update(LD_PRELOAD=run_tests.nss_wrapper(), NSS_WRAPPER_HOSTS=self.base['K5_HOSTS'],
                         NSS_WRAPPER_DISABLE_DEEPBIND='1', XDG_RUNTIME_DIR=str(work))
        self.ports = {scheme: self.start_server(scheme) for scheme in HOSTS}
        self.configure()
        self.start_broker()
        self.address = self.start_gateway()
        self.start_clients()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The clients first: the broker and the gateway end with their connections."""
        for process in reversed(self.processes.values()):
            process.close()
        for popen in self.daemons.values():
            popen.terminate()
            popen.wait()

    def program(self, path):
        found = self.build / path
        if not found.exists():
            raise bench.Failure('there is no %s: run make' % found)
        return str(found)

    def host(self, scheme):
        return '%s.%s' % (HOSTS[scheme], realm.DOMAIN)

    def start_server(self, scheme):
        """One for each way in, on the host's own address; its port."""
        pem = make_pem(self.work / (scheme + '.pem'))
        address = [line.split()[0] for line in Path(self.base['K5_HOSTS']).read_text().splitlines()
                   if self.host(scheme) in line.split()[1:]][0]
        env = dict(self.base, KRB5_KTNAME=str(all_keys(self.base, self.work)))
        process = Process('winrm_end', [self.program('tests/bench/winrm_end'), address, str(pem)], env)
        self.processes['server', scheme] = process
        return int(process.popen.stdout.readline())

    def configure(self):
        path = self.work / 'krb5.conf'
        credssp, negotiate = self.host('credssp'), self.host('negotiate')
        path.write_text(Path(self.base['KRB5_CONFIG']).read_text() + '\n'.join([
            '[appdefaults]', ' winrm = {', '  ports = %d %d' % tuple(self.ports.values()), '  targets = {',
            '   %s = {' % credssp, '    delegation = credssp', '   }',
            '   %s = {' % negotiate, '    delegation = none', '   }', '  }',
            '  credssp = {', '   delegate_to = ' + credssp, '  }',
            '  gateway = {', '   targets = ' + negotiate, '   connections = %d' % (2 * report.HELD),
            '   max_message = 1024', '  }', ' }']) + '\n')
        self.base['KRB5_CONFIG'] = str(path)

    def daemon(self, name, command, **keywords):
        # It says something of each session, which would cost more on a terminal; on one the gateway would become two.
        log = open(self.work / (name + '.log'), 'wb')   # pylint: disable=consider-using-with
        env = dict(self.base, KRB5CCNAME='MEMORY:nothing')
        # pylint: disable=consider-using-with
        self.daemons[name] = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              preexec_fn=realm.die_with_parent, start_new_session=True, **keywords)
        return self.daemons[name]

    def log(self, name):
        return (self.work / (name + '.log')).read_text(errors='replace')[-2000:]

    def start_broker(self):
        self.daemon('broker', [self.program('helper/broker/gss-winrmd'), '--foreground'])
        deadline = time.monotonic() + 10
        while not (self.work / 'gss-winrm' / 'broker').exists():
            if self.daemons['broker'].poll() is not None or time.monotonic() > deadline:
                raise bench.Failure('the broker does not start: ' + self.log('broker'))
            time.sleep(0.02)
        done = subprocess.run([self.program('helper/cli/gss-winrm'), 'login', '--stdin', USER], env=self.base,
                              input=PASSWORD + '\n', text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if done.returncode != 0:
            raise bench.Failure('gss-winrm login: ' + done.stdout)

    def start_gateway(self):
        """Its address."""
        reading, writing = os.pipe()
        self.daemon('gateway', [self.program('helper/gateway/gss-winrm-gateway'), '--listen', '127.0.0.1:0',
                                '--ready-fd', str(writing)], pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as ready:
            address = ready.readline().strip()
        if not address:
            raise bench.Failure('the gateway does not start: ' + self.log('gateway'))
        return address

    def start_clients(self):
        env = dict(self.base, GSS_MECH_CONFIG='/dev/null')
        for scheme in HOSTS:
            client = Process('client', [self.program('tests/bench/gateway')], env)
            client.ask('target %s %d %s %s %s' % (self.host(scheme), self.ports[scheme], self.address, USER, PASSWORD))
            self.processes['client', scheme] = client
        done = subprocess.run([str(HERE.parent / 'lab' / 'venv')], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            self.notes.append('pypsrp was not measured: tests/lab/venv failed')
            return
        python = done.stdout.strip() + '/bin/python'
        pypsrp = Process('pypsrp', [python, str(HERE / 'gateway_pypsrp.py')], env)
        pypsrp.ask('target %s %d %s %s' % (self.host('credssp'), self.ports['credssp'], USER, PASSWORD))
        self.processes['pypsrp', 'credssp'] = pypsrp

    def pids(self):
        """What takes part in a session."""
        found = {name: popen.pid for name, popen in self.daemons.items()}
        found.update({name: process.popen.pid for (name, scheme), process in self.processes.items()
                      if scheme == 'credssp'})
        return dict(found, KDC=self.kdc)

    def used(self, scheme):
        """How many sessions there were, and what the last one was."""
        count, *words = self.processes['server', scheme].ask('used').split()
        return int(count), ' '.join(words)

    @contextlib.contextmanager
    def expected(self, scheme, sessions, what):
        """What is timed must be what it is called."""
        before, _ = self.used(scheme)
        yield
        after, used = self.used(scheme)
        if after - before != sessions or not used.startswith(what):
            raise bench.Failure('there were %d sessions where %d were to be, the last by %s: not %s' % (
                after - before, sessions, used, what))


def make_pem(path):
    """As Windows makes it: RSA, signed by itself."""
    command = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=CredSSP', '-days', '2',
               '-keyout', str(path) + '.key', '-out', str(path) + '.cert']
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    path.write_text(Path(str(path) + '.key').read_text() + Path(str(path) + '.cert').read_text())
    return path


def all_keys(env, work):
    """The gateway asks for HOST/, pypsrp for HTTP/: a file's entries follow two bytes."""
    path = work / 'all.keytab'
    machine, service = (Path(env[key]).read_bytes() for key in ('K5_MACHINE_KEYTAB', 'K5_IIS_KEYTAB'))
    path.write_bytes(machine + service[2:])
    return path


# --- Measurements ------------------------------------------------------------

def measure_laps(setup, lot):
    """One request at a time, directly, through the gateway, and plain."""
    for scheme in HOSTS:
        for size, _, each in report.SIZES:
            kinds = (scheme, 'gateway', 'plain')
            with setup.expected(scheme, 2, report.SCHEMES[scheme]):
                took = setup.processes['client', scheme].numbers('laps %d %d %s' % (size, each, ' '.join(kinds)))
            for number, kind in enumerate(('direct', 'gateway', 'plain')):
                lot.add((kind, scheme, size), took[number::len(kinds)])


def measure_rates(setup, lot, number):
    for scheme in HOSTS:
        for connections in report.CONNECTIONS:
            turn = [('direct', scheme), ('gateway', 'gateway')]
            for name, kind in turn[number % 2:] + turn[:number % 2]:
                with setup.expected(scheme, connections, report.SCHEMES[scheme]):
                    rate, = setup.processes['client', scheme].numbers('rate %s %d %d %d' % (
                        kind, connections, report.SIZES[0][0], PERIOD))
                lot.add(('rate', name, scheme, connections), rate)


def processor_time(pid):
    """Seconds, of a process and all threads that it has had; exact in the sum."""
    words = Path('/proc/%d/stat' % pid).read_text(encoding='ascii', errors='replace').rpartition(')')[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


def measure_sessions(setup, lot, number):
    openers = [name for name, opener in report.OPENERS.items() if (opener.process, 'credssp') in setup.processes]
    for tls in report.TLS:
        setup.processes['server', 'credssp'].ask('tls ' + tls)
        first = number % len(openers)
        for name in openers[first:] + openers[:first]:
            opener = report.OPENERS[name]
            before = {key: processor_time(pid) for key, pid in setup.pids().items()}
            with setup.expected('credssp', opener.each, 'CredSSP TLSv' + tls):
                took = setup.processes[opener.process, 'credssp'].numbers(opener.command % opener.each)
            lot.add(('session', name, tls), took)
            for key, pid in setup.pids().items():
                lot.add(('processor', name, key), (processor_time(pid) - before[key]) / opener.each)
        lot.used[tls] = setup.used('credssp')[1].split(' ', 1)[1]
    setup.processes['server', 'credssp'].ask('tls ' + report.TLS[0])


def anonymous(pid):
    """Bytes of memory that are a process's own. (Of a process that gives nothing away, this is to be had.)"""
    for line in Path('/proc/%d/status' % pid).read_text(encoding='ascii').splitlines():
        if line.startswith('RssAnon:'):
            return int(line.split()[1]) * 1024
    raise bench.Failure('this kernel does not say RssAnon')


def measure_memory(setup, lot, size):
    """Of connections through the gateway that have had an answer. In new processes: a heap that was used has room."""
    client = setup.processes['client', 'credssp']
    client.ask('hold 8 %d 2' % size)
    before = {name: anonymous(popen.pid) for name, popen in setup.daemons.items()}
    client.ask('hold %d %d 2' % (report.HELD, size))
    for name, popen in setup.daemons.items():
        lot.add(('memory', name, size), (anonymous(popen.pid) - before[name]) / report.HELD)
    client.ask('release')


def measure(realms, options, work, lot):
    notes = []
    for generation in range(options.generations):
        for size, _ in report.HELD_SIZES:
            with Setup(realms, options.build, work / ('%d-%d' % (generation, size))) as setup:
                measure_memory(setup, lot, size)
        with Setup(realms, options.build, work / str(generation)) as setup:
            for number in range(-1, options.rounds):
                into = lot if number >= 0 else report.Lot()    # the first is not counted: caches warm up
                measure_laps(setup, into)
                measure_rates(setup, into, number)
                measure_sessions(setup, into, number)
            notes = setup.notes
        say('  measured: %d of %d' % (generation + 1, options.generations))
    return notes


def run(options, realms, work):
    began, lot = time.monotonic(), report.Lot()
    notes = measure(realms, options, work, lot)
    added, sessions = list(report.added_rows(lot)), list(report.session_rows(lot))
    text = report.summary(lot, added, sessions, options, notes)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / 'gateway-report.md').write_text(text)
    (options.out / 'gateway-report.svg').write_text(report.svg(added, sessions))
    say('')
    say(text)
    say('%s written in %.0f s' % (options.out / 'gateway-report.md', time.monotonic() - began))
    found = report.misses(added, sessions)
    for line in found:
        say('MISS: ' + line)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', required=True, type=Path, help='where make has been run')
    parser.add_argument('--out', type=Path, default=Path('tests/bench'), help='where the report goes')
    parser.add_argument('--rounds', type=int, default=10, help='rounds per generation of processes')
    parser.add_argument('--generations', type=int, default=3)
    options = parser.parse_args()
    options.build = options.build.resolve()
    try:
        with realm.Realms() as realms, tempfile.TemporaryDirectory(prefix='gss-winrm-bench.') as work:
            return run(options, realms, Path(work))
    except (bench.Failure, realm.Failure) as failure:
        sys.exit('gateway: %s' % failure)


if __name__ == '__main__':
    sys.exit(main())
