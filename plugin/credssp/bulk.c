/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* bulk.c - messages and results of a complete exchange. */
#include "config.h"

#include <string.h>

#include "plugin/credssp/exchange.h"

/* About what a record adds (cs_tls_frame() is exact). */
#define RECORD_EXTRA 64

int
credssp_wrap(struct credssp *c, struct cs_span plain, struct cs_buf *out,
             struct cs_error *err)
{
    struct cs_span part;
    int ret = 0;

    if (c->state != S_DONE)
        return cs_fail(err, CS_USAGE, "the exchange is not complete");
    /* All at once: growing would copy, and wipe what it leaves. */
    if (cs_buf_room(out, plain.len + RECORD_EXTRA *
                    (1 + plain.len / CS_RECORD_MAX)) == NULL)
        return cs_nomem(err);
    while (ret == 0 && plain.len > 0) {
        part.p = plain.p;
        part.len = (plain.len > CS_RECORD_MAX) ? CS_RECORD_MAX : plain.len;
        ret = cs_tls_write(c->tls, part, err);
        if (ret == 0)
            ret = cs_tls_drain(c->tls, out, err);
        plain.p += part.len;
        plain.len -= part.len;
    }
    return ret;
}

/* The length of the record that starts here, if it is whole. */
static size_t
record_length(struct cs_span in)
{
    size_t len = in.len;

    if (len >= CS_RECORD_HEADER)
        len = CS_RECORD_HEADER + ((size_t)in.p[3] << 8 | in.p[4]);
    return (len < in.len) ? len : in.len;
}

int
credssp_unwrap(struct credssp *c, struct cs_span in, struct cs_buf *plain,
               struct cs_error *err)
{
    struct cs_span part;
    int ret = 0;

    if (c->state != S_DONE)
        return cs_fail(err, CS_USAGE, "the exchange is not complete");
    /* What came in one piece with the end of the exchange. */
    cs_buf_add(plain, c->in.p, c->in.len);
    cs_buf_free(&c->in);
    if (plain->error != 0)
        return cs_nomem(err);
    /* In pieces, so that the BIO does not grow to the size of the whole. */
    while (ret == 0 && in.len > 0) {
        part.p = in.p;
        part.len = record_length(in);
        ret = cs_tls_feed(c->tls, part, err);
        if (ret == 0)
            ret = cs_tls_read(c->tls, plain, err);
        in.p += part.len;
        in.len -= part.len;
    }
    if (ret == 0 && !c->stream && cs_tls_pending_input(c->tls))
        ret = cs_fail(err, CS_MALFORMED,
                      "a message ends inside a TLS record");
    return ret;
}

void
credssp_info(const struct credssp *c, struct credssp_info *info)
{
    memset(info, 0, sizeof(*info));
    info->done = (c->state == S_DONE);
    info->version = c->version;
    info->peer_version = c->peer_version;
    info->tls_version = cs_tls_version(c->tls);
    info->tls_cipher = cs_tls_cipher(c->tls);
    info->verified = c->verified;
    info->inner = (c->inner != NULL) ? c->inner->ops->info(c->inner) : NULL;
    info->state = cs_state_name(c->state);
    info->empty_ok = (c->state == S_START);
}

void
credssp_rest(struct credssp *c)
{
    cs_tls_rest(c->tls);
    if (c->in.len == 0)
        cs_buf_free(&c->in);
}

void
credssp_frame(const struct credssp *c, size_t plain,
              struct cs_tls_frame *frame)
{
    cs_tls_frame(c->tls, plain, frame);
}

struct cs_span
credssp_delegated(const struct credssp *c)
{
    return cs_buf_span(&c->delegated);
}

void
credssp_forget(struct credssp *c)
{
    cs_buf_free(&c->delegated);
}
