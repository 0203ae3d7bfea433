"""A small Debian (or Ubuntu) system in a directory, the release of this machine, made once and kept as an archive.

Where its packages come from is what this machine's apt is set up with for its own distribution. Everything runs in
namespaces of its own: mounts, processes, and the network too unless it is asked for.
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
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --bind "$1" "$root$1"
    shift
done
shift
[ "$lo" = no ] || ip link set lo up
exec chroot "$root" "$@"
'''


def distribution():
    """This machine's: ID and VERSION_CODENAME."""
    lines = Path('/etc/os-release').read_text().splitlines()
    values = dict(line.split('=', 1) for line in lines if '=' in line)
    return values['ID'].strip('"'), values['VERSION_CODENAME'].strip('"')


def sources():
    """Lines for sources.list: of this machine's, those of the distribution and its release."""
    name, codename = distribution()
    form = '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)'
    listed = subprocess.run(['apt-get', 'indextargets', '--format', form, 'Created-By: Packages'],
                            check=True, text=True, capture_output=True).stdout
    lines = []
    for entry in listed.splitlines():
        origin, uri, release, component, signed_by = entry.split('|')
        if origin.lower() == name and release.startswith(codename):
            options = '[signed-by=%s] ' % signed_by if signed_by.startswith('/') else ''
            line = 'deb %s%s %s %s' % (options, uri, release, component)
            if line not in lines:
                lines.append(line)
    if not lines:
        raise RuntimeError('apt has no sources of %s %s; apt-get update first' % (name, codename))
    return lines


def archive(say=print, name='root', packages=None):
    """The archive of that name, made if need be."""
    lines, packages = sources(), packages or PACKAGES
    stamp = hashlib.sha256('\n'.join(lines + packages + [Path(__file__).read_text()]).encode()).hexdigest()[:16]
    path = CACHE / ('%s-%s-%s.tar' % (name, distribution()[1], stamp))
    if not path.exists():
        say('# making %s' % path)
        CACHE.mkdir(parents=True, exist_ok=True)
        for old in CACHE.glob(name + '-*.tar'):
            old.unlink()
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            made = Path(temporary) / 'root.tar'
            subprocess.run(['mmdebstrap', '--quiet', '--mode=root', '--variant=apt', '--include', ','.join(packages),
                            distribution()[1], str(made), '-'], check=True, text=True, input='\n'.join(lines) + '\n',
                           env=dict(os.environ, TMPDIR='/var/tmp'))
            made.rename(path)
    return path


class Root:
    """One system, unpacked; gone with the object's with block. name, packages: of another archive than most use."""

    def __init__(self, say=print, name='root', packages=None):
        self.path = Path(tempfile.mkdtemp(prefix='gss-winrm-root.', dir='/var/tmp'))
        subprocess.run(['tar', '-x', '--numeric-owner', '-p', '-f', str(archive(say, name, packages)), '-C', str(self.path)],
                       check=True)
        self.write('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
        for name in ('etc/resolv.conf', 'etc/hosts'):
            (self.path / name).unlink(missing_ok=True)
            shutil.copy('/' + name, self.path / name)

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
        """binds: directories of this machine that are to be there; namespace: a prefix, `ip netns exec NAME'."""
        own = not network and not namespace
        net = ['--net'] if own else []
        return [*namespace, 'unshare', '--mount', '--pid', '--fork', '--kill-child', *net, '--',
                'sh', '-c', ENTER, 'enter', str(self.path), 'yes' if own else 'no', *map(str, binds), '--', *argv]

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
