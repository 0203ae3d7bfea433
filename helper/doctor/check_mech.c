/* check_mech.c - mech.d: is the plugin there, and what keeps it out? */
#define _GNU_SOURCE
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "witness.h"
#include "words.h"

#define OID "2.25.1467839256"

/* A line of a file: "NAME OID MODULE [OPTIONS] <interposer>". */
static void
read_line(struct doctor *d, const char *file, char *line)
{
    char *name, *oid, *module, *rest = line;

    name = strsep(&rest, " \t\n");
    rest = rest != NULL ? rest + strspn(rest, " \t") : NULL;
    oid = strsep(&rest, " \t\n");
    rest = rest != NULL ? rest + strspn(rest, " \t") : NULL;
    module = strsep(&rest, " \t\n");
    if (name == NULL || oid == NULL || module == NULL || *name == '#' ||
        (strcmp(name, "gss_winrm") != 0 &&
         strstr(module, "gss_winrm.so") == NULL))
        return;
    free(d->mech_file);
    free(d->mech_module);
    d->mech_file = strdup(file);
    d->mech_module = strdup(module);
    if (strcmp(oid, OID) != 0)
        doc_say(d, LOOK_BAD, "%s: the object identifier is %s, not " OID,
                file, oid);
    if (*module == '/' && access(module, R_OK) != 0)
        doc_say(d, LOOK_BAD, "%s: there is no %s", file, module);
    if (strstr(rest != NULL ? rest : "", "<interposer>") == NULL)
        doc_say(d, LOOK_BAD, "%s: the line does not end in <interposer>",
                file);
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
        doc_say(d, LOOK_WARN, "GSS_MECH_CONFIG=%s stands for all of "
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

/* What makes it stand aside, though it is there. */
static void
say_aside(struct doctor *d)
{
    const char *proxy = d->environment[0], *winrm = d->environment[1];

    if (gw_boolean(proxy) == 1)
        doc_say(d, LOOK_BAD, "GSS_USE_PROXY=%s: gssproxy has the place, and "
                "the plugin stands aside", proxy);
    if (winrm != NULL && strcasecmp(winrm, "off") == 0)
        doc_say(d, LOOK_BAD, "GSS_WINRM=off: the plugin stands aside");
    if (!d->conf->policy->enabled)
        doc_say(d, LOOK_BAD, "krb5.conf has enabled = false: the plugin "
                "stands aside");
    if (d->conf->policy->match == GW_MATCH_NEVER)
        doc_say(d, LOOK_WARN, "krb5.conf has match = never for this host");
}

void
check_mech(struct doctor *d)
{
    read_files(d);
    if (witness_look(d) != 0)
        doc_say(d, LOOK_UNSEEN, "no process could be made to look with");
    else if (d->seen.plugin != NULL)
        doc_say(d, LOOK_OK, "the plugin is loaded: %s", d->seen.plugin);
    else if (d->mech_file == NULL)
        doc_say(d, LOOK_BAD, "the plugin is not loaded: no file names it");
    else
        doc_say(d, LOOK_BAD, "the plugin is not loaded, though %s names %s",
                d->mech_file, d->mech_module);
    if (d->seen.gssproxy)
        doc_say(d, LOOK_NOTE, "gssproxy's interposer is installed; it is used "
                "with GSS_USE_PROXY only");
    say_aside(d);
    doc_fact(d, "plugin", d->seen.plugin);
    doc_fact(d, "listed_in", d->mech_file);
}
