#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Runs secrets, which searches processes for a password, in an MIT realm with a user of that password. Prints TAP."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import mechanism
from mechanism import realm, run_tests

# As in tests/unit/cs_search.c.
PASSWORD = 'Zq7-never-in-a-core-9'


def main():
    build = Path(os.environ.get('top_builddir') or '.').resolve()
    source = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2]).resolve()
    with realm.Realms() as realms:
        realms.main.administer(['add_principal -pw %s secret' % PASSWORD])
        env = mechanism.inner_environment(realms)
        env.update(run_tests.sanitizer_options(source, False), KRB5_TRACE=str(realms.directory / 'trace'))
        # It begins without the password; gss-ntlmssp's users are others.
        command = shlex.split(os.environ.get('GW_VALGRIND', '')) + [str(build / 'tests/credssp/secrets')]
        return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == '__main__':
    try:
        sys.exit(main())
    except realm.Failure as failure:
        print('Bail out! %s' % failure)
        sys.exit(1)
