/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * runtime.c - the directory of this user's sockets.
 *
 * It is opened, and the open directory is checked: a name can be replaced by a
 * link, or another directory, between two system calls.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugin/base/rundir.h"
#include "helper/proto/runtime.h"
#include "plugin/base/uid.h"

int
rt_check_user(struct cs_error *err)
{
    uid_t uid = geteuid();

    if (!gw_uid_is_anybodys(uid))
        return 0;
    return cs_fail(err, CS_POLICY, "uid %u stands for every user whom this "
                   "user namespace does not map (/proc/self/uid_map), so "
                   "other users could read everything: run this as a mapped "
                   "user", (unsigned int)uid);
}

static int
check_stat(const char *path, const struct stat *st, struct cs_error *err)
{
    int ret = rt_check_user(err);

    if (ret != 0)
        return ret;
    if (st->st_uid != geteuid())
        return cs_fail(err, CS_SYSTEM, "%s belongs to uid %u, not to uid %u",
                       path, (unsigned int)st->st_uid,
                       (unsigned int)geteuid());
    if (st->st_mode & (S_IRWXG | S_IRWXO))
        return cs_fail(err, CS_SYSTEM, "other users can access %s (mode "
                       "%03o): chmod 700 it", path,
                       (unsigned int)(st->st_mode & 0777));
    return 0;
}

int
rt_check(const char *path, struct cs_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    int ret;

    /* ELOOP: O_NOFOLLOW's. */
    if (fd < 0)
        return cs_fail_errno(err, CS_SYSTEM, errno == ELOOP ? ENOTDIR : errno,
                             "cannot open %s", path);
    if (fstat(fd, &st) != 0)
        ret = cs_fail_errno(err, CS_SYSTEM, errno, "cannot stat %s", path);
    else
        ret = check_stat(path, &st, err);
    (void)close(fd);
    return ret;
}

int
rt_directory(int create, char **out, struct cs_error *err)
{
    char path[PATH_MAX];
    int ret = rt_check_user(err);

    *out = NULL;
    if (ret == 0 && gw_rundir(path, sizeof(path)) != 0)
        ret = cs_fail(err, CS_SYSTEM, "XDG_RUNTIME_DIR is too long");
    if (ret == 0 && create && mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
        ret = cs_fail_errno(err, CS_SYSTEM, errno, "cannot create %s", path);
    if (ret == 0)
        ret = rt_check(path, err);
    if (ret != 0)
        return ret;
    *out = strdup(path);
    return (*out == NULL) ? cs_nomem(err) : 0;
}

int
rt_socket(int create, const char *name, char **out, struct cs_error *err)
{
    struct sockaddr_un address;
    char *directory, *path;
    int ret = rt_directory(create, &directory, err), n;

    *out = NULL;
    if (ret != 0)
        return ret;
    n = asprintf(&path, "%s/%s", directory, name);
    free(directory);
    if (n < 0)
        return cs_nomem(err);
    if ((size_t)n >= sizeof(address.sun_path)) {
        ret = cs_fail(err, CS_SYSTEM, "%s is too long for a socket's path",
                      path);
        free(path);
        return ret;
    }
    *out = path;
    return 0;
}

int
rt_check_parent(const char *path, struct cs_error *err)
{
    const char *slash = strrchr(path, '/');
    char *directory;
    int ret;

    if (slash == NULL)
        return rt_check(".", err);
    directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (directory == NULL)
        return cs_nomem(err);
    ret = rt_check(directory, err);
    free(directory);
    return ret;
}
