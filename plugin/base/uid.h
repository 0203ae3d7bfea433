/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * uid.h - is a user id somebody's?
 *
 * In a user namespace that does not map all users of the machine, all unmapped
 * users have the same uid, the overflow uid (user_namespaces(7)), in stat(),
 * SO_PEERCRED and sock_diag.  Comparing two uids that may be this one proves
 * nothing.  The initial namespace maps everybody, and there it is an ordinary
 * account (often nobody).
 */
#ifndef GW_UID_H
#define GW_UID_H

#include <stddef.h>
#include <sys/types.h>

/* May it be anybody's, as this process sees it?  If that cannot be known (no
 * /proc), then for the kernel's default. */
int gw_uid_is_anybodys(uid_t uid);

/* Is it this process's (effective) one, and nobody else's? */
int gw_uid_is_ours(uid_t uid);

/* How many ids a piece of a uid_map has in it.  Three numbers a line, of which
 * the last counts; *at and *n go on in the next piece, and begin with 0. */
unsigned long long gw_uid_map_count(const char *piece, size_t len, int *at,
                                    unsigned long long *n);

#endif /* GW_UID_H */
