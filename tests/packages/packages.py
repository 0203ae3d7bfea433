#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The packages: built, checked, installed, upgraded, removed. Prints TAP; needs root and tests/deps.sh packages.

    packages.py --archive gss-winrm-VERSION.tar.xz [--only PART]...

Parts: archive, debian, leave, rpm, role, newcomer, deps. Debian's are installed in a small system of this machine's release (root.py).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import t_archive
import t_debian
import t_deps
import t_leave
import t_newcomer
import t_role
import t_rpm
from work import Skip, Work

PARTS = {'archive': t_archive, 'debian': t_debian, 'leave': t_leave, 'rpm': t_rpm,
         'role': t_role, 'newcomer': t_newcomer, 'deps': t_deps}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--archive', type=Path, required=True)
    parser.add_argument('--only', action='append', choices=list(PARTS))
    args = parser.parse_args()
    if os.geteuid() != 0:
        print('1..0 # SKIP needs root')
        return 0
    cases = [(part, name, case) for part, module in PARTS.items() if part in (args.only or PARTS)
             for name, case in vars(module).items() if name.startswith('test_')]
    print('1..%d' % len(cases), flush=True)
    failed = 0
    # Not in /tmp, which may be small or not take programs.
    directory = Path(tempfile.mkdtemp(prefix='gss-winrm-packages.', dir='/var/tmp'))
    work = Work(directory, args.archive.resolve())
    try:
        for number, (part, name, case) in enumerate(cases, 1):
            began = time.monotonic()
            what = '%d - %s: %s' % (number, part, case.__doc__.splitlines()[0].rstrip('.'))
            try:
                case(work)
                print('ok %s (%.0f s)' % (what, time.monotonic() - began), flush=True)
            except Skip as why:
                print('ok %s # SKIP %s' % (what, why), flush=True)
            except Exception as error:
                failed += 1
                print('not ok %s' % what)
                where = traceback.extract_tb(error.__traceback__)[-1]
                print('# %s, line %d: %s' % (name, where.lineno, type(error).__name__))
                print(''.join('# %s\n' % line for line in str(error).splitlines()[-40:]), end='', flush=True)
    finally:
        work.close()
        shutil.rmtree(directory)
    return 1 if failed else 0


def interrupted(*_):
    raise KeyboardInterrupt


if __name__ == '__main__':
    import signal
    signal.signal(signal.SIGTERM, interrupted)
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit('%s: %s' % (error, error.stderr or ''))
