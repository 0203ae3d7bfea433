/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* kdcerr.h - what a domain controller's error says beyond its code. */
#ifndef CS_KDCERR_H
#define CS_KDCERR_H

#include "plugin/bytes/buf.h"

/*
 * The NTSTATUS in the e-data of a KRB-ERROR, or 0.  Windows puts it in front
 * of PA-PW-SALT's value, or into a KERB-ERROR-DATA (MS-KILE 2.2.2, 3.1.5.7:
 * data type 3, the status first, little-endian).  Unauthenticated: use it for
 * messages only.  Pure.
 */
uint32_t cs_kdc_error_status(struct cs_span e_data);

#endif /* CS_KDCERR_H */
