/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* lock.h - the one lock of this module, held for moments and across fork(). */
#ifndef GW_LOCK_H
#define GW_LOCK_H

/* Take care of fork().  Safe to call more than once. */
void gw_lock_init(void);

void gw_lock(void);
void gw_unlock(void);

#endif /* GW_LOCK_H */
