/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confca.c - the files of authorities that krb5.conf names, for any host. */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include "helper/common/conf.h"
#include "helper/common/confint.h"
#include "plugin/conf/sections.h"
#include "plugin/base/strlist.h"

#define DEPTH 6                 /* of sections; keys are at 4 at most */

/* What the section at path, of n names, and those in it say.  path has room
 * for DEPTH more. */
static int
collect(profile_t profile, const char **path, size_t n, char ***files,
        size_t *nfiles)
{
    char **values, **sections, **s;
    int ret = 0;

    path[n] = "ca_file";
    path[n + 1] = NULL;
    values = gw_section_values(profile, path);
    for (s = values; s != NULL && *s != NULL && ret == 0; s++) {
        if (**s == '/')         /* else "system", or refused elsewhere */
            ret = gw_strlist_add(files, nfiles, *s);
    }
    gw_strlist_free(values);
    path[n] = NULL;
    sections = (n < DEPTH) ? gw_section_names(profile, path) : NULL;
    for (s = sections; s != NULL && *s != NULL && ret == 0; s++) {
        path[n] = *s;
        ret = collect(profile, path, n + 1, files, nfiles);
    }
    gw_strlist_free(sections);
    return ret;
}

int
hc_ca_files(char ***files, struct cs_error *err)
{
    const char *path[DEPTH + 2] = { "appdefaults", "winrm", NULL };
    struct hc_source s = { NULL, NULL };
    size_t n = 0;
    int ret;

    *files = NULL;
    ret = hc_source_open(&s);
    if (ret == 0)
        ret = collect(s.profile, path, 2, files, &n);
    hc_source_close(&s);
    if (ret != 0) {
        gw_strlist_free(*files);
        *files = NULL;
    }
    return cs_krb5_conf_fail(ret, err);
}
