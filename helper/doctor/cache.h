/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cache.h - the user's tickets, to be used without changing the cache. */
#ifndef DOC_CACHE_H
#define DOC_CACHE_H

#include "helper/doctor/doctor.h"

/*
 * Copy the ticket-granting tickets of the default cache into one in memory,
 * which becomes this process's default cache.  Sets d->k5 and d->profile if
 * they are not set, d->user, d->expired and d->cache.  Returns 0, or a krb5
 * error when there are no tickets.
 */
krb5_error_code tickets_copy(struct doctor *d);

#endif /* DOC_CACHE_H */
