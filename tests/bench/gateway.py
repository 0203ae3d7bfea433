#!/usr/bin/python3
"""Measure what the gateway costs: per request, beside a direct encrypted connection; per session, beside pypsrp.

    gateway.py --build DIRECTORY [--out DIR] [--rounds N] [--generations N]

Everything runs on this machine: a KDC, a server (winrm_end.c), the broker, the gateway, a client (gateway.c) that has
connections of all kinds and lets them take turns, and pypsrp. What counts is the median of the rounds' differences or
ratios; all processes but the KDC are started anew several times. Writes gateway-report.md and gateway-report.svg,
prints the former, and fails if a limit is missed.
"""

import argparse
import contextlib
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
CONNECTIONS, PERIOD = (1, 4, 16), 300           # at a time; milliseconds
HELD = 100                                      # connections
HELD_SIZES = ((1024, '1 KiB'), (262144, '256 KiB'))
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
# One line of a table or of the picture: a median with its quartiles.
Row = namedtuple('Row', 'title low middle high tail limit good')


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
        self.build, self.work = build, work
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
            '  gateway = {', '   targets = ' + negotiate, '   connections = %d' % (2 * HELD),
            '   max_message = %d' % (1 << 20), '  }', ' }']) + '\n')
        self.base['KRB5_CONFIG'] = str(path)

    def daemon(self, name, command, **keywords):
        # It says something of each session, which would cost more on a terminal.
        log = open(self.work / (name + '.log'), 'wb')   # pylint: disable=consider-using-with
        env = dict(self.base, KRB5CCNAME='MEMORY:nothing')
        # pylint: disable=consider-using-with
        self.daemons[name] = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              preexec_fn=realm.die_with_parent, **keywords)
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

class Lot:
    """Samples by what was measured: a list with an entry per round, which is a number or a list of them."""

    def __init__(self):
        self.samples, self.used = {}, {}

    def add(self, key, value):
        self.samples.setdefault(key, []).append(value)

    def median(self, *key):
        return statistics.median(self.samples[key])

    def pooled(self, *key):
        """All of the rounds' times, in order."""
        return sorted(value for values in self.samples[key] for value in values)

    def percentile(self, percent, *key):
        pool = self.pooled(*key)
        return pool[min(len(pool) * percent // 100, len(pool) - 1)]

    def rounds(self, *key):
        return [statistics.median(values) for values in self.samples[key]]


def measure_laps(setup, lot):
    """One request at a time, directly, through the gateway, and plain."""
    for scheme in HOSTS:
        for size, _, each in SIZES:
            kinds = (scheme, 'gateway', 'plain')
            with setup.expected(scheme, 2, SCHEMES[scheme]):
                took = setup.processes['client', scheme].numbers('laps %d %d %s' % (size, each, ' '.join(kinds)))
            for number, kind in enumerate(('direct', 'gateway', 'plain')):
                lot.add((kind, scheme, size), took[number::len(kinds)])


def measure_rates(setup, lot, number):
    for scheme in HOSTS:
        for connections in CONNECTIONS:
            turn = [('direct', scheme), ('gateway', 'gateway')]
            for name, kind in turn[number % 2:] + turn[:number % 2]:
                with setup.expected(scheme, connections, SCHEMES[scheme]):
                    rate, = setup.processes['client', scheme].numbers('rate %s %d %d %d' % (
                        kind, connections, SIZES[0][0], PERIOD))
                lot.add(('rate', name, scheme, connections), rate)


def measure_sessions(setup, lot, number):
    openers = [name for name, opener in OPENERS.items() if (opener.process, 'credssp') in setup.processes]
    for tls in TLS:
        setup.processes['server', 'credssp'].ask('tls ' + tls)
        first = number % len(openers)
        for name in openers[first:] + openers[:first]:
            opener = OPENERS[name]
            with setup.expected('credssp', opener.each, 'CredSSP TLSv' + tls):
                took = setup.processes[opener.process, 'credssp'].numbers(opener.command % opener.each)
            lot.add(('session', name, tls), took)
        lot.used[tls] = setup.used('credssp')[1].split(' ', 1)[1]
    setup.processes['server', 'credssp'].ask('tls ' + TLS[0])


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
    client.ask('hold %d %d 2' % (HELD, size))
    for name, popen in setup.daemons.items():
        lot.add(('memory', name, size), (anonymous(popen.pid) - before[name]) / HELD)
    client.ask('release')


def measure(realms, options, work, lot):
    notes = []
    for generation in range(options.generations):
        for size, _ in HELD_SIZES:
            with Setup(realms, options.build, work / ('%d-%d' % (generation, size))) as setup:
                measure_memory(setup, lot, size)
        with Setup(realms, options.build, work / str(generation)) as setup:
            for number in range(-1, options.rounds):
                into = lot if number >= 0 else Lot()    # the first is not counted: caches warm up
                measure_laps(setup, into)
                measure_rates(setup, into, number)
                measure_sessions(setup, into, number)
            notes = setup.notes
        say('  measured: %d of %d' % (generation + 1, options.generations))
    return notes


# --- Results -----------------------------------------------------------------

def quartiles(values):
    return statistics.quantiles(values, n=4)


def added_rows(lot):
    """What the gateway adds to the median request, in nanoseconds."""
    for scheme in HOSTS:
        for size, text, _ in SIZES:
            pairs = [a - b for a, b in zip(lot.rounds('gateway', scheme, size), lot.rounds('direct', scheme, size))]
            low, middle, high = quartiles(pairs)
            tail = lot.percentile(99, 'gateway', scheme, size) - lot.percentile(99, 'direct', scheme, size)
            yield Row('%s, %s' % (SCHEMES[scheme], text), low, middle, high, tail, ADDED_LIMIT, middle <= ADDED_LIMIT)


def session_rows(lot):
    """How many times faster sessions are opened than by pypsrp; of pypsrp as it is there is no limit."""
    for tls in TLS:
        for name in ('pypsrp', 'plain'):
            if ('session', name, tls) not in lot.samples:
                continue
            pairs = [a / b for a, b in zip(lot.rounds('session', name, tls), lot.rounds('session', 'gateway', tls))]
            low, middle, high = quartiles(pairs)
            limit = SESSIONS_LIMIT if name == 'pypsrp' else None
            yield Row('TLS %s, %s' % (tls, OPENERS[name].title), low, middle, high, None, limit,
                      limit is None or middle >= limit)


def misses(added, sessions):
    found = ['%s: %s are added to a request; the limit is %s' % (row.title, ms(row.middle), ms(row.limit))
             for row in added if not row.good]
    return found + ['%s: %.2f times as fast; wanted are %.1f' % (row.title, row.middle, row.limit)
                    for row in sessions if not row.good]


# --- Report ------------------------------------------------------------------

def ms(nanoseconds):
    return '%.3f ms' % (nanoseconds / 1e6)


def word(row):
    return '' if row.limit is None else 'pass' if row.good else 'MISS'


def added_text(lot, rows):
    out = ['## A request', '',
           'A message there and the same one back, one at a time, on connections that stay. Direct: this client '
           'authenticates and encrypts itself, by the gateway\'s own code. Plain: no gateway, no encryption, which is '
           'what one hop of HTTP costs here. Added: of p50 the median of the rounds\' differences, with its '
           'quartiles; of p99 the difference.', '',
           '| | direct p50 | p99 | gateway p50 | p99 | plain p50 | added to p50 | quartiles | limit | | to p99 |',
           '|---|---:|---:|---:|---:|---:|---:|---|---:|---|---:|']
    keys = [(scheme, size) for scheme in HOSTS for size, *_ in SIZES]
    for row, key in zip(rows, keys):
        times = [lot.percentile(percent, kind, *key) for kind, percent in (
            ('direct', 50), ('direct', 99), ('gateway', 50), ('gateway', 99), ('plain', 50))]
        out.append('| %s | %s | %s | %.3f-%.3f | %s | %s | %s |' % (
            row.title, ' | '.join(map(ms, times)), ms(row.middle), row.low / 1e6, row.high / 1e6, ms(row.limit),
            word(row), ms(row.tail)))
    return out + ['']


def rate_text(lot):
    out = ['## Requests per second', '', 'Of %s, with so many connections at once, each in a thread of the client. '
           'Client, gateway and server share the processors.' % SIZES[0][1], '',
           '| | connections | direct | gateway | of the direct rate |', '|---|---:|---:|---:|---:|']
    for scheme in HOSTS:
        for connections in CONNECTIONS:
            direct, gateway = (lot.median('rate', name, scheme, connections) for name in ('direct', 'gateway'))
            out.append('| %s | %d | %.0f | %.0f | %.2f |' % (SCHEMES[scheme], connections, direct, gateway,
                                                            gateway / direct))
    return out + ['']


def session_text(lot, rows):
    out = ['## Sessions', '', 'A new connection, CredSSP with Kerberos inside (RSA-2048), one message of 1 KiB there '
           'and back, and the end of it, one after the other. The gateway\'s broker has the password and the tickets. '
           'pypsrp gets two tickets for each session; "with tickets" it finds both in a memory cache. Both verify no '
           'certificate inside.', '', '| | ' + ' | '.join('TLS %s | per second' % tls for tls in TLS) + ' |',
           '|---|' + '---:|---:|' * len(TLS)]
    for name, opener in OPENERS.items():
        if ('session', name, TLS[0]) in lot.samples:
            times = [statistics.median(lot.rounds('session', name, tls)) for tls in TLS]
            out.append('| %s | %s |' % (opener.title, ' | '.join('%s | %.0f' % (ms(t), 1e9 / t) for t in times)))
    out += ['', 'Through the gateway, beside pypsrp:', '', '| | times faster | quartiles | wanted | |',
            '|---|---:|---|---:|---|']
    out += ['| %s | %.2f | %.2f-%.2f | %s | %s |' % (row.title, row.middle, row.low, row.high, row.limit or '',
                                                     word(row)) for row in rows]
    return out + ['', 'Used: %s.' % '; '.join(lot.used[tls] for tls in TLS), '']


def memory_text(lot):
    out = ['## Memory', '', 'Of a connection, from %d that are kept open after two messages each: what RssAnon of the '
           'two processes has grown by.' % HELD, '', '| messages of | gateway | broker |', '|---|---:|---:|']
    out += ['| %s | %.0f KiB | %.0f KiB |' % (text, lot.median('memory', 'gateway', size) / 1024,
                                              lot.median('memory', 'broker', size) / 1024)
            for size, text in HELD_SIZES]
    return out + ['']


def summary(lot, added, sessions, options, notes):
    """The report's text in Markdown."""
    out = ['# What the gateway costs', '', '%s, %s, load %.1f, krb5 %s, %d rounds. Everything runs on this machine.' % (
        time.strftime('%Y-%m-%d'), bench.cpu(), os.getloadavg()[1], bench.krb5_version(),
        options.rounds * options.generations), '', '![Added time, and sessions](gateway-report.svg)', '']
    out += added_text(lot, added) + rate_text(lot) + memory_text(lot) + session_text(lot, sessions)
    return '\n'.join(out + ['%s.' % note for note in notes])


# --- Picture -----------------------------------------------------------------

LEFT, RIGHT, STEP = 260, 660, 26


def panel(rows, top, title, high, unit):
    """Rows with their own axis from 0 to high: a dot at the median, a line between quartiles, a bar at the limit."""
    def x(value):
        return LEFT + min(max(value / unit, 0), high) / high * (RIGHT - LEFT)

    bottom = top + 50 + STEP * len(rows)
    out = ['<text x="8" y="%d">%s</text>' % (top + 36, html.escape(title))]
    for number in range(6):
        at = x(high * unit * number / 5)
        out.append('<path class="grid" d="M%.1f %dV%d"/><text class="axis" x="%.1f" y="%d" text-anchor="middle">%.1f'
                   '</text>' % (at, top + 46, bottom, at, top + 36, high * number / 5))
    for number, row in enumerate(rows):
        y = top + 46 + STEP * number + STEP / 2
        out.append('<text x="20" y="%.1f">%s</text><path class="ours" stroke-width="2" d="M%.1f %.1fH%.1f"/>'
                   '<circle class="ours" cx="%.1f" cy="%.1f" r="3.5"/>' % (
                       y + 4, html.escape(row.title), x(row.low), y, x(row.high), x(row.middle), y))
        if row.tail is not None:
            out.append('<circle class="proxy" cx="%.1f" cy="%.1f" r="3.5"/>' % (x(row.tail), y))
        if row.limit is not None:
            out.append('<path class="limit" stroke-width="2" d="M%.1f %.1fv16"/>' % (x(row.limit), y - 8))
    return out, bottom


def svg(added, sessions):
    legend = ['<circle class="ours" cx="%d" cy="16" r="4"/><text x="%d" y="20">median</text>' % (LEFT, LEFT + 10),
              '<circle class="proxy" cx="%d" cy="16" r="4"/><text x="%d" y="20">p99</text>' % (LEFT + 90, LEFT + 100),
              '<path class="limit" stroke-width="2" d="M%d 9v14"/><text x="%d" y="20">limit</text>' % (
                  LEFT + 160, LEFT + 168)]
    first, bottom = panel(added, 10, 'milliseconds added to a request', 2.0, 1e6)
    second = []
    if sessions:
        high = 5.0 * (1 + int(max(row.high for row in sessions) / 5))
        second, bottom = panel(sessions, bottom, 'sessions: times as fast', high, 1)
    head = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Time added to a '
            'request, and sessions beside pypsrp">' % (RIGHT + 30, bottom + 16))
    return '\n'.join([head, '<style>%s</style>' % bench.STYLE] + legend + first + second + ['</svg>', ''])


def run(options, realms, work):
    began, lot = time.monotonic(), Lot()
    notes = measure(realms, options, work, lot)
    added, sessions = list(added_rows(lot)), list(session_rows(lot))
    text = summary(lot, added, sessions, options, notes)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / 'gateway-report.md').write_text(text)
    (options.out / 'gateway-report.svg').write_text(svg(added, sessions))
    say('')
    say(text)
    say('%s written in %.0f s' % (options.out / 'gateway-report.md', time.monotonic() - began))
    found = misses(added, sessions)
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
