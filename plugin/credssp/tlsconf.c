/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tlsconf.c - what the connections of one credential share: an SSL_CTX. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "plugin/credssp/tlsconf.h"

#define PIN_LENGTH ((size_t)CS_PIN_LENGTH)
#define DAY_SECONDS (24L * 60 * 60)

int
cs_tls_fail(struct cs_error *err, const char *what)
{
    unsigned long first = ERR_peek_error(), code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    int ret;

    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        ret = cs_nomem(err);
    else if (ERR_SYSTEM_ERROR(first))   /* the last says "system lib" */
        ret = cs_fail_errno(err, CS_TLS, ERR_GET_REASON(first), "%s", what);
    else
        ret = cs_fail(err, CS_TLS, "%s: %s", what,
                      reason != NULL ? reason : "TLS failed");
    ERR_clear_error();
    return ret;
}

static int
hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at;

    at = (c != '\0') ? strchr(digits, c | 0x20) : NULL;
    return (at != NULL) ? (int)(at - digits) : -1;
}

static int
pin_from_hex(const char *text, unsigned char *pin)
{
    int high, low;
    size_t i;

    for (i = 0; i < PIN_LENGTH; i++) {
        high = hex_digit(text[2 * i]);
        low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return 0;
        pin[i] = high << 4 | low;
    }
    return 1;
}

/* 64 hexadecimal digits, or 44 characters of base64. */
static int
parse_pin(const char *text, unsigned char *pin)
{
    unsigned char decoded[PIN_LENGTH + 4];
    size_t len = strlen(text);

    if (len == 2 * PIN_LENGTH)
        return pin_from_hex(text, pin);
    /* It counts what the padding stands for, too. */
    if (len != 44 || text[43] != '=' || text[42] == '=' ||
        EVP_DecodeBlock(decoded, (const unsigned char *)text, 44) !=
        CS_PIN_LENGTH + 1)
        return 0;
    memcpy(pin, decoded, PIN_LENGTH);
    return 1;
}

static int
set_verification(struct cs_tls_config *c, const struct cs_tls_options *o,
                 struct cs_error *err)
{
    int ok;

    if (o->pin != NULL) {
        if (!parse_pin(o->pin, c->pin))
            return cs_fail(err, CS_USAGE, "the pin is not a SHA-256 in "
                           "hexadecimal or base64: %.80s", o->pin);
        c->has_pin = 1;
    }
    if (o->ca_file != NULL) {
        ok = (strcmp(o->ca_file, "system") == 0) ?
            SSL_CTX_set_default_verify_paths(c->ctx) :
            SSL_CTX_load_verify_locations(c->ctx, o->ca_file, NULL);
        if (ok != 1)
            return cs_tls_fail(err, "the CA file");
        c->has_ca = 1;
        SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    }
    return 0;
}

/* Set what a self-signed certificate says.  The name says nothing: nobody
 * verifies it, and clients bind to the key. */
static int
fill_certificate(X509 *cert, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(cert);

    return X509_set_version(cert, 2) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_SECONDS) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(cert), 365 * DAY_SECONDS) != NULL &&
        X509_set_pubkey(cert, key) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   (const unsigned char *)"CredSSP", -1, -1,
                                   0) == 1 &&
        X509_set_issuer_name(cert, name) == 1 &&
        X509_sign(cert, key, EVP_sha256()) > 0;
}

/* RSA, because not every client can bind to another kind of key. */
static int
self_sign(SSL_CTX *ctx, struct cs_error *err)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert = (key != NULL) ? X509_new() : NULL;
    int ok;

    ok = cert != NULL && fill_certificate(cert, key) &&
        SSL_CTX_use_certificate(ctx, cert) == 1 &&
        SSL_CTX_use_PrivateKey(ctx, key) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok ? 0 : cs_tls_fail(err, "creating a certificate");
}

static int
set_certificate(SSL_CTX *ctx, const struct cs_tls_options *o,
                struct cs_error *err)
{
    const char *key = (o->key_file != NULL) ? o->key_file : o->cert_file;

    if (o->cert_file == NULL)
        return self_sign(ctx, err);
    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1)
        return cs_tls_fail(err, o->cert_file);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return cs_tls_fail(err, key);
    return 0;
}

/*
 * Windows' CredSSP stalls when a session is resumed, and takes one record per
 * message only.  Encrypt-then-MAC is not in SChannel; without it the size of a
 * CBC record is known beforehand.
 */
static int
set_protocol(SSL_CTX *ctx, const struct cs_tls_options *o,
             struct cs_error *err)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                        SSL_OP_NO_RENEGOTIATION |
                        SSL_OP_NO_ENCRYPT_THEN_MAC |
                        SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS |
                        SSL_OP_CLEANSE_PLAINTEXT |
                        SSL_OP_NO_QUERY_MTU);
    SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    /* Buffers are the larger part of a connection's memory. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
        SSL_CTX_set_min_proto_version(ctx, o->min_version != 0 ?
                                      o->min_version : TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, o->max_version) != 1)
        return cs_tls_fail(err, "TLS versions");
    if (o->ciphers != NULL && SSL_CTX_set_cipher_list(ctx, o->ciphers) != 1)
        return cs_fail(err, CS_USAGE, "no known cipher in \"%.80s\"",
                       o->ciphers);
    return 0;
}

int
cs_tls_config_new(const struct cs_tls_options *o, struct cs_tls_config **out,
                  struct cs_error *err)
{
    struct cs_tls_config *c = calloc(1, sizeof(*c));
    int ret;

    *out = NULL;
    if (c == NULL)
        return cs_nomem(err);
    c->refs = 1;
    c->acceptor = o->acceptor;
    c->ctx = SSL_CTX_new(o->acceptor ? TLS_server_method() :
                         TLS_client_method());
    if (c->ctx == NULL)
        ret = cs_tls_fail(err, "TLS");
    else
        ret = set_protocol(c->ctx, o, err);
    if (ret == 0)
        ret = o->acceptor ? set_certificate(c->ctx, o, err) :
            set_verification(c, o, err);
    if (ret != 0) {
        cs_tls_config_free(&c);
        return ret;
    }
    *out = c;
    return 0;
}

struct cs_tls_config *
cs_tls_config_ref(struct cs_tls_config *c)
{
    __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    return c;
}

void
cs_tls_config_free(struct cs_tls_config **config)
{
    struct cs_tls_config *c = *config;

    *config = NULL;
    if (c == NULL || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    SSL_CTX_free(c->ctx);
    free(c);
}

int
cs_tls_config_verifies(const struct cs_tls_config *c)
{
    return c->has_ca || c->has_pin;
}
