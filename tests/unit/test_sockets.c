/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_sockets.c - what real sockets of this process say. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/sockets.h"
#include "tests/unit/unit.h"

#define FDS 64

/* Descriptors to close after a test. */
static int fds[FDS];
static int nfds;

static int
keep(int fd)
{
    assert_true(fd >= 0);
    assert_true(nfds < FDS);
    fds[nfds++] = fd;
    return fd;
}

static int
teardown(void **state)
{
    (void)state;
    while (nfds > 0)
        (void)close(fds[--nfds]);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    return 0;
}

/* A connected pair over TCP; returns the near end and the far end's port. */
static int
tcp(int family, const char *address, uint16_t *port, int *far)
{
    struct sockaddr_storage ss;
    struct sockaddr_in *in4 = (void *)&ss;
    struct sockaddr_in6 *in6 = (void *)&ss;
    socklen_t len;
    int listener, fd;

    memset(&ss, 0, sizeof(ss));
    ss.ss_family = family;
    len = (family == AF_INET) ? sizeof(*in4) : sizeof(*in6);
    assert_int_equal(inet_pton(family, address, family == AF_INET ?
                               (void *)&in4->sin_addr :
                               (void *)&in6->sin6_addr), 1);
    listener = socket(family, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&ss, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&ss, &len), 0);
    fd = keep(socket(family, SOCK_STREAM, 0));
    assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
    *far = accept(listener, NULL, NULL);
    assert_true(*far >= 0);
    (void)close(listener);
    *port = ntohs(family == AF_INET ? in4->sin_port : in6->sin6_port);
    return fd;
}

/* The far end lives in a child: here it would be one more connection of this
 * process.  The child goes when the control socket does. */
struct peer {
    int fd;                     /* near end */
    uint16_t port;              /* where it goes */
    int control;                /* one byte written here makes the peer send */
};

/* The child's end is the far one, of a connection that was made here; or the
 * one that has connected. */
static struct peer
make_peer(int family, const char *address, int from_here)
{
    struct sockaddr_storage ss;
    struct peer p;
    int far, near, control[2];
    socklen_t len = sizeof(ss);
    char c;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
    near = tcp(family, address, &p.port, &far);
    if (!from_here) {
        int accepted = far;

        assert_int_equal(getsockname(near, (struct sockaddr *)&ss, &len), 0);
        p.port = ntohs(family == AF_INET ?
                       ((struct sockaddr_in *)&ss)->sin_port :
                       ((struct sockaddr_in6 *)&ss)->sin6_port);
        far = near;
        near = fds[nfds - 1] = accepted;
    }
    p.fd = near;
    if (fork() == 0) {
        teardown(NULL);         /* other peers' control sockets too */
        (void)close(control[0]);
        while (read(control[1], &c, 1) == 1) {
            if (write(far, "x", 1) != 1 || write(control[1], "k", 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    (void)close(far);
    (void)close(control[1]);
    p.control = keep(control[0]);
    return p;
}

static struct peer
peer(int family, const char *address)
{
    return make_peer(family, address, 1);
}

/* The connection is the child's; p.port is where it comes from. */
static struct peer
client(int family, const char *address)
{
    return make_peer(family, address, 0);
}

/* The far end sends a byte, and it has arrived. */
static void
hear(const struct peer *p)
{
    char c;

    assert_int_equal(write(p->control, "s", 1), 1);
    assert_int_equal(read(p->control, &c, 1), 1);
    assert_int_equal(recv(p->fd, &c, 1, MSG_PEEK), 1);
}

/* The far end ends, and that has arrived. */
static void
leave(const struct peer *p)
{
    char c;

    assert_int_equal(shutdown(p->control, SHUT_RDWR), 0);
    while (recv(p->fd, &c, 1, 0) == 1)
        ;
}

/* Send until no more fits: the far end reads nothing. */
static void
fill(const struct peer *p)
{
    static const char zeros[65536];

    while (send(p->fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
}

static enum gw_verdict
judge(uint16_t port, const char *host, char *text)
{
    const struct gw_conn *conn;
    struct gw_conns conns;
    enum gw_verdict v;

    assert_int_equal(gw_conns_list(&conns), 0);
    v = gw_judge(&conns, &port, 1, host, &conn);
    if (text != NULL && v != GW_NO_WINRM)
        gw_conn_format(conn, text, 64);
    free(conns.v);
    return v;
}

static int
other(uint16_t port, const char *host)
{
    struct gw_conns conns;
    int yes;

    assert_int_equal(gw_conns_list(&conns), 0);
    yes = gw_other_connection(&conns, &port, 1, host);
    free(conns.v);
    return yes;
}

static void
test_nothing(void **state)
{
    (void)state;
    assert_int_equal(judge(5985, "127.0.0.1", NULL), GW_NO_WINRM);
    assert_int_equal(other(5985, "127.0.0.1"), 0);
}

static void
test_not_tcp(void **state)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(5985) };
    struct gw_conns conns;
    int pair[2], udp;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    keep(pair[0]);
    keep(pair[1]);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    udp = keep(socket(AF_INET, SOCK_DGRAM, 0));
    assert_int_equal(connect(udp, (struct sockaddr *)&in, sizeof(in)), 0);
    keep(socket(AF_INET, SOCK_STREAM, 0));      /* not connected */
    assert_int_equal(judge(5985, "127.0.0.1", NULL), GW_NO_WINRM);
    assert_int_equal(other(1, "127.0.0.1"), 0);
    /* Nor is any of them a connection that somebody else has made. */
    assert_int_equal(gw_conns_list(&conns), 0);
    assert_int_equal(conns.n, 0);
    assert_int_equal(conns.accepted, 0);
    free(conns.v);
}

static void
test_tcp4(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1");
    char text[64], want[64];

    (void)state;
    assert_int_equal(judge(p.port, "127.0.0.1", text), GW_WINRM);
    (void)snprintf(want, sizeof(want), "127.0.0.1:%u", p.port);
    assert_string_equal(text, want);
    assert_int_equal(judge(p.port ^ 1, "127.0.0.1", NULL), GW_NO_WINRM);
    /* Alone, it counts for any host: nothing is resolved. */
    assert_int_equal(judge(p.port, "no.such.host.invalid", NULL), GW_WINRM);
}

static void
test_tcp6(void **state)
{
    struct peer p = peer(AF_INET6, "::1");
    char text[64], want[64];

    (void)state;
    assert_int_equal(judge(p.port, "::1", text), GW_WINRM);
    (void)snprintf(want, sizeof(want), "[::1]:%u", p.port);
    assert_string_equal(text, want);
}

/* IPv4 through an IPv6 socket is the same host. */
static void
test_mapped(void **state)
{
    struct peer winrm = peer(AF_INET6, "::ffff:127.0.0.1");
    struct peer elsewhere = peer(AF_INET, "127.0.0.2");

    (void)state;
    (void)elsewhere;
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_WINRM);
    assert_int_equal(judge(winrm.port, "127.0.0.3", NULL), GW_NO_WINRM);
}

static void
test_other_hosts(void **state)
{
    struct peer winrm = peer(AF_INET, "127.0.0.1");
    struct peer site = peer(AF_INET, "127.0.0.2");

    (void)state;
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_WINRM);
    /* The call is about a host that the WinRM connection does not go to. */
    assert_int_equal(judge(winrm.port, "127.0.0.2", NULL), GW_NO_WINRM);
    assert_int_equal(judge(winrm.port, "no.such.host.invalid", NULL),
                     GW_NO_WINRM);
    assert_int_equal(other(winrm.port, "127.0.0.2"), 1);
    assert_int_equal(other(winrm.port, "127.0.0.1"), 0);
    (void)site;
}

static void
test_both(void **state)
{
    struct peer winrm = peer(AF_INET, "127.0.0.1");
    struct peer site = peer(AF_INET, "127.0.0.1");

    (void)state;
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_BOTH);
    hear(&site);
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_BOTH);
    (void)usleep(50000);
    hear(&winrm);               /* both are busy */
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_BOTH);
    (void)sleep(2);
    hear(&winrm);
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_WINRM);
    (void)usleep(50000);
    hear(&site);
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_BOTH);
}

/* Both halves of the rule: WinRM's is the later one, and the other silent. */
static void
test_turn(void **state)
{
    static const struct {
        uint32_t winrm, other;
        int turn;
    } cases[] = {
        { 0, 1000, 1 }, { 999, 1000, 1 }, { 4000, 5000, 1 },
        { 0, 999, 0 }, { 0, 0, 0 }, { 998, 999, 0 },
        { 1000, 1000, 0 }, { 1001, 1000, 0 }, { 5000, 4000, 0 }
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct gw_traffic winrm = { .idle_ms = cases[i].winrm };
        struct gw_traffic other = { .idle_ms = cases[i].other };

        assert_int_equal(gw_is_winrms_turn(&winrm, &other), cases[i].turn);
    }
}

static void
test_traffic(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1"), q = peer(AF_INET, "127.0.0.1");
    struct gw_conn c = { .fd = p.fd }, d = { .fd = q.fd };
    struct gw_traffic before, after, another;

    (void)state;
    gw_conn_traffic(&c, &before);
    hear(&p);
    gw_conn_traffic(&c, &after);
    gw_conn_traffic(&d, &another);
    assert_true(before.cookie != 0);
    assert_true(before.cookie == after.cookie);
    assert_true(before.cookie != another.cookie);
    assert_int_equal(after.received, before.received + 1);
    c.fd = -1;
    gw_conn_traffic(&c, &after);
    assert_int_equal(after.cookie, 0);
    assert_int_equal(after.received, 0);
}

/* One connection to WinRM is this context's; one of two may be another's. */
static void
test_only(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1"), q;
    struct gw_conns conns;
    uint16_t ports[2] = { p.port, 0 };

    (void)state;
    q = peer(AF_INET, "127.0.0.2");
    ports[1] = q.port;
    assert_int_equal(gw_conns_list(&conns), 0);
    assert_non_null(gw_only_connection(&conns, ports, 1));
    assert_int_equal(gw_only_connection(&conns, ports, 1)->fd, p.fd);
    assert_null(gw_only_connection(&conns, ports, 2));
    assert_true(gw_connected_to(&conns, ports, 1, "127.0.0.1"));
    assert_false(gw_connected_to(&conns, ports, 1, "127.0.0.2"));
    assert_true(gw_connected_to(&conns, ports, 2, "127.0.0.2"));
    assert_false(gw_connected_to(&conns, ports, 2, "no.such.host.invalid"));
    free(conns.v);
    conns.v = NULL;
    conns.n = 0;
    assert_null(gw_only_connection(&conns, ports, 2));
}

static void
check_client(int family, const char *address)
{
    struct peer p = client(family, address);

    assert_int_equal(judge(p.port, address, NULL), GW_NO_WINRM);
    hear(&p);
    assert_int_equal(judge(p.port, address, NULL), GW_NO_WINRM);
    assert_int_equal(send(p.fd, "answer", 6, 0), 6);
    assert_int_equal(judge(p.port, address, NULL), GW_NO_WINRM);
    fill(&p);
    assert_int_equal(judge(p.port, address, NULL), GW_NO_WINRM);
    assert_int_equal(other(p.port ^ 1, address), 0);
    leave(&p);
    assert_int_equal(judge(p.port, address, NULL), GW_NO_WINRM);
    teardown(NULL);
}

/* A client of this process chooses the port that it comes from; so that says
 * nothing, whatever goes over the connection.  No listener is in sight. */
static void
test_accepted(void **state)
{
    (void)state;
    check_client(AF_INET, "127.0.0.1");
    check_client(AF_INET6, "::1");
    check_client(AF_INET6, "::ffff:127.0.0.1");
}

/* The last byte of an accepted connection is FIN: no mistake for SYN. */
static void
test_accepted_finished(void **state)
{
    struct peer p = client(AF_INET, "127.0.0.1");

    (void)state;
    assert_int_equal(send(p.fd, "answer", 6, 0), 6);
    assert_int_equal(shutdown(p.fd, SHUT_WR), 0);
    (void)usleep(50000);        /* FIN may be acknowledged, or not yet */
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_NO_WINRM);
}

/* What was sent, what waits to be, and who has gone: it counts. */
static void
test_sent(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1");

    (void)state;
    assert_int_equal(send(p.fd, "GET", 3, 0), 3);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_WINRM);
    hear(&p);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_WINRM);
    fill(&p);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_WINRM);
}

static void
test_gone(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1");

    (void)state;
    leave(&p);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_WINRM);
    /* It can ask no more there. */
    assert_int_equal(shutdown(p.fd, SHUT_WR), 0);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_NO_WINRM);
}

/* Who serves others connects for more than one reason: resolved, always. */
static void
test_server(void **state)
{
    struct peer winrm = peer(AF_INET, "127.0.0.1");
    struct peer p = client(AF_INET, "127.0.0.1");

    (void)state;
    assert_int_equal(judge(winrm.port, "127.0.0.1", NULL), GW_WINRM);
    assert_int_equal(judge(winrm.port, "127.0.0.2", NULL), GW_NO_WINRM);
    assert_int_equal(judge(winrm.port, "no.such.host.invalid", NULL),
                     GW_NO_WINRM);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_NO_WINRM);
}

/* A gap of fewer than 64 closed descriptors does not hide a connection. */
static void
test_gap(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1");
    int high, top = p.control;

    (void)state;
    high = fcntl(p.fd, F_DUPFD, top + 60);
    assert_true(high >= top + 60 && high <= top + 64);
    (void)close(p.fd);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_WINRM);
    (void)close(high);
    assert_int_equal(judge(p.port, "127.0.0.1", NULL), GW_NO_WINRM);
}

static void
test_many(void **state)
{
    struct peer p = peer(AF_INET, "127.0.0.1");
    struct gw_conns conns;
    int i, last = -1;

    (void)state;
    for (i = 0; i < 300; i++) {
        last = dup(p.fd);
        assert_true(last >= 0);
    }
    assert_int_equal(gw_conns_list(&conns), 0);
    assert_int_equal(conns.n, 301);
    free(conns.v);
    for (i = 0; i < 300; i++)
        (void)close(last - i);
}

static void
test_errno_is_kept(void **state)
{
    struct gw_conns conns;

    (void)state;
    errno = ENOTTY;
    assert_int_equal(gw_conns_list(&conns), 0);
    assert_int_equal(errno, ENOTTY);
    free(conns.v);
}

static void
test_addresses(void **state)
{
    static const uint8_t loopback[16] = { [10] = 255, [11] = 255,
                                          [12] = 127, [15] = 1 };
    struct gw_addrs addrs;

    (void)state;
    assert_int_equal(gw_addrs_of("127.0.0.1", &addrs), 0);
    assert_int_equal(addrs.n, 1);
    assert_memory_equal(addrs.v[0].b, loopback, 16);
    free(addrs.v);
    assert_int_equal(gw_addrs_of("no.such.host.invalid", &addrs), 0);
    assert_int_equal(addrs.n, 0);
    free(addrs.v);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),
        TEST(test_not_tcp),
        TEST(test_tcp4),
        TEST(test_tcp6),
        TEST(test_mapped),
        TEST(test_other_hosts),
        TEST(test_both),
        TEST(test_turn),
        TEST(test_traffic),
        TEST(test_only),
        TEST(test_accepted),
        TEST(test_accepted_finished),
        TEST(test_sent),
        TEST(test_gone),
        TEST(test_server),
        TEST(test_gap),
        TEST(test_many),
        TEST(test_errno_is_kept),
        TEST(test_addresses),
    };

    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
