/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check.h - verify a new password with the KDC, within a time limit. */
#ifndef BD_CHECK_H
#define BD_CHECK_H

#include "plugin/credssp/creds.h"

/* More than kdcwait.h's, which ends most waits: krb5 before 1.22 takes that
 * long for each of a realm's KDCs, and asks one after the other. */
#define CHECK_SECONDS 30

/* cs_creds_check() in a thread of its own, for at most that time.  It holds on
 * to the credential, whose password the caller should then wipe. */
int check_password(struct cs_creds *creds, struct cs_error *err);

#endif /* BD_CHECK_H */
