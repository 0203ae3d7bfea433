/*
 * policy.c - what krb5.conf says about one target.
 *
 * A value is looked for at each level in turn: the exact target, the longest
 * suffix, ".", the realm's section, the general section, the default.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "levels.h"
#include "policy.h"
#include "reader.h"
#include "sections.h"
#include "words.h"

#define APP "appdefaults"
#define SECTION "winrm"

static const char *const default_spn[] = {
    "HOST/%f", "WSMAN/%f", "HTTP/%n", "HTTP/%f", NULL
};
/* Samba uses gss_krb5_import_cred(), whose credentials are lost on any
 * interposer (ARCHITECTURE), and has no business with WinRM.  The helper's
 * programs choose names themselves, by the same rules. */
static const char *const default_except[] = {
    "smbd", "winbindd", "nmbd", "samba", "samba-dcerpcd", "samba-tool",
    "smbclient", "rpcclient", "net", "gss-winrmd", "gss-winrm-gateway", NULL
};
static const uint16_t default_ports[] = { 5985, 5986 };

static const char *const match_words[] = { "auto", "always", "never", NULL };
static const char *const delegation_words[] = {
    "none", "kerberos", "credssp", NULL
};

static int
read_match(const struct gw_level *l, const char *key, char **values, void *out)
{
    int i = gw_find_word(values[0], match_words);

    if (i < 0) {
        gw_complain(l, key, values[0], "auto, always or never");
        return EINVAL;
    }
    *(enum gw_match *)out = i;
    return 0;
}

static int
read_delegation(const struct gw_level *l, const char *key, char **values,
                void *out)
{
    int i = gw_find_word(values[0], delegation_words);

    if (i < 0) {
        gw_complain(l, key, values[0], "none, kerberos or credssp");
        return EINVAL;
    }
    *(enum gw_delegation *)out = i;
    return 0;
}

static int
read_ports(const struct gw_level *l, const char *key, char **values, void *out)
{
    struct gw_policy *policy = out;
    uint16_t ports[GW_PORTS_MAX];
    char **words, **w;
    size_t n = 0;
    long port;

    if (gw_split_values(values, &words) != 0)
        return ENOMEM;
    for (w = words; w != NULL && *w != NULL; w++) {
        port = gw_whole_number(*w, 1, 65535);
        if (port < 0)
            gw_complain(l, key, *w, "a port number");
        else if (n == GW_PORTS_MAX)
            gw_complain(l, key, *w, "one of the first 16 ports");
        else
            ports[n++] = port;
    }
    gw_free_words(words);
    if (n == 0)
        return EINVAL;
    memcpy(policy->ports, ports, n * sizeof(*ports));
    policy->nports = n;
    return 0;
}

static int
read_spn(const struct gw_level *l, const char *key, char **values, void *out)
{
    char **words, **from, **to;

    if (gw_split_values(values, &words) != 0)
        return ENOMEM;
    /* Keep those with a service class and a name. */
    for (from = to = words; from != NULL && *from != NULL; from++) {
        if (strchr(*from, '/') != NULL && **from != '/') {
            *to++ = *from;
        } else {
            gw_complain(l, key, *from, "of the form CLASS/NAME");
            free(*from);
        }
    }
    if (to != NULL)
        *to = NULL;
    if (words == NULL || *words == NULL) {
        gw_free_words(words);
        return EINVAL;
    }
    *(char ***)out = words;
    return 0;
}

int
gw_read_version(const struct gw_level *l, const char *key, char **values,
                void *out)
{
    long n = gw_whole_number(values[0], 2, 6);

    if (n < 0) {
        gw_complain(l, key, values[0], "a CredSSP version from 2 to 6");
        return EINVAL;
    }
    *(int *)out = n;
    return 0;
}

/* The whole policy. */

int
gw_policy_has_sections(profile_t profile)
{
    const char *path[] = { APP, SECTION, NULL };
    char **names = gw_section_names(profile, path), **n;
    int found = 0;

    for (n = names; n != NULL && *n != NULL; n++)
        found |= strcmp(*n, "credssp") != 0 && strcmp(*n, "gateway") != 0;
    gw_free_words(names);
    return found;
}

/* A default list where krb5.conf has none. */
static int
default_words(char ***words, const char *const *dflt)
{
    size_t n = 0;
    int ret = 0;

    for (; *dflt != NULL && ret == 0; dflt++)
        ret = gw_add_word(words, &n, *dflt);
    return ret;
}

static int
set_defaults(struct gw_policy *policy)
{
    int ret = 0;

    if (policy->nports == 0) {
        memcpy(policy->ports, default_ports, sizeof(default_ports));
        policy->nports = sizeof(default_ports) / sizeof(*default_ports);
    }
    if (policy->spn == NULL)
        ret = default_words(&policy->spn, default_spn);
    if (ret == 0 && policy->except == NULL)
        ret = default_words(&policy->except, default_except);
    return ret;
}

#define FIELD(name) offsetof(struct gw_policy, name)

const struct gw_policy_key gw_policy_keys[] = {
    { "enabled", gw_read_boolean, FIELD(enabled), 0 },
    { "match", read_match, FIELD(match), FIELD(match_source) },
    { "delegation", read_delegation, FIELD(delegation), 0 },
    { "ports", read_ports, 0, 0 },
    { "spn", read_spn, FIELD(spn), FIELD(spn_source) },
    { "programs", gw_read_words, FIELD(programs), 0 },
    { "except", gw_read_words, FIELD(except), 0 },
    { "nodes", gw_read_words, FIELD(nodes), 0 },
    { "host", gw_read_string, FIELD(host), 0 },
    { NULL, NULL, 0, 0 }
};

int
gw_policy_read(const struct gw_levels *levels, const struct gw_policy_key *k,
               struct gw_policy *p, char **source)
{
    if (source == NULL && k->source != 0)
        source = (char **)((char *)p + k->source);
    return gw_read_key(levels, NULL, k->key, k->reader, (char *)p + k->field,
                       source);
}

/* Is a source the section of the target as it was typed? */
static int
is_exact(const char *source, const struct gw_subject *subject)
{
    static const char targets[] = "targets ";
    size_t len = strlen(targets);

    return source != NULL && subject != NULL && subject->typed != NULL &&
        strncmp(source, targets, len) == 0 &&
        gw_target_rank(source + len, subject->typed) == SIZE_MAX;
}

static int
load(profile_t profile, const struct gw_subject *subject,
     struct gw_policy **out)
{
    struct gw_policy *p = calloc(1, sizeof(*p));
    const struct gw_policy_key *k;
    struct gw_levels levels;
    int ret;

    *out = NULL;
    if (p == NULL)
        return ENOMEM;
    p->enabled = 1;
    ret = gw_levels_find(&levels, profile, subject);
    if (ret != 0) {
        gw_policy_free(p);
        return ret;
    }
    for (k = gw_policy_keys; k->key != NULL && ret == 0; k++)
        ret = gw_policy_read(&levels, k, p, NULL);
    p->spn_exact = is_exact(p->spn_source, subject);
    if (ret == 0)
        ret = set_defaults(p);
    gw_levels_free(&levels);
    if (ret != 0) {
        gw_policy_free(p);
        return ret;
    }
    *out = p;
    return 0;
}

int
gw_policy_load(profile_t profile, const struct gw_subject *subject,
               struct gw_policy **out)
{
    struct gw_subject typed = { NULL, NULL, NULL, NULL };
    int ret = load(profile, subject, out);

    if (ret != 0 || subject == NULL || subject->canon == NULL)
        return ret;
    typed.typed = subject->typed;
    typed.realm = subject->typed_realm;
    ret = load(profile, &typed, &(*out)->typed);
    if (ret != 0) {
        gw_policy_free(*out);
        *out = NULL;
        return ret;
    }
    (*out)->delegation = (*out)->typed->delegation;
    return 0;
}

int
gw_policy_hosts(const struct gw_policy *p, const char *itself,
                const char *node, char ***hosts)
{
    char *const *each;
    size_t n = 0;
    int ret = 0;

    *hosts = NULL;
    if (node != NULL)
        return gw_add_word(hosts, &n, node);
    if (p->nodes == NULL)
        return gw_add_word(hosts, &n, p->host != NULL ? p->host : itself);
    for (each = p->nodes; *each != NULL && ret == 0; each++)
        ret = gw_add_word(hosts, &n, *each);
    return ret;
}

void
gw_policy_free(struct gw_policy *policy)
{
    if (policy == NULL)
        return;
    free(policy->match_source);
    gw_free_words(policy->spn);
    free(policy->spn_source);
    gw_free_words(policy->programs);
    gw_free_words(policy->except);
    gw_free_words(policy->nodes);
    free(policy->host);
    gw_policy_free(policy->typed);
    free(policy);
}

int
gw_credssp_policy_load(profile_t profile, const char *realm,
                       struct gw_credssp_policy **out)
{
    struct gw_credssp_policy *p = calloc(1, sizeof(*p));
    struct gw_subject subject = { .realm = realm };
    struct gw_levels levels;
    int ret;

    *out = NULL;
    if (p == NULL)
        return ENOMEM;
    p->minimum_version = 5;     /* CVE-2018-0886 */
    ret = gw_levels_find(&levels, profile, &subject);
    if (ret != 0) {
        free(p);
        return ret;
    }
    ret = gw_read_key(&levels, "credssp", "delegate_to", gw_read_words,
                      &p->delegate_to, NULL);
    if (ret == 0)
        ret = gw_read_key(&levels, "credssp", "ntlm", gw_read_boolean,
                          &p->ntlm, NULL);
    if (ret == 0)
        ret = gw_read_key(&levels, "credssp", "minimum_version",
                          gw_read_version, &p->minimum_version, NULL);
    gw_levels_free(&levels);
    if (ret != 0) {
        gw_credssp_policy_free(p);
        return ret;
    }
    *out = p;
    return 0;
}

void
gw_credssp_policy_free(struct gw_credssp_policy *policy)
{
    if (policy == NULL)
        return;
    gw_free_words(policy->delegate_to);
    free(policy);
}
