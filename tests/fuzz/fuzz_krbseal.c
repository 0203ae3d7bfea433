/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_krbseal.c - messages under Kerberos' keys, from a peer that may be
 * anybody: a byte that says which key and whose, a byte with the length of the
 * header, then header and data.
 *
 * What the peer has not sealed never opens.  What is sealed opens, and with
 * the input laid over it, it opens only if that has changed nothing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/wsman/krbseal.h"

#define MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct { int32_t enctype; size_t len; int subkey; } kinds[] = {
    { 17, 16, 1 }, { 18, 32, 1 }, { 20, 32, 1 }, { 23, 16, 0 }
};

static struct krbseal *
end_of(uint8_t kind, int initiator)
{
    struct krb_keys keys = { 0 };
    struct krbseal *s;
    size_t i, k = kind % (sizeof(kinds) / sizeof(*kinds));

    keys.initiator = initiator;
    keys.enctype = kinds[k].enctype;
    keys.acceptor_subkey = kinds[k].subkey && !(kind & 0x40);
    keys.len = kinds[k].len;
    keys.send_seq = keys.recv_seq = (kind & 0x20) ? UINT32_MAX : 7;
    for (i = 0; i < keys.len; i++)
        keys.key[i] = (uint8_t)(i + 1);
    if (krbseal_new(&keys, &s, NULL) != 0)
        abort();
    return s;
}

/* Does it open, and as what? */
static int
opens(struct krbseal *s, struct cs_span header, struct cs_span data,
      struct cs_span want)
{
    struct cs_buf plain = CS_BUF_INIT(MAX);
    struct cs_error err = { 0 };
    int ret = krbseal_unwrap(s, header, data, &plain, &err);

    if ((ret == 0) != (err.text[0] == '\0') || (ret != 0 && plain.len != 0))
        abort();
    if (ret == 0 && (plain.len != want.len ||
                     (want.len > 0 &&
                      memcmp(plain.p, want.p, want.len) != 0)))
        abort();
    cs_buf_free(&plain);
    return ret == 0;
}

/* Lay the input over what is sealed; returns whether that changed anything.
 * Not over the rotation (RFC 4121's header, 6 and 7): nobody protects it, and
 * once around is the same. */
static int
lay_over(struct cs_buf *buf, int is_header, const uint8_t **data, size_t *size)
{
    int is_cfx = buf->len > 0 && buf->p[0] == 0x05, changed = 0;
    size_t i;

    for (i = 0; i < buf->len && *size > 0; i++, (*data)++, (*size)--) {
        if (is_header && is_cfx && (i == 6 || i == 7))
            continue;
        changed |= **data != 0;
        buf->p[i] ^= **data;
    }
    return changed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_buf header = CS_BUF_INIT(MAX), sealed = CS_BUF_INIT(MAX);
    struct krbseal *a, *b;
    struct cs_span plain, head, rest;
    int initiator, changed;

    if (size < 2)
        return 0;
    initiator = data[0] >> 7;
    head.p = data + 2;
    head.len = (data[1] < size - 2) ? data[1] : size - 2;
    rest.p = head.p + head.len;
    rest.len = size - 2 - head.len;
    a = end_of(data[0], initiator);
    b = end_of(data[0], !initiator);
    plain.p = NULL;
    plain.len = 0;
    if (opens(a, head, rest, plain))
        abort();

    plain.p = head.p;
    plain.len = head.len;
    if (krbseal_wrap(a, plain, &header, &sealed, NULL) != 0)
        abort();
    changed = lay_over(&header, 1, &rest.p, &rest.len);
    changed |= lay_over(&sealed, 0, &rest.p, &rest.len);
    if (opens(b, cs_buf_span(&header), cs_buf_span(&sealed), plain) == changed)
        abort();
    cs_buf_free(&header);
    cs_buf_free(&sealed);
    krbseal_free(&a);
    krbseal_free(&b);
    return 0;
}
