/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * say.h - everything that our programs print or log goes through here, and is
 * cleaned (clean.h): stdout, stderr and syslog.
 *
 * A formatted text is cleaned as a whole, so no argument can begin a line: the
 * line feeds are those of the functions.  %m is errno's text.  `make lint'
 * checks that nothing in helper/ prints or logs in another way.
 */
#ifndef HC_SAY_H
#define HC_SAY_H

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

/* A piece of a line; a whole line, or the rest of one, with a line feed. */
void say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void say_line(FILE *to, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void say_vline(FILE *to, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* A text of several lines of our own, with tabs; clean what others have chosen
 * before putting it into one. */
void say_lines(FILE *to, const char *text);

/* A terminal's control sequences, of our own. */
void say_control(FILE *to, const char *sequence);

/* Does this stream end at a terminal that takes no UTF-8? */
int say_ascii_only(FILE *to);

/* Before the first say_log(): who we are, for syslog; to_stderr: lines go
 * there, too.  program is kept. */
void say_log_open(const char *program, int to_stderr);
void say_log_to_stderr(int to_stderr);

/* One line, to syslog.  priority as there: LOG_INFO... */
void say_log(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void say_vlog(int priority, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif /* HC_SAY_H */
