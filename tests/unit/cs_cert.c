/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cs_cert.c - a certificate and its key. */
#include "config.h"

#include <stdio.h>
#include <openssl/pem.h>

#include "tests/unit/cs_cert.h"
#include "tests/unit/unit.h"

const char *
cert_file(const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    const char *path = unit_file(name, "");
    FILE *f = fopen(path, "w");

    assert_true(f != NULL && key != NULL && cert != NULL);
    assert_int_equal(X509_set_version(cert, 2), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(f, cert), 1);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL),
                     1);
    assert_int_equal(fclose(f), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
    return path;
}
