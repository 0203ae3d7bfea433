/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* localnames.c - what resolves NAME.localhost? */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/common/localnames.h"

#define NSSWITCH "/etc/nsswitch.conf"
#define HOSTS "/etc/hosts"
#define RESOLV "/etc/resolv.conf"
#define RESOLVED "/run/systemd/resolve/io.systemd.Resolve"
#define UNLISTED "dns [!UNAVAIL=return] files"   /* glibc's, without a line */

/* --- The decision --- */

struct service {
    const char *name;
    size_t len;
    const char *actions;        /* "[NOTFOUND=return]", or empty */
    size_t actions_len;
};

/* Step over the next service and its actions; 0 at the end. */
static int
next_service(const char **text, struct service *s)
{
    const char *p = *text + strspn(*text, " \t");

    s->name = p;
    s->len = strcspn(p, " \t[#");
    p += s->len;
    p += strspn(p, " \t");
    s->actions = p;
    while (*p == '[') {
        p += strcspn(p, "]");
        p += *p == ']';
        s->actions_len = (size_t)(p - s->actions);
        p += strspn(p, " \t");
    }
    if (s->actions == p)
        s->actions_len = 0;
    *text = p;
    return s->len > 0;
}

static int
is(const struct service *s, const char *name)
{
    return s->len == strlen(name) && strncmp(s->name, name, s->len) == 0;
}

/* Does a service that has no such name end the search? */
static int
ends_search(const struct service *s)
{
    char *copy = strndup(s->actions, s->actions_len), *p;
    int ends = 0;

    for (p = copy; p != NULL && *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    if (copy != NULL)
        ends = strstr(copy, "notfound=return") != NULL ||
            strstr(copy, "!success=return") != NULL ||
            (strstr(copy, "!unavail=return") != NULL);
    if (copy != NULL && strstr(copy, "!notfound=return") != NULL)
        ends = 0;
    free(copy);
    return ends;
}

int
local_names_leave(const struct local_names *system, const char **by)
{
    const char *text = system->services != NULL ? system->services : UNLISTED;
    struct service s;

    while (next_service(&text, &s)) {
        if (is(&s, "files")) {
            *by = HOSTS;
            if (system->in_hosts)
                return 0;
            if (ends_search(&s))
                break;
        } else if (is(&s, "myhostname")) {
            *by = "myhostname";
            if (system->myhostname)
                return 0;
        } else if (is(&s, "resolve")) {
            *by = "systemd-resolved";
            if (system->resolve)
                return 0;
        } else if (is(&s, "dns") && system->stub) {
            *by = "systemd-resolved";
            return 0;
        } else if (is(&s, "dns")) {
            *by = "dns";
            return 1;
        } else if (!is(&s, "mymachines") && (s.len < 4 ||
                                             strncmp(s.name, "mdns", 4) != 0)) {
            /* A directory of the network's. */
            *by = "another service";
            return 1;
        }
    }
    *by = "nobody";
    return 0;
}

/* --- The system --- */

/* What stands behind the first word of the last line that begins with it. */
static char *
line_of(const char *path, const char *word)
{
    FILE *f = fopen(path, "re");
    char *line = NULL, *found = NULL, *p;
    size_t size = 0, len = strlen(word);

    while (f != NULL && getline(&line, &size, f) != -1) {
        p = line + strspn(line, " \t");
        if (strncmp(p, word, len) != 0)
            continue;
        p += len;
        p += strspn(p, " \t");
        p[strcspn(p, "#\r\n")] = '\0';
        free(found);
        found = strdup(p);
    }
    free(line);
    if (f != NULL)
        (void)fclose(f);
    return found;
}

static int
is_in_hosts(const char *name)
{
    FILE *f = fopen(HOSTS, "re");
    char *line = NULL, *word, *rest;
    size_t size = 0;
    int found = 0;

    while (f != NULL && !found && getline(&line, &size, f) != -1) {
        line[strcspn(line, "#")] = '\0';
        (void)strtok_r(line, " \t\r\n", &rest);
        while (!found && (word = strtok_r(NULL, " \t\r\n", &rest)) != NULL)
            found = strcasecmp(word, name) == 0;
    }
    free(line);
    if (f != NULL)
        (void)fclose(f);
    return found;
}

/* Is systemd-resolved all of DNS?  It answers such names itself. */
static int
is_stub(void)
{
    FILE *f = fopen(RESOLV, "re");
    char *line = NULL, server[64];
    size_t size = 0;
    int n = 0, others = 0;

    while (f != NULL && getline(&line, &size, f) != -1) {
        if (sscanf(line, "nameserver %63s", server) != 1)
            continue;
        n++;
        others += strcmp(server, "127.0.0.53") != 0 &&
            strcmp(server, "127.0.0.54") != 0;
    }
    free(line);
    if (f != NULL)
        (void)fclose(f);
    return n > 0 && others == 0;
}

/* Would the C library find this module of the name service's? */
static int
has_module(const char *file)
{
    void *module = dlopen(file, RTLD_LAZY);

    if (module != NULL)
        (void)dlclose(module);
    return module != NULL;
}

int
local_names_ask(const char *name, const char **by, char **services)
{
    struct local_names system;

    *services = line_of(NSSWITCH, "hosts:");
    system.services = *services;
    system.in_hosts = is_in_hosts(name);
    system.myhostname = has_module("libnss_myhostname.so.2");
    system.resolve = access(RESOLVED, F_OK) == 0 &&
        has_module("libnss_resolve.so.2");
    system.stub = is_stub();
    return local_names_leave(&system, by);
}

char *
local_names_warning(const char *name)
{
    char *services, *text = NULL;
    const char *by;

    if (local_names_ask(name, &by, &services) &&
        asprintf(&text, "this system looks %s up with %s (nsswitch.conf: "
                 "hosts: %s): whoever answers receives commands, and Basic's "
                 "passwords; " LOCAL_NAMES_FIX, name, strcmp(by, "dns") == 0 ?
                 "DNS" : by, services != NULL ? services : "(no line)") < 0)
        text = NULL;
    free(services);
    return text;
}
