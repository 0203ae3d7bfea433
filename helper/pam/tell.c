/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tell.c - the module's log. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include <security/pam_ext.h>

#include "plugin/bytes/clean.h"
#include "helper/pam/tell.h"

#define LINE_MAX_BYTES 1024

void
tell(pam_handle_t *pamh, int priority, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    clean_text(line);
    pam_syslog(pamh, priority, "%s", line);
}
