/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* session.c - the requests of one client connection. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/wsman/addresses.h"
#include "helper/wsman/headers.h"
#include "helper/common/often.h"
#include "helper/wsman/readable.h"
#include "helper/gateway/session.h"

#define HTTP_OK 200
#define HTTP_UNAUTHORIZED 401
#define HTTP_SERVER_ERROR 500
#define PORT_DEFAULT 5985
#define PORT_HTTPS 443
#define PORT_TLS 5986

static const struct often of_failures = { 5 };

int
session_new(const struct gate *gate, int client, struct session **out,
            struct cs_error *err)
{
    struct session *s = calloc(1, sizeof(*s));

    *out = s;
    if (s == NULL)
        return cs_nomem(err);
    s->gate = gate;
    s->client = client;
    return 0;
}

/* Forget the server; what is left is a new session. */
static void
disconnect(struct session *s)
{
    s->authenticated = s->passing = 0;
    stats_close(s->gate->ledger, &s->entry);
    seal_free(&s->seal);
    up_free(&s->up);
    bl_close(&s->link);
    hc_host_free(&s->conf);
    s->host[0] = s->node[0] = '\0';
}

void
session_free(struct session **session)
{
    struct session *s = *session;

    *session = NULL;
    if (s == NULL)
        return;
    disconnect(s);
    free(s);
}

/* --- The target --- */

static int
check_policy(const struct session *s, struct cs_error *err)
{
    if (!s->conf->reachable)
        return cs_fail(err, CS_POLICY, "krb5.conf does not let the gateway "
                       "connect to %s: name it in [appdefaults] winrm, "
                       "gateway = { targets = %s } or credssp = { delegate_to "
                       "= %s }", s->host, s->host, s->host);
    if (!hc_port_ok(s->conf, s->port))
        return cs_fail(err, CS_POLICY, "port %u of %s is not among krb5.conf's "
                       "`ports'", (unsigned int)s->port, s->host);
    return 0;
}

static int
connect_to(struct session *s, const struct gate_target *target,
           struct cs_error *err)
{
    struct up_options options;
    int ret;

    disconnect(s);
    memcpy(s->host, target->host, sizeof(s->host));
    s->port = target->port != 0 ? target->port : PORT_DEFAULT;
    s->tls = s->port == PORT_TLS || s->port == PORT_HTTPS;
    ret = hc_host_load(s->host, &s->conf, err);
    if (ret != 0)
        readable_explain_conf(err);
    if (ret == 0)
        ret = check_policy(s, err);
    if (ret != 0)
        return ret;
    memset(&options, 0, sizeof(options));
    options.conf = s->conf;
    options.limits = s->gate->limits;
    options.host = s->host;
    options.port = s->port;
    options.tls = s->tls;
    options.client = s->client;
    options.share = addresses_share(s->gate->addresses);
    return up_new(&options, &s->up, err);
}

static int
is_target(const struct session *s, const struct gate_target *target)
{
    uint16_t port = target->port != 0 ? target->port : PORT_DEFAULT;

    return s->up != NULL && s->port == port &&
        strcmp(s->host, target->host) == 0;
}

/* --- One request --- */

static int
post(struct session *s, const struct up_request *request,
     struct up_reply *reply, struct cs_error *err)
{
    struct cs_buf body =
        CS_BUF_INIT(request->body.len + request->body.len / 16 + 65536);
    struct up_request up = *request;
    int ret = 0;

    memset(reply, 0, sizeof(*reply));
    up.authorization = NULL;    /* this session's is the connection's */
    if (s->seal != NULL && request->body.len > 0) {
        ret = seal_message(s->seal, request->body, request->content_type,
                           &body, &up.content_type, err);
        up.body = cs_buf_span(&body);
    }
    if (ret == 0)
        ret = up_post(s->up, &up, reply, err);
    cs_buf_free(&body);
    return ret;
}

/*
 * Again from the start, once: when nothing has been sent, since the server had
 * dropped the connection, or when it has forgotten who we are.
 */
static int
post_or_renew(struct session *s, const struct up_request *request,
              struct up_reply *reply, struct cs_error *err)
{
    int ret, fresh = !s->authenticated;

    if (fresh) {
        memset(reply, 0, sizeof(*reply));
        ret = session_authenticate(s, request->path, err);
        if (ret != 0)
            return ret;
    }
    ret = post(s, request, reply, err);
    if (fresh || !(reply->lost || (ret == 0 &&
                                   reply->status == HTTP_UNAUTHORIZED)))
        return ret;
    s->authenticated = 0;
    up_reply_free(reply);
    return post_or_renew(s, request, reply, err);
}

/* An answer outside the encryption, as http.sys gives (413, 503): its status
 * counts, its words do not. */
static int
take_plain(const struct up_reply *reply, struct cs_error *err)
{
    const char *type = up_header(reply, "Content-Type");

    if (reply->body.len == 0)
        return 0;
    if (reply->status == HTTP_OK || reply->status == HTTP_SERVER_ERROR)
        return cs_fail(err, CS_POLICY, "the server answered in plain text (%s) "
                       "where encryption was agreed: refused",
                       type != NULL ? type : "no Content-Type");
    return 0;
}

/* With HTTPS the body is the answer. */
static int
take_as_is(struct up_reply *reply, struct gate_answer *answer,
           struct cs_error *err)
{
    const char *type = up_header(reply, "Content-Type");

    answer->body = reply->body;
    memset(&reply->body, 0, sizeof(reply->body));
    if (type == NULL)
        return 0;
    answer->type = strdup(type);
    return (answer->type == NULL) ? cs_nomem(err) : 0;
}

/* The headers that the client should see. */
static void
take_headers(struct up_reply *reply, int passing, struct gate_answer *answer)
{
    char name[64];
    size_t i, len;

    for (i = 0; i < reply->nheaders; i++) {
        len = strcspn(reply->headers[i], ":");
        if (len >= sizeof(name))
            continue;
        memcpy(name, reply->headers[i], len);
        name[len] = '\0';
        if (!gate_header_down(name) &&
            !(passing && strcasecmp(name, "WWW-Authenticate") == 0))
            continue;
        answer->headers[answer->nheaders++] = reply->headers[i];
        reply->headers[i] = NULL;
    }
}

static int
take_answer(struct session *s, struct up_reply *reply,
            struct gate_answer *answer, struct cs_error *err)
{
    const char *type = up_header(reply, "Content-Type");
    enum gate_protocol protocol;
    int multi;

    answer->status = reply->status;
    if (reply->status == HTTP_UNAUTHORIZED)
        return cs_fail(err, CS_INNER, "%s asks for authentication again, "
                       "immediately after it", s->host);
    if (s->seal == NULL)
        return take_as_is(reply, answer, err);
    if (type == NULL || gate_sealed_type(type, &protocol, &multi, NULL) == 0)
        return take_plain(reply, err);
    answer->body.max = s->gate->limits->max_message;
    return seal_open(s->seal, type, cs_buf_span(&reply->body),
                     s->gate->limits->max_message, &answer->body,
                     &answer->type, err);
}

/* Where it happened comes first; most reasons say it themselves. */
static void
log_failure(const struct session *s, const char *why)
{
    char where[300];
    int n = snprintf(where, sizeof(where), "%s:%u", s->host,
                     (unsigned int)s->port);

    if (n > 0 && strncmp(why, where, n) == 0)
        often_log(&of_failures, OFTEN_BY_TEXT, LOG_NOTICE, "%s", why);
    else
        often_log(&of_failures, OFTEN_BY_TEXT, LOG_NOTICE, "%s: %s", where,
                  why);
}

/* The context may be out of step with the server's: the next request begins
 * anew. */
static void
give_up(struct session *s, const struct cs_error *err)
{
    s->authenticated = 0;
    stats_failed(s->gate->ledger);
    log_failure(s, err->text);
    if (s->up != NULL && s->link == NULL)
        (void)bl_channel(s->gate->broker, &s->link, NULL);
    if (s->link != NULL)
        bl_report(s->link, s->host, err->ntstatus, err->text);
    bl_close(&s->link);
}

int
session_request(struct session *s, const struct gate_target *target,
                const struct up_request *request,
                struct gate_answer *answer, struct cs_error *err)
{
    struct up_reply reply;
    int ret = 0;

    memset(answer, 0, sizeof(*answer));
    memset(&reply, 0, sizeof(reply));
    if (!is_target(s, target) || s->passing)
        ret = connect_to(s, target, err);
    if (ret == 0)
        ret = post_or_renew(s, request, &reply, err);
    if (ret == 0)
        ret = take_answer(s, &reply, answer, err);
    if (ret == 0) {
        take_headers(&reply, 0, answer);
        stats_request(s->gate->ledger, s->entry, request->body.len,
                      answer->body.len);
    }
    up_reply_free(&reply);
    if (ret != 0)
        give_up(s, err);
    else if (s->seal != NULL)
        seal_rest(s->seal);     /* a shell is idle for most of the time */
    return ret;
}

static int
pass_on(struct session *s, const struct up_request *request,
        struct up_reply *reply, struct cs_error *err)
{
    int ret = up_post(s->up, request, reply, err);

    if (!reply->lost || request->authorization == NULL)
        return ret;
    up_reply_free(reply);
    ret = up_fresh(s->up, err);
    return (ret != 0) ? ret : up_post(s->up, request, reply, err);
}

int
session_pass(struct session *s, const struct gate_target *target,
             const struct up_request *request, struct gate_answer *answer,
             struct cs_error *err)
{
    struct up_reply reply;
    int ret = 0;

    memset(answer, 0, sizeof(*answer));
    memset(&reply, 0, sizeof(reply));
    if (!is_target(s, target) || !s->passing)
        ret = connect_to(s, target, err);
    s->passing = 1;
    if (ret == 0)
        ret = pass_on(s, request, &reply, err);
    if (ret == 0) {
        answer->status = reply.status;
        ret = take_as_is(&reply, answer, err);
    }
    if (ret == 0) {
        take_headers(&reply, 1, answer);
        stats_request(s->gate->ledger, NULL, request->body.len,
                      answer->body.len);
    }
    up_reply_free(&reply);
    if (ret != 0)
        give_up(s, err);
    return ret;
}

void
session_answer_free(struct gate_answer *answer)
{
    while (answer->nheaders > 0)
        free(answer->headers[--answer->nheaders]);
    free(answer->type);
    answer->type = NULL;
    free(answer->authenticate);
    answer->authenticate = NULL;
    cs_buf_free(&answer->body);
}
