/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * linkinner.c - CredSSP's inner context, run by the broker.
 *
 * The order of events and the policy are enforced there; a program with this
 * one never sees the password nor the keys.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>

#include "helper/link/linkint.h"

struct link_inner {
    struct cs_inner base;
    struct bl_link *link;
    struct cs_inner_info info;
};

static int
import_user(struct cs_span text, gss_name_t *out, struct cs_error *err)
{
    gss_buffer_desc buffer = { text.len, (void *)(uintptr_t)text.p };
    OM_uint32 major, minor;

    if (text.len == 0)
        return 0;
    major = gss_import_name(&minor, &buffer, GSS_C_NT_USER_NAME, out);
    return GSS_ERROR(major) ? cs_fail(err, CS_INNER, "cannot import a name "
                                      "from the broker") : 0;
}

/* The link, until the context is finished. */
static struct bl_link *
link_of(struct cs_inner *inner, struct cs_error *err)
{
    struct bl_link *link = ((struct link_inner *)inner)->link;

    if (link == NULL)
        cs_set_error(err, CS_USAGE, "the inner context is already complete");
    return link;
}

/* What STEPPED says of a complete context. */
static int
learn(struct link_inner *l, struct cs_error *err)
{
    const struct bp_message *m = &l->link->reply;
    int ret;

    l->info.mech = (m->mech == BP_MECH_NTLM) ? &cs_oid_ntlmssp : &cs_oid_krb5;
    l->info.flags = m->flags;
    l->info.lifetime = m->lifetime;
    ret = import_user(m->source, &l->info.source, err);
    if (ret == 0)
        ret = import_user(m->target, &l->info.target, err);
    return ret;
}

static int
link_step(struct cs_inner *inner, struct cs_span in, struct cs_buf *out,
          struct cs_error *err)
{
    struct link_inner *l = (struct link_inner *)inner;
    int complete, ret;

    if (link_of(inner, err) == NULL)
        return CS_USAGE;
    if (inner->complete)
        return cs_fail(err, CS_UNEXPECTED,
                       "a token came after the authentication was complete");
    ret = bl_step(l->link, in, out, &complete, err);
    if (ret != 0)
        return ret;
    inner->ready = l->link->reply.ready;
    inner->complete = complete;
    return complete ? learn(l, err) : 0;
}

/* The octets of a DATA. */
static int
take_data(struct bl_link *link, struct cs_buf *out, struct cs_error *err)
{
    int ret = bl_call(link, BP_DATA, err);

    if (ret != 0)
        return ret;
    cs_buf_add(out, link->reply.data.p, link->reply.data.len);
    return (out->error == CS_NOMEM) ? cs_nomem(err) : out->error != 0 ?
        cs_fail(err, CS_MALFORMED, "an encrypted message is too long") : 0;
}

static int
link_bind(struct cs_inner *inner, const struct cs_binding *binding,
          struct cs_buf *out, struct cs_error *err)
{
    struct bl_link *link = link_of(inner, err);

    if (link == NULL)
        return CS_USAGE;
    link->request.number = BP_BIND;
    link->request.binding = *binding;
    return take_data(link, out, err);
}

static int
link_verify(struct cs_inner *inner, const struct cs_binding *binding,
            struct cs_span sealed, struct cs_error *err)
{
    struct bl_link *link = link_of(inner, err);

    if (link == NULL)
        return CS_USAGE;
    link->request.number = BP_VERIFY;
    link->request.binding = *binding;
    link->request.sealed = sealed;
    return bl_call(link, BP_OK, err);
}

static int
link_delegate(struct cs_inner *inner, struct cs_buf *out, struct cs_error *err)
{
    struct bl_link *link = link_of(inner, err);

    if (link == NULL)
        return CS_USAGE;
    link->request.number = BP_DELEGATE;
    return take_data(link, out, err);
}

static int
link_receive(struct cs_inner *inner, struct cs_span sealed,
             struct cs_buf *plain, struct cs_error *err)
{
    (void)inner;
    (void)sealed;
    (void)plain;
    return cs_fail(err, CS_USAGE, "the broker accepts no credentials");
}

static const struct cs_inner_info *
link_info(const struct cs_inner *inner)
{
    return &((const struct link_inner *)inner)->info;
}

static void
link_finish(struct cs_inner *inner)
{
    struct link_inner *l = (struct link_inner *)inner;

    if (l->link != NULL)
        bl_abandon(l->link);
    l->link = NULL;             /* another context may start on it */
    inner->ready = 0;
}

static void
link_free(struct cs_inner *inner)
{
    struct link_inner *l = (struct link_inner *)inner;
    OM_uint32 minor;

    link_finish(inner);
    (void)gss_release_name(&minor, &l->info.source);
    (void)gss_release_name(&minor, &l->info.target);
    free(l);
}

static const struct cs_inner_ops link_ops = {
    link_step, link_bind, link_verify, link_delegate, link_receive, link_info,
    link_finish, link_free
};

int
bl_credssp(struct bl_link *link, const struct bl_target *target,
           struct bl_started *started, struct cs_inner **out,
           struct cs_error *err)
{
    struct link_inner *l;
    int ret;

    *out = NULL;
    l = calloc(1, sizeof(*l));
    if (l == NULL)
        return cs_nomem(err);
    link->request.number = BP_CREDSSP;
    ret = bl_start(link, target, started, err);
    if (ret != 0) {
        free(l);
        return ret;
    }
    l->base.ops = &link_ops;
    l->link = link;
    *out = &l->base;
    return 0;
}
