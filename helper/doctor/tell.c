/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tell.c - the verdict, for people and for programs. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/common/say.h"
#include "helper/doctor/verdict.h"

static const struct {
    const char *word;           /* for programs */
    const char *where;          /* for people */
} kinds[] = {
    [FIX_NONE] = { "none", "Nothing to do." },
    [FIX_CONF] = { "krb5.conf", "In krb5.conf, or a file that it includes:" },
    [FIX_SHELL] = { "shell", "On this machine:" },
    [FIX_DOMAIN] = { "domain", "For an administrator of the domain:" },
    [FIX_THEN] = { "then", "Then:" },
    [FIX_SERVER] = { "server", "For an administrator, on the server:" },
};

static const struct { enum doc_class class; const char *word; } classes[] = {
    { DOC_WELL, "well" }, { DOC_CLIENT, "client" },
    { DOC_TICKETS, "tickets" }, { DOC_NAME, "name" },
    { DOC_DOMAIN, "domain" }, { DOC_NETWORK, "network" },
    { DOC_SERVER, "server" }, { DOC_CLOCK, "clock" }
};

/* As it is, line by line: to be copied. */
static void
print_fix(const char *text)
{
    size_t len;

    say_lines(stdout, "\n");
    for (; *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        say_line(stdout, "    %.*s", (int)len, text);
    }
    say_lines(stdout, "\n");
}

static void
print_fixes(const struct doctor *d, const struct verdict *v)
{
    const struct fix *f = v->fixes;
    char *text, *lead;
    size_t i;

    for (i = 0; i < FIXES_MAX; i++) {
        if (i > 0 && f[i].text == NULL)
            break;
        if (asprintf(&lead, "%s%s", i > 0 && f[i].kind != FIX_THEN ? "Or: " :
                     "", kinds[f[i].kind].where) < 0)
            break;
        output_text(0, lead);
        free(lead);
        text = f[i].text != NULL ? facts_fix(d, f[i].text) : NULL;
        if (text != NULL)
            print_fix(text);
        free(text);
    }
}

/* What nobody could see, so that nobody thinks it has been. */
static void
print_unseen(const struct doctor *d)
{
    if (!d->dir_seen && d->dir_why != NULL)
        output_line("Not seen", OUTPUT_UNSEEN, "who owns the names and whether "
                    "one is registered twice: the directory could not be "
                    "searched");
}

void
verdict_print(const struct doctor *d, const struct verdict *v)
{
    char *text = facts_fill(d, v->sentence);

    say_lines(stdout, "\n");
    print_unseen(d);
    output_title(v->class == DOC_WELL ? OUTPUT_OK : OUTPUT_BAD, text);
    free(text);
    text = facts_fill(d, v->reason);
    output_text(0, text);
    free(text);
    say_lines(stdout, "\n");
    print_fixes(d, v);
}

/* Takes the text over. */
static void
set(json_t *o, const char *key, char *text)
{
    (void)json_object_set_new(o, key, json_string(text));
    free(text);
}

static json_t *
fixes_json(const struct doctor *d, const struct verdict *v)
{
    json_t *list = json_array(), *o;
    size_t i;

    for (i = 0; i < FIXES_MAX && v->fixes[i].text != NULL; i++) {
        o = json_object();
        (void)json_object_set_new(o, "kind", json_string(
                                      kinds[v->fixes[i].kind].word));
        set(o, "text", facts_fix(d, v->fixes[i].text));
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* Every finding that is about what could not be seen. */
static json_t *
unseen_json(const struct doctor *d)
{
    json_t *list = json_array(), *found, *one;
    const char *status;
    size_t i, j;

    for (i = 0; i < json_array_size(d->checks); i++) {
        found = json_object_get(json_array_get(d->checks, i), "found");
        for (j = 0; j < json_array_size(found); j++) {
            one = json_array_get(found, j);
            status = json_string_value(json_object_get(one, "status"));
            if (status != NULL && strcmp(status, "unseen") == 0)
                (void)json_array_append(list, json_object_get(one, "text"));
        }
    }
    return list;
}

json_t *
verdict_json(const struct doctor *d, const struct verdict *v)
{
    json_t *o = json_object();
    size_t i;

    (void)json_object_set_new(o, "id", json_string(v->id));
    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (classes[i].class == v->class)
            (void)json_object_set_new(o, "class",
                                      json_string(classes[i].word));
    }
    (void)json_object_set_new(o, "status", json_integer((int)v->class));
    set(o, "sentence", facts_fill(d, v->sentence));
    set(o, "reason", facts_fill(d, v->reason));
    (void)json_object_set_new(o, "fixes", fixes_json(d, v));
    (void)json_object_set_new(o, "unseen", unseen_json(d));
    return o;
}
