/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* conffile.c - the files that gss-winrm configure reads and writes. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/configure/conffile.h"
#include "helper/configure/newfile.h"

#define MAIN "/etc/krb5.conf"

static int
failed(struct cs_error *err, const char *path, int error)
{
    return cs_fail(err, CS_SYSTEM, "%s: %s", path, newfile_text(error));
}

/* --- Reading --- */

/* Its text, which is empty if the file is not there. */
static int
read_text(struct conf_file *f, struct cs_buf *text, struct cs_error *err)
{
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;

    f->exists = fd != -1;
    if (fd == -1)
        return errno == ENOENT ? 0 : failed(err, f->path, errno);
    ret = newfile_read(fd, CONF_MAX, text, &f->st);
    (void)close(fd);
    return ret != 0 ? failed(err, f->path, ret) : 0;
}

static int
load(struct conf_file *f, struct cs_error *err)
{
    struct cs_buf text = CS_BUF_INIT(CONF_MAX + NEWFILE_ROOM);
    struct cs_error why;
    int ret = read_text(f, &text, err);

    if (ret == 0) {
        ret = confedit_parse(cs_buf_span(&text), &f->edit, &why);
        if (ret != 0)
            ret = cs_fail(err, ret, "%s, %.200s", f->path, why.text);
    }
    cs_buf_free(&text);
    return ret;
}

static int
find_directory(struct conf_job *job, struct cs_error *err)
{
    const char *path = job->dropin.path, *slash = strrchr(path, '/');

    if (*path != '/' || slash == path)
        return cs_fail(err, CS_USAGE, "%s is not an absolute path in a "
                       "directory", path);
    if (!conf_is_read(slash + 1))
        return cs_fail(err, CS_USAGE, "libkrb5 ignores a file named %s: its "
                       "name must end in .conf", slash + 1);
    job->directory = strndup(path, slash - path);
    return job->directory != NULL ? 0 : cs_nomem(err);
}

int
conf_load(struct conf_job *job, struct cs_error *err)
{
    const char *now = secure_getenv("KRB5_CONFIG");
    int ret;

    ret = find_directory(job, err);
    if (ret != 0)
        return ret;
    job->config = strdup(now != NULL && *now != '\0' ? now : MAIN);
    if (job->config == NULL)
        return cs_nomem(err);
    return load(&job->dropin, err);
}

void
conf_unload(struct conf_job *job)
{
    confedit_free(&job->dropin.edit);
    confedit_free(&job->main.edit);
    free(job->directory);
    free(job->config);
}

/* One file of KRB5_CONFIG; the first that is there is the main one. */
static int
look_into(struct conf_job *job, const char *path, int *included,
          struct cs_error *err)
{
    struct cs_buf text = CS_BUF_INIT(CONF_MAX + NEWFILE_ROOM);
    struct conf_file f = { .path = path };
    struct cs_span span;
    int ret;

    if (strcmp(path, job->dropin.path) == 0) {
        *included = 1;
        return 0;
    }
    ret = read_text(&f, &text, err);
    span = cs_buf_span(&text);
    *included = ret == 0 &&
        (confedit_has_directive(span, "includedir", job->directory) ||
         confedit_has_directive(span, "include", job->dropin.path));
    cs_buf_free(&text);
    if (job->main.path == NULL || (f.exists && !job->main.exists))
        job->main = f;
    return ret;
}

int
conf_included(struct conf_job *job, int *included, struct cs_error *err)
{
    char *rest = job->config, *path;
    int ret = 0;

    *included = 0;
    while (ret == 0 && !*included && (path = strsep(&rest, ":")) != NULL) {
        if (*path != '\0')
            ret = look_into(job, path, included, err);
    }
    if (ret == 0 && !*included && job->main.path == NULL)
        ret = cs_fail(err, CS_SYSTEM, "there is no krb5.conf");
    return ret;
}

int
conf_include(struct conf_job *job, struct cs_error *err)
{
    char *line;
    int ret;

    ret = load(&job->main, err);
    if (ret == 0)
        ret = conf_directory_ok(job, err);
    if (ret != 0)
        return ret;
    if (asprintf(&line, "includedir %s/", job->directory) < 0)
        return cs_nomem(err);
    ret = confedit_prepend(job->main.edit, line);
    free(line);
    return ret != 0 ? cs_nomem(err) : 0;
}

/* --- Writing --- */

/* The directory of a drop-in may be missing, and nothing above it.  Whatever the
 * umask is, everybody who uses Kerberos has to read it. */
static int
make_directory(const char *path, struct cs_error *err)
{
    char *copy = strdup(path), *directory;
    int ret = 0;

    if (copy == NULL)
        return cs_nomem(err);
    directory = dirname(copy);
    if (mkdir(directory, 0755) != 0 ? errno != EEXIST :
        chmod(directory, 0755) != 0)
        ret = failed(err, path, errno);
    free(copy);
    return ret;
}

int
conf_save(const struct conf_file *file, struct cs_error *err)
{
    struct cs_buf text = CS_BUF_INIT(2 * CONF_MAX);
    struct stat st;
    char *real;
    int ret;

    if (file->edit == NULL || !confedit_changed(file->edit))
        return 0;
    /* A link stays one. */
    real = realpath(file->path, NULL);
    if (real == NULL && lstat(file->path, &st) == 0)
        return cs_fail(err, CS_SYSTEM, "%s is a dangling symbolic link",
                       file->path);
    confedit_write(file->edit, &text);
    ret = text.error != 0 ? cs_nomem(err) : 0;
    if (ret == 0 && real == NULL)
        ret = make_directory(file->path, err);
    if (ret == 0) {
        ret = newfile_put(AT_FDCWD, real != NULL ? real : file->path,
                          cs_buf_span(&text), file->exists ? &file->st : NULL);
        if (ret != 0)
            ret = failed(err, file->path, ret);
    }
    free(real);
    cs_buf_free(&text);
    return ret;
}
