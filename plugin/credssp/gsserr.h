/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* gsserr.h - GSSAPI's errors as ours. */
#ifndef CS_GSSERR_H
#define CS_GSSERR_H

#include <gssapi/gssapi.h>

#include "plugin/bytes/error.h"

/* CS_INNER (or CS_NOMEM) with "WHAT: the texts of both codes". */
int cs_gss_fail(struct cs_error *err, const char *what, OM_uint32 major,
                OM_uint32 minor, gss_const_OID mech);

/* What reading krb5.conf ended with, a code of libkrb5's or an errno: 0, CS_NOMEM,
 * or CS_SYSTEM with "krb5.conf cannot be read: WHY". */
int cs_krb5_conf_fail(long code, struct cs_error *err);

/* The NTSTATUS (MS-ERREF 2.3) for this krb5 error, or 0. */
uint32_t cs_krb5_ntstatus(uint32_t code);

#endif /* CS_GSSERR_H */
