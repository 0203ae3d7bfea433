# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A small Debian (or Ubuntu) system in a directory, made once and kept as an archive.

It is of this machine's release, or of another one of its distribution. Where its packages come from is what this
machine's apt is set up with. Everything runs in namespaces of its own: mounts, processes, and the network too unless it
is asked for.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'gss-winrm'
# What the tests run in it, and what Ansible wants there.
PACKAGES = ['ca-certificates', 'curl', 'iproute2', 'krb5-user',
            'libsasl2-modules-gssapi-mit', 'libpam-runtime', 'python3', 'python3-apt',
            'python3-gssapi', 'systemd']
ENTER = '''set -e
root=$1 lo=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
while [ "$1" != -- ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    shift 2
done
shift
[ "$lo" = no ] || ip link set lo up
# Not chroot: the kernel makes no user namespaces below one.
cd "$root"
pivot_root . mnt
umount -l /mnt
exec "$@"
'''
# The releases that have no updates of their own.
ROLLING = ('sid', 'unstable')


def lists():
    """What this machine's apt has lists of: (distribution, URI, suite, component, key) of each."""
    form = '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)'
    said = subprocess.run(['apt-get', 'indextargets', '--format', form, 'Created-By: Packages'],
                          check=True, text=True, capture_output=True).stdout
    return [(origin.lower(), *rest) for origin, *rest in (line.split('|') for line in said.splitlines())]


def distribution():
    """This machine's: ID, and the release as its apt names it (sid's VERSION_CODENAME is testing's)."""
    lines = Path('/etc/os-release').read_text().splitlines()
    values = {key: value.strip('"') for key, value in (line.split('=', 1) for line in lines if '=' in line)}
    suites = {suite for _, _, suite, _, _ in lists()}
    names = [values.get('VERSION_CODENAME', 'sid'), *ROLLING]
    return values['ID'], next((name for name in names if name in suites), names[0])


def sources(release=None):
    """Lines for sources.list: those of the distribution that this machine's apt has, for its own release or another."""
    name, own = distribution()
    release = release or own
    lines = []
    for origin, uri, suite, component, signed_by in lists():
        if origin != name or not suite.startswith(own):
            continue
        kind = suite[len(own):]         # '', '-updates', '-security'
        if kind and release in ROLLING:
            continue
        options = '[signed-by=%s] ' % signed_by if signed_by.startswith('/') else ''
        line = 'deb %s%s %s %s' % (options, uri, release + kind, component)
        if line not in lines:
            lines.append(line)
    if not lines:
        raise RuntimeError('apt has no sources of %s %s; apt-get update first' % (name, own))
    return lines


def validity():
    """What this machine's apt makes of a mirror's expiry dates, as an option for mmdebstrap."""
    said = subprocess.run(['apt-config', 'dump', '--no-empty', 'Acquire::Check-Valid-Until'], check=True, text=True,
                          capture_output=True).stdout
    return ['--aptopt=' + line.rstrip(';') for line in said.splitlines()]


def path_of(name, release, *what):
    """Where an archive is kept, by what it is made of; what: texts. Those of other contents go when it is made."""
    stamp = hashlib.sha256('\n'.join(what + (Path(__file__).read_text(),)).encode()).hexdigest()[:16]
    return CACHE / ('%s-%s-%s.tar' % (name, release, stamp))


def keep(path, made):
    """Puts a new archive in its place, and removes those that it replaces."""
    for old in CACHE.glob(path.name[:path.name.rindex('-')] + '-*.tar'):
        old.unlink()
    made.rename(path)


def debootstrap(arguments, lines):
    """mmdebstrap's status. It has mounts to undo when it is interrupted, so it is not killed."""
    with subprocess.Popen(['mmdebstrap', '--quiet', '--mode=root', '--variant=apt', *arguments], text=True,
                          stdin=subprocess.PIPE, env=dict(os.environ, TMPDIR='/var/tmp')) as process:
        try:
            process.communicate('\n'.join(lines) + '\n')
        except BaseException:
            process.terminate()
            process.wait()
            raise
        return process.returncode


def archive(say=print, name='root', packages=None, release=None, foreign=None):
    """The archive of that name, made if need be.

    foreign: another architecture that packages may be of. Then there are no updates, which come at different times:
    libraries of two architectures have to be of one version.
    """
    release = release or distribution()[1]
    lines, packages = sources(release), ['mount', *(packages or PACKAGES)]     # ENTER wants umount there
    more = []
    if foreign:
        lines = [line for line in lines if line.split()[-2] == release]
        more = ['--architectures=%s,%s' % (subprocess.check_output(['dpkg', '--print-architecture'], text=True).strip(),
                                           foreign)]
    path = path_of(name, release, *lines, *packages, *more)
    if not path.exists():
        say('# making %s' % path)
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            made = Path(temporary) / 'root.tar'
            status = debootstrap([*validity(), *more, '--include', ','.join(packages), release, str(made), '-'], lines)
            if status != 0:
                raise RuntimeError('mmdebstrap makes no system of %s (above is why): is that the name of a release, and '
                                   'is there a network? It was to come from\n%s' % (release, '\n'.join(lines)))
            keep(path, made)
    return path


class Root:
    """One system, unpacked from an archive; gone with the object's with block."""

    def __init__(self, path):
        self.path = Path(tempfile.mkdtemp(prefix='gss-winrm-root.', dir='/var/tmp'))
        try:
            subprocess.run(['tar', '-x', '--numeric-owner', '-p', '-f', str(path), '-C', str(self.path)], check=True)
            self.write('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
            for name in ('etc/resolv.conf', 'etc/hosts'):
                (self.path / name).unlink(missing_ok=True)
                shutil.copy('/' + name, self.path / name)
        except BaseException:
            # Interrupted, or the disk is full: nobody has it yet who would remove it.
            shutil.rmtree(self.path)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def write(self, name, text, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def command(self, *argv, network=False, binds=(), namespace=()):
        """binds: directories of this machine that are to be there, or pairs with where; namespace: a prefix, `ip netns exec NAME'."""
        own = not network and not namespace
        net = ['--net'] if own else []
        pairs = [str(path) for bind in binds for path in (bind if isinstance(bind, tuple) else (bind, bind))]
        return [*namespace, 'unshare', '--mount', '--pid', '--fork', '--kill-child', *net, '--',
                'sh', '-c', ENTER, 'enter', str(self.path), 'yes' if own else 'no', *pairs, '--', *argv]

    def run(self, *argv, env=None, **where):
        """A clean environment, no terminal."""
        clean = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root',
                 'LANG': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'}
        return subprocess.run(self.command(*argv, **where), text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(clean, **env or {}))

    def apt(self, *arguments):
        done = self.run('apt-get', '-y', '-q', '--no-install-recommends', '-o', 'Acquire::Retries=3', *arguments,
                        network=True)
        if done.returncode != 0:
            raise RuntimeError('apt-get %s:\n%s' % (' '.join(arguments), done.stdout))
        return done.stdout

    def files(self):
        """Every path, and for files outside of /usr what is in them: what a package leaves behind is seen."""
        found = {}
        for directory, names, files in os.walk(self.path):
            inside = '/' + os.path.relpath(directory, self.path)
            if inside in ('/proc', '/dev', '/tmp', '/run', '/root', '/var/lib/dpkg', '/var/lib/apt', '/var/cache',
                          '/var/log', '/var/tmp'):
                names.clear()
                continue
            for name in names + files:
                path = os.path.join(directory, name)
                if os.path.islink(path):
                    found[os.path.join(inside, name)] = os.readlink(path)
                elif os.path.isfile(path) and not inside.startswith('/usr/'):
                    found[os.path.join(inside, name)] = Path(path).read_bytes()
                else:
                    found[os.path.join(inside, name)] = None
        found.pop('/etc/ld.so.cache', None)
        return found
