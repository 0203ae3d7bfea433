/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confdir.c - may krb5.conf include that directory? */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "helper/configure/conffile.h"

/* libkrb5 reads *.conf, and names of letters, digits, '-' and '_'. */
int
conf_is_read(const char *name)
{
    size_t len = strlen(name), i;

    if (*name == '.')
        return 0;
    if (len > 5 && strcmp(name + len - 5, ".conf") == 0)
        return 1;
    for (i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && strchr("-_", name[i]) == NULL)
            return 0;
    }
    return len > 0;
}

/* One file that libkrb5 cannot open is one too many for it. */
static int
check_files(DIR *dir, const char *path, struct cs_error *err)
{
    const struct dirent *entry;
    struct stat st;

    while ((entry = readdir(dir)) != NULL) {
        if (conf_is_read(entry->d_name) &&
            fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
            (st.st_mode & S_IROTH) == 0)
            return cs_fail(err, CS_SYSTEM, "%s/%s is not world-readable: "
                           "chmod o+r it, or only root can use Kerberos",
                           path, entry->d_name);
    }
    return 0;
}

int
conf_directory_ok(const struct conf_job *job, struct cs_error *err)
{
    const char *path = job->directory;
    struct stat st;
    DIR *dir;
    int ret = 0;

    if (stat(path, &st) != 0 && errno == ENOENT)
        return 0;               /* it will be made */
    dir = opendir(path);
    if (dir == NULL || fstat(dirfd(dir), &st) != 0)
        ret = cs_fail(err, CS_SYSTEM, "%s: %s", path, strerror(errno));
    else if ((st.st_mode & S_IWOTH) != 0)
        ret = cs_fail(err, CS_SYSTEM, "%s is world-writable: krb5.conf should "
                      "not include it", path);
    else if (job->main.exists && (job->main.st.st_mode & S_IROTH) == 0)
        ;                       /* a krb5.conf of one's own */
    else if ((st.st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
        ret = cs_fail(err, CS_SYSTEM, "%s is not world-readable: chmod o+rx "
                      "it, or only root can use Kerberos",
                      path);
    else
        ret = check_files(dir, path, err);
    if (dir != NULL)
        (void)closedir(dir);
    return ret;
}
