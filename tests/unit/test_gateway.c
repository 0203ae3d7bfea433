/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_gateway.c - asking the gateway: its answers, its port, its moods. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugin/base/clock.h"
#include "plugin/gateway.h"
#include "plugin/base/rundir.h"
#include "tests/unit/unit.h"

#define HOST "web01.corp.example.com"
#define PORT 5980
/* How long a question may take, and what a busy machine may add. */
#define PATIENCE_MS 5000
#define LATE_MS (PATIENCE_MS + 30000)
/* What a gateway needs on a busy machine that is still to be heard. */
#define SLOW_MS 500

/* --- Answers --- */

static const unsigned char ticket[] = "\002\000\004H/a@token";
#define TICKET_LEN (sizeof(ticket) - 1)

static void
test_offers(void **state)
{
    struct gw_offer offer;

    (void)state;
    assert_int_equal(gw_offer_parse("\0", 1, &offer), 0);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    assert_int_equal(gw_offer_parse("\1", 1, &offer), 0);
    assert_int_equal(offer.kind, GW_OFFER_PASS);
    assert_int_equal(gw_offer_parse(ticket, TICKET_LEN, &offer), 0);
    assert_int_equal(offer.kind, GW_OFFER_TICKET);
    assert_string_equal(offer.name, "H/a@");
    assert_int_equal(offer.len, 5);
    assert_memory_equal(offer.token, "token", 5);
    gw_offer_free(&offer);
    assert_null(offer.name);
    assert_null(offer.token);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
}

static void
refused(const void *bytes, size_t len)
{
    struct gw_offer offer;
    /* In memory of exactly this size. */
    void *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, bytes, len);
    assert_int_equal(gw_offer_parse(copy, len, &offer), EINVAL);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    assert_null(offer.name);
    assert_null(offer.token);
    free(copy);
}

static void
test_cut(void **state)
{
    size_t len;

    (void)state;
    /* Only the token has no length of its own. */
    for (len = 0; len <= 7; len++)
        refused(ticket, len);
}

static void
test_odd(void **state)
{
    static const struct { const char *bytes; size_t len; } odd[] = {
        { "\0x", 2 },           /* something behind */
        { "\1x", 2 },
        { "\3", 1 },            /* unknown kinds */
        { "\3\0\1ab", 5 },
        { "\377", 1 },
        { "\2\0\0token", 8 },   /* no name */
        { "\2\0\5H/a@t", 8 },   /* no token */
        { "\2\0\6H/a@t", 8 },   /* a name that goes on behind the end */
        { "\2\377\377H/a@t", 8 },
        { "\2\1\0H/a@t", 8 },   /* the length the wrong way round */
        { "\2\0\4H/\0@t", 8 },  /* NUL */
        { "\2\0\4\0/a@t", 8 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(odd) / sizeof(*odd); i++)
        refused(odd[i].bytes, odd[i].len);
}

/* Each value of each byte of the head: taken apart or refused, and no byte
 * that is not there. */
static void
test_every_head(void **state)
{
    unsigned char bytes[TICKET_LEN];
    struct gw_offer offer;
    int i, value, ret;

    (void)state;
    for (i = 0; i < 4; i++) {
        for (value = 0; value < 256; value++) {
            memcpy(bytes, ticket, sizeof(bytes));
            bytes[i] = (unsigned char)value;
            ret = gw_offer_parse(bytes, sizeof(bytes), &offer);
            if (ret != 0)
                continue;
            assert_int_equal(offer.kind, GW_OFFER_TICKET);
            assert_int_equal(3 + strlen(offer.name) + offer.len,
                             sizeof(bytes));
            gw_offer_free(&offer);
        }
    }
}

/* --- http_proxy --- */

static void
test_proxy_port(void **state)
{
    static const struct { const char *url; uint16_t port; } urls[] = {
        { "http://127.0.0.1:5980", 5980 }, { "http://127.0.0.1:5980/", 5980 },
        { "127.0.0.1:5980", 5980 }, { "HTTP://LOCALHOST:1", 1 },
        { "http://[::1]:65535", 65535 }, { "http://localhost:5980/", 5980 },
        { "", 0 }, { "http://", 0 }, { "http://127.0.0.1", 0 },
        { "http://127.0.0.1:", 0 }, { "http://127.0.0.1:0", 0 },
        { "http://127.0.0.1:05980", 0 }, { "http://127.0.0.1:65536", 0 },
        { "http://127.0.0.1:99999999999999999999999", 0 },
        { "http://127.0.0.1:-1", 0 }, { "http://127.0.0.1:+5980", 0 },
        { "http://127.0.0.1: 5980", 0 }, { "http://127.0.0.1:5980x", 0 },
        { "http://127.0.0.1:5980/x", 0 }, { "http://127.0.0.1:5980//", 0 },
        { "https://127.0.0.1:5980", 0 }, { "http://127.0.0.2:5980", 0 },
        { "http://proxy.example.com:5980", 0 },
        { "http://localhost.example.com:5980", 0 },
        { "http://user:word@127.0.0.1:5980", 0 },
        { "http://http://127.0.0.1:5980", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        if (gw_proxy_port(urls[i].url) != urls[i].port)
            fail_msg("%s: %u", urls[i].url,
                     (unsigned)gw_proxy_port(urls[i].url));
    }
}

/* --- A gateway --- */

enum mood { ANSWERS, SLOW, CLOSES, RUBBISH, EMPTY, LONG, DEAF, MOODS };

static const char *const mood_names[] = {
    "answers", "slow", "closes", "rubbish", "empty", "long", "deaf"
};

struct gateway {
    int socket, questions;
    enum mood mood;
    char question[512];
    ssize_t len;
    pthread_t thread;
};

static char directory[300];

static void
make_directory(const char *name)
{
    (void)snprintf(directory, sizeof(directory), "%s/%s", unit_dir(), name);
    assert_true(mkdir(directory, 0700) == 0 || errno == EEXIST);
}

static int
open_socket(void)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    make_directory("gss-winrm");
    make_directory("gss-winrm/gateway");
    assert_true((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%d",
                                 directory, PORT) < sizeof(sun.sun_path));
    (void)unlink(sun.sun_path);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void
answer(struct gateway *g, int fd)
{
    static char much[40000] = "\2\0\4H/a@";

    if (g->mood == CLOSES)
        return;
    g->len = recv(fd, g->question, sizeof(g->question), 0);
    if (g->mood == SLOW)
        (void)usleep(SLOW_MS * 1000);
    if (g->mood == ANSWERS || g->mood == SLOW)
        (void)send(fd, ticket, TICKET_LEN, MSG_NOSIGNAL);
    if (g->mood == RUBBISH)
        (void)send(fd, "HTTP/1.1 400 Bad Request", 24, MSG_NOSIGNAL);
    if (g->mood == EMPTY)
        (void)send(fd, "", 0, MSG_NOSIGNAL);
    if (g->mood == LONG)
        (void)send(fd, much, sizeof(much), MSG_NOSIGNAL);
}

static void *
serve(void *data)
{
    struct gateway *g = data;
    int fd;

    while ((fd = accept(g->socket, NULL, NULL)) >= 0) {
        g->questions++;
        answer(g, fd);
        close(fd);
    }
    return NULL;
}

static void
start(struct gateway *g, enum mood mood)
{
    memset(g, 0, sizeof(*g));
    g->mood = mood;
    g->socket = open_socket();
    if (mood != DEAF)
        assert_int_equal(pthread_create(&g->thread, NULL, serve, g), 0);
}

static void
stop_gateway(struct gateway *g)
{
    (void)shutdown(g->socket, SHUT_RDWR);
    if (g->mood != DEAF)
        (void)pthread_join(g->thread, NULL);
    close(g->socket);
}

/* A connection to 127.0.0.1, to ADDRESS if that is not NULL. */
static void
connection(struct gw_conn *conn, const char *address, uint16_t port)
{
    memset(conn, 0, sizeof(*conn));
    conn->port = port;
    assert_int_equal(inet_pton(AF_INET6, address != NULL ? address :
                               "::ffff:127.0.0.1", conn->addr.b), 1);
}

static struct gw_name asked = { .http_host = (char *)HOST };

static long long
ask(const struct gw_conns *conns, struct gw_offer *offer)
{
    long long start_ms = gw_now_ms();

    errno = EXDEV;
    gw_gateway_ask(conns, &asked, offer);
    assert_int_equal(errno, EXDEV);
    return gw_now_ms() - start_ms;
}

static void
test_moods(void **state)
{
    struct gw_conn conn;
    struct gw_conns conns = { .v = &conn, .n = 1 };
    struct gw_offer offer;
    struct gateway g;
    enum mood mood;
    long long took;

    (void)state;
    connection(&conn, NULL, PORT);
    for (mood = ANSWERS; mood < MOODS; mood++) {
        start(&g, mood);
        took = ask(&conns, &offer);
        if ((offer.kind == GW_OFFER_TICKET) !=
            (mood == ANSWERS || mood == SLOW))
            fail_msg("%s: offer %d", mood_names[mood], offer.kind);
        if (took > LATE_MS || (mood == DEAF && took < PATIENCE_MS - 100))
            fail_msg("%s: %lld ms", mood_names[mood], took);
        gw_offer_free(&offer);
        stop_gateway(&g);
    }
}

/* The queue of a gateway that accepts nothing gets full: then even the
 * connection has to wait. */
static void
test_full(void **state)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct gw_conn conn;
    struct gw_conns conns = { .v = &conn, .n = 1 };
    struct gw_offer offer;
    struct gateway g;
    int fds[64], n = 0, i;
    long long took;

    (void)state;
    connection(&conn, NULL, PORT);
    start(&g, DEAF);
    assert_true((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%d",
                                 directory, PORT) < sizeof(sun.sun_path));
    do {
        fds[n] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        0);
        assert_true(fds[n] >= 0);
    } while (connect(fds[n++], (struct sockaddr *)&sun, sizeof(sun)) == 0 &&
             n < 64);
    assert_int_equal(errno, EAGAIN);
    took = ask(&conns, &offer);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    if (took > LATE_MS || took < PATIENCE_MS - 100)
        fail_msg("full: %lld ms", took);
    for (i = 0; i < n; i++)
        close(fds[i]);
    stop_gateway(&g);
}

static void
test_question(void **state)
{
    struct gw_conn conn;
    struct gw_conns conns = { .v = &conn, .n = 1 };
    struct gw_offer offer;
    struct gateway g;

    (void)state;
    connection(&conn, NULL, PORT);
    start(&g, ANSWERS);
    (void)ask(&conns, &offer);
    stop_gateway(&g);
    assert_int_equal(offer.port, PORT);
    assert_int_equal(g.len, 1 + strlen(HOST));
    assert_memory_equal(g.question, "\1" HOST, 1 + strlen(HOST));
    gw_offer_free(&offer);
}

/* Two connections to the gateway are one question, and who is elsewhere or has
 * no socket is not asked. */
static void
test_whom(void **state)
{
    struct gw_conn v[4];
    struct gw_conns conns = { .v = v, .n = 4 };
    struct gw_offer offer;
    struct gateway g;

    (void)state;
    connection(&v[0], "::ffff:192.0.2.1", PORT);
    connection(&v[1], NULL, PORT + 1);
    connection(&v[2], NULL, PORT);
    connection(&v[3], "::ffff:127.0.0.1", PORT);
    start(&g, CLOSES);
    (void)ask(&conns, &offer);
    stop_gateway(&g);
    assert_int_equal(g.questions, 1);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    connection(&v[2], "::ffff:192.0.2.1", PORT);
    connection(&v[3], "2001:db8::1", PORT);
    start(&g, ANSWERS);
    (void)ask(&conns, &offer);
    stop_gateway(&g);
    assert_int_equal(g.questions, 0);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
}

/* Without a connection the proxy counts; with one it does not. */
static void
test_proxy(void **state)
{
    struct gw_conn conn;
    struct gw_conns none = { .n = 0 }, other = { .v = &conn, .n = 1 };
    struct gw_offer offer;
    struct gateway g;

    (void)state;
    connection(&conn, "::ffff:192.0.2.1", 5985);
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:5980", 1), 0);
    start(&g, ANSWERS);
    (void)ask(&none, &offer);
    assert_int_equal(offer.kind, GW_OFFER_TICKET);
    gw_offer_free(&offer);
    (void)ask(&other, &offer);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    stop_gateway(&g);
    assert_int_equal(g.questions, 1);
    (void)unsetenv("http_proxy");
}

/* What is there is no socket, or nobody listens, or nothing is there. */
static void
test_nobody(void **state)
{
    struct gw_conn conn;
    struct gw_conns conns = { .v = &conn, .n = 1 };
    struct gw_offer offer;
    struct gateway g;
    char path[400];
    FILE *f;

    (void)state;
    connection(&conn, NULL, PORT);
    start(&g, ANSWERS);
    stop_gateway(&g);
    (void)ask(&conns, &offer);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    (void)snprintf(path, sizeof(path), "%s/%d", directory, PORT);
    (void)unlink(path);
    (void)ask(&conns, &offer);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    f = fopen(path, "w");
    assert_non_null(f);
    (void)fclose(f);
    (void)ask(&conns, &offer);
    assert_int_equal(offer.kind, GW_OFFER_NONE);
    (void)unlink(path);
}

/* What went wrong is in the trace with its reason, and with the name as the
 * caller asked for it. */
static void
has_trace(const char *path, const char *name, const char *text)
{
    char *trace = unit_read(path), line[300];

    (void)snprintf(line, sizeof(line), "gss-winrm: %s: %s", name, text);
    if (strstr(trace, line) == NULL)
        fail_msg("'%s' is not in the trace:\n%s", line, trace);
    free(trace);
}

static void
test_trace(void **state)
{
    static const struct {
        enum mood mood;
        const char *reason;
    } cases[] = {
        { RUBBISH, "its answer is malformed" },
        { EMPTY, "it closed the connection" },
        { DEAF, "Connection timed out" },
    };
    struct gw_name wsman = { .other = (char *)"WSMAN@" HOST }, http = asked;
    struct gw_conn conn;
    struct gw_conns conns = { .v = &conn, .n = 1 };
    struct gw_offer offer;
    struct gateway g;
    char path[300], text[100];
    size_t i;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s", unit_file("trace", ""));
    assert_int_equal(setenv("KRB5_TRACE", path, 1), 0);
    connection(&conn, NULL, PORT);
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        start(&g, cases[i].mood);
        (void)ask(&conns, &offer);
        stop_gateway(&g);
        (void)snprintf(text, sizeof(text), "no answer from the gateway: %s",
                       cases[i].reason);
        has_trace(path, "HTTP@" HOST, text);
    }
    asked = wsman;
    (void)ask(&conns, &offer);
    has_trace(path, "WSMAN@" HOST, "the gateway at port 5980: connect: "
              "Connection refused");
    asked = http;
    assert_int_equal(unsetenv("KRB5_TRACE"), 0);
}

static void
test_exists(void **state)
{
    (void)state;
    assert_true(gw_gateway_exists());
    assert_int_equal(setenv("XDG_RUNTIME_DIR", "/nonexistent", 1), 0);
    assert_false(gw_gateway_exists());
    assert_int_equal(setenv("XDG_RUNTIME_DIR", unit_dir(), 1), 0);
}

/* Where the sockets are: what every end of them goes by. */
static void
test_rundir(void **state)
{
    static const struct {
        const char *runtime, *want;
    } cases[] = {
        { "/run/user/1000", "/run/user/1000/gss-winrm" },
        { NULL, "/tmp/gss-winrm-4294967294" },
        { "", "/tmp/gss-winrm-4294967294" },
        { "relative", "/tmp/gss-winrm-4294967294" }
    };
    char buf[64], small[sizeof("/run/user/1000/gss-winrm")];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(gw_rundir_of(cases[i].runtime, (uid_t)-2, buf,
                                      sizeof(buf)), 0);
        assert_string_equal(buf, cases[i].want);
    }
    assert_int_equal(gw_rundir_of(cases[0].runtime, 0, small, sizeof(small)),
                     0);
    assert_int_equal(gw_rundir_of(cases[0].runtime, 0, small,
                                  sizeof(small) - 1), ENAMETOOLONG);
}

static int
setup(void **state)
{
    (void)state;
    (void)unsetenv("http_proxy");
    (void)unsetenv("HTTP_PROXY");
    return setenv("XDG_RUNTIME_DIR", unit_dir(), 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_every_head),
        cmocka_unit_test(test_proxy_port),
        cmocka_unit_test(test_moods),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_whom),
        cmocka_unit_test(test_proxy),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_exists),
        cmocka_unit_test(test_rundir),
    };

    return cmocka_run_group_tests_name("gateway", tests, setup, NULL);
}
