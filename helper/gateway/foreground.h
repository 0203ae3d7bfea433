/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * foreground.h - a gateway that was started on a terminal.
 *
 * It must not have that terminal: whoever takes it over could type into it,
 * read from it, and make it answer.
 */
#ifndef GATE_FOREGROUND_H
#define GATE_FOREGROUND_H

#include <stddef.h>

/*
 * Where there is a terminal, go on in a child without one (apart.h), which
 * keeps the descriptors keep.  This process stays in the foreground: it prints
 * the child's messages, and Ctrl-C and whatever else ends it end the child.
 * 0: this is the process to continue in; 1: the child has ended, and *status
 * is what to exit with; -1 with errno.
 */
int foreground_leave(const int *keep, size_t n, int *status);

#endif /* GATE_FOREGROUND_H */
