/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * inroot.h - a file of a system whose root directory is somewhere here.
 *
 * Its symbolic links lead to where they do in that system, and never out of it:
 * an image is what others have made, and we may be root.
 */
#ifndef CLI_INROOT_H
#define CLI_INROOT_H

struct inroot {
    int dir;                    /* its directory (O_PATH), or -1 */
    char *path;                 /* with root in front, links followed; owned */
    const char *name;           /* its end: not a link, and perhaps not there */
};

/*
 * Find the file that path leads to, which begins with '/'; root "" is this
 * system.  Returns 0 or an errno, ELOOP also for links that cannot be followed
 * without openat2(2).  Close it in either case.
 */
int inroot_find(const char *root, const char *path, struct inroot *out);
void inroot_close(struct inroot *file);

#endif /* CLI_INROOT_H */
