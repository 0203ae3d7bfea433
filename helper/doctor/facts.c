/* facts.c - the words that verdicts are told with. */
#define _GNU_SOURCE
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli.h"
#include "verdict.h"
#include "web.h"

#ifndef GW_MODULE               /* the Makefile's wins */
#define GW_MODULE "/usr/lib/gss-winrm/gss_winrm.so"
#endif

/* --- Subjects --- */

const struct candidate *
facts_duplicate(const struct doctor *d)
{
    struct account *first;
    size_t i, n;
    int alias;

    for (i = 0; i < d->ncandidates; i++) {
        n = candidate_owners(d, &d->candidates[i], &first, &alias);
        if (n > 1 && n != SIZE_MAX && !alias)
            return &d->candidates[i];
    }
    return NULL;
}

/* The machine's account: that of HOST/. */
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
            candidate_owners(d, &d->candidates[i], &first, &alias) == 0)
            return &d->candidates[i];
    }
    return NULL;
}

/* Of the accounts of a name twice registered, the one that has no business
 * with it: not a computer, else the second. */
static const struct account *
intruder(const struct doctor *d)
{
    const struct candidate *c = facts_duplicate(d);
    const struct account *second = NULL;
    size_t i, n = 0;

    for (i = 0; c != NULL && i < d->naccounts; i++) {
        if (!account_has(d->accounts[i], c->spn))
            continue;
        if (strcmp(d->accounts[i]->kind, "computer") != 0)
            return d->accounts[i];
        if (++n == 2)
            second = d->accounts[i];
    }
    return second;
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

/* A name that is to be pasted into somebody's shell: nobody who can choose the
 * name of an account shall choose commands as well. */
static const char *
account_name(const struct account *a)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = a != NULL ? strspn(a->name, fit) : 0;

    if (len == 0 || (a->name[len] != '\0' && strcmp(a->name + len, "$") != 0))
        return "ACCOUNT";
    return a->name;
}

/* For people: in whose name the plain name is. */
static void
word_whose(const struct doctor *d, char **out)
{
    const struct account *a = plain_owner(d);

    if (a != NULL)
        doc_set(out, "%s has that name", a->name);
    else
        doc_set(out, "%s", d->dir_seen ? "nobody has that name" :
                "whose name that is could not be seen");
}

static const char *
spn_of(const struct candidate *c)
{
    return c != NULL && c->spn != NULL ? c->spn : "HOST/?";
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
    return given(d->nclaimed > 0 ? d->claimed[0] : d->resembling, "HOST");
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
WORD(krb5_name, "%s", given(d->krb5_name, d->host))
WORD(dns_name, "%s", given(d->dns_name, d->host))
WORD(plain, "%s", spn_of(candidate_plain(d)))
WORD(sent, "%s", given(d->seen.sent, spn_of(candidate_accepted(d, 0))))
WORD(accepted, "%s", spn_of(candidate_accepted(d, 0)))
WORD(machine, "%s", account_name(machine(d)))
WORD(duplicate, "%s", spn_of(facts_duplicate(d)))
WORD(intruder, "%s", account_name(intruder(d)))
WORD(missing, "%s", spn_of(facts_missing(d)))
WORD(port_why, "%s", given(d->port_why, "no answer"))
WORD(certificate_why, "%s", given(d->certificate_why, "it is good"))
WORD(program_why, "%s", given(d->seen.why, "no answer"))
WORD(mech_file, "%s", given(d->environment[2],
                            "/etc/gss/mech.d/gss-winrm.conf"))
WORD(module, "%s", given(d->mech_module, GW_MODULE))
WORD(proxy, "%s", given(d->environment[0], ""))
WORD(address, "%s", d->naddresses > 0 ? d->addresses[0] : "?")
WORD(resembling, "%s", given(d->resembling, "?"))

static void
word_offers(const struct doctor *d, char **out)
{
    char buf[80];

    doc_set(out, "%s", web_offers(d->offers, buf, sizeof(buf)));
}

static void
word_ahead(const struct doctor *d, char **out)
{
    char span[64];

    cli_span_text((uint64_t)labs(d->ahead), span, sizeof(span));
    doc_set(out, "%s %s", span, d->ahead > 0 ? "behind" : "ahead of");
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
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every node that has said its name. */
static void
word_nodes(const struct doctor *d, char **out)
{
    size_t i;
    char *list = strdup(""), *more;

    if (d->nclaimed > 1)
        qsort(d->claimed, d->nclaimed, sizeof(*d->claimed), compare);
    for (i = 0; i < d->nclaimed && list != NULL; i++) {
        if (asprintf(&more, "%s%s%s", list, i > 0 ? " " : "",
                     d->claimed[i]) < 0)
            more = NULL;
        free(list);
        list = more;
    }
    free(*out);
    *out = list;
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
    { "intruder", word_intruder }, { "missing", word_missing },
    { "port_why", word_port_why },
    { "certificate_why", word_certificate_why },
    { "program_why", word_program_why }, { "mech_file", word_mech_file },
    { "module", word_module }, { "proxy", word_proxy },
    { "address", word_address }, { "resembling", word_resembling },
    { "offers", word_offers }, { "ahead", word_ahead },
    { "expired", word_expired }, { "nodes", word_nodes },
};

#define NWORDS (sizeof(words) / sizeof(*words))

/* "{word}" at text: its value, new memory, and its length; or NULL. */
static char *
value_at(const struct doctor *d, const char *text, size_t *len)
{
    char *value = NULL;
    size_t i;

    for (i = 0; i < NWORDS; i++) {
        *len = strlen(words[i].name) + 2;
        if (strncmp(text + 1, words[i].name, *len - 2) == 0 &&
            text[*len - 1] == '}') {
            words[i].fill(d, &value);
            return value;
        }
    }
    return NULL;
}

char *
facts_fill(const struct doctor *d, const char *text)
{
    char *out = NULL, *value;
    size_t size = 0, len;
    FILE *f = open_memstream(&out, &size);

    if (f == NULL)
        return NULL;
    while (*text != '\0') {
        value = *text == '{' ? value_at(d, text, &len) : NULL;
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
