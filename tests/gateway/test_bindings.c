/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_bindings.c - channel bindings of certificates of every kind. */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "helper/wsman/bindings.h"
#include "tests/unit/cs_hex.h"

static EVP_PKEY *rsa, *ec, *ed;

static int
make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-384");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return (rsa != NULL && ec != NULL && ed != NULL) ? 0 : -1;
}

static int
free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);
    return 0;
}

enum kind { RSA_PKCS1, RSA_PSS, ECDSA, EDDSA };

static void
sign(X509 *cert, enum kind kind, EVP_PKEY *key, const char *md)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, key,
                                           NULL), 1);
    if (kind == RSA_PSS) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(pctx,
                                                 RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 20) > 0);
    }
    assert_true(X509_sign_ctx(cert, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

static X509 *
make(enum kind kind, const char *md)
{
    EVP_PKEY *key = (kind == ECDSA) ? ec : (kind == EDDSA) ? ed : rsa;
    X509 *cert = X509_new();

    assert_non_null(cert);
    (void)X509_set_version(cert, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    (void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
                                     MBSTRING_ASC, (const uint8_t *)"web01",
                                     -1, -1, 0);
    (void)X509_set_issuer_name(cert, X509_get_subject_name(cert));
    (void)X509_set_pubkey(cert, key);
    sign(cert, kind, key, md);
    return cert;
}

/* The prefix and the hash of the DER, by name. */
static void
assert_bindings(X509 *cert, const char *md)
{
    struct cs_buf out = CS_BUF_INIT(GATE_BINDINGS_MAX);
    uint8_t hash[EVP_MAX_MD_SIZE], *der = NULL;
    int len = i2d_X509(cert, &der);
    size_t size;

    assert_true(len > 0);
    assert_int_equal(EVP_Q_digest(NULL, md, NULL, der, len, hash, &size), 1);
    OPENSSL_free(der);
    assert_int_equal(gate_bindings(cert, &out, NULL), 0);
    assert_int_equal(out.len, 21 + size);
    assert_memory_equal(out.p, "tls-server-end-point:", 21);
    assert_memory_equal(out.p + 21, hash, size);
    cs_buf_free(&out);
}

static void
test_kinds(void **state)
{
    static const struct {
        enum kind kind;
        const char *md, *hash;
    } kinds[] = {
        { RSA_PKCS1, "MD5", "SHA256" }, { RSA_PKCS1, "SHA1", "SHA256" },
        { RSA_PKCS1, "SHA224", "SHA224" }, { RSA_PKCS1, "SHA256", "SHA256" },
        { RSA_PKCS1, "SHA384", "SHA384" }, { RSA_PKCS1, "SHA512", "SHA512" },
        { RSA_PSS, "SHA1", "SHA256" }, { RSA_PSS, "SHA256", "SHA256" },
        { RSA_PSS, "SHA384", "SHA384" }, { RSA_PSS, "SHA512", "SHA512" },
        { ECDSA, "SHA1", "SHA256" }, { ECDSA, "SHA256", "SHA256" },
        { ECDSA, "SHA384", "SHA384" }, { ECDSA, "SHA512", "SHA512" },
        { EDDSA, NULL, "SHA256" },
    };
    size_t i;
    X509 *cert;

    (void)state;
    for (i = 0; i < COUNT(kinds); i++) {
        cert = make(kinds[i].kind, kinds[i].md);
        assert_bindings(cert, kinds[i].hash);
        X509_free(cert);
    }
}

/* A signature that nobody knows, as a server could have it: the algorithm's
 * identifier twice in the DER, replaced by another of the same length. */
static void
test_unknown(void **state)
{
    static const uint8_t known[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1,
                                     0x0C };
    X509 *cert = make(RSA_PKCS1, "SHA384");
    uint8_t *der = NULL, *at, *end;
    const uint8_t *in;
    int len = i2d_X509(cert, &der), n = 0;

    (void)state;
    end = der + len;
    while ((at = memmem(der, end - der, known, sizeof(known))) != NULL) {
        at[8] = 0x7D;
        n++;
    }
    assert_int_equal(n, 2);
    X509_free(cert);
    in = der;
    cert = d2i_X509(NULL, &in, len);
    assert_non_null(cert);
    assert_bindings(cert, "SHA256");
    X509_free(cert);
    OPENSSL_free(der);
}

static void
test_room(void **state)
{
    struct cs_buf out = CS_BUF_INIT(52);
    X509 *cert = make(RSA_PKCS1, "SHA256");
    struct cs_error err;

    (void)state;
    assert_int_equal(gate_bindings(cert, &out, &err), CS_MALFORMED);
    cs_buf_free(&out);
    out.max = 53;
    assert_int_equal(gate_bindings(cert, &out, &err), 0);
    cs_buf_free(&out);
    X509_free(cert);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests_name("channel bindings", tests, make_keys,
                                       free_keys);
}
