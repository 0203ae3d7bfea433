/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * tls.h - the TLS connection around CredSSP, over two memory BIOs.
 *
 * TLS 1.2 and 1.3 (older ones when asked for); a full handshake always: no
 * resumption, tickets, renegotiation or compression.  Each message is one
 * SSL_write() and so, up to 16 KiB, one record, which Windows insists on.
 * Bytes go in with cs_tls_feed() and come out with cs_tls_drain(); nothing
 * here does I/O.
 */
#ifndef CS_TLS_H
#define CS_TLS_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

#define CS_RECORD_MAX 16384     /* plaintext bytes (RFC 8446 5.1) */
#define CS_RECORD_HEADER 5      /* bytes: type, version, length */

/* All strings are borrowed for the call only. */
struct cs_tls_options {
    int acceptor;
    int min_version, max_version;       /* 0x0301 (TLS 1.0) to 0x0304 (1.3);
                                         * 0: from 1.2, and to 1.3 */
    const char *ciphers;        /* OpenSSL's list for TLS 1.2 and older, such
                                 * as "DEFAULT@SECLEVEL=0"; or NULL */
    /* Initiator: without any of these the certificate is not verified, and
     * pubKeyAuth alone proves who holds its key. */
    const char *ca_file;        /* PEM; "system" for OpenSSL's default */
    const char *pin;            /* SHA-256 of the SubjectPublicKeyInfo, as 64
                                 * hexadecimal digits or base64 */
    /* Acceptor: PEM files, or NULL for a key and a self-signed certificate
     * made for this configuration alone (as Windows has). */
    const char *cert_file, *key_file;
};

/* What connections share.  Counted, and safe to share between threads. */
struct cs_tls_config;

/* Returns 0 with a reference in *out, or an error. */
int cs_tls_config_new(const struct cs_tls_options *options,
                      struct cs_tls_config **out, struct cs_error *err);
struct cs_tls_config *cs_tls_config_ref(struct cs_tls_config *config);
/* Give a reference up, and set it to NULL. */
void cs_tls_config_free(struct cs_tls_config **config);
/* Does a connection of this configuration verify the server? */
int cs_tls_config_verifies(const struct cs_tls_config *config);

struct cs_tls;

/* A connection.  host (or NULL) is verified when there is a ca_file. */
int cs_tls_new(struct cs_tls_config *config, const char *host,
               struct cs_tls **out, struct cs_error *err);
void cs_tls_free(struct cs_tls **tls);
int cs_tls_is_acceptor(const struct cs_tls *tls);

/* Take bytes from the peer. */
int cs_tls_feed(struct cs_tls *tls, struct cs_span in, struct cs_error *err);
/* Are there bytes that have not made up a record? */
int cs_tls_pending_input(const struct cs_tls *tls);
/* Move what there is for the peer to the end of out. */
int cs_tls_drain(struct cs_tls *tls, struct cs_buf *out, struct cs_error *err);

/* Go on with the handshake.  Returns 0; *done says whether it is over. */
int cs_tls_handshake(struct cs_tls *tls, int *done, struct cs_error *err);

/* Append the plaintext of all records that are there, if any. */
int cs_tls_read(struct cs_tls *tls, struct cs_buf *plain,
                struct cs_error *err);

/* Encrypt one message: one record up to CS_RECORD_MAX, else as few as it
 * takes; and before them what cs_tls_frame() says. */
int cs_tls_write(struct cs_tls *tls, struct cs_span message,
                 struct cs_error *err);

/* Send something: a KeyUpdate (TLS 1.3; RFC 8446 4.6.3). */
int cs_tls_key_update(struct cs_tls *tls, struct cs_error *err);

/*
 * Contents of the BIT STRING in the SubjectPublicKeyInfo of the server's
 * certificate: the peer's for an initiator, our own for an acceptor.
 * Borrowed from the connection.  After the handshake.
 */
int cs_tls_server_key(const struct cs_tls *tls, struct cs_span *key,
                      struct cs_error *err);

const char *cs_tls_version(const struct cs_tls *tls);   /* "TLSv1.3" */
const char *cs_tls_cipher(const struct cs_tls *tls);    /* OpenSSL's name */

/*
 * What a record adds to `plain' bytes (up to CS_RECORD_MAX):
 *
 *     before   what has to go out first, if anything: answers to a peer that
 *              asked for other keys, in records of their own (RFC 8446 4.6.3)
 *     header   5 octets and an explicit nonce, if this cipher has one
 *     data     as long as the plaintext
 *     trailer  MAC or tag, padding, content type: WinRM's Length-Field
 */
struct cs_tls_frame {
    size_t before, header, trailer;     /* bytes */
};
/* Between messages: what is kept for the next one only is given back. */
void cs_tls_rest(struct cs_tls *tls);
void cs_tls_frame(const struct cs_tls *tls, size_t plain,
                  struct cs_tls_frame *frame);

#endif /* CS_TLS_H */
