/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * doctor_state.h - what the doctor tells, for harnesses that fill in what
 * others have said: every verdict has to be fit to be read, and every fix to
 * be pasted.
 */
#ifndef FUZZ_DOCTOR_STATE_H
#define FUZZ_DOCTOR_STATE_H

#include <ctype.h>
#include <stdio.h>

#include "helper/cli/cli.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"
#include "helper/doctor/verdict.h"

#define HOST "web01.corp.example.com"

const struct cli_command cli_commands[] = { { NULL, NULL, NULL, NULL, NULL } };

/* A host of which nothing is known yet. */
static inline void
state_begin(struct doctor *d)
{
    static struct hc_host *conf;

    memset(d, 0, sizeof(*d));
    (void)setenv("KRB5_CONFIG", "/dev/null", 1);
    (void)setenv("USER", "alice", 1);
    if (conf == NULL)
        check(hc_host_load(HOST, &conf, NULL) == 0);
    d->host = HOST;
    d->conf = conf;
    d->port = 5985;
    d->quiet = 1;
    d->label = "";
    d->current = json_pack("{s:s, s:[]}", "check", "fuzz", "found");
}

static inline void
state_candidate(struct doctor *d, const char *class, int ours)
{
    struct candidate *c = &d->candidates[d->ncandidates++];

    doc_set(&c->name, "%s@%s", class, HOST);
    doc_set(&c->spn, "%s/%s", class, HOST);
    doc_set(&c->realm, "%s", "");
    c->ours = ours;
    c->plain = strcmp(class, "HTTP") == 0;
}

static inline void
state_end(struct doctor *d)
{
    char *texts[] = {
        d->mech_file, d->mech_module, d->mech_why, d->seen.plugin,
        d->seen.sent, d->seen.why, d->dir_realm, d->user, d->user_realm,
        d->user_cache, d->dns_name, d->reverse, d->krb5_name, d->realm,
        d->resembling, d->dir_why, d->port_why, d->certificate_why
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        free(texts[i]);
    candidates_free(d);
    accounts_free(d);
    claims_free(d);
    json_decref(d->current);
}

static inline void
check_text(char *text, int lines)
{
    check(text != NULL && is_shown(text, strlen(text), lines));
    free(text);
}

/* A word that somebody pastes into a shell, or krb5.conf: no option, and
 * nothing that means anything there. */
static inline void
check_word(const char *p, size_t len, int command)
{
    size_t i;

    check(len > 0 && (*p != '-' || command));
    for (i = 0; i < len; i++)
        check((isascii((unsigned char)p[i]) &&
               (isalnum((unsigned char)p[i]) ||
                strchr("-_./:@+%", p[i]) != NULL)) ||
              (p[i] == '$' && i > 0 && i == len - 1));
}

/* The words that the verdicts have, each once: "{host}". */
struct state_words {
    char *v[64];
    int in_fix[64];
    size_t n;
};

static inline void
state_add(struct state_words *w, const char *text, int in_fix)
{
    size_t len, i;
    char *word;

    for (text = strchr(text, '{'); text != NULL;
         text = strchr(text + 1, '{')) {
        len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_5") + 2;
        if (len < 4 || text[len - 1] != '}')
            continue;           /* a brace of krb5.conf's, or PowerShell's */
        word = strndup(text, len);
        for (i = 0; i < w->n && strcmp(w->v[i], word) != 0; i++)
            ;
        check(word != NULL && i < 64);
        if (i == w->n)
            w->v[w->n++] = word;
        else
            free(word);
        w->in_fix[i] |= in_fix;
    }
}

static inline const struct state_words *
state_words(void)
{
    static struct state_words w;
    const struct verdict *v;
    size_t i, j;

    for (i = 0; w.n == 0 || (i > 0 && verdict_at(i) != NULL); i++) {
        v = verdict_at(i);
        state_add(&w, v->sentence, 0);
        state_add(&w, v->reason, 0);
        for (j = 0; j < FIXES_MAX && v->fixes[j].text != NULL; j++)
            state_add(&w, v->fixes[j].text, 1);
    }
    check(w.n > 30);
    return &w;
}

static inline void
state_check_fix(const struct doctor *d, const char *word)
{
    int command = strcmp(word, "{deduplicate}") == 0;
    char *value = facts_fix(d, word);
    const char *p;
    size_t len;

    check(value != NULL && strcmp(value, word) != 0);
    check(strchr(value, ' ') == NULL || command ||
          strcmp(word, "{nodes}") == 0);
    for (p = value; *p != '\0'; p += len + (p[len] == ' ')) {
        len = strcspn(p, " ");
        check_word(p, len, command);
    }
    free(value);
}

static inline void
state_check(const struct doctor *d)
{
    const struct state_words *w = state_words();
    size_t i;

    for (i = 0; i < w->n; i++) {
        check_text(facts_fill(d, w->v[i]), 0);
        if (w->in_fix[i])
            state_check_fix(d, w->v[i]);
    }
}

/* What was said of it is fit to be read. */
static inline void
state_found(const struct doctor *d)
{
    char *text = json_dumps(d->current, JSON_COMPACT);

    check_text(text, 0);
}

#endif /* FUZZ_DOCTOR_STATE_H */
