/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* lock.c - the one lock of this module, held for moments and across fork(). */
#include "config.h"

#include <pthread.h>

#include "plugin/lock.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

void
gw_lock(void)
{
    (void)pthread_mutex_lock(&mutex);
}

void
gw_unlock(void)
{
    (void)pthread_mutex_unlock(&mutex);
}

/* The child of a fork in another thread must not find the lock taken.  The
 * handlers go away with the module (glibc ties them to it). */
static void
at_fork(void)
{
    (void)pthread_atfork(gw_lock, gw_unlock, gw_unlock);
}

void
gw_lock_init(void)
{
    (void)pthread_once(&once, at_fork);
}
