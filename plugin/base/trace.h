/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* trace.h - one line per decision in the file that KRB5_TRACE names. */
#ifndef GW_TRACE_H
#define GW_TRACE_H

/* Is there a trace file?  (Never in a set-id program: secure_getenv.) */
int gw_tracing(void);

/*
 * Append "[pid] seconds.microseconds: gss-winrm: TEXT" to the trace file, in
 * the form of libkrb5's own lines; %m is errno's text.  Control characters become '?'.  Never a
 * token or a key.  Errors are ignored: a trace must not change what happens.
 */
void gw_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* GW_TRACE_H */
