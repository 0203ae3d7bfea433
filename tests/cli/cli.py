#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The command line gss-winrm: arguments, output, exit status, terminals and signals. Prints TAP.

    cli.py [CASE]...

Its peers are stand-ins (standins/), which write down what they were asked; for test_real_*, the real ones. No network.
"""

import signal
import sys
import traceback

import t_complete
import t_configure
import t_doctor
import t_explain
import t_kdc
import t_login
import t_patience
import t_run
import t_switch
from place import PROGRAM, Place, RealPlace


def main():
    if not PROGRAM.exists():
        print('1..0 # SKIP there is no %s' % PROGRAM)
        return 0
    # A script's background job is started with these ignored, one of nohup's with the third; and so would be what it
    # starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    wanted = sys.argv[1:]
    tests = [(name, case)
             for module in (t_login, t_run, t_kdc, t_explain, t_complete, t_configure, t_doctor, t_patience, t_switch)
             for name, case in vars(module).items()
             if name.startswith('test_') and (not wanted or name in wanted)]
    print('1..%d' % len(tests), flush=True)
    failed = 0
    for number, (name, case) in enumerate(tests, 1):
        try:
            with RealPlace() if name.startswith('test_real') else Place() as place:
                skip = case(place)
            print('ok %d - %s%s' % (number, name, ' # ' + skip if skip else ''), flush=True)
        except Exception:
            failed += 1
            print('not ok %d - %s' % (number, name))
            print(''.join('# %s\n' % line for line in traceback.format_exc().splitlines()[-6:]), end='', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
