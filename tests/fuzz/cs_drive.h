/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * cs_drive.h - fuzz one end of the exchange: what its harnesses share.
 *
 * The input's first byte is a mode: with the lowest bit the rest goes to TLS
 * as it is; else TLS is really spoken, and the rest is a list of
 * {u16 length, message} that the peer sends one after the other, each where
 * the end waits for one. A message of the length 0xFFFF is an honest one: the
 * peer's next token, or the proof that fits; 0xFFFE is the same, in one piece
 * with what follows it. The mode's second bit says that there is a stream.
 * What comes after the exchange is unwrapped.
 */
#ifndef CS_DRIVE_H
#define CS_DRIVE_H

#include "tests/fuzz/cs_fake.h"

#define HONEST 0xFFFF
#define HONEST_AND_MORE 0xFFFE

struct drive {
    struct credssp *end;
    struct cs_tls *peer;
    enum cs_side side;          /* of the end */
    int dead, done;
    uint8_t nonce[CS_NONCE_LENGTH];
};

/* What the end has to say goes to the peer, and is looked through for the
 * client's nonce, which an honest server needs. */
static void
listen_to(struct drive *d, struct cs_span said)
{
    struct cs_buf plain = CS_BUF_INIT(CS_TSREQUEST_MAX);
    struct cs_tsrequest m;
    int up;

    if (cs_tls_feed(d->peer, said, NULL) == 0 &&
        cs_tls_handshake(d->peer, &up, NULL) == 0 && up &&
        cs_tls_read(d->peer, &plain, NULL) == 0 && plain.len > 0 &&
        cs_tsrequest_decode(cs_buf_span(&plain), &m, NULL) == 0 &&
        (m.fields & CS_NONCE) && m.nonce.len == CS_NONCE_LENGTH)
        memcpy(d->nonce, m.nonce.p, CS_NONCE_LENGTH);
    cs_buf_free(&plain);
}

static void
give(struct drive *d, struct cs_span bytes)
{
    struct cs_buf out = CS_BUF_INIT(4 * CS_TSREQUEST_MAX);
    struct cs_error err;

    if (d->done) {
        d->dead = (credssp_unwrap(d->end, bytes, &out, &err) != 0);
    } else if (!d->dead) {
        d->dead = (credssp_step(d->end, bytes, &out, &d->done, &err) != 0);
        listen_to(d, cs_buf_span(&out));
    }
    cs_buf_free(&out);
}

/* Let both have what the other has said, until TLS stands. */
static void
shake_hands(struct drive *d)
{
    struct cs_buf said = CS_BUF_INIT(CS_TSREQUEST_MAX);
    struct credssp_info info;
    int i, up;

    for (i = 0; i < 4 && !d->dead; i++) {
        (void)cs_tls_handshake(d->peer, &up, NULL);
        (void)cs_tls_drain(d->peer, &said, NULL);
        credssp_info(d->end, &info);
        if (said.len > 0 || (d->side == CS_CLIENT && i == 0) ||
            strcmp(info.state, "start") == 0)
            give(d, cs_buf_span(&said));
        cs_buf_reset(&said);
    }
    cs_buf_free(&said);
}

/* What a peer that keeps to the rules would send in the n-th message. */
static void
honest(struct drive *d, int n, struct cs_buf *out)
{
    enum cs_side other = (d->side == CS_CLIENT) ? CS_SERVER : CS_CLIENT;
    struct cs_buf proof = CS_BUF_INIT(CS_KEY_MAX);
    struct cs_tsrequest m = { .version = 6 };
    struct cs_binding b = { .version = 6, .verified = 0 };
    static const uint8_t der[] = {
        0x30, 0x17, 0xa0, 0x03, 0x02, 0x01, 0x01, 0xa1, 0x10, 0x04, 0x0e,
        0x30, 0x0c, 0xa0, 0x02, 0x04, 0x00, 0xa1, 0x02, 0x04, 0x00, 0xa2,
        0x02, 0x04, 0x00
    };
    struct cs_span nobody = { der, sizeof(der) };

    m.fields = CS_NEGO;
    m.nego.p = (const uint8_t *)"token";
    m.nego.len = 5;
    b.nonce.p = d->nonce;
    b.nonce.len = sizeof(d->nonce);
    if (n >= 1 && cs_tls_server_key(d->peer, &b.key, NULL) == 0 &&
        cs_pubkey_proof(&b, other, &proof, NULL) == 0) {
        m.fields = CS_PUBKEY | (other == CS_CLIENT ? CS_NEGO | CS_NONCE : 0);
        m.pub_key_auth = cs_buf_span(&proof);
        m.nonce = b.nonce;
    }
    if (n >= 2 && other == CS_CLIENT) {
        m.fields = CS_AUTHINFO;
        m.auth_info = nobody;
    }
    cs_tsrequest_encode(&m, out);
    cs_buf_free(&proof);
}

static void
talk(struct drive *d, const uint8_t *p, size_t left)
{
    struct cs_buf said = CS_BUF_INIT(8 * CS_TSREQUEST_MAX);
    struct cs_buf message = CS_BUF_INIT(CS_TSREQUEST_MAX);
    size_t len;
    int n, more;

    shake_hands(d);
    for (n = 0; left >= 2 && n < 8 && !d->dead; n++) {
        len = p[0] << 8 | p[1];
        more = (len == HONEST_AND_MORE);
        p += 2;
        left -= 2;
        cs_buf_reset(&message);
        if (more || len == HONEST) {
            honest(d, n, &message);
        } else {
            len = (len < left) ? len : left;
            cs_buf_add(&message, p, len);
            p += len;
            left -= len;
        }
        if (message.len > 0)
            (void)cs_tls_write(d->peer, cs_buf_span(&message), NULL);
        if (more)
            continue;
        cs_buf_reset(&said);
        (void)cs_tls_drain(d->peer, &said, NULL);
        give(d, cs_buf_span(&said));
    }
    cs_buf_free(&said);
    cs_buf_free(&message);
}

static int
fuzz(enum cs_side side, const uint8_t *data, size_t size)
{
    struct drive d = { .side = side };
    struct cs_span rest = { data + 1, size - 1 }, none = { NULL, 0 };

    if (size == 0)
        return 0;
    d.end = fake_end(side, data[0] & 2);
    d.peer = fake_peer(side == CS_CLIENT ? CS_SERVER : CS_CLIENT);
    if (data[0] & 1) {
        if (side == CS_CLIENT)
            give(&d, none);
        give(&d, rest);
    } else {
        talk(&d, rest.p, rest.len);
    }
    credssp_free(&d.end);
    cs_tls_free(&d.peer);
    return 0;
}

#endif /* CS_DRIVE_H */
