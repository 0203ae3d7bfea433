/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* client.c - a client's requests on one connection, by their
 * authentication. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/wsman/challenge.h"
#include "plugin/bytes/clean.h"
#include "helper/gateway/client.h"
#include "helper/common/often.h"

#define HTTP_BAD_REQUEST 400
#define HTTP_UNAUTHORIZED 401
#define HTTP_FORBIDDEN 403
#define HTTP_UNSUPPORTED_TYPE 415
#define HTTP_SERVER_ERROR 500
#define HTTP_BAD_GATEWAY 502

static const struct often of_tickets = { 5 };

struct client {
    const struct gate *gate;
    struct issuer *mint;
    struct session *session;
    struct accept accept;
    const struct gate_target *target;   /* of the request that is served */
};

int
client_new(const struct gate *gate, struct issuer *mint, int fd,
           struct client **out, struct cs_error *err)
{
    struct client *c = calloc(1, sizeof(*c));
    int ret;

    *out = c;
    if (c == NULL)
        return cs_nomem(err);
    c->gate = gate;
    c->mint = mint;
    ret = session_new(gate, fd, &c->session, err);
    if (ret != 0)
        client_free(out);
    return ret;
}

void
client_free(struct client **client)
{
    struct client *c = *client;

    *client = NULL;
    if (c == NULL)
        return;
    accept_reset(&c->accept);
    session_free(&c->session);
    free(c);
}

/* --- Answers --- */

static int
speaks_soap(const char *type)
{
    static const char soap[] = "application/soap+xml";

    return type != NULL && strncasecmp(type, soap, sizeof(soap) - 1) == 0;
}

void
client_error(const char *type, unsigned int status, enum gate_fault kind,
             const char *why, struct gate_answer *a)
{
    char text[sizeof(((struct cs_error *)0)->text)];

    /* Clients print it, and servers' words may be in it. */
    clean_copy(text, sizeof(text), why);
    session_answer_free(a);
    memset(a, 0, sizeof(*a));
    a->body.max = 8192;
    if (speaks_soap(type)) {
        a->status = HTTP_SERVER_ERROR;
        a->type = strdup(GATE_FAULT_CONTENT_TYPE);
        gate_write_fault(&a->body, kind, NULL, text);
        return;
    }
    a->status = status;
    a->type = strdup("text/plain;charset=UTF-8");
    cs_buf_add(&a->body, "gss-winrm-gateway: ", 19);
    cs_buf_add(&a->body, text, strlen(text));
    cs_buf_add(&a->body, "\n", 1);
}

/* What a session's error is to the client. */
static const struct { int code; unsigned int status; enum gate_fault kind; }
failures[] = {
    { CS_POLICY, HTTP_FORBIDDEN, GATE_FAULT_DENIED },
    { CS_REMOTE, HTTP_BAD_GATEWAY, GATE_FAULT_DENIED },
    { CS_INNER, HTTP_BAD_GATEWAY, GATE_FAULT_DENIED },
    { CS_SYSTEM, HTTP_BAD_GATEWAY, GATE_FAULT_UNREACHABLE },
    { CS_TLS, HTTP_BAD_GATEWAY, GATE_FAULT_UNREACHABLE },
    { 0, HTTP_BAD_GATEWAY, GATE_FAULT_INTERNAL }        /* anything else */
};

static void
failed(const char *type, int code, const struct cs_error *err,
       struct gate_answer *a)
{
    size_t i = 0;

    while (failures[i].code != 0 && failures[i].code != code)
        i++;
    client_error(type, failures[i].status, failures[i].kind, err->text, a);
}

static void
challenge(struct gate_answer *answer)
{
    answer->status = HTTP_UNAUTHORIZED;
    answer->challenge = 1;
}

/* What goes to the server has one. */
static const char *
type_of(const struct up_request *r)
{
    return (r->content_type != NULL) ? r->content_type :
        GATE_FAULT_CONTENT_TYPE;
}

/* --- Requests that are ours --- */

/* Not encrypted by the client, or not any more. */
static void
serve_plain(struct client *c, const struct up_request *r,
            struct gate_answer *a)
{
    struct cs_error err;
    int ret = session_request(c->session, c->target, r, a, &err);

    if (ret != 0)
        failed(r->content_type, ret, &err, a);
}

/* The answer to an encrypted request is encrypted. */
static int
seal_answer(struct client *c, struct gate_answer *a, struct cs_error *err)
{
    struct cs_buf body = CS_BUF_INIT(a->body.len + a->body.len / 16 + 65536);
    const char *type;
    int ret;

    if (a->body.len == 0)
        return 0;
    ret = seal_message(c->accept.seal, cs_buf_span(&a->body),
                       a->type != NULL ? a->type : GATE_FAULT_CONTENT_TYPE,
                       &body, &type, err);
    cs_buf_free(&a->body);
    free(a->type);
    a->type = (ret == 0) ? strdup(type) : NULL;
    a->body = body;
    return ret;
}

static void
serve_sealed(struct client *c, const struct up_request *r,
             struct gate_answer *a)
{
    struct cs_buf plain = CS_BUF_INIT(c->gate->limits->max_message);
    struct up_request request = *r;
    struct cs_error err;
    char *type = NULL;
    int ret;

    ret = seal_open(c->accept.seal, r->content_type, r->body,
                    c->gate->limits->max_message, &plain, &type, &err);
    if (ret == 0) {
        request.body = cs_buf_span(&plain);
        request.content_type = type;
        serve_plain(c, &request, a);
        ret = seal_answer(c, a, &err);
        if (ret != 0)
            accept_reset(&c->accept);
    }
    /* What cannot be decrypted changes nothing: a client that has just
     * authenticated anew sends what it had encrypted before. */
    if (ret != 0) {
        client_error(NULL, HTTP_BAD_REQUEST, GATE_FAULT_REQUEST, err.text, a);
    }
    free(type);
    cs_buf_free(&plain);
}

static void
serve(struct client *c, const struct up_request *r, struct gate_answer *a)
{
    enum gate_protocol protocol;
    struct up_request request = *r;
    int multi;

    /* WinRM takes nothing else; and a page in the user's own browser could
     * send other types without asking. */
    if (r->body.len > 0 && !speaks_soap(r->content_type) &&
        (r->content_type == NULL ||
         gate_sealed_type(r->content_type, &protocol, &multi, NULL) == 0)) {
        client_error(NULL, HTTP_UNSUPPORTED_TYPE, GATE_FAULT_REQUEST, "WinRM "
                     "takes Content-Type application/soap+xml;charset=UTF-8 "
                     "(or UTF-16)", a);
    } else if (r->body.len == 0 || speaks_soap(r->content_type)) {
        request.content_type = type_of(r);
        serve_plain(c, &request, a);
    } else {
        serve_sealed(c, r, a);
    }
}

/* --- Requests that are the client's own business --- */

static void
pass(struct client *c, const struct up_request *r, struct gate_answer *a)
{
    struct up_request request = *r;
    struct cs_error err;
    int ret;

    request.content_type = type_of(r);
    ret = session_pass(c->session, c->target, &request, a, &err);
    if (ret != 0) {
        accept_reset(&c->accept);
        failed(r->content_type, ret, &err, a);
    }
}

/* --- Who the client is --- */

static char *
authenticate(const struct accept_header *header, const struct cs_buf *token)
{
    struct cs_buf text = CS_BUF_INIT(2 * token->len + 64);

    gate_authorization(&text, header->scheme, cs_buf_span(token));
    cs_buf_add(&text, "", 1);
    return text.error == 0 ? (char *)text.p : NULL;
}

static void
take_token(struct client *c, const struct up_request *r,
           const struct accept_header *header, struct gate_answer *answer)
{
    struct cs_buf token = CS_BUF_INIT(ACCEPT_TOKEN_MAX);
    struct cs_error err;

    if (accept_token(&c->accept, c->mint, header, c->target->host, &token,
                     &err) != 0) {
        often_log(&of_tickets, OFTEN_BY_TEXT, LOG_NOTICE,
                  "refused a client's ticket: %s", err.text);
        challenge(answer);
    } else if (c->accept.state == ACCEPT_PASS) {
        pass(c, r, answer);
    } else {
        if (c->accept.state == ACCEPT_DONE)
            serve(c, r, answer);
        else
            answer->status = HTTP_UNAUTHORIZED;
        if (token.len > 0)
            answer->authenticate = authenticate(header, &token);
    }
    cs_buf_free(&token);
}

/*
 * Is it the next leg of an authentication with the server, or what comes after
 * that?  A password (Basic) is not: the server may have asked for it in order
 * to read it off the wire.
 */
static int
goes_on_passing(const struct client *c, const struct up_request *r,
                const struct accept_header *header)
{
    if (c->accept.state != ACCEPT_PASS)
        return 0;
    if (header->scheme == NULL)
        return r->authorization == NULL;
    return header->token.len == 0 ||
        header->token.p[0] != 0x60;     /* a first token of GSSAPI's */
}

/* An authentication that only the server can take: CredSSP, NTLM's own scheme.
 * All that is not a password, which would be one for nobody. */
static int
brings_another(const struct up_request *r,
               const struct accept_header *header)
{
    return r->authorization != NULL && header->scheme == NULL &&
        strncasecmp(r->authorization, "Basic", 5) != 0;
}

static void
begin_passing(struct client *c, const struct up_request *r,
              struct gate_answer *a)
{
    accept_reset(&c->accept);
    c->accept.state = ACCEPT_PASS;
    pass(c, r, a);
}

/*
 * Does the client want to be asked, or has to be?  An encrypted message on a
 * connection that nobody has authenticated on is of a client whose connection
 * was to an earlier gateway, or idle for too long.
 */
static int
is_stranger(const struct client *c, const struct up_request *r)
{
    enum gate_protocol protocol;
    int multi;

    if (c->accept.state == ACCEPT_DONE)
        return 0;
    if (r->content_type != NULL &&
        gate_sealed_type(r->content_type, &protocol, &multi, NULL) != 0)
        return 1;
    return r->authorization == NULL && r->body.len == 0 &&
        c->accept.state == ACCEPT_NONE;
}

void
client_serve(struct client *c, const struct gate_target *target,
             const struct up_request *r, struct gate_answer *answer)
{
    struct accept_header header;
    struct cs_error err;

    memset(answer, 0, sizeof(*answer));
    c->target = target;
    if (accept_parse(r->authorization, &header, &err) != 0)
        client_error(r->content_type, HTTP_BAD_REQUEST, GATE_FAULT_REQUEST,
                     err.text, answer);
    else if (goes_on_passing(c, r, &header))
        pass(c, r, answer);
    else if (brings_another(r, &header))
        begin_passing(c, r, answer);
    else if (header.scheme != NULL)
        take_token(c, r, &header, answer);
    else if (is_stranger(c, r))
        challenge(answer);
    else
        serve(c, r, answer);
    cs_buf_free(&header.token);
}
