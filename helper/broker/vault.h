/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * vault.h - the credentials of the user, each for its lifetime.
 *
 * Safe to use from several threads.  What is taken out (by logout, expiry or
 * replacement) is wiped at once, also when a context still refers to it.
 */
#ifndef BD_VAULT_H
#define BD_VAULT_H

#include "plugin/credssp/creds.h"
#include "helper/proto/proto.h"

#define VAULT_MAX 64            /* credentials */
#define VAULT_NAME_MAX 512      /* bytes of a name */
#define VAULT_FOREVER UINT32_MAX        /* a lifetime */

struct vault;

int vault_new(struct vault **out, struct cs_error *err);
void vault_free(struct vault **vault);

/* Readable when a credential has expired: call vault_expire() then. */
int vault_fd(const struct vault *vault);
void vault_expire(struct vault *vault);

/*
 * Put one in, in the place of one with the same name.  *creds is taken, also
 * when that fails (wiped, then).  source is a word for people; lifetime in
 * seconds.  *expiry (or NULL) is seconds since 1970, 0 for one without end.
 */
int vault_add(struct vault *vault, struct cs_creds **creds,
              const char *source, uint32_t lifetime, uint64_t *expiry,
              struct cs_error *err);

/* Wipe one (its case does not matter) or, with NULL or "", all of them.
 * Returns how many. */
int vault_remove(struct vault *vault, const char *name);

int vault_count(struct vault *vault);
/* Are all passwords in locked memory, and will the next one be? */
int vault_locked(struct vault *vault);

/*
 * The credential for a host: the one with that name, else the one of this
 * realm (its own name, or the NetBIOS domain that its first label is), else
 * the only one.  *out is a reference (cs_creds_free), or NULL with 0 if there
 * is none at all and none was named.  CS_POLICY's text lists them.
 */
int vault_choose(struct vault *vault, const char *name, const char *realm,
                 struct cs_creds **out, struct cs_error *err);

/* How the last use of it ended; count: it was a use. */
void vault_outcome(struct vault *vault, const struct cs_creds *creds,
                   int count, uint32_t ntstatus, const char *text);

/* Fill m's credentials; the spans are good until vault_unlock(). */
void vault_lock(struct vault *vault, struct bp_message *m);
void vault_unlock(struct vault *vault);

#endif /* BD_VAULT_H */
