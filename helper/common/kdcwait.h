/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * kdcwait.h - how long this process waits for a KDC.
 *
 * krb5 1.22 waits forever for one that accepts a TCP connection and does not
 * answer, unless krb5.conf has a request_timeout (krb5.conf(5)), which older
 * releases do not know: they give up by themselves.
 */
#ifndef HC_KDCWAIT_H
#define HC_KDCWAIT_H

#define KDC_WAIT_MAX 20         /* seconds, for one request */

/*
 * Limit it for all of libkrb5 and GSSAPI in this process: a file in memory is
 * put before those of KRB5_CONFIG.  A shorter time that krb5.conf has stays.
 * To be called at the start, before there are threads.
 */
void kdc_wait_bound(void);

/* KRB5_CONFIG as the user has set it, or NULL. */
const char *kdc_wait_config(void);

#endif /* HC_KDCWAIT_H */
