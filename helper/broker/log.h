/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * log.h - the broker's log: to syslog, and to stderr in the foreground.  Never
 * a secret; what others have chosen is cleaned (say.h).
 */
#ifndef BD_LOG_H
#define BD_LOG_H

#include <syslog.h>

/* Before the first line; to_stderr also writes there. */
void log_open(int to_stderr);
void log_to_stderr(int to_stderr);

/* priority as in syslog.h: LOG_INFO... */
void log_line(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* BD_LOG_H */
