#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Measure what the plugin costs, beside the bare library and gssproxy's interposer.

    bench.py --bench PROGRAM --module gss_winrm.so [--out DIR] [--rounds N]

Machines are shared and noisy, so variants take turns: each is a process of its own (bench.c), a round gives each a
short batch, and what counts is the median of the rounds' ratios to the bare process. Where a process's memory happens
to lie can be worth a percent, so all processes are started anew several times. KDC requests are counted in the KDC's
log, instructions by callgrind. Writes report.md and report.svg, prints a summary, and fails if a limit is missed.
"""

import argparse
import html
import http.server
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'k5'))
import realm  # noqa: E402 (it is in the other folder)

HOST = 'web01.test.example'
MECH_LINE = 'gss_winrm 2.25.1467839256 %s <interposer>\n'
PROXY_LINE = 'gssproxy_v1 2.16.840.1.113730.3.8.15.1 %s <interposer>\n'
# make check has the limit.
SIZE_LIMIT = 1024 * int(re.search(r'limit=\$\(\((\d+) \* 1024', (
    Path(__file__).resolve().parent.parent / 'lint/symbols.tap').read_text()).group(1))
CONTEXT_SAMPLES = 7
VARIANTS = ('bare', 'gss-winrm', 'gssproxy')
# A case: commands for all variants' processes to prepare, the target each asks for (bare and gssproxy; ours), whether
# over a connection to WinRM's port, the command to measure, and the limit for our ratio to bare.
Case = namedtuple('Case', 'title mech asked ours winrm command limit')


def message_cases():
    """wrap and unwrap; small messages are timed in larger groups."""
    for what in ('wrap', 'unwrap'):
        for size, text, each in ((100, '100 B', 100), (4096, '4 KiB', 40), (65536, '64 KiB', 4)):
            yield Case('%s %s' % (what, text), 'krb5', 'HOST', 'HTTP', True, '%s %d 5 %d' % (what, size, each), 1.01)


def cases():
    init = 'init %d' % CONTEXT_SAMPLES
    for mech in ('krb5', 'spnego'):
        yield Case('init, not HTTP (%s)' % mech, mech, 'HOST', 'HOST', False, init, 1.02)
    for mech in ('krb5', 'spnego'):
        yield Case('init, HTTP, not WinRM (%s)' % mech, mech, 'HTTP', 'HTTP', False, init, 1.10)
    for mech in ('krb5', 'spnego'):
        yield Case('init, rewritten (%s)' % mech, mech, 'HOST', 'HTTP', True, init, 1.10)
    yield Case('acquire_cred', 'krb5', 'HOST', 'HOST', False, 'acquire 15', None)
    yield from message_cases()


class Failure(Exception):
    """Something that the user can read and act on."""


def say(text):
    print(text, flush=True)


# --- Processes ---------------------------------------------------------------

def proxy_module():
    """gssproxy's interposer, wherever this system has it."""
    found = sorted(Path('/usr').glob('lib*/**/gssproxy/proxymech.so'))
    if not found:
        raise Failure('there is no gssproxy/proxymech.so: tests/deps.sh bench installs it')
    return found[0]


class Setup:
    """The realm's environment for each variant, and the tickets that all of them start with."""

    def __init__(self, realms, module, work):
        self.realms, self.work = realms, work
        self.base = dict(realm.clean_environment(), **realms.environment())
        self.base['KRB5_KTNAME'] = str(self.all_keys())
        self.tgt_only = Path(self.base['KRB5CCNAME'].split(':', 1)[1])
        lines = {'bare': '', 'gss-winrm': MECH_LINE % module, 'gssproxy': PROXY_LINE % proxy_module()}
        for variant, line in lines.items():
            (work / (variant + '.mech')).write_text(line)
        self.tickets = work / 'tickets'
        shutil.copy(self.tgt_only, self.tickets)
        names = ['%s/%s' % (service, HOST) for service in ('HTTP', 'HOST')]
        done = subprocess.run([realm.tool('kvno')] + names, env=dict(self.base, KRB5CCNAME=str(self.tickets)),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Failure('no tickets: ' + done.stdout)

    def all_keys(self):
        """A keytab that accepts for the machine and for the service account: a file's entries follow two bytes."""
        path = self.work / 'all.keytab'
        machine, service = (Path(self.base[key]).read_bytes() for key in ('K5_MACHINE_KEYTAB', 'K5_IIS_KEYTAB'))
        path.write_bytes(machine + service[2:])
        return path

    def environment(self, variant, ccache):
        env = dict(self.base, KRB5CCNAME=str(ccache), GSS_MECH_CONFIG=str(self.work / (variant + '.mech')))
        if variant == 'gssproxy':
            env.update(GSS_USE_PROXY='yes', GSSPROXY_BEHAVIOR='LOCAL_ONLY')
        return env

    def own_tickets(self, variant, source=None):
        """A credential cache of the variant's own."""
        path = self.work / (variant + '.cc')
        shutil.copy(source or self.tickets, path)
        return path


class Process:
    """bench.c as one variant."""

    def __init__(self, program, setup, variant, ccache, prefix=(), extra=None):
        env = setup.environment(variant, ccache)
        env.update(extra or {})
        self.variant = variant
        # pylint: disable=consider-using-with
        self.popen = subprocess.Popen(list(prefix) + [str(program)], env=env, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if prefix else None, text=True,
                                      preexec_fn=realm.die_with_parent)

    def ask(self, command):
        try:
            self.popen.stdin.write(command + '\n')
            self.popen.stdin.flush()
            reply = self.popen.stdout.readline().strip()
        except BrokenPipeError:
            reply = ''
        if not reply.startswith('ok'):
            raise Failure('%s: "%s" said: %s' % (self.variant, command, reply or 'nothing (it died)'))
        return reply[2:].strip()

    def listen(self, address, winrm):
        self.ask('listen %s %d' % (address, 5985 if winrm else 0))

    def target(self, case):
        service = case.ours if self.variant == 'gss-winrm' else case.asked
        self.ask('target %s %s@%s' % (case.mech, service, HOST))

    def close(self):
        self.popen.stdin.close()
        self.popen.stdout.close()
        return self.popen.wait()


def addresses():
    """Loopback addresses of our own: another run may be listening on the same ports of other ones."""
    while True:
        yield '127.%d.%d.%d' % (random.randint(16, 254), random.randint(0, 254), random.randint(1, 254))


def start_all(program, setup, place):
    """One process per variant, each with a finished context; interposed or not as its name says."""
    expected = {'bare': '', 'gss-winrm': 'gss_winrm.so', 'gssproxy': 'proxymech.so'}
    processes = []
    for variant in VARIANTS:
        process = Process(program, setup, variant, setup.own_tickets(variant))
        processes.append(process)
        process.listen(next(place), True)
        process.ask('target krb5 %s@%s' % ('HTTP' if variant == 'gss-winrm' else 'HOST', HOST))
        process.ask('establish')
        loaded = process.ask('loaded')
        if loaded != expected[variant]:
            raise Failure('the %s process has loaded "%s"' % (variant, loaded))
    return processes


# --- Calls -------------------------------------------------------------------

def measure_calls(program, setup, generations, rounds):
    """{title: {variant: [nanoseconds]}}, the lists in step: one entry per round."""
    results = {case.title: {variant: [] for variant in VARIANTS} for case in cases()}
    place = addresses()
    for generation in range(generations):
        processes = start_all(program, setup, place)
        for case in cases():
            for process in processes:
                process.listen(next(place), case.winrm)
                process.target(case)
                process.ask(case.command)                   # not counted: caches warm up
            for number in range(rounds):
                turn = number % len(processes)
                for process in processes[turn:] + processes[:turn]:
                    results[case.title][process.variant].append(float(process.ask(case.command)))
        for process in processes:
            process.close()
        say('  calls: %d of %d' % (generation + 1, generations))
    return results


def assert_decisions(program, setup):
    """What is timed must be what it is called: the trace says whether the name was rewritten."""
    trace = setup.work / 'trace'
    for case in cases():
        if not case.command.startswith('init'):
            continue
        trace.unlink(missing_ok=True)
        process = Process(program, setup, 'gss-winrm', setup.own_tickets('check'), extra={'KRB5_TRACE': str(trace)})
        process.listen(next(addresses()), case.winrm)
        process.target(case)
        process.ask('init 2')
        process.close()
        text = trace.read_text()
        wanted = {('HTTP', True): 'HTTP@%s: sending HOST@%s' % (HOST, HOST), ('HTTP', False): ': not WinRM',
                  ('HOST', False): ''}[case.ours, case.winrm]
        if wanted not in text or (case.ours == 'HOST' and 'gss-winrm: ' in text):
            raise Failure('%s: the trace does not show "%s":\n%s' % (case.title, wanted, text))


# --- Programs ----------------------------------------------------------------

class Refuser(http.server.BaseHTTPRequestHandler):
    """401, then 200 to whoever sends an Authorization header."""
    protocol_version = 'HTTP/1.1'

    def do_GET(self):  # noqa: N802 (the name is http.server's)
        if self.headers.get('Authorization'):
            self.send_response(200)
        else:
            self.send_response(401)
            self.send_header('WWW-Authenticate', 'Negotiate')
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        """Nothing: the default is to print."""


def serve(port):
    for address in addresses():
        try:
            server = http.server.ThreadingHTTPServer((address, port), Refuser)
        except OSError:
            continue
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
    return None


def curl(setup, variant, server, service, ccache):
    """The seconds that a whole curl takes."""
    address, port = server.server_address[:2]
    command = ['curl', '-sS', '--negotiate', '-u', ':', '-o', '/dev/null', '-w', '%{http_code}', '--service-name',
               service, '--resolve', '%s:%d:%s' % (HOST, port, address), 'http://%s:%d/' % (HOST, port)]
    env = setup.environment(variant, ccache)
    began = time.monotonic()
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    took = time.monotonic() - began
    if done.stdout != '200':
        raise Failure('curl (%s) got %s: %s' % (variant, done.stdout, done.stderr))
    return took


CURL_CASES = (('curl to a web site', False, 'HTTP', 'HTTP'), ('curl to WinRM', True, 'HOST', 'HTTP'))


def measure_curl(setup, rounds):
    results = {title: {variant: [] for variant in VARIANTS} for title, *_ in CURL_CASES}
    for title, winrm, asked, ours in CURL_CASES:
        server = serve(5985 if winrm else 0)
        caches = {variant: setup.own_tickets(variant) for variant in VARIANTS}
        for number in range(-2, rounds):
            turn = number % len(VARIANTS)
            for variant in VARIANTS[turn:] + VARIANTS[:turn]:
                service = ours if variant == 'gss-winrm' else asked
                took = curl(setup, variant, server, service, caches[variant])
                if number >= 0:
                    results[title][variant].append(took * 1e9)
        server.shutdown()
        server.server_close()
        say('  %s: %d rounds' % (title, rounds))
    return results


# --- KDC requests ------------------------------------------------------------

KdcCase = namedtuple('KdcCase', 'title variant host service winrm')
KDC_CASES = (
    KdcCase('bare, asking for HTTP', 'bare', 'web01', 'HTTP', False),
    KdcCase('bare, asking for HOST', 'bare', 'web01', 'HOST', False),
    KdcCase('gss-winrm, HTTP, not WinRM', 'gss-winrm', 'web01', 'HTTP', False),
    KdcCase('gss-winrm, rewritten to HOST', 'gss-winrm', 'web01', 'HTTP', True),
    KdcCase('gss-winrm, HOST unknown, rewritten to WSMAN', 'gss-winrm', 'web03', 'HTTP', True),
    KdcCase('gss-winrm, only the caller\'s own name known', 'gss-winrm', 'web02', 'HTTP', True),
)


def tgs_requests(setup):
    """Requests for tickets in the KDC's log so far; it writes a line for each before it answers."""
    return setup.realms.main.log.read_text(errors='replace').count(': TGS_REQ (')


def count_requests(program, setup):
    """[(case, requests at first contact, at the second, in a new process)]"""
    rows = []
    for case in KDC_CASES:
        ccache = setup.own_tickets('count', setup.tgt_only)
        counts = []
        for contacts in (2, 1):
            process = Process(program, setup, case.variant, ccache)
            process.listen(next(addresses()), case.winrm)
            process.ask('target krb5 %s@%s.test.example' % (case.service, case.host))
            for _ in range(contacts):
                before = tgs_requests(setup)
                process.ask('establish')
                counts.append(tgs_requests(setup) - before)
            process.close()
        rows.append((case, counts))
    return rows


# --- Instructions ------------------------------------------------------------

def instructions(program, setup, variant, case):
    """Instructions per call in user space, by callgrind: no noise, but no kernel either."""
    totals = []
    few, many = 10, 60
    for calls in (few, many):
        process = Process(program, setup, variant, setup.own_tickets('count'),
                          prefix=['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null',
                                  '--log-file=%s' % (setup.work / 'callgrind')])
        process.listen(next(addresses()), case.winrm)
        process.target(case)
        process.ask('init %d' % calls)
        process.close()
        text = (setup.work / 'callgrind').read_text()
        totals.append([int(line.split(':')[1]) for line in text.splitlines() if 'Collected :' in line][0])
    return (totals[1] - totals[0]) / (many - few)


def count_instructions(program, setup):
    rows = []
    for case in cases():
        if case.command.startswith('init'):
            counts = {variant: instructions(program, setup, variant, case) for variant in VARIANTS}
            rows.append((case, counts))
            say('  instructions: %s' % case.title)
    return rows


# --- Report ------------------------------------------------------------------

Ratio = namedtuple('Ratio', 'low middle high')


def ratio(results, variant):
    """The quartiles of the rounds' ratios to bare."""
    pairs = [mine / bare for mine, bare in zip(results[variant], results['bare'])]
    return Ratio(*statistics.quantiles(pairs, n=4))


def verdict(value, limit):
    if limit is None:
        return ''
    return 'pass' if value <= limit else 'MISS'


def timing(nanoseconds):
    if nanoseconds < 1e5:
        return '%.2f us' % (nanoseconds / 1e3)
    if nanoseconds < 1e7:
        return '%.0f us' % (nanoseconds / 1e3)
    return '%.1f ms' % (nanoseconds / 1e6)


def rows_of(results, limits):
    """(title, bare's median, our ratio, gssproxy's ratio, limit, verdict)"""
    for title, by_variant in results.items():
        ours = ratio(by_variant, 'gss-winrm')
        limit = limits.get(title)
        yield (title, statistics.median(by_variant['bare']), ours, ratio(by_variant, 'gssproxy'), limit,
               verdict(ours.middle, limit))


def summary(rows, kdc, counted, size, rounds):
    """The report's text in Markdown."""
    out = ['# What gss-winrm costs', '',
           '%s, %s, krb5 %s, %d rounds.' % (time.strftime('%Y-%m-%d'), cpu(), krb5_version(), rounds), '',
           'Ratios to the bare library: the median of the rounds\' ratios, and their quartiles. '
           'A rewritten call is compared with a bare one that asks for the final name itself. '
           'gssproxy is its interposer in local-only mode.', '', '![Ratios](report.svg)', '',
           '| | bare | gss-winrm | quartiles | limit | | gssproxy | quartiles |',
           '|---|---:|---:|---|---:|---|---:|---|']
    for title, bare, ours, proxy, limit, word in rows:
        out.append('| %s | %s | %.3f | %.3f-%.3f | %s | %s | %.3f | %.3f-%.3f |' % (
            title, timing(bare), ours.middle, ours.low, ours.high, '' if limit is None else '%.2f' % limit, word,
            proxy.middle, proxy.low, proxy.high))
    out += ['', '## Requests to the KDC', '',
            'Ticket requests in the KDC\'s log. First and second context of a process, then the first one of another '
            'process with the same credential cache. The server proves itself each time, so what there is to learn is '
            'learned.', '',
            '| | first | second | new process |', '|---|---:|---:|---:|']
    out += ['| %s | %d | %d | %d |' % (case.title, *counts) for case, counts in kdc]
    if counted:
        out += ['', '## Instructions', '', 'Per call in user space, by callgrind: free of noise, but without the '
                'kernel\'s part.', '', '| | bare | gss-winrm | gssproxy |', '|---|---:|---:|---:|']
        for case, counts in counted:
            bare = counts['bare']
            out.append('| %s | %d | %.3f | %.3f |' % (case.title, bare, counts['gss-winrm'] / bare,
                                                      counts['gssproxy'] / bare))
    out += ['', '## Size', '', 'The module, stripped: %d bytes (limit %d): %s.' % (
        size, SIZE_LIMIT, verdict(size, SIZE_LIMIT - 1)), '']
    return '\n'.join(out)


def cpu():
    for line in Path('/proc/cpuinfo').read_text(errors='replace').splitlines():
        if line.startswith('model name'):
            return '%d x %s' % (os.cpu_count(), line.split(':', 1)[1].strip())
    return platform.machine()


def krb5_version():
    done = subprocess.run(['krb5-config', '--version'], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.replace('Kerberos 5 release', '').strip() or '?'


STYLE = '''text { font: 13px sans-serif; fill: #24292f } .axis { fill: #57606a } .grid { stroke: #d0d7de }
.ours { fill: #0969da; stroke: #0969da } .proxy { fill: #bc4c00; stroke: #bc4c00 } .limit { stroke: #cf222e }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis { fill: #9198a1 } .grid { stroke: #3d444d }
.ours { fill: #4493f8; stroke: #4493f8 } .proxy { fill: #db6d28; stroke: #db6d28 } .limit { stroke: #f85149 } }'''


def svg(rows):
    """A row per case: a dot at each median, a line between the quartiles, a bar at the limit."""
    left, right, top, step = 230, 660, 56, 26
    low = min(1.0, min(row[2].low for row in rows), min(row[3].low for row in rows))
    high = min(max([row[2].high for row in rows] + [row[3].high for row in rows] + [1.12]), 1.6)
    low, high = int(low * 20 - 0.5) / 20, int(high * 20 + 1) / 20
    height = top + step * len(rows) + 16

    def x(value):
        return left + (min(max(value, low), high) - low) / (high - low) * (right - left)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Ratios to bare">'
           % (right + 30, height), '<style>%s</style>' % STYLE,
           '<circle class="ours" cx="%d" cy="16" r="4"/><text x="%d" y="20">gss-winrm</text>' % (left, left + 10),
           '<circle class="proxy" cx="%d" cy="16" r="4"/><text x="%d" y="20">gssproxy, local only</text>'
           % (left + 100, left + 110),
           '<path class="limit" stroke-width="2" d="M%d 9v14"/><text x="%d" y="20">limit</text>'
           % (left + 260, left + 268), '<text class="axis" x="8" y="44">times the bare call</text>']
    ticks = 0.05 if high - low <= 0.4 else 0.1
    for number in range(round((high - low) / ticks) + 1):
        value = low + number * ticks
        out.append('<path class="grid" stroke-width="%d" d="M%.1f %dV%d"/><text class="axis" x="%.1f" y="44" '
                   'text-anchor="middle">%.2f</text>' % (2 if abs(value - 1) < 1e-9 else 1, x(value), top, height - 12,
                                                         x(value), value))
    for number, (title, _, ours, proxy, limit, _) in enumerate(rows):
        y = top + step * number + step / 2
        out.append('<text x="8" y="%.1f">%s</text>' % (y + 4, html.escape(title)))
        for kind, value, shift in (('ours', ours, -4), ('proxy', proxy, 4)):
            out.append('<path class="%s" stroke-width="2" d="M%.1f %.1fH%.1f"/><circle class="%s" cx="%.1f" cy="%.1f" '
                       'r="3.5"/>' % (kind, x(value.low), y + shift, x(value.high), kind, x(value.middle), y + shift))
        if limit is not None:
            out.append('<path class="limit" stroke-width="2" d="M%.1f %.1fv16"/>' % (x(limit), y - 8))
    return '\n'.join(out + ['</svg>', ''])


def stripped_size(module, work):
    copy = work / 'stripped.so'
    shutil.copy(module, copy)
    subprocess.run(['strip', '--strip-unneeded', str(copy)], check=True)
    return copy.stat().st_size


def misses(rows, kdc, size):
    found = ['%s: %.3f, the limit is %.2f' % (title, ours.middle, limit)
             for title, _, ours, _, limit, word in rows if word == 'MISS']
    bare = kdc[0][1]
    for case, counts in kdc[:4]:
        if counts != bare:
            found.append('%s: %s requests to the KDC; bare: %s' % (case.title, counts, bare))
    for case, counts in kdc:
        if counts[1]:
            found.append('%s: %d requests at the second contact' % (case.title, counts[1]))
    if size >= SIZE_LIMIT:
        found.append('the stripped module has %d bytes' % size)
    return found


def run(options, realms, work):
    setup = Setup(realms, options.module.resolve(), work)
    began = time.monotonic()
    assert_decisions(options.bench, setup)
    kdc = count_requests(options.bench, setup)
    say('counted requests at the KDC')
    results = measure_calls(options.bench, setup, options.generations, options.rounds)
    results.update(measure_curl(setup, options.rounds * 2))
    counted = []
    if shutil.which('valgrind'):
        counted = count_instructions(options.bench, setup)
    else:
        say('  no valgrind: instructions are not counted')
    size = stripped_size(options.module, work)
    rows = list(rows_of(results, {case.title: case.limit for case in cases()}))
    text = summary(rows, kdc, counted, size, options.generations * options.rounds)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / 'report.md').write_text(text)
    (options.out / 'report.svg').write_text(svg(rows))
    say('')
    say(text)
    say('%s written in %.0f s' % (options.out / 'report.md', time.monotonic() - began))
    found = misses(rows, kdc, size)
    for line in found:
        say('MISS: ' + line)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bench', required=True, type=Path, help='the program made of bench.c')
    parser.add_argument('--module', required=True, type=Path, help='the plugin')
    parser.add_argument('--out', type=Path, default=Path('tests/bench'), help='where report.md and report.svg go')
    parser.add_argument('--rounds', type=int, default=20, help='rounds per generation of processes')
    parser.add_argument('--generations', type=int, default=12)
    options = parser.parse_args()
    try:
        with realm.Realms() as realms, tempfile.TemporaryDirectory(prefix='gss-winrm-bench.') as work:
            return run(options, realms, Path(work))
    except (Failure, realm.Failure) as failure:
        sys.exit('bench: %s' % failure)


if __name__ == '__main__':
    sys.exit(main())
