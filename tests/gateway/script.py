# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A scripted exchange with the gateway: the language, and one run of a script. scripts.py runs them all.

A script is a file scripts/NAME.script. Its first line, a comment, says what it shows, and is its line of TAP. Then, in
order, one command a line; "#" begins a comment, words are quoted as in the shell, \\r \\n \\xNN mean what they mean in C,
$NAME is a variable. A block ends with a line "}".

    config {                        lines of [appdefaults] winrm in krb5.conf, in place of what these write:
    }
    credssp HOST                    delegation = credssp, and delegate_to
    limits KEY=VALUE...             of the gateway section; targets=.test.example is always there
    about HOST KEY=VALUE...         of the host's section in targets; $pin and $cert are the server certificate's
    gateway OPTION...               its options, beside --listen
    login USER | none               who logs in at the broker, with the name as password; alice by default
    endless [hangs]                 no broker, but what looks like one, whose contexts never come to an end; or which does
                                    not answer the first step of one ("await stepped")
    ntlm                            the broker and the servers have NTLM
    server HOST [PORT] [tls] {      a server at HOST.test.example, by default on port 5985; it begins at once
    }
    client [NAME &] {               a client, to its end; with NAME in the background
    }
    plugin                          the clients (and servers) have gss_winrm.so, with alice's tickets
    run COMMAND...                  gss-winrm
    trace ~ REGEX                   of the clients' (and servers') $KRB5_TRACE
    signal NAME [broker]            of the gateway, or the broker
    ended gateway|broker STATUS     wait until it has ended
    log ~ REGEX, log !~ REGEX       of the gateway's log (wait for it; is not in it at the end)
    broker ~ REGEX                  of the broker's
    krb5 ~ REGEX, krb5 !~ REGEX     of the broker's and the gateway's $KRB5_TRACE
    sessions PATH OP VALUE          of the gateway's list of sessions: open, list.0.spn (wait until it is so)
    must-fail REGEX                 the script must, for that reason: for the tests of this language
    ticket HOST OP KIND             what the plugin is answered about a host: 0 nothing, 1 pass, 2 ticket

Of a server and a client:

    get                             receive a message
    expect WHAT OP VALUE            of it: first method path status body size HEADER, text (what `open' has decrypted),
                                    user, password (what CredSSP has brought), state (of CredSSP), client, delegated (of a
                                    context); OP: == != ~ !~, or absent
    answer STATUS [HEADER: VALUE]... [body TEXT | bytes N | sealed TEXT | sealed-bytes N | damaged TEXT | same]
                                    encrypted, or encrypted and then changed; "same": as the last time
    post URL [HEADER: VALUE]... [the same]
    send TEXT                       as it is
    open                            decrypt the message's body
    step SCHEME [OPTION]...         take the message's token; $token is the answer. Options of a server: iis (the web site's
                                    keys), bindings, bindings=other, tls1.3, version=N, proof=bad; again: a new context
    legs SCHEME [until STATE] [OPTION]...       get, step, answer until the context is complete, or so far; the last is left
                                    unanswered with "until"
    init SCHEME NAME [ticket HOST]              a client's context for a principal or SERVICE@HOST, with alice's tickets or
                                    the gateway's; $token
    fails SCHEME [OPTION]...        (server) the message's token makes no context
    nego                            (server) $token is one more leg of CredSSP's inner context, with nothing in it
    challenge NAME                  (server) $token is an NTLM challenge of a machine that calls itself so
    damage                          (client) one bit of $token is changed
    accept                          (server) the next connection; the first one comes by itself
    connect                         (client) another connection
    close | reset | gone            close it; wait for the other end to do so, without a byte before
    go NAME | await NAME            tell the other blocks; wait until told
    repeat N {                      the lines as often

At the end every block must be through, and nothing may be left: no byte that was not looked at, no connection that was
not accepted.
"""

import base64
import json
import random
import re
import shlex
import socket
import threading

from gssapi.exceptions import GSSError

import ends
from ends import SOAP, Over, Wrong, want, wait_for

OPS = {'==': lambda a, b: a == b, '!=': lambda a, b: a != b, '~': lambda a, b: re.search(b, a or '', re.DOTALL),
       '!~': lambda a, b: not re.search(b, a or '', re.DOTALL)}
DOMAIN = '.test.example'


class Bad(Exception):
    """A script that is none."""


# --- The text ----------------------------------------------------------------

class Line:
    def __init__(self, number, text):
        self.number, self.text = number, text
        self.words = shlex.split(text, comments=True)
        self.block = None


def parse(lines, at=0, inside=False):
    """(Lines, where it ended); lines: (number, text)."""
    found = []
    while at < len(lines):
        number, text = lines[at]
        at += 1
        if text.strip() == '}':
            if not inside:
                raise Bad('%d: } without {' % number)
            return found, at
        line = Line(number, text.strip())
        if not line.words:
            continue
        if line.words[-1] == '{' and line.words[0] == 'config':
            line.block, at = raw_block(lines, at)
        elif line.words[-1] == '{':
            line.block, at = parse(lines, at, True)
        if line.block is not None:
            line.words.pop()
        found.append(line)
    if inside:
        raise Bad('a block has no end')
    return found, at


def raw_block(lines, at):
    depth, text = 1, []
    while at < len(lines):
        depth += lines[at][1].count('{') - lines[at][1].count('}')
        at += 1
        if depth == 0:
            return text, at
        text.append(lines[at - 1][1])
    raise Bad('config has no end')


class Script:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        text = path.read_text().splitlines()
        if not text or not text[0].startswith('# '):
            raise Bad('%s: the first line does not say what it shows' % path.name)
        self.title = text[0][2:].strip()
        try:
            self.lines, _ = parse(list(enumerate(text, 1)))
        except (Bad, ValueError) as bad:
            raise Bad('%s:%s' % (path.name, bad)) from None

    def first(self, word):
        return [line for line in self.lines if line.words[0] == word]


# --- Blocks ------------------------------------------------------------------

def compare(what, op, value, seen):
    if op == 'absent':
        want(seen is None, 'no %s' % what, '%s: %r' % (what, seen))
        return
    if op not in OPS:
        raise Bad('no operator %s' % op)
    want(OPS[op](seen, value), '%s %s %r' % (what, op, value), '%s: %r' % (what, seen if seen is None else seen[:3000]))


def unescape(text):
    return text.encode('latin-1', 'backslashreplace').decode('unicode_escape')


class Block:
    """A server's or a client's lines, in a thread of their own."""

    def __init__(self, run, name, lines):
        self.run, self.name, self.lines = run, name, lines
        self.end = self.message = self.context = None
        self.variables, self.text, self.failure, self.line = {}, None, None, None
        self.thread = threading.Thread(target=self.go_through, daemon=True)

    def go_through(self):
        try:
            self.obey(self.lines)
            self.finish()
        except Over:
            pass
        except Exception as why:                        # pylint: disable=broad-except
            where = '%s, line %d: %s' % (self.name, self.line.number, self.line.text) if self.line else self.name
            self.failure = '%s\n%s' % (where, why if isinstance(why, (Wrong, Bad)) else repr(why))
            self.run.failed()

    def obey(self, lines):
        for line in lines:
            self.line = line
            word, *rest = line.words
            if word == 'repeat':
                for _ in range(int(rest[0])):
                    self.obey(line.block)
                continue
            call = getattr(self, 'do_' + word, None)
            if call is None:
                raise Bad('no such command')
            call(*[self.expand(each) for each in rest])

    def expand(self, word):
        known = dict(self.run.variables, **self.variables)
        return re.sub(r'\$([a-z]+)', lambda m: known.get(m[1], m[0]), word)

    def finish(self):
        self.line = None
        if self.end is not None:
            want(not self.end.buffer, 'nothing more', ends.shown(self.end.buffer))
            self.end.close()

    def check_no_other(self):
        """Clients have no listener."""

    # What both have.

    def do_get(self):
        self.message, self.text = self.end.get(), None

    def do_send(self, text):
        self.end.send(unescape(text).encode('latin-1'))

    def do_expect(self, what, op, value=''):
        if what == 'text':
            seen = self.text
        elif what in ('user', 'password', 'domain'):
            seen = dict(zip(('domain', 'user', 'password'), self.context.credential or [None] * 3))[what]
        elif what == 'state':
            seen = self.context.state
        elif what in ('client', 'delegated'):
            seen = getattr(self.context, what)()
        else:
            seen = self.message.field(what)
        compare(what, op, value, seen)

    def do_open(self):
        self.text = ends.unseal(self.context, self.message).decode('latin-1')

    def do_close(self):
        self.end.close()
        self.end = None

    def do_reset(self):
        self.end.close(True)
        self.end = None

    def do_gone(self):
        self.end.gone()

    def do_go(self, name):
        self.run.event(name).set()

    def do_await(self, name):
        if not wait_for(lambda: self.run.event(name).is_set() or self.run.over.is_set()):
            raise Wrong('expected "go %s"\nseen     nothing' % name)
        if not self.run.event(name).is_set():
            raise Over()

    def content(self, words):
        """(headers, body) of the words behind a status or a URL."""
        headers, body, words = [], b'', list(words)
        while words:
            word = words.pop(0)
            if word in ('bytes', 'sealed-bytes'):
                count = int(words.pop(0))
                body = (b'<x>' + b'0123456789' * (count // 10 + 1))[:count]
            elif word == 'same':
                kind, body = self.kept
                headers.append('Content-Type: ' + kind)
            elif word in ('body', 'sealed', 'damaged'):
                body = unescape(words.pop(0)).encode('latin-1')
            else:
                headers.append(unescape(word))
            if word.startswith('sealed') or word == 'damaged':
                kind, body = self.kept = ends.seal(self.context, body)
                headers.append('Content-Type: ' + kind)
                at = len(body) - len('--Encrypted Boundary--\r\n') - 1
                if word == 'damaged':
                    body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        return headers, body

    def do_step(self, scheme, *options):
        if self.context is None or self.context.scheme != scheme or 'again' in options:
            self.context = self.new_context(scheme, options)
        token = self.message.token(scheme)
        want(token is not None, 'a token of ' + scheme, self.message.field('authorization') or
             self.message.field('www-authenticate'))
        self.variables['token'] = base64.b64encode(self.context.step(token)).decode()

    def new_context(self, scheme, options):
        raise Wrong('there is no context: init')


class Server(Block):
    def __init__(self, run, host, port, tls, lines):
        super().__init__(run, 'server %s' % host, lines)
        self.host, self.port, self.tls, self.connections, self.open_ones = host, port, tls, 0, []
        self.listener = run.listen(host, port)

    def obey(self, lines):
        if self.line is None and lines and lines[0].words[0] != 'accept':
            self.line = lines[0]
            self.do_accept()
        super().obey(lines)

    def do_accept(self):
        if self.end is not None:
            want(not self.end.buffer, 'nothing more', ends.shown(self.end.buffer))
        self.listener.settimeout(0)
        found = []

        def arrives():
            try:
                found.append(self.listener.accept()[0])
            except BlockingIOError:
                pass
            return found or self.run.over.is_set()

        wait_for(arrives)
        if self.run.over.is_set():
            raise Over()
        if not found:
            raise Wrong('expected a connection\nseen     none')
        self.connections += 1
        self.open_ones.append(self.end)         # a connection is closed by `close' only
        found[0].settimeout(None)
        failed = False
        if self.tls:
            try:
                found[0] = self.run.certificate.context('1.3').wrap_socket(found[0], server_side=True)
            except OSError as error:
                self.run.note(self.name, '<', '[TLS: %s]' % error)
                failed = True
        self.end = ends.End('%s#%d' % (self.name, self.connections), found[0], self.run.note, self.run.over)
        self.context, self.end.ended = None, failed
        self.end.note(self.end.name, '<', '[connected]')

    def check_no_other(self):
        """At the very end: has anybody connected whom nobody accepted?"""
        self.listener.settimeout(0)
        try:
            self.listener.accept()
        except BlockingIOError:
            return
        raise Wrong('%s: expected %d connections\nseen     another' % (self.name, self.connections))

    def new_context(self, scheme, options):
        run, values = self.run, dict(each.split('=') for each in options if '=' in each)
        keytab = run.keytabs['iis' if 'iis' in options else 'machine']
        if run.script.first('ntlm'):
            keytab = None               # gss-ntlmssp does not survive a store; KRB5_KTNAME is the machine's
        if scheme == 'CredSSP':
            return ends.CredSSP(run.certificate, keytab, '1.3' if 'tls1.3' in options else '1.2',
                                int(values.get('version', 6)), values.get('proof', 'good'))
        return ends.Context.acceptor(scheme, keytab, run.certificate.bindings if 'bindings' in options else
                                      values.get('bindings', '').encode())

    def do_answer(self, status, *words):
        headers, body = self.content(words)
        if body and not any(h.lower().startswith('content-type:') for h in headers):
            headers.append('Content-Type: ' + SOAP)
        lines = ['HTTP/1.1 %s Answer' % status, *headers, 'Content-Length: %d' % len(body), '', '']
        self.end.send('\r\n'.join(lines).encode('latin-1') + body)

    def do_fails(self, scheme, *options):
        context, complete = self.new_context(scheme, options), False
        try:
            context.step(self.message.token(scheme))
            complete = context.complete
        except GSSError as error:
            self.run.note(self.end.name, ':', str(error))
        want(not complete, 'a token that is refused', 'a context')

    def do_nego(self):
        self.variables['token'] = base64.b64encode(self.context.go_on()).decode()

    def do_challenge(self, name):
        self.variables['token'] = base64.b64encode(ends.ntlm_challenge(name)).decode()

    def do_legs(self, scheme, *options):
        until = options[options.index('until') + 1] if 'until' in options else None
        first = ('again',)
        while True:
            self.do_get()
            self.do_step(scheme, *options, *first)
            first = ()
            if until and getattr(self.context, 'state', '') == until:
                return
            token = self.variables['token']
            header = ['WWW-Authenticate: %s%s' % (scheme, ' ' + token if token else '')]
            if self.context.complete:
                self.do_answer('200', *(header if token else []))
                return
            self.do_answer('401', *header)


class Client(Block):
    def do_connect(self):
        self.end = ends.End(self.name, self.run.connect(), self.run.note, self.run.over)

    def do_send(self, text):
        self.need()
        super().do_send(text)

    def do_gone(self):
        self.need()
        super().do_gone()

    def need(self):
        if self.end is None:
            self.do_connect()

    def do_post(self, url, *words):
        self.need()
        headers, body = self.content(words)
        names = [h.partition(':')[0].lower() for h in headers]
        if body and 'content-type' not in names:
            headers.append('Content-Type: ' + SOAP)
        if 'host' not in names:
            headers.append('Host: ' + re.sub('^http://', '', url).split('/')[0])
        lines = ['POST %s HTTP/1.1' % url, *headers, 'Content-Length: %d' % len(body), '', '']
        self.end.send('\r\n'.join(lines).encode('latin-1') + body)

    def do_step(self, scheme, *options):
        super().do_step(scheme, *options)
        want(self.context.complete, 'a complete context', 'one that goes on')

    def do_damage(self):
        token = bytearray(base64.b64decode(self.variables['token']))
        token[-8] ^= 1
        self.variables['token'] = base64.b64encode(token).decode()

    def do_init(self, scheme, principal, *options):
        credential = None
        if options:
            kind, principal, credential = ends.ticket(self.run.tickets(), self.run.fqdn(options[1]))
            want(kind == 2, 'a ticket', 'answer %s' % kind)
        self.context = ends.Context.initiator(scheme, principal, credential)
        self.variables['token'] = base64.b64encode(self.context.step()).decode()


# --- A run -------------------------------------------------------------------

class Run:
    """place: what the driver has: certificate, keytabs, start_broker()..."""

    def __init__(self, script, place):
        self.script, self.place = script, place
        self.certificate, self.keytabs = place.certificate, place.keytabs
        self.transcript, self.lock, self.over = [], threading.Lock(), threading.Event()
        self.events, self.blocks, self.book = {}, [], {}
        self.variables = {'cert': str(place.certificate.cert), 'pin': place.certificate.pin, 'long': 'x' * 8000}
        self.later = []                 # checks for the end

    def note(self, who, way, text):
        with self.lock:
            for line in text.split('\n'):
                self.transcript.append('%-22s %s %s' % (who, way, line))

    def event(self, name):
        with self.lock:
            return self.events.setdefault(name, threading.Event())

    def failed(self):
        """No block goes on waiting for another."""
        self.over.set()

    def fqdn(self, host):
        return host if '.' in host else host + DOMAIN

    def listen(self, host, port):
        """On a loopback address of its own, which is the host's from now on."""
        for _ in range(200):
            address = self.book.get(host) or '127.%d.%d.%d' % tuple(random.randint(2, 250) for _ in range(3))
            listener = socket.socket()
            try:
                listener.bind((address, port))
                listener.listen(64)
            except OSError:
                listener.close()
                continue
            self.book[host] = address
            return listener
        raise Bad('no address for %s' % host)

    def connect(self):
        return socket.create_connection(self.place.address)

    def tickets(self):
        return self.place.runtime / 'gateway' / str(self.place.address[1])

    def prepare(self):
        for line in self.script.lines:
            if line.words[0] == 'server':
                words = [word for word in line.words[1:] if word != 'tls']
                self.blocks.append(Server(self, words[0], int(words[1]) if len(words) > 1 else 5985,
                                          'tls' in line.words, line.block))
                line.block = self.blocks[-1]
        config = [line.block for line in self.script.first('config')] or [self.config()]
        text = '\n'.join(re.sub(r'\$([a-z]+)', lambda m: self.variables.get(m[1], m[0]), line) for line in config[0])
        self.place.configure(text, self.book, *[bool(self.script.first(word)) for word in ('ntlm', 'plugin')])
        self.variables.update(self.book)

    def config(self):
        """What limits, credssp and about say."""
        def words(name):
            return [line.words[1:] for line in self.script.first(name)]

        about = {self.fqdn(host): ['delegation=credssp'] for host, in words('credssp')}
        for host, *pairs in words('about'):
            about.setdefault(self.fqdn(host), []).extend(pairs)
        limits = ['targets=.test.example'] + [pair for pairs in words('limits') for pair in pairs]
        lines = ['targets = {']
        for host, pairs in about.items():
            lines += ['%s = {' % host] + [pair.replace('=', ' = ', 1) for pair in pairs] + ['}']
        lines += ['}', 'gateway = {'] + [pair.replace('=', ' = ', 1) for pair in limits] + ['}']
        if words('credssp'):
            lines += ['credssp = {', 'delegate_to = ' + ' '.join(self.fqdn(host) for host, in words('credssp')), '}']
        return lines

    def go_through(self):
        """Returns why it failed, or None."""
        try:
            self.prepare()
            if endless := self.script.first('endless'):
                ends.EndlessBroker(self.place.runtime / 'broker', self.event('stepped') if endless[0].words[1:] else None)
            else:
                self.place.start_broker()
                self.log_in()
            options = self.script.first('gateway')
            self.place.start_gateway(options[0].words[1:] if options else [])
            self.variables['port'] = str(self.place.address[1])
            for line in self.script.lines:
                self.line = line
                self.obey(line)
                if self.over.is_set():
                    break
            self.line = None
            self.join()
            if not self.over.is_set():
                self.place.stop()
                for check in self.later:
                    check()
                for block in self.blocks:
                    block.check_no_other()
        except (Wrong, Bad) as why:
            self.over.set()
            self.join()
            where = 'line %d: %s\n' % (self.line.number, self.line.text) if getattr(self, 'line', None) else ''
            return where + str(why)
        finally:
            self.place.stop()
        return '\n'.join(block.failure for block in self.blocks if block.failure) or None

    def log_in(self):
        login = self.script.first('login')
        user = login[0].words[1] if login else 'alice'
        if user != 'none':
            self.place.log_in(user)

    def join(self):
        for block in self.blocks:
            if block.thread.ident is not None:
                wait_for(lambda b=block: not b.thread.is_alive())
                if block.thread.is_alive():
                    block.failure = '%s, line %d: %s\nhangs' % (block.name, block.line.number, block.line.text)
                    self.over.set()

    def obey(self, line):
        word, *rest = line.words
        if word in ('config', 'credssp', 'limits', 'about', 'gateway', 'login', 'ntlm', 'endless', 'plugin', 'must-fail'):
            return
        call = getattr(self, 'do_' + word, None)
        if call is None:
            raise Bad('no such command')
        call(line, *rest)

    def do_server(self, line, *_):
        line.block.thread.start()

    def do_client(self, line, *words):
        block = Client(self, words[0] if words else 'client', line.block)
        self.blocks.append(block)
        block.thread.start()
        if '&' not in words:
            wait_for(lambda: not block.thread.is_alive())
            want(not block.thread.is_alive(), 'the end of %s' % block.name, 'it hangs')

    def do_run(self, line, *words):
        status, out = self.place.command(*words)
        self.note('gss-winrm', ':', '%s: status %d\n%s' % (' '.join(words), status, out.rstrip()))
        want(status == 0, 'status 0', 'status %d, %s' % (status, out))

    def do_signal(self, line, name, who='gateway'):
        self.place.signal(who, name)

    def do_ended(self, line, who, status):
        seen = self.place.ended(who)
        want(str(seen) == status, '%s to end with status %s' % (who, status), seen)

    def look(self, name, op, regex):
        regex = re.sub(r'\$([a-z0-9]+)', lambda m: self.variables.get(m[1], m[0]), regex)
        if op == '~':
            found = wait_for(lambda: re.search(regex, self.place.said(name)))
            want(found, 'a line of the %s ~ %r' % (name, regex), self.place.said(name)[-3000:])
        else:
            self.later.append(lambda: want(not re.search(regex, self.place.said(name)), 'no line of the %s ~ %r' %
                                           (name, regex), self.place.said(name)[-3000:]))

    def do_log(self, line, op, regex):
        self.look('gateway', op, regex)

    def do_broker(self, line, op, regex):
        self.look('broker', op, regex)

    def do_trace(self, line, op, regex):
        self.look('trace', op, regex)

    def do_krb5(self, line, op, regex):
        self.look('krb5', op, regex)

    def do_await(self, line, name):
        wait_for(lambda: self.event(name).is_set() or self.over.is_set())
        want(self.event(name).is_set() or self.over.is_set(), 'go %s' % name, 'nothing')

    def do_go(self, line, name):
        self.event(name).set()

    def do_sessions(self, line, path, op, value):
        last = []

        def holds():
            value_of = json.loads(ends.ask(self.tickets(), b'\x02'))
            for key in path.split('.'):
                value_of = value_of[int(key)] if isinstance(value_of, list) and int(key) < len(value_of) else \
                    value_of.get(key) if isinstance(value_of, dict) else None
            last[:] = [value_of if isinstance(value_of, str) else json.dumps(value_of)]
            return OPS[op](last[0], value) or self.over.is_set()

        wait_for(holds)
        compare(path, op, value, last[0])

    def do_ticket(self, line, host, op, value):
        compare('answer', op, value, str(ends.ticket(self.tickets(), self.fqdn(host))[0]))
