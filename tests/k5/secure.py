#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run tests/k5/secure with AT_SECURE set, and see that its environment is ignored. Called by t_process.

A process is secure when it gains something by its execution: a group, by a setgid bit (for root, who may give the
program to another group), or a capability that its file has (for anyone: in a user namespace of one's own the file
gets it, and a second namespace within, where one is not root, runs it). Such a process takes its configuration from
/etc only, so /etc is replaced, in a mount namespace, by a directory with the little that is needed.

Prints "ok WHAT", "not ok WHAT" and, where the kernel allows neither way, "SKIP WHY".
"""

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

# Since Debian 13 klist is one of the alternatives.
FROM_ETC = ['alternatives', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'nsswitch.conf', 'passwd', 'group', 'hosts',
            'localtime']
MECHANISM = 'gss_winrm 2.25.1467839256 %s <interposer>\n'
PLAIN = 'HTTP/web01.test.example@TEST.EXAMPLE'
MACHINE = 'HOST/web01.test.example@TEST.EXAMPLE'

# What the environment says, what /etc/krb5.conf says, and which ticket is then asked for.
CASES = [
    ('GSS_WINRM=always is ignored', {'GSS_WINRM': 'always'}, '', PLAIN),
    ('GSS_WINRM=off is ignored', {'GSS_WINRM': 'off'}, 'match = always', MACHINE),
    ('GSS_USE_PROXY=yes is ignored', {'GSS_USE_PROXY': 'yes'}, 'match = always', MACHINE),
]


def set_group(program):
    """The first way: another group than this process has."""
    group = next(number for number in (1, 2, 65534) if number != os.getgid())
    os.chown(program, -1, group)
    program.chmod(0o2755)
    return []


def set_capability(program):
    """The second way: a capability (CAP_NET_BIND_SERVICE) in the file, and a namespace in which we are not root."""
    effective, net_bind_service = 0x02000001, 1 << 10
    os.setxattr(program, 'security.capability', struct.pack('<IIIII', effective, net_bind_service, 0, 0, 0))
    return ['unshare', '--user', '--map-user=1000', '--map-group=1000']


def prepare_etc(folder, module):
    etc = folder / 'etc'
    (etc / 'gss/mech.d').mkdir(parents=True)
    (etc / 'gss/mech.d/gss-winrm.conf').write_text(MECHANISM % module)
    for name in FROM_ETC:
        source = Path('/etc') / name
        if source.is_dir():
            shutil.copytree(source, etc / name, symlinks=True)
        elif source.exists():
            shutil.copyfile(source, etc / name)
    return etc


def klist(ccache):
    done = subprocess.run(['klist', ccache], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={'PATH': os.environ['PATH']}, check=False)
    return done.stdout


def inside(folder):
    """In the mount namespace."""
    base, module = Path(os.environ['K5_DIR']), os.environ['K5_MODULE']
    etc = prepare_etc(folder, module)
    program = folder / 'secure'
    shutil.copyfile(Path(os.environ['K5_BUILD']) / 'secure', program)
    program.chmod(0o755)
    prefix = set_group(program) if os.environ['SECURE_WAY'] == 'group' else set_capability(program)
    subprocess.run(['mount', '--bind', str(etc), '/etc'], check=True)
    print('inside', flush=True)
    for number, (what, settings, winrm, ticket) in enumerate(CASES):
        (etc / 'krb5.conf').write_text('%s\n[appdefaults]\n winrm = {\n  %s\n }\n'
                                       % ((base / 'krb5.conf').read_text(), winrm))
        ccache, trace = folder / ('cc%d' % number), folder / ('trace%d' % number)
        shutil.copyfile(base / 'alice', ccache)
        env = dict(os.environ, KRB5_TRACE=str(trace), KRB5_CONFIG='/nonexistent', ASAN_OPTIONS='detect_leaks=0',
                   **settings)
        for name in ('LD_PRELOAD', 'GSS_MECH_CONFIG'):
            env.pop(name, None)
        done = subprocess.run(prefix + [str(program), str(ccache), module], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode == 3:
            return 3
        tickets = re.findall(r'(H\S+@TEST\.EXAMPLE)', klist(str(ccache)))
        good = done.returncode == 0 and tickets == [ticket]
        print('%sok %s' % ('' if good else 'not ', what))
        if not good:
            print('why: status %d, %s, tickets %s' % (done.returncode, done.stdout.strip(), tickets))
        print('%sok %s: KRB5_TRACE is ignored' % ('not ' if trace.exists() else '', what.split('=')[0]))
    return 0


def main():
    if len(sys.argv) == 2:
        return inside(Path(sys.argv[1]))
    # Programs of the system are not to run with a sanitizer or the name wrapper.
    env = {name: value for name, value in os.environ.items() if name not in ('LD_PRELOAD', 'GSS_MECH_CONFIG')}
    ways = [('capability', ['--user', '--map-root-user', '--mount'])]
    if os.geteuid() == 0:
        ways.insert(0, ('group', ['--mount']))
    reasons = []
    for way, options in ways:
        folder = Path(os.environ['K5_DIR']) / ('secure.' + way)
        folder.mkdir()
        done = subprocess.run(['unshare'] + options + [sys.executable, os.path.abspath(__file__), str(folder)],
                              env=dict(env, SECURE_WAY=way), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if 'ok ' in done.stdout:
            print('by way of a ' + way)
            print(done.stdout, end='')
            return done.returncode
        if done.stdout.startswith('inside') and done.returncode != 3:
            print('not ok by way of a %s: status %d\nwhy: %s' % (way, done.returncode, ' '.join(done.stdout.split())))
            return 1
        reasons.append('%s: status %d %s' % (way, done.returncode, ' '.join(done.stdout.split())[-200:]))
    print('SKIP no secure process can be made here (%s)' % '; '.join(reasons))
    return 0


if __name__ == '__main__':
    sys.exit(main())
