/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* readable.c - the files that the sandbox can read. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "helper/common/conf.h"
#include "helper/wsman/readable.h"
#include "plugin/base/strlist.h"

#define KRB5_FILES "/etc/krb5.conf"     /* others are below /usr */
#define INCLUDES_DEEP 10        /* also where files include each other */
#define ENTRY_MAX 16384         /* bytes, of passwd */

/* A list that remembers its first error. */
struct paths {
    char **v;
    size_t n;
    int ret;
};

/* Libraries, certificates, and what answers questions about names. */
static const char *const always[] = {
    "/etc", "/usr", "/lib", "/lib64", "/dev/urandom", "/dev/null",
    "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
    "/run/netconfig", "/proc/self", "/proc/sys"
};

/* What may be a link to somewhere else: WSL and SUSE have resolv.conf there.
 * One that is replaced has a directory that is needed as well. */
static const struct {
    const char *path;
    int replaced;
} links[] = {
    { "/etc/resolv.conf", 1 }, { "/etc/hosts", 0 }, { "/etc/host.conf", 0 },
    { "/etc/nsswitch.conf", 0 }, { "/etc/gai.conf", 0 },
    { "/etc/services", 0 }, { "/etc/ssl/openssl.cnf", 0 },
};

/* Where others' things are, too.  Nor what these are in. */
static const char *const shared[] = {
    "/var/tmp", "/dev/shm", "/run/user", "/mnt/wsl"
};

/* Of whose every directory somebody keeps his things in. */
static const char *const parents[] = { "/home", "/var/home", "/run/user" };

static void
add(struct paths *p, const char *path)
{
    if (p->ret == 0 && path != NULL)
        p->ret = gw_strlist_add(&p->v, &p->n, path);
}

/* --- Directories --- */

static int
is_in(const char *path, const char *directory)
{
    size_t len = strlen(directory);

    return strncmp(path, directory, len) == 0 &&
        (path[len] == '/' || path[len] == '\0');
}

/* A home, and its .config: with secrets of every program's. */
static int
holds_home(const char *directory)
{
    char path[PATH_MAX], home[PATH_MAX], room[ENTRY_MAX];
    struct passwd entry, *user;

    if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &user) != 0 ||
        user == NULL || realpath(user->pw_dir, home) == NULL)
        return 0;
    return snprintf(path, sizeof(path), "%s/.config", home) >=
        (int)sizeof(path) || is_in(path, directory);
}

/* Would it show more than the files that it is meant for?  directory has no
 * links. */
static int
too_wide(const char *directory)
{
    const char *last = strrchr(directory, '/');
    size_t i;

    if (last == NULL || last == directory)      /* "/", "/tmp", "/opt" */
        return 1;
    for (i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
        if (is_in(shared[i], directory))
            return 1;
    }
    for (i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
        if (strlen(parents[i]) == (size_t)(last - directory) &&
            strncmp(parents[i], directory, last - directory) == 0)
            return 1;
    }
    return holds_home(directory);
}

static void
add_directory(struct paths *p, const char *path)
{
    char real[PATH_MAX];

    if (path != NULL && realpath(path, real) != NULL && !too_wide(real))
        add(p, real);
}

/* The path may turn out to be a directory's: that is no shorter way. */
static void
add_file(struct paths *p, const char *path)
{
    struct stat st;

    if (path == NULL || stat(path, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode))
        add_directory(p, path);
    else
        add(p, path);
}

static void
add_parent(struct paths *p, const char *path)
{
    char *copy = strdup(path);

    if (copy == NULL)
        p->ret = ENOMEM;
    else
        add_directory(p, dirname(copy));
    free(copy);
}

/* A file that is replaced by renaming another, where it is and where a link
 * leads. */
static void
add_replaced(struct paths *p, const char *path)
{
    char real[PATH_MAX];

    add_file(p, path);
    add_parent(p, path);
    if (realpath(path, real) != NULL)
        add_parent(p, real);
}

/* Each of a list of paths, which may be NULL. */
static void
add_each(struct paths *p, const char *value,
         void (*adder)(struct paths *, const char *))
{
    char *list, *rest, *path;

    if (value == NULL)
        return;
    list = strdup(value);
    if (list == NULL) {
        p->ret = ENOMEM;
        return;
    }
    for (path = strtok_r(list, ":", &rest); path != NULL;
         path = strtok_r(NULL, ":", &rest))
        adder(p, path);
    free(list);
}

/* --- krb5.conf --- */

static void add_conf(struct paths *p, const char *path, int depth);

/* Of an included directory krb5 takes "*.conf" and letters, digits, '-' and
 * '_'. */
static int
is_included(const char *name)
{
    size_t len = strlen(name), i;

    if (*name != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0)
        return 1;
    for (i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '-' &&
            name[i] != '_')
            return 0;
    }
    return len > 0;
}

/* A directory gets more files; of one that is too wide, those it has. */
static void
add_included(struct paths *p, const char *path, int depth)
{
    const struct dirent *entry;
    char file[PATH_MAX];
    DIR *dir = opendir(path);

    add_directory(p, path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_included(entry->d_name) &&
            snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) <
            (int)sizeof(file))
            add_conf(p, file, depth);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

/* The argument, if the line begins with the word as krb5 reads it, or NULL. */
static const char *
argument(char *line, const char *word)
{
    size_t len = strlen(word);
    char *end;

    if (strncmp(line, word, len) != 0 || !isspace((unsigned char)line[len]))
        return NULL;
    for (line += len; isspace((unsigned char)*line); line++)
        ;
    for (end = line + strlen(line); end > line &&
         isspace((unsigned char)end[-1]); end--)
        end[-1] = '\0';
    return *line == '/' ? line : NULL;
}

/* A file of krb5.conf's, and what it includes.  One that cannot be read is
 * krb5's to complain of. */
static void
add_conf(struct paths *p, const char *path, int depth)
{
    const char *name;
    char *line = NULL;
    size_t size = 0;
    FILE *file;

    if (depth == INCLUDES_DEEP)
        return;
    add_file(p, path);
    file = fopen(path, "re");
    while (file != NULL && getline(&line, &size, file) > 0) {
        if ((name = argument(line, "include")) != NULL)
            add_conf(p, name, depth + 1);
        else if ((name = argument(line, "includedir")) != NULL)
            add_included(p, name, depth + 1);
    }
    free(line);
    if (file != NULL)
        (void)fclose(file);
}

/* It is read again when it has changed. */
static void
add_file_of_krb5(struct paths *p, const char *path)
{
    add_replaced(p, path);
    add_conf(p, path, 0);
}

static void
add_krb5_conf(struct paths *p)
{
    const char *files = secure_getenv("KRB5_CONFIG");

    add_each(p, files != NULL ? files : KRB5_FILES, add_file_of_krb5);
}

/* --- Others --- */

/* libcurl's default authorities, and OpenSSL's, which a libcurl without any
 * may take. */
static void
add_authorities(struct paths *p)
{
#if LIBCURL_VERSION_NUM >= 0x075400
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if (info->age >= CURLVERSION_TENTH) {
        add_file(p, info->cainfo);
        add_file(p, info->capath);
    }
#endif
    add_file(p, X509_get_default_cert_file());
    add_file(p, secure_getenv(X509_get_default_cert_file_env()));
    add_each(p, X509_get_default_cert_dir(), add_file);
    add_each(p, secure_getenv(X509_get_default_cert_dir_env()), add_file);
}

int
readable_list(char ***paths, struct cs_error *err)
{
    struct paths p = { NULL, 0, 0 };
    char **files, **f;
    size_t i;
    int ret;

    *paths = NULL;
    ret = hc_ca_files(&files, err);
    if (ret != 0)
        return ret;
    for (f = files; f != NULL && *f != NULL; f++)
        add_file(&p, *f);
    gw_strlist_free(files);
    for (i = 0; i < sizeof(always) / sizeof(*always); i++)
        add(&p, always[i]);
    for (i = 0; i < sizeof(links) / sizeof(*links); i++) {
        if (links[i].replaced)
            add_replaced(&p, links[i].path);
        else
            add_file(&p, links[i].path);
    }
    add_krb5_conf(&p);
    add_each(&p, secure_getenv("GSS_MECH_CONFIG"), add_replaced);
    add_authorities(&p);
    if (p.ret != 0) {
        gw_strlist_free(p.v);
        return cs_nomem(err);
    }
    *paths = p.v;
    return 0;
}

/* --- In the sandbox --- */

/* Landlock refuses to open files, and lets them be asked about. */
int
readable_hidden(const char *path)
{
    int fd;

    if (access(path, R_OK) != 0)
        return 0;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == EACCES;
}

void
readable_explain_conf(struct cs_error *err)
{
    struct paths p = { NULL, 0, 0 };
    size_t i;

    if (err->code != CS_SYSTEM)
        return;
    add_krb5_conf(&p);
    for (i = 0; i < p.n && !readable_hidden(p.v[i]); i++)
        ;
    if (i < p.n)
        cs_set_error(err, CS_SYSTEM, "krb5.conf cannot be read: %s: "
                     READABLE_ADVICE, p.v[i]);
    gw_strlist_free(p.v);
}
