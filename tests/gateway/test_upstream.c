/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_upstream.c - a connection to a WinRM server lives on after a 401, which
 * is what an authentication begins with, however early it comes.
 */
#include "config.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <curl/curl.h>

#include "tests/unit/unit.h"
#include "helper/wsman/upstream.h"

#define CONNECTIONS 400         /* libcurl's fault hits a few in a hundred */
#define INPUT_MAX 16384

static const char refusal[] = "HTTP/1.1 401 No\r\nWWW-Authenticate: "
    "Negotiate\r\nContent-Length: 0\r\n\r\n";

static struct hc_host *conf;
static struct hc_gateway *limits;

struct server {
    int fd;
    uint16_t port;
    int early;                  /* the first 401 comes before the request */
    int once;                   /* one answer a connection, and it is closed */
    int connections;            /* atomic */
    pthread_t thread;
};

/* What has come on a connection and belongs to no request yet. */
struct input {
    int fd;
    size_t have;
    char text[INPUT_MAX + 1];
};

static int
receive(struct input *in)
{
    ssize_t n = recv(in->fd, in->text + in->have, INPUT_MAX - in->have, 0);

    if (n <= 0)
        return 0;
    in->have += (size_t)n;
    in->text[in->have] = '\0';
    return 1;
}

/* Read one request with its body; 0 at the end of the connection.  (The next
 * one may be right behind it, when it was answered early.) */
static int
read_request(struct input *in)
{
    char *end, *length;
    size_t size;

    while ((end = strstr(in->text, "\r\n\r\n")) == NULL) {
        if (!receive(in))
            return 0;
    }
    length = strcasestr(in->text, "Content-Length:");
    size = (size_t)(end + 4 - in->text) +
        (length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0);
    while (in->have < size) {
        if (!receive(in))
            return 0;
    }
    in->have -= size;
    memmove(in->text, in->text + size, in->have + 1);
    return 1;
}

static void
answer(int fd)
{
    (void)send(fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL);
}

/* One connection after the other, each until the client ends it. */
static void *
serve(void *arg)
{
    struct server *s = arg;
    struct input in;
    int early;

    memset(&in, 0, sizeof(in));
    while ((in.fd = accept(s->fd, NULL, NULL)) >= 0) {
        __atomic_add_fetch(&s->connections, 1, __ATOMIC_RELAXED);
        in.have = 0;
        in.text[0] = '\0';
        early = s->early;
        if (early)
            answer(in.fd);
        while (read_request(&in)) {
            if (!early)
                answer(in.fd);
            early = 0;
            if (s->once)
                break;
        }
        (void)close(in.fd);
    }
    return NULL;
}

static void
open_server(struct server *s, int early)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);

    memset(s, 0, sizeof(*s));
    s->early = early;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void
close_server(struct server *s)
{
    (void)shutdown(s->fd, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->fd);
}

/* Three requests, as an authentication has them; how many were answered on the
 * one connection? */
static int
legs(uint16_t port)
{
    static const uint8_t body[3000] = { 'x' };
    struct up_options options = { .conf = conf, .limits = limits,
                                  .host = "127.0.0.1", .client = -1 };
    struct up_request request = { .path = "/wsman", .content_type = "text/xml",
                                  .authorization = "Negotiate AAAA",
                                  .seconds = 60 };
    struct up_reply reply;
    struct cs_error err = { 0 };
    struct upstream *up;
    int leg, ret = 0;

    options.port = port;
    assert_int_equal(up_new(&options, &up, &err), 0);
    for (leg = 0; leg < 3 && ret == 0; leg++) {
        if (leg == 2)
            request.body = (struct cs_span){ body, sizeof(body) };
        ret = up_post(up, &request, &reply, &err);
        if (ret == 0)
            assert_int_equal(reply.status, 401);
        up_reply_free(&reply);
    }
    if (ret != 0)
        print_message("# leg %d: %s\n", leg, err.text);
    up_free(&up);
    return leg - (ret != 0);
}

static void
test_usual(void **state)
{
    struct server s;
    int i, lost = 0;

    (void)state;
    open_server(&s, 0);
    for (i = 0; i < CONNECTIONS && lost == 0; i++)
        lost += legs(s.port) != 3;
    close_server(&s);
    assert_int_equal(lost, 0);
}

/* It is there before the request has gone out. */
static void
test_early(void **state)
{
    struct server s;
    int i;

    (void)state;
    open_server(&s, 1);
    for (i = 0; i < CONNECTIONS / 10; i++)
        assert_int_equal(legs(s.port), 3);
    close_server(&s);
}

/* The server has closed the connection after its answer: that is seen before a
 * request goes out, which then has not been done, and no other one is made. */
static void
test_closed(void **state)
{
    struct up_options options = { .conf = conf, .limits = limits,
                                  .host = "127.0.0.1", .client = -1 };
    struct up_request request = { .path = "/wsman", .content_type = "text/xml",
                                  .seconds = 60 };
    struct up_reply reply;
    struct cs_error err = { 0 };
    struct upstream *up;
    struct server s;
    int lost;

    (void)state;
    open_server(&s, 0);
    s.once = 1;
    options.port = s.port;
    assert_int_equal(up_new(&options, &up, &err), 0);
    assert_int_equal(up_post(up, &request, &reply, &err), 0);
    up_reply_free(&reply);
    /* The thread accepts again when it has closed this one, and the second
     * connection is the first one's proof. */
    assert_int_equal(legs(s.port), 1);
    assert_int_not_equal(up_post(up, &request, &reply, &err), 0);
    lost = reply.lost;
    up_reply_free(&reply);
    up_free(&up);
    close_server(&s);
    assert_int_equal(lost, 1);
    assert_int_equal(s.connections, 2);
}

static int
setup(void **state)
{
    struct cs_error err = { 0 };

    (void)state;
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n");
    assert_int_equal(hc_host_load("web01.test.example", &conf, &err), 0);
    assert_int_equal(hc_gateway_load(&limits, &err), 0);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    curl_global_cleanup();
    hc_host_free(&conf);
    hc_gateway_free(&limits);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_early),
        cmocka_unit_test(test_closed),
    };

    return cmocka_run_group_tests_name("the way to the server", tests, setup,
                                       teardown);
}
