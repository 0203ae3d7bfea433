/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* account.h - the user that a PAM application works for. */
#ifndef GP_ACCOUNT_H
#define GP_ACCOUNT_H

#include <sys/types.h>

#include "helper/pam/arguments.h"

struct account {
    const char *name;           /* PAM_USER; borrowed from the PAM handle */
    uid_t uid;
    gid_t gid;
};

/* 0, or -1 when there is nobody to do anything for: no name yet, an account
 * that is not here, below minimum_uid, or whom this process cannot become. */
int whose(pam_handle_t *pamh, const struct arguments *args,
          struct account *out);

/*
 * What LOGIN calls them: *user and *domain are new memory (*domain may be "").
 *                  realm=R     domain=D        neither
 *   alice          alice@R     D, alice        alice: of the default realm
 *   CORP\alice     alice@R     D, alice        CORP, alice
 *   alice@corp     alice@R     D, alice        alice@corp
 * 0 or -1.
 */
int account_login(const struct account *w, const struct arguments *args,
                  char **user, char **domain);

#endif /* GP_ACCOUNT_H */
