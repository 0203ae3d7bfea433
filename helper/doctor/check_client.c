/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_client.c - what the plugin would make of a program; it is not run. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/doctor/doctor.h"
#include "plugin/base/program.h"
#include "plugin/base/strlist.h"

/* What was learned: "config: winrm_spn(HTTP/HOST/PROGRAM@) = NAME". */
static void
say_learned(struct doctor *d, const char *program)
{
    krb5_principal server = NULL;
    krb5_ccache cache = NULL;
    char *text = NULL;
    krb5_data data;

    memset(&data, 0, sizeof(data));
    if (asprintf(&text, "HTTP/%s/%s@", d->conf->host, program) >= 0 &&
        d->user_cache != NULL &&
        krb5_cc_resolve(d->k5, d->user_cache, &cache) == 0 &&
        krb5_parse_name(d->k5, text, &server) == 0 &&
        krb5_cc_get_config(d->k5, cache, server, "winrm_spn", &data) == 0) {
        doc_say(d, OUTPUT_NOTE, "it was authenticated here by %.*s before "
                "(learned, in the cache)", (int)data.length, data.data);
        krb5_free_data_contents(d->k5, &data);
    }
    krb5_free_principal(d->k5, server);
    if (cache != NULL)
        (void)krb5_cc_close(d->k5, cache);
    free(text);
}

static int
lists(char *const *words, const char *program)
{
    return words != NULL &&
        gw_strlist_find(program, (const char *const *)words) >= 0;
}

void
check_client(struct doctor *d)
{
    const struct gw_policy *p = d->conf->policy;
    char program[GW_PROGRAM_MAX], *line = NULL, *at;
    int n;

    if (d->client == NULL)
        return;
    n = asprintf(&line, "%s", d->client);
    for (at = line; n > 0 && *at != '\0'; at++) {
        if (*at == ' ')
            *at = '\0';         /* as arguments are kept */
    }
    gw_program_of_cmdline(n > 0 ? line : "", n > 0 ? (size_t)n + 1 : 0,
                          program, sizeof(program));
    free(n >= 0 ? line : NULL);
    doc_say(d, OUTPUT_NOTE, "the plugin knows it as %s", program);
    doc_fact(d, "program", program);
    if (lists(p->except, program))
        doc_say(d, OUTPUT_WARN, "krb5.conf, except: the plugin stays out of it");
    else if (p->match != GW_MATCH_AUTO)
        doc_say(d, OUTPUT_NOTE, "match = %s decides for every program",
                p->match == GW_MATCH_ALWAYS ? "always" : "never");
    else if (lists(p->programs, program))
        doc_say(d, OUTPUT_OK, "krb5.conf, programs: every HTTP@ of it is WinRM");
    else
        doc_say(d, OUTPUT_OK, "HTTP@%s is WinRM when it is connected to %u "
                "there", d->host, (unsigned int)p->ports[0]);
    say_learned(d, program);
}
