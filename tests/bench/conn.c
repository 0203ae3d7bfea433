/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* conn.c - a client's connections to winrm_end.c. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "tests/bench/conn.h"
#include "plugin/credssp/credssp.h"
#include "plugin/credssp/cspolicy.h"
#include "tests/bench/parts.h"
#include "helper/wsman/seal.h"
#include "helper/wsman/upstream.h"

#define ANSWER_MAX ((size_t)4 << 20)
#define LEGS_MAX 12
#define SOAP_TYPE "application/soap+xml;charset=UTF-8"
#define FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG)

struct conn {
    enum conn_kind kind;
    struct upstream *up;        /* CONN_CREDSSP, CONN_NEGOTIATE */
    struct seal *seal;
    CURL *curl;                 /* CONN_GATEWAY, CONN_PLAIN */
    struct curl_slist *headers;
    struct cs_buf answer;
};

static struct {
    struct hc_gateway *limits;
    struct hc_host *conf;
    struct cs_tls_config *tls;
    struct cs_creds *creds;
    gss_name_t name;
} shared;

static int
ok(const char *what, int ret, const struct cs_error *err)
{
    if (ret != 0)
        fail("%s: %s", what, err->text);
    return ret == 0;
}

/* --- What connections share --- */

/* The name that krb5.conf makes of the host, as a rule: HOST@ here. */
static int
import_name(const char *host)
{
    char text[300];
    gss_buffer_desc buffer = { 0, text };
    OM_uint32 major, minor;

    buffer.length = snprintf(text, sizeof(text), "HOST@%s", host);
    major = gss_import_name(&minor, &buffer, GSS_C_NT_HOSTBASED_SERVICE,
                            &shared.name);
    return gss_ok("gss_import_name", major, minor);
}

int
conn_prepare(const struct conn_target *target)
{
    struct cs_tls_options tls = { 0 };
    struct cs_creds_options creds = {
        .user = target->user,
        .password = { (const uint8_t *)target->password,
                      strlen(target->password) },
        .ccache = getenv("KRB5CCNAME")
    };
    struct cs_error err = { 0 };

    hc_gateway_free(&shared.limits);
    hc_host_free(&shared.conf);
    cs_tls_config_free(&shared.tls);
    cs_creds_free(&shared.creds);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    return ok("krb5.conf", hc_gateway_load(&shared.limits, &err), &err) &&
        ok("krb5.conf", hc_host_load(target->host, &shared.conf, &err),
           &err) &&
        ok("TLS", cs_tls_config_new(&tls, &shared.tls, &err), &err) &&
        ok("user", cs_creds_new(&creds, &shared.creds, &err), &err) &&
        import_name(target->host);
}

/* --- Authentication --- */

/* One leg; returns the status, or 0. */
static long
leg(struct conn *c, const char *scheme, struct cs_span token,
    struct up_reply *reply)
{
    struct cs_buf value = CS_BUF_INIT((size_t)256 * 1024);
    struct up_request request = {
        .path = "/wsman", .content_type = SOAP_TYPE
    };
    struct cs_error err = { 0 };
    int ret;

    gate_authorization(&value, scheme, token);
    cs_buf_add(&value, "", 1);
    request.authorization = (const char *)value.p;
    ret = up_post(c->up, &request, reply, &err);
    cs_buf_free(&value);
    return ok(scheme, ret, &err) ? reply->status : 0;
}

static int
credssp_legs(struct conn *c, struct credssp *exchange)
{
    struct cs_buf in = CS_BUF_INIT(ANSWER_MAX), out = CS_BUF_INIT(ANSWER_MAX);
    struct cs_error err = { 0 };
    struct up_reply reply;
    long status = 401;
    int i, done = 0;

    for (i = 0; i < LEGS_MAX && status == 401; i++) {
        cs_buf_reset(&out);
        if (!ok("CredSSP", credssp_step(exchange, cs_buf_span(&in), &out,
                                        &done, &err), &err))
            break;
        status = leg(c, "CredSSP", cs_buf_span(&out), &reply);
        cs_buf_reset(&in);
        cs_buf_add(&in, reply.challenge.token[2].p,
                   reply.challenge.token[2].len);
        up_reply_free(&reply);
    }
    cs_buf_free(&in);
    cs_buf_free(&out);
    if (status == 200 && done)
        return 1;
    fail("CredSSP ended with HTTP status %ld", status);
    return 0;
}

static int
open_credssp(struct conn *c, const struct conn_target *target)
{
    static const struct cs_policy policy = { .delegate = 1 };
    struct credssp_params params = { .tls = shared.tls, .host = target->host };
    struct credssp *exchange = NULL;
    struct cs_proof proof = { 0 };
    struct cs_error err = { 0 };
    char service[300];
    int good;

    (void)snprintf(service, sizeof(service), "HOST@%s", target->host);
    good = ok("ticket", cs_proof_find(shared.creds, service, GSS_C_NO_NAME,
                                      CS_MECH_KRB5, 0, &proof, &err), &err) &&
        ok("CredSSP", cs_inner_initiator(shared.creds, &proof, &policy, 0,
                                         &params.inner, &err), &err) &&
        ok("CredSSP", credssp_new(&params, &exchange, &err), &err) &&
        credssp_legs(c, exchange) &&
        ok("CredSSP", seal_credssp(&exchange, &c->seal, &err), &err);
    credssp_free(&exchange);
    return good;
}

/* Kerberos takes one leg, and the answer's token. */
static int
open_negotiate(struct conn *c)
{
    gss_OID_desc spnego = cs_oid_spnego;
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
    struct up_reply reply = { 0 };
    struct cs_error err = { 0 };
    struct cs_span token;
    OM_uint32 major, minor, tmp;
    long status = 401;

    do {
        major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &ctx,
                                     shared.name, &spnego, FLAGS, 0,
                                     GSS_C_NO_CHANNEL_BINDINGS, &in, NULL,
                                     &out, NULL, NULL);
        token.p = out.value;
        token.len = out.length;
        up_reply_free(&reply);
        if (gss_ok("Negotiate", major, minor) && out.length > 0)
            status = leg(c, "Negotiate", token, &reply);
        (void)gss_release_buffer(&tmp, &out);
        in.value = reply.challenge.token[0].p;
        in.length = reply.challenge.token[0].len;
    } while (major == GSS_S_CONTINUE_NEEDED && in.length > 0);
    up_reply_free(&reply);
    if (major == GSS_S_COMPLETE && status == 200)
        return ok("Negotiate", seal_context(&ctx, GATE_SPNEGO, &c->seal, &err),
                  &err);
    fail("Negotiate ended with HTTP status %ld", status);
    (void)gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
    return 0;
}

static int
open_direct(struct conn *c, const struct conn_target *target)
{
    struct up_options options = {
        .conf = shared.conf, .limits = shared.limits, .host = target->host,
        .port = target->port, .client = -1
    };
    struct cs_error err = { 0 };

    return ok("connection", up_new(&options, &c->up, &err), &err) &&
        (c->kind == CONN_CREDSSP ? open_credssp(c, target) :
         open_negotiate(c));
}

/* --- Plain HTTP --- */

static size_t
take_body(char *p, size_t size, size_t n, void *data)
{
    struct cs_buf *answer = data;

    cs_buf_add(answer, p, size * n);
    return answer->error == 0 ? size * n : 0;
}

static int
open_plain(struct conn *c, const struct conn_target *target)
{
    char url[512];

    (void)snprintf(url, sizeof(url), "http://%s:%u%s", target->host,
                   (unsigned int)target->port,
                   c->kind == CONN_PLAIN ? "/plain" : "/wsman");
    c->curl = curl_easy_init();
    c->headers = curl_slist_append(c->headers, "Content-Type: " SOAP_TYPE);
    c->headers = curl_slist_append(c->headers, "Expect:");
    if (c->curl == NULL || c->headers == NULL) {
        fail("out of memory");
        return 0;
    }
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_PROXY,
                     c->kind == CONN_PLAIN ? "" : target->gateway);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
    curl_easy_setopt(c->curl, CURLOPT_BUFFERSIZE, 64L * 1024);
    curl_easy_setopt(c->curl, CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &c->answer);
    return 1;
}

static int
request_plain(struct conn *c, struct cs_span body)
{
    CURLcode code;
    long status = 0;

    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)body.len);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, (const char *)body.p);
    code = curl_easy_perform(c->curl);
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200)
        fail("HTTP status %ld, %s: %.*s", status, curl_easy_strerror(code),
             (int)(c->answer.len < 200 ? strcspn((char *)c->answer.p, "\n") :
                   0), c->answer.p != NULL ? (char *)c->answer.p : "");
    return code == CURLE_OK && status == 200;
}

static int
request_sealed(struct conn *c, struct cs_span body)
{
    struct cs_buf sealed = CS_BUF_INIT(2 * ANSWER_MAX);
    struct up_request request = { .path = "/wsman" };
    struct up_reply reply;
    struct cs_error err = { 0 };
    char *type = NULL;
    const char *given;
    int good;

    good = ok("message", seal_message(c->seal, body, SOAP_TYPE, &sealed,
                                      &request.content_type, &err), &err);
    request.body = cs_buf_span(&sealed);
    memset(&reply, 0, sizeof(reply));
    good = good && ok("request", up_post(c->up, &request, &reply, &err), &err);
    cs_buf_free(&sealed);
    given = up_header(&reply, "Content-Type");
    good = good && ok("answer", seal_open(c->seal, given != NULL ? given : "",
                                          cs_buf_span(&reply.body), ANSWER_MAX,
                                          &c->answer, &type, &err), &err);
    up_reply_free(&reply);
    free(type);
    return good;
}

/* --- All kinds --- */

struct conn *
conn_open(enum conn_kind kind, const struct conn_target *target)
{
    struct conn *c = calloc(1, sizeof(*c));
    int good;

    if (c == NULL) {
        fail("out of memory");
        return NULL;
    }
    c->kind = kind;
    c->answer.max = ANSWER_MAX;
    good = kind == CONN_CREDSSP || kind == CONN_NEGOTIATE ?
        open_direct(c, target) : open_plain(c, target);
    if (!good)
        conn_close(&c);
    return c;
}

int
conn_request(struct conn *c, struct cs_span body)
{
    int good;

    cs_buf_reset(&c->answer);
    good = c->curl != NULL ? request_plain(c, body) : request_sealed(c, body);
    if (good && (c->answer.len != body.len ||
                 memcmp(c->answer.p, body.p, body.len) != 0)) {
        fail("other bytes came back");
        return 0;
    }
    return good;
}

void
conn_close(struct conn **conn)
{
    struct conn *c = *conn;

    *conn = NULL;
    if (c == NULL)
        return;
    seal_free(&c->seal);
    up_free(&c->up);
    curl_easy_cleanup(c->curl);
    curl_slist_free_all(c->headers);
    cs_buf_free(&c->answer);
    free(c);
}
