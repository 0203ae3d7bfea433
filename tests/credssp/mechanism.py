#!/usr/bin/python3
"""The GSSAPI mechanism gss_credssp.so through python-gssapi, in an MIT realm (tests/k5/realm.py). Prints TAP.

Run without arguments it makes the realm and runs itself in it, with what a sanitized build wants preloaded.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'k5'))
import realm        # noqa: E402
import run_tests    # noqa: E402
from realm import progress      # noqa: E402

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
    module = build / 'plugin/credssp/.libs/gss_credssp.so'
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
    return env


def outside():
    with realm.Realms() as realms:
        return subprocess.run([sys.executable, __file__], env=inner_environment(realms), stdin=subprocess.DEVNULL,
                              check=False).returncode


# --- inside -------------------------------------------------------------------

class Results:
    """Results counted and printed."""
    count = failures = 0


def ok(good, name, why=''):
    Results.count += 1
    Results.failures += not good
    print('%sok %d - %s' % ('' if good else 'not ', Results.count, name), flush=True)
    if not good:
        print('# why: ' + str(why).replace('\n', '\n# '), flush=True)


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
    print('1..%d' % Results.count)
    return 1 if Results.failures else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except realm.Failure as failure:
        print('Bail out! %s' % failure)
        sys.exit(1)
