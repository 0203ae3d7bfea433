/* conffile.c - the files that gss-winrm configure reads and writes. */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conffile.h"

#define MAIN "/etc/krb5.conf"

static int
system_failed(struct cs_error *err, const char *path)
{
    return cs_fail(err, CS_SYSTEM, "%s: %s", path, strerror(errno));
}

/* --- Reading --- */

static int
read_all(int fd, struct cs_buf *out)
{
    uint8_t *room;
    ssize_t n;

    do {
        room = cs_buf_room(out, 4096);
        if (room == NULL)
            return -1;
        n = read(fd, room, 4096);
        if (n > 0)
            out->len += n;
    } while (n > 0);
    return n == 0 ? 0 : -1;
}

static int
load(struct conf_file *f, struct cs_error *err)
{
    struct cs_buf text = CS_BUF_INIT(CONF_MAX);
    struct cs_error why;
    int fd = open(f->path, O_RDONLY | O_CLOEXEC), ret = 0;

    if (fd == -1 && errno != ENOENT)
        return system_failed(err, f->path);
    f->exists = fd != -1;
    if (fd != -1 && read_all(fd, &text) != 0)
        ret = text.error != 0 ? cs_fail(err, CS_SYSTEM, "%s is too long",
                                        f->path) : system_failed(err, f->path);
    if (fd != -1)
        (void)close(fd);
    if (ret == 0) {
        ret = confedit_parse(cs_buf_span(&text), &f->edit, &why);
        if (ret != 0)
            ret = cs_fail(err, ret, "%s, %.200s", f->path, why.text);
    }
    cs_buf_free(&text);
    return ret;
}

/* libkrb5 reads *.conf, and names of letters, digits, '-' and '_'. */
static int
is_read(const char *name)
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

static int
find_directory(struct conf_job *job, struct cs_error *err)
{
    const char *path = job->dropin.path, *slash = strrchr(path, '/');

    if (*path != '/' || slash == path)
        return cs_fail(err, CS_USAGE, "%s is not an absolute path in a "
                       "directory", path);
    if (!is_read(slash + 1))
        return cs_fail(err, CS_USAGE, "libkrb5 would not read a file called "
                       "%s: it should end in .conf", slash + 1);
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
    struct conf_file f = { path, 0, NULL };
    int ret;

    if (strcmp(path, job->dropin.path) == 0) {
        *included = 1;
        return 0;
    }
    ret = load(&f, err);
    if (ret == 0)
        *included |= confedit_has_directive(f.edit, "includedir",
                                            job->directory) ||
            confedit_has_directive(f.edit, "include", job->dropin.path);
    if (ret == 0 && job->main.edit == NULL)
        job->main = f;
    else
        confedit_free(&f.edit);
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
    if (ret == 0 && !*included && job->main.edit == NULL)
        ret = cs_fail(err, CS_SYSTEM, "there is no krb5.conf");
    return ret;
}

/* --- Writing --- */

static int
write_all(int fd, struct cs_span text)
{
    ssize_t n;

    while (text.len > 0) {
        n = write(fd, text.p, text.len);
        if (n == -1)
            return -1;
        text.p += n;
        text.len -= n;
    }
    return fsync(fd);
}

/* A new file with everything of the old one but the text. */
static int
write_beside(const char *path, const char *beside, struct cs_span text)
{
    struct stat st = { .st_mode = 0644, .st_uid = getuid(),
                       .st_gid = getgid() };
    int fd, ret, saved;

    (void)stat(path, &st);
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd == -1)
        return -1;
    ret = write_all(fd, text);
    if (ret == 0 && fchown(fd, st.st_uid, st.st_gid) != 0 && geteuid() == 0)
        ret = -1;
    if (ret == 0)
        ret = fchmod(fd, st.st_mode & 07777);
    saved = errno;
    (void)close(fd);
    errno = saved;
    return ret;
}

static int
replace(const char *path, struct cs_span text, struct cs_error *err)
{
    char *beside;
    int ret, saved;

    if (asprintf(&beside, "%s.new-%ld~", path, (long)getpid()) < 0)
        return cs_nomem(err);
    ret = write_beside(path, beside, text);
    if (ret == 0)
        ret = rename(beside, path);
    saved = errno;
    if (ret != 0)
        (void)unlink(beside);
    errno = saved;
    free(beside);
    return ret != 0 ? system_failed(err, path) : 0;
}

/* The directory of a drop-in may be missing, and nothing above it. */
static int
make_directory(const char *path, struct cs_error *err)
{
    char *copy = strdup(path);
    int ret = 0;

    if (copy == NULL)
        return cs_nomem(err);
    if (mkdir(dirname(copy), 0755) != 0 && errno != EEXIST)
        ret = system_failed(err, path);
    free(copy);
    return ret;
}

int
conf_save(const struct conf_file *file, struct cs_error *err)
{
    struct cs_buf text = CS_BUF_INIT(2 * CONF_MAX);
    char *real;
    int ret;

    if (file->edit == NULL || !confedit_changed(file->edit))
        return 0;
    /* A link stays one. */
    real = realpath(file->path, NULL);
    confedit_write(file->edit, &text);
    ret = text.error != 0 ? cs_nomem(err) : 0;
    if (ret == 0 && real == NULL)
        ret = make_directory(file->path, err);
    if (ret == 0)
        ret = replace(real != NULL ? real : file->path, cs_buf_span(&text),
                      err);
    free(real);
    cs_buf_free(&text);
    return ret;
}
