/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * switch.c - gss-winrm enable, disable: the plugin's line for the mechglue.
 *
 * The file is a configuration file of the package.  A line that is off stays in
 * it as a comment: that is the administrator's change of it, and package
 * managers keep those in upgrades, where a file that is gone may come back.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/configure/configure.h"
#include "helper/console/console.h"
#include "helper/configure/inroot.h"
#include "helper/configure/newfile.h"

#ifndef GW_MECH_CONF            /* the Makefile's win */
#define GW_MECH_CONF "/etc/gss/mech.d/gss-winrm.conf"
#endif
#ifndef GW_MODULE
#define GW_MODULE "/usr/lib/gss-winrm/gss_winrm.so"
#endif

#define TEXT_MAX ((size_t)1024 * 1024)
#define MARK "#off "            /* in front of a line that has been put off */
#define NAME "gss_winrm"        /* the first word of ours */
#define LINE NAME "\t2.25.1467839256\t" GW_MODULE "\t<interposer>\n"

#define PATH_SHOWN 180

static const struct option options[] = {
    { "root", required_argument, NULL, 'r' },
    CLI_JSON, CLI_HELP, CLI_END
};

struct file {
    struct inroot at;           /* behind symbolic links, if any */
    struct cs_buf old;          /* its text, and a zero; none if not there */
    char *new;
    size_t new_len;
    struct stat st;
};

static int
fail(const char *path, int error)
{
    struct cs_error err = { 0 };

    /* The reason has to have room behind the path. */
    (void)cs_fail(&err, CS_USAGE, "%.*s%s: %s%s", PATH_SHOWN, path,
                  strlen(path) > PATH_SHOWN ? "..." : "", error == ELOOP ?
                  "its symbolic links cannot be followed" :
                  newfile_text(error),
                  error == EACCES || error == EROFS || error == EPERM ?
                  "; this needs root" : "");
    return cli_fail(&err);
}

/* --- The text --- */

static int
is_ours(const char *line)
{
    size_t len = strlen(NAME);

    return strncmp(line, NAME, len) == 0 &&
        (line[len] == ' ' || line[len] == '\t');
}

/* Is this how the line is to be left?  If not, it becomes as wanted. */
static const char *
switched(const char *line, int on, const char **prefix)
{
    *prefix = "";
    if (on && strncmp(line, MARK, strlen(MARK)) == 0 &&
        is_ours(line + strlen(MARK)))
        return line + strlen(MARK);
    if (!on && is_ours(line))
        *prefix = MARK;
    return line;
}

static const char *
old_text(const struct file *f)
{
    return f->old.len > 0 ? (const char *)f->old.p : "";
}

/* The new text from the old.  With on, a line that is nowhere is added. */
static int
rewrite(struct file *f, int on)
{
    FILE *out = open_memstream(&f->new, &f->new_len);
    const char *line = old_text(f), *end, *from, *prefix;
    int found = 0;

    if (out == NULL)
        return ENOMEM;
    for (; *line != '\0'; line = end) {
        end = strchrnul(line, '\n');
        end += *end == '\n';
        from = switched(line, on, &prefix);
        (void)fprintf(out, "%s%.*s", prefix, (int)(end - from), from);
        if (end[-1] != '\n')
            (void)fputc('\n', out);
        found |= is_ours(from);
    }
    if (on && !found)
        (void)fputs(LINE, out);
    return fclose(out) == 0 ? 0 : ENOMEM;
}

/* --- The file --- */

static int
open_regular(const struct inroot *at)
{
    struct stat st;

    /* Opening a device may do something. */
    if (fstatat(at->dir, at->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    return openat(at->dir, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
                  O_CLOEXEC);
}

static int
read_file(struct file *f, const char *root)
{
    int ret = inroot_find(root, GW_MECH_CONF, &f->at), fd;

    if (ret != 0)
        return ret == ENOENT ? 0 : ret;
    fd = open_regular(&f->at);
    if (fd == -1)
        return errno == ENOENT ? 0 : errno;
    ret = newfile_read(fd, TEXT_MAX, &f->old, &f->st);
    (void)close(fd);
    cs_buf_add(&f->old, "", 1);
    return ret == 0 && f->old.error != 0 ? ENOMEM : ret;
}

/* Programs see one or the other. */
static int
write_file(const struct file *f)
{
    struct cs_span text = { (const uint8_t *)f->new, f->new_len };

    if (f->at.dir == -1)
        return ENOENT;
    return newfile_put(f->at.dir, f->at.name, text,
                       f->old.len > 0 ? &f->st : NULL);
}

/*
 * A process that is running has credentials for krb5 proper.  The plugin stands
 * aside in those that are older than its own file, by the time of change of its
 * inode, which this makes now.
 */
static int
renew_module(const char *root)
{
    struct inroot at;
    struct stat st;
    int ret = inroot_find(root, GW_MODULE, &at), fd = -1;

    if (ret == 0 && ((fd = open_regular(&at)) == -1 || fstat(fd, &st) != 0 ||
                     fchmod(fd, st.st_mode & 07777) != 0))
        ret = errno;
    if (fd != -1)
        (void)close(fd);
    if (ret != 0)
        ret = fail(at.path != NULL ? at.path : GW_MODULE, ret);
    inroot_close(&at);
    return ret;
}

static void
print_result(const struct file *f, int on, int changed)
{
    struct cs_span path = { (const uint8_t *)f->at.path, strlen(f->at.path) };
    json_t *object;

    if (cli_wants_json() && (object = json_object()) != NULL) {
        (void)json_object_set_new(object, "enabled", json_boolean(on));
        (void)json_object_set_new(object, "changed", json_boolean(changed));
        cli_set_text(object, "file", path);
        cli_print_json(object);
    } else if (!changed) {
        say_line(stdout, "The plugin was already %s.", on ? "on" : "off");
    } else {
        say_line(stdout, "The plugin is %s for programs started from now on.",
                 on ? "on" : "off");
    }
}

/* --- The subcommands --- */

static int
turn(const char *root, int on)
{
    struct file f = { .at = { .dir = -1 },
                      .old = CS_BUF_INIT(TEXT_MAX + NEWFILE_ROOM) };
    int ret, changed = 0;

    ret = read_file(&f, root);
    if (ret == 0 && (on || f.old.len > 0))
        ret = rewrite(&f, on);
    if (ret != 0) {
        ret = fail(f.at.path != NULL ? f.at.path : GW_MECH_CONF, ret);
        goto out;
    }
    changed = f.new != NULL &&
        (f.old.len == 0 || strcmp(old_text(&f), f.new) != 0);
    if (changed && on)
        ret = renew_module(root);
    if (changed && ret == 0 && (ret = write_file(&f)) != 0)
        ret = fail(f.at.path, ret);
    if (ret == 0)
        print_result(&f, on, changed);

out:
    inroot_close(&f.at);
    cs_buf_free(&f.old);
    free(f.new);
    return ret;
}

static int
parse(int argc, char **argv, int on)
{
    const char *root = "";
    int c;

    while ((c = cli_option(argc, argv, ":h", options)) != -1) {
        if (c == 'r')
            root = optarg;
    }
    if (argc > optind)
        return cli_usage(argv[0], "it takes no arguments");
    return turn(root, on);
}

int
cli_enable(int argc, char **argv)
{
    return parse(argc, argv, 1);
}

int
cli_disable(int argc, char **argv)
{
    return parse(argc, argv, 0);
}
