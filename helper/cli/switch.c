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

#include "cli.h"

#ifndef GW_MECH_CONF            /* the Makefile's win */
#define GW_MECH_CONF "/etc/gss/mech.d/gss-winrm.conf"
#endif
#ifndef GW_MODULE
#define GW_MODULE "/usr/lib/gss-winrm/gss_winrm.so"
#endif

#define MARK "#off "            /* in front of a line that has been put off */
#define NAME "gss_winrm"        /* the first word of ours */
#define LINE NAME "\t2.25.1467839256\t" GW_MODULE "\t<interposer>\n"

static const struct option options[] = {
    { "root", required_argument, NULL, 'r' },
    CLI_JSON, CLI_HELP, CLI_END
};

struct file {
    char *path;                 /* behind symbolic links, if any */
    char *old, *new;            /* its text; old is NULL where there is none */
    size_t new_len;
    struct stat st;
};

static int
fail(const char *path, int error)
{
    struct cs_error err = { 0 };

    (void)cs_fail(&err, CS_USAGE, "%s: %s%s", path, strerror(error),
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

/* The new text from the old.  With on, a line that is nowhere is added. */
static int
rewrite(struct file *f, int on)
{
    FILE *out = open_memstream(&f->new, &f->new_len);
    const char *line = f->old != NULL ? f->old : "", *end, *from, *prefix;
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
read_file(struct file *f)
{
    FILE *in = fopen(f->path, "re");
    size_t len, size = 0;
    char *real;
    ssize_t n;

    if (in == NULL)
        return errno == ENOENT ? 0 : errno;
    real = realpath(f->path, NULL);
    if (real != NULL) {
        free(f->path);
        f->path = real;
    }
    n = getdelim(&f->old, &size, '\0', in);
    len = n > 0 ? (size_t)n : 0;
    if (ferror(in) || fstat(fileno(in), &f->st) != 0 ||
        (n < 0 && (f->old = realloc(f->old, 1)) == NULL)) {
        (void)fclose(in);
        return errno != 0 ? errno : EIO;
    }
    f->old[len] = '\0';
    (void)fclose(in);
    return 0;
}

static int
write_all(int fd, const char *text, size_t len)
{
    ssize_t n;

    for (; len > 0; text += n, len -= n) {
        n = write(fd, text, len);
        if (n <= 0)
            return errno;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Beside the old one, under a name that the mechglue does not read, and then
 * in its place: programs see one or the other. */
static int
write_file(const struct file *f)
{
    char *temporary;
    int fd, ret = 0;

    if (asprintf(&temporary, "%s.XXXXXX", f->path) < 0)
        return ENOMEM;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd == -1) {
        ret = errno;
        free(temporary);
        return ret;
    }
    if (fchmod(fd, f->old != NULL ? f->st.st_mode & 07777 : 0644) != 0 ||
        (f->old != NULL && fchown(fd, f->st.st_uid, f->st.st_gid) != 0))
        ret = errno;
    if (ret == 0)
        ret = write_all(fd, f->new, f->new_len);
    if (close(fd) != 0 && ret == 0)
        ret = errno;
    if (ret == 0 && rename(temporary, f->path) != 0)
        ret = errno;
    if (ret != 0)
        (void)unlink(temporary);
    free(temporary);
    return ret;
}

/*
 * A process that is running has credentials for krb5 proper.  The plugin stands
 * aside in those that are older than its own file, by the time of change of its
 * inode, which this makes now.
 */
static int
renew_module(const char *root)
{
    struct stat st;
    char *path;
    int ret = 0;

    if (asprintf(&path, "%s%s", root, GW_MODULE) < 0)
        return ENOMEM;
    if (stat(path, &st) != 0 || chmod(path, st.st_mode & 07777) != 0)
        ret = fail(path, errno);
    free(path);
    return ret;
}

static void
print_result(const struct file *f, int on, int changed)
{
    struct cs_span path = { (const uint8_t *)f->path, strlen(f->path) };
    json_t *object;

    if (cli_wants_json() && (object = json_object()) != NULL) {
        (void)json_object_set_new(object, "enabled", json_boolean(on));
        (void)json_object_set_new(object, "changed", json_boolean(changed));
        cli_set_text(object, "file", path);
        cli_print_json(object);
    } else if (!changed) {
        (void)printf("The plugin was %s already.\n", on ? "on" : "off");
    } else {
        (void)printf("The plugin is %s, for programs that start from now on."
                     "\n", on ? "on" : "off");
    }
}

/* --- The subcommands --- */

static int
turn(const char *root, int on)
{
    struct file f = { 0 };
    int ret, changed = 0;

    if (asprintf(&f.path, "%s%s", root, GW_MECH_CONF) < 0) {
        f.path = NULL;
        return fail(GW_MECH_CONF, ENOMEM);
    }
    ret = read_file(&f);
    if (ret == 0 && (on || f.old != NULL))
        ret = rewrite(&f, on);
    if (ret != 0) {
        ret = fail(f.path, ret);
        goto out;
    }
    changed = f.new != NULL && (f.old == NULL || strcmp(f.old, f.new) != 0);
    if (changed && on)
        ret = renew_module(root);
    if (changed && ret == 0 && (ret = write_file(&f)) != 0)
        ret = fail(f.path, ret);
    if (ret == 0)
        print_result(&f, on, changed);

out:
    free(f.path);
    free(f.old);
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
        return cli_usage(argv[0], "no arguments");
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
