/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* malloctune.c - what the C library may keep of the memory that is freed. */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/gateway/malloctune.h"

#define ARENAS 2                /* not eight for each processor */
#define TIDY_MS 5000
#define CROWD 50                /* connections */
#define MANY 250

/* In bytes: what is mapped by itself, and what each arena may keep at its
 * end. */
static const struct { int mmap, trim; }
few = { 4 << 20, 2 << 20 }, many = { 32 << 10, 128 << 10 };

static void
set(int are_many)
{
    (void)mallopt(M_MMAP_THRESHOLD, are_many ? many.mmap : few.mmap);
    (void)mallopt(M_TRIM_THRESHOLD, are_many ? many.trim : few.trim);
}

/*
 * Every thread has a cache of chunks, which fills in the course of time and
 * gives nothing back: 60 KiB and more for each connection.  The C library lets
 * it be switched off from the environment only, before the program starts.
 */
static void
start_without_caches(char **argv)
{
    static const char name[] = "GLIBC_TUNABLES";

    if (getenv(name) == NULL &&
        setenv(name, "glibc.malloc.tcache_count=0", 1) == 0)
        (void)execv("/proc/self/exe", argv);
}

void
malloctune_prepare(unsigned int connections, char **argv)
{
    if (connections > MANY)
        start_without_caches(argv);
    (void)mallopt(M_ARENA_MAX, ARENAS);
    set(0);
}

int
malloctune_tidy(unsigned int connections, int idle)
{
    static unsigned int last;
    static int were_many;
    int are_many = connections > MANY;

    if (are_many != were_many)
        set(were_many = are_many);
    /* A crowd has come or gone: what it has left goes back. */
    if (idle && (connections > last + CROWD || last > connections + CROWD)) {
        (void)malloc_trim(0);
        last = connections;
    }
    return connections > 0 || last > CROWD ? TIDY_MS : -1;
}
