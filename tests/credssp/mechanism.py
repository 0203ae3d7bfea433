#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The GSSAPI mechanism gss_credssp.so through python-gssapi, in an MIT realm (tests/k5/realm.py). Prints TAP.

Run without arguments it makes the realm and runs itself in it, with what a sanitized build wants preloaded.
"""

import base64
import hashlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'k5'))
import realm        # noqa: E402
import run_tests    # noqa: E402
import results      # noqa: E402
import scarce       # noqa: E402
from realm import progress      # noqa: E402
from results import ok          # noqa: E402

OID = '2.25.1467839257'
KRB5 = bytes.fromhex('2a864886f712010202')
NTLM = bytes.fromhex('2b06010401823702020a')
HOST = 'web01.test.example'
POLICY = '''[appdefaults]
 winrm = {
  credssp = {
   delegate_to = %s
   ntlm = true
  }
 }
''' % HOST


# --- outside ------------------------------------------------------------------

def ntlmssp_line():
    """The line of gss-ntlmssp, as the system has it."""
    for path in Path('/etc/gss/mech.d').glob('*ntlmssp*'):
        for line in path.read_text().splitlines():
            if line.startswith('gssntlmssp'):
                return line + '\n'
    raise realm.Failure('gss-ntlmssp is not there: tests/deps.sh check installs it')


def inner_environment(realms):
    build = Path(os.environ.get('top_builddir') or '.').resolve()
    source = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2]).resolve()
    module = build / 'plugin/credssp/mech/.libs/gss_credssp.so'
    if not module.exists():
        raise realm.Failure('there is no %s: run make first' % module)
    here = realms.directory
    (here / 'mech.conf').write_text('gss_credssp %s %s\n%s' % (OID, module, ntlmssp_line()))
    (here / 'policy.conf').write_text(POLICY)
    users = here / 'ntlm'
    users.touch(mode=0o600)
    users.write_text('TEST:alice:alice\n')
    (here / 'password').touch(mode=0o600)
    (here / 'password').write_text('alice\nsecond line\n')
    sanitizer = os.environ.get('GW_SANITIZER', 'no')
    env = realm.clean_environment()
    env.update(realms.environment())
    env.update(run_tests.sanitizer_options(source, True))
    env.update(GSS_MECH_CONFIG=str(here / 'mech.conf'), NTLM_USER_FILE=str(users),
               KRB5_CONFIG='%s:%s' % (here / 'policy.conf', here / 'krb5.conf'),
               KRB5_KTNAME=realms.environment()['K5_MACHINE_KEYTAB'], KRB5CCNAME='MEMORY:none',
               LD_PRELOAD=':'.join(run_tests.sanitizer_runtimes(sanitizer) + [run_tests.nss_wrapper()]),
               NSS_WRAPPER_HOSTS=str(here / 'hosts'), NSS_WRAPPER_DISABLE_DEEPBIND='1',
               PYTHONDONTWRITEBYTECODE='1', INSIDE='yes')
    if sanitizer == 'no':
        env['SCARCE'] = str(build / 'tests/k5/.libs/scarce.so')
        env['LD_PRELOAD'] += ':' + env['SCARCE']
    return env


def outside():
    with realm.Realms() as realms:
        return subprocess.run([sys.executable, __file__], env=inner_environment(realms), stdin=subprocess.DEVNULL,
                              check=False).returncode


# --- inside -------------------------------------------------------------------

def inside():
    # Only here: the mechanisms are those of GSS_MECH_CONFIG.
    import gssapi                           # pylint: disable=import-outside-toplevel
    from gssapi import raw                  # pylint: disable=import-outside-toplevel
    mech = gssapi.OID.from_int_seq(OID)

    def acquire(store, usage='initiate', name=None):
        return gssapi.Credentials(raw.acquire_cred_from(
            {key.encode(): value.encode() for key, value in store.items()}, name, mechs=[mech], usage=usage).creds)

    def error_of(call, *arguments, **keywords):
        try:
            call(*arguments, **keywords)
        except gssapi.raw.GSSError as error:
            return str(error)
        return 'no error'

    def ends(cred, accept, target):
        name = gssapi.Name(target, gssapi.NameType.hostbased_service)
        return (gssapi.SecurityContext(name=name, creds=cred, mech=mech, usage='initiate'),
                gssapi.SecurityContext(creds=accept, usage='accept'))

    def establish(cred, accept, target):
        init, acc = ends(cred, accept, target)
        token, first = None, None
        while not acc.complete:
            token = init.step(token)
            first = first or token
            token = acc.step(token)
        return init, acc, first

    def inquire(context, number):
        return [bytes(x) for x in raw.inquire_sec_context_by_oid(
            context, gssapi.OID.from_int_seq('%s.%d' % (OID, number)))]

    accept = acquire({}, 'accept')
    file = os.environ['K5_DIR'] + '/password'
    for title, cred, target, inner, delegated in (
            ('Kerberos', acquire({'user': 'alice@TEST.EXAMPLE', 'password': 'alice', 'framing': 'rfc2743'}),
             'HOST@' + HOST, KRB5, [b'', b'alice@TEST.EXAMPLE', b'alice']),
            ('NTLM', acquire({'user': 'TEST\\alice', 'mechs': 'ntlm', 'password_file': file}),
             'sample@' + HOST, NTLM, [b'TEST', b'alice', b'alice'])):
        init, acc, first = establish(cred, accept, target)
        ok(init.complete and acc.complete, title + ' inside: both ends are done')
        ok(first[0] == 0x60, title + ': the first token is framed', first[:8])
        ok(inquire(init, 5) == [inner], title + ': the mechanism inside', inquire(init, 5))
        ok(inquire(init, 2) == [b'\6\0\0\0'], title + ': version 6', inquire(init, 2))
        ok(inquire(init, 3) == [b'TLSv1.3'] and inquire(init, 1) == [b'\x11\0\0\0'], title + ': TLS and the trailer')
        flags = gssapi.RequirementFlag
        wanted = {flags.mutual_authentication, flags.confidentiality, flags.integrity, flags.delegate_to_peer}
        ok(wanted <= set(init.actual_flags), title + ': the flags', init.actual_flags)
        ok(init.mech == mech and 'alice' in str(acc.initiator_name), title + ': names', acc.initiator_name)
        ok(acc.delegated_creds is not None and 'alice' in str(acc.delegated_creds.name), title + ': a delegated handle')
        ok(inquire(acc, 6) == delegated, title + ': what was delegated')
        ok('already fetched' in error_of(inquire, acc, 6), title + ': and only once', error_of(inquire, acc, 6))
        good = all(acc.unwrap(init.wrap(m, True).message).message == m and
                   init.unwrap(acc.wrap(m, True).message).message == m
                   for m in (b'x' * n for n in (1, 100, 16384, 16385, 70000)))
        ok(good, title + ': messages both ways')
        limit = raw.wrap_size_limit(init, 20000, True)
        ok(len(init.wrap(b'x' * limit, True).message) <= 20000 < len(init.wrap(b'x' * (limit + 1), True).message),
           title + ': wrap_size_limit is exact', limit)
    # The last one wrapped what nobody has read: a new pair.
    init, acc, _ = establish(acquire({'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm'}), accept,
                             'sample@' + HOST)
    for parts in ((raw.IOVBufferType.header, b'data' * 100, raw.IOVBufferType.trailer),
                  (raw.IOVBufferType.header, b'data' * 100)):
        iov = raw.IOV(*parts, std_layout=False)
        raw.wrap_iov(init, iov, True, None)
        whole = b''.join(part.value for part in iov)
        ok(acc.unwrap(whole).message == b'data' * 100, 'wrap_iov in %d parts is a record' % len(parts))
    ok('no error' not in error_of(init.export), 'a context cannot be exported')
    init, acc, _ = establish(acquire({'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm',
                                      'tls_max_version': '1.2'}), accept, 'sample@' + HOST)
    shared(ok, init, acc)
    bare = gssapi.SecurityContext(name=gssapi.Name('HTTP@' + HOST, gssapi.NameType.hostbased_service), mech=mech,
                                  creds=acquire({'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm'}))
    ok(bare.step()[:1] == b'\x16', "HTTP's first token is bare TLS")
    by_password = raw.acquire_cred_with_password(gssapi.Name('TEST\\alice', gssapi.NameType.user), b'alice',
                                                 usage='initiate', mechs=[mech]).creds
    init, acc, _ = establish(gssapi.Credentials(by_password), accept, 'sample@' + HOST)
    ok(init.complete and acc.complete, 'gss_acquire_cred_with_password')
    refusals(ok, error_of, acquire, ends, gssapi, mech)
    names(ok, error_of, gssapi, mech)
    parts_of_records(ok, error_of, gssapi, *establish(acquire({
        'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm'}), accept, 'sample@' + HOST)[:2])
    inquiries(ok, error_of, acquire, ends, gssapi, mech, inquire)
    certificates(ok, error_of, acquire, establish, inquire, raw)
    targets(ok, error_of, acquire, ends)
    scarce_memory(ok, acquire, establish, gssapi, mech)
    accepting(ok, acquire, ends)


def names(ok, error_of, gssapi, mech):
    """Names of the mechanism's own: what is exported comes back, and nothing that only looks like it."""
    raw, kinds = gssapi.raw, gssapi.NameType
    for text, kind in (('HTTP@' + HOST, kinds.hostbased_service), ('TEST\\alice', kinds.user)):
        name = raw.canonicalize_name(raw.import_name(text.encode(), kind), mech)
        exported = raw.export_name(name)
        back = raw.canonicalize_name(raw.import_name(exported, kinds.export), mech)
        ok(raw.compare_name(name, back) and raw.display_name(back, False).name == text.encode(),
           'an exported name comes back: ' + text, raw.display_name(back, False))
        ok(raw.compare_name(name, raw.duplicate_name(name)), 'a copy of it is the same name')
    other = raw.canonicalize_name(raw.import_name(b'bob', kinds.user), mech)
    ok(not raw.compare_name(name, other), 'another is not')
    for title, damaged in (('cut', exported[:-1]), ('with a byte left over', exported + b'x'),
                           ('of no kind', exported[:16] + b'\x09' + exported[17:]),
                           ('without its text', exported[:16])):
        said = error_of(lambda d=damaged: raw.canonicalize_name(raw.import_name(d, kinds.export), mech))
        ok(said != 'no error', 'refused: an exported name ' + title, said)
    found = {str(kind.dotted_form) for kind in raw.inquire_names_for_mech(mech)}
    ok({kinds.hostbased_service.dotted_form, kinds.user.dotted_form} <= found, 'the kinds of names', found)


def parts_of_records(ok, error_of, gssapi, init, acc):
    """gss_wrap_iov() and gss_unwrap_iov(), whose parts are those of one TLS record."""
    raw, kind, data = gssapi.raw, gssapi.raw.IOVBufferType, b'data' * 100

    def iov(*parts):
        return raw.IOV(*parts, std_layout=False)

    sizes = iov(kind.header, data, kind.padding, kind.trailer)
    raw.wrap_iov_length(init, sizes, True, None)
    made = iov(kind.header, data, kind.padding, kind.trailer)
    raw.wrap_iov(init, made, True, None)
    ok([len(part) for part in sizes] == [len(part) for part in made], 'wrap_iov_length tells the sizes',
       [len(part) for part in sizes])
    ok(made[2].value in (b'', None), 'there is no padding', made[2])
    back = iov((kind.header, False, made[0].value), (kind.data, False, made[1].value), kind.empty,
               (kind.trailer, False, made[3].value))
    raw.unwrap_iov(acc, back)
    ok(back[1].value == data, 'unwrap_iov in parts', back[1].value)
    # Not into the stream's own memory, which python-gssapi would free twice.
    stream = iov((kind.stream, False, init.wrap(data, True).message), (kind.data, True, None))
    raw.unwrap_iov(acc, stream)
    ok(stream[1].value == data, 'unwrap_iov of a stream', stream[1].value)
    for title, call, parts in (
            ('two headers', raw.wrap_iov, (kind.header, kind.header, data)),
            ('no header', raw.wrap_iov, (data, kind.trailer)),
            ('a stream to be made', raw.wrap_iov, (kind.header, data, (kind.stream, False, b'x'))),
            ('no data', raw.wrap_iov, (kind.header, b'')),
            ('more than a record', raw.wrap_iov, (kind.header, b'x' * 16385)),
            ('a header that is too small', raw.wrap_iov, ((kind.header, False, b'x'), data)),
            ('parts of another mechanism', raw.wrap_iov, (kind.header, data, (kind.mech_params, False, b'x')))):
        said = error_of(call, init, iov(*parts), True, None)
        ok(said != 'no error', 'refused: %s' % title, said)
    said = error_of(raw.unwrap_iov, acc, iov((kind.header, False, b'x')))
    ok('a buffer for the data' in said, 'refused: to decrypt into nothing', said)
    said = error_of(raw.wrap, init, data, True, 7)
    ok(said != 'no error', 'refused: a quality of protection', said)
    ok(acc.unwrap(init.wrap(data, True).message).message == data, 'after all that the context is whole')
    said = error_of(acc.unwrap, bytes(40))
    ok(said != 'no error', 'refused: what is no record', said)
    record = init.wrap(data, True).message
    said = error_of(acc.unwrap, record[:-1] + bytes([record[-1] ^ 1]))
    ok(said != 'no error', 'refused: a record of which one bit was changed', said)


def inquiries(ok, error_of, acquire, ends, gssapi, mech, inquire):  # pylint: disable=too-many-arguments
    """What a program can ask, of credentials and contexts, finished or not."""
    raw = gssapi.raw
    cred = acquire({'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm'})
    told = raw.inquire_cred_by_mech(cred, mech)
    ok(told.usage == 'initiate' and 'alice' in str(raw.display_name(told.name, False).name), 'inquire_cred_by_mech',
       told)
    told = raw.inquire_cred(cred)
    ok(mech in told.mechs and told.usage == 'initiate', 'inquire_cred', told)
    plain = gssapi.Credentials(raw.acquire_cred(None, mechs=[mech], usage='accept').creds)
    ok(plain.usage == 'accept', 'acquire_cred, for an acceptor')
    said = error_of(raw.acquire_cred, None, mechs=[mech], usage='initiate')
    ok(said != 'no error', 'refused: acquire_cred without a password', said)
    said = error_of(gssapi.SecurityContext(creds=cred, usage='accept').step, b'\x16\x03\x01\0\x01x')
    ok(said != 'no error', "refused: to accept with an initiator's credential", said)
    init, acc = ends(cred, plain, 'sample@' + HOST)
    token = init.step()
    ok('not established' in error_of(inquire, init, 2), 'refused: an inquiry before the end', error_of(inquire, init, 2))
    token = acc.step(token)
    while not acc.complete:
        token = acc.step(init.step(token))
    ok(raw.context_time(init) > 0, 'context_time')
    ok(inquire(init, 4) and b'AES' in inquire(init, 4)[0], 'which cipher', inquire(init, 4))
    ok('unknown inquiry' in error_of(inquire, init, 99), 'refused: an unknown inquiry', error_of(inquire, init, 99))
    said = error_of(raw.inquire_sec_context_by_oid, init, gssapi.OID.from_int_seq('1.2.840.113554.1.2.2.5.5'))
    ok(said != 'no error', "refused: another mechanism's inquiry", said)
    told = raw.inquire_context(acc)
    ok(told.complete and not told.locally_init and told.mech == mech, 'inquire_context', told)
    said = error_of(init.get_signature, b'x')
    ok(said != 'no error', 'refused: a MIC, which CredSSP has not', said)


def certificates(ok, error_of, acquire, establish, inquire, raw):     # pylint: disable=too-many-arguments
    """The acceptor's certificate, which the initiator can check: by its key, or by who has signed it."""
    here, user = os.environ['K5_DIR'], {'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm'}
    for name, host in (('good', HOST), ('other', 'web02.test.example')):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=' + host, '-days', '2',
                        '-addext', 'subjectAltName=DNS:' + host, '-keyout', '%s/%s.key' % (here, name), '-out',
                        '%s/%s.cert' % (here, name)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    spki = subprocess.run(['openssl', 'rsa', '-in', here + '/good.key', '-pubout', '-outform', 'DER'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    pin = hashlib.sha256(spki).digest()
    accept = {name: acquire({'certificate': '%s/%s.cert' % (here, name), 'key': '%s/%s.key' % (here, name)}, 'accept')
              for name in ('good', 'other')}
    for title, store in (('the pin in hexadecimal', {'tls_pin': pin.hex().upper()}),
                         ('the pin in base64', {'tls_pin': base64.b64encode(pin).decode()}),
                         ('the certificate as authority', {'tls_ca_file': here + '/good.cert'})):
        init, acc, _ = establish(acquire({**user, **store}), accept['good'], 'sample@' + HOST)
        ok(init.complete and acc.complete, 'a certificate that is checked: ' + title)
    for title, store, server, words in (
            ('another key than the pinned one', {'tls_pin': pin.hex()}, 'other', 'not the pinned one'),
            ('a certificate that nobody has signed', {'tls_ca_file': here + '/good.cert'}, 'other', 'unknown ca'),
            ("another host's certificate", {'tls_ca_file': here + '/other.cert'}, 'other', 'certificate')):
        said = error_of(establish, acquire({**user, **store}), accept[server], 'sample@' + HOST)
        ok(words in said, 'refused: ' + title, said)
    for title, store in (('a pin with a letter too many', {'tls_pin': 'g' * 64}),
                         ('a pin in half of base64', {'tls_pin': 'A' * 42 + '=='})):
        ok('not a SHA-256' in error_of(acquire, {**user, **store}), 'refused: ' + title)
    for store, words in (({'certificate': here + '/none', 'key': here + '/good.key'}, here + '/none'),
                         ({'certificate': here + '/good.cert', 'key': here + '/none'}, here + '/none'),
                         ({'tls_ciphers': 'no-such'}, 'no known cipher')):
        said = error_of(acquire, store, 'accept')
        ok(words in said, 'refused: a server with %s' % ', '.join(store), said)
    # Not AEAD: a record's size depends on the block and the MAC.
    cbc = acquire({'tls_max_version': '1.2', 'tls_ciphers': 'AES128-SHA:AES256-SHA256'}, 'accept')
    init, acc, _ = establish(acquire({**user, 'tls_max_version': '1.2'}), cbc, 'sample@' + HOST)
    good = all(acc.unwrap(init.wrap(b'x' * n, True).message).message == b'x' * n for n in (1, 15, 16, 17, 16384, 40000))
    ok(good and b'SHA' in inquire(init, 4)[0], 'a cipher of blocks: messages', inquire(init, 4))
    for size in (1, 15, 16, 100):
        iov = raw.IOV(raw.IOVBufferType.header, b'x' * size, raw.IOVBufferType.trailer, std_layout=False)
        raw.wrap_iov(init, iov, True, None)
        ok(acc.unwrap(b''.join(part.value for part in iov)).message == b'x' * size, '... %d bytes in parts' % size)
    limit = raw.wrap_size_limit(init, 20000, True)
    ok(len(init.wrap(b'x' * limit, True).message) <= 20000, '... and wrap_size_limit', limit)


def targets(ok, error_of, acquire, ends):
    """Whose name the password may go to, and what is said of others."""
    store = {'user': 'alice@TEST.EXAMPLE', 'password': 'alice', 'mechs': 'krb5'}
    for target, words in (('HTTP@' + HOST, 'no error'), ('CUSTOM@' + HOST, 'no error'),
                          ('sample@10.1.2.3', 'delegate_to|is an address'),
                          ('sample@%s' % ('x' * 300), 'not the name of a host|delegate_to|too long'),
                          ('http@' + HOST, 'no error')):
        init, _ = ends(acquire(store), None, target)
        said = error_of(init.step)
        ok(re.search(words, said), 'a target: ' + target[:40], said)


def scarce_memory(ok, acquire, establish, gssapi, mech):   # pylint: disable=redefined-outer-name
    """No memory, in each place once: an error, and never more than that."""
    raw, kinds, library = gssapi.raw, gssapi.NameType, os.environ.get('SCARCE')
    if library is None:
        ok(True, 'no memory # SKIP the sanitizer has the allocator')
        return

    here = os.environ['K5_DIR']
    files = {'certificate': here + '/good.cert', 'key': here + '/good.key'}
    accept = acquire(files, 'accept')

    def context(target, **store):
        def work():
            init, acc, _ = establish(acquire(store), accept, target)
            str(acc.initiator_name), str(acc.delegated_creds.name)
            acc.unwrap(init.wrap(b'x' * 20000, True).message)
            iov = raw.IOV(raw.IOVBufferType.header, b'x', raw.IOVBufferType.trailer, std_layout=False)
            raw.wrap_iov(init, iov, True, None)
            for number in range(1, 7):
                raw.inquire_sec_context_by_oid(acc if number == 6 else init,
                                               gssapi.OID.from_int_seq('%s.%d' % (OID, number)))
        return work

    def handles():
        name = raw.canonicalize_name(raw.import_name(b'HTTP@' + HOST.encode(), kinds.hostbased_service), mech)
        raw.compare_name(name, raw.duplicate_name(name))
        raw.canonicalize_name(raw.import_name(raw.export_name(name), kinds.export), mech)
        cred = acquire({'user': 'TEST\\alice', 'password': 'alice', 'mechs': 'ntlm', 'tls_pin': '00' * 32})
        raw.inquire_cred(cred), raw.inquire_cred_by_mech(cred, mech)
        acquire(files, 'accept')
        raw.inquire_names_for_mech(mech), raw.inquire_attrs_for_mech(mech)

    for what, work in (
            ('names and credentials', handles),
            ('Kerberos', context('HOST@' + HOST, user='alice@TEST.EXAMPLE', password='alice', framing='rfc2743')),
            ('NTLM', context('sample@' + HOST, user='TEST\\alice', password='alice', mechs='ntlm'))):
        scarce.each_fails(ok, library, 'gss_credssp.so', 'no memory: ' + what, work, raw.GSSError)


def accepting(ok, acquire, ends):
    """Without a credential the acceptor has the process's keytab, and a certificate of its own."""
    init, acc = ends(acquire({'user': 'alice@TEST.EXAMPLE', 'password': 'alice', 'framing': 'rfc2743'}), None,
                     'HOST@' + HOST)
    token = init.step()
    while not acc.complete:
        token = acc.step(token)
        token = init.step(token) if token else None
    ok(acc.complete and init.complete, 'an acceptor without a credential')


def shared(ok, init, acc):      # pylint: disable=redefined-outer-name
    """One context, and threads that send and receive by it at once."""
    there = [[b'%d' % (1000 + n) * 1000 * k for n in range(300)] for k in range(1, 5)]
    back = [acc.wrap(message, True).message for message in there[0]]
    records, heard = [], []
    threads = [threading.Thread(target=lambda part=part: records.extend(init.wrap(m, True).message for m in part))
               for part in there]
    threads.append(threading.Thread(target=lambda: heard.extend(init.unwrap(r).message for r in back)))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    # With TLS 1.2 and GCM a record's nonce is seen, and counts: so does the order in which they were made.
    records.sort(key=lambda record: record[5:13])
    try:
        arrived = [acc.unwrap(record).message for record in records]
    except Exception as error:          # pylint: disable=broad-except
        arrived = [str(error)]
    ok(heard == there[0] and sorted(arrived) == sorted(sum(there, [])), 'threads share a context',
       '%d records, %d arrived, %d heard: %.200s' % (len(records), len(arrived), len(heard), arrived[-1]))


def refusals(ok, error_of, acquire, ends, gssapi, mech):    # pylint: disable=redefined-outer-name,too-many-arguments
    """What must not work, and what is said then."""
    good = {'user': 'TEST\\alice', 'password': 'alice'}
    here = os.environ['K5_DIR']
    os.chmod(here + '/hosts', 0o644)
    for title, store, words in (
            ('an unknown key', {**good, 'passwrod': 'x'}, 'unknown key passwrod'),
            ('no user', {'password': 'alice'}, 'needs a user and a password'),
            ('no password', {'user': 'alice'}, 'needs a user and a password'),
            ('a password file open to others', {'user': 'a', 'password_file': here + '/hosts'}, 'chmod 600'),
            ('a password file that is not there', {'user': 'a', 'password_file': here + '/none'}, 'No such file'),
            ('mechs', {**good, 'mechs': 'krb5,lm'}, 'takes a list'),
            ('a TLS version', {**good, 'tls_min_version': '2.0'}, 'takes 1.0'),
            ('a pin', {**good, 'tls_pin': 'abc'}, 'not a SHA-256'),
            ('a CA file', {**good, 'tls_ca_file': here + '/none'}, 'No such file'),
            ('a minimum version', {**good, 'minimum_version': '7'}, 'takes 2 to 6')):
        said = error_of(acquire, store)
        ok(words in said, 'refused: ' + title, said)
    init, _ = ends(acquire(good), None, 'sample@web02.test.example')
    said = error_of(init.step)
    ok('delegate_to' in said, 'refused: a target that krb5.conf does not name', said)
    store = {'user': 'alice@TEST.EXAMPLE', 'password': 'wrong', 'mechs': 'krb5'}
    said = error_of(ends(acquire(store), None, 'sample@' + HOST)[0].step)
    ok('no Kerberos ticket' in said, 'refused: a wrong password', said)
    # krb5 would take what is in front of a NUL: a program that has looked at all of the name has seen another one.
    two = gssapi.Name(b'sample@%s\0.evil.example' % HOST.encode(), gssapi.NameType.hostbased_service)
    said = error_of(two.canonicalize, mech)
    ok('a NUL' in said, 'refused: a name with a NUL in it', said)
    counted = gssapi.Name(b'sample@%s\0' % HOST.encode(), gssapi.NameType.hostbased_service)
    ok(error_of(counted.canonicalize, mech) == 'no error', 'but not for a NUL that was counted with it')
    negotiates = gssapi.OID.from_int_seq('1.3.6.1.5.5.13.4')
    attributes = gssapi.raw.inquire_attrs_for_mech(mech).mech_attrs
    ok(negotiates in attributes, 'SPNEGO is told not to choose it', attributes)


def samples(ok):    # pylint: disable=redefined-outer-name
    """MIT's gss-sample at both ends. (CredSSP has no MIC: -nm.)"""
    service, port = 'CUSTOM@' + HOST, str(realm.free_ports(1)[0])
    server = subprocess.Popen([realm.tool('gss-server'), '-port', port, '-once', service], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    try:
        said = ''
        done = None

        def met():
            """The server may not listen yet."""
            nonlocal done
            done = progress.run(
                [realm.tool('gss-client'), '-port', port, '-mech', '{ %s }' % OID.replace('.', ' '), '-nm', '-user',
                 'alice@TEST.EXAMPLE', '-pass', 'alice', HOST, service, 'hello from gss-client'],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            return 'onnect' not in done.stdout

        progress.wait_for(met)
        said, _ = progress.communicate(server)
        ok(done.returncode == 0 and 'Received message: "hello from gss-client"' in said, "MIT's gss-sample, both ends",
           done.stdout + said)
    finally:
        server.kill()
        server.wait()


def main():
    if os.environ.get('INSIDE') != 'yes':
        return outside()
    inside()
    samples(ok)
    return results.end()


if __name__ == '__main__':
    try:
        sys.exit(main())
    except realm.Failure as failure:
        print('Bail out! %s' % failure)
        sys.exit(1)
