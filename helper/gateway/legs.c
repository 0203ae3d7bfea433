/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * legs.c - authentication over HTTP: tokens in Authorization and
 * WWW-Authenticate until the server answers 200 (MS-WSMV 2.2.9.1, RFC 4559).
 *
 * The requests of the legs have no body: nothing is to be said before the
 * server is known.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/gateway/session.h"

#define SOAP_TYPE "application/soap+xml;charset=UTF-8"
#define TOKEN_MAX ((size_t)128 * 1024)  /* bytes: a large PAC, in CredSSP */
#define LEGS_MAX 12             /* TLS takes 3, SPNEGO 3, CredSSP 2 */

int
leg_post(struct session *s, const char *path, const char *scheme,
         struct cs_span token, struct up_reply *reply, struct cs_error *err)
{
    struct cs_buf value = CS_BUF_INIT(2 * TOKEN_MAX);
    struct up_request request;
    int ret = 0;

    memset(&request, 0, sizeof(request));
    memset(reply, 0, sizeof(*reply));
    request.path = path;
    request.content_type = SOAP_TYPE;
    if (scheme != NULL) {
        gate_authorization(&value, scheme, token);
        cs_buf_add(&value, "", 1);
        request.authorization = (const char *)value.p;
        if (value.error != 0)
            ret = cs_nomem(err);
    }
    if (ret == 0)
        ret = up_post(s->up, &request, reply, err);
    cs_buf_free(&value);
    return ret;
}

const char *
leg_offers(const struct up_reply *reply, char *buf, size_t size)
{
    static const struct { unsigned int bit; const char *name; } names[] = {
        { GATE_OFFERS_CREDSSP, "CredSSP" },
        { GATE_OFFERS_NEGOTIATE, "Negotiate" },
        { GATE_OFFERS_KERBEROS, "Kerberos" }, { GATE_OFFERS_BASIC, "Basic" }
    };
    size_t i, len = 0;

    buf[0] = '\0';
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if ((reply->challenge.offers & names[i].bit) && len < size)
            len += snprintf(buf + len, size - len, "%s%s",
                            len > 0 ? ", " : "", names[i].name);
    }
    return len > 0 ? buf : "nothing";
}

static void
note_start(struct session *s, const struct bl_started *started)
{
    memset(&s->how, 0, sizeof(s->how));
    (void)snprintf(s->how.spn, sizeof(s->how.spn), "%s", started->spn);
    (void)snprintf(s->how.credential, sizeof(s->how.credential), "%s",
                   started->credential);
    s->how.candidate = started->candidate;
    s->how.candidates = started->candidates;
    s->how.mech = "?";
}

/* What an answer means that is neither 401 nor 200. */
static int
odd_status(const struct session *s, const struct up_reply *reply,
           struct cs_error *err)
{
    return cs_fail(err, CS_SYSTEM, "%s:%u answered the authentication with "
                   "HTTP status %ld: is it WinRM?", s->host,
                   (unsigned int)s->port, reply->status);
}

static int
not_offered(const struct session *s, const struct up_reply *reply,
            const char *scheme, struct cs_error *err)
{
    char offers[64];

    (void)cs_fail(err, CS_INNER, "%s:%u does not offer %s, but %s%s",
                   s->host, (unsigned int)s->port, scheme,
                   leg_offers(reply, offers, sizeof(offers)),
                   strcmp(scheme, "CredSSP") == 0 ? " (on the server: Enable-"
                   "WSManCredSSP -Role Server)" : "");
    return (reply->challenge.offers & GATE_OFFERS_KERBEROS) ?
        GATE_LEGS_KERBEROS : CS_INNER;
}

/* --- CredSSP --- */

/*
 * A bare "CredSSP" is the offer, a refusal, or an empty token; the last only
 * where TLS 1.3 has nothing to say, right behind our Finished.
 */
struct credssp_legs {
    struct credssp *exchange;
    int sent;                   /* legs */
    int answered;               /* legs that came with a token */
    int empty_ok;               /* the last one may be answered with none */
    int done;                   /* authInfo has gone out */
};

static int
credssp_refused(const struct session *s, const struct credssp_legs *l,
                const struct up_reply *reply, struct cs_error *err)
{
    if (l->done)
        return cs_fail(err, CS_REMOTE, "%s accepted the authentication and "
                       "then refused the delegated credential", s->host);
    if (!(reply->challenge.offers & GATE_OFFERS_CREDSSP) || l->answered == 0)
        return not_offered(s, reply, "CredSSP", err);
    return cs_fail(err, CS_INNER, "%s ended the authentication without a "
                   "reason", s->host);
}

/* Take one token, send the next. */
static int
credssp_leg(struct session *s, const char *path, struct credssp_legs *l,
            struct cs_span in, struct up_reply *reply, struct cs_error *err)
{
    struct cs_buf token = CS_BUF_INIT(TOKEN_MAX);
    struct credssp_info info;
    struct cs_error why;
    int ret;

    memset(reply, 0, sizeof(*reply));
    ret = credssp_step(l->exchange, in, &token, &l->done, err);
    credssp_info(l->exchange, &info);
    l->empty_ok = info.empty_ok;
    if (ret != 0) {
        /* An alert or errorCode tells the server; its answer is nothing. */
        if (token.len > 0 && !token.error)
            (void)leg_post(s, path, "CredSSP", cs_buf_span(&token), reply,
                           &why);
    } else {
        ret = leg_post(s, path, "CredSSP", cs_buf_span(&token), reply, err);
    }
    l->sent++;
    cs_buf_free(&token);
    return ret;
}

static int
credssp_legs(struct session *s, const char *path, struct credssp_legs *l,
             struct cs_error *err)
{
    struct cs_span in = { NULL, 0 };
    struct up_reply reply, last;
    int ret;

    memset(&last, 0, sizeof(last));
    for (;;) {
        ret = credssp_leg(s, path, l, in, &reply, err);
        up_reply_free(&last);
        last = reply;
        if (ret != 0)
            break;
        if (reply.status == 200)
            ret = l->done ? 0 :
                cs_fail(err, CS_UNEXPECTED, "%s accepted us before it had "
                        "authenticated itself", s->host);
        else if (reply.status != 401)
            ret = odd_status(s, &reply, err);
        else if (l->sent == LEGS_MAX)
            ret = cs_fail(err, CS_UNEXPECTED, "%s takes too many "
                          "authentication steps", s->host);
        else if ((!l->done &&
                  (reply.challenge.with_token & GATE_OFFERS_CREDSSP)) ||
                 (l->empty_ok &&
                  (reply.challenge.offers & GATE_OFFERS_CREDSSP)))
            goto next;
        else
            ret = credssp_refused(s, l, &reply, err);
        break;
next:
        in = cs_buf_span(&last.challenge.token[2]);
        l->answered++;
    }
    up_reply_free(&last);
    return ret;
}

static void
note_exchange(struct session *s, const struct credssp *exchange)
{
    struct credssp_info info;

    credssp_info(exchange, &info);
    s->how.version = info.version;
    s->how.delegated = 1;
    (void)snprintf(s->how.tls, sizeof(s->how.tls), "%s", info.tls_version);
    if (info.inner != NULL)
        s->how.mech = (info.inner->mech == &cs_oid_krb5) ? "Kerberos" : "NTLM";
}

/* A refusal may be about the name: with CredSSP there is no second one. */
static void
name_service(const struct session *s, struct cs_error *err)
{
    size_t len = strlen(err->text);

    if (err->code == CS_INNER || err->code == CS_REMOTE)
        (void)snprintf(err->text + len, sizeof(err->text) - len,
                       " (it was asked for as %s)", s->how.spn);
}

int
legs_credssp(struct session *s, const char *path, uint32_t *candidate,
             uint32_t *candidates, struct cs_error *err)
{
    struct bl_target target = { s->host, s->port,
                                s->node[0] != '\0' ? s->node : NULL,
                                *candidate };
    struct bl_started started;
    struct credssp_params params;
    struct credssp_legs l;
    int ret;

    memset(&params, 0, sizeof(params));
    memset(&l, 0, sizeof(l));
    ret = bl_credssp(s->link, &target, &started, &params.inner, err);
    if (ret != 0)
        return ret;
    note_start(s, &started);
    *candidate = started.candidate;
    *candidates = started.candidates;
    params.tls = s->gate->tls;
    params.host = s->host;
    params.minimum_version = s->conf->credssp.minimum_version;
    ret = credssp_new(&params, &l.exchange, err);
    if (ret == 0)
        ret = credssp_legs(s, path, &l, err);
    if (ret != 0)
        name_service(s, err);
    if (ret == 0) {
        note_exchange(s, l.exchange);
        credssp_drop_inner(l.exchange);
    }
    if (ret == 0 && !s->tls)
        ret = seal_credssp(&l.exchange, &s->seal, err);
    credssp_free(&l.exchange);
    return ret;
}

/* --- Negotiate and Kerberos --- */

struct gss_way {
    const char *scheme;
    enum bp_scheme number;
    unsigned int bit;
    int token;                  /* index in gate_challenge.token */
    enum gate_protocol protocol;
};

static const struct gss_way gss_ways[] = {
    [GATE_WAY_NEGOTIATE] = { "Negotiate", BP_NEGOTIATE, GATE_OFFERS_NEGOTIATE,
                             0, GATE_SPNEGO },
    [GATE_WAY_KERBEROS] = { "Kerberos", BP_KERBEROS, GATE_OFFERS_KERBEROS,
                            1, GATE_KERBEROS }
};

/* The server's last word: its half of the mutual authentication. */
static int
gss_accepted(struct session *s, const struct gss_way *way,
             const struct up_reply *reply, int complete, struct cs_error *err)
{
    struct cs_buf none = CS_BUF_INIT(TOKEN_MAX);
    int ret = 0;

    if (!complete && (reply->challenge.with_token & way->bit))
        ret = bl_step(s->link, cs_buf_span(&reply->challenge.token[way->token]),
                      &none, &complete, err);
    cs_buf_free(&none);
    if (ret == 0 && !complete)
        ret = cs_fail(err, CS_UNEXPECTED, "%s accepted us without "
                      "authenticating itself", s->host);
    return ret;
}

static int
gss_refused(const struct session *s, const struct gss_way *way, int sent,
            const struct up_reply *reply, struct cs_error *err)
{
    if (!(reply->challenge.offers & way->bit) && sent == 1)
        return not_offered(s, reply, way->scheme, err);
    (void)cs_fail(err, CS_INNER, "%s refused the authentication (%s for %s)",
                  s->host, way->scheme, s->how.spn);
    return GATE_LEGS_REFUSED;
}

static int
gss_legs(struct session *s, const char *path, const struct gss_way *way,
         struct cs_error *err)
{
    struct cs_buf token = CS_BUF_INIT(TOKEN_MAX);
    struct cs_span in = { NULL, 0 };
    struct up_reply reply, last;
    int ret, sent, complete = 0;

    memset(&last, 0, sizeof(last));
    for (sent = 1;; sent++) {
        cs_buf_reset(&token);
        ret = bl_step(s->link, in, &token, &complete, err);
        /* An error token is the server's refusal of this ticket. */
        if (ret == CS_INNER && sent > 1)
            ret = GATE_LEGS_REFUSED;
        if (ret != 0)
            break;
        ret = leg_post(s, path, way->scheme, cs_buf_span(&token), &reply, err);
        up_reply_free(&last);
        last = reply;
        if (ret != 0)
            break;
        in = cs_buf_span(&last.challenge.token[way->token]);
        if (reply.status == 200)
            ret = gss_accepted(s, way, &last, complete, err);
        else if (reply.status != 401)
            ret = odd_status(s, &reply, err);
        else if (!complete && sent < LEGS_MAX && in.len > 0)
            continue;
        else
            ret = gss_refused(s, way, sent, &reply, err);
        break;
    }
    up_reply_free(&last);
    cs_buf_free(&token);
    return ret;
}

/* What of the finished context is needed to encrypt comes here. */
static int
fetch_context(struct session *s, const struct gss_way *way,
              struct cs_error *err)
{
    struct bl_exported exported;
    int ret;

    s->how.mech = (bl_mech(s->link) == BP_MECH_KRB5) ? "Kerberos" : "NTLM";
    s->how.delegated = (bl_granted(s->link) & GSS_C_DELEG_FLAG) != 0;
    if (bl_mech(s->link) == BP_MECH_KRB5)
        (void)snprintf(s->how.spn, sizeof(s->how.spn), "%s",
                       bl_proved(s->link));
    if (s->tls) {
        bl_abandon(s->link);
        return 0;
    }
    ret = bl_export(s->link, &exported, err);
    if (ret != 0)
        return ret;
    return (exported.mech == BP_MECH_KRB5) ?
        seal_krb5(&exported.keys, way->protocol, &s->seal, err) :
        seal_ntlm(&exported.ntlm, way->protocol, &s->seal, err);
}

int
legs_gss(struct session *s, const char *path, enum gate_way which,
         uint32_t *candidate, uint32_t *candidates, struct cs_error *err)
{
    const struct gss_way *way = &gss_ways[which];
    struct bl_target target = { s->host, s->port,
                                s->node[0] != '\0' ? s->node : NULL,
                                *candidate };
    struct bl_started started;
    int ret;

    ret = bl_context(s->link, way->number, &target, up_bindings(s->up),
                     &started, err);
    if (ret != 0)
        return ret;
    note_start(s, &started);
    *candidate = started.candidate;
    *candidates = started.candidates;
    ret = gss_legs(s, path, way, err);
    if (ret == 0)
        ret = fetch_context(s, way, err);
    if (ret != 0)
        bl_abandon(s->link);
    return ret;
}
