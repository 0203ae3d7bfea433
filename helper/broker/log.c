/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* log.c - the broker's log. */
#include "config.h"

#include "helper/broker/log.h"
#include "helper/common/say.h"

void
log_open(int to_stderr)
{
    say_log_open("gss-winrmd", to_stderr);
}

void
log_to_stderr(int to_stderr)
{
    say_log_to_stderr(to_stderr);
}

void
log_line(int priority, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say_vlog(priority, fmt, ap);
    va_end(ap);
}
