# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The Ansible role, on a system of its own."""

import json
import re
import shutil

from work import TOP, check, need, probe, run

SETTINGS = {'targets': {'.corp.example.com': {'delegation': 'kerberos'},
                        'web.corp.example.com': {'nodes': ['web01.corp.example.com', 'web02.corp.example.com']}},
            'ports': [5985, 5986, 15985], 'gateway': {'targets': '.corp.example.com', 'ntlm': False}}
made = {}


def play(work, fails='', system='role', namespace=(), **variables):
    """How many tasks have changed something. fails: with what it is to fail."""
    root = work.root(system)
    if 'venv' not in made:
        need('python3')
        made['venv'] = run(TOP / 'tests/lab/venv').splitlines()[-1]
    # Files "on the controller": in this case the same machine.
    root.write('root/variables.json', json.dumps(variables))
    done = root.run(made['venv'] + '/bin/ansible-playbook', '-i', 'localhost,', '-c', 'local', '-e',
                    '@/root/variables.json', '-e', 'ansible_python_interpreter=/usr/bin/python3',
                    str(TOP / 'packaging/ansible/site.yml'), network=True, namespace=namespace,
                    binds=[made['venv'], TOP / 'packaging'], env={'ANSIBLE_LOCALHOST_WARNING': 'false'})
    check((done.returncode != 0) == bool(fails) and fails in done.stdout, done.stdout)
    return int(re.search(r'changed=(\d+)', done.stdout).group(1))


def packages(work, version, system='role'):
    names = []
    for package in ('gss-winrm', 'gss-winrm-helper'):
        deb = work.deb(package, version)
        shutil.copy(deb, work.root(system).path / 'root')
        names.append('/root/' + deb.name)
    return names


def explained(work, host):
    done = work.root('role').run('gss-winrm', 'explain', '--json', host)
    check(done.returncode == 0, done.stdout)
    return {item['key']: item for item in json.loads(done.stdout)['settings']}


def test_role_readme(work):
    """Its README's example names files by absolute paths, where the README has made them."""
    words = re.search(r' -e (.*?\})\'\n', (TOP / 'packaging/ansible/README.md').read_text(), re.S).group(1)
    named = json.loads(run('sh', '-c', "printf %s " + words + "'", cwd=work.path))['gss_winrm_packages']
    files = ['%s/build/packages/%s_' % (work.path, package) for package in ('gss-winrm', 'gss-winrm-helper')]
    # The directory's random name may have the character, too.
    check([re.sub('_[^/]*$', '_', name) for name in named] == files, named)


def test_role_twice(work):
    """It rolls out, and a second run changes nothing."""
    names = packages(work, work.version)
    check(play(work, gss_winrm_packages=names, gss_winrm_settings=SETTINGS) > 0, 'changed nothing')
    check(probe(work.root('role'))[1], 'the plugin is not loaded')
    check(explained(work, 'db.corp.example.com')['delegation']['value'] == 'kerberos',
          explained(work, 'db.corp.example.com'))
    check(explained(work, 'x.example.org')['ports']['value'] == [5985, 5986, 15985], explained(work, 'x.example.org'))
    changed = play(work, gss_winrm_packages=names, gss_winrm_settings=SETTINGS)
    check(changed == 0, 'the second run changed', changed)


def test_role_settings(work):
    """Settings that nobody would read fail the play."""
    names = packages(work, work.version)
    play(work, fails='delegaton', gss_winrm_packages=names, gss_winrm_settings={'delegaton': 'kerberos'})


def test_role_switch(work):
    """Off is off, also after an upgrade, and no second run changes anything."""
    names = packages(work, work.version)
    off = {'gss_winrm_enabled': False, 'gss_winrm_settings': SETTINGS}
    play(work, gss_winrm_packages=names, **off)
    check(not probe(work.root('role'))[1], 'it is on')
    names = packages(work, work.next_version)
    check(play(work, gss_winrm_packages=names, **off) > 0, 'no upgrade')
    check(not probe(work.root('role'))[1], 'it is on after the upgrade')
    check(play(work, gss_winrm_packages=names, **off) == 0, 'the second run changed something')
    check(play(work, gss_winrm_packages=names, gss_winrm_settings=SETTINGS) == 1, 'enabling is one change')
    check(probe(work.root('role'))[1], 'it is off')


def test_role_absent(work):
    """Absent is gone, with the settings, and twice is once."""
    play(work, gss_winrm_state='absent')
    root = work.root('role')
    left = [path for path in list((root.path / 'etc').rglob('*gss-winrm*')) +
            list((root.path / 'usr').rglob('*gss*winrm*')) if not path.is_dir()]
    check(not left, left)
    check(not probe(root)[1], 'it is loaded')
    # The line that the play has put into krb5.conf is still there.
    said = root.run('klist').stdout
    check('includedir' in (root.path / 'etc/krb5.conf').read_text() and 'No credentials cache' in said, said)
    check(play(work, gss_winrm_state='absent') == 0, 'the second run changed something')
