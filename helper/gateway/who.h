/*
 * who.h - the name of the program that has a socket.
 *
 * That is in /proc, which the sandbox hides; so a process of its own, forked
 * before, looks it up.  It answers only names and numbers of this user's
 * processes.
 */
#ifndef GATE_WHO_H
#define GATE_WHO_H

#include <stddef.h>
#include <sys/types.h>

#include "plugin/bytes/error.h"

#define WHO_MAX 32              /* bytes of a name, with its NUL */
#define WHO_ASK 4096            /* sockets at a time */

struct who;

/* Makes the process.  Before any thread, and before the sandbox. */
int who_new(struct who **out, struct cs_error *err);
/* Ends it. */
void who_free(struct who **who);

/* "curl[1234]" of the process that has the socket with this inode, or "?".
 * Thread-safe. */
void who_program(struct who *who, unsigned long inode, char name[WHO_MAX]);

/* The processes that have these sockets, WHO_ASK at most; 0 for one that
 * cannot be told: its process is of another PID namespace, say.
 * Thread-safe. */
void who_pids(struct who *who, const unsigned long *inodes, pid_t *pids,
              size_t n);

#endif /* GATE_WHO_H */
