/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* verdict.h - the verdict, in one sentence, and what to do. */
#ifndef DOC_VERDICT_H
#define DOC_VERDICT_H

#include "helper/doctor/doctor.h"

#define FIXES_MAX 3

/* Who applies a fix, and in which language. */
enum fix_kind {
    FIX_NONE, FIX_CONF, FIX_SHELL, FIX_DOMAIN, FIX_SERVER,
    FIX_THEN                    /* here, after the one before */
};

struct fix {
    enum fix_kind kind;
    const char *text;           /* {words} stand for facts: facts.c */
};

struct verdict {
    const char *id;             /* for programs: does not change */
    enum doc_class class;       /* the exit status */
    int (*test)(const struct doctor *d);
    const char *sentence, *reason;
    struct fix fixes[FIXES_MAX];        /* any of them will do, but FIX_THEN */
};

/* The first row that is true; there always is one. */
const struct verdict *verdict_find(const struct doctor *d);

/* The nth row, or NULL behind the last: for tests. */
const struct verdict *verdict_at(size_t n);

/* For people, on stdout; for programs, a new object. */
void verdict_print(const struct doctor *d, const struct verdict *v);
json_t *verdict_json(const struct doctor *d, const struct verdict *v);

/* --- facts.c --- */

/* A text with its {words} filled in, new memory: for people, or for a fix, in
 * which a value that is not fit for a command line stays "WORD". */
char *facts_fill(const struct doctor *d, const char *text);
char *facts_fix(const struct doctor *d, const char *text);

/* The name that is registered to more than one account, and stands in the way;
 * or NULL. */
const struct candidate *facts_duplicate(const struct doctor *d);
/* An account of the machine's names that is disabled, or NULL. */
const struct account *facts_disabled(const struct doctor *d);
/* What the host's name should be: proved by Kerberos, else claimed by it and
 * vouched for, else like one of the domain's; "HOST" when there is none. */
const char *facts_real_name(const struct doctor *d);
/* One that krb5.conf has, no ticket is issued for, and nobody owns; or
 * NULL. */
const struct candidate *facts_missing(const struct doctor *d);

#endif /* DOC_VERDICT_H */
