/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* load_body.c - the bodies of load.c's requests. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/lab/load_body.h"

#define SEAL 42                 /* bytes that say what it is */

static uint64_t
mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t
seed_of(const struct body *b)
{
    return mix(((uint64_t)b->number << 32 | b->request) +
               UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t
body_number(const struct body *b, unsigned int which)
{
    return mix(seed_of(b) + which);
}

/* Many small ones, some large. */
static size_t
choose_length(uint64_t r, long largest)
{
    static const struct { unsigned int percent; long most; } sizes[] = {
        { 60, 2000 }, { 85, 16 << 10 }, { 97, 64 << 10 }, { 100, 0 }
    };
    size_t i = 0;
    long most;

    while (r % 100 >= sizes[i].percent)
        i++;
    most = sizes[i].most == 0 || sizes[i].most > largest ? largest :
        sizes[i].most;
    return 1 + (size_t)(r / 100 % (uint64_t)most);
}

void
body_begin(struct body *b, long wait, long largest)
{
    uint64_t r = body_number(b, 2);

    b->len = choose_length(r, largest);
    r = mix(r);
    b->wait = b->len >= SEAL && wait > 0 && r % 5 == 0 ?
        (long)(r / 5 % (uint64_t)wait) : 0;
}

void
body_make(const struct body *b, size_t at, char *to, size_t n)
{
    char seal[128];
    uint64_t seed = seed_of(b), word = 0;
    size_t i;

    for (i = 0; i < n; i++, word >>= 8) {
        if (i == 0 || (at + i) % 8 == 0)
            word = mix(seed + (at + i) / 8) >> (at + i) % 8 * 8;
        to[i] = (char)word;
    }
    if (at >= SEAL || b->len < SEAL)
        return;
    (void)snprintf(seal, sizeof(seal), "wait %06ld client %07d request %07u",
                   b->wait, b->number % 10000000, b->request % 10000000);
    memcpy(to, seal + at, n < SEAL - at ? n : SEAL - at);
}
