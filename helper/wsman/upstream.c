/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * upstream.c - one connection to a WinRM server, as HTTP requests on it.
 *
 * curl keeps connections and opens others as it sees fit; here it may only open
 * one when we are at the beginning.  It asks for every socket (open_socket()),
 * and after the first answer the reply is no.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "helper/wsman/addresses.h"
#include "helper/wsman/bindings.h"
#include "helper/wsman/readable.h"
#include "helper/wsman/upstream.h"

#define TLS_ALERT 21            /* record type (RFC 8446 5.1) */
#define PIN_BYTES 32            /* SHA-256 */
#define IDLE_MAX (365L * 86400) /* seconds; more than any idle_timeout */
#define WATCH_MS 100            /* between two looks at the client */

struct upstream {
    struct up_options o;
    CURL *curl;
    char *url;                  /* "http://HOST:PORT" */
    struct curl_slist *connect_to;
    char pin[64];               /* "sha256//BASE64", or "" */
    int established;            /* something was answered: no new sockets */
    int refused;                /* a socket, to this request */
    struct up_reply *reply;     /* of this request */
    size_t header_bytes;
    const char *too_much;       /* why a callback ended this request */
    long watched;               /* when the client was last looked at, ms */
    struct cs_buf bindings;
    char error[CURL_ERROR_SIZE];
};

/* --- What curl calls --- */

static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct upstream *u = data;

    (void)purpose;
    if (u->established) {
        u->refused = 1;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

/* All that is announced; what is too much fails when it comes. */
static void
make_room(struct upstream *u)
{
    struct cs_buf *body = &u->reply->body;
    curl_off_t len = -1;

    (void)curl_easy_getinfo(u->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
    if (len > 0 && (uint64_t)len <= body->max)
        (void)cs_buf_room(body, (size_t)len);
}

static size_t
take_body(char *p, size_t size, size_t n, void *data)
{
    struct upstream *u = data;

    if (u->reply->body.p == NULL)
        make_room(u);
    cs_buf_add(&u->reply->body, p, size * n);
    if (u->reply->body.error != 0)
        u->too_much = "the server's answer is longer than max_message allows";
    return u->reply->body.error == 0 ? size * n : 0;
}

/* The certificate is to be had while a transfer is under way only. */
static void
learn_bindings(struct upstream *u)
{
    struct curl_tlssessioninfo *info = NULL;
    X509 *cert;

    if (!u->o.tls || u->bindings.len > 0 ||
        curl_easy_getinfo(u->curl, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
        info == NULL || info->backend != CURLSSLBACKEND_OPENSSL ||
        info->internals == NULL)
        return;
    cert = SSL_get1_peer_certificate(info->internals);
    if (cert != NULL)
        (void)gate_bindings(cert, &u->bindings, NULL);
    X509_free(cert);
}

/* A status line begins an answer: what came before was a 1xx. */
static void
begin_answer(struct upstream *u)
{
    struct up_reply *r = u->reply;

    while (r->nheaders > 0)
        free(r->headers[--r->nheaders]);
    learn_bindings(u);
}

static int
keep_header(struct upstream *u, const char *p, size_t len)
{
    static const char auth[] = "www-authenticate:";
    struct up_reply *r = u->reply;
    struct cs_error err;

    if (len >= sizeof(auth) - 1 &&
        strncasecmp(p, auth, sizeof(auth) - 1) == 0 &&
        gate_challenge_add(&r->challenge, p + sizeof(auth) - 1,
                           len - (sizeof(auth) - 1), &err) != 0) {
        u->too_much = "the server's WWW-Authenticate is malformed";
        return -1;
    }
    if (r->nheaders == UP_HEADERS_MAX)
        return 0;               /* none that matters comes so late */
    r->headers[r->nheaders] = strndup(p, len);
    if (r->headers[r->nheaders] == NULL)
        return -1;
    r->nheaders++;
    return 0;
}

static size_t
take_header(char *p, size_t size, size_t n, void *data)
{
    struct upstream *u = data;
    size_t len = size * n;

    u->header_bytes += len;
    if (u->header_bytes > u->o.limits->max_header) {
        u->too_much = "the server's headers are longer than max_header allows";
        return 0;
    }
    if (len >= 5 && strncmp(p, "HTTP/", 5) == 0) {
        begin_answer(u);
        return len;
    }
    while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
        n--;
    return (n == 0 || keep_header(u, p, n) == 0) ? len : 0;
}

/* Has the peer of a socket hung up? */
static int
hung_up(int fd)
{
    char c;

    return fd >= 0 && recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* curl calls this a dozen times for every request. */
static int
watch_client(void *data, curl_off_t a, curl_off_t b, curl_off_t c,
             curl_off_t d)
{
    struct upstream *u = data;
    struct timespec now;
    long ms;

    (void)a; (void)b; (void)c; (void)d;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (ms - u->watched < WATCH_MS)
        return 0;
    u->watched = ms;
    if (!hung_up(u->o.client))
        return 0;
    u->too_much = "the client closed the connection";
    return 1;
}

/* --- Making one --- */

/* curl wants a pin as base64. */
static int
set_pin(struct upstream *u, struct cs_error *err)
{
    unsigned char hash[PIN_BYTES];
    long len = 0;
    unsigned char *bytes;

    if (u->o.conf->pin == NULL)
        return 0;
    bytes = OPENSSL_hexstr2buf(u->o.conf->pin, &len);
    if (bytes == NULL || len != PIN_BYTES) {
        OPENSSL_free(bytes);
        return cs_fail(err, CS_USAGE, "krb5.conf, pin: not a SHA-256");
    }
    memcpy(hash, bytes, PIN_BYTES);
    OPENSSL_free(bytes);
    strcpy(u->pin, "sha256//");
    EVP_EncodeBlock((unsigned char *)u->pin + strlen(u->pin), hash, PIN_BYTES);
    return 0;
}

/* The URL has the name that the certificate should have; where the client
 * wants to go may be an address. */
static int
set_url(struct upstream *u, struct cs_error *err)
{
    const char *name = u->o.conf->policy->host;
    const char *scheme = u->o.tls ? "https" : "http";
    char *to = NULL;
    int ret;

    if (name == NULL)
        name = u->o.host;
    ret = asprintf(&u->url, strchr(name, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                   scheme, name, (unsigned int)u->o.port);
    if (ret < 0) {
        u->url = NULL;
        return cs_nomem(err);
    }
    if (name == u->o.host)
        return 0;
    ret = asprintf(&to, strchr(u->o.host, ':') ? "::[%s]:%u" : "::%s:%u",
                   u->o.host, (unsigned int)u->o.port);
    if (ret >= 0) {
        u->connect_to = curl_slist_append(NULL, to);
        free(to);
    }
    return (u->connect_to == NULL) ? cs_nomem(err) : 0;
}

int
up_new(const struct up_options *options, struct upstream **out,
       struct cs_error *err)
{
    struct upstream *u = calloc(1, sizeof(*u));
    int ret;

    *out = u;
    if (u == NULL)
        return cs_nomem(err);
    u->o = *options;
    u->bindings.max = 256;
    ret = set_pin(u, err);
    if (ret == 0)
        ret = set_url(u, err);
    if (ret == 0)
        ret = up_fresh(u, err);
    if (ret != 0)
        up_free(out);
    return ret;
}

void
up_free(struct upstream **up)
{
    struct upstream *u = *up;

    *up = NULL;
    if (u == NULL)
        return;
    curl_easy_cleanup(u->curl);
    curl_slist_free_all(u->connect_to);
    cs_buf_free(&u->bindings);
    free(u->url);
    free(u);
}

static int
set_tls(struct upstream *u, struct cs_error *err)
{
    const struct hc_host *conf = u->o.conf;

    curl_easy_setopt(u->curl, CURLOPT_SSLVERSION,
                     (long)CURL_SSLVERSION_TLSv1_2);
    if (u->pin[0] != '\0') {
        if (curl_easy_setopt(u->curl, CURLOPT_PINNEDPUBLICKEY, u->pin) !=
            CURLE_OK)
            return cs_fail(err, CS_TLS, "libcurl cannot check a pin here");
        curl_easy_setopt(u->curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(u->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (conf->ca_file != NULL && strcmp(conf->ca_file, "system") != 0) {
        curl_easy_setopt(u->curl, CURLOPT_CAINFO, conf->ca_file);
        curl_easy_setopt(u->curl, CURLOPT_CAPATH, NULL);
    }
    return 0;
}

static void
set_limits(struct upstream *u)
{
    const struct hc_gateway *l = u->o.limits;

    curl_easy_setopt(u->curl, CURLOPT_CONNECTTIMEOUT,
                     (long)l->connect_timeout);
    curl_easy_setopt(u->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(u->curl, CURLOPT_LOW_SPEED_TIME,
                     (long)l->response_timeout);
    curl_easy_setopt(u->curl, CURLOPT_MAXCONNECTS, 1L);
    /* By default it would want another one after two idle minutes. */
    curl_easy_setopt(u->curl, CURLOPT_MAXAGE_CONN, IDLE_MAX);
    /* Kept for as long as the connection, so not larger than they must be. */
    curl_easy_setopt(u->curl, CURLOPT_BUFFERSIZE, 16L * 1024);
    curl_easy_setopt(u->curl, CURLOPT_UPLOAD_BUFFERSIZE, 16L * 1024);
}

static void
set_addresses(struct upstream *u)
{
    curl_easy_setopt(u->curl, CURLOPT_CONNECT_TO, u->connect_to);
    curl_easy_setopt(u->curl, CURLOPT_SHARE, u->o.share);
    curl_easy_setopt(u->curl, CURLOPT_DNS_CACHE_TIMEOUT, ADDRESSES_SECONDS);
}

int
up_fresh(struct upstream *u, struct cs_error *err)
{
    curl_easy_cleanup(u->curl);
    u->established = 0;
    cs_buf_reset(&u->bindings);
    u->curl = curl_easy_init();
    if (u->curl == NULL)
        return cs_nomem(err);
#define SET(option, value) curl_easy_setopt(u->curl, option, value)
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, "");             /* whatever the environment says */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* Else libcurl from 8.7 on closes a connection whose 401 comes before it
     * has noted that all was sent, be that nothing: a few in a hundred. */
    SET(CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, u);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, u);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, u);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch_client);
    SET(CURLOPT_XFERINFODATA, u);
    SET(CURLOPT_ERRORBUFFER, u->error);
#undef SET
    set_addresses(u);
    set_limits(u);
    return u->o.tls ? set_tls(u, err) : 0;
}

int
up_established(const struct upstream *u)
{
    return u->established;
}

struct cs_span
up_bindings(const struct upstream *u)
{
    return cs_buf_span(&u->bindings);
}

/* --- One request --- */

/*
 * Has the server closed the connection already?  Without TLS nothing may come
 * unasked for; with it a ticket may, and an alert means the end.
 */
static int
is_gone(struct upstream *u)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    unsigned char c;
    ssize_t n;

    if (curl_easy_getinfo(u->curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD)
        return 1;
    n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0)
        return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    return n == 0 || !u->o.tls || c == TLS_ALERT;
}

static int
add_header(struct curl_slist **list, const char *name, const char *value)
{
    struct curl_slist *longer;
    char *line;

    if (asprintf(&line, "%s%s", name, value) < 0)
        return CS_NOMEM;
    longer = curl_slist_append(*list, line);
    free(line);
    if (longer == NULL)
        return CS_NOMEM;
    *list = longer;
    return 0;
}

static int
make_headers(const struct up_request *request, struct curl_slist **list)
{
    const char *const *h;
    int ret;

    ret = add_header(list, "Expect:", "");
    if (ret == 0)
        ret = add_header(list, "Accept-Encoding: ", "identity");
    if (ret == 0)
        ret = add_header(list, "Content-Type: ", request->content_type);
    if (ret == 0 && request->authorization != NULL)
        ret = add_header(list, "Authorization: ", request->authorization);
    for (h = request->headers; h != NULL && *h != NULL && ret == 0; h++)
        ret = add_header(list, *h, "");
    return ret;
}

/* The file that it failed for, if the sandbox hides that; or NULL. */
static const char *
hidden_file(const struct upstream *u, CURLcode code)
{
    const char *path = code == CURLE_SSL_CACERT_BADFILE ? u->o.conf->ca_file :
        code == CURLE_COULDNT_RESOLVE_HOST ? "/etc/resolv.conf" : NULL;

    return path != NULL && readable_hidden(path) ? path : NULL;
}

/* What curl says, for whoever sits at the client. */
static int
curl_failed(struct upstream *u, CURLcode code, struct cs_error *err)
{
    const char *text = u->error[0] != '\0' ? u->error :
        curl_easy_strerror(code);
    const char *hidden = hidden_file(u, code);

    if (code == CURLE_OUT_OF_MEMORY)
        return cs_nomem(err);
    if (u->too_much != NULL)
        return cs_fail(err, CS_MALFORMED, "%s", u->too_much);
    if (u->refused)
        return cs_fail(err, CS_SYSTEM, "%s closed the connection during the "
                       "request, which it may have carried out",
                       u->o.host);
    if (hidden != NULL)
        return cs_fail(err, CS_SYSTEM, "%s:%u: %s: " READABLE_ADVICE,
                       u->o.host, (unsigned int)u->o.port, hidden);
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return cs_fail(err, CS_TLS, "the certificate of %s:%u is not trusted: "
                       "%s (krb5.conf: ca_file, pin)", u->o.host,
                       (unsigned int)u->o.port, text);
    case CURLE_OPERATION_TIMEDOUT:
        return cs_fail(err, CS_SYSTEM, "%s:%u does not answer: %s",
                       u->o.host, (unsigned int)u->o.port, text);
    default:
        return cs_fail(err, CS_SYSTEM, "%s:%u: %s", u->o.host,
                       (unsigned int)u->o.port, text);
    }
}

static int
perform(struct upstream *u, const char *url, struct curl_slist *headers,
        const struct up_request *request, struct cs_error *err)
{
    CURLcode code;

    curl_easy_setopt(u->curl, CURLOPT_URL, url);
    curl_easy_setopt(u->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(u->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(u->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)request->body.len);
    curl_easy_setopt(u->curl, CURLOPT_POSTFIELDS, request->body.len > 0 ?
                     (const char *)request->body.p : "");
    curl_easy_setopt(u->curl, CURLOPT_TIMEOUT, (long)request->seconds);
    u->error[0] = '\0';
    u->refused = 0;
    u->too_much = NULL;
    u->header_bytes = 0;
    code = curl_easy_perform(u->curl);
    curl_easy_setopt(u->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(u->curl, CURLOPT_POSTFIELDS, NULL);
    if (code != CURLE_OK)
        return curl_failed(u, code, err);
    u->established = 1;
    curl_easy_getinfo(u->curl, CURLINFO_RESPONSE_CODE, &u->reply->status);
    return 0;
}

int
up_post(struct upstream *u, const struct up_request *request,
        struct up_reply *reply, struct cs_error *err)
{
    struct curl_slist *headers = NULL;
    char *url = NULL;
    int ret;

    memset(reply, 0, sizeof(*reply));
    gate_challenge_init(&reply->challenge, u->o.limits->max_header);
    reply->body.max = u->o.limits->max_message + 4096 +
        u->o.limits->max_message / 32;
    if (u->established && is_gone(u)) {
        reply->lost = 1;
        return cs_fail(err, CS_SYSTEM, "%s has closed the connection",
                       u->o.host);
    }
    u->reply = reply;
    ret = make_headers(request, &headers);
    if (ret == 0 && asprintf(&url, "%s%s", u->url, request->path) < 0)
        ret = CS_NOMEM;
    ret = ret != 0 ? cs_nomem(err) : perform(u, url, headers, request, err);
    curl_slist_free_all(headers);
    free(url);
    u->reply = NULL;
    return ret;
}
