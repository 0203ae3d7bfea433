/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* certificate.h - what the doctor reads in a server's certificate. */
#ifndef DOC_CERTIFICATE_H
#define DOC_CERTIFICATE_H

#include <openssl/x509.h>

#include "helper/doctor/doctor.h"

/* Report what is found, and leave in d what is wrong.  verified: what the
 * authorities make of it (X509_V_...).  Does no I/O but doc_say(). */
void certificate_look(struct doctor *d, X509 *cert, long verified);

#endif /* DOC_CERTIFICATE_H */
