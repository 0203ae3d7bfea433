/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* httpd.c - the HTTP server for clients. */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <microhttpd.h>

#include "helper/gateway/client.h"
#include "plugin/base/clock.h"
#include "helper/gateway/httpd.h"
#include "helper/wsman/headers.h"
#include "helper/gateway/listeners.h"
#include "helper/common/often.h"

/* Beside a request's headers: its line, and an answer's headers.  All of the
 * pool is touched (and wiped) for each request. */
#define POOL_EXTRA ((size_t)16 * 1024)
/* The library's name for it has changed; 0.9.72 (EL 9) has the old one. */
#define TOO_LARGE 413

struct httpd {
    const struct gate *gate;
    struct issuer *mint;
    struct slots *places;
    const struct gate_target *fixed;
    struct MHD_Daemon *daemon;
};

/* One connection. */
struct visit {
    struct place *place;
    struct client *client;
};

/* What anybody can make it say who may connect. */
static const struct often of_requests = { 5 }, of_http = { 3 };

/* One request, while its body arrives. */
struct request {
    char *uri;                  /* as it came */
    int begun;
    int of_page;                /* a web page's, by way of a browser */
    struct gate_target target;
    struct gate_headers_check headers;
    const char *type;           /* Content-Type; borrowed from the connection */
    char *forward[GATE_HEADERS_MAX + 1];        /* "NAME: VALUE" */
    size_t nforward;
    struct cs_buf body;
    struct cs_error err;
};

/* --- Answers --- */

/* "NAME: VALUE" */
static void
add_header(struct MHD_Response *r, const char *header)
{
    char name[64];
    size_t len = strcspn(header, ":");

    if (len >= sizeof(name) || header[len] == '\0')
        return;
    memcpy(name, header, len);
    name[len] = '\0';
    header += len + 1;
    (void)MHD_add_response_header(r, name, header + strspn(header, " \t"));
}

static void
add_headers(struct MHD_Response *r, const struct gate_answer *answer)
{
    /* CredSSP is between the client and the server. */
    static const char *const schemes[] = {
        "Negotiate", "Kerberos", "CredSSP", "Basic realm=\"WSMAN\""
    };
    size_t i;

    for (i = 0; i < answer->nheaders; i++)
        add_header(r, answer->headers[i]);
    if (answer->type != NULL)
        (void)MHD_add_response_header(r, "Content-Type", answer->type);
    if (answer->authenticate != NULL)
        (void)MHD_add_response_header(r, "WWW-Authenticate",
                                      answer->authenticate);
    for (i = 0; answer->challenge && i < sizeof(schemes) / sizeof(*schemes);
         i++)
        (void)MHD_add_response_header(r, "WWW-Authenticate", schemes[i]);
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(r, "Allow", "POST");
}

/* An answer may have a password in it. */
static void
wipe_answer(void *p)
{
    cs_wipe_free(p, malloc_usable_size(p));
}

/* The body is given away. */
static enum MHD_Result
queue(struct MHD_Connection *c, struct gate_answer *answer, int close)
{
    struct cs_buf *body = &answer->body;
    struct MHD_Response *r;
    enum MHD_Result ret;

    r = MHD_create_response_from_buffer_with_free_callback(body->len, body->p,
                                                           wipe_answer);
    if (r == NULL)
        return MHD_NO;
    memset(body, 0, sizeof(*body));
    add_headers(r, answer);
    if (close)
        (void)MHD_add_response_header(r, "Connection", "close");
    ret = MHD_queue_response(c, (unsigned int)answer->status, r);
    MHD_destroy_response(r);
    return ret;
}

/* --- One request --- */

static int
too_long(const struct httpd *f, struct request *r)
{
    return cs_fail(&r->err, CS_MALFORMED, "the request is longer than %zu "
                   "bytes (krb5.conf, gateway: max_message)",
                   f->gate->limits->max_message);
}

static enum MHD_Result
take_header(void *cls, enum MHD_ValueKind kind, const char *name,
            size_t name_len, const char *value, size_t len)
{
    struct request *r = cls;

    (void)kind;
    if (value == NULL)
        value = "";
    gate_headers_add(&r->headers, name, name_len, value, len);
    if (strcasecmp(name, "Content-Type") == 0)
        r->type = value;
    r->of_page |= gate_header_of_page(name, value);
    if (!gate_header_up(name) || r->nforward == GATE_HEADERS_MAX)
        return MHD_YES;
    if (asprintf(&r->forward[r->nforward], "%s: %s", name, value) < 0) {
        r->forward[r->nforward] = NULL;
        return MHD_NO;
    }
    r->nforward++;
    return MHD_YES;
}

/* The headers: do they say clearly where the body ends, and is it ours? */
static int
examine_headers(struct httpd *f, struct MHD_Connection *c, struct request *r,
                unsigned int *status)
{
    int ret;

    gate_headers_init(&r->headers, f->gate->limits->max_header);
    (void)MHD_get_connection_values_n(c, MHD_HEADER_KIND, take_header, r);
    ret = gate_headers_finish(&r->headers, &r->err);
    if (ret == 0 && r->headers.has_length &&
        r->headers.length > f->gate->limits->max_message) {
        *status = TOO_LARGE;
        ret = too_long(f, r);
    }
    if (ret == 0 && r->of_page) {
        *status = MHD_HTTP_FORBIDDEN;
        ret = cs_fail(&r->err, CS_POLICY, "web pages are not served");
    }
    return ret;
}

static int
examine_method(struct request *r, const char *method, const char *version,
               unsigned int *status)
{
    if (strcmp(version, "HTTP/1.1") != 0) {
        *status = MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED;
        return cs_fail(&r->err, CS_MALFORMED, "WinRM needs HTTP/1.1");
    }
    if (strcmp(method, "CONNECT") == 0) {
        *status = MHD_HTTP_NOT_IMPLEMENTED;
        return cs_fail(&r->err, CS_MALFORMED, "the gateway is not a tunnel: "
                       "it authenticates and encrypts for you, so use "
                       "http://HOST:5986/wsman instead of https://, and set "
                       "only http_proxy");
    }
    if (strcmp(method, "POST") != 0) {
        *status = MHD_HTTP_METHOD_NOT_ALLOWED;
        return cs_fail(&r->err, CS_MALFORMED, "WinRM accepts only POST");
    }
    return 0;
}

/* The port that it came to, or 0. */
static uint16_t
port_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

    return (info != NULL) ? listeners_local_port(info->connect_fd) : 0;
}

/* Everything that can be known before the body. */
static int
examine(struct httpd *f, struct MHD_Connection *c, struct request *r,
        const char *method, const char *version, unsigned int *status)
{
    const char *host;
    int ret;

    *status = MHD_HTTP_BAD_REQUEST;
    ret = examine_method(r, method, version, status);
    if (ret == 0)
        ret = examine_headers(f, c, r, status);
    if (ret != 0)
        return ret;
    host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    return (f->fixed == NULL) ?
        gate_target_parse(r->uri, host, &r->target, &r->err) :
        gate_target_fixed(r->uri, host, f->fixed, port_of(c), &r->target,
                          &r->err);
}

static struct visit *
visit_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return (info != NULL) ? info->socket_context : NULL;
}

static void
now_is(struct MHD_Connection *c, enum slot_state state)
{
    struct visit *v = visit_of(c);

    if (v != NULL)
        slot_is(v->place, state, gw_now_ms());
}

static enum MHD_Result
serve(struct client *client, struct MHD_Connection *c, struct request *r)
{
    struct up_request request;
    struct gate_answer answer;
    enum MHD_Result ret;

    memset(&request, 0, sizeof(request));
    request.path = r->target.path;
    request.authorization =
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    request.content_type = r->type;
    request.headers = (const char *const *)r->forward;
    request.body = cs_buf_span(&r->body);
    client_serve(client, &r->target, &request, &answer);
    ret = queue(c, &answer, 0);
    session_answer_free(&answer);
    return ret;
}

/* The connection ends with it: what else is on it nobody has looked at. */
static enum MHD_Result
refuse(struct MHD_Connection *c, const struct request *r, unsigned int status)
{
    struct gate_answer answer;
    enum MHD_Result ret;

    often_log(&of_requests, OFTEN_BY_TEXT, LOG_NOTICE,
              "refused a request: %s", r->err.text);
    memset(&answer, 0, sizeof(answer));
    client_error(r->type, status, GATE_FAULT_REQUEST, r->err.text, &answer);
    ret = queue(c, &answer, 1);
    session_answer_free(&answer);
    return ret;
}

/* libmicrohttpd calls this first with the headers, then with each piece of the
 * body, and last with none. */
static enum MHD_Result
handle(void *cls, struct MHD_Connection *c, const char *url,
       const char *method, const char *version, const char *data,
       size_t *size, void **context)
{
    struct httpd *f = cls;
    struct request *r = *context;
    struct visit *v = visit_of(c);
    unsigned int status;

    (void)url;
    if (r == NULL || v == NULL)
        return MHD_NO;
    if (!r->begun) {
        r->begun = 1;
        slot_is(v->place, SLOT_BODY, gw_now_ms());
        r->body.max = f->gate->limits->max_message;
        if (examine(f, c, r, method, version, &status) != 0)
            return refuse(c, r, status);
        if (r->headers.has_length && r->headers.length > 0)
            (void)cs_buf_room(&r->body, r->headers.length);
        return MHD_YES;
    }
    if (*size > 0) {
        cs_buf_add(&r->body, data, *size);
        slot_received(v->place, r->body.len);
        *size = 0;
        return MHD_YES;
    }
    slot_is(v->place, SLOT_BUSY, gw_now_ms());
    if (r->body.error != 0) {
        (void)too_long(f, r);
        return refuse(c, r, TOO_LARGE);
    }
    return serve(v->client, c, r);
}

/* The request line as it came: libmicrohttpd decodes its own copy. */
static void *
begin_request(void *cls, const char *uri, struct MHD_Connection *c)
{
    struct request *r = calloc(1, sizeof(*r));

    (void)cls;
    now_is(c, SLOT_HEAD);
    if (r == NULL)
        return NULL;
    r->uri = strdup(uri);
    if (r->uri == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

static void
end_request(void *cls, struct MHD_Connection *c, void **context,
            enum MHD_RequestTerminationCode how)
{
    struct request *r = *context;

    (void)cls;
    (void)how;
    now_is(c, SLOT_IDLE);
    *context = NULL;
    if (r == NULL)
        return;
    while (r->nforward > 0)
        free(r->forward[--r->nforward]);
    cs_buf_free(&r->body);
    free(r->uri);
    free(r);
}

/* --- Connections --- */

static void
end_visit(struct visit *v)
{
    if (v == NULL)
        return;
    client_free(&v->client);
    slot_leave(&v->place);
    free(v);
}

static struct visit *
begin_visit(struct httpd *f, int fd)
{
    struct visit *v = calloc(1, sizeof(*v));

    if (v == NULL)
        return NULL;
    v->place = slots_arrive(f->places, fd);
    if (v->place != NULL &&
        client_new(f->gate, f->mint, fd, &v->client, NULL) == 0)
        return v;
    end_visit(v);
    return NULL;
}

static void
connection(void *cls, struct MHD_Connection *c, void **context,
           enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        end_visit(*context);
        *context = NULL;
        return;
    }
    info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context = (info != NULL) ? begin_visit(cls, info->connect_fd) : NULL;
}

void
httpd_serve(struct httpd *f, int fd, const struct sockaddr *addr,
            socklen_t len)
{
    /* It closes the socket also when it fails. */
    if (MHD_add_connection(f->daemon, fd, addr, len) == MHD_YES)
        return;
    often_log(&of_http, OFTEN_BY_TEXT, LOG_WARNING,
              "cannot serve a connection: %m");
    slots_cancel(f->places, fd);
}

static void log_mhd(void *cls, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_mhd(void *cls, const char *fmt, va_list ap)
{
    char text[256];

    (void)cls;
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    often_log(&of_http, OFTEN_BY_TEXT, LOG_DEBUG, "%s", text);
}

int
httpd_new(const struct gate *gate, struct issuer *mint, struct slots *places,
          const struct gate_target *fixed, struct httpd **out,
          struct cs_error *err)
{
    const struct hc_gateway *l = gate->limits;
    struct httpd *f = calloc(1, sizeof(*f));
    int error;

    *out = f;
    if (f == NULL)
        return cs_nomem(err);
    f->gate = gate;
    f->mint = mint;
    f->places = places;
    f->fixed = fixed;
    f->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
        MHD_USE_POLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET |
        MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, f,
        MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, f,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, f,
        MHD_OPTION_NOTIFY_CONNECTION, connection, f,
        /* slots.h has the limit that counts; this one is never met: when it
         * is, some versions stop for ever. */
        MHD_OPTION_CONNECTION_LIMIT,
        l->connections + 2 * slots_spare(l->connections),
        MHD_OPTION_CONNECTION_TIMEOUT, l->idle_timeout,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, l->max_header + POOL_EXTRA,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (f->daemon == NULL) {
        error = errno;
        httpd_free(out);
        return cs_fail_errno(err, CS_SYSTEM, error, "cannot start "
                             "libmicrohttpd");
    }
    return 0;
}

void
httpd_free(struct httpd **front)
{
    struct httpd *f = *front;

    *front = NULL;
    if (f == NULL)
        return;
    slots_cut_all(f->places);
    if (f->daemon != NULL)
        MHD_stop_daemon(f->daemon);
    free(f);
}
