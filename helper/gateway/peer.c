/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* peer.c - the user of the process at the other end of a TCP connection. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "helper/gateway/peer.h"

struct peer {
    pthread_mutex_t lock;       /* one question at a time */
    struct mnl_socket *nl;
    unsigned int portid;
    uint32_t seq;
};

int
peer_new(struct peer **out, struct cs_error *err)
{
    struct peer *p = calloc(1, sizeof(*p));
    int error;

    *out = p;
    if (p == NULL)
        return cs_nomem(err);
    (void)pthread_mutex_init(&p->lock, NULL);
    p->nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (p->nl == NULL || mnl_socket_bind(p->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
        error = errno;
        peer_free(out);
        return cs_fail_errno(err, CS_SYSTEM, error, "cannot open a netlink "
                             "socket (sock_diag) to identify clients");
    }
    p->portid = mnl_socket_get_portid(p->nl);
    return 0;
}

void
peer_free(struct peer **peer)
{
    struct peer *p = *peer;

    *peer = NULL;
    if (p == NULL)
        return;
    if (p->nl != NULL)
        mnl_socket_close(p->nl);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

static void
put_end(const struct sockaddr_storage *ss, __be16 *port, __be32 *address)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
    const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

    if (ss->ss_family == AF_INET6) {
        *port = in6->sin6_port;
        memcpy(address, &in6->sin6_addr, sizeof(in6->sin6_addr));
    } else {
        *port = in->sin_port;
        memcpy(address, &in->sin_addr, sizeof(in->sin_addr));
    }
}

/* Which socket has our peer's address for its own, and ours for its peer's? */
static int
ask(struct peer *p, const struct sockaddr_storage *theirs,
    const struct sockaddr_storage *ours)
{
    char buf[MNL_NLMSG_HDRLEN + sizeof(struct inet_diag_req_v2) + 64];
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    struct inet_diag_req_v2 *req;

    h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    h->nlmsg_flags = NLM_F_REQUEST;
    h->nlmsg_seq = ++p->seq;
    req = mnl_nlmsg_put_extra_header(h, sizeof(*req));
    req->sdiag_family = (uint8_t)theirs->ss_family;
    req->sdiag_protocol = IPPROTO_TCP;
    req->idiag_states = ~0U;
    req->id.idiag_cookie[0] = req->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    put_end(theirs, &req->id.idiag_sport, req->id.idiag_src);
    put_end(ours, &req->id.idiag_dport, req->id.idiag_dst);
    return mnl_socket_sendto(p->nl, h, h->nlmsg_len) < 0 ? -1 : 0;
}

static int
take(const struct nlmsghdr *h, void *data)
{
    const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);

    if (mnl_nlmsg_get_payload_len(h) < sizeof(*m))
        return MNL_CB_ERROR;
    memcpy(data, m, sizeof(*m));
    return MNL_CB_STOP;
}

/* Under the lock. */
static int
find(struct peer *p, int fd, struct inet_diag_msg *m, struct cs_error *err)
{
    struct sockaddr_storage theirs, ours;
    socklen_t len = sizeof(theirs), len2 = sizeof(ours);
    char buf[8192];
    ssize_t n;

    memset(m, 0, sizeof(*m));
    memset(&theirs, 0, sizeof(theirs));
    memset(&ours, 0, sizeof(ours));
    if (getpeername(fd, (struct sockaddr *)&theirs, &len) != 0 ||
        getsockname(fd, (struct sockaddr *)&ours, &len2) != 0)
        return cs_fail_errno(err, CS_POLICY, errno,
                             "the client has disconnected");
    if (ask(p, &theirs, &ours) != 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "sock_diag");
    n = mnl_socket_recvfrom(p->nl, buf, sizeof(buf));
    if (n < 0 || mnl_cb_run(buf, n, p->seq, p->portid, take, m) < 0)
        return cs_fail_errno(err, CS_POLICY, errno, "the client is not on "
                             "this machine, or has disconnected");
    /* With no such connection the kernel answers with a listener. */
    if (m->id.idiag_dport != ((struct sockaddr_in *)&ours)->sin_port)
        return cs_fail(err, CS_POLICY, "the client has disconnected");
    /* Sockets that nobody has any more count as root's. */
    return (m->idiag_inode == 0) ?
        cs_fail(err, CS_POLICY, "the client has disconnected") : 0;
}

int
peer_find(struct peer *p, int fd, uid_t *uid, unsigned long *inode,
          struct cs_error *err)
{
    struct inet_diag_msg m;
    int ret;

    (void)pthread_mutex_lock(&p->lock);
    ret = find(p, fd, &m, err);
    (void)pthread_mutex_unlock(&p->lock);
    if (ret == 0 && uid != NULL)
        *uid = m.idiag_uid;
    if (ret == 0 && inode != NULL)
        *inode = m.idiag_inode;
    return ret;
}
