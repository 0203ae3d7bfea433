/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* serve.h - connections, each in a thread of its own, until a signal. */
#ifndef BD_SERVE_H
#define BD_SERVE_H

#include "helper/broker/broker.h"

/* Connections at a time, channels included: a gateway may have 10,000. */
#define SERVE_MAX 10240

/*
 * Serve until SIGTERM or SIGINT; or, with idle_exit seconds, until there has
 * been for that long neither a connection nor a credential.  The signals are
 * blocked already.  0 or an error; CS_UNEXPECTED when threads are left, so
 * that broker must not be freed.
 */
int broker_serve(struct broker *broker, int listener, unsigned int idle_exit,
                 struct cs_error *err);

#endif /* BD_SERVE_H */
