/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* kdcwait.c - how long this process waits for a KDC. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <krb5.h>
#include <profile.h>

#include "helper/common/kdcwait.h"

static char *users_own;         /* KRB5_CONFIG before */

/* Does krb5.conf bound it as much already? */
static int
is_bounded(void)
{
    krb5_context context;
    profile_t profile = NULL;
    krb5_deltat seconds = 0;
    char *text = NULL, *copy;

    if (krb5_init_context(&context) != 0)
        return 0;
    if (krb5_get_profile(context, &profile) == 0 &&
        profile_get_string(profile, "libdefaults", "request_timeout", NULL,
                           NULL, &text) == 0 && text != NULL) {
        copy = strdup(text);
        if (copy == NULL || krb5_string_to_deltat(copy, &seconds) != 0)
            seconds = 0;
        free(copy);
    }
    profile_release_string(text);
    profile_release(profile);
    krb5_free_context(context);
    return seconds > 0 && seconds <= KDC_WAIT_MAX;
}

/* A file that lasts as long as this process; its path in new memory. */
static char *
make_file(void)
{
    int fd = memfd_create("krb5-request-timeout", MFD_CLOEXEC), n;
    char *path = NULL, text[64];

    if (fd < 0)
        return NULL;
    n = snprintf(text, sizeof(text), "[libdefaults]\n"
                 " request_timeout = %ds\n", KDC_WAIT_MAX);
    if (write(fd, text, (size_t)n) != n ||
        asprintf(&path, "/proc/self/fd/%d", fd) < 0) {
        (void)close(fd);
        path = NULL;
    }
    return path;
}

void
kdc_wait_bound(void)
{
    const char *now = secure_getenv("KRB5_CONFIG");
    char *file = NULL, *list = NULL;

    users_own = (now != NULL && *now != '\0') ? strdup(now) : NULL;
    if (!is_bounded() && (file = make_file()) != NULL &&
        asprintf(&list, "%s:%s", file, users_own != NULL ? users_own :
                 "/etc/krb5.conf") >= 0) {
        (void)setenv("KRB5_CONFIG", list, 1);
        free(list);
    }
    free(file);
}

const char *
kdc_wait_config(void)
{
    return users_own;
}
