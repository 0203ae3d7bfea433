/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tlsconf.h - the inside of a TLS configuration, for tls.c and tlsconf.c. */
#ifndef CS_TLSCONF_H
#define CS_TLSCONF_H

#include <openssl/ssl.h>

#include "plugin/credssp/tls.h"

#define CS_PIN_LENGTH 32        /* bytes: SHA-256 */

struct cs_tls_config {
    int refs;                   /* atomic */
    int acceptor;
    int has_ca, has_pin;
    unsigned char pin[CS_PIN_LENGTH];
    SSL_CTX *ctx;
};

/* The last error of the TLS library, with what was being done. */
int cs_tls_fail(struct cs_error *err, const char *what);

#endif /* CS_TLSCONF_H */
