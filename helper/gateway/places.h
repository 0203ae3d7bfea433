/*
 * places.h - connection limits: in all, per program, and how long each may
 * take to send its request.
 *
 *     HEAD    nothing, or a part of a request's headers: for seconds
 *     BODY    the headers, and a part of the body, which has to get on
 *     BUSY    the request is served, or answered: as long as that takes
 *     IDLE    the next request has not begun: idle_timeout
 *
 * The first two are half-open: when the limit is reached, the oldest of these
 * is closed, of the program that has most.  A place is closed by shutting the
 * socket down; the thread that reads from it notices and releases it.  Times
 * are in milliseconds, of a clock of the caller's.  Thread-safe.
 */
#ifndef GATE_PLACES_H
#define GATE_PLACES_H

#include <stdint.h>
#include <sys/types.h>

#include "plugin/bytes/error.h"

struct places;
struct place;

enum place_state { PLACE_HEAD, PLACE_BODY, PLACE_BUSY, PLACE_IDLE };

/* idle: how long a connection may be IDLE. */
int places_new(unsigned int limit, int64_t idle, struct places **out,
               struct cs_error *err);
/* All of them have left. */
void places_free(struct places **places);

/* How many connections may exist besides, which are cut but not gone yet. */
unsigned int places_spare(unsigned int limit);

/*
 * With so many more, does it matter whose they are?  Then the inodes (as
 * peer.h has them) of those whose program has not been asked for yet, and what
 * the answer was (0: not known).
 */
int places_crowded(struct places *places, size_t more);
size_t places_unknown(struct places *places, unsigned long *inodes,
                      size_t max);
void places_know(struct places *places, const unsigned long *inodes,
                 const pid_t *pids, size_t n);

#define PLACES_UNASKED ((pid_t)-1)

/*
 * A place for socket fd, which stays the caller's, of the program pid (0: it
 * is not known; all of these count as one program).  CS_POLICY, and a sentence
 * for the client, when there is none.
 */
int places_take(struct places *places, int fd, unsigned long inode, pid_t pid,
                int64_t now, struct cs_error *err);
/* The place of fd, once it is served; NULL if it has none. */
struct place *places_arrive(struct places *places, int fd);
/* fd will not be served. */
void places_cancel(struct places *places, int fd);

void place_is(struct place *place, enum place_state state, int64_t now);
/* BODY, and so many bytes of it are here. */
void place_received(struct place *place, size_t bytes);
void place_leave(struct place **place);

/* Cut what is too late. */
void places_tidy(struct places *places, int64_t now);
void places_cut_all(struct places *places);
/* How many are taken. */
unsigned int places_count(struct places *places);

#endif /* GATE_PLACES_H */
