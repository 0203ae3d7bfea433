/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* addresses.c - libcurl's cache of addresses, for all threads. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <curl/curl.h>

#include "helper/wsman/addresses.h"

struct addresses {
    CURLSH *share;
    pthread_mutex_t lock;       /* the one kind of data has one lock */
};

static void
lock(CURL *curl, curl_lock_data data, curl_lock_access access, void *arg)
{
    struct addresses *a = arg;

    (void)curl;
    (void)data;
    (void)access;
    (void)pthread_mutex_lock(&a->lock);
}

static void
unlock(CURL *curl, curl_lock_data data, void *arg)
{
    struct addresses *a = arg;

    (void)curl;
    (void)data;
    (void)pthread_mutex_unlock(&a->lock);
}

int
addresses_new(struct addresses **out, struct cs_error *err)
{
    struct addresses *a = calloc(1, sizeof(*a));

    *out = NULL;
    if (a == NULL)
        return cs_nomem(err);
    a->share = curl_share_init();
    if (a->share == NULL || pthread_mutex_init(&a->lock, NULL) != 0) {
        (void)curl_share_cleanup(a->share);
        free(a);
        return cs_nomem(err);
    }
    (void)curl_share_setopt(a->share, CURLSHOPT_LOCKFUNC, lock);
    (void)curl_share_setopt(a->share, CURLSHOPT_UNLOCKFUNC, unlock);
    (void)curl_share_setopt(a->share, CURLSHOPT_USERDATA, a);
    (void)curl_share_setopt(a->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    *out = a;
    return 0;
}

void
addresses_free(struct addresses **ap)
{
    struct addresses *a = *ap;

    if (a == NULL)
        return;
    (void)curl_share_cleanup(a->share);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
    *ap = NULL;
}

void *
addresses_share(struct addresses *a)
{
    return a->share;
}
