/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * configure.c - gss-winrm configure: settings for a host, a suffix or a realm,
 * written into a file that krb5.conf includes.
 *
 * Everything is tried first: the files that would be are read with libkrb5 and
 * with the plugin's own readers, and written if each value is found there.
 */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/bytes/clean.h"
#include "helper/configure/configure.h"
#include "helper/console/console.h"
#include "helper/configure/conffile.h"
#include "plugin/conf/names.h"

#define PATH_SIZE 5
#define DROPIN "/etc/krb5.conf.d/gss-winrm.conf"

static const struct option options[] = {
    { "file", required_argument, NULL, 'f' },
    { "realm", no_argument, NULL, 'r' },
    { "includedir", no_argument, NULL, 'i' },
    { "dry-run", no_argument, NULL, 'n' },
    CLI_JSON, CLI_HELP, CLI_END
};

/* The path of the section for the target. */
static void
where(const struct conf_job *job, const char *path[PATH_SIZE])
{
    path[0] = "appdefaults";
    path[1] = "winrm";
    path[2] = job->realm ? job->target : "targets";
    path[3] = job->realm ? NULL : job->target;
    path[4] = NULL;
}

/* "KEY=VALUE"; the value NULL is to remove the key. */
static int
set_pair(struct conf_job *job, const char *pair, struct cs_error *err)
{
    const char *equals = strchr(pair, '=');
    const char *path[PATH_SIZE];
    char *key;
    int ret;

    where(job, path);
    if (equals == NULL || equals == pair)
        return cs_fail(err, CS_USAGE, "%s is not KEY=VALUE", pair);
    key = strndup(pair, equals - pair);
    if (key == NULL)
        return cs_nomem(err);
    ret = conf_key_ok(job, key, err);
    if (ret == 0)
        ret = confedit_set(job->dropin.edit, path, key, equals[1] != '\0' ?
                           equals + 1 : NULL, err);
    free(key);
    return ret;
}

/* An empty section would be no harm, but that the gateway goes where there is
 * one. */
static int
prune(struct conf_job *job, struct cs_error *err)
{
    const char *path[PATH_SIZE];
    int ret;

    where(job, path);
    ret = confedit_prune(job->dropin.edit, path, err);
    if (ret != 1)
        return ret;
    cli_error("the section of %s has comments and stays%s", job->target,
              job->realm ? "" : ": while it is there, the gateway may still "
              "connect to that host");
    return 0;
}

/* Is the pair one that a later one for the same key takes back? */
static int
is_overridden(char **pair, size_t len)
{
    char **later;

    for (later = pair + 1; *later != NULL; later++) {
        if (strncmp(*later, *pair, len + 1) == 0)
            return 1;
    }
    return 0;
}

static int
check_pairs(const struct conf_job *job, char **pairs, struct cs_error *err)
{
    const char *equals;
    char *key;
    int ret = 0;

    for (; *pairs != NULL && ret == 0; pairs++) {
        equals = strchr(*pairs, '=');
        if (is_overridden(pairs, equals - *pairs))
            continue;
        key = strndup(*pairs, equals - *pairs);
        ret = key == NULL ? cs_nomem(err) :
            conf_value_ok(job, key, equals[1] != '\0' ? equals + 1 : NULL,
                          err);
        free(key);
    }
    return ret;
}

/* Have the drop-in read, if it is not yet. */
static int
include(struct conf_job *job, int told, struct cs_error *err)
{
    int included, ret;

    ret = conf_included(job, &included, err);
    if (ret != 0 || included)
        return ret;
    if (!told)
        return cs_fail(err, CS_POLICY, "%s would not be read: %s does not "
                       "include %s.  --includedir adds that line",
                       job->dropin.path, job->main.path, job->directory);
    ret = conf_include(job, err);
    return ret != 0 ? ret : conf_main_ok(job, err);
}

/* Its lines, for JSON. */
static json_t *
lines_of(struct cs_span text)
{
    json_t *list = json_array();
    struct cs_span line;
    const uint8_t *end;
    char *clean;

    while (text.len > 0) {
        end = memchr(text.p, '\n', text.len);
        line.p = text.p;
        line.len = end != NULL ? (size_t)(end - text.p) : text.len;
        clean = strndup((const char *)line.p, line.len);
        if (clean != NULL)
            clean_lines(clean);         /* tabs stay */
        (void)json_array_append_new(list, json_string(clean));
        free(clean);
        text.p += line.len + (end != NULL);
        text.len -= line.len + (end != NULL);
    }
    return list;
}

static void
show(const struct conf_file *f, json_t *list)
{
    struct cs_buf diff = CS_BUF_INIT(CONF_MAX * 2);
    struct cs_span span;

    if (f->edit == NULL || !confedit_changed(f->edit))
        return;
    confedit_diff(f->edit, &diff);
    span = cs_buf_span(&diff);
    if (list != NULL) {
        json_t *o = json_object();

        (void)json_object_set_new(o, "file", json_string(f->path));
        (void)json_object_set_new(o, "diff", lines_of(span));
        (void)json_array_append_new(list, o);
    } else {
        say_line(stdout, "--- %s", f->exists ? f->path : "/dev/null");
        say_line(stdout, "+++ %s", f->path);
        cs_buf_add(&diff, "", 1);
        if (diff.error == 0)
            say_lines(stdout, (const char *)diff.p);
    }
    cs_buf_free(&diff);
}

/* The changes; then, if they are to be made, make them. */
static int
finish(struct conf_job *job, int dry, struct cs_error *err)
{
    json_t *list = cli_wants_json() ? json_array() : NULL;
    int changed, ret = 0;

    changed = confedit_changed(job->dropin.edit) ||
        (job->main.edit != NULL && confedit_changed(job->main.edit));
    show(&job->main, list);
    show(&job->dropin, list);
    if (!changed && list == NULL)
        say_line(stdout, "%s already has these settings.", job->dropin.path);
    (void)fflush(stdout);
    /* First the file, then who includes it. */
    if (!dry)
        ret = conf_save(&job->dropin, err);
    if (!dry && ret == 0)
        ret = conf_save(&job->main, err);
    if (ret == 0 && list != NULL)
        cli_print_json(json_pack("{s:O, s:b}", "changes", list, "written",
                                 changed && !dry));
    json_decref(list);
    return ret;
}

static int
configure(struct conf_job *job, char **pairs, int told, int dry,
          struct cs_error *err)
{
    char **pair;
    int ret;

    ret = conf_load(job, err);
    for (pair = pairs; ret == 0 && *pair != NULL; pair++)
        ret = set_pair(job, *pair, err);
    if (ret == 0)
        ret = prune(job, err);
    if (ret == 0)
        ret = include(job, told, err);
    if (ret == 0)
        ret = check_pairs(job, pairs, err);
    return ret != 0 ? ret : finish(job, dry, err);
}

/* A host, an address, ".suffix" or "."; or a realm. */
static int
is_target(const char *text, int realm)
{
    const char *p;

    if (!realm)
        return strcmp(text, ".") == 0 || gw_host_ok(text + (*text == '.'));
    for (p = text; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr("-._", *p) == NULL)
            return 0;
    }
    return p != text;
}

int
cli_configure(int argc, char **argv)
{
    struct conf_job job;
    struct cs_error err;
    int c, told = 0, dry = 0, ret;

    memset(&job, 0, sizeof(job));
    job.dropin.path = DROPIN;
    while ((c = cli_option(argc, argv, ":hf:rin", options)) != -1) {
        if (c == 'f')
            job.dropin.path = optarg;
        job.realm |= c == 'r';
        told |= c == 'i';
        dry |= c == 'n';
    }
    if (argc - optind < 2)
        return cli_usage(argv[0], "a target and KEY=VALUE are required");
    job.target = argv[optind];
    if (!is_target(job.target, job.realm))
        return cli_usage(argv[0], "%s is not a %s", job.target, job.realm ?
                         "realm" : "host, nor .suffix");
    ret = configure(&job, argv + optind + 1, told, dry, &err);
    conf_unload(&job);
    if (ret == 0)
        return CLI_OK;
    return cli_fail_as(ret == CS_USAGE ? CLI_USAGE : ret == CS_POLICY ?
                       CLI_POLICY : CLI_FAILED, &err);
}
