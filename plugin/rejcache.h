/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * rejcache.h - what this process has seen a host answer.
 *
 * A few hosts, in static storage: a server's rejection is remembered from one
 * context to the next, so that a client heals within its own retry.  Safe in
 * threads and across fork.  Rejections are forgotten ten minutes after the last,
 * the rest after ten minutes without use.
 */
#ifndef GW_REJCACHE_H
#define GW_REJCACHE_H

#include <stddef.h>
#include <stdint.h>

#include "plugin/sockets.h"

/* Longest name that is remembered, with the NUL. */
#define GW_MEMORY_NAME 512

/*
 * A context for host now waits for the answer to this name, sent over the
 * connection with this traffic (cookie 0: the client had not connected).  With
 * mute set only a token tells the answer: a context that needs none looks the
 * same whether it was accepted or not.
 */
void gw_rejcache_sent(const char *host, const char *name,
                      const struct gw_traffic *traffic, int mute);

/*
 * A new context for host begins.  Was the last one's name rejected?  Yes when
 * it was never answered and
 *   - the caller hands in a token that no context of this kind begins with, or
 *   - it went over the very connection that the new one will go over, and
 *     something has come back since, or
 *   - it was sent less than half a minute ago, before the client had
 *     connected, and now it has.
 * If so it counts as rejected from now on and is copied to name (of
 * GW_MEMORY_NAME bytes).  Returns 1 or 0.
 */
int gw_rejcache_was_rejected(const char *host, int stale_token,
                             const struct gw_traffic *traffic, char *name);

/* Copy the name that waits for an answer (GW_MEMORY_NAME bytes) and forget that
 * it waits, without blame.  Returns 1 or 0. */
int gw_rejcache_take_pending(const char *host, char *name);

/* The name is rejected at host: the server refused it, or no KDC knows it. */
void gw_rejcache_reject(const char *host, const char *name);

int gw_rejcache_is_rejected(const char *host, const char *name);

/* Forget the rejections: all names have been tried. */
void gw_rejcache_start_over(const char *host);

/*
 * The server at host has authenticated itself.  Forgets the rejections;
 * returns 1 when there were any, so that there is something to learn.
 */
int gw_rejcache_proven(const char *host);

/* Keep what was learned here, where no credential cache can be written. */
void gw_rejcache_learn(const char *host, const char *name);

/* Copies the name kept so (GW_MEMORY_NAME bytes).  Returns 1 or 0. */
int gw_rejcache_learned(const char *host, char *name);

#endif /* GW_REJCACHE_H */
