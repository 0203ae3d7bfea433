/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* buf.c - bytes: a span that somebody else owns, and a buffer that grows. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"

#define FIRST_SIZE 256
#define STACK_WIPED ((size_t)16 * 1024) /* deeper than GSSAPI's calls */

/*
 * The vector registers, with which memcpy() and strlen() work.  The processor
 * is asked which there are, not the compiler: so does the C library.
 */
#if defined(__x86_64__)
#define LOW "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define ZERO(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define WIDE(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"

static void
wipe_registers(void)
{
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" : : : LOW);
    else
        __asm__ volatile(ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5)
                         ZERO(6) ZERO(7) ZERO(8) ZERO(9) ZERO(10) ZERO(11)
                         ZERO(12) ZERO(13) ZERO(14) ZERO(15) : : : LOW);
    /* A compiler that does not know these keeps nothing in them. */
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile(WIDE(16) WIDE(17) WIDE(18) WIDE(19) WIDE(20) WIDE(21)
                         WIDE(22) WIDE(23) WIDE(24) WIDE(25) WIDE(26) WIDE(27)
                         WIDE(28) WIDE(29) WIDE(30) WIDE(31) : :
#ifdef __AVX512F__
                         : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20",
                         "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26",
                         "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"
#endif
                         );
}

#elif defined(__aarch64__)
#define ZERO(n) "movi v" #n ".2d, #0\n\t"

/* 8 to 15 are the caller's, and no copying uses them. */
static void
wipe_registers(void)
{
    __asm__ volatile(ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5) ZERO(6)
                     ZERO(7) ZERO(16) ZERO(17) ZERO(18) ZERO(19) ZERO(20)
                     ZERO(21) ZERO(22) ZERO(23) ZERO(24) ZERO(25) ZERO(26)
                     ZERO(27) ZERO(28) ZERO(29) ZERO(30) ZERO(31)
                     : : : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                     "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
                     "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

#else

static void
wipe_registers(void)
{
}

#endif

/* The pointer is laundered, so that the array is not left out. */
__attribute__((noinline)) void
cs_wipe_stack(void)
{
    uint8_t below[STACK_WIPED];

    explicit_bzero(below, sizeof(below));
    __asm__ volatile("" : : "r"(below) : "memory");
    wipe_registers();
}

void
cs_wipe_free(void *p, size_t n)
{
    if (p == NULL)
        return;
    explicit_bzero(p, n);
    free(p);
}

void
cs_wipe_string(char *s)
{
    if (s != NULL)
        cs_wipe_free(s, strlen(s));
}

/* No realloc(): it would leave the old bytes behind. */
static int
grow(struct cs_buf *buf, size_t need)
{
    size_t cap = (buf->cap > 0) ? 2 * buf->cap : FIRST_SIZE;
    uint8_t *p;

    if (cap < need)
        cap = need;             /* what is not there need not be wiped */
    if (cap > buf->max)
        cap = buf->max;
    p = malloc(cap);
    if (p == NULL)
        return CS_NOMEM;
    if (buf->p != NULL)
        memcpy(p, buf->p, buf->len);
    cs_wipe_free(buf->p, buf->cap);
    buf->p = p;
    buf->cap = cap;
    return 0;
}

uint8_t *
cs_buf_room(struct cs_buf *buf, size_t n)
{
    if (buf->error == 0 && n > buf->max - buf->len)
        buf->error = CS_MALFORMED;
    if (buf->error == 0 && (buf->p == NULL || n > buf->cap - buf->len))
        buf->error = grow(buf, buf->len + n);
    return (buf->error == 0) ? buf->p + buf->len : NULL;
}

void
cs_buf_add(struct cs_buf *buf, const void *p, size_t n)
{
    uint8_t *to;

    if (n == 0)
        return;
    to = cs_buf_room(buf, n);
    if (to == NULL)
        return;
    memcpy(to, p, n);
    buf->len += n;
}

void
cs_buf_take(struct cs_buf *buf, size_t n)
{
    if (n > buf->len)
        n = buf->len;
    if (n == 0)
        return;
    memmove(buf->p, buf->p + n, buf->len - n);
    explicit_bzero(buf->p + buf->len - n, n);
    buf->len -= n;
}

void
cs_buf_reset(struct cs_buf *buf)
{
    if (buf->p != NULL)
        explicit_bzero(buf->p, buf->cap);
    buf->len = 0;
    buf->error = 0;
}

void
cs_buf_free(struct cs_buf *buf)
{
    cs_wipe_free(buf->p, buf->cap);
    buf->p = NULL;
    buf->len = buf->cap = 0;
    buf->error = 0;
}
