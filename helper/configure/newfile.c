/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* newfile.c - read a file, and replace it with a new one. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "plugin/bytes/error.h"
#include "helper/configure/newfile.h"

#define TRIES 100               /* names for the new file */

const char *
newfile_text(int error)
{
    return error == ESTALE ? "it has changed in the meantime and is left as "
        "it is" : error == EINVAL ? "it is not a text file" :
        strerror(error);
}

/* --- Reading --- */

int
newfile_read(int fd, size_t max, struct cs_buf *out, struct stat *st)
{
    size_t begin = out->len;
    ssize_t n;
    uint8_t *p;

    if (fstat(fd, st) != 0)
        return errno;
    if (!S_ISREG(st->st_mode))
        return EINVAL;
    if (st->st_size < 0 || (uintmax_t)st->st_size > max)
        return EFBIG;
    do {
        p = cs_buf_room(out, NEWFILE_ROOM);
        if (p == NULL)
            return out->error == CS_NOMEM ? ENOMEM : EFBIG;
        n = read(fd, p, NEWFILE_ROOM);
        if (n < 0)
            return errno;
        out->len += n;
    } while (n > 0);
    if (out->len > begin && memchr(out->p + begin, '\0', out->len - begin))
        return EINVAL;
    return 0;
}

/* --- Writing --- */

static int
write_all(int fd, struct cs_span text)
{
    ssize_t n;

    for (; text.len > 0; text.p += n, text.len -= n) {
        n = write(fd, text.p, text.len);
        if (n < 0)
            return errno;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* The access list and the label, where the file that is to be replaced has
 * them; who may not set a label goes on without. */
static int
copy_attributes(int dir, const char *name, int to)
{
    static const char *const names[] = {
        "system.posix_acl_access", "security.selinux"
    };
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    char value[4096];
    ssize_t n;
    size_t i;
    int ret = 0;

    if (fd == -1)
        return errno;
    for (i = 0; i < sizeof(names) / sizeof(*names) && ret == 0; i++) {
        n = fgetxattr(fd, names[i], value, sizeof(value));
        if (n > 0 && fsetxattr(to, names[i], value, n, 0) != 0 && i == 0)
            ret = errno;
    }
    (void)close(fd);
    return ret;
}

static int
set_attributes(int dir, const char *name, int fd, const struct stat *old)
{
    if (old == NULL)
        return fchmod(fd, 0644) == 0 ? 0 : errno;
    if (fchown(fd, old->st_uid, old->st_gid) != 0 && geteuid() == 0)
        return errno;
    if (fchmod(fd, old->st_mode & 07777) != 0)
        return errno;
    return copy_attributes(dir, name, fd);
}

/* Is what was read there still, as it was? */
static int
is_same(int dir, const char *name, const struct stat *old)
{
    struct stat now;

    if (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return old == NULL && errno == ENOENT;
    return old != NULL && now.st_dev == old->st_dev &&
        now.st_ino == old->st_ino && now.st_size == old->st_size &&
        now.st_mtim.tv_sec == old->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == old->st_mtim.tv_nsec;
}

/* A new file, under a name that neither libkrb5 nor the mechglue reads; one that
 * an earlier process has left may be there.  Returns the name, or NULL with
 * errno set. */
static char *
open_beside(int dir, const char *name, int *fd)
{
    char *beside;
    int i, saved;

    for (i = 0; i < TRIES; i++) {
        if (asprintf(&beside, "%s.new-%ld-%d~", name, (long)getpid(), i) < 0) {
            errno = ENOMEM;
            return NULL;
        }
        *fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
                     O_NOFOLLOW, 0600);
        if (*fd != -1)
            return beside;
        saved = errno;
        free(beside);
        errno = saved;
        if (errno != EEXIST)
            break;
    }
    return NULL;
}

int
newfile_put(int dir, const char *name, struct cs_span text,
            const struct stat *old)
{
    char *beside;
    int fd = -1, ret;

    beside = open_beside(dir, name, &fd);
    if (beside == NULL)
        return errno;
    ret = write_all(fd, text);
    if (ret == 0)
        ret = set_attributes(dir, name, fd, old);
    if (close(fd) != 0 && ret == 0)
        ret = errno;
    if (ret == 0 && !is_same(dir, name, old))
        ret = ESTALE;
    if (ret == 0 && renameat(dir, beside, dir, name) != 0)
        ret = errno;
    if (ret != 0)
        (void)unlinkat(dir, beside, 0);
    free(beside);
    return ret;
}
