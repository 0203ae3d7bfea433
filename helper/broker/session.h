/*
 * session.h - one connection: which messages it may send when, and what they
 * do.  No I/O: frames in, frames out.
 */
#ifndef BD_SESSION_H
#define BD_SESSION_H

#include "broker.h"

struct session;

/* adopted: a channel, which is past HELLO already. */
int session_new(struct broker *broker, int adopted, int confined,
                struct session **out, struct cs_error *err);
void session_free(struct session **session);

/*
 * Handle a frame (without its length) and append the reply's to out.  *passed
 * becomes a descriptor to send with it and to close then, or -1.  Returns 0,
 * or an error after which the reply is to be sent and the connection closed.
 */
int session_handle(struct session *session, struct cs_span frame,
                   struct cs_buf *out, int *passed);

#endif /* BD_SESSION_H */
