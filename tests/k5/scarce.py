# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Every allocation that one module makes fails once (scarce.c, which has to be preloaded)."""

import ctypes

MOST = 3000


def each_fails(ok, library, module, what, work, expected=()):
    """Repeats work with the module's first, second... allocation failing, until none does. expected: the exceptions in
    which an error of GSSAPI's may come."""
    scarce = ctypes.CDLL(library).scarce
    scarce.argtypes, scarce.restype = [ctypes.c_char_p, ctypes.c_long], ctypes.c_long
    count, wrong = 0, []
    for number in range(MOST):
        scarce(module.encode(), number)
        try:
            work()
        except expected:
            pass
        except Exception as error:      # pylint: disable=broad-except
            wrong.append('%d: %r' % (number, error))
        finally:
            left = scarce(module.encode(), -1)
        if left >= 0:
            break
        count += 1
    ok(0 < count < MOST and not wrong, what + ': every allocation fails once', '%d of them; %s' % (count, wrong))
    try:
        work()
        ok(True, what + ': and then it works')
    except expected as error:
        ok(False, what + ': and then it works', error)
