/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* web.c - asking a WinRM server over HTTP, and authenticating to it. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_krb5.h>

#include "plugin/credssp/gsserr.h"
#include "plugin/conf/names.h"
#include "helper/wsman/seal.h"
#include "plugin/credssp/spnego.h"
#include "helper/doctor/web.h"

#define SOAP_TYPE "application/soap+xml;charset=UTF-8"
#define TOKEN_MAX ((size_t)128 * 1024)
#define LEGS_MAX 6

static const gss_OID_desc spnego = {
    6, (void *)(uintptr_t)"\053\006\001\005\005\002"
};
static const gss_OID_desc krb5 = {
    9, (void *)(uintptr_t)"\052\206\110\206\367\022\001\002\002"
};

static const char identify[] =
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""
    " xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/"
    "wsmanidentity.xsd\"><s:Header/><s:Body><i:Identify/></s:Body>"
    "</s:Envelope>";

const char *
web_offers(unsigned int offers, char *buf, size_t size)
{
    static const struct { unsigned int bit; const char *name; } names[] = {
        { GATE_OFFERS_NEGOTIATE, "Negotiate" },
        { GATE_OFFERS_KERBEROS, "Kerberos" },
        { GATE_OFFERS_CREDSSP, "CredSSP" }, { GATE_OFFERS_BASIC, "Basic" }
    };
    size_t i, len = 0;

    buf[0] = '\0';
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if ((offers & names[i].bit) && len < size)
            len += snprintf(buf + len, size - len, "%s%s",
                            len > 0 ? ", " : "", names[i].name);
    }
    return len > 0 ? buf : "nothing known";
}

/* --- A connection --- */

int
web_limits(struct hc_gateway **out, struct cs_error *err)
{
    int ret = hc_gateway_load(out, err);

    if (ret != 0)
        return ret;
    if ((*out)->connect_timeout > 5)
        (*out)->connect_timeout = 5;
    if ((*out)->response_timeout > WEB_REQUEST_MAX)
        (*out)->response_timeout = WEB_REQUEST_MAX;
    return 0;
}

time_t
web_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

int
web_open(const struct doctor *d, const char *address, struct web *web,
         struct cs_error *err)
{
    struct up_options o;

    memset(&o, 0, sizeof(o));
    web->conf = *d->conf;       /* borrows */
    web->policy = *d->conf->policy;
    web->conf.policy = &web->policy;
    web->conf.pin = d->pin[0] != '\0' ? (char *)(uintptr_t)d->pin : NULL;
    web->policy.host = address != NULL ? d->conf->host : NULL;
    o.conf = &web->conf;
    o.limits = d->limits;
    o.host = address != NULL ? address : d->host;
    o.port = d->port;
    o.tls = d->tls;
    o.client = -1;
    web->deadline = web_now() + WEB_ALL_MAX;
    if (d->web_until != 0 && d->web_until < web->deadline)
        web->deadline = d->web_until;
    return up_new(&o, &web->up, err);
}

void
web_close(struct web *web)
{
    up_free(&web->up);
}

int
web_post(struct web *web, const char *scheme, struct cs_span token,
         const char *type, struct cs_span body, struct up_reply *reply,
         struct cs_error *err)
{
    struct cs_buf value = CS_BUF_INIT(2 * TOKEN_MAX);
    struct up_request request;
    time_t left = web->deadline - web_now();
    int ret = 0;

    memset(&request, 0, sizeof(request));
    memset(reply, 0, sizeof(*reply));
    if (left <= 0)
        return cs_fail(err, CS_SYSTEM, "the server did not answer in time");
    request.seconds = left < WEB_REQUEST_MAX ? left : WEB_REQUEST_MAX;
    request.path = "/wsman";
    request.content_type = type != NULL ? type : SOAP_TYPE;
    request.body = body;
    if (scheme != NULL) {
        gate_authorization(&value, scheme, token);
        cs_buf_add(&value, "", 1);
        if (value.error != 0)
            ret = cs_nomem(err);
        request.authorization = (const char *)value.p;
    }
    if (ret == 0)
        ret = up_post(web->up, &request, reply, err);
    cs_buf_free(&value);
    return ret;
}

/* --- An authentication --- */

struct legs {
    const struct web_try *how;
    struct web web;
    const char *scheme;
    int which;                  /* token of struct gate_challenge */
    const gss_OID_desc *mech;
    gss_name_t target;
    gss_ctx_id_t ctx;
    struct gss_channel_bindings_struct bindings;
    int complete;
};

static int
import(struct legs *l, struct cs_error *err)
{
    const char *name = l->how->name;
    gss_buffer_desc text = { strlen(name), (void *)(uintptr_t)name };
    OM_uint32 major, minor;

    major = gss_import_name(&minor, &text, gw_is_principal(name) ?
                            (gss_OID)(uintptr_t)GSS_KRB5_NT_PRINCIPAL_NAME :
                            GSS_C_NT_HOSTBASED_SERVICE, &l->target);
    return major == GSS_S_COMPLETE ? 0 :
        cs_gss_fail(err, name, major, minor, GSS_C_NO_OID);
}

/* Our next token for the server's; empty when there is none to send. */
static int
step(struct legs *l, struct cs_span in, struct cs_buf *out,
     struct cs_error *err)
{
    gss_buffer_desc input, token = GSS_C_EMPTY_BUFFER;
    struct cs_buf room = CS_BUF_INIT(TOKEN_MAX);
    OM_uint32 major, minor, tmp;
    int ret = cs_spnego_token(in, &room, &in, err);

    if (ret != 0)
        return ret;
    input.value = (void *)(uintptr_t)in.p;
    input.length = in.len;
    major = gss_init_sec_context(
        &minor, GSS_C_NO_CREDENTIAL, &l->ctx, l->target,
        (gss_OID)(uintptr_t)l->mech, GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG |
        GSS_C_INTEG_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG, 0,
        l->bindings.application_data.length > 0 ? &l->bindings :
        GSS_C_NO_CHANNEL_BINDINGS, &input, NULL, &token, NULL, NULL);
    cs_buf_free(&room);
    cs_buf_reset(out);
    cs_buf_add(out, token.value, token.length);
    (void)gss_release_buffer(&tmp, &token);
    l->complete = major == GSS_S_COMPLETE;
    return GSS_ERROR(major) ? cs_gss_fail(err, "GSSAPI", major, minor,
                                          l->mech) : out->error;
}

/* The scheme to use of those that the server offers; its bindings. */
static int
begin(const struct doctor *d, struct legs *l, struct cs_error *err)
{
    static const struct cs_span none = { NULL, 0 };
    struct up_reply reply;
    struct cs_span cb;
    char offers[64];
    int ret;

    memset(&reply, 0, sizeof(reply));
    ret = web_open(d, l->how->address, &l->web, err);
    if (ret == 0)
        ret = web_post(&l->web, NULL, none, NULL, none, &reply, err);
    if (ret != 0) {
        up_reply_free(&reply);
        return ret;
    }
    l->scheme = "Negotiate";
    l->mech = &spnego;
    l->which = 0;
    if (!(reply.challenge.offers & GATE_OFFERS_NEGOTIATE)) {
        l->scheme = "Kerberos";
        l->mech = &krb5;
        l->which = 1;
    }
    if (!(reply.challenge.offers & (GATE_OFFERS_NEGOTIATE |
                                    GATE_OFFERS_KERBEROS)))
        ret = cs_fail(err, CS_INNER, "the server offers %s", web_offers(
                          reply.challenge.offers, offers, sizeof(offers)));
    up_reply_free(&reply);
    cb = up_bindings(l->web.up);
    if (l->how->bindings && cb.p != NULL) {
        l->bindings.application_data.value = (void *)(uintptr_t)cb.p;
        l->bindings.application_data.length = cb.len;
    }
    return ret;
}

/* Legs until the server says 200, or that it does not want us. */
static int
exchange(struct legs *l, struct web_result *r, struct cs_error *err)
{
    static const struct cs_span none = { NULL, 0 };
    struct cs_buf out = CS_BUF_INIT(TOKEN_MAX);
    struct up_reply reply;
    struct cs_span in;
    int ret, legs;

    ret = step(l, none, &out, err);
    for (legs = 0; ret == 0 && out.len > 0 && legs < LEGS_MAX; legs++) {
        ret = web_post(&l->web, l->scheme, cs_buf_span(&out), NULL, none,
                       &reply, err);
        if (ret != 0) {
            r->outcome = DOC_FAILED;
            up_reply_free(&reply);
            break;
        }
        in = cs_buf_span(&reply.challenge.token[l->which]);
        r->outcome = reply.status == 200 ? DOC_ACCEPTED : DOC_REFUSED;
        if (r->outcome == DOC_REFUSED)
            (void)snprintf(r->why, sizeof(r->why), "HTTP status %ld",
                           reply.status);
        cs_buf_reset(&out);
        if (in.len > 0 && !l->complete)
            ret = step(l, in, &out, err);
        if (ret == 0 && r->outcome == DOC_ACCEPTED && !l->complete)
            ret = cs_fail(err, CS_INNER, "the server did not authenticate "
                          "itself");
        up_reply_free(&reply);
        if (r->outcome == DOC_ACCEPTED)
            break;
    }
    cs_buf_free(&out);
    return ret;
}

/* An Identify, sealed, and the answer opened. */
static int
encrypt(struct legs *l, struct cs_error *err)
{
    static const struct cs_span none = { NULL, 0 };
    struct cs_span plain = {
        (const uint8_t *)identify, sizeof(identify) - 1
    };
    struct cs_buf body = CS_BUF_INIT(65536), text = CS_BUF_INIT(65536);
    const char *type = NULL, *answered;
    struct seal *seal = NULL;
    struct up_reply reply;
    char *inner = NULL;
    int ret;

    memset(&reply, 0, sizeof(reply));
    ret = seal_context(&l->ctx, l->which == 1 ? GATE_KERBEROS : GATE_SPNEGO,
                   &seal, err);
    if (ret == 0)
        ret = seal_message(seal, plain, SOAP_TYPE, &body, &type, err);
    if (ret == 0)
        ret = web_post(&l->web, NULL, none, type, cs_buf_span(&body), &reply,
                       err);
    answered = up_header(&reply, "Content-Type");
    if (ret == 0 && (reply.status != 200 || answered == NULL))
        ret = cs_fail(err, CS_REMOTE, "HTTP status %ld", reply.status);
    if (ret == 0)
        ret = seal_open(seal, answered, cs_buf_span(&reply.body), 65536,
                        &text, &inner, err);
    free(inner);
    up_reply_free(&reply);
    seal_free(&seal);
    cs_buf_free(&body);
    cs_buf_free(&text);
    return ret;
}

void
web_authenticate(const struct doctor *d, const struct web_try *how,
                 struct web_result *result)
{
    struct cs_error err;
    struct legs l;
    OM_uint32 minor;
    int ret;

    memset(&l, 0, sizeof(l));
    memset(result, 0, sizeof(*result));
    l.how = how;
    ret = import(&l, &err);
    if (ret == 0)
        ret = begin(d, &l, &err);
    if (ret == 0)
        ret = exchange(&l, result, &err);
    if (ret != 0) {
        if (result->outcome != DOC_REFUSED)
            result->outcome = DOC_FAILED;
        (void)snprintf(result->why, sizeof(result->why), "%s", err.text);
    } else if (result->outcome == DOC_ACCEPTED && how->encrypt && !d->tls) {
        ret = encrypt(&l, &err);
        result->encrypted = ret == 0 ? 1 : -1;
        if (ret != 0)
            (void)snprintf(result->why, sizeof(result->why), "%s", err.text);
    }
    (void)gss_delete_sec_context(&minor, &l.ctx, GSS_C_NO_BUFFER);
    (void)gss_release_name(&minor, &l.target);
    web_close(&l.web);
}
