/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * ntlmfile.h - credentials in a file, as gss-ntlmssp's NTLM_USER_FILE has
 * them: a line DOMAIN:USER:PASSWORD for each.
 *
 * A password may have colons in it.  Empty lines and those that begin with a
 * # are skipped; DOMAIN may be empty (USER is then perhaps user@realm).
 */
#ifndef BD_NTLMFILE_H
#define BD_NTLMFILE_H

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"
#include "helper/broker/vault.h"

#define NTLMFILE_MAX ((size_t)64 * 1024)        /* bytes of a file */

struct ntlmfile_line {          /* borrowed from the text */
    struct cs_span domain, user, password;
};

/* Take the first line with a credential off text.  1 with *out, 0 at the end,
 * CS_MALFORMED for any other line (*number is its number, counted from the
 * caller's value). */
int ntlmfile_next(struct cs_span *text, unsigned int *number,
                  struct ntlmfile_line *out);

/*
 * Put all of a file's credentials into the vault, without an end to their
 * lifetime.  The file is refused (CS_SYSTEM) when it is a link, not ours or
 * open to others; with other_owner it may be root's (systemd makes some).
 */
int ntlmfile_load(const char *path, int other_owner, const char *source,
                  struct vault *vault, struct cs_error *err);

/* The files of systemd's $CREDENTIALS_DIRECTORY that are meant for us: named
 * "gss-winrm", or "*.winrm".  No directory: nothing to do. */
int ntlmfile_load_systemd(const char *directory, struct vault *vault,
                          struct cs_error *err);

#endif /* BD_NTLMFILE_H */
