# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A newcomer's path, README in hand, in the lab's domain (tests/lab): packaging/newcomer, and make install."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

from t_role import packages, play
from work import TOP, check, install_depends, need, run

sys.path[:0] = [str(TOP / 'tests/lab'), str(TOP / 'tests/watch')]
import hosts  # noqa: E402
import progress  # noqa: E402

HOST = 'web01.corp.example.com'
lab = {}


def in_the_lab(work, *argv, stdin=None):
    """A command in a root system that is in the domain, in the lab's network."""
    root, namespace = work.root('newcomer'), lab['namespace']
    env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', 'LANG': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'}
    return subprocess.run(root.command(*argv, namespace=namespace), text=True, input=stdin or '',
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)


def done(work, *argv, stdin=None):
    result = in_the_lab(work, *argv, stdin=stdin)
    check(result.returncode == 0, *argv, 'status', result.returncode, '\n', result.stdout)
    return result.stdout


def lab_up(work):
    need('samba')
    directory = tempfile.mkdtemp(prefix='gss-winrm-newcomer.', dir='/tmp')
    run(TOP / 'tests/lab/lab', 'up', '--dir', directory)
    work.at_end.append(lambda: run(TOP / 'tests/lab/lab', 'down', '--dir', directory))
    with open(directory + '/netns.name') as file:
        lab['namespace'] = ['ip', 'netns', 'exec', file.read().strip()]
    root = work.root('newcomer')
    for name in os.listdir(directory + '/netns'):
        shutil.copy('%s/netns/%s' % (directory, name), root.path / 'etc')
    shutil.copy(directory + '/krb5.plain.conf', root.path / 'etc/krb5.conf')
    shutil.copy(TOP / 'packaging/newcomer', root.path / 'root')


def stopped(file, expected, *prefix):
    """quickstart, given a file at the top, comes to nothing but a sentence; not even to packages."""
    (lab['top'] / 'tests/deps.sh').write_text('#!/bin/sh\nexit 1\n')
    (lab['top'] / file).touch()
    did = progress.run([*prefix, lab['top'] / 'quickstart', 'test', 'check'], text=True, capture_output=True)
    (lab['top'] / file).unlink()
    check(did.returncode == 1 and did.stdout == '' and did.stderr.count('\n') == 1 and expected in did.stderr,
          did.returncode, did.stdout, did.stderr)


def test_newcomer_readme(work):
    """The script's commands are the README's."""
    readme = (TOP / 'README.md').read_text()
    install = readme[readme.index('## Install'):]
    script = (TOP / 'packaging/newcomer').read_text().replace('\\\n', '')
    commands = re.findall(r"^ *run (gss-winrm doctor \S+|curl .*?/wsman|apt-get .*)$", re.sub(' +', ' ', script), re.M)
    commands += re.findall(r"run (curl .*?/wsman)", re.sub(' +', ' ', script))
    check(len(set(commands)) >= 3, commands)
    for command in commands:
        command = command.strip().replace('-y -q --no-install-recommends ', '')
        check(command in install, command, 'is not in the README')


def test_newcomer_archive(work):
    """The README's way to the archive, after which quickstart would still work."""
    line, = re.findall(r'^    (autoreconf .*make dist\)?)$', (TOP / 'README.md').read_text(), re.M)
    lab['top'] = work.unpack(work.path / 'clone')
    run('bash', '-c', line, cwd=lab['top'])
    check((lab['top'] / 'build' / work.archive.name).exists(), 'there is no archive in build')
    check(not (lab['top'] / 'config.status').exists(), 'the sources are configured in place')


def test_newcomer_quickstart(work):
    """Quickstart says what is in its way."""
    stopped('config.status', 'make distclean')
    check('~/.cache/gss-winrm' in run(lab['top'] / 'quickstart', '--help'), 'it does not say what it keeps')
    # Root's build is there.
    stopped('build/some.log', 'another user', 'setpriv', '--reuid=nobody', '--regid=%d' % pwd.getpwnam('nobody').pw_gid,
            '--clear-groups')


def test_newcomer_packages(work):
    """Refused; packages installed; doctor; the same program works."""
    root = work.root('newcomer')
    install_depends(work, root)
    (root.path / 'build/packages').mkdir(parents=True)
    for package in ('gss-winrm', 'gss-winrm-helper'):
        shutil.copy(work.deb(package), root.path / 'build/packages')
    lab_up(work)
    done(work, 'kinit', 'alice', stdin=hosts.PASSWORD + '\n')
    for step in ('before', 'install', 'after'):
        said = done(work, '/root/newcomer', step)
    for line in said.splitlines():
        print('#   ' + line)
    done(work, 'apt-get', '-y', 'purge', 'gss-winrm', 'gss-winrm-helper')
    done(work, '/root/newcomer', 'before')


def test_newcomer_role(work):
    """The same with the Ansible role, run twice, then rolled back."""
    there = {'system': 'newcomer', 'namespace': lab['namespace']}
    wanted = {'gss_winrm_packages': packages(work, work.version, 'newcomer'),
              'gss_winrm_settings': {'targets': {'127.0.0.13': {'host': 'web03.corp.example.com'}}}}
    address = ['curl', '--negotiate', '-u', ':', '-d', '', 'http://127.0.0.13:5985/wsman', '-s', '-o', '/dev/null',
               '-w', '%{http_code}']
    check(done(work, *address) == '401', 'by its address web03 lets one in before')
    check(play(work, **there, **wanted) > 0, 'changed nothing')
    done(work, '/root/newcomer', 'after')
    check(done(work, *address) == '200', 'the rule for an address does not work')
    check(play(work, **there, **wanted) == 0, 'the second run changed something')
    check(play(work, **there, gss_winrm_state='absent') > 0, 'removed nothing')
    done(work, '/root/newcomer', 'before')


def test_newcomer_make_install(work):
    """The same with ./configure, make, make install; and make uninstall."""
    root = work.root('newcomer')
    before = root.files()
    build = work.path / 'install-build'
    build.mkdir()
    top = work.unpack(work.path / 'install')
    run('sh', '-c', 'cd "$1" && "$2/configure" -q --prefix=/usr --sysconfdir=/etc && make -s -j2', 'sh', build, top)
    run('make', '-s', '-C', build, 'install', 'DESTDIR=%s' % root.path)
    done(work, '/root/newcomer', 'after')
    # What others refer to by then.
    conf, common = root.path / 'etc/krb5.conf', root.path / 'etc/pam.d/common-auth'
    conf.write_text('includedir /etc/krb5.conf.d/\n' + conf.read_text())
    common.write_text(common.read_text() + 'auth required pam_gss_winrm.so\n')
    # What somebody has set stays: in a second installation, and without it.
    mech, settings = root.path / 'etc/gss/mech.d/gss-winrm.conf', root.path / 'etc/krb5.conf.d/gss-winrm.conf'
    check('# gss-winrm:' in settings.read_text(), settings)
    settings.write_text('[appdefaults]\n winrm = {\n  ports = 5985 5986\n }\n')
    there = root.run('gss-winrm', 'disable')
    check(there.returncode == 0 and '#off ' in mech.read_text(), there)
    run('make', '-s', '-C', build, 'install', 'DESTDIR=%s' % root.path)
    check('#off ' in mech.read_text() and
          settings.read_text().startswith('[appdefaults]'), mech.read_text(), settings.read_text())
    run('make', '-s', '-C', build, 'uninstall', 'DESTDIR=%s' % root.path)
    done(work, '/root/newcomer', 'before')
    check(common.read_text().endswith('auth optional pam_gss_winrm.so\n'), common.read_text())
    left = [path for path in sorted(set(root.files()) - set(before)) if not (root.path / path.lstrip('/')).is_dir()]
    check(left == ['/etc/krb5.conf.d/gss-winrm.conf'], left)
