#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What Fedora and EL have and Debian has not, as far as Debian's packages can stand in for it. Prints TAP; needs root,
a build, and tests/deps.sh packages.

Everything runs in a small system of this machine's release (tests/packages/root.py) with sssd-kcm in it, so that
nothing of the machine's has its default cache changed: Kerberos caches in a real sssd_kcm, under the krb5.conf of EL
with a crypto-policies include and sssd-kcm's own file. What needs no such system is in make check: tests/k5/el_*.tap,
tests/pam/authselect.tap, the mint's policies in tests/gateway.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'tests/packages'), str(TOP / 'tests/watch')]
import progress     # noqa: E402
import results      # noqa: E402
import root         # noqa: E402
from results import ok      # noqa: E402

PACKAGES = ['ca-certificates', 'iproute2', 'krb5-user', 'krb5-kdc', 'krb5-admin-server', 'libnss-wrapper', 'python3',
            'python3-gssapi', 'gss-ntlmssp', 'sssd-kcm']
PROGRAMS = ['t_names', 't_reject', 't_evidence']
NOBODY = 65534
SOCKET = Path('/run/.heim_org.h5l.kcm-socket')
# The first login of a day: nothing is named, the tickets are where krb5.conf says.
DEFAULT = '''
import gssapi, os, subprocess
subprocess.run(['kinit', 'alice'], input='alice\\n', text=True, check=True, stdout=subprocess.DEVNULL)
name = gssapi.Name('HTTP@web01.test.example', gssapi.NameType.hostbased_service)
gssapi.SecurityContext(name=name, usage='initiate', mech=gssapi.MechType.kerberos).step()
print(subprocess.run(['klist', '-C'], text=True, check=True, stdout=subprocess.PIPE).stdout)
'''


# --- In the system ------------------------------------------------------------

def as_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def start_kcm():
    """Each case has a cache of its own: more than the 64 that a user may have by default."""
    conf = Path('/etc/sssd/sssd.conf')
    conf.write_text('[sssd]\n[kcm]\nmax_uid_ccaches = 2000\nmax_ccaches = 0\n')
    conf.chmod(0o600)
    # As the unit does before it; newer versions read the file themselves.
    subprocess.run(['/usr/sbin/sssd', '--genconf-section=kcm'], check=False, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # pylint: disable=consider-using-with
    kcm = subprocess.Popen(['/usr/libexec/sssd/sssd_kcm', '--logger=stderr'], stderr=open('/tmp/kcm.log', 'wb'))
    progress.wait_for(lambda: SOCKET.exists() or kcm.poll() is not None)
    if kcm.poll() is not None or not SOCKET.exists():
        sys.exit('el: sssd_kcm does not start:\n' + Path('/tmp/kcm.log').read_text(errors='replace'))
    return kcm


def run_program(name, env):
    done = subprocess.run([sys.executable, str(TOP / 'tests/k5/run_tests.py'), name], env=env, preexec_fn=as_nobody,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', check=False)
    print('# %s' % name)
    for line in done.stdout.splitlines():
        result = re.match(r'(not )?ok \d+ - (.*)', line)
        if result:
            ok(not result.group(1), 'KCM: %s: %s' % (name, result.group(2)))
        elif not line.startswith('1..'):
            print('# ' + line.lstrip('# '))
    ok(done.returncode == 0, 'KCM: %s ends well' % name, 'status %d' % done.returncode)


def default_cache(env):
    """Nothing says which cache: sssd-kcm's own file does."""
    inner = 'import os, sys; sys.path.insert(0, %r); import realm, run_tests, pathlib, subprocess\n' % str(TOP / 'tests/k5')
    inner += '''
with realm.Realms() as realms:
    (realms.directory / 'krb5.conf.d/kcm_default_ccache').write_text(
        pathlib.Path('/etc/krb5.conf.d/kcm_default_ccache').read_text())
    env = run_tests.environment(realms, pathlib.Path(os.environ['top_builddir']), pathlib.Path(os.environ['top_srcdir']),
                                'default.py', 'no', '')
    env.pop('KRB5CCNAME')
    env.update(GSS_WINRM='always')
    sys.exit(subprocess.run([sys.executable, '-c', os.environ['DEFAULT']], env=env).returncode)
'''
    done = subprocess.run([sys.executable, '-c', inner], env=dict(env, DEFAULT=DEFAULT), preexec_fn=as_nobody,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    text = done.stdout
    ok(done.returncode == 0 and re.search(r'Ticket cache: KCM:%d' % NOBODY, text) and
       'HOST/web01.test.example@' in text and 'HTTP/web01.test.example@' not in text,
       'KCM: is the default cache, and has the ticket of the machine\'s name', text)


def inside(build):
    env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8', 'top_srcdir': str(TOP),
           'top_builddir': build, 'K5_SYSTEM': 'el-kcm'}
    kcm = start_kcm()
    try:
        default_cache(dict(env, K5_SYSTEM='el'))
        for name in PROGRAMS:
            run_program(name, env)
        ok(kcm.poll() is None, 'KCM: sssd_kcm still runs', Path('/tmp/kcm.log').read_text(errors='replace')[-2000:])
    finally:
        kcm.terminate()
        kcm.wait()
    return results.end()


def main():
    if sys.argv[1:2] == ['--inside']:
        return inside(sys.argv[2])
    if os.geteuid() != 0:
        print('1..0 # SKIP needs root')
        return 0
    build = str(Path(os.environ.get('top_builddir') or '.').resolve())
    with root.Root(root.archive(lambda text: print(text, flush=True), 'el', PACKAGES)) as system:
        command = system.command('/usr/bin/python3', '-B', str(Path(__file__).resolve()), '--inside', build,
                                 binds=(TOP, build))
        return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def interrupted(number, _):
    sys.exit(128 + number)


if __name__ == '__main__':
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, interrupted)
    sys.exit(main())
