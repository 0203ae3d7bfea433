/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* arguments.h - what the line of a PAM service's file says. */
#ifndef GP_ARGUMENTS_H
#define GP_ARGUMENTS_H

#include <stdint.h>
#include <sys/types.h>

#include <security/pam_modules.h>

struct arguments {              /* strings borrowed from argv */
    const char *realm, *domain; /* or NULL */
    uint32_t lifetime;          /* seconds; 0: the broker's default */
    uid_t minimum_uid;
    unsigned int timeout;       /* seconds that a login is held up, at most */
    int logout, debug;
};

/* Invalid arguments are logged and ignored: a typing error must not lock
 * people out. */
void arguments_parse(pam_handle_t *pamh, int argc, const char **argv,
                     struct arguments *out);

#endif /* GP_ARGUMENTS_H */
