# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The vector registers of a process, as a core has them."""

import ctypes
import os

ATTACH, DETACH, GETREGSET = 16, 17, 0x4204
# NT_X86_XSTATE, or what NT_PRFPREG is elsewhere.
KIND = 0x202 if os.uname().machine == 'x86_64' else 2


class Iovec(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]


def registers(pid):
    """Bytes, or None where ptrace() is not for us."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(ATTACH, pid, None, None) != 0:
        return None
    os.waitpid(pid, 0x40000000)         # __WALL
    room = ctypes.create_string_buffer(1 << 16)
    iovec = Iovec(ctypes.addressof(room), len(room))
    good = libc.ptrace(GETREGSET, pid, KIND, ctypes.byref(iovec)) == 0
    libc.ptrace(DETACH, pid, None, None)
    return room.raw[:iovec.size] if good else None
