/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * syslogfd.h - to syslog, and to nothing else.
 *
 * syslog(3) has a datagram socket, which can send to any other one of the
 * machine: to what the user's service manager listens on, say.  It is replaced
 * by one that leads to a process of our own, which holds the real one.
 */
#ifndef GATE_SYSLOGFD_H
#define GATE_SYSLOGFD_H

#include "plugin/bytes/error.h"

/* After openlog(), before the sandbox and all threads. */
int syslogfd_narrow(struct cs_error *err);

#endif /* GATE_SYSLOGFD_H */
