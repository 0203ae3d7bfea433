/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * refuse.h - reject connections: tell the client why, and close when it has read
 * that.
 *
 * A socket that is closed with something unread in it is reset, and the client
 * may never see the answer; so what it sends is read and discarded for a short
 * time.  For one thread.
 */
#ifndef GATE_REFUSE_H
#define GATE_REFUSE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define REFUSE_MAX 32             /* at a time */

struct refuse {
    struct {
        int fd;                 /* owned */
        int64_t until;          /* ms */
    } list[REFUSE_MAX];
    size_t n;
    int64_t told;               /* when a stranger was told last, ms */
};

/* 403: never; 503: not now. */
enum refuse_status { REFUSE_FORBIDDEN, REFUSE_BUSY };

/* Takes the socket.  If too many are pending, or strangers (REFUSE_FORBIDDEN)
 * connect too fast, it is closed without an answer. */
void refuse_send(struct refuse *away, int fd, enum refuse_status status,
                 const char *why, int64_t now);

/* What to poll for: away->n of them; then what has come of it. */
void refuse_poll(const struct refuse *away, struct pollfd *fds);
void refuse_tend(struct refuse *away, const struct pollfd *fds, int64_t now);
/* In how many ms the next one is given up, or -1. */
int refuse_due(const struct refuse *away, int64_t now);

void refuse_close(struct refuse *away);

#endif /* GATE_REFUSE_H */
