/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * talk.c - the child's part of a request: to the broker and back.
 *
 * In a process that was made without the C library's knowledge, perhaps out
 * of one with threads: no allocation (what is received has room already), no
 * locks, no libpam.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/proto/client.h"
#include "helper/pam/request.h"
#include "helper/proto/runtime.h"
#include "helper/proto/wire.h"

static int
is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static int
absent(struct report *r, struct cs_error *err)
{
    r->absent = 1;
    return cs_fail(err, CS_SYSTEM, "no broker listens there");
}

static int
connect_to(const struct place *p, int *fd, struct report *r,
           struct cs_error *err)
{
    int ret, error;

    if (!is_there(p->directory))
        return absent(r, err);
    ret = rt_check(p->directory, err);
    if (ret != 0)
        return ret;
    error = bp_connect(&p->address, fd);
    if (error == 0)
        return bp_check_peer(*fd, err);
    if (bp_is_absent(error))
        return absent(r, err);
    return cs_fail_errno(err, CS_SYSTEM, error, "cannot connect to %s",
                         p->address.sun_path);
}

static int
exchange(struct request *e, int fd, struct cs_span frame, enum bp_number want,
         struct cs_error *err)
{
    struct cs_error why = { 0 };
    int ret = bp_send(fd, frame, -1, err);

    if (ret == 0)
        ret = bp_receive(fd, &e->in, NULL, err);
    if (ret == 0)
        ret = bp_decode(cs_buf_span(&e->in), &e->reply, err);
    if (ret != 0)
        return ret;
    ret = bp_check_reply(&e->reply, want, &why);
    if (ret != 0 && e->reply.number == BP_ERROR)
        return cs_fail(err, CS_REMOTE, "the broker refused: %s", why.text);
    if (ret != 0)
        *err = why;
    return ret;
}

static void
keep_name(struct report *r, struct cs_span name)
{
    size_t n = name.len < sizeof(r->name) ? name.len : sizeof(r->name) - 1;

    if (n > 0)
        memcpy(r->name, name.p, n);
    r->name[n] = '\0';
}

void
request_talk(struct request *e, struct report *r)
{
    struct cs_error err = { 0 };
    int fd = -1, i = 0, ret;

    memset(r, 0, sizeof(*r));
    while (i < e->nplaces - 1 && !is_there(e->places[i].top))
        i++;
    ret = connect_to(&e->places[i], &fd, r, &err);
    if (ret == 0)
        ret = exchange(e, fd, cs_buf_span(&e->hello), BP_WELCOME, &err);
    if (ret == 0)
        ret = bp_check_version(&e->reply, &err);
    if (ret == 0)
        ret = exchange(e, fd, cs_secret_span(&e->request), e->want, &err);
    if (ret == 0 && e->want == BP_LOGGED_IN)
        keep_name(r, e->reply.name);
    r->code = ret;
    memcpy(r->text, err.text, sizeof(r->text));
    if (fd >= 0)
        (void)close(fd);
}
