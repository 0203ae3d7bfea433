/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * cs_fake.h - a context inside that costs nothing, for fuzzing what is around.
 *
 * Sealing is a prefix. It checks what every implementation must be able to
 * rely on: delegate() only after verify() has succeeded.
 */
#ifndef CS_FAKE_H
#define CS_FAKE_H

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/credssp.h"

struct fake {
    struct cs_inner base;
    enum cs_side side;
    int steps, bound, verified;
    struct cs_inner_info info;
};

static int
fake_step(struct cs_inner *inner, struct cs_span in, struct cs_buf *out,
          struct cs_error *err)
{
    struct fake *f = (struct fake *)inner;

    if (inner->complete || in.len > 1000)
        return cs_fail(err, CS_INNER, "fake");
    cs_buf_add(out, "token", 5);
    inner->complete = inner->ready = (++f->steps >= 2);
    return out->error;
}

static int
fake_bind(struct cs_inner *inner, const struct cs_binding *binding,
          struct cs_buf *out, struct cs_error *err)
{
    struct fake *f = (struct fake *)inner;

    f->bound = 1;
    return cs_pubkey_proof(binding, f->side, out, err);
}

static int
fake_verify(struct cs_inner *inner, const struct cs_binding *binding,
            struct cs_span sealed, struct cs_error *err)
{
    struct fake *f = (struct fake *)inner;
    int ret;

    if (!inner->complete)
        return cs_fail(err, CS_UNEXPECTED, "fake");
    ret = cs_pubkey_check(binding, f->side == CS_CLIENT ? CS_SERVER :
                          CS_CLIENT, sealed, err);
    f->verified = (ret == 0);
    return ret;
}

static int
fake_delegate(struct cs_inner *inner, struct cs_buf *out, struct cs_error *err)
{
    struct fake *f = (struct fake *)inner;

    (void)err;
    if (!f->verified || !f->bound)
        abort();
    cs_buf_add(out, "secret", 6);
    return out->error;
}

static int
fake_receive(struct cs_inner *inner, struct cs_span sealed,
             struct cs_buf *plain, struct cs_error *err)
{
    struct fake *f = (struct fake *)inner;

    (void)err;
    if (!f->verified || !f->bound)
        abort();
    cs_buf_add(plain, sealed.p, sealed.len);
    return plain->error;
}

static const struct cs_inner_info *
fake_info(const struct cs_inner *inner)
{
    return &((const struct fake *)inner)->info;
}

static void
fake_finish(struct cs_inner *inner)
{
    (void)inner;
}

static void
fake_free(struct cs_inner *inner)
{
    free(inner);
}

static const struct cs_inner_ops fake_ops = {
    fake_step, fake_bind, fake_verify, fake_delegate, fake_receive, fake_info,
    fake_finish, fake_free
};

static struct cs_inner *
fake_new(enum cs_side side)
{
    struct fake *f = calloc(1, sizeof(*f));

    if (f == NULL)
        abort();
    f->base.ops = &fake_ops;
    f->side = side;
    f->info.mech = &cs_oid_krb5;
    return &f->base;
}

/* An end of the exchange on this side, over a configuration made once. */
static struct credssp *
fake_end(enum cs_side side, int stream)
{
    static struct cs_tls_config *configs[2];
    struct cs_tls_options options = { .acceptor = (side == CS_SERVER) };
    struct credssp_params params = { 0 };
    struct credssp *c;

    if (configs[side] == NULL &&
        cs_tls_config_new(&options, &configs[side], NULL) != 0)
        abort();
    params.tls = configs[side];
    params.inner = fake_new(side);
    params.stream = stream;
    if (credssp_new(&params, &c, NULL) != 0)
        abort();
    return c;
}

/* Its TLS peer, by OpenSSL through our own thin layer. */
static struct cs_tls *
fake_peer(enum cs_side side)
{
    static struct cs_tls_config *configs[2];
    struct cs_tls_options options = { .acceptor = (side == CS_SERVER) };
    struct cs_tls *t;

    if (configs[side] == NULL &&
        cs_tls_config_new(&options, &configs[side], NULL) != 0)
        abort();
    if (cs_tls_new(configs[side], NULL, &t, NULL) != 0)
        abort();
    return t;
}

#endif /* CS_FAKE_H */
