/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * watchdog.h - a thread that ends the gateway, whatever the others do: at a
 * signal, when nobody needs it any more, and when the broker is gone.
 */
#ifndef GATE_WATCHDOG_H
#define GATE_WATCHDOG_H

#include "plugin/bytes/error.h"

struct watchdog;

struct watchdog_options {         /* descriptors: borrowed */
    int signals;                /* signalfd */
    int needed;                 /* closed when nobody needs us any more; -1 */
    int broker;
    int broker_status;          /* how to exit when it has gone */
    /* What must not be left in memory, however the process ends.  Others may
     * be using it. */
    void (*wipe)(void *data);
    void *data;
};

int watchdog_new(const struct watchdog_options *options, struct watchdog **out,
                 struct cs_error *err);

/* Readable when it is time to end.  From then on there are some seconds until
 * the process is ended the hard way, unless watchdog_free() comes first. */
int watchdog_fd(const struct watchdog *warden);

/* Nothing that is left to be done can take any time.  Returns how to exit. */
int watchdog_free(struct watchdog **warden);

#endif /* GATE_WATCHDOG_H */
