/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* bindings.c - channel bindings of a TLS connection. */
#include "config.h"

#include <openssl/evp.h>

#include "helper/wsman/bindings.h"

#define PREFIX "tls-server-end-point:"

/*
 * RFC 5929 4.1: the hash of the certificate's signature, which for RSASSA-PSS
 * stands in its parameters; SHA-256 in the place of MD5 and SHA-1.  For a
 * signature that has none of its own (Ed25519), or is not known, the RFC
 * leaves it undefined, and everybody takes SHA-256.
 */
static const EVP_MD *
hash_of(X509 *certificate)
{
    const EVP_MD *md = NULL;
    int nid = NID_undef;

    if (X509_get_signature_info(certificate, &nid, NULL, NULL, NULL) &&
        nid != NID_undef && nid != NID_md5 && nid != NID_sha1)
        md = EVP_get_digestbynid(nid);
    return (md != NULL) ? md : EVP_sha256();
}

int
gate_bindings(X509 *certificate, struct cs_buf *out, struct cs_error *err)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int len;

    if (X509_digest(certificate, hash_of(certificate), hash, &len) != 1)
        return cs_fail(err, CS_TLS, "the hash of the server's certificate "
                       "cannot be computed");
    cs_buf_add(out, PREFIX, sizeof(PREFIX) - 1);
    cs_buf_add(out, hash, len);
    return (out->error == 0) ? 0 : cs_fail(err, out->error, "%s",
                                           cs_code_text(out->error));
}
