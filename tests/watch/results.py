# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""TAP on stdout: a line per result, and below it why it is not good."""

count = failures = 0


def ok(good, name, why=''):
    global count, failures
    count += 1
    failures += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    if not good and why != '':
        print('# why: ' + str(why).replace('\n', '\n# '), flush=True)
    return bool(good)


def skip(name, why):
    global count
    count += 1
    print('ok %d - %s # SKIP %s' % (count, name, why), flush=True)


def end():
    """The plan; what is returned is the program's exit status."""
    print('1..%d' % count, flush=True)
    return 1 if failures else 0
