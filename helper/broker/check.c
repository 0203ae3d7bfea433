/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check.c - verify a new password with the KDC, within a time limit. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "helper/broker/check.h"

#define NO_LOGON_SERVERS 0xC000005E     /* MS-ERREF 2.3.1 */

/* Freed by the last of the two that are at it. */
struct check {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int users, over;
    struct cs_creds *creds;
    struct cs_error err;
    int ret;
};

static void
leave(struct check *c)
{
    int users;

    (void)pthread_mutex_lock(&c->lock);
    users = --c->users;
    (void)pthread_mutex_unlock(&c->lock);
    if (users > 0)
        return;
    cs_creds_free(&c->creds);
    (void)pthread_cond_destroy(&c->ended);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

static void *
ask(void *arg)
{
    struct check *c = arg;
    struct cs_error err = { 0 };
    int ret = cs_creds_check(c->creds, NULL, &err);

    (void)pthread_mutex_lock(&c->lock);
    c->ret = ret;
    c->err = err;
    c->over = 1;
    (void)pthread_cond_signal(&c->ended);
    (void)pthread_mutex_unlock(&c->lock);
    leave(c);
    cs_wipe_stack();            /* which is kept for another thread */
    return NULL;
}

static struct check *
new_check(struct cs_creds *creds)
{
    struct check *c = calloc(1, sizeof(*c));
    pthread_condattr_t attr;

    if (c == NULL)
        return NULL;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&c->ended, &attr);
    (void)pthread_condattr_destroy(&attr);
    c->creds = cs_creds_ref(creds);
    c->users = 2;
    return c;
}

/* What it came to, as far as it has come. */
static int
wait_for(struct check *c, struct cs_error *err)
{
    struct timespec until;
    int ret;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CHECK_SECONDS;
    (void)pthread_mutex_lock(&c->lock);
    while (!c->over &&
           pthread_cond_timedwait(&c->ended, &c->lock, &until) != ETIMEDOUT)
        ;
    if (c->over) {
        ret = c->ret;
        *err = c->err;
    } else {
        ret = cs_fail(err, CS_INNER, "no Kerberos ticket: no domain "
                      "controller answered for %s within %d seconds",
                      cs_creds_name(c->creds), CHECK_SECONDS);
        err->ntstatus = NO_LOGON_SERVERS;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return ret;
}

int
check_password(struct cs_creds *creds, struct cs_error *err)
{
    struct check *c = new_check(creds);
    pthread_t thread;
    int ret;

    if (c == NULL)
        return cs_nomem(err);
    ret = pthread_create(&thread, NULL, ask, c);
    if (ret == 0) {
        (void)pthread_detach(thread);
        ret = wait_for(c, err);
    } else {
        c->users = 1;
        ret = cs_fail_errno(err, CS_SYSTEM, ret,
                            "cannot start a thread to ask the KDC");
    }
    leave(c);
    return ret;
}
