/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * directory.h - query a domain controller by LDAP, as the user of the tickets.
 *
 * SASL GSSAPI with the default credential cache; nothing is ever written.
 */
#ifndef DOC_DIRECTORY_H
#define DOC_DIRECTORY_H

#include "helper/doctor/account.h"
#include "plugin/bytes/error.h"

struct dir;

/*
 * Connect to a controller of the realm: those of DNS (SRV), or else the kdc
 * lines of krb5.conf.  Not bound yet: only the root entry can be read.
 * Returns 0, CS_NOMEM or CS_SYSTEM.
 */
int dir_open(const char *realm, struct dir **out, struct cs_error *err);
/* The same with a connection that is there: ld is taken over, also on
 * failure. */
int dir_adopt(LDAP *ld, const char *server, struct dir **out,
              struct cs_error *err);
/* Become the user.  Returns 0 or CS_INNER. */
int dir_bind(struct dir *dir, struct cs_error *err);
void dir_close(struct dir **dir);

const char *dir_server(const struct dir *dir);
/* How far the controller's clock is ahead of ours, seconds; 0 with *known 0
 * when it has not said. */
long dir_ahead(const struct dir *dir, int *known);

/* Takes an account over (or not, leaving NULL behind).  Nonzero ends. */
typedef int (*dir_visit)(void *arg, struct account **account);

/*
 * All accounts of the domain that match.  Asks for pages, so that any number
 * will do.  Returns 0, CS_NOMEM, CS_SYSTEM, or what visit has returned.
 */
int dir_search(struct dir *dir, const char *filter, dir_visit visit,
               void *arg, struct cs_error *err);

/* A value for a filter in new memory (RFC 4515 3).  With stars, a '*' stays
 * what it means in a filter. */
char *dir_escape(const char *value, int stars);

#endif /* DOC_DIRECTORY_H */
