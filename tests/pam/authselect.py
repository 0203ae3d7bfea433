#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""pam_gss_winrm.so in the stacks that authselect writes on Fedora and EL. Called by authselect.tap; prints TAP.

packaging/authselect/postlogin is put at the end of postlogin, as pam_gss_winrm(8) says. The stacks around it are those
of authselect's sssd profile and of the services login and passwd. tests/pam/first.so is in the place of the modules
that know passwords (pam_unix, pam_sss), and pam_permit in that of those that would touch the machine or know accounts.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import pam          # noqa: E402
import results      # noqa: E402
from results import ok      # noqa: E402

# {unix}, {sss} and {pwquality} ask for a password or know it, {env} sets XDG_RUNTIME_DIR.
SYSTEM_AUTH = '''
auth        required                                     pam_env.so
auth        required                                     pam_faildelay.so delay=0
auth        required                                     pam_permit.so                          {{include if "with-faillock"}}
auth        [default=1 ignore=ignore success=ok]         pam_permit.so
auth        [default=1 ignore=ignore success=ok]         pam_localuser.so
auth        sufficient                                   {unix} {{if not "without-nullok":nullok}}
auth        [default=1 ignore=ignore success=ok]         pam_permit.so
auth        sufficient                                   {sss} forward_pass
auth        required                                     pam_deny.so
account     required                                     pam_permit.so
password    requisite                                    {pwquality}
password    sufficient                                   {unix} yescrypt shadow {{if not "without-nullok":nullok}} use_authtok
password    [success=1 default=ignore]                   pam_localuser.so
password    sufficient                                   {sss} use_authtok
password    required                                     pam_deny.so
session     optional                                     pam_permit.so
-session    optional                                     {env}
session     [success=1 default=ignore]                   pam_succeed_if.so service in crond quiet use_uid
session     required                                     pam_permit.so
session     optional                                     pam_permit.so
'''
POSTLOGIN = '''
auth        optional                   pam_no_ecryptfs.so unwrap                              {{include if "with-ecryptfs"}}
password    optional                   pam_no_ecryptfs.so unwrap                              {{include if "with-ecryptfs"}}
session     optional                   pam_permit.so
session     [success=1 default=ignore] pam_succeed_if.so service !~ gdm* service !~ su* quiet
session     [default=1]                pam_permit.so {{if "with-silent-lastlog":silent|showfailed}}
session     optional                   pam_permit.so
'''
SERVICES = {
    'login': '''
auth       substack     system-auth
auth       include      postlogin
account    include      system-auth
password   include      system-auth
session    include      system-auth
session    include      postlogin
''',
    'passwd': '''
auth       include      system-auth
account    include      system-auth
password   substack     system-auth
password   substack     postlogin
''',
}


def expand(text, features):
    """What authselect makes of a template (authselect-profiles(5))."""
    lines = []
    for line in text.splitlines():
        when = re.search(r'\s*\{(include|exclude) if "([^"]*)"\}\s*$', line)
        if when and (when.group(2) in features) != (when.group(1) == 'include'):
            continue
        line = line[:when.start()] if when else line
        for choice in re.finditer(r'\{if (not )?"([^"]*)":([^|}]*)(?:\|([^}]*))?\}', line):
            yes = (choice.group(2) in features) != bool(choice.group(1))
            line = line.replace(choice.group(0), choice.group(3) if yes else choice.group(4) or '')
        lines.append(line.rstrip() + '\n')
    return ''.join(lines)


class Stacks:
    """The files of a profile in a place, for a service."""

    def __init__(self, place):
        self.place = place
        source = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2])
        self.lines = (source / 'packaging/authselect/postlogin').read_text()

    def select(self, features, service='login', good=True, place='postlogin'):
        """alice is no local user: pam_unix is passed over, or does not know her."""
        first = str(self.place.first)
        words = {'unix': 'pam_deny.so', 'pwquality': first, 'sss': first + ('' if good else ' fail'),
                 'env': '%s %s' % (first, self.place.runtime)}
        files = {'system-auth': SYSTEM_AUTH.format(**words), 'postlogin': POSTLOGIN.format(**words)}
        files[place] += self.lines
        ours = '%s debug minimum_uid=%d' % (self.place.module, 1 if self.place.uid else 0)
        for name, text in files.items():
            text = expand(text, features).replace('pam_gss_winrm.so', ours)
            (self.place.services / name).write_text(text)
        # app.c's service is "login", whatever file it gets; pam_wrapper knows no other files but by their paths.
        text = re.sub(r'(system-auth|postlogin)$', r'%s/\1' % self.place.services, SERVICES[service], flags=re.M)
        (self.place.services / 'login').write_text(text)

    def heard(self, *steps, **options):
        with pam.Fake(self.place.runtime) as fake:
            run = self.place.run(*steps, **options)
            return run, fake.heard()


def main():
    with tempfile.TemporaryDirectory() as here:
        place = pam.Place(Path(here), os.geteuid())
        stacks = Stacks(place)
        login = 'LOGIN alice||%s|0|0' % pam.PASSWORD
        steps = pam.LOGIN_STEPS + ('close', 'end')
        for features in ((), ('with-faillock', 'without-nullok', 'with-silent-lastlog')):
            stacks.select(('with-gss-winrm',) + features)
            run, heard = stacks.heard(*steps)
            ok(run.well() and heard == [login], 'login, with-gss-winrm %s: delivered' % ' '.join(features),
                   str(heard) + run.all)
        stacks.select(())
        run, heard = stacks.heard(*steps)
        ok(run.well() and not heard, 'login, without the feature: nothing is', str(heard) + run.all)
        stacks.select(('with-gss-winrm',), good=False)
        run, heard = stacks.heard('authenticate', 'end')
        ok(run.results()['authenticate'] != 0 and not heard, 'login, a wrong password: refused, and nothing is',
               str(heard) + run.all)
        stacks.select(('with-gss-winrm',), place='system-auth')
        run, heard = stacks.heard(*steps)
        ok(run.well() and not heard, 'control: at the end of system-auth it is never got to', str(heard) + run.all)
        stacks.select(('with-gss-winrm',), service='passwd')
        run, heard = stacks.heard(place.putenv, 'chauthtok', 'end')
        ok(run.well() and heard == [login], 'passwd, with-gss-winrm: the new password is delivered',
               str(heard) + run.all)
    return results.end()


if __name__ == '__main__':
    sys.exit(main())
