# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What the parts share: a directory, the archives, the packages built from them."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from root import Root, archive

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
NEXT = '# A line of the next version.\n'     # in its mech.d file


LTO = {'DEB_CFLAGS_APPEND': '-flto=auto -ffat-lto-objects', 'DEB_LDFLAGS_APPEND': '-flto=auto'}


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Failure(' '.join(str(item) for item in what))


def run(*argv, **more):
    done = subprocess.run([str(arg) for arg in argv], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    check(done.returncode == 0, *argv, 'status', done.returncode, '\n', done.stdout)
    return done.stdout


def need(program):
    if shutil.which(program) is None:
        raise Skip('there is no %s' % program)


def later(version):
    """0.1.0 -> 0.1.1"""
    first, last = version.rsplit('.', 1)
    return '%s.%d' % (first, int(last) + 1)


class Work:
    def __init__(self, path, archive):
        self.path, self.archive = path, archive
        self.version = archive.name[len('gss-winrm-'):-len('.tar.xz')]
        self.next_version = later(self.version)
        self.roots, self.built = {}, {}
        self.at_end = []            # functions, the last one first
        shutil.chown(path, 'root')
        path.chmod(0o755)

    def close(self):
        for function in reversed(self.at_end):
            function()
        for root in self.roots.values():
            root.__exit__()

    def root(self, name):
        """A system of that name, made when it is first asked for."""
        if name not in self.roots:
            self.roots[name] = Root(archive(lambda text: print(text, flush=True)))
            self.roots[name].apt('update')
        return self.roots[name]

    def unpack(self, where, archive=None):
        where.mkdir(parents=True)
        with tarfile.open(archive or self.archive) as tar:
            tar.extractall(where)
        return next(where.iterdir())

    def next_archive(self):
        """The same sources as another release, whose file in mech.d is another, too."""
        path = self.path / ('gss-winrm-%s.tar.xz' % self.next_version)
        if not path.exists():
            top = self.unpack(self.path / 'next')
            for name, old, new in (('configure.ac', '[%s]' % self.version, '[%s]' % self.next_version),
                                   ('plugin/mech.conf.in', '#\n# Name', '%s#\n# Name' % NEXT)):
                text = (top / name).read_text()
                check(old in text, name, 'has no', old)
                (top / name).write_text(text.replace(old, new, 1))
            new = top.with_name('gss-winrm-' + self.next_version)
            top.rename(new)
            run('tar', '-cJf', path, '-C', new.parent, new.name)
        return path

    def debs(self, version, **env):
        """The directory with the packages of a version, built when first asked for. env: more environment."""
        if version not in self.built:
            archive = self.archive
            where = self.path / ('deb-' + version)
            if version != self.version:
                # With Ubuntu's flags, for which nobody has to build it a third time.
                archive = self.next_archive()
                env = dict(LTO, **env)
            env = dict(os.environ, LC_ALL='C.UTF-8', **env)
            log = run(TOP / 'packaging/build-deb', archive, where, env=env)
            (where / 'log').write_text(log)
            self.built[version] = where
        return self.built[version]

    def deb(self, package, version=None):
        found = list(self.debs(version or self.version).glob(package + '_*.deb'))
        check(len(found) == 1, package, found)
        return found[0]


def install_depends(work, root):
    """What the packages need is Debian's, and there before them."""
    for package in ('gss-winrm-helper', 'libpam-gss-winrm', 'gss-winrm'):
        depends = run('dpkg-deb', '-f', work.deb(package), 'Depends')
        names = [word.split()[0] for word in depends.split(', ')]
        root.apt('install', *[name for name in names if not name.startswith(('gss-winrm', 'libpam-gss-winrm'))])


def install_debs(work, root, version, packages=('gss-winrm', 'gss-winrm-helper', 'libpam-gss-winrm')):
    """As `apt-get install ./FILE...' does. Nobody is there to answer questions: dpkg takes its default."""
    names = []
    for package in packages:
        deb = work.deb(package, version)
        shutil.copy(deb, root.path / 'var/tmp')
        names.append('/var/tmp/' + deb.name)
    return root.apt('install', '-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold', *names)


def only(work, name, root, packages):
    """A directory for PATH, in which the dpkg-checkbuilddeps of a machine that has these packages is.

    And what they depend on, but none of what they recommend, as apt would have it on a machine without anything.
    """
    where = work.path / name
    where.mkdir()
    done = root.run('apt-get', '-s', '-o', 'Dir::State::status=/dev/null', '--no-install-recommends', 'install',
                    *packages)
    check(done.returncode == 0, done.stdout)
    chosen = re.findall(r'^Inst (\S+) \((\S+)', done.stdout, re.M)
    shown = root.run('apt-cache', 'show', *['%s=%s' % each for each in chosen])
    check(shown.returncode == 0, shown.stdout)
    (where / 'status').write_text(re.sub('^(Package: .*)$', r'\1\nStatus: install ok installed', shown.stdout,
                                         flags=re.M))
    command = where / 'dpkg-checkbuilddeps'
    command.write_text('#!/bin/sh\n: >"%s/asked"\nexec "%s" --admindir="%s" "$@"\n'
                       % (where, shutil.which('dpkg-checkbuilddeps'), where))
    command.chmod(0o755)
    return where


@contextlib.contextmanager
def systemd(root):
    """Scripts find a systemd that runs. Gives a list, in which is in the end what they have told it of instances."""
    program, policy, asked = root.path / 'usr/bin/systemctl', root.path / 'usr/sbin/policy-rc.d', []
    kept = program.rename(program.with_suffix('.kept'))
    forbids = policy.read_text()
    root.write('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 0\n', 0o755)
    root.write('usr/bin/systemctl', '#!/bin/sh\necho "$@" >>/root/systemctl.log\n', 0o755)
    (root.path / 'run/systemd/system').mkdir(parents=True)
    try:
        yield asked
        lines = (root.path / 'root/systemctl.log').read_text().replace('--system ', '').splitlines()
        asked += [line for line in lines if '@' in line or line == 'daemon-reload']
    finally:
        (root.path / 'root/systemctl.log').unlink(missing_ok=True)
        (root.path / 'run/systemd/system').rmdir()
        kept.rename(program)
        policy.write_text(forbids)


def probe(root):
    """What GSSAPI programs do there, and whether they have all loaded the plugin."""
    root.write('root/probe.py', (HERE / 'probe.py').read_text())
    done = root.run('/usr/bin/python3', '/root/probe.py')
    check(done.returncode == 0, done.stdout)
    answer = json.loads(done.stdout.splitlines()[-1])
    check(answer['curl']['gssapi'], 'curl did not even use GSSAPI:', answer)
    loaded = {answer['python'].pop('loaded'), answer['curl'].pop('loaded')}
    check(len(loaded) == 1, 'one program has loaded the plugin, the other has not')
    return answer, loaded.pop()
