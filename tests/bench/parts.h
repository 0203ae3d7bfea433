/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * parts.h - what a CredSSP exchange consists of, without CredSSP: a bare TLS
 * connection and a bare SPNEGO context, for the benchmark to compare with.
 *
 * Both ends are in this process.  What fails says so with fail(), once, and
 * sets `failed'.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stddef.h>
#include <gssapi/gssapi_ext.h>
#include <openssl/ssl.h>

enum { CLIENT, SERVER };

#define PROOF_LENGTH 32         /* bytes: a SHA-256 */

extern int failed;
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Fails, and returns 0, when major is an error. */
int gss_ok(const char *what, OM_uint32 major, OM_uint32 minor);

/* --- TLS --- */

/* By end. */
struct bare_tls {
    SSL_CTX *ctx[2];
};

struct bare_pair {
    SSL *ssl[2];
    BIO *in[2], *out[2];        /* the SSL's */
    unsigned char *buf;         /* what passes from one to the other */
    size_t size;
};

/* pem has the key and the certificate.  With `stock' the settings are
 * OpenSSL's own, else those of plugin/credssp/tlsconf.c. */
int bare_tls_new(int version, const char *pem, int stock,
                 struct bare_tls *out);
void bare_tls_free(struct bare_tls *tls);

/* A connection, after its handshake.  size: of the buffer, in bytes. */
int bare_connect(const struct bare_tls *tls, size_t size,
                 struct bare_pair *out);
void bare_close(struct bare_pair *pair, int end);
void bare_close_both(struct bare_pair *pair);
/* SSL_write, BIO_read into the buffer, BIO_write, SSL_read. */
int bare_pass(struct bare_pair *pair, const unsigned char *plain, size_t len,
              unsigned char *to);

/* --- SPNEGO --- */

struct bare_gss {
    gss_name_t user, target;
    gss_OID_set_desc *mechs;    /* the only one that is offered */
    gss_key_value_set_desc *store;      /* its first value: see tickets */
    const char *tickets;        /* Kerberos: each context has a copy of this
                                 * cache, and so a service ticket of its own,
                                 * as CredSSP's has; else NULL */
    gss_cred_id_t acceptor;
    size_t creds_length;        /* of TSCredentials, bytes */
};

/* A new cache with the user's ticket, in memory as ours is: its name. */
char *bare_tickets(const char *user, const char *password);
/*
 * A context between both ends, from the acquisition of the initiator's
 * credential to the end of both: with what CredSSP seals in it, two proofs and
 * TSCredentials.
 */
int bare_context(const struct bare_gss *g);

#endif /* PARTS_H */
