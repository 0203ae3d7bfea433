/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * dispatch.h - one connection: which messages it may send when, and what they
 * do.  No I/O: frames in, frames out.
 */
#ifndef BD_DISPATCH_H
#define BD_DISPATCH_H

#include "helper/broker/broker.h"

struct dispatch;

/* adopted: a channel, which is past HELLO already. */
int dispatch_new(struct broker *broker, int adopted, int confined,
                 struct dispatch **out, struct cs_error *err);
void dispatch_free(struct dispatch **dispatch);

/*
 * Handle a frame (without its length) and append the reply's to out.  *passed
 * becomes a descriptor to send with it and to close then, or -1.  Returns 0,
 * or an error after which the reply is to be sent and the connection closed.
 */
int dispatch_frame(struct dispatch *dispatch, struct cs_span frame,
                   struct cs_buf *out, int *passed);

#endif /* BD_DISPATCH_H */
