/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * newfile.h - read a file, and replace it with a new one.
 *
 * Names are in a directory that the caller has opened (AT_FDCWD will do), and
 * are not followed if they are symbolic links.  Functions return 0 or an errno.
 */
#ifndef CLI_NEWFILE_H
#define CLI_NEWFILE_H

#include <sys/stat.h>

#include "plugin/bytes/buf.h"

/* Append the text of a regular file of at most max bytes, without bytes of
 * zero, and say what it was.  EINVAL if it is not that, EFBIG if it is longer or
 * does not fit; out needs NEWFILE_ROOM more than what is read. */
#define NEWFILE_ROOM ((size_t)4096)
int newfile_read(int fd, size_t max, struct cs_buf *out, struct stat *st);

/*
 * Put text in the place of the file that was read: beside it first, with its
 * mode, owner, access list and label, then renamed, so that there is one or the
 * other at any time.  old is NULL where there was none.  ESTALE if the name
 * does not lead to the file that was read any more, or that has been changed.
 */
int newfile_put(int dir, const char *name, struct cs_span text,
                const struct stat *old);

/* strerror(), with a sentence for what the above mean. */
const char *newfile_text(int error);

#endif /* CLI_NEWFILE_H */
