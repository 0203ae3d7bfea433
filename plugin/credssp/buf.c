/* buf.c - bytes: a span that somebody else owns, and a buffer that grows. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "error.h"

#define FIRST_SIZE 256
#define STACK_WIPED ((size_t)16 * 1024) /* deeper than GSSAPI's calls */

/* The pointer is laundered, so that the array is not left out. */
__attribute__((noinline)) void
cs_wipe_stack(void)
{
    uint8_t below[STACK_WIPED];

    explicit_bzero(below, sizeof(below));
    __asm__ volatile("" : : "r"(below) : "memory");
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
