/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * kdcqueue.h - limit how many sessions ask the KDC at once.
 *
 * After a login or a restart hundreds of sessions with a host may begin at
 * once.  Where they would all ask the KDC the same, one does, and its ticket is
 * in the cache when the others look for it.  Where each needs a ticket of its
 * own, a few ask at a time: a KDC refuses what its queue does not hold.
 */
#ifndef BD_KDCQUEUE_H
#define BD_KDCQUEUE_H

#include <stdint.h>

/* Wait for the turn of this credential at this service; not for long, since the
 * KDC may not answer.  What it returns is for kdcqueue_end(). */
int kdcqueue_begin(const char *credential, const char *spn);
void kdcqueue_end(int turn);

/* Until when a session that begins now may wait for the KDC: as long as its
 * client does.  In milliseconds, of a clock that nobody sets. */
int64_t kdcqueue_limit(void);

/* Wait for a moment before the KDC is asked again; 0 if the limit comes first. */
int kdcqueue_again(int64_t limit);

/* Wait until the limit for one of the few places of those who ask for a ticket
 * of their own; 0 if there was none. */
int place_begin(int64_t limit);
void place_end(void);

#endif /* BD_KDCQUEUE_H */
