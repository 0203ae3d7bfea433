/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* ntlmfile.c - credentials in a file, DOMAIN:USER:PASSWORD a line. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/broker/ntlmfile.h"
#include "helper/broker/text.h"
#include "plugin/bytes/utf16.h"
#include "plugin/base/uid.h"

#define SUFFIX ".winrm"

/* --- The text --- */

/* What comes before the separator, which goes as well; all, without one. */
static struct cs_span
take_until(struct cs_span *text, char separator, int *found)
{
    struct cs_span part = *text;
    const uint8_t *end = NULL;

    if (text->len > 0)
        end = memchr(text->p, separator, text->len);
    *found = (end != NULL);
    if (end != NULL)
        part.len = (size_t)(end - text->p);
    text->p += part.len + (*found ? 1 : 0);
    text->len -= part.len + (*found ? 1 : 0);
    return part;
}

static int
split(struct cs_span line, struct ntlmfile_line *out)
{
    int first, second;

    out->domain = take_until(&line, ':', &first);
    out->user = take_until(&line, ':', &second);
    out->password = line;
    return (first && second && out->user.len > 0 && cs_utf8_ok(out->domain) &&
            cs_utf8_ok(out->user) && cs_utf8_ok(out->password)) ? 1 :
        CS_MALFORMED;
}

int
ntlmfile_next(struct cs_span *text, unsigned int *number,
              struct ntlmfile_line *out)
{
    struct cs_span line;
    int more;

    while (text->len > 0) {
        line = take_until(text, '\n', &more);
        (*number)++;
        if (line.len > 0 && line.p[line.len - 1] == '\r')
            line.len--;
        if (line.len > 0 && line.p[0] != '#')
            return split(line, out);
    }
    return 0;
}

/* --- The file --- */

static int
check_stat(const char *path, const struct stat *st, int other_owner,
           struct cs_error *err)
{
    if (!S_ISREG(st->st_mode))
        return cs_fail(err, CS_SYSTEM, "%s is not a regular file", path);
    if (!gw_uid_is_ours(st->st_uid) && !(other_owner && st->st_uid == 0))
        return cs_fail(err, CS_SYSTEM, "%s belongs to uid %u, not to uid %u",
                       path, (unsigned int)st->st_uid,
                       (unsigned int)geteuid());
    /* systemd lets root's group mask be what an ACL makes of it. */
    if (st->st_mode & (other_owner && st->st_uid == 0 ? S_IRWXO :
                       S_IRWXG | S_IRWXO))
        return cs_fail(err, CS_SYSTEM, "other users can access %s (mode "
                       "%03o): chmod 600 it", path,
                       (unsigned int)(st->st_mode & 0777));
    if ((uint64_t)st->st_size > NTLMFILE_MAX)
        return cs_fail(err, CS_SYSTEM, "%s is too long", path);
    return 0;
}

static int
read_all(int fd, const char *path, struct cs_buf *out, struct cs_error *err)
{
    uint8_t *to = cs_buf_room(out, NTLMFILE_MAX);
    ssize_t n;

    if (to == NULL)
        return cs_nomem(err);
    do {
        n = read(fd, to + out->len, NTLMFILE_MAX - out->len);
        if (n > 0)
            out->len += (size_t)n;
    } while ((n > 0 && out->len < NTLMFILE_MAX) || (n < 0 && errno == EINTR));
    return (n >= 0) ? 0 :
        cs_fail_errno(err, CS_SYSTEM, errno, "cannot read %s", path);
}

static int
read_file(const char *path, int other_owner, struct cs_buf *out,
          struct cs_error *err)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), ret;
    struct stat st;

    if (fd < 0 && errno == ELOOP)
        return cs_fail(err, CS_SYSTEM, "%s is a symbolic link", path);
    if (fd < 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "cannot open %s", path);
    ret = (fstat(fd, &st) == 0) ? check_stat(path, &st, other_owner, err) :
        cs_fail_errno(err, CS_SYSTEM, errno, "cannot stat %s", path);
    if (ret == 0)
        ret = read_all(fd, path, out, err);
    (void)close(fd);
    return ret;
}

static int
add_line(const struct ntlmfile_line *line, const char *source,
         struct vault *vault, struct cs_error *err)
{
    struct cs_creds_options o = { .user_tickets = 1, .private = 1 };
    struct cs_creds *creds = NULL;
    char *user = text_string(line->user), *domain = text_string(line->domain);
    int ret = (user != NULL && domain != NULL) ? 0 : cs_nomem(err);

    o.user = user;
    o.domain = (domain != NULL && *domain != '\0') ? domain : NULL;
    o.password = line->password;
    if (ret == 0)
        ret = cs_creds_new(&o, &creds, err);
    if (ret == 0)
        ret = vault_add(vault, &creds, source, VAULT_FOREVER, NULL, err);
    free(user);
    free(domain);
    return ret;
}

int
ntlmfile_load(const char *path, int other_owner, const char *source,
              struct vault *vault, struct cs_error *err)
{
    struct cs_buf text = CS_BUF_INIT(NTLMFILE_MAX);
    struct ntlmfile_line line;
    struct cs_span left;
    unsigned int number = 0;
    int ret = read_file(path, other_owner, &text, err), more;

    left = cs_buf_span(&text);
    while (ret == 0 && (more = ntlmfile_next(&left, &number, &line)) != 0) {
        ret = (more > 0) ? add_line(&line, source, vault, err) :
            cs_fail(err, CS_MALFORMED, "%s, line %u: expected "
                    "DOMAIN:USER:PASSWORD in UTF-8", path, number);
    }
    cs_buf_free(&text);
    return ret;
}

/* --- systemd's --- */

static int
is_ours(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t n = strlen(name), suffix = strlen(SUFFIX);

    return strcmp(name, "gss-winrm") == 0 ||
        (n > suffix && *name != '.' &&
         strcmp(name + n - suffix, SUFFIX) == 0);
}

static int
load_named(const char *directory, const char *name, struct vault *vault,
           struct cs_error *err)
{
    char *path, *source;
    int ret;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return cs_nomem(err);
    if (asprintf(&source, "systemd: %s", name) < 0) {
        free(path);
        return cs_nomem(err);
    }
    ret = ntlmfile_load(path, 1, source, vault, err);
    free(source);
    free(path);
    return ret;
}

int
ntlmfile_load_systemd(const char *directory, struct vault *vault,
                      struct cs_error *err)
{
    struct dirent **list;
    int ret = 0, n, i;

    if (directory == NULL || *directory != '/')
        return 0;
    n = scandir(directory, &list, is_ours, alphasort);
    if (n < 0)
        return cs_fail_errno(err, CS_SYSTEM, errno,
                             "cannot read $CREDENTIALS_DIRECTORY, %s",
                             directory);
    for (i = 0; i < n; i++) {
        if (ret == 0)
            ret = load_named(directory, list[i]->d_name, vault, err);
        free(list[i]);
    }
    free(list);
    return ret;
}
