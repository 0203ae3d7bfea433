/*
 * front.h - the HTTP/1.1 server for clients, by libmicrohttpd, a thread per
 * connection.
 */
#ifndef GATE_FRONT_H
#define GATE_FRONT_H

#include "helper/gateway/mint.h"
#include "helper/gateway/places.h"
#include "helper/gateway/session.h"

struct front;

/* fixed: the one target of `gss-winrm forward'; or NULL.  All is
 * borrowed. */
int front_new(const struct gate *gate, struct mint *mint,
              struct places *places, const struct gate_target *fixed,
              struct front **out, struct cs_error *err);
/* Serve an accepted connection that has a place, and close it in the end.
 * addr is its peer. */
void front_serve(struct front *front, int fd, const struct sockaddr *addr,
                 socklen_t len);
/* Ends every connection. */
void front_free(struct front **front);

#endif /* GATE_FRONT_H */
