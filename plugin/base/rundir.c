/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* rundir.c - where a user's sockets are. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugin/base/rundir.h"

int
gw_rundir_of(const char *runtime, uid_t uid, char *buf, size_t size)
{
    int n;

    if (runtime != NULL && *runtime == '/')
        n = snprintf(buf, size, "%s/gss-winrm", runtime);
    else
        n = snprintf(buf, size, "/tmp/gss-winrm-%lu", (unsigned long)uid);
    return (n > 0 && (size_t)n < size) ? 0 : ENAMETOOLONG;
}

int
gw_rundir(char *buf, size_t size)
{
    return gw_rundir_of(secure_getenv("XDG_RUNTIME_DIR"), geteuid(), buf,
                        size);
}
