/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cs_cert.h - a certificate and its key, for an acceptor. */
#ifndef CS_CERT_H
#define CS_CERT_H

/* Make both, in a file of that name; the path, as unit_file()'s.  P-256, since
 * the RSA key that the library would make takes seconds under valgrind. */
const char *cert_file(const char *name);

#endif /* CS_CERT_H */
