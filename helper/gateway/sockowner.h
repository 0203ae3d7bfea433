/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sockowner.h - the name of the program that has a socket.
 *
 * That is in /proc, which the sandbox hides; so a process of its own, forked
 * before, looks it up.  It answers only names and numbers of this user's
 * processes.
 */
#ifndef GATE_SOCKOWNER_H
#define GATE_SOCKOWNER_H

#include <stddef.h>
#include <sys/types.h>

#include "plugin/bytes/error.h"

#define SOCKOWNER_MAX 32              /* bytes of a name, with its NUL */
#define SOCKOWNER_ASK 4096            /* sockets at a time */

struct sockowner;

/* Makes the process.  Before any thread, and before the sandbox. */
int sockowner_new(struct sockowner **out, struct cs_error *err);
/* Ends it. */
void sockowner_free(struct sockowner **who);

/* "curl[1234]" of the process that has the socket with this inode, or "?".
 * Thread-safe. */
void sockowner_program(struct sockowner *who, unsigned long inode,
                       char name[SOCKOWNER_MAX]);

/* The processes that have these sockets, SOCKOWNER_ASK at most; 0 for one that
 * cannot be told: its process is of another PID namespace, say.
 * Thread-safe. */
void sockowner_pids(struct sockowner *who, const unsigned long *inodes,
                    pid_t *pids, size_t n);

#endif /* GATE_SOCKOWNER_H */
