/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * bindings.h - channel bindings of a TLS connection, tls-server-end-point (RFC
 * 5929 4).
 */
#ifndef GATE_BINDINGS_H
#define GATE_BINDINGS_H

#include <openssl/x509.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

#define GATE_BINDINGS_MAX 128   /* bytes; SHA-512 makes 85 */

/*
 * Append "tls-server-end-point:" and the hash of the server's own certificate,
 * which is the application data of GSSAPI's channel bindings (address types
 * and addresses are empty).  Returns 0, CS_NOMEM or CS_TLS.
 */
int gate_bindings(X509 *certificate, struct cs_buf *out,
                  struct cs_error *err);

#endif /* GATE_BINDINGS_H */
