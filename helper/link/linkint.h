/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* linkint.h - the inside of a link, for link.c and linkinner.c. */
#ifndef BL_LINKINT_H
#define BL_LINKINT_H

#include <pthread.h>

#include "helper/link/link.h"

struct bl_link {
    int fd;
    uint32_t pid;
    int locked;                 /* the broker's secrets are */
    int active;                 /* there is a context, to be finished */
    int owed;                   /* replies that nobody waits for (tell()) */
    pthread_mutex_t lock;       /* for bl_channel() */
    int slow;                   /* seconds, for told(); 0: it is not wanted */
    void (*told)(void *arg);
    void *told_arg;
    struct cs_error failure;    /* what broke the connection; code 0 */
    struct cs_buf in, out;      /* the last frames */
    struct bp_message request, reply;   /* reply: spans into in */
    /* Of the context that was started last: strings, ours. */
    char *spn, *credential;
    enum bp_mech mech;          /* the real one, once it is complete */
    char *proved;               /* likewise, the server's name; or NULL */
    uint32_t granted;           /* likewise, GSSAPI's flags */
};

/* A link on a connection that is past HELLO; NULL without memory, and fd is
 * the caller's then. */
struct bl_link *bl_new(int fd);

/* Send link->request and receive link->reply, which has to be of the kind that
 * is wanted.  The request is emptied afterwards.  *passed as in wire.h. */
int bl_call_fd(struct bl_link *link, enum bp_number want, int *passed,
               struct cs_error *err);
int bl_call(struct bl_link *link, enum bp_number want, struct cs_error *err);

/* Ask for a context: fill the target's fields of link->request, call, and keep
 * what was started. */
int bl_start(struct bl_link *link, const struct bl_target *target,
             struct bl_started *started, struct cs_error *err);

/* "" for NULL. */
struct cs_span bl_text(const char *s);

#endif /* BL_LINKINT_H */
