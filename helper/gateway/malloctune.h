/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * malloctune.h - what the C library may keep of the memory that is freed.
 *
 * With few connections all of it: pages that go back have to be touched anew
 * for the next message, at a cost of as much as encrypting it.  With many, most
 * of which are idle, it is the memory that counts.  For the main thread.
 */
#ifndef GATE_MALLOCTUNE_H
#define GATE_MALLOCTUNE_H

/* At the start, when nothing has been opened; connections: as many as there may
 * be.  May start the program again. */
void malloctune_prepare(unsigned int connections, char **argv);

/* Now and then, with this number of connections; idle: nothing else is to be
 * done.  Returns how many ms to wait at most for the next time, or -1. */
int malloctune_tidy(unsigned int connections, int idle);

#endif /* GATE_MALLOCTUNE_H */
