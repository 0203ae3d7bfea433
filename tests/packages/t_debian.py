# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Debian's packages, in the order of a machine's life: each case goes on where the one before has left the system."""

import os
import re
import subprocess

from work import NEXT, TOP, check, install_debs, install_depends, need, only, probe, run, systemd

CONF = 'etc/gss/mech.d/gss-winrm.conf'
life = {}


def active(root):
    """The lines of our file that the mechglue reads."""
    path = root.path / CONF
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if line and line[0] != '#']


def installed(root, package='gss-winrm'):
    done = root.run('dpkg-query', '-W', '-f', '${db:Status-Status} ${Version}', package)
    return done.stdout if done.returncode == 0 else 'not-installed'


def quiet(root, *arguments):
    done = root.run(*arguments)
    check(done.returncode == 0, arguments, done.stdout)
    return done.stdout


def depends(*kinds):
    """The packages that a kind of tests/deps.sh is; those marked are not in every release."""
    return [name for name in run(TOP / 'tests/deps.sh', '--list', *kinds).split() if not name.endswith('?')]


def test_builds(work):
    """They build, on a machine that has the packages for that and no others."""
    few = only(work, 'few', work.root('debian'), depends('build', 'packages'))
    old = work.path / ('deb-' + work.version) / 'gss-winrm_0.0.1-1_all.deb'
    old.parent.mkdir()
    old.touch()
    work.debs(work.version, PATH='%s:%s' % (few, os.environ['PATH']))
    check((few / 'asked').exists(), 'nobody has asked what is installed')
    check(not old.exists(), 'an older package is left, which would be installed as well')


def test_depends(work):
    """With --check they want the tests' packages as well; the Containerfile has what it needs."""
    root, control = work.root('debian'), TOP / 'packaging/debian/control'
    image = re.search(r'install -y --no-install-recommends \\\n((?: .*\n)+)',
                      (TOP / 'packaging/container/Containerfile').read_text()).group(1)
    for name, packages, profile in (('all', depends('build', 'check', 'packages'), ''),
                                    ('image', image.replace('\\', '').split(), 'nocheck')):
        run(only(work, name, root, packages) / 'dpkg-checkbuilddeps', control,
            env=dict(os.environ, DEB_BUILD_PROFILES=profile))
    did = subprocess.run([work.path / 'few/dpkg-checkbuilddeps', control], text=True, capture_output=True)
    check('libcmocka-dev' in did.stderr, 'nothing was missing:', did.stderr)


def test_lintian(work):
    """Lintian has nothing to say: no error, no warning."""
    need('lintian')
    changes = list(work.debs(work.version).glob('*.changes'))
    said = run('lintian', '--allow-root', '--fail-on', 'error,warning', *changes)
    check('E: ' not in said and 'W: ' not in said, said)


def test_before(work):
    """Before, nothing loads the plugin."""
    root = work.root('debian')
    life['before'], loaded = probe(root)
    check(not loaded, 'it is there already')
    install_depends(work, root)
    life['files'] = root.files()


def test_install(work):
    """Installed, every GSSAPI program loads it and does the same as before."""
    root = work.root('debian')
    install_debs(work, root, work.version)
    did, loaded = probe(root)
    check(loaded, 'nothing loads it')
    check(did == life['before'], did, life['before'])
    check(installed(root) == 'installed %s-1' % work.version, installed(root))


def test_smoke(work):
    """The package's own test passes."""
    root = work.root('debian')
    root.write('root/smoke', (work.debs(work.version) / ('gss-winrm-%s/debian/tests/smoke' % work.version))
               .read_text(), 0o755)
    check('all is well' in quiet(root, '/root/smoke'), 'smoke')


def test_commands(work):
    """The programs run, and find one another; the manual pages and completions are there."""
    root = work.root('debian')
    check(quiet(root, 'gss-winrm', '--version').strip() == 'gss-winrm ' + work.version, 'version')
    quiet(root, '/usr/libexec/gss-winrm/gss-winrmd', '--help')
    quiet(root, '/usr/libexec/gss-winrm/gss-winrm-gateway', '--help')
    did = root.run('sh', '-c', 'printf "x\\n" | gss-winrm login --stdin --no-check "X\\\\y" && gss-winrm status')
    check(did.returncode == 0 and 'X\\y' in did.stdout, did.stdout)
    for name in ('man1/gss-winrm.1', 'man5/gss-winrm.conf.5', 'man7/gss-winrm.7', 'man8/gss-winrmd.8'):
        check((root.path / ('usr/share/man/%s.gz' % name)).exists(), name)


def test_units(work):
    """The broker's socket is enabled for users, and systemd finds no fault with the units."""
    root = work.root('debian')
    link = root.path / 'etc/systemd/user/sockets.target.wants/gss-winrmd.socket'
    check(link.is_symlink(), link)
    said = root.run('systemd-analyze', '--user', '--man=no', 'verify', 'gss-winrmd.socket', 'gss-winrmd.service',
                    env={'XDG_RUNTIME_DIR': '/run'}).stdout
    check('gss-winrm' not in said, said)


def test_instances(work):
    """Instances for the accounts of services, and a gateway for everybody, can be enabled."""
    root = work.root('debian')
    quiet(root, 'systemctl', 'enable', 'gss-winrmd@nobody', 'gss-winrm-gateway@nobody')
    quiet(root, 'systemctl', '--global', 'enable', 'gss-winrm-gateway.service')
    for link in ('system/multi-user.target.wants/gss-winrmd@nobody.service',
                 'system/multi-user.target.wants/gss-winrm-gateway@nobody.service',
                 'user/default.target.wants/gss-winrm-gateway.service'):
        check((root.path / 'etc/systemd' / link).is_symlink(), link)


def test_pam(work):
    """The PAM module is off until it is chosen, and then in three places, never required."""
    root = work.root('debian')
    used = lambda: [line for name in ('auth', 'session', 'password', 'account')
                    for line in (root.path / ('etc/pam.d/common-' + name)).read_text().splitlines()
                    if 'pam_gss_winrm.so' in line]
    check(used() == [], used())
    quiet(root, 'pam-auth-update', '--package', '--enable', 'gss-winrm')
    check(len(used()) == 3 and all('optional' in line for line in used()), used())
    found = list(root.path.glob('usr/lib/*/security/pam_gss_winrm.so'))
    check(len(found) == 1, found)


def test_disable(work):
    """Disabled, nothing loads it; enabled again, everything."""
    root = work.root('debian')
    for command, expected in (('disable', False), ('enable', True), ('disable', False)):
        quiet(root, 'gss-winrm', command)
        did, loaded = probe(root)
        check(loaded is expected and did == life['before'], command, loaded, did)


def test_lto(work):
    """They build with link-time optimization, as Ubuntu builds packages."""
    said = (work.debs(work.next_version) / 'log').read_text()
    check(' -flto=auto ' in said, 'it was not asked for')


def test_upgrade_disabled(work):
    """An upgrade keeps it disabled, though the file has changed in the package."""
    root = work.root('debian')
    with systemd(root) as life['upgrade']:
        install_debs(work, root, work.next_version)
    check(installed(root) == 'installed %s-1' % work.next_version, installed(root))
    check(active(root) == [], active(root))
    check(not probe(root)[1], 'it is on again')
    quiet(root, 'gss-winrm', 'enable')
    check(probe(root)[1], 'it cannot be enabled any more')


def test_running(work):
    """Removed, and every GSSAPI program works as before, those that run included."""
    root = work.root('debian')
    script = ('import gssapi.raw, sys; ask = lambda: print(len(gssapi.raw.indicate_mechs()), '
              '"gss_winrm.so" in open("/proc/self/maps").read(), flush=True); ask(); sys.stdin.readline(); ask()')
    with subprocess.Popen(root.command('/usr/bin/python3', '-c', script), text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as program:
        first = program.stdout.readline()
        check(first.endswith('True\n'), first)
        with systemd(root) as life['remove']:
            root.apt('remove', 'gss-winrm', 'gss-winrm-helper', 'libpam-gss-winrm')
        program.stdin.write('\n')
        program.stdin.flush()
        check(program.stdout.readline() == first, 'it does not do the same any more')
    check(program.returncode == 0, program.returncode)
    did, loaded = probe(root)
    check(not loaded and did == life['before'], loaded, did)
    check(not list(root.path.glob('usr/lib/*/gss-winrm')), 'its directory is left')
    check((root.path / CONF).exists(), 'a configuration file is gone before purge')
    common = (root.path / 'etc/pam.d/common-auth').read_text()
    check('pam_gss_winrm' not in common, common)


def test_instances_end(work):
    """Instances that ran were restarted by the upgrade, and stopped before they were removed."""
    broker, gateway = 'gss-winrmd@*.service', 'gss-winrm-gateway@*.service'
    check(life['upgrade'] == ['daemon-reload', 'try-restart %s %s' % (broker, gateway)], life['upgrade'])
    check(life['remove'] == ['stop %s %s' % (gateway, broker), 'daemon-reload'], life['remove'])


def test_purge(work):
    """Purged, no file is left, and none has changed."""
    root = work.root('debian')
    root.apt('purge', 'gss-winrm', 'gss-winrm-helper', 'libpam-gss-winrm')
    after = root.files()
    # Nobody's, and there from the postinst on: krb5.conf may include it.
    check('/etc/krb5.conf.d' not in life['files'] and '/etc/krb5.conf.d' in after, 'the directory of drop-ins')
    del after['/etc/krb5.conf.d']
    differ = sorted(path for path in set(life['files']) | set(after)
                    if life['files'].get(path, 'missing') != after.get(path, 'missing'))
    check(not differ, differ)
    did, loaded = probe(root)
    check(not loaded and did == life['before'], loaded, did)


def test_upgrade_untouched(work):
    """Who has changed nothing gets the next version's file, without a question."""
    root = work.root('debian')
    install_debs(work, root, work.version, ['gss-winrm'])
    install_debs(work, root, work.next_version, ['gss-winrm'])
    check(NEXT in (root.path / CONF).read_text() and len(active(root)) == 1, (root.path / CONF).read_text())
    check(probe(root)[1], 'nothing loads it')
    root.apt('purge', 'gss-winrm')
