/*
 * keeper.h - a gateway of our own, for `run' and `forward'.
 *
 * We have its socket, so that nobody else gets the port while it is there no
 * more, and start it again.  It is apart from us (apart.h): it has that
 * socket, and pipes to say that it serves, and to notice that nobody needs it
 * any more.
 */
#ifndef CLI_KEEPER_H
#define CLI_KEEPER_H

#include <stdint.h>
#include <sys/signalfd.h>
#include <time.h>

#include "apart.h"

#define CLI_GATEWAY_WHERE 256   /* bytes of "ADDRESS:PORT" */

struct cli_gateway {
    struct apart process;
    char *path, *target;        /* owned; target may be NULL */
    int listener, signals;      /* owned, or -1 */
    /* A pipe: it ends when nobody has the second any more. */
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
 * Print what the gateway says, and start it again when it has ended, until
 * there is a signal: 0.  -1, once, after an error message: it ends again and
 * again, and is given up.  From then on whoever connects is refused.
 */
int cli_gateway_wait(struct cli_gateway *g, struct signalfd_siginfo *info);

/* End it.  Only now the port is free. */
void cli_gateway_end(struct cli_gateway *g);

/* In a child, which executes something next: the gateway is needed as long as
 * that, or what it starts in its turn, is there. */
void cli_gateway_hold(const struct cli_gateway *g);

#endif /* CLI_KEEPER_H */
