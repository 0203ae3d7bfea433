/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_broker_link.c - what a broker answers, into the library of its clients.
 *
 * The first octet says what is asked; the rest is all that the broker sends. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/link/linkint.h"

#define ANSWER_MAX ((size_t)64 * 1024)  /* fits into a socket */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bl_target target = { "web01", 5985, NULL, 0 };

static void
ask_user(struct bl_link *link)
{
    struct cs_span password = { (const uint8_t *)"secret", 6 };
    const struct bp_message *m;
    struct cs_error err;
    uint64_t expiry;
    char *name;

    (void)bl_login(link, "alice", NULL, password, 0, 1, &name, &expiry, &err);
    free(name);
    (void)bl_status(link, &m, &err);
    (void)bl_logout(link, NULL, &err);
    bl_report(link, "web01", 0, "");
}

static void
ask_credssp(struct bl_link *link)
{
    static const uint8_t bytes[32] = { 1 };
    struct cs_binding binding = { 6, { bytes, 32 }, { bytes, 32 }, 1 };
    struct cs_buf out = CS_BUF_INIT(ANSWER_MAX);
    struct cs_inner *inner;
    struct bl_started started;
    struct cs_span none = { NULL, 0 };
    struct cs_error err;

    if (bl_credssp(link, &target, &started, &inner, &err) != 0)
        return;
    (void)inner->ops->step(inner, none, &out, &err);
    (void)inner->ops->step(inner, cs_buf_span(&out), &out, &err);
    (void)inner->ops->bind(inner, &binding, &out, &err);
    (void)inner->ops->verify(inner, &binding, cs_buf_span(&out), &err);
    (void)inner->ops->delegate(inner, &out, &err);
    inner->ops->finish(inner);
    if (inner->ops->delegate(inner, &out, &err) == 0)
        abort();
    cs_inner_free(&inner);
    cs_buf_free(&out);
}

static void
ask_context(struct bl_link *link)
{
    struct cs_buf out = CS_BUF_INIT(ANSWER_MAX);
    struct cs_span none = { NULL, 0 };
    struct bl_started started;
    struct bl_link *other = NULL;
    struct cs_error err;
    int complete;

    if (bl_context(link, BP_NEGOTIATE, &target, none, &started, &err) == 0)
        (void)bl_step(link, none, &out, &complete, &err);
    bl_abandon(link);
    (void)bl_confine(link, &err);
    (void)bl_channel(link, &other, &err);
    bl_close(&other);
    cs_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const asks[])(struct bl_link *) = {
        ask_user, ask_credssp, ask_context
    };
    struct bl_link *link;
    int pair[2];

    if (size < 1 || size > ANSWER_MAX ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 0;
    if (send(pair[1], data + 1, size - 1, 0) == (ssize_t)size - 1) {
        (void)shutdown(pair[1], SHUT_WR);
        link = bl_new(pair[0]);
        asks[data[0] % 3](link);
        bl_close(&link);
    } else {
        (void)close(pair[0]);
    }
    (void)close(pair[1]);
    return 0;
}
