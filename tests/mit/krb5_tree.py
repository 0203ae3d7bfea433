#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Fetch and build, once, the krb5 source package that this system's libraries come from.

Prints progress on standard error and the build directory on standard output.  The tree lives in
${XDG_CACHE_HOME:-~/.cache}/gss-winrm/krb5-VERSION; nothing is installed, and the system's apt configuration is
read, never written: the deb-src entries, package lists and caches are all in a directory of their own.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

# The version of the recipe: a change here rebuilds cached trees.
RECIPE = '1'

CONFIGURE = [
    '--disable-pkinit', '--disable-nls', '--disable-rpath', '--disable-audit-plugin', '--without-ldap',
    '--without-lmdb', '--without-keyutils', '--without-libedit', '--without-readline', '--without-system-verto',
    '--without-system-et', '--without-system-ss', '--with-tls-impl=no',
]

# What the GSSAPI tests need of krb5, in the order in which its own Makefile builds them.
FOLDERS = [
    'util', 'include', 'lib',
    'plugins/gssapi/negoextest', 'plugins/kdb/db2', 'plugins/kdb/test', 'plugins/preauth/spake',
    'plugins/preauth/test', 'kdc', 'kadmin', 'clients', 'tests/gssapi',
]

TOOLS = {
    'apt-get': 'apt', 'dpkg-source': 'dpkg-dev', 'gcc': 'build-essential', 'make': 'build-essential',
    'bison': 'bison', 'perl': 'perl', 'patch': 'patch',
}


class Failure(Exception):
    """Something that the user can read and act on."""


def say(text):
    print('# krb5: ' + text, file=sys.stderr, flush=True)


def run(args, log, **keywords):
    """Run a command with its output in the log file; the log's end is shown if it fails."""
    with open(log, 'ab') as out:
        out.write(('\n$ ' + ' '.join(map(str, args)) + '\n').encode())
        out.flush()
        done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False, **keywords)
    if done.returncode != 0:
        tail = Path(log).read_text(errors='replace').splitlines()[-25:]
        raise Failure('%s failed (status %d); the end of %s:\n%s'
                      % (args[0], done.returncode, log, '\n'.join('    ' + line for line in tail)))


# --- apt ---------------------------------------------------------------------

def deb822_to_source(text):
    """The stanzas of a .sources file that offer packages, with Types: deb-src."""
    stanzas = []
    for stanza in re.split(r'\n[ \t]*\n', text):
        lines = [line for line in stanza.splitlines() if line.strip() and not line.startswith('#')]
        fields = {line.split(':', 1)[0].strip().lower(): line.split(':', 1)[1].strip()
                  for line in lines if ':' in line and not line[0].isspace()}
        if not {'deb', 'deb-src'} & set(fields.get('types', '').split()):
            continue
        if fields.get('enabled', 'yes').lower() in ('no', 'false', '0', 'off', 'without', 'disable'):
            continue
        # Signed-By may hold a whole key block on continuation lines: pass those on as they are.
        stanzas.append('\n'.join('Types: deb-src' if re.match(r'types\s*:', line, re.I) else line
                                 for line in lines))
    return stanzas


def oneline_to_source(text):
    """The entries of a sources.list that offer packages, as deb-src lines."""
    entries = []
    for line in text.splitlines():
        found = re.match(r'\s*deb(?:-src)?\s+(.*)', line)
        if found:
            entries.append('deb-src ' + found.group(1).split(' #')[0].strip())
    return list(dict.fromkeys(entries))


def read(path):
    try:
        return Path(path).read_text(errors='replace')
    except OSError as error:
        say('cannot read %s (%s): leaving it out' % (path, error.strerror))
        return ''


def private_apt(folder, etc=Path('/etc/apt')):
    """Write an apt configuration in folder and return the environment that selects it."""
    for name in ('parts', 'sources.d', 'lists/partial', 'cache/archives/partial'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    stanzas, entries = [], []
    for path in sorted(etc.glob('sources.list.d/*.sources')):
        stanzas += deb822_to_source(read(path))
    for path in [etc / 'sources.list'] + sorted(etc.glob('sources.list.d/*.list')):
        if path.exists():
            entries += oneline_to_source(read(path))
    if not stanzas and not entries:
        raise Failure('no package source in %s/sources.list or %s/sources.list.d' % (etc, etc))
    (folder / 'sources.d/krb5.sources').write_text('\n\n'.join(dict.fromkeys(stanzas)) + '\n')
    (folder / 'sources.d/krb5.list').write_text('\n'.join(entries) + '\n')

    # The system's settings (proxies above all) hold, except for hooks, which act on the system's directories.
    for path in sorted(etc.glob('apt.conf.d/*')) + [etc / 'apt.conf']:
        if path.is_file() and os.access(path, os.R_OK):
            shutil.copyfile(path, folder / 'parts' / ('50' + path.name))
    (folder / 'parts/99gss-winrm').write_text('\n'.join([
        '#clear APT::Update::Pre-Invoke;',
        '#clear APT::Update::Post-Invoke;',
        '#clear APT::Update::Post-Invoke-Success;',
        'Dir::Etc::sourcelist "/dev/null";',
        'Dir::Etc::sourceparts "%s/sources.d";' % folder,
        'Dir::State::lists "%s/lists";' % folder,
        'Dir::Cache "%s/cache";' % folder,
        'Acquire::Languages "none";',
        # A directory in a home is not readable by apt's own user.
        'APT::Sandbox::User "root";',
        'Acquire::Retries "3";',
    ]) + '\n')
    (folder / 'apt.conf').write_text('Dir::Etc::main "/dev/null";\nDir::Etc::parts "%s/parts";\n' % folder)
    return dict(os.environ, APT_CONFIG=str(folder / 'apt.conf'), LC_ALL='C.UTF-8')


def installed_version():
    """The version of the source package that this system's libgssapi was built from."""
    done = subprocess.run(['dpkg-query', '-W', '-f=${source:Version}\n', 'libgssapi-krb5-2'],
                          stdout=subprocess.PIPE, text=True, check=False)
    versions = done.stdout.split()
    if done.returncode != 0 or not versions:
        raise Failure('libgssapi-krb5-2 is not installed: apt-get install libkrb5-dev')
    return versions[0]


def upstream(version):
    return re.sub(r'^\d+:|-[^-]*$', '', version)


def candidates(version, env):
    """The installed version, then the others that apt knows, those of the same release of MIT's first: an archive
    may list a security update and no longer, or not yet, have its source."""
    listed = subprocess.run(['apt-cache', 'showsrc', 'krb5'], env=env, stdout=subprocess.PIPE, text=True, check=False)
    known = re.findall(r'^Version: (\S+)$', listed.stdout, re.M)
    others = sorted(dict.fromkeys(known), key=lambda one: upstream(one) != upstream(version))
    return list(dict.fromkeys([version] + others))


def fetch(folder, version, log):
    """Unpack the source package into folder/src."""
    apt = folder / 'apt'
    env = private_apt(apt)
    say('reading the package lists (deb-src, in %s)' % apt)
    # Some list failing matters only if the package is then not found.
    try:
        run(['apt-get', '-q', 'update'], log, env=env)
    except Failure:
        say('apt-get update had errors (see %s): going on' % log)
    download = folder / 'download'
    download.mkdir(exist_ok=True)
    for candidate in candidates(version, env):
        say('fetching the source package krb5 %s' % candidate)
        try:
            run(['apt-get', '-q', '--download-only', 'source', 'krb5=' + candidate], log, env=env, cwd=download)
            break
        except Failure as failure:
            say('version %s is not to be had (see %s)' % (candidate, log))
            last = failure
    else:
        raise last
    description = download / ('krb5_%s.dsc' % re.sub(r'^\d+:', '', candidate))
    shutil.rmtree(folder / 'src', ignore_errors=True)
    run(['dpkg-source', '-x', str(description), str(folder / 'src')], log, env=env, cwd=download)


# --- building -----------------------------------------------------------------

def build(folder, log):
    top = folder / 'src/src'
    unusable = folder / 'not-installed'
    env = dict(os.environ, LC_ALL='C.UTF-8', CFLAGS='-O1 -g0 -w')
    # An outer make's flags and job server, and a preloaded sanitizer, are not for this build.
    for name in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES', 'LD_PRELOAD', 'LDFLAGS', 'CPPFLAGS'):
        env.pop(name, None)
    say('configuring')
    run(['./configure', '--prefix=' + str(unusable), '--sysconfdir=%s/etc' % unusable,
         '--localstatedir=%s/var' % unusable] + CONFIGURE, log, env=env, cwd=top)
    jobs = '-j%d' % min(len(os.sched_getaffinity(0)), 4)
    for number, name in enumerate(FOLDERS, 1):
        say('building %s (%d of %d)' % (name, number, len(FOLDERS)))
        run(['nice', 'make', jobs, '-C', name, 'all'], log, env=env, cwd=top)
    run(['make', 'runenv.py'], log, env=env, cwd=top)


def locked(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def krb5_tree():
    """Return the build directory of the krb5 tree, making it if needed."""
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if missing:
        raise Failure('missing tools: apt-get install ' + ' '.join(missing))
    version = installed_version()
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'gss-winrm'
    folder = cache / ('krb5-' + version)
    if re.search(r'\s', str(folder)):
        raise Failure('krb5 cannot be built in "%s": set XDG_CACHE_HOME to a path without blanks' % folder)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / 'built'
    log = folder / 'build.log'
    with open(folder / 'lock', 'w', encoding='ascii') as lock:
        said = time.monotonic() - 60
        while not locked(lock):
            # Not in silence, which tests/watch would take for a hang.
            if time.monotonic() >= said + 60:
                said = time.monotonic()
                say('waiting for another run that is building %s' % folder)
            time.sleep(0.5)
        if not stamp.exists() or stamp.read_text().strip() != RECIPE:
            began = time.monotonic()
            stamp.unlink(missing_ok=True)
            log.unlink(missing_ok=True)
            fetch(folder, version, log)
            build(folder, log)
            stamp.write_text(RECIPE + '\n')
            say('built in %d s in %s' % (time.monotonic() - began, folder))
    return folder / 'src/src'


if __name__ == '__main__':
    try:
        print(krb5_tree())
    except Failure as failure:
        sys.exit('krb5_tree: %s' % failure)
