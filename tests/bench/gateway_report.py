# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What gateway.py has measured, in words and as a picture."""

import html
import os
import statistics
import time
from collections import namedtuple

import bench

SCHEMES = {'credssp': 'CredSSP', 'negotiate': 'Negotiate'}
SIZES = ((1024, '1 KiB', 300), (16384, '16 KiB', 200), (262144, '256 KiB', 60))     # ... and requests in a batch
CONNECTIONS = (1, 4, 16)                        # at a time
HELD = 100                                      # connections
HELD_SIZES = SIZES[0][:2], SIZES[2][:2]
TLS = ('1.3', '1.2')
# Who opens sessions: the name in the report, the process, the command, how many in a batch.
Opener = namedtuple('Opener', 'title process command each')
OPENERS = {
    'gateway': Opener('through the gateway', 'client', 'sessions gateway %d', 20),
    'direct': Opener('directly, by the same code', 'client', 'sessions credssp %d', 20),
    'plain': Opener('pypsrp', 'pypsrp', 'sessions %d plain', 6),
    'pypsrp': Opener('pypsrp, given tickets', 'pypsrp', 'sessions %d', 6),
}
PROCESSES = ('client', 'gateway', 'broker', 'server', 'pypsrp', 'KDC')
ADDED_LIMIT, SESSIONS_LIMIT = 1e6, 3.0          # nanoseconds; times
# One line of a table or of the picture: a median with its quartiles.
Row = namedtuple('Row', 'title low middle high tail limit good')


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

    def pairs(self, one, other):
        """Both's medians in the quieter half of the rounds: those that took the least time together."""
        pairs = sorted(zip(self.rounds(*one), self.rounds(*other)), key=sum)
        return pairs[:max(2, (len(pairs) + 1) // 2)]

    def percentile(self, percent, *key):
        pool = self.pooled(*key)
        return pool[min(len(pool) * percent // 100, len(pool) - 1)]

    def rounds(self, *key):
        return [statistics.median(values) for values in self.samples[key]]


# --- Results -----------------------------------------------------------------

def quartiles(values):
    return statistics.quantiles(values, n=4)


def added_rows(lot):
    """What the gateway adds to the median request, in nanoseconds."""
    for scheme in SCHEMES:
        for size, text, _ in SIZES:
            pairs = lot.pairs(('gateway', scheme, size), ('direct', scheme, size))
            low, middle, high = quartiles([a - b for a, b in pairs])
            tail = lot.percentile(99, 'gateway', scheme, size) - lot.percentile(99, 'direct', scheme, size)
            yield Row('%s, %s' % (SCHEMES[scheme], text), low, middle, high, tail, ADDED_LIMIT, middle <= ADDED_LIMIT)


def session_rows(lot):
    """How many times faster sessions are opened than by pypsrp. The limit is for pypsrp as everybody has it."""
    for tls in TLS:
        for name in ('plain', 'pypsrp'):
            if ('session', name, tls) not in lot.samples:
                continue
            pairs = lot.pairs(('session', name, tls), ('session', 'gateway', tls))
            low, middle, high = quartiles([a / b for a, b in pairs])
            limit = SESSIONS_LIMIT if name == 'plain' else None
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
           'what one hop of HTTP costs here. Added: of p50 the median of the quieter rounds\' differences, '
           'with its quartiles; of p99 the difference.', '',
           '| | direct p50 | p99 | gateway p50 | p99 | plain p50 | added to p50 | quartiles | limit | | to p99 |',
           '|---|---:|---:|---:|---:|---:|---:|---|---:|---|---:|']
    keys = [(scheme, size) for scheme in SCHEMES for size, *_ in SIZES]
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
    for scheme in SCHEMES:
        for connections in CONNECTIONS:
            direct, gateway = (lot.median('rate', name, scheme, connections) for name in ('direct', 'gateway'))
            out.append('| %s | %d | %.0f | %.0f | %.2f |' % (SCHEMES[scheme], connections, direct, gateway,
                                                            gateway / direct))
    return out + ['']


def session_text(lot, rows):
    out = ['## Sessions', '', 'A new connection, CredSSP with Kerberos inside (RSA-2048), one message of 1 KiB there '
           'and back, and the end of it, one after the other. The gateway\'s broker has the password and the tickets. '
           'pypsrp makes its WSMan object with a user and a password, and gets two tickets with them each time: what '
           'it does. "Given tickets", it is changed to find both in a memory cache. None verifies the certificate '
           'inside. The processes live on, so that nothing is loaded or compiled meanwhile.', '',
           '| | ' + ' | '.join('TLS %s | per second' % tls for tls in TLS) + ' |',
           '|---|' + '---:|---:|' * len(TLS)]
    for name, opener in OPENERS.items():
        if ('session', name, TLS[0]) in lot.samples:
            times = [statistics.median(lot.rounds('session', name, tls)) for tls in TLS]
            out.append('| %s | %s |' % (opener.title, ' | '.join('%s | %.0f' % (ms(t), 1e9 / t) for t in times)))
    out += ['', 'Through the gateway, beside pypsrp:', '', '| | times faster | quartiles | wanted | |',
            '|---|---:|---|---:|---|']
    out += ['| %s | %.2f | %.2f-%.2f | %s | %s |' % (row.title, row.middle, row.low, row.high, row.limit or '',
                                                     word(row)) for row in rows]
    out += ['', 'Processor time of a session, in milliseconds:', '', '| | ' + ' | '.join(PROCESSES) + ' | sum |',
            '|---|' + '---:|' * (len(PROCESSES) + 1)]
    for name, opener in OPENERS.items():
        if ('session', name, TLS[0]) in lot.samples:
            times = [1e3 * statistics.mean(lot.samples.get(('processor', name, key), [0])) for key in PROCESSES]
            out.append('| %s | %s | %.2f |' % (opener.title, ' | '.join('%.2f' % t for t in times), sum(times)))
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
    out = ['# What the gateway costs', '', '%s, %s, load %.1f, krb5 %s, %d rounds, of which the quieter half counts. '
           'Everything runs on this machine.' % (
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
