/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sandbox.h - give up what the gateway does not need, before it reads a byte
 * from anybody.
 */
#ifndef GATE_SANDBOX_H
#define GATE_SANDBOX_H

#include "plugin/bytes/error.h"

/*
 * For good, for all threads: no capabilities, no new privileges, no core, not
 * dumpable; by seccomp no system call that is not on a list; by Landlock,
 * where the kernel has it, no files but those that names, certificates and
 * krb5.conf come from, and none to write; from the directory removable they
 * may be removed.  *landlock says whether it has.  Open descriptors stay
 * usable: the caller must make sure that they are harmless (apart.h,
 * syslogfd.h).  Fails rather than doing half of it.
 */
int sandbox_enter(const char *removable, int *landlock, struct cs_error *err);

#endif /* GATE_SANDBOX_H */
