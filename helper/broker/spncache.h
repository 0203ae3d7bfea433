/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * spncache.h - for which names the KDC has just given a ticket.
 *
 * Asking it again would be answered from the credential cache, after half of
 * an authentication's work.  A minute is short enough that a name which has
 * moved to another account is noticed.  Thread-safe.
 */
#ifndef BD_SPNCACHE_H
#define BD_SPNCACHE_H

#include <stdint.h>

#define SPNCACHE_SECONDS 60

/* who: the credential's serial number, or 0 for the user's own tickets.  (Not its
 * name: the next one of that name may have a wrong password.) */
void spncache_note(uint64_t who, const char *name);
int spncache_is(uint64_t who, const char *name);

#endif /* BD_SPNCACHE_H */
