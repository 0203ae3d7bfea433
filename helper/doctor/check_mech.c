/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_mech.c - mech.d: is the plugin there, and what keeps it out? */
#define _GNU_SOURCE
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/doctor/doctor.h"
#include "plugin/conf/environ.h"
#include "helper/doctor/mechprobe.h"
#include "plugin/base/strlist.h"

#define OID "2.25.1467839256"
#define NAME "gss_winrm"
#define SWITCHED "/etc/gss/mech.d/gss-winrm.conf"   /* by gss-winrm disable, */
#define OFF "#off " NAME        /* to this */

/* A line of a file: "NAME OID MODULE [OPTIONS] <interposer>". */
static void
read_line(struct doctor *d, const char *file, char *line)
{
    char *name, *oid, *module, *rest = line;

    d->mech_off |= strcmp(file, SWITCHED) == 0 &&
        strncmp(line, OFF, strlen(OFF)) == 0;
    name = strsep(&rest, " \t\n");
    rest = rest != NULL ? rest + strspn(rest, " \t") : NULL;
    oid = strsep(&rest, " \t\n");
    rest = rest != NULL ? rest + strspn(rest, " \t") : NULL;
    module = strsep(&rest, " \t\n");
    if (name == NULL || oid == NULL || module == NULL || *name == '#' ||
        (strcmp(name, NAME) != 0 &&
         strstr(module, "gss_winrm.so") == NULL))
        return;
    doc_set(&d->mech_file, "%s", file);
    doc_set(&d->mech_module, "%s", module);
    free(d->mech_why);
    d->mech_why = NULL;
    if (strcmp(oid, OID) != 0)
        doc_set(&d->mech_why, "the object identifier is %s, not " OID, oid);
    else if (*module == '/' && access(module, R_OK) != 0)
        doc_set(&d->mech_why, "cannot read %s: %m", module);
    else if (strstr(rest != NULL ? rest : "", "<interposer>") == NULL)
        doc_set(&d->mech_why, "it does not end in <interposer>");
    if (d->mech_why != NULL)
        doc_say(d, OUTPUT_BAD, "%s: %s", file, d->mech_why);
}

static void
read_file(struct doctor *d, const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    while (f != NULL && getline(&line, &size, f) != -1)
        read_line(d, path, line);
    free(line);
    if (f != NULL)
        (void)fclose(f);
}

static void
read_files(struct doctor *d)
{
    const char *only = d->environment[2];
    glob_t found;
    size_t i;

    if (only != NULL && *only != '\0') {
        doc_say(d, OUTPUT_WARN, "GSS_MECH_CONFIG=%s replaces all of "
                "/etc/gss/mech.d", only);
        read_file(d, only);
        return;
    }
    read_file(d, "/etc/gss/mech");
    if (glob("/etc/gss/mech.d/*.conf", 0, NULL, &found) == 0) {
        for (i = 0; i < found.gl_pathc; i++)
            read_file(d, found.gl_pathv[i]);
        globfree(&found);
    }
}

/* What krb5.conf says of no host in particular. */
static void
note_general(struct doctor *d)
{
    struct gw_policy *general = NULL;

    if (gw_policy_load(d->profile, NULL, &general) == 0)
        d->off_in_general = !general->enabled;
    gw_policy_free(general);
}

/* What makes it stand aside, though it is there. */
static void
say_aside(struct doctor *d)
{
    const char *proxy = d->environment[0];
    enum gw_match match = GW_MATCH_AUTO;

    if (gw_boolean(proxy) == 1)
        doc_say(d, OUTPUT_BAD, "GSS_USE_PROXY=%s: gssproxy takes krb5's place, "
                "and the plugin stands aside", proxy);
    if (gw_environment_word(d->environment[1], &match) &&
        match == GW_MATCH_NEVER)
        doc_say(d, OUTPUT_BAD, "GSS_WINRM=off: the plugin stands aside");
    note_general(d);
    if (d->off_in_general)
        doc_say(d, OUTPUT_BAD, "krb5.conf has enabled = false in general: the "
                "plugin is off");
    else if (!d->conf->policy->enabled)
        doc_say(d, OUTPUT_BAD, "krb5.conf has enabled = false for this host");
    if (d->conf->policy->match == GW_MATCH_NEVER)
        doc_say(d, OUTPUT_WARN, "krb5.conf has match = never for this host");
}

void
check_mech(struct doctor *d)
{
    read_files(d);
    if (mechprobe_look(d) != 0)
        doc_say(d, OUTPUT_UNSEEN, "the process that looks failed: %s",
                witness_why(d->witness));
    else if (d->seen.plugin != NULL && d->mech_why != NULL)
        doc_say(d, OUTPUT_BAD, "the plugin is loaded, but not in krb5's place: "
                "%s", d->seen.plugin);
    else if (d->seen.plugin != NULL)
        doc_say(d, OUTPUT_OK, "the plugin is loaded: %s", d->seen.plugin);
    else if (d->mech_file == NULL && d->mech_off)
        doc_say(d, OUTPUT_BAD, "the plugin is not loaded: it is switched off in "
                SWITCHED);
    else if (d->mech_file == NULL)
        doc_say(d, OUTPUT_BAD, "the plugin is not loaded: no file names it");
    else
        doc_say(d, OUTPUT_BAD, "the plugin is not loaded, though %s names %s",
                d->mech_file, d->mech_module);
    if (d->seen.gssproxy)
        doc_say(d, OUTPUT_NOTE, "gssproxy's interposer is installed; it is used "
                "only with GSS_USE_PROXY");
    say_aside(d);
    doc_fact(d, "plugin", d->seen.plugin);
    doc_fact(d, "listed_in", d->mech_file);
}
