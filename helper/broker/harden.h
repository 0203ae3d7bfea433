/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* harden.h - what a process with secrets does to itself first. */
#ifndef BD_HARDEN_H
#define BD_HARDEN_H

/* No core dumps, no debuggers of the same user, no new privileges by exec, no
 * access for others to its files, nothing on stdin.  Failures are logged. */
void harden_process(void);

#endif /* BD_HARDEN_H */
