/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * admit.h - accept connections, and pass them to httpd.h if they are this
 * user's and there is a place for them.
 */
#ifndef GATE_ADMIT_H
#define GATE_ADMIT_H

#include "helper/gateway/httpd.h"
#include "helper/gateway/listeners.h"
#include "helper/gateway/peer.h"
#include "helper/gateway/slots.h"
#include "helper/gateway/sockowner.h"

struct admit {                   /* all is borrowed */
    const struct listeners *listeners;
    struct peer *peer;
    struct sockowner *who;
    struct slots *places;
    struct httpd *front;
    int stop;                   /* readable: it is time to end */
};

/* Until then.  0, or an error of poll(2). */
int admit_serve(const struct admit *door, struct cs_error *err);

#endif /* GATE_ADMIT_H */
