/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * apart.h - a process that shares nothing with the one that starts it.
 *
 * The gateway may be taken over by what it reads.  What it has been given then
 * is the attacker's: a terminal can be typed into, read from and made to
 * answer, and a descriptor can be used.  So it is given only a pipe for its
 * messages, whose other end prints them, cleaned, rate-limited, and with the
 * program's name before each line.
 */
#ifndef AP_APART_H
#define AP_APART_H

#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <time.h>

#define APART_LINE 1024         /* bytes; a longer line becomes several */

struct apart {
    const char *name;           /* the program's, borrowed */
    pid_t pid;                  /* -1: there is none */
    int messages;               /* owned, the pipe's end; -1: none */
    char line[APART_LINE + 1];  /* not ended yet */
    size_t len;
    time_t since;               /* when the first of these lines came */
    unsigned int lines;         /* printed since */
    unsigned long more;         /* and those that were not */
};

/* Open /dev/null for what is closed of 0, 1 and 2, so that nothing else gets
 * these numbers; what is executed finds them closed again. */
void apart_fill_standard(void);

/* Close all descriptors above 2 but those of keep, n of them; -1 is none. */
void apart_close_others(const int *keep, size_t n);
/* Close those from first to last. */
void apart_close_between(unsigned int first, unsigned int last);

/* /dev/null for stdin and stdout.  0 or -1. */
int apart_silence(void);

/*
 * As fork().  The child has a session of its own and no terminal, /dev/null
 * for stdin and stdout, the pipe for stderr, no descriptor but those of keep
 * (which stay open when it executes something), and no signal blocked or
 * ignored.  The pipe loses what does not fit rather than let it wait for us.
 * name stands before each line.
 */
pid_t apart_fork(struct apart *a, const char *name, const int *keep, size_t n);

/*
 * Print its messages on stderr until there is a signal for the signalfd
 * (*info; 1) or the time is over (0).  ms: -1 forever.
 */
int apart_wait(struct apart *a, int signals, int ms,
               struct signalfd_siginfo *info);

/* When it has ended: print the rest, and forget it. */
void apart_finish(struct apart *a);

/* Print its messages until the pipe is closed, and wait for it to exit: its
 * wait status, or -1. */
int apart_end(struct apart *a);

#endif /* AP_APART_H */
