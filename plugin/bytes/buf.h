/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * buf.h - bytes: a span that somebody else owns, and a buffer that grows.
 *
 * A buffer has a limit, given at its start, and its errors are sticky: append
 * as much as you like, look at error once at the end.  Its memory is wiped
 * whenever it is given up, since any of them may hold a password.
 */
#ifndef CS_BUF_H
#define CS_BUF_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. */
struct cs_span {
    const uint8_t *p;
    size_t len;
};

struct cs_buf {
    uint8_t *p;                 /* owned; NULL while empty */
    size_t len, cap, max;       /* bytes */
    int error;                  /* 0, CS_NOMEM, or CS_MALFORMED: over max */
};

#define CS_BUF_INIT(max_bytes) { NULL, 0, 0, (max_bytes), 0 }

/* Make room for n more bytes and return where they go (len is not moved), or
 * NULL with error set. */
uint8_t *cs_buf_room(struct cs_buf *buf, size_t n);
void cs_buf_add(struct cs_buf *buf, const void *p, size_t n);

/* Remove n bytes from the front. */
void cs_buf_take(struct cs_buf *buf, size_t n);

/* Wipe and empty it; the memory stays (reset) or goes (free). */
void cs_buf_reset(struct cs_buf *buf);
void cs_buf_free(struct cs_buf *buf);

static inline struct cs_span
cs_buf_span(const struct cs_buf *buf)
{
    struct cs_span span = { buf->p, buf->len };

    return span;
}

/*
 * Wipe what earlier calls have left on the stack below the caller's frame, and
 * in the vector registers.  memcpy() leaves a password in those; the dynamic
 * linker saves them on the stack when it binds a function at its first call,
 * and a core has them.  To be called before waiting.
 */
void cs_wipe_stack(void);

/* Wipe and free n bytes at p; NULL is fine. */
void cs_wipe_free(void *p, size_t n);
/* The same for a string. */
void cs_wipe_string(char *s);

#endif /* CS_BUF_H */
