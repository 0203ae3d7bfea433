/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* secret.c - memory for secrets. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugin/bytes/error.h"
#include "plugin/bytes/secret.h"

/* Whole pages for n bytes and a NUL. */
static size_t
mapped_size(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (n / page + 1) * page;
}

int
cs_secret_set(struct cs_secret *s, struct cs_span bytes, int private)
{
    size_t size = mapped_size(bytes.len);
    /* cppcheck-suppress invalidFunctionArg ; -1 goes with MAP_ANONYMOUS */
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return CS_NOMEM;
    /* Each is a help where it works; only the lock is worth a word. */
    s->locked = (mlock(p, size) == 0);
    (void)madvise(p, size, MADV_DONTDUMP);
#ifdef MADV_WIPEONFORK
    if (private)
        (void)madvise(p, size, MADV_WIPEONFORK);
#else
    if (private)
        (void)madvise(p, size, MADV_DONTFORK);
#endif
    if (bytes.len > 0)
        memcpy(p, bytes.p, bytes.len);
    s->p = p;
    s->len = bytes.len;
    return 0;
}

void
cs_secret_free(struct cs_secret *s)
{
    size_t size = mapped_size(s->len);

    if (s->p != NULL) {
        explicit_bzero(s->p, size);
        (void)munmap(s->p, size);       /* unlocks it */
    }
    s->p = NULL;
    s->len = 0;
    s->locked = 0;
}
