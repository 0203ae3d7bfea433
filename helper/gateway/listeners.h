/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* listeners.h - the TCP sockets that clients connect to. */
#ifndef GATE_LISTENERS_H
#define GATE_LISTENERS_H

#include <stddef.h>
#include <stdint.h>

#include "plugin/bytes/error.h"

#define LISTENERS_MAX 16

struct listeners {
    int fd[LISTENERS_MAX];      /* owned */
    size_t n;
};

/*
 * Take the loopback addresses of a list that ends with NULL, "127.0.0.1:5980",
 * "[::1]:0".  A machine without IPv6 has no ::1: a missing one is skipped if
 * another is there, unless all are required.
 */
int listeners_bind(struct listeners *listeners, const char *const *list,
                   int all, struct cs_error *err);
/* Take sockets that our parent has opened; at most LISTENERS_MAX. */
int listeners_adopt(struct listeners *listeners, const int *fds, size_t n,
                    struct cs_error *err);
/* From now on clients can connect. */
int listeners_listen(const struct listeners *listeners, struct cs_error *err);
void listeners_close(struct listeners *listeners);

uint16_t listeners_port(const struct listeners *listeners, size_t i);
/* The port of a socket of this machine's, one that was accepted, say; or 0. */
uint16_t listeners_local_port(int fd);
/* Log where they are, and write a line ADDRESS:PORT for each to fd, which is
 * closed; -1: to none. */
void listeners_say(const struct listeners *listeners, int fd);

#endif /* GATE_LISTENERS_H */
