/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tell.h - the module's log. */
#ifndef GP_TELL_H
#define GP_TELL_H

#include <syslog.h>
#include <security/pam_modules.h>

/* pam_syslog(), cleaned (clean.h): others have chosen names and answers.  %m
 * is errno's text. */
void tell(pam_handle_t *pamh, int priority, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* GP_TELL_H */
