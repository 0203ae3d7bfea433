/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * first.c - the PAM module of the tests that gets the password: it asks, and
 * believes all.  "none": it succeeds without a password; "fail": it fails with
 * one.  Its session puts XDG_RUNTIME_DIR into the environment, as
 * pam_systemd does.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

static int
has(int argc, const char **argv, const char *word)
{
    int i;

    for (i = 0; i < argc; i++) {
        if (strcmp(argv[i], word) == 0)
            return 1;
    }
    return 0;
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *password;
    int ret = PAM_SUCCESS;

    (void)flags;
    if (!has(argc, argv, "none"))
        ret = pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL);
    return has(argc, argv, "fail") ? PAM_AUTH_ERR : ret;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    char setting[512];

    (void)flags;
    if (argc == 0)
        return PAM_SUCCESS;
    (void)snprintf(setting, sizeof(setting), "XDG_RUNTIME_DIR=%s", argv[0]);
    return pam_putenv(pamh, setting);
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
                     const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}

int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *password;

    (void)argc;
    (void)argv;
    if (flags & PAM_PRELIM_CHECK)
        return PAM_SUCCESS;
    return pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL);
}
