# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The RPM packages: built by rpmbuild on whatever this machine is, installed with rpm in a directory of their own."""

import os
import re
import shutil
import subprocess

from work import NEXT, TOP, check, need, run, systemd

# What Fedora, EL and openSUSE build their packages with, and where libraries are there.
MACROS = ['optflags -O2 -g -flto=auto -ffat-lto-objects -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3 '
          '-fstack-protector-strong -fstack-clash-protection',
          '_libdir %{_prefix}/lib64']
CONF = 'etc/gss/mech.d/gss-winrm.conf'


def top(work, version):
    """rpmbuild's directory, with the packages of a version, built when first asked for."""
    need('rpmbuild')
    path = work.path / ('rpm-' + version)
    if not path.exists():
        archive = work.archive if version == work.version else work.next_archive()
        said = run(TOP / 'packaging/build-rpm', '--nodeps', *[word for macro in MACROS for word in ('--define', macro)],
                   archive, path)
        check(re.search("CFLAGS=.*-flto=auto", said), 'it was not built with the flags:', said)
    return path


def packages(work, version, *names):
    found = sorted((top(work, version) / 'RPMS').glob('*/*.rpm'))
    named = [path for path in found for name in names if path.name.startswith('%s-%s-' % (name, version))]
    check(len(named) == len(names), names, found)
    return named


def rpm(work, *arguments):
    root = work.path / 'rpm-root'
    (root / 'var/lib/rpm').mkdir(parents=True, exist_ok=True)
    # There is no shell in it; test_instances runs the scripts.
    return run('rpm', '--root', root, '--dbpath', '/var/lib/rpm', '--nodeps', '--noscripts', *arguments)


def switch(work, command):
    root = work.path / 'rpm-root'
    run(root / 'usr/bin/gss-winrm', command, '--root', root)


def text(work):
    return (work.path / 'rpm-root' / CONF).read_text()


def active(work):
    return [line for line in text(work).splitlines() if line and line[0] != '#']


def test_builds(work):
    """They build."""
    found = [path.name for path in top(work, work.version).glob('*RPMS/**/*.rpm')]
    # Some versions of rpm put symbols into packages of their own, too.
    names = sorted(name.split('-%s-' % work.version)[0] for name in found
                   if '-debuginfo-' not in name and '-debugsource-' not in name)
    check(names == ['gss-winrm', 'gss-winrm', 'gss-winrm-devel', 'gss-winrm-helper', 'pam_gss_winrm'], found)


def test_rpmlint(work):
    """Rpmlint has nothing to say: no error, no warning."""
    need('rpmlint')
    made = list(top(work, work.version).glob('*RPMS/**/*.rpm'))
    check(made, 'there are no packages')
    rules = TOP / 'packaging/rpm'
    said = run('rpmlint', '-c', rules / 'rpmlint.toml', rules / 'gss-winrm.spec', *made)
    check(' 0 errors, 0 warnings' in said, said)


def test_install(work):
    """The module that they install, in lib64, is loaded by the line that they install."""
    rpm(work, '-i', *packages(work, work.version, 'gss-winrm', 'gss-winrm-helper', 'gss-winrm-devel', 'pam_gss_winrm'))
    root = work.path / 'rpm-root'
    line, = active(work)
    name, oid, module, kind = line.split()
    check(module.startswith('/usr/lib64/'), module)
    check((root / module.lstrip('/')).exists(), module)
    elsewhere = work.path / 'rpm-mech'
    elsewhere.write_text('%s %s %s %s\n' % (name, oid, root / module.lstrip('/'), kind))
    loaded = run('/usr/bin/python3', '-c', 'import gssapi.raw; gssapi.raw.indicate_mechs(); '
                 'print(open("/proc/self/maps").read())', env=dict(os.environ, GSS_MECH_CONFIG=str(elsewhere)))
    check(str(root) in loaded, 'not loaded')


def test_instances(work):
    """Instances of its units: restarted by an upgrade; stopped, and not enabled any more, before it is removed."""
    helper, = packages(work, work.version, 'gss-winrm-helper')
    root = work.root('debian')
    units = root.path / 'usr/lib/systemd'
    for kind in ('system', 'user'):
        for unit in (work.path / 'rpm-root/usr/lib/systemd' / kind).glob('gss-winrm*'):
            shutil.copy(unit, units / kind)

    def script(tag, *arguments):
        done = root.run('sh', '-c', run('rpm', '-qp', '--qf', '%%{%s}' % tag, helper), 'script', *arguments)
        check(done.returncode == 0, tag, done.stdout)

    links = root.path / 'etc/systemd/system/multi-user.target.wants'
    done = root.run('systemctl', 'enable', 'gss-winrmd@nobody', 'gss-winrm-gateway@nobody')
    check(len(list(links.glob('gss-winrm*@nobody.service'))) == 2, done.stdout)
    with systemd(root) as upgrade:
        script('POSTIN', '2')
        script('PREUN', '1')
        script('POSTUN', '1')
    with systemd(root) as erase:
        script('PREUN', '0')
        script('POSTUN', '0')
    script('PREUN', '0')
    check(not list(links.glob('gss-winrm*')), 'they are still enabled')
    for unit in units.glob('*/gss-winrm*'):
        unit.unlink()
    broker, gateway = 'gss-winrmd@*.service', 'gss-winrm-gateway@*.service'
    check(upgrade == ['daemon-reload'] * 2 + ['try-restart %s %s' % (broker, gateway)], upgrade)
    check(erase[1:] == ['stop %s %s' % (gateway, broker), 'daemon-reload'] and 'disable' in erase[0], erase)


def test_upgrade_disabled(work):
    """An upgrade keeps it disabled, though the file has changed in the package."""
    switch(work, 'disable')
    check(active(work) == [], text(work))
    rpm(work, '-U', *packages(work, work.next_version, 'gss-winrm', 'gss-winrm-helper', 'gss-winrm-devel',
                              'pam_gss_winrm'))
    check(active(work) == [] and NEXT not in text(work), text(work))
    switch(work, 'enable')
    check(len(active(work)) == 1, text(work))


def test_remove(work):
    """Removed, nothing is left that the mechglue reads."""
    rpm(work, '-e', 'gss-winrm', 'gss-winrm-helper', 'gss-winrm-devel', 'pam_gss_winrm')
    root = work.path / 'rpm-root'
    left = [path for path in root.rglob('*') if 'var/lib/rpm' not in str(path) and not path.is_dir()
            and path.suffix not in ('.rpmsave', '.rpmnew')]
    check(not left, left)
    # krb5.conf may include it by now.
    check((root / 'etc/krb5.conf.d').is_dir(), 'the directory of drop-ins is gone')


def test_upgrade_untouched(work):
    """Who has changed nothing gets the next version's file."""
    rpm(work, '-i', *packages(work, work.version, 'gss-winrm'))
    rpm(work, '-U', *packages(work, work.next_version, 'gss-winrm'))
    check(NEXT in text(work) and len(active(work)) == 1, text(work))
    done = subprocess.run([work.path / 'rpm-root/usr/bin/gss-winrm', '--version'], text=True, capture_output=True)
    check(done.stdout.strip() == 'gss-winrm ' + work.next_version, done.stdout)
