# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""tests/deps.sh, with apt and dpkg as they are: what it installs where the names of packages are those of a release.

The packages are empty ones of ours, of every name that deps.sh knows; a release is a list of those that it has.
"""

import os
import re
import shutil
import subprocess
import sys
from unittest import mock

from root import Root, archive, distribution
from work import TOP, check, run

sys.path.insert(0, str(TOP / 'tests/watch'))
import progress  # noqa: E402

# What a release has of the names that are not in all of them.
SOME = {
    'bookworm': ['freerdp2-shadow-x11', 'freerdp2-x11', 'winpr-utils', 'samba-ad-provision', 'chromium', 'rpmlint'],
    'trixie': ['freerdp3-shadow-x11', 'freerdp3-x11', 'winpr3-utils', 'samba-ad-dc', 'samba-ad-provision', 'chromium',
               'rpmlint', 'libclang-rt-dev'],
    'sid': ['freerdp-shadow-x11', 'freerdp-x11', 'winpr-utils', 'samba-ad-dc', 'samba-ad-provision', 'chromium',
            'rpmlint', 'libclang-rt-dev'],
    # FreeRDP twice, and Chromium is a snap.
    'noble': ['freerdp2-shadow-x11', 'freerdp2-x11', 'winpr-utils', 'freerdp3-shadow-x11', 'freerdp3-x11',
              'winpr3-utils', 'samba-ad-provision', 'rpmlint', 'libclang-rt-dev'],
}
KINDS = ('lab', 'attacks', 'packages', 'fuzz')
REPOSITORY = 'root/repository'
life = {}


def listed(*kinds):
    """Each name with its alternatives, and whether it may be missing."""
    for entry in run(TOP / 'tests/deps.sh', '--list', *kinds).split():
        yield entry.rstrip('?').split('|'), entry.endswith('?')


def build(root, name, files=(), **fields):
    """An empty package, or one with commands."""
    tree = root.path / REPOSITORY / 'tree'
    (tree / 'DEBIAN').mkdir(parents=True)
    for path in files:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text('#!/bin/sh\n')
        (tree / path).chmod(0o755)
    known = {'Package': name, 'Version': '99:1', 'Architecture': 'all', 'Maintainer': 'nobody <nobody@example.com>',
             'Description': 'a stand-in', **{key.replace('_', '-'): value for key, value in fields.items()}}
    (tree / 'DEBIAN/control').write_text(''.join('%s: %s\n' % each for each in known.items()))
    run('dpkg-deb', '-Znone', '--root-owner-group', '-b', tree,
        root.path / REPOSITORY / ('%s_%s.deb' % (name, known['Architecture'])))
    shutil.rmtree(tree)


def release(work, name, *without):
    """A system whose apt knows the packages of a release and no others; it asks no network."""
    if 'deps' not in work.roots:
        work.roots['deps'] = root = Root(archive(print))
        root.write('etc/dpkg/dpkg.cfg.d/unsafe-io', 'force-unsafe-io\n')
        life['before'] = status(root)
    root = work.roots['deps']
    left = status(root) - life['before']
    if left:
        done = root.run('dpkg', '--purge', *left)
        check(done.returncode == 0, done.stdout)
    shutil.rmtree(root.path / REPOSITORY, ignore_errors=True)
    (root.path / REPOSITORY).mkdir(parents=True)
    root.write('root/deps.sh', (TOP / 'tests/deps.sh').read_text(), 0o755)
    for names, optional in listed(*KINDS):
        for each in names:
            everywhere = len(names) == 1 and not optional
            if (everywhere or each in SOME[name]) and each not in without:
                build(root, each)
    return root


def publish(root):
    """Lets apt see what has been built."""
    for each in (root.path / 'etc/apt/sources.list.d').glob('*'):
        each.unlink()
    root.write('etc/apt/sources.list', 'deb [trusted=yes] file:/%s ./\n' % REPOSITORY)
    with open(root.path / REPOSITORY / 'Packages', 'w', encoding='utf-8') as packages:
        subprocess.run(['dpkg-scanpackages', '-m', '.'], check=True, cwd=root.path / REPOSITORY, stdout=packages,
                       stderr=subprocess.DEVNULL)


def status(root):
    """The packages that are installed, those of another architecture with its name."""
    said = root.run('dpkg-query', '-W', '-f', '${db:Status-Status} ${binary:Package}\n').stdout
    return set(re.findall(r'^installed (\S+)$', said, re.M))


def install(root, *kinds):
    before = status(root)
    done = root.run('/root/deps.sh', *kinds)
    check(done.returncode == 0, kinds, done.stdout)
    again = root.run('/root/deps.sh', *kinds)
    check('everything is installed' in again.stdout, again.stdout)
    return status(root) - before


def of_release(work, name, expected):
    root = release(work, name)
    publish(root)
    made = install(root, *KINDS)
    varying = {each for names, optional in listed(*KINDS) if optional or len(names) > 1 for each in names}
    check(made & varying == set(expected), sorted(made & varying))
    there = {each.split(':')[0] for each in status(root)}
    missing = [names for names, optional in listed(*KINDS) if not optional and not there & set(names)]
    check(not missing, missing)


def test_bookworm(work):
    """Debian 12: FreeRDP 2, and samba-ad-dc is a part of samba."""
    of_release(work, 'bookworm', SOME['bookworm'])


def test_trixie(work):
    """Debian 13: FreeRDP 3, and samba-ad-dc is a package."""
    of_release(work, 'trixie', SOME['trixie'])


def test_sid(work):
    """Sid: FreeRDP's names have no version."""
    of_release(work, 'sid', SOME['sid'])


def test_noble(work):
    """Ubuntu 24.04: the newer FreeRDP of two, and no Chromium."""
    of_release(work, 'noble', [each for each in SOME['noble'] if not each.startswith('freerdp2')
                               and each != 'winpr3-utils'])


def test_no_release(work):
    """A release that is not there: a sentence says so; of an archive that cannot be unpacked nothing is left."""
    done = subprocess.run([TOP / 'tests/releases/release', 'nosuchrelease', TOP, 'test'], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(done.returncode == 1 and 'release: mmdebstrap makes no system of nosuchrelease' in done.stdout, done.stdout)
    place, broken = work.path / 'unpacked', work.path / 'broken.tar'
    broken.write_text('no archive')
    place.mkdir()
    with mock.patch('tempfile.mkdtemp', return_value=str(place)):
        try:
            Root(broken)
            check(False, 'it was unpacked')
        except subprocess.CalledProcessError:
            pass
    check(not place.exists(), place)


def test_interrupted(work):
    """Interrupted, mmdebstrap has time to undo its mounts."""
    stub, mounted = work.path / 'bin/mmdebstrap', work.path / 'mounted'
    stub.parent.mkdir()
    stub.write_text('#!/bin/bash\ntrap \'sleep 2; rm "$MOUNTED"; kill $!; exit 1\' TERM\ntouch "$MOUNTED"\nsleep 600 &\nwait\n')
    stub.chmod(0o755)
    env = dict(os.environ, PATH='%s:%s' % (stub.parent, os.environ['PATH']), MOUNTED=str(mounted),
               XDG_CACHE_HOME=str(work.path / 'cache'))
    with subprocess.Popen([TOP / 'tests/releases/release', distribution()[1], TOP, 'test'], env=env,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        check(progress.wait_for(lambda: mounted.exists() or process.poll() is not None), 'it does not begin')
        check(mounted.exists(), 'it does not get to mmdebstrap')
        process.terminate()
        progress.wait(process)
    check(not mounted.exists(), 'mmdebstrap was killed')


def test_releases_count(work):
    """Two releases that do not get anywhere: quickstart's last line counts a failure."""
    top = work.path / 'clone-of-releases'
    for name in 'releases', 'packages':
        shutil.copytree(TOP / 'tests' / name, top / 'tests' / name)
    shutil.copy(TOP / 'quickstart', top)
    (top / 'tests/deps.sh').write_text('#!/bin/sh\n')
    (top / 'tests/deps.sh').chmod(0o755)
    done = subprocess.run([top / 'quickstart', 'test', '--release', 'nosuchrelease', '--release', 'norsuchone', 'check'],
                          check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(done.returncode == 1 and done.stdout.endswith('\n0 passed, 1 failed\n'), done.returncode, done.stdout)


def test_node(work):
    """A Node that has npm in it and conflicts with Debian's: no npm is asked for."""
    root = release(work, 'trixie', 'nodejs', 'npm')
    build(root, 'npm', Depends='nodejs')
    build(root, 'nodejs', ['usr/bin/node', 'usr/bin/npm'], Provides='npm', Conflicts='npm')
    publish(root)
    made = install(root, 'lab')
    check('nodejs' in made and 'npm' not in made, sorted(made))


def test_foreign(work):
    """A library of another architecture does not stand for this machine's."""
    root = release(work, 'trixie')
    native = root.run('dpkg', '--print-architecture').stdout.strip()
    foreign = 'i386' if native != 'i386' else 'amd64'
    for architecture in (native, foreign):
        build(root, 'libssl-dev', Architecture=architecture, Multi_Arch='same', Version='99:2')
        if architecture == foreign:
            check(root.run('dpkg', '--add-architecture', foreign).returncode == 0, 'add-architecture')
        shutil.move(root.path / REPOSITORY / ('libssl-dev_%s.deb' % architecture), root.path / 'root')
    done = root.run('dpkg', '-i', '/root/libssl-dev_%s.deb' % foreign)
    check(done.returncode == 0, done.stdout)
    shutil.move(root.path / 'root' / ('libssl-dev_%s.deb' % native), root.path / REPOSITORY)
    (root.path / REPOSITORY / 'libssl-dev_all.deb').unlink()
    publish(root)
    check('libssl-dev:' + native in {each if ':' in each else '%s:%s' % (each, native)
                                     for each in install(root, 'fuzz')}, 'only the foreign one is there')
