/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * request.h - one request to a user's broker, from another user's process.
 *
 * The PAM application is root, and single- or multi-threaded; what it finds at
 * the other end belongs to the user, who may have put something there that
 * never answers.  So a child switches to the user, makes the request, and has
 * a time limit.  Everything that needs memory is done before.
 */
#ifndef GP_REQUEST_H
#define GP_REQUEST_H

#include <sys/un.h>

#include "helper/proto/proto.h"
#include "plugin/bytes/secret.h"
#include "helper/pam/account.h"

#define REQUEST_REPLY_MAX 4096
#define REQUEST_NAME_MAX 600     /* a credential's, and a NUL */

struct request {
    struct account whose;
    int become;                 /* this process is not the user yet */
    /* Where the runtime directory is; the first that is there counts. */
    struct place {
        char top[sizeof(((struct sockaddr_un *)0)->sun_path)];
        char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
        struct sockaddr_un address;
    } places[2];
    int nplaces;
    struct cs_buf hello;        /* a frame */
    struct cs_secret request;   /* another */
    enum bp_number want;        /* in reply to that */
    struct cs_buf in;
    struct bp_message reply;
};

/* The child's result.  Less than PIPE_BUF, so it is written at once. */
struct report {
    int code;                   /* 0 or that of an error */
    int absent;                 /* there is no broker */
    char text[256];             /* of the error */
    char name[REQUEST_NAME_MAX]; /* of LOGGED_IN */
};

/* New memory, for a message that it does not keep; runtime is
 * $XDG_RUNTIME_DIR or NULL.  0 or an error. */
int request_new(const struct account *w, const char *runtime,
                const struct bp_message *request, enum bp_number want,
                struct request **out, struct cs_error *err);
void request_free(struct request **errand);

/* Run it.  Takes timeout seconds and a bit at most, whatever happens. */
void request_run(struct request *e, unsigned int timeout, struct report *out);

/* The child's part, as the user: allocates nothing, touches nothing of libpam
 * (talk.c). */
void request_talk(struct request *e, struct report *out);

#endif /* GP_REQUEST_H */
