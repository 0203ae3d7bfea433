/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * keeper.h - a gateway of our own, for `run' and `forward'.
 *
 * We hold its socket, so that nobody else can take the port while the gateway
 * is down, and restart it.  It is apart from us (apart.h): it has only that
 * socket, and pipes to tell us when it is ready and to notice when nobody
 * needs it.
 */
#ifndef CLI_KEEPER_H
#define CLI_KEEPER_H

#include <stdint.h>
#include <sys/signalfd.h>
#include <time.h>

#include "helper/common/apart.h"

#define CLI_GATEWAY_WHERE 256   /* bytes of "ADDRESS:PORT" */

struct cli_gateway {
    struct apart process;
    char *path, *target;        /* owned; target may be NULL */
    int listener, signals;      /* owned, or -1 */
    /* A pipe: it exits when nobody holds the second end. */
    int needed[2];
    char where[CLI_GATEWAY_WHERE];
    unsigned int ended;         /* times, since then */
    struct timespec since;
    struct timespec next;       /* when to start it again; 0: it runs */
    int given_up;
};

#define CLI_GATEWAY_INIT \
    { .process = { .pid = -1, .messages = -1 }, .listener = -1, \
      .signals = -1, .needed = { -1, -1 } }

/*
 * Take a loopback address and a port (0: any), start the gateway and wait
 * until it serves: where[] is where then.  target: as of --target, or NULL.
 * Blocks the signals of numbers[], and SIGCHLD, which come in by
 * cli_gateway_wait(); *old: those that were blocked before.  Returns 0, or
 * an exit status after an error message, with nothing left to end.
 */
int cli_gateway_start(struct cli_gateway *g, const char *host, uint16_t port,
                      const char *target, const int *numbers, size_t n,
                      sigset_t *old);

/*
 * Print the gateway's messages, and restart it when it has ended, until there
 * is a signal: 0.  -1, once, after an error message: it keeps ending, and is
 * given up.  From then on clients are refused.
 */
int cli_gateway_wait(struct cli_gateway *g, struct signalfd_siginfo *info);

/* End it.  Only now the port is free. */
void cli_gateway_end(struct cli_gateway *g);

/* In a child, which executes something next: the gateway is needed as long as
 * that, or what it starts in its turn, is there. */
void cli_gateway_hold(const struct cli_gateway *g);

#endif /* CLI_KEEPER_H */
