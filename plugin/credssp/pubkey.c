/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* pubkey.c - pubKeyAuth: what binds the authentication to TLS. */
#include "config.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "plugin/credssp/pubkey.h"

#define HASH_LENGTH 32

/* With their NULs: sizeof counts them. */
static const char client_magic[] = "CredSSP Client-To-Server Binding Hash";
static const char server_magic[] = "CredSSP Server-To-Client Binding Hash";

static int
hash_proof(const struct cs_binding *b, enum cs_side side, struct cs_buf *out,
           struct cs_error *err)
{
    const char *magic = (side == CS_CLIENT) ? client_magic : server_magic;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char hash[HASH_LENGTH];
    int ok;

    ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
        EVP_DigestUpdate(md, magic, sizeof(client_magic)) == 1 &&
        EVP_DigestUpdate(md, b->nonce.p, b->nonce.len) == 1 &&
        EVP_DigestUpdate(md, b->key.p, b->key.len) == 1 &&
        EVP_DigestFinal_ex(md, hash, NULL) == 1;
    EVP_MD_CTX_free(md);
    if (!ok)
        return cs_fail(err, CS_TLS, "SHA-256 is not available");
    cs_buf_add(out, hash, sizeof(hash));
    return out->error != 0 ? cs_nomem(err) : 0;
}

static int
echo_proof(const struct cs_binding *b, enum cs_side side, struct cs_buf *out,
           struct cs_error *err)
{
    size_t at = out->len;

    cs_buf_add(out, b->key.p, b->key.len);
    if (out->error != 0)
        return cs_nomem(err);
    if (side == CS_SERVER)
        out->p[at]++;
    return 0;
}

int
cs_pubkey_proof(const struct cs_binding *b, enum cs_side side,
                struct cs_buf *out, struct cs_error *err)
{
    if (b->key.len == 0 || b->key.len > CS_KEY_MAX)
        return cs_fail(err, CS_TLS, "the server's certificate has no public "
                       "key of a usable size");
    return (b->version >= 5) ? hash_proof(b, side, out, err) :
        echo_proof(b, side, out, err);
}

int
cs_pubkey_check(const struct cs_binding *b, enum cs_side side,
                struct cs_span proof, struct cs_error *err)
{
    struct cs_buf want = CS_BUF_INIT(CS_KEY_MAX);
    int ret = cs_pubkey_proof(b, side, &want, err);

    if (ret == 0 && (proof.len != want.len ||
                     CRYPTO_memcmp(proof.p, want.p, want.len) != 0))
        ret = cs_fail(err, CS_BINDING, "the %s's pubKeyAuth does not match "
                      "this TLS connection: possibly a man in the middle",
                      side == CS_CLIENT ? "client" : "server");
    cs_buf_free(&want);
    return ret;
}
