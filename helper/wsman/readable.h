/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * readable.h - the files that the sandbox can read, and what to say about
 * others.
 *
 * A Landlock rule is about a file or a directory that exists when the sandbox
 * begins, and none can be added later.  So everything that is needed later
 * must be found before, wherever this system has it.
 */
#ifndef GATE_READABLE_H
#define GATE_READABLE_H

#include "plugin/bytes/error.h"

/* Files, and directories with all that is in them, some of which may not
 * exist, in new memory (gw_strlist_free).  0, CS_NOMEM or CS_SYSTEM. */
int readable_list(char ***paths, struct cs_error *err);

/* In the sandbox: is this file one that the user may read and we may not? */
int readable_hidden(const char *path);

/* In the sandbox, if err may say that krb5.conf cannot be read: say which file
 * is hidden, if one is. */
void readable_explain_conf(struct cs_error *err);

/* What to do about a file that is hidden, as the end of a sentence. */
#define READABLE_ADVICE "the gateway's sandbox has only the files that " \
    "were in use when it started: start it again"

#endif /* GATE_READABLE_H */
