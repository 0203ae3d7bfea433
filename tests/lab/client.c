/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * client: a plain program that authenticates over HTTP with GSSAPI, the way
 * many in-house tools do: connect, read the 401, name the server by
 * GSS_C_NT_HOSTBASED_SERVICE, send what gss_init_sec_context gives.
 *
 *     client [-k] [-m krb5|spnego] HOST PORT [HOST PORT]...
 *
 * All pairs are done in order by the one process.  Port 80 is asked for /, any
 * other for WinRM's /wsman with an empty body.  -k keeps the connections open
 * until the end.  Prints "HOST PORT STATUS [mutual]" for each pair and exits
 * with 1 unless every status is 200.
 */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_PAIRS = 16, HEAD_SIZE = 65536, MAX_LEGS = 5 };

static gss_OID_desc spnego = { 6, (void *)"\x2b\x06\x01\x05\x05\x02" };

struct reply {
    int status;
    bool negotiate;        /* the server offers Negotiate */
    gss_buffer_desc token; /* ours, freed by drop_token */
};

static void
drop_token(gss_buffer_t token)
{
    free(token->value);
    token->value = NULL;
    token->length = 0;
}

enum { PAD = 64 };
static const char b64[]
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* Returns a new string, or NULL. */
static char *
encode(const gss_buffer_desc *in)
{
    const unsigned char *p = in->value;
    char *out = malloc(in->length / 3 * 4 + 5), *q = out;
    size_t i;

    for (i = 0; out != NULL && i < in->length; i += 3) {
        size_t left = in->length - i;
        unsigned v = p[i] << 16 | (left > 1 ? p[i + 1] << 8 : 0)
                     | (left > 2 ? p[i + 2] : 0);

        *q++ = b64[v >> 18];
        *q++ = b64[v >> 12 & 63];
        *q++ = b64[left > 1 ? v >> 6 & 63 : PAD];
        *q++ = b64[left > 2 ? v & 63 : PAD];
    }
    if (out != NULL)
        *q = '\0';
    return out;
}

static void
decode(const char *in, gss_buffer_t out)
{
    unsigned char *p = malloc(strlen(in) + 1);
    unsigned bits = 0, v = 0;
    const char *at;

    out->length = 0;
    out->value = p;
    for (; p != NULL && *in != '\0'; in++) {
        at = strchr(b64, *in);
        if (at == NULL || at == b64 + PAD)
            break;
        v = v << 6 | (unsigned)(at - b64);
        if ((bits += 6) >= 8) {
            bits -= 8;
            p[out->length++] = v >> bits & 255;
        }
    }
}

static int
dial(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
    int fd = -1, err = getaddrinfo(host, port, &hints, &list);

    if (err != 0) {
        fprintf(stderr, "client: %s: %s\n", host, gai_strerror(err));
        return -1;
    }
    for (ai = list; ai != NULL && fd < 0; ai = ai->ai_next) {
        fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
        if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        fprintf(stderr, "client: cannot connect to %s:%s\n", host, port);
    return fd;
}

/* Sends one request; token may be NULL.  Returns 0 or -1. */
static int
ask(int fd, const char *host, const char *port, const char *token)
{
    bool site = strcmp(port, "80") == 0;

    if (dprintf(fd, "%s HTTP/1.1\r\nHost: %s:%s\r\n%s%s%s%s\r\n",
                site ? "GET /" : "POST /wsman", host, port,
                site ? "" : "Content-Length: 0\r\n",
                token != NULL ? "Authorization: Negotiate " : "",
                token != NULL ? token : "", token != NULL ? "\r\n" : "")
        < 0)
        return -1;
    return 0;
}

/* Reads exactly the head, so that what is left is the body. */
static int
read_head(int fd, char *head)
{
    size_t n = 0;

    while (n < HEAD_SIZE - 1 && read(fd, head + n, 1) == 1) {
        head[++n] = '\0';
        if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
            return 0;
    }
    fprintf(stderr, "client: the server closed the connection\n");
    return -1;
}

static int
skip_body(int fd, size_t left)
{
    char sink[4096];
    ssize_t n;

    while (left > 0) {
        n = read(fd, sink, left < sizeof(sink) ? left : sizeof(sink));
        if (n <= 0)
            return -1;
        left -= (size_t)n;
    }
    return 0;
}

static int
listen_to(int fd, struct reply *reply)
{
    static char head[HEAD_SIZE];
    char *line, *save = NULL;
    size_t length = 0;

    memset(reply, 0, sizeof(*reply));
    if (read_head(fd, head) != 0 || strncmp(head, "HTTP/1.1 ", 9) != 0)
        return -1;
    reply->status = (int)strtol(head + 9, NULL, 10);
    for (line = strtok_r(head, "\r\n", &save); line != NULL;
         line = strtok_r(NULL, "\r\n", &save)) {
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            length = strtoul(line + 15, NULL, 10);
        if (strncasecmp(line, "WWW-Authenticate: Negotiate", 27) != 0)
            continue;
        reply->negotiate = true;
        if (line[27] == ' ')
            decode(line + 28, &reply->token);
    }
    return skip_body(fd, length);
}

static void
complain(OM_uint32 major, OM_uint32 minor, gss_OID mech)
{
    OM_uint32 more = 0, m;
    gss_buffer_desc text;

    gss_display_status(&m, major, GSS_C_GSS_CODE, mech, &more, &text);
    fprintf(stderr, "client: %.*s", (int)text.length, (char *)text.value);
    gss_release_buffer(&m, &text);
    more = 0;
    gss_display_status(&m, minor, GSS_C_MECH_CODE, mech, &more, &text);
    fprintf(stderr, ": %.*s\n", (int)text.length, (char *)text.value);
    gss_release_buffer(&m, &text);
}

static gss_name_t
service_name(const char *host)
{
    char text[300];
    gss_buffer_desc buffer = { 0, text };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    buffer.length = (size_t)snprintf(text, sizeof(text), "HTTP@%s", host);
    if (buffer.length < sizeof(text))
        gss_import_name(&minor, &buffer, GSS_C_NT_HOSTBASED_SERVICE, &name);
    return name;
}

/* One leg: feeds what the server said, sends what comes out of it. */
static OM_uint32
leg(int fd, const char *host, const char *port, gss_OID mech, gss_name_t name,
    gss_ctx_id_t *context, struct reply *reply, OM_uint32 *flags)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, ignored;
    char *text = NULL;

    major = gss_init_sec_context(
        &minor, GSS_C_NO_CREDENTIAL, context, name, mech,
        GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG, 0,
        GSS_C_NO_CHANNEL_BINDINGS,
        reply->token.length > 0 ? &reply->token : GSS_C_NO_BUFFER, NULL, &out,
        flags, NULL);
    if (GSS_ERROR(major))
        complain(major, minor, mech);
    drop_token(&reply->token);
    if (!GSS_ERROR(major) && out.length > 0) {
        text = encode(&out);
        if (text == NULL || ask(fd, host, port, text) != 0
            || listen_to(fd, reply) != 0)
            major = GSS_S_FAILURE;
        free(text);
    }
    gss_release_buffer(&ignored, &out);
    return major;
}

/* The whole conversation on one connection.  Returns the last status. */
static int
talk(int fd, const char *host, const char *port, gss_OID mech, bool *mutual)
{
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t name = service_name(host);
    struct reply reply = { .status = 0 };
    OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor, flags = 0;
    int legs;

    if (ask(fd, host, port, NULL) != 0 || listen_to(fd, &reply) != 0)
        goto out;
    for (legs = 0; legs < MAX_LEGS && major == GSS_S_CONTINUE_NEEDED; legs++) {
        /* A rejection without a token leaves nothing to go on with. */
        if (!reply.negotiate || (legs > 0 && reply.token.length == 0))
            break;
        major = leg(fd, host, port, mech, name, &context, &reply, &flags);
    }
    *mutual = major == GSS_S_COMPLETE && (flags & GSS_C_MUTUAL_FLAG);
out:
    drop_token(&reply.token);
    gss_release_name(&minor, &name);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    return reply.status;
}

int
main(int argc, char **argv)
{
    int fds[MAX_PAIRS], opt, n = 0, i, failed = 0, status;
    gss_OID mech = &spnego;
    bool keep = false, mutual;

    while ((opt = getopt(argc, argv, "km:")) != -1) {
        if (opt == 'k')
            keep = true;
        else if (opt == 'm' && strcmp(optarg, "krb5") == 0)
            mech = (gss_OID)gss_mech_krb5;
        else if (opt != 'm' || strcmp(optarg, "spnego") != 0)
            argc = 0;
    }
    if (argc - optind < 2 || (argc - optind) % 2 != 0) {
        fprintf(stderr, "usage: client [-k] [-m krb5|spnego] "
                        "HOST PORT [HOST PORT]...\n");
        return 2;
    }
    for (i = optind; i < argc && n < MAX_PAIRS; i += 2, n++) {
        mutual = false;
        status = 0;
        fds[n] = dial(argv[i], argv[i + 1]);
        if (fds[n] >= 0)
            status = talk(fds[n], argv[i], argv[i + 1], mech, &mutual);
        printf("%s %s %d%s\n", argv[i], argv[i + 1], status,
               mutual ? " mutual" : "");
        failed |= status != 200;
        if (!keep && fds[n] >= 0) {
            close(fds[n]);
            fds[n] = -1;
        }
    }
    while (n-- > 0)
        if (fds[n] >= 0)
            close(fds[n]);
    return failed;
}
