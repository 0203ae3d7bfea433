/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * pwstore.h - the password, from the authentication until the session.
 *
 * libpam throws its own copy away between the two.  Ours hangs on the PAM
 * handle, in memory of its own (secret.h), and is wiped with it at the latest.
 */
#ifndef GP_PWSTORE_H
#define GP_PWSTORE_H

#include "plugin/bytes/secret.h"
#include "helper/pam/account.h"

/* Replaces an existing one.  0 or -1. */
int pwstore_put(pam_handle_t *pamh, const struct account *w,
                const char *password);

/* That of this very user, or NULL; p == NULL for none.  Borrowed from the
 * handle.  One of another user (sudo authenticates one and opens the session
 * of another) stays hidden. */
struct cs_span pwstore_get(pam_handle_t *pamh, const struct account *w);

/* Wipe it.  There need not be one. */
void pwstore_drop(pam_handle_t *pamh);

#endif /* GP_PWSTORE_H */
