/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_evidence.c - what the sockets of the process say. */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/k5/k5.h"

#define WEB01 "h:HTTP@web01.test.example"
#define PLAIN "HTTP/web01.test.example"
#define MACHINE "HOST/web01.test.example"

/* Ask for the ticket of a target and see which one it is. */
static void
expect(const char *winrm, int port, const char *target, const char *ticket,
       const char *trace, const char *what)
{
    char conf[1024];
    struct k5_side me;
    const char *cc, *lines;

    (void)snprintf(conf, sizeof(conf), " ports = 5985 %d\n%s", port,
                   winrm == NULL ? "" : winrm);
    k5_conf(NULL, conf);
    cc = k5_fresh("alice");
    (void)k5_trace();
    k5_local(&me);
    (void)k5_init(&me, target, K5_KRB5, ALL_FLAGS, NULL);
    k5_close(&me);
    lines = k5_trace();
    if (!is_str(k5_tickets(cc), ticket, "%s", what))
        diag("%s", lines);
    if (trace != NULL)
        has_str(lines, trace, "%s: in the trace", what);
}

static void
check_one(void)
{
    struct k5_socket s = k5_connect("127.0.11.1", 0), v6;
    char text[64];

    (void)snprintf(text, sizeof(text), "WinRM (connection to 127.0.11.1:%d)",
                   s.port);
    expect(NULL, s.port, WEB01, MACHINE, text, "a connection to the port");
    expect(NULL, s.port + 1, WEB01, PLAIN, "not WinRM",
           "a connection to another port");
    expect(NULL, s.port, "h:HTTP@web01", MACHINE, text, "a short name");
    expect(NULL, s.port, "h:HTTP@alias01.test.example",
           k5_fallback() ? MACHINE : "",
           k5_fallback() ? "sending HOST@alias01.test.example" :
           "HOST@alias01.test.example unknown",
           "one connection needs no lookup");
    expect(NULL, s.port, "h:HOST@web01.test.example", MACHINE, NULL,
           "another class");
    is_str(k5_trace(), "", "another class: not a line");
    expect(" match = never\n", s.port, WEB01, PLAIN, NULL,
           "match = never in spite of a connection");
    expect(" targets = {\n  web01.test.example = {\n   match = never\n  }\n }",
           s.port, WEB01, PLAIN, NULL, "the target's match = never");
    expect(" targets = {\n  web01.test.example = {\n   ports = 1\n  }\n }",
           s.port, WEB01, PLAIN, NULL, "the target's own ports");
    expect(" spn = HTTP/%f:%p HTTP/%n\n", s.port, WEB01, "HTTP/web01", NULL,
           "the port of the connection in a name");
    k5_disconnect(&s);
    expect(NULL, s.port, WEB01, PLAIN, "not WinRM", "a closed connection");
    v6 = k5_connect("::1", 0);
    (void)snprintf(text, sizeof(text), "connection to [::1]:%d", v6.port);
    expect(NULL, v6.port, WEB01, MACHINE, text, "IPv6");
    k5_disconnect(&v6);
}

static void
check_two(void)
{
    struct k5_socket winrm = k5_connect("127.0.11.1", 0);
    struct k5_socket other = k5_connect("127.0.11.2", 0);
    struct k5_socket same;

    expect(NULL, winrm.port, WEB01, MACHINE, "WinRM (connection to 127.0.11.1",
           "and one elsewhere");
    expect(NULL, winrm.port, "h:HTTP@web02.test.example",
           "HTTP/web02.test.example", "not WinRM",
           "the other host, on another port");
    expect(NULL, winrm.port, "h:HTTP@web03.test.example",
           "HTTP/web03.test.example", "not WinRM", "a third host");
    expect(NULL, winrm.port, "h:HTTP@nowhere.test.example", "", "not WinRM",
           "a host that has no address");
    same = k5_connect("127.0.11.1", 0);
    expect(NULL, winrm.port, WEB01, PLAIN, "not WinRM",
           "both ports of one host: left alone");
    expect(" match = always\n", winrm.port, WEB01, MACHINE, NULL,
           "both ports, but match = always");
    k5_disconnect(&same);
    expect(NULL, winrm.port, WEB01, MACHINE, NULL, "and without the second");
    k5_disconnect(&winrm);
    k5_disconnect(&other);
}

/* The first connection goes to one node of a cluster, or the other. */
static void
check_nodes(void)
{
    static const char nodes[]
        = " targets = {\n  web.test.example = {\n"
          "   nodes = node1.test.example node2.test.example\n  }\n }";
    struct k5_socket s = k5_connect("127.0.11.51", 0);

    expect(nodes, s.port, "h:HTTP@web.test.example", "HOST/node1.test.example",
           "reached node node1.test.example", "the first node");
    k5_disconnect(&s);
    s = k5_connect("127.0.11.52", 0);
    expect(nodes, s.port, "h:HTTP@web.test.example", "HOST/node2.test.example",
           "reached node node2.test.example", "the second node");
    k5_disconnect(&s);
    s = k5_connect("127.0.11.9", 0);
    expect(nodes, s.port, "h:HTTP@web.test.example", "HOST/node1.test.example",
           NULL, "a shared address: the nodes in turn");
    k5_disconnect(&s);
    s = k5_connect("127.0.11.52", 0);
    {
        struct k5_socket other = k5_connect("127.0.11.2", 0);

        expect(nodes, s.port, "h:HTTP@web.test.example",
               "HOST/node2.test.example", "reached node node2",
               "the second node, with a connection elsewhere");
        k5_disconnect(&other);
    }
    k5_disconnect(&s);
}

/* Sockets that are no connections to a server. */
static void
check_others(void)
{
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    struct k5_socket s;
    int udp, listener, mapped, pair[2], many[300], i;
    socklen_t len = sizeof(in4);

    s = k5_connect("127.0.11.1", 0);
    (void)close(s.fd);
    s.fd = -1;
    (void)inet_pton(AF_INET, "127.0.11.1", &in4.sin_addr);
    in4.sin_port = htons((uint16_t)s.port);
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    ok(connect(udp, (struct sockaddr *)&in4, sizeof(in4)) == 0
           && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0,
       "UDP and Unix sockets are there");
    expect(NULL, s.port, WEB01, PLAIN, "not WinRM", "UDP to the port");
    (void)close(udp);
    k5_disconnect(&s);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    in4.sin_port = 0;
    ok(bind(listener, (struct sockaddr *)&in4, sizeof(in4)) == 0
           && listen(listener, 1) == 0
           && getsockname(listener, (struct sockaddr *)&in4, &len) == 0,
       "a listener is there");
    expect(NULL, ntohs(in4.sin_port), WEB01, PLAIN, "not WinRM",
           "a listener at the port");

    /* An IPv4 address in an IPv6 socket, as many programs have it. */
    mapped = socket(AF_INET6, SOCK_STREAM, 0);
    (void)inet_pton(AF_INET6, "::ffff:127.0.11.1", &in6.sin6_addr);
    in6.sin6_port = in4.sin_port;
    ok(connect(mapped, (struct sockaddr *)&in6, sizeof(in6)) == 0,
       "a mapped address is connected");
    expect(NULL, ntohs(in4.sin_port), WEB01, MACHINE,
           "connection to 127.0.11.1:", "a mapped address");
    s = k5_connect("127.0.11.2", 0);
    expect(NULL, ntohs(in4.sin_port), WEB01, MACHINE, NULL,
           "a mapped address is one of the host's");
    k5_disconnect(&s);

    /* Behind many descriptors, with gaps. */
    for (i = 0; i < 300; i++)
        many[i] = open("/dev/null", O_RDONLY);
    (void)dup2(mapped, many[299] + 40);
    (void)close(mapped);
    expect(NULL, ntohs(in4.sin_port), WEB01, MACHINE, NULL,
           "a connection behind 300 descriptors and a gap");
    (void)close(many[299] + 40);
    for (i = 0; i < 300; i++)
        (void)close(many[i]);
    (void)close(listener);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* A connection that a child of this process makes to it.  Returns this end;
 * *port is the one that the client comes from, which it chooses. */
static int
serve_client(const char *address, int *port)
{
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    socklen_t len = sizeof(in4);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0), fd = -1;

    (void)inet_pton(AF_INET, address, &in4.sin_addr);
    ok(bind(listener, (struct sockaddr *)&in4, sizeof(in4)) == 0
           && listen(listener, 1) == 0
           && getsockname(listener, (struct sockaddr *)&in4, &len) == 0
           && connect(client, (struct sockaddr *)&in4, sizeof(in4)) == 0
           && (fd = accept(listener, NULL, NULL)) >= 0
           && getpeername(fd, (struct sockaddr *)&in4, &len) == 0,
       "a client of this process");
    *port = ntohs(in4.sin_port);
    fflush(stdout);
    if (fork() == 0) {          /* its end lives there */
        char c;

        (void)close(fd);
        while (read(client, &c, 1) == 1)
            ;
        _exit(0);
    }
    (void)close(client);
    (void)close(listener);
    return fd;
}

/* Who connects to this process chooses a port; that is no evidence. */
static void
check_clients(void)
{
    struct k5_socket s;
    int fd, port;

    fd = serve_client("127.0.11.1", &port);
    expect(NULL, port, WEB01, PLAIN, "not WinRM",
           "a client that comes from the port, and from the host");
    (void)!write(fd, "answer", 6);
    expect(NULL, port, WEB01, PLAIN, "not WinRM", "and has been answered");
    s = k5_connect("127.0.11.1", 0);
    expect(NULL, s.port, WEB01, MACHINE, "WinRM (connection to 127.0.11.1",
           "a connection to the port, and a client");
    expect(NULL, s.port, "h:HTTP@web03.test.example",
           "HTTP/web03.test.example", "not WinRM",
           "with a client, the host has to be the connection's");
    k5_disconnect(&s);
    (void)close(fd);
}

int
main(int argc, char **argv)
{
    k5_begin(argc, argv);
    check_one();
    check_two();
    check_nodes();
    check_others();
    check_clients();
    return k5_end();
}
