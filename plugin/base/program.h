/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* program.h - what this program calls itself. */
#ifndef GW_PROGRAM_H
#define GW_PROGRAM_H

#include <stddef.h>

#define GW_PROGRAM_MAX 64

/*
 * The base name of the running program: of the script when an interpreter
 * runs one ("evil-winrm" of "ruby /usr/bin/evil-winrm"), of the module for
 * "python3 -m MODULE".  (An interpreter's option with an argument apart, as in
 * "python3 -W ignore x.py", is not known as such.)  Truncated to size - 1 bytes.  Reads
 * /proc/self/cmdline; "unknown" when that cannot be read.
 */
void gw_program_name(char *buf, size_t size);

/* The same from the text of a command line: len bytes of strings that each
 * end with a NUL.  Pure. */
void gw_program_of_cmdline(const char *cmdline, size_t len, char *buf,
                           size_t size);

#endif /* GW_PROGRAM_H */
