/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* facts.c - the values of a verdict's {words}. */
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "helper/console/console.h"
#include "helper/doctor/verdict.h"
#include "helper/doctor/web.h"

#ifndef GW_MODULE               /* the Makefile's wins */
#define GW_MODULE "/usr/lib/gss-winrm/gss_winrm.so"
#endif

/* --- Subjects --- */

/* One of krb5.conf's; else, if none is accepted, another. */
const struct candidate *
facts_duplicate(const struct doctor *d)
{
    const struct candidate *c, *other = NULL;
    struct account *first;
    size_t i, n;
    int alias;

    for (i = 0; i < d->ncandidates; i++) {
        c = &d->candidates[i];
        n = candidate_owners(d, c, &first, &alias);
        if (n < 2 || n == SIZE_MAX || alias || c->outcome == DOC_ACCEPTED)
            continue;
        if (c->ours && !c->plain)
            return c;
        other = other != NULL ? other : c;
    }
    return candidate_accepted(d, 0) == NULL ? other : NULL;
}

/* The computer account: that of HOST/. */
static const struct account *
machine(const struct doctor *d)
{
    const struct candidate *c;
    struct account *first;
    size_t i;
    int alias;

    for (i = 0; i < d->ncandidates; i++) {
        c = &d->candidates[i];
        if (c->spn == NULL || strncasecmp(c->spn, "HOST/", 5) != 0)
            continue;
        (void)candidate_owners(d, c, &first, &alias);
        if (first != NULL)
            return first;
    }
    /* Whose name the host has. */
    for (i = 0; i < d->naccounts; i++) {
        if (strcmp(d->accounts[i]->kind, "computer") == 0)
            return d->accounts[i];
    }
    return NULL;
}

const struct account *
facts_disabled(const struct doctor *d)
{
    const struct account *a = machine(d);

    return (a != NULL && (a->uac & UAC_DISABLED)) ? a : NULL;
}

const struct candidate *
facts_missing(const struct doctor *d)
{
    struct account *first;
    size_t i;
    int alias;

    for (i = 0; i < d->ncandidates; i++) {
        if (d->candidates[i].ours && !d->candidates[i].plain &&
            d->candidates[i].issued == NULL &&
            candidate_owners(d, &d->candidates[i], &first, &alias) == 0)
            return &d->candidates[i];
    }
    return NULL;
}

/* Is it the account of the machine that the name is of? */
static int
is_machine_of(const struct account *a, const char *spn)
{
    const char *host = strchr(spn, '/') + 1;
    size_t first = strcspn(host, ".");

    return strcmp(a->kind, "computer") == 0 &&
        ((a->host != NULL && strcasecmp(a->host, host) == 0) ||
         (strlen(a->name) == first + 1 &&
          strncasecmp(a->name, host, first) == 0));
}

/*
 * Of the accounts of a name twice registered, the one that has no business
 * with it; NULL when that is not plain.  HOST/ and WSMAN/ are a machine's.  An
 * HTTP/ may well be the web site's, and nobody here knows which of two is
 * right.
 */
static const struct account *
intruder(const struct doctor *d, const struct candidate *c)
{
    const struct account *other = NULL;
    size_t i, machines = 0;

    if (strncasecmp(c->spn, "HOST/", 5) != 0 &&
        strncasecmp(c->spn, "WSMAN/", 6) != 0)
        return NULL;
    for (i = 0; i < d->naccounts; i++) {
        if (!account_has(d->accounts[i], c->spn))
            continue;
        if (is_machine_of(d->accounts[i], c->spn))
            machines++;
        else if (other == NULL)
            other = d->accounts[i];
    }
    return machines == 1 ? other : NULL;
}

static const struct account *
plain_owner(const struct doctor *d)
{
    const struct candidate *c = candidate_plain(d);
    struct account *first = NULL;
    int alias;

    if (c != NULL)
        (void)candidate_owners(d, c, &first, &alias);
    return first;
}

/* --- Words --- */

typedef void (*word)(const struct doctor *d, char **out);

#define WORD(name, ...)                                         \
    static void                                                 \
    word_##name(const struct doctor *d, char **out)             \
    {                                                           \
        doc_set(out, __VA_ARGS__);                              \
    }

static const char *
given(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Is this, up to len bytes, something that is neither an option nor more than
 * characters out of fit?  A dollar sign may end it, as in a machine's name. */
static int
is_plain(const char *text, size_t len, const char *fit)
{
    size_t good = strspn(text, fit);

    return len > 0 && *text != '-' &&
        (good >= len || (good == len - 1 && good > 0 && text[good] == '$'));
}

/* A name that is to be pasted into somebody's shell: nobody who can choose the
 * name of an account shall choose commands as well. */
static int
is_fit(const char *name)
{
    return is_plain(name, strlen(name), LETTERS "-_.");
}

/* The same for any value in a fix: what DNS, a KDC, the directory or a server
 * has said may be among them. */
static int
is_argument(const char *value)
{
    return is_plain(value, strlen(value), LETTERS "-_./:@+%");
}

static const char *
account_name(const struct account *a)
{
    return a != NULL && is_fit(a->name) ? a->name : "ACCOUNT";
}

static const char *
spn_of(const struct candidate *c)
{
    return c != NULL && c->spn != NULL ? c->spn : "HOST/?";
}

/* For people: in whose name the plain name is. */
static void
word_whose(const struct doctor *d, char **out)
{
    const struct account *a = plain_owner(d);

    const struct candidate *c = candidate_plain(d);
    struct account *first;
    int alias;

    if (a != NULL)
        doc_set(out, "%s has that name", a->name);
    else if (c != NULL && c->issued == NULL &&
             candidate_owners(d, c, &first, &alias) == 0)
        doc_set(out, "nobody has that name");
    else
        doc_set(out, "whose name that is could not be seen");
}

/* For people: all that have a name. */
static void
word_owners(const struct doctor *d, char **out)
{
    const struct candidate *c = facts_duplicate(d);
    char *before;
    size_t i;

    doc_set(out, "%s", "");
    for (i = 0; c != NULL && i < d->naccounts; i++) {
        if (!account_has(d->accounts[i], c->spn))
            continue;
        before = *out;
        *out = NULL;
        doc_set(out, "%s%s%s (%s)", given(before, ""), before != NULL &&
                *before != '\0' ? ", " : "", d->accounts[i]->name,
                d->accounts[i]->kind);
        free(before);
    }
}

static void
word_deduplicate(const struct doctor *d, char **out)
{
    const struct candidate *c = facts_duplicate(d);
    const struct account *a = c != NULL ? intruder(d, c) : NULL;
    const char *spn = is_argument(spn_of(c)) ? spn_of(c) : "SPN";

    if (a != NULL)
        doc_set(out, "setspn -D %s %s", spn, account_name(a));
    else
        doc_set(out, "setspn -Q %s", spn);
}

/* The user's, without the realm: AD's commands take no principals. */
static void
word_account(const struct doctor *d, char **out)
{
    const char *user = given(d->user, "");
    size_t len = strcspn(user, "@");

    doc_set(out, "%.*s", (int)len, user);
    if (*out == NULL || !is_fit(*out))
        doc_set(out, "ACCOUNT");
}

const char *
facts_real_name(const struct doctor *d)
{
    const struct candidate *c = candidate_accepted(d, 0);
    const char *slash = c != NULL && c->spn != NULL ? strchr(c->spn, '/') :
        NULL;

    if (slash != NULL && strchr(slash, '.') != NULL &&
        strchr(slash, ':') == NULL)
        return slash + 1;
    return given(claims_vouched(d, 0), given(d->resembling, "HOST"));
}

/* The module that is listed, if it may be; else where it is installed. */
static const char *
module(const struct doctor *d)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+/";
    const char *path = d->mech_module;

    return path != NULL && *path == '/' && path[strspn(path, fit)] == '\0' &&
        access(path, R_OK) == 0 ? path : GW_MODULE;
}

/* The domain of a name, without its first dot. */
static const char *
domain_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL ? dot + 1 : name;
}

WORD(host, "%s", d->host)
WORD(port, "%u", (unsigned int)d->port)
WORD(other_port, "%u", d->open[0] && d->port != 5985 ? 5985U : 5986U)
WORD(user, "%s%s%s", d->user != NULL ? d->user : given(getenv("USER"), "USER"),
     d->user != NULL ? "" : "@", d->user != NULL ? "" :
     given(d->conf->realm, "REALM"))
WORD(user_realm, "%s", given(d->user_realm, given(d->conf->realm, "REALM")))
WORD(realm, "%s", given(d->realm, given(d->conf->realm, "REALM")))
WORD(domain, "%s", domain_of(given(d->dns_name, d->host)))
WORD(name, "%s", facts_real_name(d))
WORD(name_domain, "%s", domain_of(facts_real_name(d)))
WORD(claim, "%s", given(claims_doubted(d), "HOST"))
WORD(url, "http%s://%s:%u/wsman", d->tls ? "s" : "", d->host,
     (unsigned int)d->port)
WORD(krb5_name, "%s", given(d->krb5_name, d->host))
WORD(dns_name, "%s", given(d->dns_name, d->host))
WORD(plain, "%s", spn_of(candidate_plain(d)))
WORD(sent, "%s", given(d->seen.sent, spn_of(candidate_accepted(d, 0))))
WORD(accepted, "%s", spn_of(candidate_accepted(d, 0)))
WORD(machine, "%s", account_name(machine(d)))
WORD(duplicate, "%s", spn_of(facts_duplicate(d)))
WORD(missing, "%s", spn_of(facts_missing(d)))
WORD(port_why, "%s", given(d->port_why, "no answer"))
WORD(certificate_why, "%s", given(d->certificate_why, "it is good"))
WORD(program_why, "%s", given(d->seen.why, "no answer"))
WORD(mech_file, "%s", given(d->environment[2],
                            "/etc/gss/mech.d/gss-winrm.conf"))
WORD(listed_in, "%s", given(d->mech_file, "mech.d"))
WORD(mech_why, "%s", given(d->mech_why, "it is good"))
WORD(module, "%s", module(d))
WORD(proxy, "%s", given(d->environment[0], ""))
WORD(address, "%s", d->naddresses > 0 ? d->addresses[0] : "?")
WORD(resembling, "%s", given(d->resembling, "?"))

static void
word_offers(const struct doctor *d, char **out)
{
    char buf[80];

    doc_set(out, "%s", web_offers(d->offers, buf, sizeof(buf)));
}

/* How far apart two clocks are, from the one that is spoken of. */
static void
set_ahead(long ahead, char **out)
{
    char span[64];

    cli_span_text((uint64_t)labs(ahead), span, sizeof(span));
    doc_set(out, "%s %s", span, ahead > 0 ? "ahead of" : "behind");
}

static void
word_ahead(const struct doctor *d, char **out)
{
    if (d->dc_clock && labs(d->dc_ahead) > SKEW_MAX)
        set_ahead(-d->dc_ahead, out);
    else
        doc_set(out, "more than five minutes from");
}

static void
word_server_ahead(const struct doctor *d, char **out)
{
    set_ahead(d->server_ahead, out);
}

/* The DNS domain that a realm of Active Directory has. */
static void
word_realm_domain(const struct doctor *d, char **out)
{
    char *c;

    word_realm(d, out);
    for (c = *out; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void
word_expired(const struct doctor *d, char **out)
{
    char when[128];

    cli_time_text((uint64_t)d->expired, when, sizeof(when));
    doc_set(out, "%s", when);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
list_claims(const struct doctor *d, int vouched, const char *between,
            char **out)
{
    const char *names[CLAIMS_MAX];
    size_t i, n = 0;
    char *before;

    for (i = 0; i < d->nclaims; i++) {
        if (d->claims[i].vouched || !vouched)
            names[n++] = d->claims[i].name;
    }
    if (n > 1)
        qsort(names, n, sizeof(*names), compare);
    doc_set(out, "%s", "");
    for (i = 0; i < n; i++) {
        before = *out;
        *out = NULL;
        doc_set(out, "%s%s%s", given(before, ""), i > 0 ? between : "",
                names[i]);
        free(before);
    }
}

/* Every node that has said its name, and whose name that is. */
static void
word_nodes(const struct doctor *d, char **out)
{
    list_claims(d, 1, " ", out);
}

/* For people: every name that was said. */
static void
word_claims(const struct doctor *d, char **out)
{
    list_claims(d, 0, ", ", out);
}

static const struct {
    const char *name;
    word fill;
} words[] = {
    { "host", word_host }, { "port", word_port },
    { "other_port", word_other_port }, { "user", word_user },
    { "user_realm", word_user_realm }, { "realm", word_realm },
    { "domain", word_domain }, { "name", word_name },
    { "name_domain", word_name_domain },
    { "krb5_name", word_krb5_name }, { "dns_name", word_dns_name },
    { "plain", word_plain }, { "whose", word_whose },
    { "sent", word_sent }, { "accepted", word_accepted },
    { "machine", word_machine }, { "duplicate", word_duplicate },
    { "owners", word_owners },
    { "deduplicate", word_deduplicate }, { "account", word_account },
    { "missing", word_missing },
    { "port_why", word_port_why },
    { "certificate_why", word_certificate_why },
    { "program_why", word_program_why }, { "mech_file", word_mech_file },
    { "module", word_module }, { "proxy", word_proxy },
    { "address", word_address }, { "resembling", word_resembling },
    { "offers", word_offers }, { "ahead", word_ahead },
    { "expired", word_expired }, { "nodes", word_nodes },
    { "claims", word_claims }, { "claim", word_claim }, { "url", word_url },
    { "server_ahead", word_server_ahead },
    { "realm_domain", word_realm_domain }, { "listed_in", word_listed_in },
    { "mech_why", word_mech_why },
};

#define NWORDS (sizeof(words) / sizeof(*words))

/* {user} > USER: for the reader to fill in. */
static void
set_blank(const char *name, char **out)
{
    char *c;

    doc_set(out, "%s", name);
    for (c = *out; c != NULL && *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

/* "{word}" at text: its value, new memory, and its length; or NULL.  Only what
 * is fit gets into a fix.  (What consists of several is made of fit ones.) */
static char *
value_at(const struct doctor *d, const char *text, int fix, size_t *len)
{
    char *value = NULL;
    size_t i;

    for (i = 0; i < NWORDS; i++) {
        *len = strlen(words[i].name) + 2;
        if (strncmp(text + 1, words[i].name, *len - 2) == 0 &&
            text[*len - 1] == '}') {
            words[i].fill(d, &value);
            if (fix && value != NULL && words[i].fill != word_deduplicate &&
                words[i].fill != word_nodes && !is_argument(value))
                set_blank(words[i].name, &value);
            return value;
        }
    }
    return NULL;
}

static char *
fill(const struct doctor *d, const char *text, int fix)
{
    char *out = NULL, *value;
    size_t size = 0, len;
    FILE *f = open_memstream(&out, &size);

    if (f == NULL)
        return NULL;
    while (*text != '\0') {
        value = *text == '{' ? value_at(d, text, fix, &len) : NULL;
        if (value != NULL) {
            (void)fputs(value, f);
            text += len;
        } else {
            (void)fputc(*text++, f);
        }
        free(value);
    }
    (void)fclose(f);
    return out;
}

char *
facts_fill(const struct doctor *d, const char *text)
{
    return fill(d, text, 0);
}

char *
facts_fix(const struct doctor *d, const char *text)
{
    return fill(d, text, 1);
}
