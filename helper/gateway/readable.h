/*
 * readable.h - which files the sandbox lets be read, and what to say when one
 * is not among them.
 *
 * A rule of Landlock is about a file or a directory that is there when the
 * sandbox begins, and can never be added to.  So all that is needed later has
 * to be found before, wherever this system has it.
 */
#ifndef GATE_READABLE_H
#define GATE_READABLE_H

#include "error.h"

/* Files, and directories with all that is in them, some of which may not
 * exist, in new memory (gw_free_words).  0, CS_NOMEM or CS_SYSTEM. */
int readable_list(char ***paths, struct cs_error *err);

/* In the sandbox: is this file one that the user may read and we may not? */
int readable_hidden(const char *path);

/* In the sandbox, where err may say that krb5.conf cannot be read: say, if it
 * is so, which file is hidden. */
void readable_explain_conf(struct cs_error *err);

/* What to do about a file that is hidden, as the end of a sentence. */
#define READABLE_ADVICE "the gateway's sandbox has only the files that " \
    "were in use when it started: start it again"

#endif /* GATE_READABLE_H */
