/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * scarce.c - preloaded: the N-th allocation of one module fails, and nobody
 * else's.  scarce() is called by way of dlsym(), as t_scarce.py does.
 *
 * Who calls is known by the return address.  Only calls that a module makes
 * itself are seen, not what libraries allocate for it.
 */
#include "config.h"

#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long scarce(const char *module, long n);
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static uintptr_t from, to;      /* where the module is */
static long countdown = -1;     /* allocations until the one that fails */

static int
find(struct dl_phdr_info *info, size_t size, void *name)
{
    const ElfW(Phdr) *part;
    int i;

    (void)size;
    if (strstr(info->dlpi_name, name) == NULL)
        return 0;
    for (i = 0; i < info->dlpi_phnum; i++) {
        part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        from = info->dlpi_addr + part->p_vaddr;
        to = from + part->p_memsz;
    }
    return 1;
}

/* The module's allocation number n from now on is to fail; -1: none is.
 * Returns what was left of the last number: -1 if it has failed. */
long
scarce(const char *module, long n)
{
    long left = countdown;

    countdown = -1;
    from = to = 0;
    (void)dl_iterate_phdr(find, (void *)(uintptr_t)module);
    countdown = (from != 0) ? n : -1;
    return left;
}

static int
fails(const void *caller)
{
    if (countdown < 0 || (uintptr_t)caller < from || (uintptr_t)caller >= to)
        return 0;
    if (countdown-- > 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

#define FAILS fails(__builtin_return_address(0))

void *
malloc(size_t n)
{
    return FAILS ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
    return FAILS ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
    return FAILS ? NULL : __libc_realloc(p, n);
}

static char *
copy(const char *s, size_t len)
{
    char *p = __libc_malloc(len + 1);

    if (p == NULL)
        return NULL;
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *
strdup(const char *s)
{
    return FAILS ? NULL : copy(s, strlen(s));
}

char *
strndup(const char *s, size_t n)
{
    return FAILS ? NULL : copy(s, strnlen(s, n));
}

int
asprintf(char **out, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (FAILS) {
        *out = (char *)0x1;     /* what it holds is undefined */
        return -1;
    }
    va_start(ap, fmt);
    n = vasprintf(out, fmt, ap);
    va_end(ap);
    return n;
}
