/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * cs_search.h - a password, and the search for copies of it.
 *
 * It is only here encoded, and what is compared is decoded byte by byte.  A
 * copy is in UTF-8 or in UTF-16LE.  Each search prints where it finds one.
 */
#ifndef CS_SEARCH_H
#define CS_SEARCH_H

#include "plugin/bytes/buf.h"
#include "tests/unit/unit.h"

#define SECRET_LENGTH 21

/* With a NUL behind it; the caller wipes it. */
void secret_decode(char to[SECRET_LENGTH + 1]);

/* How many copies are there in all memory of this process that can be written,
 * or in a file? */
int secret_in_memory(void);
int secret_in_file(const char *path);

/* The same for a core of this process, registers and all: the kernel's, or
 * gdb's where that gives cores to another program.  -1: there is none to be
 * had, and it is printed why. */
int secret_in_core(void);

/* Assert that something is in the file that a variable of the environment
 * names, but no copy. */
void secret_in_no_trace(const char *variable);

/* Tokens of a conversation with another process, each with its length. */
void send_token(int fd, struct cs_span token);
/* 0 at the end of the conversation. */
int receive_token(int fd, struct cs_buf *in);

/* Run the other end in a process of its own, with one end of a pair of
 * sockets; the other is *fd.  What end() returns is its status. */
pid_t start_process(int (*end)(int fd), int *fd);
/* Wait for it, and return its status. */
int end_process(pid_t pid);

#endif /* CS_SEARCH_H */
