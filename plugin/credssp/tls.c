/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tls.c - the TLS connection around CredSSP, over two memory BIOs. */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/buffer.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "plugin/credssp/tlsconf.h"

#define APPLICATION_DATA 23
#define KEY_UPDATE 5            /* bytes: type, length, request_update */

struct cs_tls {
    struct cs_tls_config *config;
    SSL *ssl;                   /* owns both BIOs */
    BIO *in, *out;
    int up;                     /* the handshake is over */
    int renegotiation;          /* the peer has asked for one */
};

/*
 * OpenSSL declines a renegotiation with a warning and goes on.  A peer that
 * asks for one here is not a CredSSP peer.
 */
static void
watch_messages(int write_p, int version, int type, const void *buf, size_t len,
               SSL *ssl, void *arg)
{
    struct cs_tls *t = arg;
    const uint8_t *p = buf;

    (void)version;
    (void)ssl;
    if (!write_p && t->up && type == SSL3_RT_HANDSHAKE && len > 0 &&
        (*p == SSL3_MT_HELLO_REQUEST || *p == SSL3_MT_CLIENT_HELLO))
        t->renegotiation = 1;
}

/* A name that a certificate has to carry; addresses are compared as such. */
static int
expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ||
        X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

int
cs_tls_new(struct cs_tls_config *config, const char *host,
           struct cs_tls **out, struct cs_error *err)
{
    struct cs_tls *t = calloc(1, sizeof(*t));

    *out = NULL;
    if (t == NULL)
        return cs_nomem(err);
    t->config = cs_tls_config_ref(config);
    t->ssl = SSL_new(config->ctx);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (t->ssl == NULL || t->in == NULL || t->out == NULL)
        goto fail;
    BIO_set_mem_eof_return(t->in, -1);
    BIO_set_mem_eof_return(t->out, -1);
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_msg_callback(t->ssl, watch_messages);
    SSL_set_msg_callback_arg(t->ssl, t);
    if (config->acceptor) {
        SSL_set_accept_state(t->ssl);
    } else {
        SSL_set_connect_state(t->ssl);
        if (config->has_ca && (host == NULL || !expect_host(t->ssl, host)))
            goto fail;
    }
    *out = t;
    return 0;

fail:
    if (t->ssl == NULL || SSL_get_rbio(t->ssl) == NULL) {
        BIO_free(t->in);
        BIO_free(t->out);
    }
    cs_tls_free(&t);
    return cs_tls_fail(err, "a TLS connection");
}

/* What was decrypted, and never asked for.  SSL_read_ex() wipes what it gives
 * away; SSL_free() does not in every release. */
static void
discard_plaintext(struct cs_tls *t)
{
    uint8_t waste[1024];
    size_t n;

    while (t->ssl != NULL && SSL_pending(t->ssl) > 0 &&
           SSL_read_ex(t->ssl, waste, sizeof(waste), &n) == 1)
        OPENSSL_cleanse(waste, n);
}

void
cs_tls_free(struct cs_tls **tls)
{
    struct cs_tls *t = *tls;

    *tls = NULL;
    if (t == NULL)
        return;
    discard_plaintext(t);
    SSL_free(t->ssl);
    cs_tls_config_free(&t->config);
    free(t);
}

int
cs_tls_is_acceptor(const struct cs_tls *t)
{
    return t->config->acceptor;
}

int
cs_tls_feed(struct cs_tls *t, struct cs_span in, struct cs_error *err)
{
    if (in.len == 0)
        return 0;
    if (in.len > INT_MAX)
        return cs_fail(err, CS_USAGE, "more than 2 GiB at once");
    if (BIO_write(t->in, in.p, in.len) != (int)in.len)
        return cs_nomem(err);
    return 0;
}

int
cs_tls_pending_input(const struct cs_tls *t)
{
    /* OpenSSL may have read the beginning of a record. */
    return BIO_pending(t->in) > 0 || SSL_has_pending(t->ssl);
}

int
cs_tls_drain(struct cs_tls *t, struct cs_buf *out, struct cs_error *err)
{
    size_t len = BIO_pending(t->out);
    uint8_t *to;

    if (len == 0)
        return 0;
    /* Not BIO_reset(), which clears all that the BIO ever held. */
    to = cs_buf_room(out, len);
    if (to == NULL || BIO_read(t->out, to, (int)len) != (int)len)
        return cs_nomem(err);
    out->len += len;
    return 0;
}

/* The pin is about the key, so that a certificate may be renewed. */
static int
check_pin(struct cs_tls *t, struct cs_error *err)
{
    X509 *cert = SSL_get0_peer_certificate(t->ssl);
    unsigned char hash[EVP_MAX_MD_SIZE], *spki = NULL;
    int len, ok;

    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
    ok = len > 0 && EVP_Digest(spki, len, hash, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(spki);
    if (!ok)
        return cs_tls_fail(err, "the hash of the server's key");
    if (CRYPTO_memcmp(hash, t->config->pin, CS_PIN_LENGTH) != 0)
        return cs_fail(err, CS_TLS, "the server's key is not the pinned one");
    return 0;
}

/* What must hold of a handshake that is over. */
static int
check_handshake(struct cs_tls *t, struct cs_error *err)
{
    if (SSL_session_reused(t->ssl))
        return cs_fail(err, CS_TLS, "the peer resumed a TLS session");
    if (t->config->acceptor)
        return 0;
    if (SSL_get0_peer_certificate(t->ssl) == NULL)
        return cs_fail(err, CS_TLS, "the server has no certificate");
    return t->config->has_pin ? check_pin(t, err) : 0;
}

/* Why a call on the connection failed, when it was not for want of input. */
static int
explain(struct cs_tls *t, const char *what, struct cs_error *err)
{
    long verify = SSL_get_verify_result(t->ssl);

    if (!t->up && t->config->has_ca && verify != X509_V_OK) {
        ERR_clear_error();
        return cs_fail(err, CS_TLS, "the server's certificate: %s",
                       X509_verify_cert_error_string(verify));
    }
    return cs_tls_fail(err, what);
}

/*
 * OpenSSL from 3.2 on (seen in 3.5.9 and 3.6.5; no report of it was found)
 * wipes the read buffer by SSL_OP_CLEANSE_PLAINTEXT also when it has released
 * it already, and writes to NULL.  So the option is off meanwhile.  That leaves
 * no plaintext: what has been read is wiped, and where something is still to
 * be read, SSL_free_buffers() does nothing.
 */
static void
free_buffers(SSL *ssl)
{
    (void)SSL_clear_options(ssl, SSL_OP_CLEANSE_PLAINTEXT);
    (void)SSL_free_buffers(ssl);
    (void)SSL_set_options(ssl, SSL_OP_CLEANSE_PLAINTEXT);
}

void
cs_tls_rest(struct cs_tls *t)
{
    BIO *bios[] = { t->in, t->out };
    BUF_MEM *fresh;
    size_t i;

    free_buffers(t->ssl);
    for (i = 0; i < 2; i++) {
        fresh = BIO_pending(bios[i]) == 0 ? BUF_MEM_new() : NULL;
        if (fresh != NULL)
            (void)BIO_set_mem_buf(bios[i], fresh, BIO_CLOSE);
    }
}

/* ERR_clear_error() goes through the whole queue, full or not. */
static void
forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

int
cs_tls_handshake(struct cs_tls *t, int *done, struct cs_error *err)
{
    int ret, why;

    *done = t->up;
    if (t->up)
        return 0;
    forget_errors();
    ret = SSL_do_handshake(t->ssl);
    if (ret != 1) {
        why = SSL_get_error(t->ssl, ret);
        return (why == SSL_ERROR_WANT_READ) ? 0 :
            explain(t, "TLS handshake", err);
    }
    ret = check_handshake(t, err);
    if (ret != 0)
        return ret;
    /* From here on a buffer is kept: to make one, and wipe it, costs more than
     * a small message.  (tlsconf.c has them released in the handshake.) */
    (void)SSL_clear_mode(t->ssl, SSL_MODE_RELEASE_BUFFERS);
    *done = t->up = 1;
    return 0;
}

/* Room for what the input can be the ciphertext of: one record at most. */
static uint8_t *
room_for_input(struct cs_tls *t, struct cs_buf *plain)
{
    size_t n = BIO_pending(t->in);

    if (n == 0 || n > CS_RECORD_MAX)
        n = CS_RECORD_MAX;
    if (n > plain->max - plain->len)
        n = plain->max - plain->len;
    return cs_buf_room(plain, n);
}

/* Why SSL_read_ex() gave nothing. */
static int
end_of_input(struct cs_tls *t, int ret, struct cs_error *err)
{
    switch (SSL_get_error(t->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return cs_fail(err, CS_TLS, "the peer closed the TLS connection");
    default:
        return explain(t, "TLS", err);
    }
}

int
cs_tls_read(struct cs_tls *t, struct cs_buf *plain, struct cs_error *err)
{
    size_t n;
    uint8_t *to;
    int ret;

    forget_errors();
    /* OpenSSL takes no more from the BIO than it needs for a record. */
    while (cs_tls_pending_input(t)) {
        to = room_for_input(t, plain);
        if (to == NULL)
            return cs_nomem(err);
        if (plain->cap == plain->len)
            return cs_fail(err, CS_MALFORMED, "the peer sent too much");
        ret = SSL_read_ex(t->ssl, to, plain->cap - plain->len, &n);
        if (t->renegotiation)
            return cs_fail(err, CS_TLS,
                           "the peer asked for a TLS renegotiation");
        if (ret != 1)
            return end_of_input(t, ret, err);
        plain->len += n;
    }
    return 0;
}

/*
 * Do these bytes consist of as few records of application data as `plain'
 * bytes need?  (A handshake record may stand before them.)
 */
static int
minimal_records(const uint8_t *p, size_t left, size_t plain)
{
    size_t records = 0, len;

    while (left >= CS_RECORD_HEADER) {
        len = CS_RECORD_HEADER + ((size_t)p[3] << 8 | p[4]);
        if (p[0] != APPLICATION_DATA || len > left)
            return 0;
        records++;
        p += len;
        left -= len;
    }
    return left == 0 &&
        records == (plain + CS_RECORD_MAX - 1) / CS_RECORD_MAX;
}

int
cs_tls_key_update(struct cs_tls *t, struct cs_error *err)
{
    forget_errors();
    if (SSL_version(t->ssl) < TLS1_3_VERSION)
        return 0;
    if (SSL_key_update(t->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
        SSL_do_handshake(t->ssl) != 1)
        return cs_tls_fail(err, "TLS key update");
    return 0;
}

/* Has the peer asked for other keys without having got them?  OpenSSL answers
 * some requests as it reads them, and others with the next message. */
static int
owes_keys(const struct cs_tls *t)
{
    return SSL_get_key_update_type(t->ssl) != SSL_KEY_UPDATE_NONE;
}

int
cs_tls_write(struct cs_tls *t, struct cs_span message, struct cs_error *err)
{
    size_t before, n;
    char *p;
    long len;
    int ret;

    /* Now, because the records of the message are counted. */
    ret = owes_keys(t) ? cs_tls_key_update(t, err) : 0;
    if (ret != 0)
        return ret;
    before = BIO_pending(t->out);
    forget_errors();
    if (SSL_write_ex(t->ssl, message.p, message.len, &n) != 1 ||
        n != message.len)
        return explain(t, "TLS", err);
    len = BIO_get_mem_data(t->out, &p);
    if (!minimal_records((uint8_t *)p + before, len - before, message.len))
        return cs_fail(err, CS_TLS, "OpenSSL split a message into records");
    return 0;
}

int
cs_tls_server_key(const struct cs_tls *t, struct cs_span *key,
                  struct cs_error *err)
{
    X509 *cert = t->config->acceptor ? SSL_get_certificate(t->ssl) :
        SSL_get0_peer_certificate(t->ssl);
    ASN1_BIT_STRING *bits = (cert != NULL) ? X509_get0_pubkey_bitstr(cert) :
        NULL;

    if (bits == NULL)
        return cs_fail(err, CS_TLS, "the server's certificate has no key");
    key->p = ASN1_STRING_get0_data(bits);
    key->len = ASN1_STRING_length(bits);
    return 0;
}

const char *
cs_tls_version(const struct cs_tls *t)
{
    return SSL_get_version(t->ssl);
}

const char *
cs_tls_cipher(const struct cs_tls *t)
{
    return SSL_get_cipher_name(t->ssl);
}

/* The length of the MAC of a cipher suite that is not AEAD. */
static size_t
mac_length(const SSL_CIPHER *cipher)
{
    int nid = SSL_CIPHER_get_digest_nid(cipher);
    const EVP_MD *md = (nid != NID_undef) ? EVP_get_digestbynid(nid) : NULL;

    return (md != NULL) ? (size_t)EVP_MD_get_size(md) : 0;
}

static size_t
tag_length(const SSL_CIPHER *cipher)
{
    /* Their names are the only thing that tells a short tag. */
    return (strstr(SSL_CIPHER_get_name(cipher), "CCM8") != NULL ||
            strstr(SSL_CIPHER_get_name(cipher), "CCM_8") != NULL) ? 8 : 16;
}

/* The size of a block, or 0 for a stream cipher; DES is the only other. */
static size_t
block_length(const SSL_CIPHER *cipher)
{
    int nid = SSL_CIPHER_get_cipher_nid(cipher);

    return (nid == NID_rc4) ? 0 : (nid == NID_des_ede3_cbc) ? 8 : 16;
}

void
cs_tls_frame(const struct cs_tls *t, size_t plain, struct cs_tls_frame *frame)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);
    int version = SSL_version(t->ssl);
    size_t mac, block;

    frame->header = CS_RECORD_HEADER;
    frame->before = BIO_pending(t->out);
    if (version >= TLS1_3_VERSION) {
        /* The type of the contents is encrypted behind them. */
        frame->trailer = 1 + tag_length(cipher);
        if (owes_keys(t))
            frame->before += CS_RECORD_HEADER + KEY_UPDATE + frame->trailer;
    } else if (SSL_CIPHER_is_aead(cipher)) {
        if (SSL_CIPHER_get_cipher_nid(cipher) != NID_chacha20_poly1305)
            frame->header += 8;
        frame->trailer = tag_length(cipher);
    } else {
        mac = mac_length(cipher);
        block = block_length(cipher);
        if (version >= TLS1_1_VERSION)
            frame->header += block;
        frame->trailer = mac;
        if (block > 0)
            frame->trailer += block - (plain + mac) % block;
    }
}
