/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * krbseal.c - messages of a Kerberos context, made of its keys alone.
 *
 * AES and what comes after it, RFC 4121 section 4.2.6.2:
 *
 *     05 04 flags FF EC:2 RRC:2 SND_SEQ:8 | E(plaintext | EC bytes | the 16)
 *
 * E() begins with a confounder and ends with a checksum.  What is behind the
 * 16 is rotated to the right by RRC: as much as makes all but the plaintext's
 * own bytes come first.
 *
 * RC4, RFC 4757 section 7.3:
 *
 *     60 len 06 09 OID 02 01 11 00 10 00 FF FF SND_SEQ:8 SGN_CKSUM:8
 *         confounder:8 | plaintext 01
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#define OPENSSL_SUPPRESS_DEPRECATED     /* RC4(): without a provider */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rc4.h>

#include "plugin/credssp/creds.h"
#include "plugin/credssp/gsserr.h"
#include "helper/wsman/krbseal.h"

/* RFC 4121 sections 2 and 4.2. */
#define USAGE_ACCEPTOR_SEAL 22
#define USAGE_INITIATOR_SEAL 24
#define CFX_HEADER 16
#define FLAG_ACCEPTOR 1
#define FLAG_SEALED 2
#define FLAG_SUBKEY 4
#define PIECES 4                /* of E() */

/* RFC 4757 section 7.3: offsets into the token behind its frame. */
#define RC4_HEAD 8              /* TOK_ID to Filler, which is signed */
#define RC4_SEQ 8
#define RC4_CKSUM 16
#define RC4_CONFOUNDER 24
#define RC4_HEADER 32
#define RC4_PAD 1               /* a byte with its own length */
#define RC4_BYTES 16
#define SIGN_WRAP 13            /* the "salt" of a Wrap token's checksum */

static const uint8_t rc4_head[RC4_HEAD] = {
    0x02, 0x01, 0x11, 0x00, 0x10, 0x00, 0xFF, 0xFF
};

struct krbseal {
    struct krb_keys keys;
    krb5_context context;
    krb5_key key;               /* RFC 4121's: with what is derived of it */
};

static void
put_be(uint8_t *to, uint64_t value, size_t n)
{
    while (n > 0) {
        to[--n] = (uint8_t)value;
        value >>= 8;
    }
}

static uint64_t
get_be(const uint8_t *from, size_t n)
{
    uint64_t value = 0;

    while (n-- > 0)
        value = value << 8 | *from++;
    return value;
}

/* A message that is not what the peer sealed, or not when. */
static int
not_theirs(struct cs_error *err)
{
    return cs_fail(err, CS_INNER, "a message failed its integrity check: it "
                   "was modified in transit");
}

static int
out_of_order(struct cs_error *err)
{
    return cs_fail(err, CS_INNER, "a message was replayed or came out of "
                   "order");
}

static int
malformed(struct cs_error *err)
{
    return cs_fail(err, CS_MALFORMED, "a message is not a valid Kerberos wrap "
                   "token");
}

static int
krb5_failed(const struct krbseal *s, krb5_error_code code, const char *what,
            struct cs_error *err)
{
    const char *text = krb5_get_error_message(s->context, code);

    cs_set_error(err, CS_INNER, "%s: %s", what, text);
    krb5_free_error_message(s->context, text);
    return CS_INNER;
}

/* --- RFC 4121 --- */

static void
cfx_header(const struct krbseal *s, uint64_t seq, uint8_t *to)
{
    to[0] = 0x05;
    to[1] = 0x04;
    to[2] = FLAG_SEALED | (s->keys.initiator ? 0 : FLAG_ACCEPTOR) |
        (s->keys.acceptor_subkey ? FLAG_SUBKEY : 0);
    to[3] = 0xFF;
    memset(to + 4, 0, 4);       /* EC, RRC */
    put_be(to + 8, seq, 8);
}

static void
piece(krb5_crypto_iov *iov, krb5_cryptotype type, uint8_t *p, size_t len)
{
    iov->flags = type;
    iov->data.magic = KV5M_DATA;
    iov->data.data = (char *)p;
    iov->data.length = (unsigned int)len;
}

/* Make room for n bytes at the end of a buffer and fill them later. */
static uint8_t *
claim(struct cs_buf *buf, size_t n)
{
    uint8_t *p = cs_buf_room(buf, n);

    if (p != NULL) {
        memset(p, 0, n);
        buf->len += n;
    }
    return p;
}

static int
cfx_wrap(struct krbseal *s, struct cs_span plain, struct cs_buf *header,
         struct cs_buf *data, struct cs_error *err)
{
    krb5_enctype enctype = s->keys.enctype;
    krb5_crypto_iov iov[PIECES];
    unsigned int confounder, trailer;
    krb5_error_code code;
    uint8_t *head, *body, *copy;

    code = krb5_c_crypto_length(s->context, enctype, KRB5_CRYPTO_TYPE_HEADER,
                                &confounder);
    if (code == 0)
        code = krb5_c_crypto_length(s->context, enctype,
                                    KRB5_CRYPTO_TYPE_TRAILER, &trailer);
    if (code != 0)
        return krb5_failed(s, code, "encryption", err);
    /* Rotated: the 16, their encrypted copy, the checksum, the confounder. */
    head = claim(header, 2 * CFX_HEADER + trailer + confounder);
    body = claim(data, plain.len);
    if (head == NULL || body == NULL)
        return cs_nomem(err);
    memcpy(body, plain.p, plain.len);
    cfx_header(s, s->keys.send_seq, head);
    copy = head + CFX_HEADER;
    memcpy(copy, head, CFX_HEADER);
    piece(&iov[0], KRB5_CRYPTO_TYPE_HEADER, copy + CFX_HEADER + trailer,
          confounder);
    piece(&iov[1], KRB5_CRYPTO_TYPE_DATA, body, plain.len);
    piece(&iov[2], KRB5_CRYPTO_TYPE_DATA, copy, CFX_HEADER);
    piece(&iov[3], KRB5_CRYPTO_TYPE_TRAILER, copy + CFX_HEADER, trailer);
    code = krb5_k_encrypt_iov(s->context, s->key, s->keys.initiator ?
                              USAGE_INITIATOR_SEAL : USAGE_ACCEPTOR_SEAL, NULL,
                              iov, PIECES);
    if (code != 0)
        return krb5_failed(s, code, "encryption", err);
    put_be(head + 6, CFX_HEADER + trailer, 2);
    s->keys.send_seq++;
    return 0;
}

/* Decrypt E(), which is in cipher already, into text. */
static int
cfx_decrypt(const struct krbseal *s, const struct cs_buf *cipher,
            struct cs_buf *text, struct cs_error *err)
{
    krb5_enc_data in = { .enctype = s->keys.enctype };
    krb5_data out = { .magic = KV5M_DATA };

    in.ciphertext.data = (char *)cipher->p;
    in.ciphertext.length = (unsigned int)cipher->len;
    out.data = (char *)claim(text, cipher->len);
    out.length = (unsigned int)cipher->len;
    if (out.data == NULL)
        return cs_nomem(err);
    if (krb5_k_decrypt(s->context, s->key, s->keys.initiator ?
                       USAGE_ACCEPTOR_SEAL : USAGE_INITIATOR_SEAL, NULL, &in,
                       &out) != 0)
        return not_theirs(err);
    text->len = out.length;
    return 0;
}

/* The header, without its rotation, against its encrypted copy. */
static int
cfx_check(const struct krbseal *s, const uint8_t *head,
          const struct cs_buf *text, size_t *len, struct cs_error *err)
{
    uint8_t want[CFX_HEADER];
    size_t extra = (size_t)get_be(head + 4, 2);

    memcpy(want, head, CFX_HEADER);
    memset(want + 6, 0, 2);     /* RRC */
    if (text->len < CFX_HEADER + extra ||
        CRYPTO_memcmp(text->p + text->len - CFX_HEADER, want,
                      CFX_HEADER) != 0)
        return not_theirs(err);
    if (get_be(head + 8, 8) != s->keys.recv_seq)
        return out_of_order(err);
    *len = text->len - CFX_HEADER - extra;
    return 0;
}

static int
cfx_unwrap(struct krbseal *s, struct cs_span header, struct cs_span data,
           struct cs_buf *plain, struct cs_error *err)
{
    struct cs_buf cipher = CS_BUF_INIT(header.len + data.len);
    struct cs_buf turned = CS_BUF_INIT(header.len + data.len);
    struct cs_buf text = CS_BUF_INIT(header.len + data.len);
    const uint8_t *head = header.p;
    size_t turn, len;
    int flags, ret;

    if (header.len < CFX_HEADER || head[0] != 0x05 || head[1] != 0x04 ||
        head[3] != 0xFF)
        return malformed(err);
    flags = head[2];
    if (!(flags & FLAG_SEALED))
        return cs_fail(err, CS_POLICY,
                       "the server's message is only signed, not encrypted");
    if (!(flags & FLAG_ACCEPTOR) != !s->keys.initiator ||
        !(flags & FLAG_SUBKEY) != !s->keys.acceptor_subkey)
        return malformed(err);
    cs_buf_add(&turned, header.p + CFX_HEADER, header.len - CFX_HEADER);
    cs_buf_add(&turned, data.p, data.len);
    if (turned.error == 0 && turned.len > 0) {
        turn = (size_t)get_be(head + 6, 2) % turned.len;
        cs_buf_add(&cipher, turned.p + turn, turned.len - turn);
        cs_buf_add(&cipher, turned.p, turn);
    }
    ret = (turned.error != 0 || cipher.error != 0) ? cs_nomem(err) :
        cipher.len == 0 ? malformed(err) :
        cfx_decrypt(s, &cipher, &text, err);
    if (ret == 0)
        ret = cfx_check(s, head, &text, &len, err);
    if (ret == 0) {
        cs_buf_add(plain, text.p, len);
        s->keys.recv_seq++;
        ret = (plain->error != 0) ? cs_nomem(err) : 0;
    }
    cs_buf_free(&turned);
    cs_buf_free(&cipher);
    cs_buf_free(&text);
    return ret;
}

/* --- RFC 4757 --- */

/* HMAC-MD5, as RFC 4757 has it everywhere; out may be the key. */
static int
hmac(const uint8_t *key, const void *data, size_t len, uint8_t *out)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    int ok = HMAC(EVP_md5(), key, RC4_BYTES, data, len, mac, &n) != NULL;

    memcpy(out, mac, RC4_BYTES);
    OPENSSL_cleanse(mac, sizeof(mac));
    return ok;
}

/* RC4 over some bytes, in place, with a key made for one purpose:
 * HMAC(HMAC(key, 0), salt). */
static int
rc4(const uint8_t *key, const void *salt, size_t salt_len, uint8_t *p,
    size_t len)
{
    static const uint8_t zero[4];
    uint8_t derived[RC4_BYTES];
    RC4_KEY state;
    int ok = hmac(key, zero, sizeof(zero), derived) &&
        hmac(derived, salt, salt_len, derived);

    if (ok) {
        RC4_set_key(&state, RC4_BYTES, derived);
        RC4(&state, len, p, p);
    }
    OPENSSL_cleanse(&state, sizeof(state));
    OPENSSL_cleanse(derived, sizeof(derived));
    return ok;
}

static int
rc4_number(const struct krbseal *s, const uint8_t *cksum, uint8_t *p)
{
    return rc4(s->keys.key, cksum, RC4_CONFOUNDER - RC4_CKSUM, p,
               RC4_CKSUM - RC4_SEQ);
}

/* Both ways: RC4 is its own inverse. */
static int
rc4_message(const struct krbseal *s, uint64_t seq, uint8_t *both, size_t len)
{
    uint8_t local[RC4_BYTES], salt[4];
    size_t i;
    int ok;

    for (i = 0; i < RC4_BYTES; i++)
        local[i] = s->keys.key[i] ^ 0xF0;
    put_be(salt, seq, sizeof(salt));
    ok = rc4(local, salt, sizeof(salt), both, len);
    OPENSSL_cleanse(local, sizeof(local));
    return ok;
}

/* SGN_CKSUM, of confounder, message and pad. */
static int
rc4_checksum(const struct krbseal *s, const uint8_t *both, size_t len,
             uint8_t *cksum)
{
    static const uint8_t type[4] = { SIGN_WRAP, 0, 0, 0 };
    uint8_t key[RC4_BYTES], md5[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    int ok = md != NULL && EVP_DigestInit_ex(md, EVP_md5(), NULL) == 1 &&
        EVP_DigestUpdate(md, type, sizeof(type)) == 1 &&
        EVP_DigestUpdate(md, rc4_head, RC4_HEAD) == 1 &&
        EVP_DigestUpdate(md, both, len) == 1 &&
        EVP_DigestFinal_ex(md, md5, NULL) == 1 &&
        hmac(s->keys.key, "signaturekey", sizeof("signaturekey"), key) &&
        hmac(key, md5, RC4_BYTES, key);

    EVP_MD_CTX_free(md);
    memcpy(cksum, key, RC4_CONFOUNDER - RC4_CKSUM);
    OPENSSL_cleanse(key, sizeof(key));
    return ok;
}

/* SND_SEQ in clear: the number, and who has sent it. */
static void
rc4_seq(uint64_t seq, int initiator, uint8_t *to)
{
    put_be(to, seq, 4);
    memset(to + 4, initiator ? 0 : 0xFF, 4);
}

/* RFC 2743 section 3.1, around a token of len bytes. */
static void
rc4_frame(struct cs_buf *out, size_t len)
{
    const uint8_t oid[] = { 0x06, (uint8_t)cs_oid_krb5.length };
    uint8_t octets[4], tag = 0x60, many;
    size_t n = 1;

    len += sizeof(oid) + cs_oid_krb5.length;
    cs_buf_add(out, &tag, 1);
    while (len >> (8 * n) != 0)
        n++;
    put_be(octets, len, n);
    many = (uint8_t)(0x80 | n);
    if (len > 0x7F)
        cs_buf_add(out, &many, 1);
    cs_buf_add(out, octets, n);
    cs_buf_add(out, oid, sizeof(oid));
    cs_buf_add(out, cs_oid_krb5.elements, cs_oid_krb5.length);
}

static int
rc4_failed(struct cs_error *err)
{
    return cs_fail(err, CS_INNER, "OpenSSL provides no RC4, MD5 or random "
                   "bytes: enable AES for the server's account "
                   "(msDS-SupportedEncryptionTypes)");
}

static int
rc4_wrap(struct krbseal *s, struct cs_span plain, struct cs_buf *header,
         struct cs_buf *data, struct cs_error *err)
{
    struct cs_buf both = CS_BUF_INIT(plain.len + 64);
    uint8_t token[RC4_HEADER], confounder[RC4_HEADER - RC4_CONFOUNDER];
    uint8_t pad = RC4_PAD;
    int ok = RAND_bytes(confounder, sizeof(confounder)) == 1;

    cs_buf_add(&both, confounder, sizeof(confounder));
    cs_buf_add(&both, plain.p, plain.len);
    cs_buf_add(&both, &pad, 1);
    memcpy(token, rc4_head, RC4_HEAD);
    rc4_seq(s->keys.send_seq, s->keys.initiator, token + RC4_SEQ);
    ok = ok && both.error == 0 &&
        rc4_checksum(s, both.p, both.len, token + RC4_CKSUM) &&
        rc4_number(s, token + RC4_CKSUM, token + RC4_SEQ) &&
        rc4_message(s, s->keys.send_seq, both.p, both.len);
    if (ok) {
        memcpy(token + RC4_CONFOUNDER, both.p, sizeof(confounder));
        rc4_frame(header, RC4_HEADER + plain.len + RC4_PAD);
        cs_buf_add(header, token, RC4_HEADER);
        cs_buf_add(data, both.p + sizeof(confounder), plain.len + RC4_PAD);
        s->keys.send_seq = (s->keys.send_seq + 1) & UINT32_MAX;
    }
    cs_buf_free(&both);
    if (!ok)
        return rc4_failed(err);
    return (header->error != 0 || data->error != 0) ? cs_nomem(err) : 0;
}

/* The token behind its frame, whose lengths have to be right. */
static int
rc4_unframe(struct cs_span header, size_t message, struct cs_span *token)
{
    struct cs_buf want = CS_BUF_INIT(64);
    int same;

    if (header.len < RC4_HEADER)
        return 0;
    rc4_frame(&want, RC4_HEADER + message);
    token->len = RC4_HEADER;
    token->p = header.p + header.len - RC4_HEADER;
    same = want.error == 0 && want.len + RC4_HEADER == header.len &&
        memcmp(want.p, header.p, want.len) == 0;
    cs_buf_free(&want);
    return same;
}

static int
rc4_open(struct krbseal *s, const uint8_t *token, struct cs_buf *both,
         struct cs_error *err)
{
    uint8_t seq[8], want[8], cksum[8];
    uint64_t number;

    memcpy(seq, token + RC4_SEQ, sizeof(seq));
    if (!rc4_number(s, token + RC4_CKSUM, seq))
        return rc4_failed(err);
    number = get_be(seq, 4);
    rc4_seq(number, !s->keys.initiator, want);
    if (!rc4_message(s, number, both->p, both->len) ||
        !rc4_checksum(s, both->p, both->len, cksum))
        return rc4_failed(err);
    if (CRYPTO_memcmp(seq, want, sizeof(want)) != 0 ||
        CRYPTO_memcmp(cksum, token + RC4_CKSUM, sizeof(cksum)) != 0 ||
        both->p[both->len - 1] != RC4_PAD)
        return not_theirs(err);
    return (number == s->keys.recv_seq) ? 0 : out_of_order(err);
}

static int
rc4_unwrap(struct krbseal *s, struct cs_span header, struct cs_span data,
           struct cs_buf *plain, struct cs_error *err)
{
    const size_t confounder = RC4_HEADER - RC4_CONFOUNDER;
    struct cs_buf both = CS_BUF_INIT(data.len + confounder);
    struct cs_span token;
    int ret;

    if (data.len < RC4_PAD || !rc4_unframe(header, data.len, &token))
        return malformed(err);
    if (memcmp(token.p, rc4_head, 4) == 0 && token.p[4] == 0xFF)
        return cs_fail(err, CS_POLICY,
                       "the server's message is only signed, not encrypted");
    if (memcmp(token.p, rc4_head, RC4_HEAD) != 0)
        return malformed(err);
    cs_buf_add(&both, token.p + RC4_CONFOUNDER, confounder);
    cs_buf_add(&both, data.p, data.len);
    ret = (both.error != 0) ? cs_nomem(err) :
        rc4_open(s, token.p, &both, err);
    if (ret == 0) {
        cs_buf_add(plain, both.p + confounder, data.len - RC4_PAD);
        s->keys.recv_seq = (s->keys.recv_seq + 1) & UINT32_MAX;
        ret = (plain->error != 0) ? cs_nomem(err) : 0;
    }
    cs_buf_free(&both);
    return ret;
}

/* --- The whole --- */

static int
make_key(struct krbseal *s, struct cs_error *err)
{
    krb5_keyblock block = { .magic = KV5M_KEYBLOCK };
    krb5_error_code code = krb5_init_context(&s->context);
    size_t bytes, length;

    if (code != 0)
        return cs_krb5_conf_fail(code, err);
    code = krb5_c_keylengths(s->context, s->keys.enctype, &bytes, &length);
    if (code == 0 && length != s->keys.len)
        code = KRB5_BAD_KEYSIZE;
    if (code != 0)
        return krb5_failed(s, code, "the context's key", err);
    block.enctype = s->keys.enctype;
    block.length = (unsigned int)s->keys.len;
    block.contents = s->keys.key;
    code = krb5_k_create_key(s->context, &block, &s->key);
    return (code == 0) ? 0 : krb5_failed(s, code, "the context's key", err);
}

int
krbseal_new(const struct krb_keys *keys, struct krbseal **out,
            struct cs_error *err)
{
    struct krbseal *s = calloc(1, sizeof(*s));
    int ret = 0;

    *out = s;
    if (s == NULL)
        return cs_nomem(err);
    s->keys = *keys;
    if (krb_keys_cfx(keys))
        ret = make_key(s, err);
    else if (keys->len != RC4_BYTES)
        ret = malformed(err);
    if (ret != 0)
        krbseal_free(out);
    return ret;
}

void
krbseal_free(struct krbseal **seal)
{
    struct krbseal *s = *seal;

    *seal = NULL;
    if (s == NULL)
        return;
    if (s->context != NULL) {
        krb5_k_free_key(s->context, s->key);
        krb5_free_context(s->context);
    }
    krb_keys_wipe(&s->keys);
    free(s);
}

int
krbseal_wrap(struct krbseal *s, struct cs_span plain, struct cs_buf *header,
             struct cs_buf *data, struct cs_error *err)
{
    return (krb_keys_cfx(&s->keys) ? cfx_wrap : rc4_wrap)(s, plain, header,
                                                          data, err);
}

int
krbseal_unwrap(struct krbseal *s, struct cs_span header, struct cs_span data,
               struct cs_buf *plain, struct cs_error *err)
{
    return (krb_keys_cfx(&s->keys) ? cfx_unwrap : rc4_unwrap)(s, header, data,
                                                              plain, err);
}
