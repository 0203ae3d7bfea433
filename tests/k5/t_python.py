#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The same through python-gssapi, as Python's WinRM clients use GSSAPI. Run by run_tests.py; prints TAP."""

import ast
import base64
import copy
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading

import gssapi
import gssapi.raw

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../watch'))
import results          # noqa: E402
from results import ok      # noqa: E402

KRB5 = gssapi.MechType.kerberos
SPNEGO = gssapi.OID.from_int_seq('1.3.6.1.5.5.2')
FLAGS = (gssapi.RequirementFlag.mutual_authentication | gssapi.RequirementFlag.confidentiality
         | gssapi.RequirementFlag.integrity | gssapi.RequirementFlag.replay_detection
         | gssapi.RequirementFlag.out_of_sequence_detection)
DELEGATE = gssapi.RequirementFlag.delegate_to_peer
DIRECTORY = os.environ.get('K5_DIR', '')
NUMBERS = itertools.count(1)


def same(got, wanted, name):
    return ok(got == wanted, name, 'got %r, expected %r' % (got, wanted))


def error_of(call, *args, **keywords):
    """(major status, text) of the GSSError that a call raises, or None."""
    try:
        call(*args, **keywords)
    except gssapi.raw.GSSError as error:
        return error.maj_code, error.get_all_statuses(error.maj_code, True) + error.get_all_statuses(
            error.min_code, False)
    return None


# --- the acceptor, in a process of its own -------------------------------------

def peer():
    """Serve one context after the other over standard input and output, a JSON object a line."""
    context = None
    for line in sys.stdin:
        request = {key: base64.b64decode(value) for key, value in json.loads(line).items()}
        reply = {}
        try:
            if 'accept' in request:
                if context is None:
                    context = gssapi.SecurityContext(usage='accept')
                reply['token'] = context.step(request['accept']) or b''
                if context.complete:
                    reply['source'] = str(context.initiator_name).encode()
                    reply['target'] = str(context.target_name).encode()
                    reply['delegated'] = str(context.delegated_creds.name).encode() if context.delegated_creds else b''
            elif 'wrap' in request:
                reply['message'] = context.wrap(request['wrap'], True).message
            elif 'unwrap' in request:
                reply['message'] = context.unwrap(request['unwrap']).message
            elif 'mic' in request:
                reply['message'] = context.get_signature(request['mic'])
            else:
                context = None
        except gssapi.raw.GSSError as error:
            reply['token'] = error.token or b''
            reply['error'] = str(error).encode()
            context = None
        print(json.dumps({key: base64.b64encode(value).decode() for key, value in reply.items()}), flush=True)


class Peer:
    """A peer process without the plugin, with a keytab."""

    def __init__(self, keytab, interposed=False):
        env = dict(os.environ, KRB5_KTNAME='FILE:%s/%s.keytab' % (DIRECTORY, keytab))
        if not interposed:
            env['GSS_MECH_CONFIG'] = '/dev/null'
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([sys.executable, __file__, 'peer'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=env, text=True)

    def call(self, **request):
        self.process.stdin.write(json.dumps({key: base64.b64encode(value).decode()
                                             for key, value in request.items()}) + '\n')
        self.process.stdin.flush()
        return {key: base64.b64decode(value) for key, value in json.loads(self.process.stdout.readline()).items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


# --- a case's files ---------------------------------------------------------------

def configure(winrm=''):
    """A krb5.conf of its own with this winrm section, and a ccache with alice's ticket-granting ticket."""
    number = next(NUMBERS)
    path = '%s/python.conf.%d' % (DIRECTORY, number)
    with open(path, 'w', encoding='utf-8') as conf:
        conf.write('include %s/krb5.conf\n[appdefaults]\n winrm = {\n%s\n }\n' % (DIRECTORY, winrm))
    ccache = '%s/python.cc.%d' % (DIRECTORY, number)
    shutil.copyfile(DIRECTORY + '/alice', ccache)
    os.environ['KRB5_CONFIG'] = path
    os.environ['KRB5CCNAME'] = 'FILE:' + ccache
    return ccache


def tickets(ccache):
    done = subprocess.run(['klist', ccache], env={'PATH': os.environ['PATH']}, stdout=subprocess.PIPE, text=True,
                          check=True)
    words = [line.split()[-1] for line in done.stdout.splitlines() if '@TEST.EXAMPLE' in line and '  ' in line]
    return [word.split('@')[0] for word in words if not word.startswith('krbtgt/')]


def host(name):
    return gssapi.Name('HTTP@' + name, gssapi.NameType.hostbased_service)


def initiator(name='web01.test.example', mech=KRB5, flags=FLAGS, **keywords):
    return gssapi.SecurityContext(name=host(name), mech=mech, flags=flags, usage='initiate', **keywords)


def exchange(context, acceptor):
    """Until both are done; returns the acceptor's last reply."""
    token, reply = context.step(), {}
    while token:
        reply = acceptor.call(accept=token)
        if 'error' in reply:
            return reply
        token = context.step(reply['token']) if reply['token'] else None
    return reply


# --- the tests ------------------------------------------------------------------------

def test_contexts():
    for mech, what in ((KRB5, 'krb5'), (SPNEGO, 'SPNEGO')):
        ccache = configure('match = always')
        with Peer('machine') as acceptor:
            context = initiator(mech=mech)
            reply = exchange(context, acceptor)
            ok(context.complete and 'error' not in reply, what + ': a context', reply)
            same(reply.get('source'), b'alice@TEST.EXAMPLE', what + ': the acceptor sees alice')
            same(str(context.target_name), 'HOST/web01.test.example@TEST.EXAMPLE', what + ': the target')
            same(context.mech, KRB5, what + ': the mechanism is krb5\'s public one')
            same(tickets(ccache), ['HOST/web01.test.example'], what + ': the ticket')
            ok(context.lifetime > 0 and context.locally_initiated, what + ': inquiries')
            wrapped = context.wrap(b'to the server', True)
            ok(wrapped.encrypted, what + ': encrypted')
            same(acceptor.call(unwrap=wrapped.message)['message'], b'to the server', what + ': wrap')
            same(context.unwrap(acceptor.call(wrap=b'from it')['message']).message, b'from it', what + ': unwrap')
            context.verify_signature(b'signed', acceptor.call(mic=b'signed')['message'])
            ok(True, what + ': a signature')
            test_iov(context, acceptor, what)
            ok(error_of(context.verify_signature, b'forged', acceptor.call(mic=b'signed')['message']),
               what + ': a signature of something else')
            moved = gssapi.SecurityContext(token=context.export())
            wrapped = moved.wrap(b'moved', True)
            same(acceptor.call(unwrap=wrapped.message)['message'], b'moved', what + ': an exported context goes on')


def test_iov(context, acceptor, what):
    """As pypsrp encrypts: header and data apart."""
    iov = gssapi.raw.IOV(gssapi.raw.IOVBufferType.header, b'<xml/>', gssapi.raw.IOVBufferType.padding,
                         gssapi.raw.IOVBufferType.trailer, std_layout=False)
    gssapi.raw.wrap_iov(context, iov, confidential=True)
    token = b''.join(buffer.value or b'' for buffer in iov)
    same(acceptor.call(unwrap=token)['message'], b'<xml/>', what + ': wrap_iov')
    message = acceptor.call(wrap=b'<answer/>')['message']
    # The data must be allocated by GSSAPI: python-gssapi frees it, whosever it is.
    iov = gssapi.raw.IOV((gssapi.raw.IOVBufferType.stream, message), (gssapi.raw.IOVBufferType.data, True, None),
                         std_layout=False)
    gssapi.raw.unwrap_iov(context, iov)
    same(iov[1].value, b'<answer/>', what + ': unwrap_iov')


def test_evidence():
    with socket.create_server(('127.0.11.1', 0)) as listener:
        port = listener.getsockname()[1]
        ccache = configure(' ports = %d' % port)
        exchange_first_leg(ccache, 'HTTP/web01.test.example', 'no connection yet')
        with socket.create_connection(('127.0.11.1', port)):
            ccache = configure(' ports = %d' % port)
            exchange_first_leg(ccache, 'HOST/web01.test.example', 'a connection')
        ccache = configure(' ports = %d' % port)
        exchange_first_leg(ccache, 'HTTP/web01.test.example', 'a closed one')


def exchange_first_leg(ccache, ticket, what):
    initiator().step()
    same(tickets(ccache), [ticket], 'evidence: ' + what)


def test_program():
    """A script's name is the program's, not the interpreter's."""
    ccache = configure(' programs = t_python.py')
    initiator().step()
    same(tickets(ccache), ['HOST/web01.test.example'], 'programs: this script')
    ccache = configure(' programs = python3 python3.11 python')
    initiator().step()
    same(tickets(ccache), ['HTTP/web01.test.example'], 'programs: not the interpreter')


def test_delegation():
    for setting, expected in (('none', b''), ('kerberos', b'alice@TEST.EXAMPLE')):
        configure('match = always\n delegation = ' + setting)
        with Peer('machine') as acceptor:
            reply = exchange(initiator(), acceptor)
            same(reply.get('delegated'), expected, 'delegation = ' + setting)
    configure('match = always')
    with Peer('machine') as acceptor:
        reply = exchange(initiator(flags=FLAGS | DELEGATE), acceptor)
        same(reply.get('delegated'), b'alice@TEST.EXAMPLE', 'delegation that the program asks for')


def test_credentials():
    configure('match = always')
    bob = gssapi.Credentials(usage='initiate', store={'ccache': 'FILE:%s/bob' % DIRECTORY})
    same(str(bob.name), 'bob@TEST.EXAMPLE', 'credentials from a store')
    with Peer('machine') as acceptor:
        same(exchange(initiator(creds=bob), acceptor).get('source'), b'bob@TEST.EXAMPLE', 'credentials: as bob')
    moved = gssapi.Credentials(token=bob.export())
    same(str(moved.name), 'bob@TEST.EXAMPLE', 'credentials: exported and imported')
    with Peer('machine') as acceptor:
        reply = exchange(initiator(creds=moved), acceptor)
        same((reply.get('source'), reply.get('target')),
             (b'bob@TEST.EXAMPLE', b'HOST/web01.test.example@TEST.EXAMPLE'), 'credentials: and used')
    alice = gssapi.Credentials(name=gssapi.Name('alice', gssapi.NameType.user), usage='initiate')
    same((str(alice.name), alice.usage, alice.lifetime > 0), ('alice@TEST.EXAMPLE', 'initiate', True),
         'credentials by name')
    same(set(alice.mechs) & {KRB5}, {KRB5}, 'credentials: for krb5\'s public mechanism')
    password = gssapi.raw.acquire_cred_with_password(gssapi.Name('alice', gssapi.NameType.user), b'alice',
                                                     usage='initiate')
    with Peer('machine') as acceptor:
        reply = exchange(initiator(creds=gssapi.Credentials(password.creds)), acceptor)
        same(reply.get('target'), b'HOST/web01.test.example@TEST.EXAMPLE', 'credentials by password')
    store = 'FILE:%s/python.stored' % DIRECTORY
    alice.store({'ccache': store}, overwrite=True)
    same(str(gssapi.Credentials(usage='initiate', store={'ccache': store}).name), 'alice@TEST.EXAMPLE',
         'credentials: stored')


def test_s4u():
    configure('match = always')
    service = gssapi.Credentials(usage='both', store={'ccache': 'FILE:%s/gw' % DIRECTORY,
                                                      'keytab': 'FILE:%s/gw.keytab' % DIRECTORY})
    alice = service.impersonate(gssapi.Name('alice', gssapi.NameType.user))
    same(str(alice.name), 'alice@TEST.EXAMPLE', 'S4U2Self')


def test_names():
    """Names are as they always were."""
    configure('match = always')
    name = host('web01.test.example')
    canonical = name.canonicalize(KRB5)
    same(str(canonical), 'HTTP/web01.test.example@TEST.EXAMPLE', 'names: canonical')
    # Not gss_compare_name of these two: the mechglue gives one the interposer's OID and the other krb5's, and takes
    # them for different without asking a mechanism.
    imported = gssapi.Name(canonical.export(), gssapi.NameType.export)
    same((str(imported), imported.export()), (str(canonical), canonical.export()), 'names: exported and imported')
    same((imported == name, canonical == name), (True, True), 'names: equal to what they were made of')
    same(copy.copy(name), name, 'names: a copy is the same')
    ok(name != host('web02.test.example'), 'names: different ones are not')
    same(sorted(str(attribute) for attribute in gssapi.raw.inquire_name(canonical).attrs), [], 'names: attributes')


def test_errors():
    """The same exceptions as without the plugin."""
    configure('match = always')
    for what, name, plain in (('an expired service', 'web05.test.example', 'HOST@web05.test.example'),
                              ('an unknown host', 'web08.test.example', 'HTTP@web08.test.example')):
        mine = error_of(initiator(name).step)
        code = ('import sys; sys.path.insert(0, %r); import t_python as t, gssapi; '
                'print(t.error_of(gssapi.SecurityContext(name=gssapi.Name(%r, gssapi.NameType.hostbased_service), '
                'mech=t.KRB5, flags=t.FLAGS, usage="initiate").step))' % (os.path.dirname(__file__), plain))
        bare = subprocess.run([sys.executable, '-c', code], env=dict(os.environ, GSS_MECH_CONFIG='/dev/null'),
                              stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        same(str(mine), bare, 'errors: ' + what)


def rare(target):
    """What the calls say that hardly any program makes: [(call, answer or error)]. target is of class HTTP with the
    plugin, and what that makes of it without."""
    raw, said = gssapi.raw, []

    def note(what, call, *args, **keywords):
        error = None
        try:
            answer = call(*args, **keywords)
        except gssapi.raw.GSSError as failed:
            answer, error = None, error_of_failed(failed)
        said.append((what, str(error or answer)))
        return answer

    def error_of_failed(error):
        return error.get_all_statuses(error.maj_code, True) + error.get_all_statuses(error.min_code, False)

    canonical = raw.canonicalize_name(host('web02.test.example'), KRB5)
    note('duplicate_name', lambda: raw.display_name(raw.duplicate_name(canonical), False).name)
    note('duplicate_name, not canonical', lambda: raw.display_name(raw.duplicate_name(host('web02')), False).name)
    note('compare_name', lambda: [raw.compare_name(canonical, raw.duplicate_name(canonical)),
                                  raw.compare_name(canonical, raw.canonicalize_name(host('web03'), KRB5))])
    note('display_name_ext', raw.display_name_ext, canonical, gssapi.NameType.user)
    note('export_name_composite', raw.export_name_composite, canonical)
    note('get_name_attribute', raw.get_name_attribute, canonical, b'urn:x')
    note('set_name_attribute', raw.set_name_attribute, canonical, b'urn:x', [b'y'], True)
    note('delete_name_attribute', raw.delete_name_attribute, canonical, b'urn:x')
    note('import_name of nonsense', raw.import_name, b'nonsense', gssapi.NameType.export)
    note('inquire_saslname_for_mech', lambda: tuple(raw.inquire_saslname_for_mech(KRB5)))
    note('inquire_mech_for_saslname', lambda: raw.inquire_mech_for_saslname(b'GS2-KRB5').dotted_form)
    note('inquire_mech_for_saslname, none', raw.inquire_mech_for_saslname, b'NO-SUCH')
    note('inquire_names_for_mech', lambda: sorted(kind.dotted_form for kind in raw.inquire_names_for_mech(KRB5)))
    note('inquire_attrs_for_mech', lambda: sorted(attr.dotted_form for attr in
                                                  raw.inquire_attrs_for_mech(KRB5).mech_attrs))
    creds = note('acquire_cred', lambda: raw.acquire_cred(None, mechs=[KRB5], usage='initiate').creds.__class__) and \
        raw.acquire_cred(None, mechs=[KRB5], usage='initiate').creds
    note('inquire_cred_by_mech', lambda: raw.display_name(raw.inquire_cred_by_mech(creds, KRB5).name, False).name)
    note('inquire_cred_by_oid', raw.inquire_cred_by_oid, creds, gssapi.OID.from_int_seq('1.2.3'))
    note('set_cred_option', raw.set_cred_option, gssapi.OID.from_int_seq('1.2.3'), creds, b'x')
    note('krb5_set_allowable_enctypes', raw.krb5_set_allowable_enctypes, creds, [18, 17])
    note('store_cred', lambda: raw.store_cred(creds, usage='initiate', overwrite=True).usage)
    note('import_cred of nonsense', raw.import_cred, b'nonsense')
    context = gssapi.SecurityContext(name=gssapi.Name(target, gssapi.NameType.hostbased_service), mech=KRB5, flags=FLAGS,
                                     usage='initiate', creds=gssapi.Credentials(creds))
    with Peer('machine') as acceptor:
        exchange(context, acceptor)
        note('a context', lambda: context.complete)
        note('wrap_aead', lambda: len(raw.wrap_aead(context, b'text', b'beside').message))
        note('unwrap_aead', raw.unwrap_aead, context, b'nonsense', b'beside')
        note('process_context_token', raw.process_context_token, context, b'nonsense')
        note('context_time', lambda: raw.context_time(context) > 0)
        note('inquire_context', lambda: (lambda told: (told.mech.dotted_form, told.locally_init, told.complete))(
            raw.inquire_context(context)))
        note('inquire_sec_context_by_oid', raw.inquire_sec_context_by_oid, context, gssapi.OID.from_int_seq('1.2.3'))
        note('set_sec_context_option', raw.set_sec_context_option, gssapi.OID.from_int_seq('1.2.3'), context, b'x')
        note('krb5_get_tkt_flags', lambda: raw.krb5_get_tkt_flags(context) != 0)
    note('set_sec_context_option, of none', raw.set_sec_context_option, gssapi.OID.from_int_seq('1.2.3'), None, b'x')
    note('import_sec_context of nonsense', raw.import_sec_context, b'nonsense')
    return said


def test_rare():
    """The same answers as without the plugin, of which nothing may be seen in calls that it hands on."""
    configure('match = always')
    mine = rare('HTTP@web01.test.example')
    code = ('import sys; sys.path.insert(0, %r); import t_python; print(t_python.rare("HOST@web01.test.example"))'
            % os.path.dirname(__file__))
    done = subprocess.run([sys.executable, '-B', '-c', code], env=dict(os.environ, GSS_MECH_CONFIG='/dev/null'),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if not ok(done.returncode == 0, 'rare calls: without the plugin', done.stdout):
        return
    for (what, answer), (_, bare) in zip(mine, ast.literal_eval(done.stdout)):
        same(answer, bare, 'rare calls: ' + what)


def test_rejection():
    """As requests-kerberos: a fresh context that is given the rejection of the one before."""
    ccache = configure('match = always')
    with Peer('machine') as acceptor:
        context = initiator('web11.test.example')
        reply = acceptor.call(accept=context.step())
        ok('error' in reply and reply['token'], 'rejection: the server refuses the first name', reply)
        context = initiator('web11.test.example')
        token = context.step(reply['token'])
        reply = acceptor.call(accept=token)
        context.step(reply.get('token'))
        same((context.complete, str(context.target_name)), (True, 'WSMAN/web11.test.example@TEST.EXAMPLE'),
             'rejection: a fresh context heals')
    same(tickets(ccache), ['HOST/web11.test.example', 'WSMAN/web11.test.example'], 'rejection: the tickets')


def test_acceptor():
    configure('match = always')
    with Peer('machine', interposed=True) as acceptor:
        reply = exchange(initiator(), acceptor)
        same(reply.get('target'), b'HOST/web01.test.example@TEST.EXAMPLE', 'an interposed acceptor')


def test_threads():
    """python-gssapi releases the interpreter's lock within GSSAPI calls."""
    configure('match = always')
    # nss_wrapper is thread-safe only once it has read its file.
    socket.getaddrinfo('web01.test.example', 80)
    failed = []

    def client():
        try:
            with Peer('machine') as acceptor:
                for number in range(10):
                    reply = exchange(initiator(mech=SPNEGO if number % 2 else KRB5), acceptor)
                    acceptor.call(reset=b'')
                    if reply.get('target') != b'HOST/web01.test.example@TEST.EXAMPLE':
                        failed.append(reply)
        except Exception as error:      # pylint: disable=broad-except
            failed.append(error)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(failed, [], '8 threads, 10 contexts each')


def loaded():
    gssapi.raw.indicate_mechs()
    with open('/proc/self/maps', encoding='ascii', errors='replace') as maps:
        return any(line.rstrip('\n').endswith(' ' + os.environ['K5_MODULE']) for line in maps)


def main():
    if sys.argv[1:] == ['peer']:
        peer()
        return 0
    if not loaded():
        print('Bail out! the interposer is not loaded in this process (GSS_MECH_CONFIG=%s)'
              % os.environ.get('GSS_MECH_CONFIG'))
        return 3
    for test in (test_contexts, test_evidence, test_program, test_delegation, test_credentials, test_s4u, test_names,
                 test_errors, test_rare, test_rejection, test_acceptor, test_threads):
        try:
            test()
        except Exception as error:      # pylint: disable=broad-except
            ok(False, test.__name__, '%s: %s' % (type(error).__name__, error))
    return results.end()


if __name__ == '__main__':
    sys.exit(main())
