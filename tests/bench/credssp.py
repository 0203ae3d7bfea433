#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Measure what CredSSP costs, beside what it consists of and beside pyspnego and sspi-rs.

    credssp.py --bench PROGRAM [--out DIR] [--rounds N] [--generations N]

As in bench.py variants take turns: each is a process of its own with both ends of the exchange in it, a round gives
each a short batch, and what counts is the median of the rounds' ratios. All processes are started anew several times.
Writes credssp-report.md and credssp-report.svg, prints the former, and fails if a limit is missed.
"""

import argparse
import html
import os
import shutil
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

say = bench.say
MECHS = {'krb5': ('Kerberos', 'HOST@web01.test.example alice@TEST.EXAMPLE alice'),
         'ntlm': ('NTLM', 'HOST@web01.test.example TEST\\alice password')}
KEYS = {'RSA-2048': ['-newkey', 'rsa:2048'], 'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']}
TLS = ('1.2', '1.3')
EACH, EACH_PYTHON = 20, 4                   # handshakes in a batch
BULK = ((1024, '1 KiB', 1500), (16384, '16 KiB', 400), (524288, '512 KiB', 15))
KEPT = 200                                  # contexts
PARTS_LIMIT, PYTHON_LIMIT, BULK_LIMIT, MEMORY_LIMIT = 1.2, 4.0, 0.95, 64 * 1024

Combination = namedtuple('Combination', 'mech tls key')
COMBINATIONS = [Combination(mech, tls, key) for mech in MECHS for tls in TLS for key in KEYS]
# What a table or the picture shows: the median of the rounds' ratios with its quartiles.
Row = namedtuple('Row', 'title ours other ratio limit good')


class Lot:
    """Samples by what was measured; lists of one combination are in step, one entry per round."""

    def __init__(self):
        self.samples = {}

    def add(self, key, text):
        self.samples.setdefault(key, []).append(float(text))

    def median(self, *key):
        return statistics.median(self.samples[key])

    def ratio(self, one, other):
        """The quartiles of one's rounds over the other's."""
        pairs = [a / b for a, b in zip(self.samples[one], self.samples[other])]
        return bench.Ratio(*statistics.quantiles(pairs, n=4))

    def added(self, variant, combination):
        """What a handshake takes beside its parts."""
        return statistics.median(a - b for a, b in zip(self.samples[variant, combination],
                                                       self.samples['parts', combination]))


# --- Processes ---------------------------------------------------------------

def ntlm_line():
    """What registers gss-ntlmssp here; without an interposer that may be registered too."""
    for path in sorted(Path('/etc/gss/mech.d').glob('*ntlmssp*.conf')):
        return path.read_text()
    raise bench.Failure('gss-ntlmssp is not registered in /etc/gss/mech.d: tests/deps.sh bench installs it')


class Setup:
    """Keys, accounts, the environment, and the programs."""

    def __init__(self, realms, program, work):
        self.work, self.notes = work, []
        self.base = dict(realm.clean_environment(), **realms.environment())
        self.base['KRB5_KTNAME'] = self.base['K5_MACHINE_KEYTAB']
        self.base['NTLM_USER_FILE'] = str(work / 'ntlm')
        self.base['GSS_MECH_CONFIG'] = str(work / 'mechs')
        (work / 'mechs').write_text(ntlm_line())
        (work / 'ntlm').touch(mode=0o600)
        (work / 'ntlm').write_text('TEST:alice:password\n')
        self.pems = {key: self.make_pem(key, options) for key, options in KEYS.items()}
        self.commands = {'ours': [str(program)], 'parts': [str(program)]}
        self.find_pyspnego()
        self.find_sspi_rs()

    def make_pem(self, key, options):
        path = self.work / (key + '.pem')
        command = ['openssl', 'req', '-x509', *options, '-nodes', '-subj', '/CN=CredSSP', '-days', '2',
                   '-keyout', str(path) + '.key', '-out', str(path) + '.cert']
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        path.write_text(Path(str(path) + '.key').read_text() + Path(str(path) + '.cert').read_text())
        return path

    def find_pyspnego(self):
        done = subprocess.run([str(HERE.parent / 'lab' / 'venv')], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == 0:
            self.commands['pyspnego'] = [done.stdout.strip() + '/bin/python', str(HERE / 'pyspnego_credssp.py')]
        else:
            self.notes.append('pyspnego was not measured: tests/lab/venv failed')

    def find_sspi_rs(self):
        """Build it with the lock file's versions, outside the tree."""
        cargo = shutil.which('cargo')
        if cargo is None:
            self.notes.append('sspi-rs was not measured: there is no cargo')
            return
        cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'gss-winrm' / 'sspi-rs'
        say('building sspi-rs in %s' % cache)
        done = subprocess.run([cargo, 'build', '--release', '--locked', '--quiet', '--target-dir', str(cache),
                               '--manifest-path', str(HERE / 'sspi-rs' / 'Cargo.toml')],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode == 0:
            self.commands['sspi-rs'] = [str(cache / 'release' / 'credssp-sspi-rs')]
        else:
            last = (done.stdout.strip().splitlines() or ['?'])[-1]
            self.notes.append('sspi-rs was not measured: cargo says: %s' % last)

    def pyspnego_version(self):
        command = [self.commands['pyspnego'][0], '-c', 'import importlib.metadata as m; print(m.version("pyspnego"))']
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


class Process(bench.Process):
    """One of the programs, for one mechanism."""

    def __init__(self, setup, variant, mech):
        # pylint: disable=super-init-not-called,consider-using-with
        self.variant, self.mech = variant, mech
        self.popen = subprocess.Popen(setup.commands[variant], env=setup.base, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, preexec_fn=realm.die_with_parent)
        if variant == 'sspi-rs':
            self.ask('mech %s' % mech)
        else:
            self.ask('mech %s %s' % (mech, MECHS[mech][1]))


def start_all(setup):
    """{(variant, mech): process}"""
    processes = {(variant, mech): Process(setup, variant, mech)
                 for variant in ('ours', 'parts', 'pyspnego') if variant in setup.commands for mech in MECHS}
    if 'sspi-rs' in setup.commands:
        processes.update({('sspi-rs', mech): Process(setup, 'sspi-rs', mech) for mech in ('spnego', 'raw')})
    return processes


# --- Measurements ------------------------------------------------------------

def assert_used(process, combination):
    """What is timed must be what it is called."""
    used = process.ask('used')
    kind = '' if combination.tls == '1.3' else '-RSA-' if combination.key == 'RSA-2048' else '-ECDSA-'
    if not (used.startswith('TLSv' + combination.tls) and kind in used and used.endswith(combination.mech)):
        raise bench.Failure('%s used %s for %s' % (process.variant, used, combination))


def takes_part(variant, combination):
    """pyspnego gets at the server's key as PKCS #1 only."""
    return variant != 'pyspnego' or combination.key == 'RSA-2048'


def measure_handshakes(setup, processes, lot, rounds):
    for combination in COMBINATIONS:
        turn = [(variant, processes[variant, combination.mech]) for variant in ('ours', 'parts', 'pyspnego')
                if variant in setup.commands and takes_part(variant, combination)]
        commands = {'ours': 'handshake ours %d' % EACH, 'parts': 'handshake parts %d' % EACH,
                    'pyspnego': 'handshake %d' % EACH_PYTHON}
        for variant, process in turn:
            process.ask('tls %s %s' % (combination.tls, setup.pems[combination.key]))
            process.ask(commands[variant])          # not counted: caches warm up
            if variant != 'parts':
                assert_used(process, combination)
        for number in range(rounds):
            first = number % len(turn)
            for variant, process in turn[first:] + turn[:first]:
                lot.add((variant, combination), process.ask(commands[variant]))


def measure_others(setup, processes, lot, rounds):
    """sspi-rs beside ours, NTLM and RSA; pyspnego as its documentation has it."""
    pem = setup.pems['RSA-2048']
    for mech in MECHS:
        asks = [('ours', mech, 'handshake ours %d' % EACH, 'ours'),
                ('context', mech, 'handshake context %d' % EACH, 'parts'),
                ('plain', mech, 'handshake %d plain' % EACH_PYTHON, 'pyspnego')]
        if mech == 'ntlm':
            asks += [('sspi-rs', kind, 'handshake %d' % (10 * EACH), 'sspi-rs') for kind in ('spnego', 'raw')]
        asks = [ask for ask in asks if ask[3] in setup.commands]
        for variant in {ask[3] for ask in asks} - {'sspi-rs'}:
            processes[variant, mech].ask('tls 1.3 %s' % pem)
        for _, kind, command, variant in asks:
            processes[variant, kind].ask(command)
        for number in range(rounds):
            first = number % len(asks)
            for name, kind, command, variant in asks[first:] + asks[:first]:
                lot.add((name, kind), processes[variant, kind].ask(command))


def measure_bulk(setup, processes, lot, rounds):
    for variant in ('ours', 'parts'):
        processes[variant, 'krb5'].ask('tls 1.3 %s' % setup.pems['RSA-2048'])
    turn = [('ours', 'ours'), ('bare', 'parts'), ('stock', 'parts')]
    for size, _, each in BULK:
        for number in range(-1, rounds):
            first = number % len(turn)
            for what, variant in turn[first:] + turn[:first]:
                took = processes[variant, 'krb5'].ask('bulk %s %d %d' % (what, size, each))
                if number >= 0:
                    lot.add((what, size), took)


def measure_memory(setup, lot):
    """In new processes: a heap that was used may have room for what would be new."""
    for mech in MECHS:
        for end in ('client', 'server'):
            for what in ('ours', 'bare'):
                process = Process(setup, 'ours', mech)
                process.ask('tls 1.3 %s' % setup.pems['RSA-2048'])
                lot.add(('memory', what, mech, end), process.ask('memory %s %s %d' % (what, end, KEPT)))
                process.close()


def measure(setup, options):
    lot = Lot()
    for generation in range(options.generations):
        processes = start_all(setup)
        measure_handshakes(setup, processes, lot, options.rounds)
        measure_others(setup, processes, lot, options.rounds)
        measure_bulk(setup, processes, lot, options.rounds)
        for process in processes.values():
            process.close()
        measure_memory(setup, lot)
        say('  measured: %d of %d' % (generation + 1, options.generations))
    return lot


# --- Results -----------------------------------------------------------------

def title(combination):
    return '%s, TLS %s, %s' % (MECHS[combination.mech][0], combination.tls, combination.key)


def parts_rows(lot):
    for combination in COMBINATIONS:
        ratio = lot.ratio(('ours', combination), ('parts', combination))
        yield Row(title(combination), lot.median('ours', combination), lot.median('parts', combination), ratio,
                  PARTS_LIMIT, ratio.middle <= PARTS_LIMIT)


def python_rows(lot):
    for combination in COMBINATIONS:
        if ('pyspnego', combination) in lot.samples:
            ratio = lot.ratio(('pyspnego', combination), ('ours', combination))
            yield Row(title(combination), lot.median('ours', combination), lot.median('pyspnego', combination), ratio,
                      PYTHON_LIMIT, ratio.middle >= PYTHON_LIMIT)


def bulk_rows(lot):
    """The ratio is of throughput: the bare time over ours."""
    for size, text, _ in BULK:
        ratio = lot.ratio(('bare', size), ('ours', size))
        yield Row(text, size * 1e3 / lot.median('ours', size), size * 1e3 / lot.median('bare', size), ratio,
                  BULK_LIMIT, ratio.middle >= BULK_LIMIT)


def memory_rows(lot):
    for mech in MECHS:
        for end in ('client', 'server'):
            mine, bare = (lot.median('memory', what, mech, end) for what in ('ours', 'bare'))
            yield Row('%s, %s' % (MECHS[mech][0], end), mine, bare, mine - bare, MEMORY_LIMIT,
                      mine - bare <= MEMORY_LIMIT)


class Results:
    def __init__(self, lot):
        self.lot = lot
        self.parts, self.python = list(parts_rows(lot)), list(python_rows(lot))
        self.bulk, self.memory = list(bulk_rows(lot)), list(memory_rows(lot))

    def misses(self):
        found = ['%s: %.3f times its parts; the limit is %.2f' % (row.title, row.ratio.middle, row.limit)
                 for row in self.parts if not row.good]
        found += ['%s: %.2f times as fast as pyspnego; wanted are %.1f' % (row.title, row.ratio.middle, row.limit)
                  for row in self.python if not row.good]
        found += ['%s messages: %.3f of OpenSSL\'s throughput; wanted are %.2f' % (
            row.title, row.ratio.middle, row.limit) for row in self.bulk if not row.good]
        found += ['%s: %d bytes beside OpenSSL\'s; the limit is %d' % (row.title, row.ratio, row.limit)
                  for row in self.memory if not row.good]
        return found


# --- Report ------------------------------------------------------------------

def word(row):
    return 'pass' if row.good else 'MISS'


def quartiles(ratio, digits):
    return '%.*f-%.*f' % (digits, ratio.low, digits, ratio.high)


def handshake_text(results):
    out = ['## Handshakes', '',
           'Beside the sum of its parts: a bare TLS handshake over memory BIOs with the same settings and key, and a '
           'bare SPNEGO context with the same credentials and the same three sealed messages (two hashes of 32 bytes, '
           'TSCredentials). In both, TLS configurations, tickets and the server\'s credential are made once, '
           'and GSSAPI\'s credential of the user is acquired for each.', '',
           '| | CredSSP | per second | parts | ratio | quartiles | limit | |', '|---|---:|---:|---:|---:|---|---:|---|']
    out += ['| %s | %s | %d | %s | %.3f | %s | %.2f | %s |' % (
        row.title, bench.timing(row.ours), 1e9 / row.ours, bench.timing(row.other), row.ratio.middle,
        quartiles(row.ratio, 3), row.limit, word(row)) for row in results.parts]
    return out + ['']


def python_text(results, setup):
    lot = results.lot
    if not results.python:
        return []
    out = ['## pyspnego', '', 'Version %s, both ends in one process, with shared TLS contexts and tickets, as ours. '
           'It cannot bind to a P-256 key. Both use the same OpenSSL, and the same libkrb5; NTLM is its own. "Of its '
           'parts" is how much faster than pyspnego our bare parts are: more is not to be had. "Added" compares what '
           'each adds to those parts.' % setup.pyspnego_version(), '',
           '| | CredSSP | pyspnego | times faster | quartiles | wanted | | of its parts | added |',
           '|---|---:|---:|---:|---|---:|---|---:|---:|']
    for row, combination in zip(results.python, [c for c in COMBINATIONS if takes_part('pyspnego', c)]):
        floor, mine, added = (lot.median('parts', combination), lot.added('ours', combination),
                              lot.added('pyspnego', combination))
        out.append('| %s | %s | %s | %.2f | %s | %.1f | %s | %.2f | %.1f |' % (
            row.title, bench.timing(row.ours), bench.timing(row.other), row.ratio.middle, quartiles(row.ratio, 2),
            row.limit, word(row), row.other / floor, added / max(mine, 1)))
    out += ['', 'Called with a user and a password and nothing else, as its documentation has it (TLS 1.3, '
            'RSA-2048; it then gets a ticket for each Kerberos context):', '',
            '| | pyspnego | times faster | quartiles |', '|---|---:|---:|---|']
    for mech, (name, _) in MECHS.items():
        ratio = lot.ratio(('plain', mech), ('ours', mech))
        out.append('| %s | %s | %.2f | %s |' % (name, bench.timing(lot.median('plain', mech)), ratio.middle,
                                                quartiles(ratio, 2)))
    return out + ['']


def sspi_text(results, setup):
    lot = results.lot
    out = ['## sspi-rs', '']
    if 'sspi-rs' not in setup.commands:
        return []
    like = Combination('ntlm', '1.3', 'RSA-2048')
    out += ['Version 0.23.1 has the exchange of TSRequests and leaves TLS to its caller, so both ends run here without '
            'TLS, with NTLM of its own, and with no limit. (Its `tsssp` feature, with TLS, is for Windows only; its '
            'Kerberos would need its own network client, and is not measured.) Ours takes NTLM from gss-ntlmssp: only '
            'the sum of the last two lines does what sspi-rs does here.', '', '| | |', '|---|---:|',
            '| sspi-rs, NTLM in SPNEGO | %s |' % bench.timing(lot.median('sspi-rs', 'spnego')),
            '| sspi-rs, NTLMSSP alone | %s |' % bench.timing(lot.median('sspi-rs', 'raw')),
            '| a bare SPNEGO context by gss-ntlmssp, with the three sealed messages | %s |' % bench.timing(
                lot.median('context', 'ntlm')),
            '| what ours adds to its parts, records in TLS included | %s |' % bench.timing(lot.added('ours', like)), '']
    return out


def bulk_text(results):
    lot = results.lot
    out = ['## Messages', '', 'Wrap and unwrap, beside SSL_write and SSL_read over memory BIOs with the same settings '
           '(TLS 1.3, AES-256-GCM; plaintext wiped, buffers released). "Stock" is OpenSSL with its own settings.', '',
           '| | CredSSP MB/s | OpenSSL MB/s | ratio | quartiles | limit | | stock MB/s |',
           '|---|---:|---:|---:|---|---:|---|---:|']
    for row, (size, _, _) in zip(results.bulk, BULK):
        out.append('| %s | %.0f | %.0f | %.3f | %s | %.2f | %s | %.0f |' % (
            row.title, row.ours, row.other, row.ratio.middle, quartiles(row.ratio, 3), row.limit, word(row),
            size * 1e3 / lot.median('stock', size)))
    return out + ['']


def memory_text(results):
    out = ['## Memory', '', 'Of one established end, from %d that are kept; OpenSSL\'s is a bare connection with the '
           'same settings.' % KEPT, '', '| | CredSSP | OpenSSL | beside it | limit | |',
           '|---|---:|---:|---:|---:|---|']
    out += ['| %s | %.1f KiB | %.1f KiB | %.1f KiB | %d KiB | %s |' % (
        row.title, row.ours / 1024, row.other / 1024, row.ratio / 1024, row.limit // 1024, word(row))
        for row in results.memory]
    return out + ['']


def openssl_version():
    return subprocess.run(['openssl', 'version'], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]


def summary(results, setup, options):
    """The report's text in Markdown."""
    out = ['# What CredSSP costs', '',
           '%s, %s, krb5 %s, OpenSSL %s, %d rounds. Both ends are in one process. Ratios are the median of the '
           'rounds\' ratios, with their quartiles.' % (
               time.strftime('%Y-%m-%d'), bench.cpu(), bench.krb5_version(), openssl_version(),
               options.rounds * options.generations), '', '![Ratios](credssp-report.svg)', '']
    out += handshake_text(results) + python_text(results, setup) + sspi_text(results, setup)
    out += bulk_text(results) + memory_text(results)
    out += ['%s.' % note for note in setup.notes]
    return '\n'.join(out)


def picture_rows(results):
    """Everything as time over the time of what it is compared with."""
    for row in results.parts:
        yield row.title, row.ratio, row.limit
    for row in results.bulk:
        yield ('wrap, unwrap ' + row.title,
               bench.Ratio(1 / row.ratio.high, 1 / row.ratio.middle, 1 / row.ratio.low), 1 / row.limit)


def svg(results):
    """A row per case: a dot at the median, a line between the quartiles, a bar at the limit."""
    rows = list(picture_rows(results))
    left, right, top, step = 230, 660, 56, 26
    low, high = 0.9, max([1.3] + [min(ratio.high, 2) for _, ratio, _ in rows])
    height = top + step * len(rows) + 16

    def x(value):
        return left + (min(max(value, low), high) - low) / (high - low) * (right - left)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Ratios to the parts">'
           % (right + 30, height), '<style>%s</style>' % bench.STYLE,
           '<circle class="ours" cx="%d" cy="16" r="4"/><text x="%d" y="20">CredSSP</text>' % (left, left + 10),
           '<path class="limit" stroke-width="2" d="M%d 9v14"/><text x="%d" y="20">limit</text>'
           % (left + 100, left + 108),
           '<text class="axis" x="8" y="44">times its bare parts\' time</text>']
    for number in range(int((high - low) * 10 + 0.01) + 1):
        value = low + number / 10
        out.append('<path class="grid" stroke-width="%d" d="M%.1f %dV%d"/><text class="axis" x="%.1f" y="44" '
                   'text-anchor="middle">%.1f</text>' % (2 if abs(value - 1) < 1e-9 else 1, x(value), top, height - 12,
                                                         x(value), value))
    for number, (name, ratio, limit) in enumerate(rows):
        y = top + step * number + step / 2
        out.append('<text x="8" y="%.1f">%s</text><path class="ours" stroke-width="2" d="M%.1f %.1fH%.1f"/>'
                   '<circle class="ours" cx="%.1f" cy="%.1f" r="3.5"/><path class="limit" stroke-width="2" '
                   'd="M%.1f %.1fv16"/>' % (y + 4, html.escape(name), x(ratio.low), y, x(ratio.high), x(ratio.middle),
                                            y, x(limit), y - 8))
    return '\n'.join(out + ['</svg>', ''])


def run(options, realms, work):
    began = time.monotonic()
    setup = Setup(realms, options.bench.resolve(), work)
    results = Results(measure(setup, options))
    text = summary(results, setup, options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / 'credssp-report.md').write_text(text)
    (options.out / 'credssp-report.svg').write_text(svg(results))
    say('')
    say(text)
    say('%s written in %.0f s' % (options.out / 'credssp-report.md', time.monotonic() - began))
    found = results.misses()
    for line in found:
        say('MISS: ' + line)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bench', required=True, type=Path, help='the program made of credssp.c')
    parser.add_argument('--out', type=Path, default=Path('tests/bench'), help='where the report goes')
    parser.add_argument('--rounds', type=int, default=10, help='rounds per generation of processes')
    parser.add_argument('--generations', type=int, default=5)
    options = parser.parse_args()
    try:
        with realm.Realms() as realms, tempfile.TemporaryDirectory(prefix='gss-winrm-bench.') as work:
            return run(options, realms, Path(work))
    except (bench.Failure, realm.Failure) as failure:
        sys.exit('credssp: %s' % failure)


if __name__ == '__main__':
    sys.exit(main())
