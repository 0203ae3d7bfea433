/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * learned.h - what was learned about a host, kept with the tickets.
 *
 * An entry of the credential cache's own configuration, which klist -C shows
 * and kdestroy removes:
 *
 *   config: winrm_spn(HTTP/HOST/PROGRAM@) = NAME
 */
#ifndef GW_LEARNED_H
#define GW_LEARNED_H

#include <krb5.h>

#include "plugin/handles.h"

/*
 * The name under which this program was authenticated at host, in new memory;
 * or NULL if there is none, or no cache to read.  dflt is the default cache's
 * full name, or NULL.  What was read is kept for a few hosts: of a FILE cache
 * until the file changes, of others for a second.
 */
char *gw_learned_get(const struct gw_cred *cred, const char *dflt,
                     const char *host);

/*
 * Keep the name in the cache that this context has used.  Returns 0, or an
 * error, which loses nothing: the process remembers by itself.
 */
krb5_error_code gw_learned_put(const struct gw_cred *cred, gss_ctx_id_t inner,
                               const char *host, const char *name);

/* Forget what was read; for the end of the module. */
void gw_learned_clear(void);

#endif /* GW_LEARNED_H */
