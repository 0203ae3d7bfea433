/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* wire.c - frames over a socket, for both ends. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/proto/proto.h"
#include "plugin/base/uid.h"
#include "helper/proto/wire.h"

#define FDS_MAX 4               /* more are closed by the kernel */


/* A control message with one descriptor, or nothing. */
static void
attach(struct msghdr *msg, char *control, size_t room, int passed)
{
    struct cmsghdr *c;

    if (passed < 0)
        return;
    memset(control, 0, room);
    msg->msg_control = control;
    msg->msg_controllen = CMSG_SPACE(sizeof(int));
    c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &passed, sizeof(int));
}

int
bp_send(int fd, struct cs_span frame, int passed, struct cs_error *err)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr msg;
    struct iovec iov;
    ssize_t n;

    while (frame.len > 0) {
        memset(&msg, 0, sizeof(msg));
        iov.iov_base = (void *)(uintptr_t)frame.p;
        iov.iov_len = frame.len;
        msg.msg_iov = &iov;
        msg.msg_iovlen = 1;
        attach(&msg, control, sizeof(control), passed);
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cs_fail_errno(err, CS_SYSTEM, errno,
                                 "cannot write to the broker's socket");
        passed = -1;            /* it went with the first octets */
        frame.p += n;
        frame.len -= (size_t)n;
    }
    return 0;
}

/* Keep the first descriptor in *passed if it is wanted; close the others. */
static void
take_fds(struct msghdr *msg, int *passed)
{
    struct cmsghdr *c;
    size_t i, n;
    int fd;

    for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (i = 0; i < n; i++) {
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (passed != NULL && *passed < 0)
                *passed = fd;
            else
                (void)close(fd);
        }
    }
}

static int
receive_exactly(int fd, uint8_t *p, size_t left, int *passed,
                struct cs_error *err)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MAX * sizeof(int))];
    struct msghdr msg;
    struct iovec iov;
    ssize_t n;

    while (left > 0) {
        memset(&msg, 0, sizeof(msg));
        iov.iov_base = p;
        iov.iov_len = left;
        msg.msg_iov = &iov;
        msg.msg_iovlen = 1;
        msg.msg_control = control;
        msg.msg_controllen = sizeof(control);
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cs_fail_errno(err, CS_SYSTEM, errno,
                                 "cannot read from the broker's socket");
        take_fds(&msg, passed);
        if (n == 0)
            return cs_fail(err, CS_SYSTEM, "the other end closed the broker's "
                           "socket");
        p += n;
        left -= (size_t)n;
    }
    return 0;
}

int
bp_receive(int fd, struct cs_buf *in, int *passed, struct cs_error *err)
{
    uint8_t head[4], *to;
    uint32_t n;
    int ret;

    cs_buf_reset(in);
    if (passed != NULL)
        *passed = -1;
    ret = receive_exactly(fd, head, sizeof(head), passed, err);
    if (ret != 0)
        return ret;
    n = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 |
        (uint32_t)head[2] << 8 | head[3];
    if (n == 0 || n > BP_FRAME_MAX)
        return cs_fail(err, CS_MALFORMED, "a message of %u octets is not "
                       "allowed (at most %u)", n, (unsigned int)BP_FRAME_MAX);
    to = cs_buf_room(in, n);
    if (to == NULL)
        return cs_nomem(err);
    ret = receive_exactly(fd, to, n, passed, err);
    if (ret == 0)
        in->len = n;
    return ret;
}

int
bp_check_peer(int fd, struct cs_error *err)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "SO_PEERCRED of the "
                             "broker's socket");
    if (gw_uid_is_anybodys(peer.uid))
        return cs_fail(err, CS_POLICY, "the other end of the socket runs as "
                       "uid %u, which may be anybody's in this user namespace",
                       (unsigned int)peer.uid);
    if (peer.uid != geteuid())
        return cs_fail(err, CS_POLICY, "the other end of the socket runs as "
                       "uid %u, not as uid %u", (unsigned int)peer.uid,
                       (unsigned int)geteuid());
    return 0;
}
