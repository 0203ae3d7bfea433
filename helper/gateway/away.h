/*
 * away.h - reject connections: tell the client why, and close when it has read
 * that.
 *
 * A socket that is closed with something unread in it is reset, and the client
 * may never see the answer; so what it sends is read and discarded for a short
 * time.  For one thread.
 */
#ifndef GATE_AWAY_H
#define GATE_AWAY_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define AWAY_MAX 32             /* at a time */

struct away {
    struct {
        int fd;                 /* owned */
        int64_t until;          /* ms */
    } list[AWAY_MAX];
    size_t n;
    int64_t told;               /* when a stranger was told last, ms */
};

/* 403: never; 503: not now. */
enum away_status { AWAY_FORBIDDEN, AWAY_BUSY };

/* Takes the socket.  If too many are pending, or strangers (AWAY_FORBIDDEN)
 * connect too fast, it is closed without an answer. */
void away_send(struct away *away, int fd, enum away_status status,
               const char *why, int64_t now);

/* What to poll for: away->n of them; then what has come of it. */
void away_poll(const struct away *away, struct pollfd *fds);
void away_tend(struct away *away, const struct pollfd *fds, int64_t now);
/* In how many ms the next one is given up, or -1. */
int away_due(const struct away *away, int64_t now);

void away_close(struct away *away);

#endif /* GATE_AWAY_H */
