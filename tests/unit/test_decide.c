/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_decide.c - is it about WinRM, when there is a gateway? */
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

#include "plugin/decide.h"
#include "plugin/handles.h"
#include "tests/unit/unit.h"

/* The linker has the plugin's own calls come here: a peer of another user. */
__typeof__(getsockopt) __real_getsockopt, __wrap_getsockopt;
static int stranger;

int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    int ret = __real_getsockopt(fd, level, name, value, len);

    if (stranger && level == SOL_SOCKET && name == SO_PEERCRED && ret == 0)
        ((struct ucred *)value)->uid++;
    return ret;
}

/* A gateway at a port, which gives everybody a ticket. */
struct gateway {
    int socket;
    pthread_t thread;
};

static void *
serve(void *data)
{
    static const char ticket[] = "\002\000\004H/a@token";
    struct gateway *g = data;
    char question[512];
    int fd;

    while ((fd = accept(g->socket, NULL, NULL)) >= 0) {
        if (recv(fd, question, sizeof(question), 0) > 0)
            (void)send(fd, ticket, sizeof(ticket) - 1, MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void
start(struct gateway *g, int port)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    char directory[80];

    (void)snprintf(directory, sizeof(directory), "%.60s/gss-winrm",
                   unit_dir());
    (void)mkdir(directory, 0700);
    (void)strcat(directory, "/gateway");
    (void)mkdir(directory, 0700);
    (void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%d", directory,
                   port);
    /* The kernel may give a port twice. */
    (void)unlink(sun.sun_path);
    g->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(g->socket >= 0);
    assert_int_equal(bind(g->socket, (struct sockaddr *)&sun, sizeof(sun)),
                     0);
    assert_int_equal(listen(g->socket, 8), 0);
    assert_int_equal(pthread_create(&g->thread, NULL, serve, g), 0);
}

static void
stop_gateway(struct gateway *g)
{
    (void)shutdown(g->socket, SHUT_RDWR);
    (void)pthread_join(g->thread, NULL);
    close(g->socket);
}

/* A listener, and a connection of ours to it; returns its port. */
static int
connect_somewhere(int fds[2])
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t len = sizeof(in);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fds[0] >= 0 && fds[1] >= 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(fds[0], 1), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&in, &len), 0);
    assert_int_equal(connect(fds[1], (struct sockaddr *)&in, sizeof(in)), 0);
    return ntohs(in.sin_port);
}

static void
close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* The plugin waits for a gateway's offer, but not for ever: on a machine that
 * does other things it may go on without, and then asks again. */
static void
ask(const struct gw_name *name, enum gw_offer_kind wanted,
    struct gw_decision *d)
{
    int tries;

    for (tries = 0; tries < 20; tries++) {
        assert_int_equal(gw_decide(NULL, name, d), 0);
        if (d->offer.kind == wanted || wanted == GW_OFFER_NONE)
            break;
        gw_decision_free(d);
    }
    assert_int_equal(d->offer.kind, wanted);
}

static void
decide(char *host, enum gw_offer_kind wanted, enum gw_answer *answer)
{
    struct gw_name name = { .http_host = host };
    struct gw_decision d;

    ask(&name, wanted, &d);
    *answer = d.answer;
    gw_decision_free(&d);
}

/* A gateway that listens at a port of WinRM's is asked like any other. */
static void
test_winrm_port(void **state)
{
    char host[] = "localhost", text[64];
    enum gw_answer answer;
    struct gateway g;
    int fds[2], port;

    (void)state;
    port = connect_somewhere(fds);
    (void)snprintf(text, sizeof(text), "[appdefaults]\nwinrm = {\n ports = "
                   "%d\n}\n", port);
    unit_krb5_conf(text);
    start(&g, port);
    decide(host, GW_OFFER_TICKET, &answer);
    assert_int_equal(answer, GW_YES);
    stop_gateway(&g);
    close_both(fds);
}

/* Connected to the gateway, and to something else on the host: no ticket. */
static void
test_site(void **state)
{
    char host[] = "127.0.0.1";
    enum gw_answer answer;
    struct gateway g;
    int fds[2], site[2];

    (void)state;
    unit_krb5_conf("[libdefaults]\n");
    start(&g, connect_somewhere(fds));
    decide(host, GW_OFFER_TICKET, &answer);
    (void)connect_somewhere(site);
    decide(host, GW_OFFER_NONE, &answer);
    assert_int_not_equal(answer, GW_YES);
    close_both(site);
    stop_gateway(&g);
    close_both(fds);
}

/* Which addresses can be a gateway's of this machine. */
static void
test_local(void **state)
{
    static const struct {
        const char *address;
        int local;
    } cases[] = {
        { "::ffff:127.0.0.1", 1 }, { "::ffff:127.255.0.9", 1 }, { "::1", 1 },
        { "::ffff:128.0.0.1", 0 }, { "::ffff:192.0.2.1", 0 }, { "::2", 0 },
        { "::", 0 }, { "::127.0.0.1", 0 }, { "2001:db8::1", 0 }
    };
    struct gw_conn conn = { .fd = -1 };
    struct gw_conns conns = { .v = &conn, .n = 1 };
    struct gateway g;
    int fds[2];
    size_t i;

    (void)state;
    conn.port = (uint16_t)connect_somewhere(fds);
    start(&g, conn.port);
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(inet_pton(AF_INET6, cases[i].address, conn.addr.b),
                         1);
        if (gw_gateway_reached(&conns) != cases[i].local)
            fail_msg("%s", cases[i].address);
    }
    stop_gateway(&g);
    close_both(fds);
}

/* Of a proxy on another machine nothing is asked here. */
static void
test_proxy_elsewhere(void **state)
{
    static const char *const urls[] = {
        "http://10.0.0.1:5980", "10.0.0.1:5980", "http://127.0.0.10:5980",
        "http://localhost.example:5980", "http://[::2]:5980",
        "http://u@127.0.0.1:5980", "https://127.0.0.1:5980", ""
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        if (gw_proxy_port(urls[i]) != 0)
            fail_msg("%s", urls[i]);
    }
}

/* Is there a gateway's directory below this one? */
static int
exists_below(const char *runtime)
{
    int exists;

    assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
    exists = gw_gateway_exists();
    assert_int_equal(setenv("XDG_RUNTIME_DIR", unit_dir(), 1), 0);
    return exists;
}

/* It is a directory, and no link to one; its name is absolute. */
static void
test_directory(void **state)
{
    char runtime[120], path[200], elsewhere[64];
    struct stat st;
    FILE *f;

    (void)state;
    (void)snprintf(runtime, sizeof(runtime), "%s/run", unit_dir());
    assert_int_equal(mkdir(runtime, 0700), 0);
    assert_int_equal(exists_below(runtime), 0);
    (void)snprintf(path, sizeof(path), "%s/gss-winrm", runtime);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/gss-winrm/gateway", runtime);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(exists_below(runtime), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(unit_dir(), path), 0);
    assert_int_equal(exists_below(runtime), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(exists_below(runtime), 1);
    /* A relative name is as good as none. */
    (void)snprintf(elsewhere, sizeof(elsewhere), "/tmp/gss-winrm-%lu/gateway",
                   (unsigned long)geteuid());
    assert_int_equal(chdir(unit_dir()), 0);
    if (stat(elsewhere, &st) != 0)
        assert_int_equal(exists_below("run"), 0);
    assert_int_equal(chdir("/"), 0);
}

/* Behind the socket is a process of somebody else's. */
static void
test_stranger(void **state)
{
    char host[] = "web01.corp.example.com";
    enum gw_answer answer;
    struct gateway g;
    int fds[2];

    (void)state;
    unit_krb5_conf("[libdefaults]\n");
    start(&g, connect_somewhere(fds));
    decide(host, GW_OFFER_TICKET, &answer);
    assert_int_equal(answer, GW_YES);
    stranger = 1;
    decide(host, GW_OFFER_NONE, &answer);
    stranger = 0;
    assert_int_not_equal(answer, GW_YES);
    stop_gateway(&g);
    close_both(fds);
}

/* The trace names the class that was asked for. */
static void
ask_traced(const char *typed)
{
    struct gw_name name = { .other = (char *)(uintptr_t)typed };
    const char *path = unit_file("trace", "");
    struct gw_decision d;
    char line[100], *trace;

    assert_int_equal(setenv("KRB5_TRACE", path, 1), 0);
    ask(&name, GW_OFFER_TICKET, &d);
    assert_int_equal(unsetenv("KRB5_TRACE"), 0);
    assert_int_equal(d.answer, GW_YES);
    gw_decision_free(&d);
    (void)snprintf(line, sizeof(line), "gss-winrm: %s: WinRM (the gateway at "
                   "port ", typed);
    trace = unit_read(path);
    if (strstr(trace, line) == NULL)
        fail_msg("'%s' is not in the trace:\n%s", line, trace);
    free(trace);
}

/* host@HOST and WSMAN@HOST get a ticket on a connection to the gateway, and
 * only there: a program with a proxy in its environment and no connection may
 * be ssh. */
static void
test_other_class(void **state)
{
    struct gw_name name = { .other = (char *)"host@web01.corp.example.com" };
    struct gw_decision d;
    struct gateway g;
    char proxy[64];
    int fds[2], port;

    (void)state;
    unit_krb5_conf("[libdefaults]\n");
    port = connect_somewhere(fds);
    start(&g, port);
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", port);
    assert_int_equal(setenv("http_proxy", proxy, 1), 0);
    ask_traced("host@web01.corp.example.com");
    ask_traced("WSMAN@web01.corp.example.com");
    close_both(fds);
    ask(&name, GW_OFFER_NONE, &d);
    assert_int_equal(d.answer, GW_LEAVE);
    assert_null(d.settings);    /* krb5.conf has not been looked at */
    gw_decision_free(&d);
    assert_int_equal(unsetenv("http_proxy"), 0);
    stop_gateway(&g);
}

/* Somebody has connected to this process, from a port that is the gateway's:
 * on another address of loopback, anybody may.  No ticket for that. */
static void
test_client(void **state)
{
    struct gw_name name = { .other = (char *)"host@web01.corp.example.com" };
    struct sockaddr_in in;
    socklen_t len = sizeof(in);
    char host[] = "web01.corp.example.com";
    enum gw_answer answer;
    struct gw_decision d;
    struct gateway g;
    int fds[2], accepted;

    (void)state;
    unit_krb5_conf("[libdefaults]\n");
    (void)connect_somewhere(fds);
    accepted = accept(fds[0], NULL, NULL);
    assert_true(accepted >= 0);
    assert_int_equal(getsockname(fds[1], (struct sockaddr *)&in, &len), 0);
    start(&g, ntohs(in.sin_port));
    decide(host, GW_OFFER_NONE, &answer);
    assert_int_not_equal(answer, GW_YES);
    ask(&name, GW_OFFER_NONE, &d);
    assert_int_equal(d.answer, GW_LEAVE);
    gw_decision_free(&d);
    stop_gateway(&g);
    close(accepted);
    close_both(fds);
}

static int
setup(void **state)
{
    (void)state;
    (void)unsetenv("http_proxy");
    (void)unsetenv("HTTP_PROXY");
    (void)unsetenv("GSS_WINRM");
    return setenv("XDG_RUNTIME_DIR", unit_dir(), 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_winrm_port),
        cmocka_unit_test(test_site),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_proxy_elsewhere),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_other_class),
        cmocka_unit_test(test_client)
    };

    return cmocka_run_group_tests_name("decide", tests, setup, NULL);
}
