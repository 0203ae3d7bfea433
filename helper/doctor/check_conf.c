/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_conf.c - krb5.conf: which files, and which of its values matter. */
#define _GNU_SOURCE
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/doctor/doctor.h"
#include "helper/common/kdcwait.h"
#include "plugin/base/strlist.h"

#define DROPINS "/etc/krb5.conf.d"

/* Does a directory have files that krb5 would read? */
static size_t
count_files(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    size_t n = 0;

    while (dir != NULL && (e = readdir(dir)) != NULL)
        n += e->d_name[0] != '.';
    if (dir != NULL)
        (void)closedir(dir);
    return n;
}

/* One file: how many directories it includes; *dropins: the usual one. */
static size_t
read_includes(struct doctor *d, const char *path, int *dropins)
{
    FILE *f = fopen(path, "re");
    char *line = NULL, *arg;
    size_t size = 0, n = 0;

    while (f != NULL && getline(&line, &size, f) != -1) {
        if (strncmp(line, "includedir", 10) != 0 ||
            strchr(" \t", line[10]) == NULL)
            continue;
        arg = line + 10 + strspn(line + 10, " \t");
        arg[strcspn(arg, "\r\n")] = '\0';
        n++;
        doc_say(d, OUTPUT_OK, "%s includes %s (%zu file%s)", path, arg,
                count_files(arg), count_files(arg) == 1 ? "" : "s");
        *dropins |= strncmp(arg, DROPINS, strlen(DROPINS)) == 0;
    }
    free(line);
    if (f != NULL)
        (void)fclose(f);
    return n;
}

static void
look_at_files(struct doctor *d)
{
    const char *now = kdc_wait_config();
    int any = 0, dropins = 0, set = now != NULL && *now != '\0';
    char *list = strdup(set ? now : "/etc/krb5.conf"), *rest = list, *path;

    while (rest != NULL && (path = strsep(&rest, ":")) != NULL) {
        if (access(path, R_OK) != 0) {
            doc_say(d, OUTPUT_WARN, "cannot read %s: %m", path);
            continue;
        }
        any = 1;
        if (read_includes(d, path, &dropins) == 0)
            doc_say(d, OUTPUT_OK, "%s", path);
    }
    free(list);
    if (!any)
        doc_say(d, OUTPUT_BAD, "there is no krb5.conf");
    d->unread_dropins = !set && !dropins && count_files(DROPINS) > 0;
    if (d->unread_dropins)
        doc_say(d, OUTPUT_WARN, "nothing includes " DROPINS ", so its files are "
                "not read: put `includedir " DROPINS "/' at the top");
}

/* Those that change what a host is called. */
static const struct {
    const char *key, *fallback, *warn_if;
} values[] = {
    { "default_realm", "none", "none" },
    { "dns_canonicalize_hostname", "true", NULL },
    { "rdns", "true", NULL },
    { "qualify_shortname", "the first search domain", NULL },
};

static void
look_at_values(struct doctor *d)
{
    char *value = NULL;
    size_t i;
    int bad;

    for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
        if (profile_get_string(d->profile, "libdefaults", values[i].key, NULL,
                               NULL, &value) != 0)
            value = NULL;
        bad = values[i].warn_if != NULL && strcmp(
            values[i].warn_if, value != NULL ? value : values[i].fallback) ==
            0;
        doc_say(d, bad ? OUTPUT_WARN : OUTPUT_NOTE, "%s = %s%s", values[i].key,
                value != NULL ? value : values[i].fallback, value != NULL ?
                "" : " (not set)");
        doc_fact(d, values[i].key, value);
        profile_release_string(value);
    }
}

/*
 * With krb5's defaults the principal is of the name that DNS gives, and who
 * forges an answer chooses the machine.  What the gateway delegates does not
 * depend on it, all else does.
 */
static void
look_at_trust(struct doctor *d)
{
    char *value = NULL;
    int off, fallback, realms = 0;

    (void)profile_get_boolean(d->profile, "libdefaults", "dns_lookup_realm",
                              NULL, 0, &realms);
    if (realms)
        doc_say(d, OUTPUT_WARN, "DNS chooses the realm of hosts that krb5.conf "
                "does not name (dns_lookup_realm = true): name them in "
                "[domain_realm], or take that line out");
    if (profile_get_string(d->profile, "libdefaults",
                           "dns_canonicalize_hostname", NULL, "true",
                           &value) != 0)
        return;
    off = gw_boolean(value) == 0;
    fallback = strcasecmp(value, "fallback") == 0;
    profile_release_string(value);
    if (fallback)               /* Fedora's and EL's own krb5.conf */
        doc_say(d, OUTPUT_WARN, "for a host that the KDC does not know by the "
                "name that was typed, DNS chooses the machine that Kerberos "
                "asks for; unless hosts are named by aliases, put "
                "`dns_canonicalize_hostname = false' into [libdefaults] of "
                "krb5.conf, where `fallback' is");
    else if (!off)
        doc_say(d, OUTPUT_WARN, "DNS chooses the machine that Kerberos asks for, "
                "and a forged answer chooses another; unless hosts are named "
                "by aliases, put into [libdefaults] of krb5.conf: "
                "`dns_canonicalize_hostname = false' and `rdns = false'");
}

/* What the winrm section says about this host, and where. */
static void
look_at_policy(struct doctor *d)
{
    struct hc_setting s;
    size_t i;

    for (i = 0; hc_setting_at(d->conf, NULL, i, &s); i++) {
        if (s.source != NULL)
            doc_say(d, OUTPUT_NOTE, "winrm: %s%s%s is set (%s)",
                    s.key->section, *s.key->section != '\0' ? ": " : "",
                    s.key->name, s.source);
    }
}

void
check_conf(struct doctor *d)
{
    look_at_files(d);
    look_at_values(d);
    look_at_trust(d);
    look_at_policy(d);
}
