#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""pam-optional, in the files of a root directory. Called by optional.tap; prints TAP.

What a file means is Linux-PAM's to say: those that let a user in with the module do so without it, afterwards.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'watch'))
import results          # noqa: E402
from results import ok      # noqa: E402

SOURCE = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2])
GOOD = 'auth required pam_permit.so'
OURS = 'pam_gss_winrm.so'
# Its name: the text before, and after.
FILES = {
    'a line': ('auth required %s\n', 'auth optional %s\n'),
    'the last line, that has no end': ('auth required %s debug', 'auth optional %s debug'),
    'in capitals': ('AUTH REQUISITE %s\n', 'AUTH optional %s\n'),
    'a list of results': ('auth [success=ok default=bad] %s\n', 'auth optional %s\n'),
    'a continued line': ('auth required \\\n  %s\n', 'auth optional \\\n  %s\n'),
    'blanks behind the backslash': ('auth required \\ \t\n %s\n', 'auth optional \\ \t\n %s\n'),
    'a comment within a continued line': ('auth required \\\n# or not\n\n %s\n', 'auth optional \\\n# or not\n\n %s\n'),
    'behind a comment that ends with a backslash': ('# this \\\nauth required %s\n', '# this \\\nauth optional %s\n'),
    'behind a line with such a comment': (GOOD + ' # this \\\nauth required %s\n', GOOD + ' # this \\\nauth optional %s\n'),
}
AS_THEY_ARE = {
    'a comment': '#auth required %s\n' + GOOD + '\n',
    'optional': 'auth optional %s\n',
    'an argument of another': GOOD + ' # required %s\n',
}
CONV = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
PAM_CONV_ERR = 19


class Conv(ctypes.Structure):
    _fields_ = [('conv', CONV), ('data', ctypes.c_void_p)]


def lets_in(directory, name):
    """Does the stack in this file let a user in?"""
    pam = ctypes.CDLL('libpam.so.0')
    conv, handle = Conv(CONV(lambda *_: PAM_CONV_ERR), None), ctypes.c_void_p()
    if pam.pam_start_confdir(name.encode(), b'alice', ctypes.byref(conv), str(directory).encode(), ctypes.byref(handle)) != 0:
        return None
    result = pam.pam_authenticate(handle, 0)
    pam.pam_end(handle, result)
    return result == 0


def main():
    with tempfile.TemporaryDirectory() as here:
        services = Path(here) / 'etc/pam.d'
        services.mkdir(parents=True)
        # Nowhere is there a module of that path.
        module = '/nowhere/' + OURS
        texts = {name.replace(' ', '-'): (before % module, after % module) for name, (before, after) in FILES.items()}
        texts.update({name.replace(' ', '-'): (text % module, text % module) for name, text in AS_THEY_ARE.items()})
        for name, (before, _) in texts.items():
            (services / name).write_text(GOOD + '\n' + before)
        was = {name: lets_in(services, name) for name in texts}
        # With a module, for which pam_permit stands. (Since 1.7 a comment within a line makes it a bad one.)
        could = {}
        for name, (before, _) in texts.items():
            (services / 'with').write_text(GOOD + '\n' + before.replace(module, 'pam_permit.so'))
            could[name] = lets_in(services, 'with')
        (services / 'with').unlink()
        done = subprocess.run([SOURCE / 'helper/pam/pam-optional', here], check=False, text=True, capture_output=True)
        ok(done.returncode == 0 and done.stderr == '' and list(could.values()).count(True) >= len(texts) - 1,
           'pam-optional', (done, could))
        for name, (before, after) in texts.items():
            text, now = (services / name).read_text(), lets_in(services, name)
            ok(text == GOOD + '\n' + after and now == could[name] and was[name] == (now and before == after) and
               ('/%s: ' % name in done.stdout) == (before != after), name, (could[name], was[name], now, text))
        again = subprocess.run([SOURCE / 'helper/pam/pam-optional', here], check=False, text=True, capture_output=True)
        ok(again.returncode == 0 and again.stdout == '', 'a second time there is nothing to do', again)
    return results.end()


if __name__ == '__main__':
    sys.exit(main())
