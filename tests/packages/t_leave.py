# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What others refer to, once we are gone: krb5.conf's includedir, PAM's stacks, lists of mechanisms, programs that run."""

import json
import shutil
import subprocess

import t_rpm
from work import HERE, check, install_debs, install_depends, probe, run

NEEDS = ['krb5-kdc', 'krb5-admin-server', 'openssh-server', 'openssh-client', 'sudo', 'pamtester', 'login', 'passwd']
OURS = ['gss-winrm', 'gss-winrm-helper', 'libpam-gss-winrm']
DROPINS = 'etc/krb5.conf.d'
# By hand, with every control that lets nobody in where the module is missing.
BY_HAND = {
    'common-auth': 'auth required pam_gss_winrm.so realm=DAILY.EXAMPLE.COM\n',
    'common-session': 'session [success=ok ignore=ignore default=bad] pam_gss_winrm.so\n',
    'common-password': '-password requisite pam_gss_winrm.so\n',
    'sudo': 'auth required \\\n    pam_gss_winrm.so\n',
    'sshd': 'session required pam_gss_winrm.so\n',
}
life = {}


def quiet(root, *arguments):
    done = root.run(*arguments)
    check(done.returncode == 0, arguments, done.stdout)
    return done.stdout


def day(root):
    return json.loads(quiet(root, '/usr/bin/python3', '/root/daily.py').splitlines()[-1])


def same_day(root, when):
    did = day(root)
    differ = {what: (said, did[what]) for what, said in life['day'].items() if did[what] != said}
    check(not differ, when, ': before and now:', differ)


def by_hand(root):
    for name, line in BY_HAND.items():
        with (root.path / 'etc/pam.d' / name).open('a') as file:
            file.write(line)


def test_before(work):
    """Before: Kerberos, curl, logins, su, sudo and ssh work."""
    root = work.root('leave')
    root.apt('install', *NEEDS)
    install_depends(work, root)
    root.write('root/daily.py', (HERE / 'daily.py').read_text())
    quiet(root, '/usr/bin/python3', '/root/daily.py', 'prepare')
    life['day'] = day(root)
    failed = {what: said for what, said in life['day'].items() if not said.startswith('0 ')}
    check(not failed, failed)
    check('200' in life['day']['curl, WinRM'], life['day'])
    life['pam'] = {name: (root.path / 'etc/pam.d' / name).read_text() for name in BY_HAND}


def test_configured(work):
    """With everything configured that can be, they work."""
    root = work.root('leave')
    install_debs(work, root, work.version)
    quiet(root, 'gss-winrm', 'configure', '--includedir', 'web01.daily.example.com', 'delegation=kerberos')
    quiet(root, 'pam-auth-update', '--package', '--enable', 'gss-winrm')
    by_hand(root)
    quiet(root, 'systemctl', 'enable', 'gss-winrmd@nobody', 'gss-winrm-gateway@nobody')
    quiet(root, 'systemctl', '--global', 'enable', 'gss-winrm-gateway.service')
    module, = root.path.glob('usr/lib/*/gss-winrm/gss_credssp.so')
    # As gss-credssp(7) has it, for all programs.
    root.write('etc/gss/mech.d/by-hand.conf', 'gss_credssp 2.25.1467839257 /%s\n' % module.relative_to(root.path))
    same_day(root, 'configured')


def test_purged(work):
    """Purged with all of that left in place, they work, and programs that run go on."""
    root = work.root('leave')
    # One has all loaded, the other its libraries only.
    script = ('import gssapi.raw as g, sys\n'
              'def ask():\n'
              '    name = g.import_name(b"HTTP@localhost", g.NameType.hostbased_service)\n'
              '    try: g.init_sec_context(name); said = "a token"\n'
              '    except g.exceptions.GSSError as error: said = str(error).split("Minor")[0]\n'
              '    return said\n'
              'if sys.argv[1] == "early": first = ask()\n'
              'print("ready", flush=True); sys.stdin.readline()\n'
              'if sys.argv[1] == "late": first = ask()\n'
              'print(ask() == first, first, flush=True)\n')
    # And a shell that completes our command line.
    shell = ('. /usr/share/bash-completion/completions/gss-winrm; echo ready; read line; '
             'COMP_WORDS=(gss-winrm logout ""); COMP_CWORD=2; _gss_winrm; echo "True ${COMPREPLY[*]}"')
    running = [subprocess.Popen(root.command(*argv), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
               for argv in (('/usr/bin/python3', '-c', script, 'early'), ('/usr/bin/python3', '-c', script, 'late'),
                            ('bash', '-c', shell))]
    try:
        for program in running:
            check(program.stdout.readline() == 'ready\n', 'a program has not started')
        life['said'] = root.apt('purge', *OURS)
        ends = [program.communicate('\n')[0] for program in running]
    finally:
        for program in running:
            program.kill()
            program.wait()
    check(ends[0].startswith('True ') and ends[0] == ends[1] and ends[2] == 'True \n', ends)
    same_day(root, 'purged')
    check('includedir' in (root.path / 'etc/krb5.conf').read_text(), 'somebody has changed krb5.conf')
    check((root.path / DROPINS).is_dir() and not list((root.path / DROPINS).iterdir()), 'the directory of drop-ins')


def test_lines(work):
    """Lines of PAM's by hand are still there, and optional; the rest of the files has not changed."""
    root = work.root('leave')
    for name, line in BY_HAND.items():
        now = (root.path / 'etc/pam.d' / name).read_text()
        wanted = line.replace('[success=ok ignore=ignore default=bad]', 'optional')
        wanted = wanted.replace('required', 'optional').replace('requisite', 'optional')
        check(now == life['pam'][name] + wanted, name, now)
        check('/etc/pam.d/%s: ' % name in life['said'], 'nobody was told of', name, life['said'])
        (root.path / 'etc/pam.d' / name).write_text(life['pam'][name])


def owner(work):
    """A package as they were: the directory of drop-ins is its own."""
    where = work.path / 'owner'
    run('dpkg-deb', '-R', work.deb('gss-winrm'), where)
    (where / DROPINS).mkdir(parents=True)
    shutil.move(where / 'usr/share/gss-winrm/gss-winrm.conf', where / DROPINS / 'gss-winrm.conf')
    for name in 'preinst', 'postinst', 'postrm':
        (where / 'DEBIAN' / name).unlink(missing_ok=True)
    with (where / 'DEBIAN/conffiles').open('a') as file:
        file.write('/%s/gss-winrm.conf\n' % DROPINS)
    control = (where / 'DEBIAN/control').read_text()
    (where / 'DEBIAN/control').write_text(control.replace('Version: %s-1\n' % work.version, 'Version: 0.0.1-1\n'))
    run('dpkg-deb', '-b', where, work.path / 'owner.deb')
    return work.path / 'owner.deb'


def test_upgrade_owner(work):
    """Upgraded from a package that owned the directory, and purged: with the file changed, gone, or as it was."""
    root = work.root('leave')
    for deb in owner(work), work.deb('gss-winrm'):
        shutil.copy(deb, root.path / 'var/tmp')
    new, file = '/var/tmp/' + work.deb('gss-winrm').name, root.path / DROPINS / 'gss-winrm.conf'
    for kind in 'changed', 'gone', 'as it was':
        quiet(root, 'dpkg', '-i', '/var/tmp/owner.deb')
        check('gss-winrm' in quiet(root, 'dpkg', '-S', '/' + DROPINS), 'nobody owns it')
        if kind == 'changed':
            quiet(root, 'gss-winrm', 'configure', '--includedir', 'web02.daily.example.com', 'delegation=kerberos')
        if kind == 'gone':
            file.unlink()
        quiet(root, 'dpkg', '--unpack', new)
        check('0' == day(root)['kinit'].split()[0], kind, 'unpacked')
        quiet(root, 'dpkg', '--configure', 'gss-winrm')
        check(file.exists() == (kind != 'gone'), kind, file.exists())
        check(kind != 'changed' or 'web02' in file.read_text(), 'settings are lost')
        quiet(root, 'dpkg', '--purge', 'gss-winrm')
        same_day(root, kind)
        check((root.path / DROPINS).is_dir() and not list((root.path / DROPINS).iterdir()), kind, 'what is left')


def test_rpm(work):
    """The same of the RPM packages, which rpm installs and erases with their scripts."""
    files = t_rpm.packages(work, work.version, 'gss-winrm', 'gss-winrm-helper', 'pam_gss_winrm')
    root = work.root('leave')
    root.apt('install', 'rpm')
    for file in files:
        shutil.copy(file, root.path / 'var/tmp')
    # What they need has another name here; and newer versions of rpm have a plugin that wants / to be a mount point.
    rpm = 'rpm', '--noplugins', '--nodeps'
    quiet(root, *rpm, '-i', *['/var/tmp/' + file.name for file in files])
    check(probe(root)[1], 'the plugin is not loaded')
    quiet(root, 'gss-winrm', 'configure', '--includedir', 'web03.daily.example.com', 'delegation=kerberos')
    common = root.path / 'etc/pam.d/common-auth'
    module, = root.path.glob('usr/lib64/security/pam_gss_winrm.so')
    with common.open('a') as file:
        file.write('auth required /%s\n' % module.relative_to(root.path))
    same_day(root, 'installed')
    said = quiet(root, *rpm, '-e', *OURS[:2], 'pam_gss_winrm')
    check('/etc/pam.d/common-auth: ' in said, said)
    same_day(root, 'erased')
    check((root.path / DROPINS).is_dir(), 'the directory of drop-ins')
    common.write_text(life['pam']['common-auth'])
