#!/usr/bin/python3
"""Measure what the gateway costs: per request, beside a direct encrypted connection; per session, beside pypsrp.

    gateway.py --build DIRECTORY [--out DIR] [--rounds N]

Everything runs on this machine: a KDC, a server (winrm_end.c), the broker, the gateway, a client (gateway.c) that has
connections of all kinds and lets them take turns, and pypsrp. Writes gateway-report.md and gateway-report.svg, prints
the former, and fails if a limit is missed.
"""

import argparse
import html
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'k5')]
import bench  # noqa: E402 (it is in this folder)
import realm  # noqa: E402
import run_tests  # noqa: E402

say = bench.say
USER, PASSWORD = 'alice@' + realm.REALM, 'alice'
# How the gateway gets in there (krb5.conf below); both have HOST/ and HTTP/ in keytabs of the realm.
HOSTS = {'credssp': 'web01', 'negotiate': 'node1'}
SCHEMES = {'credssp': 'CredSSP', 'negotiate': 'Negotiate'}
SIZES = ((1024, '1 KiB', 300), (16384, '16 KiB', 200), (262144, '256 KiB', 60))
CONNECTIONS, PERIOD = (1, 4, 16), 500           # at a time; milliseconds
HELD = 100                                      # connections
TLS = ('1.3', '1.2')
# Who opens sessions: the name in the report, the process, the command, how many in a batch.
Opener = namedtuple('Opener', 'title process command each')
OPENERS = {
    'gateway': Opener('through the gateway', 'client', 'sessions gateway %d', 12),
    'direct': Opener('directly, by the same code', 'client', 'sessions credssp %d', 12),
    'pypsrp': Opener('pypsrp, with tickets', 'pypsrp', 'sessions %d', 4),
    'plain': Opener('pypsrp as it is', 'pypsrp', 'sessions %d plain', 4),
}
ADDED_LIMIT, SESSIONS_LIMIT = 1e6, 3.0          # nanoseconds; times


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
    """Everything that runs."""

    def __init__(self, realms, build, work):
        self.realms, self.build, self.work = realms, build, work
        self.notes, self.processes, self.daemons = [], {}, {}
        self.base = dict(realm.clean_environment(), **realms.environment())
        self.base.update(LD_PRELOAD=run_tests.nss_wrapper(), NSS_WRAPPER_HOSTS=self.base['K5_HOSTS'],
                         NSS_WRAPPER_DISABLE_DEEPBIND='1', XDG_RUNTIME_DIR=str(work))
        self.ports = {scheme: self.start_server(scheme) for scheme in HOSTS}
        self.configure()
        self.start_broker()
        self.address = self.start_gateway()
        self.start_clients()

    def close(self):
        for process in self.processes.values():
            process.close()
        for popen in self.daemons.values():
            popen.kill()
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
        path = Path(self.base['KRB5_CONFIG'])
        credssp, negotiate = self.host('credssp'), self.host('negotiate')
        path.write_text(path.read_text() + '\n'.join([
            '[appdefaults]', ' winrm = {', '  ports = %d %d' % tuple(self.ports.values()), '  targets = {',
            '   %s = {' % credssp, '    delegation = credssp', '   }',
            '   %s = {' % negotiate, '    delegation = none', '   }', '  }',
            '  credssp = {', '   delegate_to = ' + credssp, '  }',
            '  gateway = {', '   targets = ' + negotiate, '   connections = %d' % (2 * HELD),
            '   max_message = %d' % (1 << 20), '  }', ' }']) + '\n')

    def daemon(self, name, command, **keywords):
        # Its log: what it says of each session would cost more on a terminal.
        log = open(self.work / (name + '.log'), 'wb')   # pylint: disable=consider-using-with
        env = {key: value for key, value in self.base.items() if key != 'KRB5CCNAME'}
        env['KRB5CCNAME'] = 'MEMORY:nothing'
        # pylint: disable=consider-using-with
        self.daemons[name] = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              preexec_fn=realm.die_with_parent, **keywords)
        return self.daemons[name]

    def log(self, name):
        return (self.work / (name + '.log')).read_text(errors='replace')[-2000:]

    def start_broker(self):
        self.socket = self.work / 'gss-winrm' / 'broker'
        self.daemon('broker', [self.program('helper/broker/gss-winrmd'), '--foreground'])
        deadline = time.monotonic() + 10
        while not self.socket.exists():
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
        self.python = done.stdout.strip() + '/bin/python'
        pypsrp = Process('pypsrp', [self.python, str(HERE / 'gateway_pypsrp.py')], env)
        pypsrp.ask('target %s %d %s %s' % (self.host('credssp'), self.ports['credssp'], USER, PASSWORD))
        self.processes['pypsrp', 'credssp'] = pypsrp

    def used(self, scheme='credssp'):
        """How many sessions there were, and what the last one was."""
        count, *words = self.processes['server', scheme].ask('used').split()
        return int(count), ' '.join(words)


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


def main():
    with realm.Realms() as realms, tempfile.TemporaryDirectory(prefix='gss-winrm-bench.') as work:
        s = Setup(realms, Path(sys.argv[1]), Path(work))
        for k in SIZES:
            for scheme in HOSTS:
                n = s.processes['client', scheme].numbers('laps %d %d %s gateway plain' % (k[0], k[2], scheme))
                print(scheme, k[1], [statistics.median(n[i::3])/1e3 for i in range(3)])
        print(s.used('negotiate'), s.used())
        for o in OPENERS.values():
            n = s.processes[o.process, 'credssp'].numbers(o.command % o.each)
            print(o.title, statistics.median(n)/1e6, s.used())
        for scheme in HOSTS:
            for c in CONNECTIONS:
                for k in (scheme, 'gateway', 'plain'):
                    print(scheme, c, k, s.processes['client', scheme].ask('rate %s %d 1024 500' % (k, c)))
        if len(sys.argv) > 2:
            input()


if __name__ == '__main__':
    main()
