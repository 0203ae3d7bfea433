/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confcheck.c - would libkrb5 and the plugin find what is to be written? */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "helper/common/confint.h"
#include "helper/configure/conffile.h"
#include "helper/configure/confpath.h"
#include "plugin/base/strlist.h"

#define FILES_MAX 512           /* descriptors, for files that include others */

int
conf_key_ok(const struct conf_job *job, const char *key, struct cs_error *err)
{
    const struct gw_key *k = hc_find_key("", key);

    if (k == NULL)
        return cs_fail(err, CS_USAGE, "unknown key %s; gss-winrm.conf(5) "
                       "lists the keys", key);
    if ((k->levels & (job->realm ? L_REALM : L_TARGET)) == 0)
        return cs_fail(err, CS_USAGE, "%s is not a key for a %s", key,
                       job->realm ? "realm" : "target");
    return 0;
}

/* libkrb5 follows files that include each other until it has no more descriptors,
 * or no more stack. */
static long
init_profile(const char *path, profile_t *out)
{
    const char *files[] = { path, NULL };
    struct rlimit was, now;
    long ret;

    if (getrlimit(RLIMIT_NOFILE, &was) != 0)
        return -1;
    now = was;
    if (now.rlim_cur > FILES_MAX)
        now.rlim_cur = FILES_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &now);
    ret = profile_init(files, out);
    (void)setrlimit(RLIMIT_NOFILE, &was);
    return ret;
}

/* A profile of nothing but a file as it would be. */
struct check {
    profile_t profile;
    int fd;                     /* libkrb5 looks at it again every second */
};

static void
close_profile(struct check *c)
{
    if (c->profile != NULL)
        profile_release(c->profile);
    if (c->fd != -1)
        (void)close(c->fd);
}

/* Returns an error of libkrb5's, or -1.  Close it in either case. */
static long
open_profile(const struct confedit *edit, struct check *c)
{
    struct cs_buf text = CS_BUF_INIT(2 * CONF_MAX);
    char path[64];
    long ret = -1;

    c->profile = NULL;
    c->fd = memfd_create("krb5.conf", MFD_CLOEXEC);
    confedit_write(edit, &text);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", c->fd);
    if (c->fd != -1 && text.error == 0 &&
        write(c->fd, text.p, text.len) == (ssize_t)text.len)
        ret = init_profile(path, &c->profile);
    cs_buf_free(&text);
    if (ret != 0)
        c->profile = NULL;
    return ret;
}

int
conf_main_ok(const struct conf_job *job, struct cs_error *err)
{
    struct check check;
    struct stat st;
    const char *why;
    long ret;

    if (stat(job->directory, &st) != 0)
        return 0;               /* conf_save() makes it */
    ret = open_profile(job->main.edit, &check);
    close_profile(&check);
    if (ret == 0)
        return 0;
    why = krb5_get_error_message(NULL, (krb5_error_code)ret);
    ret = cs_fail(err, CS_SYSTEM, "libkrb5 would not read %s with all that is "
                  "in %s: %.80s", job->main.path, job->directory,
                  ret == -1 ? "out of memory" : why);
    krb5_free_error_message(NULL, why);
    return (int)ret;
}

/* A host that the target is for: ".corp" has "x.corp", "." has "x". */
static int
host_of(const struct conf_job *job, char **out)
{
    const char *t = job->target;

    return asprintf(out, "%s%s", *t == '.' ? "x" : "", strcmp(t, ".") == 0 ?
                    "" : t) < 0 ? -1 : 0;
}

/* Would the plugin, or the broker, use the value that is there? */
static int
is_usable(const struct gw_levels *levels, const char *key)
{
    const struct gw_key *k = hc_find_key("", key);
    struct hc_single found = { .source = NULL };
    int usable;

    if (k == NULL)
        return 0;
    (void)hc_read_single(levels, k, &found);
    usable = found.source != NULL;
    hc_free_single(k, &found);
    return usable;
}

/* Keep only the level where configure writes, if it is there. */
static void
keep_ours(struct gw_levels *levels, const struct conf_job *job)
{
    struct gw_level *l, ours = { L_GENERAL, NULL };

    for (l = levels->v; l < levels->v + levels->n; l++) {
        if (ours.key == NULL && l->kind == (job->realm ? L_REALM : L_TARGET) &&
            (job->realm || confpath_same_target(l->key, job->target)))
            ours = *l;
        else
            free(l->key);
    }
    levels->n = ours.key != NULL;
    levels->v[0] = ours;
}

static int
check_read(const struct gw_levels *levels, const struct conf_job *job,
           const char *key, const char *value, struct cs_error *err)
{
    char **read = levels->n == 0 ? NULL :
        gw_level_values(levels, &levels->v[0], NULL, key);
    int right = value == NULL ? read == NULL : read != NULL &&
        strcmp(read[0], value) == 0 && read[1] == NULL;

    gw_strlist_free(read);
    if (!right)
        return cs_fail(err, CS_SYSTEM, "%s: %s would not be read back from it "
                       "as written", job->dropin.path, key);
    if (value != NULL && !is_usable(levels, key))
        return cs_fail(err, CS_USAGE, "%s = %.80s: not a valid value; see "
                      "gss-winrm.conf(5)", key, value);
    return 0;
}

static int
check_profile(profile_t profile, const struct conf_job *job, const char *key,
              const char *value, struct cs_error *err)
{
    struct gw_subject subject = { .typed = NULL };
    struct gw_levels levels;
    char *host = NULL;
    int ret = host_of(job, &host);

    subject.typed = job->realm ? NULL : host;
    subject.realm = job->realm ? job->target : NULL;
    if (ret == 0 && gw_levels_find(&levels, profile, &subject) == 0) {
        keep_ours(&levels, job);
        ret = check_read(&levels, job, key, value, err);
        gw_levels_free(&levels);
    } else {
        ret = cs_nomem(err);
    }
    free(host);
    return ret;
}

int
conf_value_ok(const struct conf_job *job, const char *key, const char *value,
              struct cs_error *err)
{
    struct check check;
    int ret;

    if (open_profile(job->dropin.edit, &check) != 0)
        ret = cs_fail(err, CS_SYSTEM, "libkrb5 would not read %s",
                      job->dropin.path);
    else
        ret = check_profile(check.profile, job, key, value, err);
    close_profile(&check);
    return ret;
}
