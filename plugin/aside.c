/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* aside.c - whether to be there at all. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <krb5.h>

#include "plugin/aside.h"
#include "plugin/conf/environ.h"
#include "plugin/handles.h"
#include "plugin/conf/policy.h"
#include "plugin/base/program.h"
#include "plugin/base/strlist.h"

/* Does krb5.conf want us here?  No when it cannot be read. */
static int
wanted(void)
{
    struct gw_policy *policy = NULL;
    char program[GW_PROGRAM_MAX];
    profile_t profile = NULL;
    krb5_context context;
    int yes = 0;

    if (krb5_init_context(&context) != 0)
        return 0;
    if (krb5_get_profile(context, &profile) == 0 &&
        gw_policy_load(profile, NULL, &policy) == 0) {
        gw_program_name(program, sizeof(program));
        yes = policy->enabled &&
            gw_strlist_find(program, (const char *const *)policy->except) < 0;
    }
    gw_policy_free(policy);
    if (profile != NULL)
        profile_release(profile);
    krb5_free_context(context);
    return yes;
}

/* When this process began, in seconds since the epoch; or -1. */
static time_t
began(void)
{
    char buf[1024], *p;
    unsigned long long ticks;
    struct timespec up, now;
    int fd, i;
    ssize_t n;

    fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return -1;
    n = read(fd, buf, sizeof(buf) - 1);
    (void)close(fd);
    if (n <= 0)
        return -1;
    buf[n] = '\0';
    /* The 22nd field, the 20th behind the name in parentheses. */
    p = strrchr(buf, ')');
    for (i = 0; p != NULL && i < 20; i++)
        p = strchr(p + 1, ' ');
    if (p == NULL || sscanf(p, "%llu", &ticks) != 1 ||
        clock_gettime(CLOCK_BOOTTIME, &up) != 0 ||
        clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    return now.tv_sec - (up.tv_sec - ticks / sysconf(_SC_CLK_TCK));
}

/*
 * Was the module installed while this process was already running?  It may
 * hold credentials for krb5 proper, which would not be found any more
 * (mech.c).
 */
static int
is_late(void)
{
    time_t start = began();
    struct stat st;
    Dl_info info;

    if (start == -1 || dladdr(&gw_oid_special, &info) == 0 ||
        info.dli_fname == NULL || stat(info.dli_fname, &st) != 0)
        return 0;
    /* Seconds are all that both clocks agree on; a file of the future says
     * that the clock has been set back. */
    return st.st_ctime > start + 2 && st.st_ctime <= time(NULL);
}

int
gw_stand_aside(void)
{
    enum gw_match match = GW_MATCH_AUTO;
    int saved = errno, aside;

    aside = gw_boolean(secure_getenv("GSS_USE_PROXY")) == 1 ||
        (gw_environment_match(&match) && match == GW_MATCH_NEVER) ||
        is_late() || !wanted();
    errno = saved;
    return aside;
}
