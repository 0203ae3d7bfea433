/*
 * logway.h - to syslog, and to nothing else.
 *
 * syslog(3) has a datagram socket, which can send to any other one of the
 * machine: to what the user's service manager listens on, say.  It is replaced
 * by one that leads to a process of our own, which holds the real one.
 */
#ifndef GATE_LOGWAY_H
#define GATE_LOGWAY_H

#include "plugin/bytes/error.h"

/* After openlog(), before the sandbox and all threads. */
int logway_narrow(struct cs_error *err);

#endif /* GATE_LOGWAY_H */
