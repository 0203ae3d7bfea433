/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * often.h - log lines that others can cause as often as they like: the first
 * ones as they come, and then one a minute that says how many more there were.
 */
#ifndef HC_OFTEN_H
#define HC_OFTEN_H

#include <syslog.h>                 /* priorities */

/* A kind of line, told from the others by its address. */
struct often {
    unsigned int lines;         /* a minute, as they come */
};

#define OFTEN_BY_TEXT (~0UL)    /* a key: lines differ when their texts do */

/* One line of this kind about key: a uid, say.  Thread-safe. */
void often_log(const struct often *kind, unsigned long key, int priority,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Say how many more there were, where a minute is over (all: or not).  Returns
 * in how many milliseconds there will be something to say, or -1.
 */
int often_tell(int all);

#endif /* HC_OFTEN_H */
