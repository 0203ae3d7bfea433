/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * credssp.h - the exchange of MS-CSSP (3.1.5), initiator and acceptor.
 *
 * A state machine: feed it what the peer has sent, send the peer what it
 * gives back, until it is done.  docs/CREDSSP.md draws it.
 */
#ifndef CS_CREDSSP_H
#define CS_CREDSSP_H

#include "plugin/credssp/inner.h"
#include "plugin/credssp/tls.h"

struct credssp_params {
    struct cs_tls_config *tls;  /* a reference is taken; it says which side */
    struct cs_inner *inner;     /* taken over, also on failure */
    const char *host;           /* for the server's certificate; or NULL */
    int minimum_version;        /* 2 to 6; 0: 5 */
    int announce;               /* our version; 0: 6.  For tests. */
    /*
     * Tokens go over a byte stream (RDP) rather than in legs of request and
     * answer (HTTP, GSSAPI): input may end anywhere, nothing has to be said to
     * keep the peer going, and what comes in one piece with the end of the
     * exchange is what credssp_unwrap() gives first, even for no input.
     */
    int stream;
};

struct credssp;

int credssp_new(const struct credssp_params *params, struct credssp **out,
                struct cs_error *err);
void credssp_free(struct credssp **c);

/*
 * Take a token (p == NULL or len == 0: none, legal first for an initiator, and
 * in answer to a TLS 1.3 Finished) and append the next one to out, if any.
 * *done is set when the exchange is over: for an initiator once out has been
 * sent.  After an error the context is dead; out may hold an alert or an
 * errorCode that should still be sent.
 */
int credssp_step(struct credssp *c, struct cs_span in, struct cs_buf *out,
                 int *done, struct cs_error *err);

/* Once it is done: free the inner context, of which only credssp_info.inner is
 * left.  Messages do not need it. */
void credssp_drop_inner(struct credssp *c);

/* Messages, once it is done: any length, in records of CS_RECORD_MAX. */
int credssp_wrap(struct credssp *c, struct cs_span plain, struct cs_buf *out,
                 struct cs_error *err);
/* in must be whole records, except in a stream; an empty plaintext is fine. */
int credssp_unwrap(struct credssp *c, struct cs_span in, struct cs_buf *plain,
                   struct cs_error *err);

struct credssp_info {
    int done;
    uint32_t version;           /* effective; 0 while unknown */
    uint32_t peer_version;      /* as announced */
    const char *tls_version, *tls_cipher;       /* borrowed */
    int verified;               /* the certificate was */
    const struct cs_inner_info *inner;          /* borrowed; NULL before */
    const char *state;          /* name, for traces */
    int empty_ok;               /* initiator: the peer may have nothing to say
                                 * now, and an empty token goes on (TLS 1.3) */
};
/* Between messages, where many connections are idle: give memory back. */
void credssp_rest(struct credssp *c);

void credssp_info(const struct credssp *c, struct credssp_info *info);

/* For framing; after the handshake. */
void credssp_frame(const struct credssp *c, size_t plain,
                   struct cs_tls_frame *frame);

/* Acceptor, done: DER of the TSCredentials that came; borrowed.  Wiped by
 * credssp_forget() and credssp_free(). */
struct cs_span credssp_delegated(const struct credssp *c);
void credssp_forget(struct credssp *c);

#endif /* CS_CREDSSP_H */
