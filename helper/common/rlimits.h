/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* rlimits.h - what a process may have at most. */
#ifndef RL_RLIMITS_H
#define RL_RLIMITS_H

#include <sys/resource.h>

/* As much of a resource (RLIMIT_*) as may be had without privileges. */
static inline void
rlimits_raise(__rlimit_resource_t resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(resource, &limit);
}

#endif /* RL_RLIMITS_H */
