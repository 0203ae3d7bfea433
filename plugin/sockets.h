/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sockets.h - what this process's sockets say.
 *
 * A program that authenticates over HTTP has connected first, nearly always,
 * so the ports that its sockets go to tell WinRM from a web site.
 */
#ifndef GW_SOCKETS_H
#define GW_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

/* An IP address; IPv4 is mapped into IPv6 (RFC 4291 section 2.5.5.2). */
struct gw_addr {
    uint8_t b[16];
};

/* One TCP connection that was made from here, seen from the far end. */
struct gw_conn {
    int fd;
    struct gw_addr addr;
    uint16_t port;              /* host byte order */
};

/* What has happened on a connection; all zero when the system cannot tell. */
struct gw_traffic {
    uint64_t cookie;            /* SO_COOKIE: tells connections apart */
    uint64_t received;          /* bytes, TCP_INFO */
    uint32_t idle_ms;           /* since data last came, milliseconds */
};

struct gw_conns {
    struct gw_conn *v;
    size_t n;
    int accepted;               /* others have connected to this process, or
                                 * the system cannot tell */
};

struct gw_addrs {
    struct gw_addr *v;
    size_t n;
};

/*
 * List the TCP sockets of this process that have connected.  Those that were
 * accepted are not among them: their ports are chosen by others.  Looks at
 * descriptors counting up until 64 in a row are closed: cheap, no /proc, never
 * blocks.
 * Returns 0 or ENOMEM.  Free conns->v with free().
 */
int gw_conns_list(struct gw_conns *conns);

/*
 * All addresses of a host, by getaddrinfo(): may block on DNS.  An unknown
 * host has none.  Returns 0 or ENOMEM.  Free addrs->v with free().
 */
int gw_addrs_of(const char *host, struct gw_addrs *addrs);

int gw_addrs_contain(const struct gw_addrs *addrs, const struct gw_addr *addr);

void gw_conn_traffic(const struct gw_conn *conn, struct gw_traffic *traffic);

/* "ADDRESS:PORT" or "[ADDRESS]:PORT" into buf. */
void gw_conn_format(const struct gw_conn *conn, char *buf, size_t len);

enum gw_verdict {
    GW_NO_WINRM,                /* no connection to the ports at this host */
    GW_WINRM,                   /* such a connection, and none elsewhere there,
                                 * or none that was heard from so lately */
    GW_BOTH                     /* one of each: nobody can tell */
};

/* Of two connections to the host, one to WinRM, that have received something:
 * is the program dealing with WinRM's answer, and with no other?  Pure. */
int gw_is_winrms_turn(const struct gw_traffic *winrm,
                      const struct gw_traffic *other);

/*
 * Do the connections say that a call about host is WinRM?  With connections
 * to other ports beside one to ports, or accepted ones (the process serves
 * others, and connects for more than one reason), the host is resolved and its
 * addresses decide.  If there is one of each to the host, and the others have
 * received nothing for a second but WinRM's has, the program is dealing with
 * WinRM's answer.  When the verdict is not GW_NO_WINRM, *conn is the connection to
 * ports (borrowed from conns).
 */
enum gw_verdict gw_judge(const struct gw_conns *conns, const uint16_t *ports,
                         size_t nports, const char *host,
                         const struct gw_conn **conn);

/* The only connection to ports, or NULL when there are none or several. */
const struct gw_conn *gw_only_connection(const struct gw_conns *conns,
                                         const uint16_t *ports, size_t nports);

/* Does a connection to ports lead to host?  Resolves host. */
int gw_connected_to(const struct gw_conns *conns, const uint16_t *ports,
                    size_t nports, const char *host);

/* Is there a connection to host at a port not among ports?  Resolves host
 * when there is any connection at all to other ports. */
int gw_other_connection(const struct gw_conns *conns, const uint16_t *ports,
                        size_t nports, const char *host);

#endif /* GW_SOCKETS_H */
