/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * winrm_end.c - a server for gateway.py: as much of WinRM as what is in front
 * of it can be measured with, and as fast as that goes.
 *
 *   winrm_end ADDRESS PEM [PORT]       prints its port; ends with its input
 *
 * POST /wsman authenticates a connection, by Negotiate or CredSSP, and then
 * gives every encrypted message back, encrypted; after a while if it begins
 * with "wait MILLISECONDS ", as Receive does.  POST /plain gives any body
 * back as it is.  A command per line on standard input, a line of reply each:
 *
 *   tls VERSION                1.2|1.3: that at most, for CredSSP
 *   used                       "ok SESSIONS SCHEME TLS CIPHER MECH": how many
 *                              there were, and what the last one was
 */
#include "config.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <microhttpd.h>

#include "helper/wsman/challenge.h"
#include "plugin/credssp/credssp.h"
#include "helper/wsman/seal.h"

#define BODY_MAX ((size_t)4 << 20)
#define TOKEN_MAX ((size_t)256 * 1024)
#define SOAP_TYPE "application/soap+xml;charset=UTF-8"

enum { TLS_12, TLS_13, TLS_VERSIONS };
static const char *const tls_names[] = { "1.2", "1.3" };

/* What connections share; the lock is for those from tls on. */
static struct {
    gss_cred_id_t cred;
    struct cs_tls_config *config[TLS_VERSIONS];
    pthread_mutex_t lock;
    int tls;
    unsigned int sessions;
    char used[128];
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .tls = TLS_13 };

/* What a connection has; exchange and ctx while it authenticates. */
struct connection {
    struct credssp *exchange;
    gss_ctx_id_t ctx;
    struct seal *seal;
};

/* --- Answers --- */

/* The body is given away.  challenge: "CredSSP TOKEN", "" for all offers. */
static enum MHD_Result
queue(struct MHD_Connection *c, unsigned int status, const char *type,
      struct cs_buf *body, const char *challenge)
{
    struct MHD_Response *r;
    enum MHD_Result ret;

    r = MHD_create_response_from_buffer(body->len, body->p,
                                        MHD_RESPMEM_MUST_FREE);
    if (r == NULL)
        return MHD_NO;
    memset(body, 0, sizeof(*body));
    if (type != NULL)
        (void)MHD_add_response_header(r, "Content-Type", type);
    if (challenge != NULL && *challenge == '\0') {
        (void)MHD_add_response_header(r, "WWW-Authenticate", "Negotiate");
        (void)MHD_add_response_header(r, "WWW-Authenticate", "CredSSP");
    } else if (challenge != NULL) {
        (void)MHD_add_response_header(r, "WWW-Authenticate", challenge);
    }
    ret = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return ret;
}

static enum MHD_Result
queue_empty(struct MHD_Connection *c, unsigned int status,
            const char *challenge)
{
    struct cs_buf none = CS_BUF_INIT(1);

    return queue(c, status, NULL, &none, challenge);
}

/* Whoever measures wants to know why nothing comes. */
static enum MHD_Result
complain(struct MHD_Connection *c, unsigned int status,
         const struct cs_error *err)
{
    (void)fprintf(stderr, "winrm_end: %s\n", err->text);
    return queue_empty(c, status, status == MHD_HTTP_UNAUTHORIZED ? "" : NULL);
}

/* --- Authentication --- */

static void
forget(struct connection *conn)
{
    OM_uint32 minor;

    credssp_free(&conn->exchange);
    (void)gss_delete_sec_context(&minor, &conn->ctx, GSS_C_NO_BUFFER);
    seal_free(&conn->seal);
}

static void
note_session(const struct credssp *c)
{
    struct credssp_info info;

    (void)pthread_mutex_lock(&state.lock);
    state.sessions++;
    if (c != NULL) {
        credssp_info(c, &info);
        (void)snprintf(state.used, sizeof(state.used), "CredSSP %s %s %s",
                       info.tls_version, info.tls_cipher,
                       info.inner->mech == &cs_oid_krb5 ? "krb5" : "ntlm");
    } else {
        (void)strcpy(state.used, "Negotiate");
    }
    (void)pthread_mutex_unlock(&state.lock);
}

static int
new_exchange(struct connection *conn, struct cs_error *err)
{
    static const struct cs_policy policy;
    struct credssp_params params = { 0 };
    int ret;

    (void)pthread_mutex_lock(&state.lock);
    params.tls = state.config[state.tls];
    (void)pthread_mutex_unlock(&state.lock);
    ret = cs_inner_acceptor(state.cred, &policy, &params.inner, err);
    return ret != 0 ? ret : credssp_new(&params, &conn->exchange, err);
}

static int
credssp_leg(struct connection *conn, struct cs_span in, struct cs_buf *out,
            int *done, struct cs_error *err)
{
    int ret = 0;

    if (conn->exchange == NULL)
        ret = new_exchange(conn, err);
    if (ret == 0)
        ret = credssp_step(conn->exchange, in, out, done, err);
    if (ret != 0 || !*done)
        return ret;
    credssp_forget(conn->exchange);
    note_session(conn->exchange);
    return seal_credssp(&conn->exchange, &conn->seal, err);
}

static int
negotiate_leg(struct connection *conn, struct cs_span in, struct cs_buf *out,
              int *done, struct cs_error *err)
{
    gss_buffer_desc token = { in.len, (void *)(uintptr_t)in.p };
    gss_buffer_desc reply = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;

    major = gss_accept_sec_context(&minor, &conn->ctx, state.cred, &token,
                                   GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                   &reply, NULL, NULL, NULL);
    cs_buf_add(out, reply.value, reply.length);
    (void)gss_release_buffer(&tmp, &reply);
    if (GSS_ERROR(major))
        return cs_fail(err, CS_INNER, "Negotiate: major %x, minor %u", major,
                       minor);
    *done = (major == GSS_S_COMPLETE);
    if (!*done)
        return 0;
    note_session(NULL);
    return seal_context(&conn->ctx, GATE_SPNEGO, &conn->seal, err);
}

static const struct {
    const char *name;
    int (*leg)(struct connection *conn, struct cs_span in, struct cs_buf *out,
               int *done, struct cs_error *err);
} schemes[] = { { "CredSSP", credssp_leg }, { "Negotiate", negotiate_leg } };

static enum MHD_Result
queue_leg(struct MHD_Connection *c, const char *scheme,
          const struct cs_buf *token, int done)
{
    struct cs_buf value = CS_BUF_INIT(2 * TOKEN_MAX);
    enum MHD_Result ret = MHD_NO;

    if (token->len > 0)
        gate_authorization(&value, scheme, cs_buf_span(token));
    else
        cs_buf_add(&value, scheme, strlen(scheme));
    cs_buf_add(&value, "", 1);
    if (value.error == 0)
        ret = queue_empty(c, done ? MHD_HTTP_OK : MHD_HTTP_UNAUTHORIZED,
                          done && token->len == 0 ? NULL :
                          (const char *)value.p);
    cs_buf_free(&value);
    return ret;
}

static enum MHD_Result
answer_leg(struct MHD_Connection *c, struct connection *conn, size_t scheme,
           const char *base64)
{
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX), out = CS_BUF_INIT(TOKEN_MAX);
    struct cs_error err = { 0 };
    enum MHD_Result result;
    int ret = 0, done = 0;

    if (gate_base64_decode(base64, strlen(base64), &in) != 0)
        ret = cs_fail(&err, CS_MALFORMED, "not base64: %s", base64);
    if (ret == 0)
        ret = schemes[scheme].leg(conn, cs_buf_span(&in), &out, &done, &err);
    if (ret != 0)
        forget(conn);
    result = ret != 0 ? complain(c, MHD_HTTP_UNAUTHORIZED, &err) :
        queue_leg(c, schemes[scheme].name, &out, done);
    cs_buf_free(&in);
    cs_buf_free(&out);
    return result;
}

static enum MHD_Result
authenticate(struct MHD_Connection *c, struct connection *conn,
             const char *value)
{
    size_t i, len;

    seal_free(&conn->seal);
    for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        len = strlen(schemes[i].name);
        if (strncasecmp(value, schemes[i].name, len) == 0 &&
            value[len] == ' ')
            return answer_leg(c, conn, i, value + len + 1);
    }
    return queue_empty(c, MHD_HTTP_UNAUTHORIZED, "");
}

/* --- Messages --- */

/* How long is the message to be kept? */
static void
linger(const struct cs_buf *plain)
{
    char text[16] = "";
    unsigned int ms;
    struct timespec t;

    memcpy(text, plain->p, plain->len < 15 ? plain->len : 15);
    if (sscanf(text, "wait %u ", &ms) != 1)
        return;
    t.tv_sec = ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000L;
    (void)nanosleep(&t, NULL);
}

static enum MHD_Result
answer_message(struct MHD_Connection *c, struct connection *conn,
               const char *content_type, const struct cs_buf *body)
{
    struct cs_buf plain = CS_BUF_INIT(BODY_MAX);
    struct cs_buf sealed = CS_BUF_INIT(2 * BODY_MAX);
    struct cs_error err = { 0 };
    const char *type = NULL;
    char *inner_type = NULL;
    enum MHD_Result result;
    int ret;

    ret = seal_open(conn->seal, content_type, cs_buf_span(body), BODY_MAX,
                    &plain, &inner_type, &err);
    if (ret == 0)
        linger(&plain);
    if (ret == 0)
        ret = seal_message(conn->seal, cs_buf_span(&plain), SOAP_TYPE,
                           &sealed, &type, &err);
    result = ret != 0 ? complain(c, MHD_HTTP_BAD_REQUEST, &err) :
        queue(c, MHD_HTTP_OK, type, &sealed, NULL);
    free(inner_type);
    cs_buf_free(&plain);
    cs_buf_free(&sealed);
    return result;
}

static const char *
header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result
answer(struct MHD_Connection *c, const char *url, struct cs_buf *body)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *conn = info != NULL ? info->socket_context : NULL;
    const char *type = header(c, "Content-Type");

    if (conn == NULL)
        return MHD_NO;
    if (strcmp(url, "/plain") == 0)
        return queue(c, MHD_HTTP_OK, SOAP_TYPE, body, NULL);
    if (header(c, "Authorization") != NULL)
        return authenticate(c, conn, header(c, "Authorization"));
    if (conn->seal == NULL)
        return queue_empty(c, MHD_HTTP_UNAUTHORIZED, "");
    if (body->len == 0)
        return queue_empty(c, MHD_HTTP_OK, NULL);
    return answer_message(c, conn, type != NULL ? type : "", body);
}

/* --- libmicrohttpd --- */

static enum MHD_Result
handle(void *cls, struct MHD_Connection *c, const char *url,
       const char *method, const char *version, const char *data,
       size_t *size, void **context)
{
    struct cs_buf *body = *context;

    (void)cls;
    (void)method;
    (void)version;
    if (body == NULL) {
        body = calloc(1, sizeof(*body));
        if (body == NULL)
            return MHD_NO;
        body->max = BODY_MAX;
        *context = body;
        return MHD_YES;
    }
    if (*size > 0) {
        cs_buf_add(body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return body->error != 0 ? MHD_NO : answer(c, url, body);
}

static void
end_request(void *cls, struct MHD_Connection *c, void **context,
            enum MHD_RequestTerminationCode how)
{
    struct cs_buf *body = *context;

    (void)cls;
    (void)c;
    (void)how;
    *context = NULL;
    if (body != NULL)
        cs_buf_free(body);
    free(body);
}

static void
connection(void *cls, struct MHD_Connection *c, void **context,
           enum MHD_ConnectionNotificationCode what)
{
    struct connection *conn = *context;

    (void)cls;
    (void)c;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = calloc(1, sizeof(*conn));
        return;
    }
    *context = NULL;
    if (conn != NULL)
        forget(conn);
    free(conn);
}

static struct MHD_Daemon *
start(const char *address, const char *port)
{
    struct sockaddr_in sin = { .sin_family = AF_INET };

    if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
        return NULL;
    sin.sin_port = htons((uint16_t)atoi(port));
    return MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
        MHD_USE_POLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, connection, NULL,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&sin,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)128 * 1024,
        MHD_OPTION_CONNECTION_LIMIT, 10000u,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u, MHD_OPTION_END);
}

/* --- The rest --- */

static int
prepare(const char *pem, struct cs_error *err)
{
    struct cs_tls_options options = { .acceptor = 1, .cert_file = pem };
    /* pypsrp sends Kerberos' tokens as they are. */
    gss_OID_desc both[2] = { cs_oid_spnego, cs_oid_krb5 };
    gss_OID_set_desc set = { 2, both };
    OM_uint32 major, minor;
    int i, ret = 0;

    for (i = 0; i < TLS_VERSIONS && ret == 0; i++) {
        options.max_version = i == TLS_12 ? 0x0303 : 0x0304;
        ret = cs_tls_config_new(&options, &state.config[i], err);
    }
    if (ret != 0)
        return ret;
    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                             GSS_C_ACCEPT, &state.cred, NULL, NULL);
    return GSS_ERROR(major) ? cs_fail(err, CS_INNER, "no keys: major %x, "
                                      "minor %u", major, minor) : 0;
}

static void
obey(const char *line)
{
    char word[16];
    int i;

    (void)pthread_mutex_lock(&state.lock);
    if (sscanf(line, "tls %15s", word) == 1) {
        for (i = 0; i < TLS_VERSIONS; i++)
            if (strcmp(word, tls_names[i]) == 0)
                state.tls = i;
        (void)puts("ok");
    } else if (strcmp(line, "used\n") == 0) {
        (void)printf("ok %u %s\n", state.sessions, state.used);
    } else {
        (void)printf("error unknown command: %s", line);
    }
    (void)pthread_mutex_unlock(&state.lock);
    (void)fflush(stdout);
}

int
main(int argc, char **argv)
{
    const union MHD_DaemonInfo *info;
    struct MHD_Daemon *daemon;
    struct cs_error err = { 0 };
    char line[256];

    if (argc < 3 || argc > 4 || prepare(argv[2], &err) != 0) {
        (void)fprintf(stderr, "winrm_end: %s\n", argc < 3 || argc > 4 ?
                      "usage: winrm_end ADDRESS PEM [PORT]" : err.text);
        return 1;
    }
    daemon = start(argv[1], argc == 4 ? argv[3] : "0");
    info = daemon != NULL ?
        MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (info == NULL) {
        (void)fprintf(stderr, "winrm_end: cannot listen on %s\n", argv[1]);
        return 1;
    }
    (void)printf("%u\n", (unsigned int)info->port);
    (void)fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    MHD_stop_daemon(daemon);
    return 0;
}
