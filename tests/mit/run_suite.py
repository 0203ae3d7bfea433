#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run MIT krb5's own GSSAPI test programs, bare and with an interposer, and print TAP.

    run_suite.py --audit AUDIT.so --interposer MODULE.so [--line "NAME OID PATH <interposer>"] [PROGRAM...]

For each run an audit module (audit.c) loaded by the dynamic linker reports from inside every process of the suite
which libgssapi it got and whether the mechglue took the interposer; a run whose processes did not do what its name
says fails, whatever the suite itself found.
"""

import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import krb5_tree

PROGRAMS = [
    't_gssapi', 't_store_cred', 't_credstore', 't_bindings', 't_ccselect', 't_client_keytab', 't_enctypes',
    't_export_cred', 't_s4u', 't_authind', 't_negoex',
]

# Programs of the suite that never reach the mechglue's list of mechanisms.
HARNESS = {'kinit', 'klist', 'kdestroy', 'kvno', 'kswitch', 'ktutil', 'krb5kdc', 'ccinit', 'ccrefresh'}

# k5test.py makes each realm's directory in one place; the interposer's line goes into mech.conf right after that, and
# again before a command if the program has written a mech.conf of its own since (t_negoex does).
EDITS = [
    ('        self._create_empty_dir()\n',
     '        self._create_empty_dir()\n'
     '        self._gw_interpose()\n'),
    ('        return _run_cmd(args, env, **keywords)\n',
     '        self._gw_interpose()\n'
     '        return _run_cmd(args, env, **keywords)\n'
     '\n'
     '    def _gw_interpose(self):\n'
     "        line = os.environ.get('GW_MECH_LINE', '')\n"
     "        with open(self.gss_mech_config, 'a+') as mech_file:\n"
     '            mech_file.seek(0)\n'
     '            if line not in mech_file.read():\n'
     "                mech_file.write(line + '\\n')\n"),
]


def edited_k5test(source):
    """The text of k5test.py with the interposer's line added to each realm's mechanism list."""
    text = source.read_text()
    for place, replacement in EDITS:
        if text.count(place) != 1 or 'self.gss_mech_config = ' not in text:
            raise krb5_tree.Failure('%s is not as expected (%r was found %d times): run_suite.py must learn this '
                                    'version of krb5' % (source, place.strip(), text.count(place)))
        text = text.replace(place, replacement)
    return text


def private_tree(build, work):
    """A tree of links to the cached build, so that runs share it without writing to it; returns its tests/gssapi."""
    top = work / 'src'
    tests = top / 'tests/gssapi'
    tests.mkdir(parents=True)
    for entry in build.iterdir():
        if entry.name != 'tests':
            (top / entry.name).symlink_to(entry)
    for entry in (build / 'tests').iterdir():
        if entry.name != 'gssapi':
            (top / 'tests' / entry.name).symlink_to(entry)
    for entry in (build / 'tests/gssapi').iterdir():
        (tests / entry.name).symlink_to(entry)
    return tests


def own_network():
    """The command prefix that gives a run loopback of its own: k5test uses fixed ports (61000...)."""
    loopback = 'ip link set lo up && exec "$@"'
    for prefix in (['unshare', '--net'], ['unshare', '--user', '--map-root-user', '--net']):
        command = prefix + ['sh', '-c', loopback, 'sh']
        if subprocess.run(command + ['true'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return command
    print('# no network namespace here: using ports 61000-61029 of the machine', flush=True)
    return []


def names_environment(work):
    """Names that do not depend on the machine's DNS, short and long ones, so that no part of the suite is skipped."""
    for library in ('/usr/lib/%s/libnss_wrapper.so' % multiarch(), '/usr/lib/libnss_wrapper.so',
                    '/usr/lib64/libnss_wrapper.so'):
        if os.path.exists(library):
            break
    else:
        raise krb5_tree.Failure('libnss_wrapper.so was not found: apt-get install libnss-wrapper')
    hosts = work / 'hosts'
    hosts.write_text('127.0.0.1 k5host.gss-winrm.example k5host localhost\n')
    return {'LD_PRELOAD': library, 'NSS_WRAPPER_HOSTS': str(hosts), 'NSS_WRAPPER_HOSTNAME': 'k5host'}


def multiarch():
    done = subprocess.run(['gcc', '-print-multiarch'], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


def audit_findings(log):
    """{program: [libgssapi paths]}, {program: [interposer paths]} from the audit module's file."""
    found = {'gssapi': collections.defaultdict(set), 'interposed': collections.defaultdict(set)}
    if log.exists():
        for line in log.read_text().splitlines():
            what, program, path = line.split(' ', 2)
            found[what][program].add(path)
    return found['gssapi'], found['interposed']


def audit_complaint(log, build, module):
    """What the audit says against this run, or None. module is None in a bare run."""
    gssapi, interposed = audit_findings(log)
    if not any(program.startswith('t_') for program in gssapi):
        return 'the audit saw no test program load libgssapi'
    for program, paths in gssapi.items():
        for path in paths:
            if not os.path.realpath(path).startswith(str(build.resolve()) + '/'):
                return '%s used %s, not the suite\'s own libgssapi' % (program, path)
    if module is None:
        if interposed:
            return 'bare, but interposed: %s' % ', '.join(sorted(interposed))
        return None
    for program, paths in interposed.items():
        if {os.path.realpath(path) for path in paths} != {os.path.realpath(module)}:
            return '%s was interposed by %s' % (program, ', '.join(sorted(paths)))
    missed = {program for program in gssapi if program.startswith('t_')} - set(interposed) - HARNESS
    if missed or not interposed:
        return 'not interposed: %s' % (', '.join(sorted(missed)) or 'no program at all')
    return None


class Suite:
    """One way of running the programs: bare, or with one interposer."""

    def __init__(self, build, audit, work):
        self.build, self.audit, self.work = build, audit, work
        self.scripts = build / 'tests/gssapi'
        self.extra = {}
        (work / 'python').mkdir()
        (work / 'python/k5test.py').write_text(edited_k5test(build / 'util/k5test.py'))
        self.network = own_network()
        self.names = names_environment(work)

    def run(self, name, label, line, module):
        """Run one program; returns (complaint or None, seconds, number of processes interposed, its output)."""
        work = self.work / ('%s-%s' % (label, name))
        tests = private_tree(self.build, work)
        log = work / 'audit'
        env = {key: value for key, value in os.environ.items() if not key.startswith(('KRB5', 'GSS', 'K5TEST'))}
        env.update(self.names)
        env.update(self.extra)
        env.update(PYTHONPATH=str(self.work / 'python'), PYTHONDONTWRITEBYTECODE='1', GW_AUDIT_LOG=str(log),
                   LD_AUDIT=str(self.audit), HOME=str(work), GW_MECH_LINE=line or '')
        began = time.monotonic()
        done = subprocess.run(self.network + [sys.executable, str(self.scripts / (name + '.py'))], cwd=tests, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors='replace', check=False)
        seconds = time.monotonic() - began
        skipped = [text for text in done.stdout.splitlines() if text.startswith('*** Skipping')]
        complaint = audit_complaint(log, self.build, module)
        if done.returncode != 0:
            complaint = 'the program failed with status %d' % done.returncode
        elif complaint is None and skipped:
            complaint = 'parts were skipped: ' + '; '.join(skipped)
        interposed = audit_findings(log)[1]
        shutil.rmtree(work)
        return complaint, seconds, sorted(interposed), done.stdout


def report(number, label, name, outcome):
    complaint, seconds, interposed, output = outcome
    print('%s %d - %s: %s%s' % ('not ok' if complaint else 'ok', number, label, name,
                                '' if complaint else ' (%.0f s)' % seconds))
    if interposed:
        print('#   interposed, as seen by the dynamic linker: ' + ' '.join(interposed))
    if complaint:
        print('# why: ' + complaint)
        for text in output.splitlines()[-30:]:
            print('#   | ' + text)
    sys.stdout.flush()
    return complaint is None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--audit', required=True, type=Path, help='audit.so, built from audit.c')
    parser.add_argument('--interposer', required=True, type=Path, help='the module to run the suite with')
    parser.add_argument('--line', default='gss_winrm 2.25.1467839256 {module} <interposer>',
                        help='its line in the mechanism list; {module} is replaced')
    parser.add_argument('--env', action='append', default=[], metavar='NAME=VALUE', help='set for the interposed runs')
    parser.add_argument('programs', nargs='*', metavar='PROGRAM', help='default: all %d' % len(PROGRAMS))
    options = parser.parse_args()
    for path in (options.audit, options.interposer):
        if not path.is_file():
            sys.exit('run_suite: there is no %s: run make first' % path)
    programs = options.programs or PROGRAMS
    module = options.interposer.resolve()
    line = options.line.format(module=module)
    passed = {}
    try:
        build = krb5_tree.krb5_tree()
        with tempfile.TemporaryDirectory(prefix='gss-winrm-mit.') as work:
            suite = Suite(build, options.audit.resolve(), Path(work))
            print('1..%d' % (2 * len(programs)), flush=True)
            number = 0
            for label, use in (('bare', None), ('interposed', module)):
                passed[label] = 0
                suite.extra = dict(pair.split('=', 1) for pair in options.env) if use else {}
                for name in programs:
                    number += 1
                    outcome = suite.run(name, label, line if use else None, use)
                    passed[label] += report(number, label, name, outcome)
    except krb5_tree.Failure as failure:
        print('Bail out! ' + str(failure).splitlines()[0])
        sys.exit('run_suite: %s' % failure)
    for label, count in passed.items():
        print('# %s: %d of %d' % (label, count, len(programs)))
    sys.exit(0 if all(count == len(programs) for count in passed.values()) else 1)


if __name__ == '__main__':
    main()
