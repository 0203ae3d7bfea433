/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* inroot.c - a file of a system whose root directory is somewhere here. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include "helper/configure/inroot.h"

#define LINKS_MAX 40
#define TRIES 16                /* while something in there is being moved */
#define DIRECTORY (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* --- Directories --- */

/* Step by step, where the kernel does not do it: without any link. */
static int
open_steps(int root, char *path)
{
    int dir = openat(root, ".", DIRECTORY), next;
    char *step;

    while (dir != -1 && (step = strsep(&path, "/")) != NULL) {
        if (*step == '\0' || strcmp(step, ".") == 0)
            continue;
        errno = ELOOP;
        next = strcmp(step, "..") == 0 ? -1 :
            openat(dir, step, DIRECTORY | O_NOFOLLOW);
        if (next == -1 && errno == ENOTDIR)
            errno = ELOOP;      /* a link is none of the two */
        (void)close(dir);
        dir = next;
    }
    return dir;
}

#ifdef SYS_openat2
static int
open_within(int root, const char *path)
{
    struct open_how how = { .flags = DIRECTORY, .resolve = RESOLVE_IN_ROOT |
                            RESOLVE_NO_MAGICLINKS };
    int i, dir = -1;

    for (i = 0; i < TRIES; i++) {
        dir = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
        if (dir != -1 || errno != EAGAIN)
            break;
    }
    return dir;
}
#else
static int
open_within(int root, const char *path)
{
    (void)root;
    (void)path;
    errno = ENOSYS;
    return -1;
}
#endif

/* The directory that a path has in front of its last '/'.  root is -1 for this
 * system's. */
static int
open_directory(int root, const char *path)
{
    char *parent = strndup(path, strrchr(path, '/') + 1 - path);
    int dir, saved;

    if (parent == NULL) {
        errno = ENOMEM;
        return -1;
    }
    dir = root == -1 ? open(parent, DIRECTORY) : open_within(root, parent);
    /* Old filters of system calls say EPERM for what they do not know. */
    if (root != -1 && dir == -1 && (errno == ENOSYS || errno == EPERM))
        dir = open_steps(root, parent);
    saved = errno;
    free(parent);
    errno = saved;
    return dir;
}

/* --- The file --- */

/* Where a link leads, seen from its directory: *path becomes that. */
static int
follow(char **path, const char *to)
{
    char *slash = strrchr(*path, '/'), *next;
    int len = *to == '/' ? 0 : (int)(slash + 1 - *path);

    if (asprintf(&next, "%.*s%s", len, *path, to) < 0)
        return ENOMEM;
    free(*path);
    *path = next;
    return 0;
}

/* 0 when path is no link any more. */
static int
follow_all(int root, char **path, int *dir)
{
    char to[PATH_MAX];
    ssize_t n;
    int i, ret;

    for (i = 0; i < LINKS_MAX; i++) {
        *dir = open_directory(root, *path);
        if (*dir == -1)
            return errno;
        n = readlinkat(*dir, strrchr(*path, '/') + 1, to, sizeof(to) - 1);
        if (n == -1)
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        to[n] = '\0';
        (void)close(*dir);
        *dir = -1;
        ret = follow(path, to);
        if (ret != 0)
            return ret;
    }
    return ELOOP;
}

int
inroot_find(const char *root, const char *path, struct inroot *out)
{
    int base = *root != '\0' ? open(root, DIRECTORY) : -1, ret;
    char *inside = strdup(path);

    memset(out, 0, sizeof(*out));
    out->dir = -1;
    if (*root != '\0' && base == -1)
        ret = errno;
    else
        ret = inside != NULL ? follow_all(base, &inside, &out->dir) : ENOMEM;
    if (base != -1)
        (void)close(base);
    if (inside == NULL || asprintf(&out->path, "%s%s", root, inside) < 0) {
        out->path = NULL;
        free(inside);
        return ENOMEM;
    }
    free(inside);
    out->name = strrchr(out->path, '/') + 1;
    return ret;
}

void
inroot_close(struct inroot *file)
{
    if (file->dir != -1)
        (void)close(file->dir);
    free(file->path);
    file->path = NULL;
    file->dir = -1;
}
