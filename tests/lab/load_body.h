/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * load_body.h - the bodies of load.c's requests, of which no two are the same.
 */
#ifndef LOAD_BODY_H
#define LOAD_BODY_H

#include <stddef.h>
#include <stdint.h>

struct body {
    int number;                 /* of the client; and of its request */
    uint32_t request;
    long wait;                  /* ms that the server is asked to take */
    size_t len;
};

/* A number that depends on client and request, and on which one it is. */
uint64_t body_number(const struct body *b, unsigned int which);

/* Choose length and wait for this request; wait: ms at most. */
void body_begin(struct body *b, long wait, long largest);

/* n bytes from `at' on: any part of it can be made again. */
void body_make(const struct body *b, size_t at, char *to, size_t n);

#endif /* LOAD_BODY_H */
