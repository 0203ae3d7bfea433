/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * slots.h - connection limits: in all, per program, and how long each may
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
#ifndef GATE_SLOTS_H
#define GATE_SLOTS_H

#include <stdint.h>
#include <sys/types.h>

#include "plugin/bytes/error.h"

struct slots;
struct place;

enum slot_state { SLOT_HEAD, SLOT_BODY, SLOT_BUSY, SLOT_IDLE };

/* idle: how long a connection may be IDLE. */
int slots_new(unsigned int limit, int64_t idle, struct slots **out,
              struct cs_error *err);
/* All of them have left. */
void slots_free(struct slots **places);

/* How many connections may exist besides, which are cut but not gone yet. */
unsigned int slots_spare(unsigned int limit);

/*
 * With so many more, does it matter whose they are?  Then the inodes (as
 * peer.h has them) of those whose program has not been asked for yet, and what
 * the answer was (0: not known).
 */
int slots_crowded(struct slots *places, size_t more);
size_t slots_unknown(struct slots *places, unsigned long *inodes,
                     size_t max);
void slots_know(struct slots *places, const unsigned long *inodes,
                const pid_t *pids, size_t n);

#define PLACES_UNASKED ((pid_t)-1)

/*
 * A place for socket fd, which stays the caller's, of the program pid (0: it
 * is not known; all of these count as one program).  CS_POLICY, and a sentence
 * for the client, when there is none.
 */
int slots_take(struct slots *places, int fd, unsigned long inode, pid_t pid,
               int64_t now, struct cs_error *err);
/* The place of fd, once it is served; NULL if it has none. */
struct place *slots_arrive(struct slots *places, int fd);
/* fd will not be served. */
void slots_cancel(struct slots *places, int fd);

void slot_is(struct place *place, enum slot_state state, int64_t now);
/* BODY, and so many bytes of it are here. */
void slot_received(struct place *place, size_t bytes);
void slot_leave(struct place **place);

/* Cut what is too late. */
void slots_tidy(struct slots *places, int64_t now);
void slots_cut_all(struct slots *places);
/* How many are taken. */
unsigned int slots_count(struct slots *places);

#endif /* GATE_SLOTS_H */
