/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * secret.h - memory for secrets: a password, a key.
 *
 * They are in pages of their own, which are locked in memory and excluded from
 * core dumps where the system allows it, and wiped before they are freed.
 */
#ifndef CS_SECRET_H
#define CS_SECRET_H

#include "plugin/bytes/buf.h"

struct cs_secret {
    uint8_t *p;                 /* owned, a NUL behind them; NULL: none */
    size_t len;                 /* without that NUL */
    int locked;                 /* never swapped out */
};

/* Copy bytes (which may be empty) into s, which holds none yet.  With private
 * a child of this process finds zeros there.  Returns 0 or CS_NOMEM. */
int cs_secret_set(struct cs_secret *s, struct cs_span bytes, int private);

/* Wipe it; there is none afterwards. */
void cs_secret_free(struct cs_secret *s);

static inline struct cs_span
cs_secret_span(const struct cs_secret *s)
{
    struct cs_span span = { s->p, s->len };

    return span;
}

#endif /* CS_SECRET_H */
