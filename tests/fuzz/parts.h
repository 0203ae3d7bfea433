/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* parts.h - an input taken apart, for harnesses: numbers and strings. */
#ifndef FUZZ_PARTS_H
#define FUZZ_PARTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct parts {
    const uint8_t *p;
    size_t left;
};

/* Zeros when there is no more. */
static inline uint32_t
part_number(struct parts *in, size_t bytes)
{
    uint32_t n = 0;

    for (; bytes > 0; bytes--) {
        n = n << 8 | (in->left > 0 ? *in->p : 0);
        in->p += (in->left > 0);
        in->left -= (in->left > 0);
    }
    return n;
}

/* What is in front of the next NUL, or all: new memory, which has no NUL but
 * its last. */
static inline char *
part_string(struct parts *in)
{
    const uint8_t *nul = (in->left > 0) ? memchr(in->p, '\0', in->left) :
        NULL;
    size_t len = (nul != NULL) ? (size_t)(nul - in->p) : in->left;
    char *text = malloc(len + 1);

    if (text == NULL)
        abort();
    if (len > 0)
        memcpy(text, in->p, len);
    text[len] = '\0';
    len += (nul != NULL);
    in->p += len;
    in->left -= len;
    return text;
}

/* Bytes in memory of exactly their size, so that reading past it shows. */
static inline uint8_t *
part_copy(const uint8_t *p, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, p, len);
    return copy;
}

#endif /* FUZZ_PARTS_H */
