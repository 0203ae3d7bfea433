/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* clock.h - time that only goes forward. */
#ifndef GW_CLOCK_H
#define GW_CLOCK_H

#include <time.h>

/* Milliseconds, CLOCK_MONOTONIC, to within a few; 0 if there is no clock. */
static inline long long
gw_now_ms(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) != 0)
        return 0;
    return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#endif /* GW_CLOCK_H */
