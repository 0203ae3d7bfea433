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

/* The NTSTATUS (MS-ERREF 2.3) for this krb5 error, or 0. */
uint32_t cs_krb5_ntstatus(uint32_t code);

#endif /* CS_GSSERR_H */
