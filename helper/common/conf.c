/* conf.c - what krb5.conf says about a host. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "confint.h"
#include "names.h"
#include "reader.h"
#include "words.h"

#define PIN_DIGITS 64           /* of a SHA-256 */

int
hc_error(int ret, struct cs_error *err)
{
    const char *text;

    if (ret == 0)
        return 0;
    if (ret == ENOMEM)
        return cs_nomem(err);
    text = krb5_get_error_message(NULL, ret);
    cs_set_error(err, CS_SYSTEM, "krb5.conf cannot be read: %s", text);
    krb5_free_error_message(NULL, text);
    return CS_SYSTEM;
}

int
hc_source_open(struct hc_source *s)
{
    int ret;

    s->profile = NULL;
    ret = krb5_init_context(&s->context);
    if (ret != 0) {
        s->context = NULL;
        return ret;
    }
    return krb5_get_profile(s->context, &s->profile);
}

void
hc_source_close(struct hc_source *s)
{
    if (s->profile != NULL)
        profile_release(s->profile);
    if (s->context != NULL)
        krb5_free_context(s->context);
}

/* The policy's subject is the plugin's: the name that krb5 makes of the host
 * counts as well.  Asking DNS for that is saved when nothing depends on it. */
void
hc_subject_find(const struct hc_source *s, const struct hc_host *h,
                struct hc_subject *subject)
{
    char *canon = NULL;

    subject->canon = subject->realm = NULL;
    subject->s.typed = h->host;
    subject->s.realm = subject->s.typed_realm = h->realm;
    if (gw_policy_has_sections(s->profile) &&
        krb5_expand_hostname(s->context, h->host, &canon) == 0) {
        subject->canon = strdup(canon);
        subject->realm = gw_section_realm(s->context, canon);
        subject->s.realm = subject->realm;
    }
    subject->s.canon = subject->canon;
    krb5_free_string(s->context, canon);
}

void
hc_subject_free(struct hc_subject *subject)
{
    free(subject->canon);
    free(subject->realm);
}

static int
load_policy(const struct hc_source *s, struct hc_host *h)
{
    struct hc_subject subject;
    int ret;

    hc_subject_find(s, h, &subject);
    ret = gw_policy_load(s->profile, &subject.s, &h->policy);
    hc_subject_free(&subject);
    return ret;
}

/* What the first word of list that covers the host is called, or NULL. */
static int
covered(char *const *list, const char *host, const char *what, char **source)
{
    for (; list != NULL && *list != NULL; list++) {
        if (gw_target_rank(*list, host) > 0)
            return asprintf(source, "%s = %s", what, *list) < 0 ?
                (*source = NULL, ENOMEM) : 0;
    }
    return 0;
}

static int
load_credssp(const struct hc_source *s, struct hc_host *h)
{
    struct gw_credssp_policy *conf;
    int ret = gw_credssp_policy_load(s->profile, h->realm, &conf);

    if (ret != 0)
        return ret;
    h->credssp.ntlm = conf->ntlm;
    h->credssp.minimum_version = conf->minimum_version;
    ret = covered(conf->delegate_to, h->host, "credssp: delegate_to",
                  &h->reachable_source);
    h->credssp.delegate = h->reachable_source != NULL;
    gw_credssp_policy_free(conf);
    return ret;
}

/* Is match = never?  Any other value ends the search. */
static int
read_never(const struct gw_level *level, const char *key, char **values,
           void *out)
{
    static const char *const never[] = { "never", NULL };

    (void)level;
    (void)key;
    *(int *)out = gw_find_word(values[0], never) == 0;
    return 0;
}

/* The best target for the host makes it reachable, unless that is to say that
 * there is no WinRM. */
static int
covered_by_target(const struct gw_levels *levels, struct hc_host *h)
{
    struct gw_levels targets = *levels; /* borrows */
    int never = 0, ret;

    for (targets.n = 0; targets.n < levels->n; targets.n++) {
        if (levels->v[targets.n].kind != L_TARGET)
            break;
    }
    if (targets.n == 0)
        return 0;
    ret = gw_read_key(&targets, NULL, "match", read_never, &never, NULL);
    if (ret != 0 || never)
        return ret;
    return asprintf(&h->reachable_source, "targets %s", targets.v[0].key) < 0 ?
        (h->reachable_source = NULL, ENOMEM) : 0;
}

/* What makes the host reachable, unless delegate_to has. */
static int
load_reachable(const struct gw_levels *levels, struct hc_host *h)
{
    char **list = NULL;
    int ret;

    ret = gw_read_key(levels, "gateway", "targets", gw_read_words, &list,
                      NULL);
    if (ret == 0 && h->reachable_source == NULL)
        ret = covered(list, h->host, "gateway: targets",
                      &h->reachable_source);
    if (ret == 0 && h->reachable_source == NULL)
        ret = covered_by_target(levels, h);
    h->reachable = h->reachable_source != NULL;
    gw_free_words(list);
    return ret;
}

static int
read_ca_file(const struct gw_level *level, const char *key, char **values,
             void *out)
{
    if (*values[0] != '/' && strcmp(values[0], "system") != 0) {
        gw_complain(level, key, values[0], "an absolute path or \"system\"");
        return EINVAL;
    }
    return gw_read_string(level, key, values, out);
}

/* Lower-case digits in the end; colons may stand between them. */
static int
read_pin(const struct gw_level *level, const char *key, char **values,
         void *out)
{
    char pin[PIN_DIGITS + 1], *p = values[0];
    size_t n = 0;

    for (; *p != '\0' && n < PIN_DIGITS; p++) {
        if (isxdigit((unsigned char)*p))
            pin[n++] = tolower((unsigned char)*p);
        else if (*p != ':')
            break;
    }
    if (*p != '\0' || n != PIN_DIGITS) {
        gw_complain(level, key, values[0],
                    "a SHA-256 in hexadecimal (64 digits)");
        return EINVAL;
    }
    pin[n] = '\0';
    *(char **)out = strdup(pin);
    return (*(char **)out == NULL) ? ENOMEM : 0;
}

const struct hc_trust_key hc_trust_keys[] = {
    { "gateway", "ntlm", gw_read_boolean, offsetof(struct hc_host, ntlm) },
    { NULL, "credential", gw_read_string,
      offsetof(struct hc_host, credential) },
    { NULL, "ca_file", read_ca_file, offsetof(struct hc_host, ca_file) },
    { NULL, "pin", read_pin, offsetof(struct hc_host, pin) },
    { NULL, NULL, NULL, 0 }
};

/*
 * What decides about trust: who the server has to be, and what it may have.
 * Only the name as given counts for it, never one that DNS has chosen.
 */
static int
load_trust(const struct hc_source *s, struct hc_host *h)
{
    struct gw_subject subject = { .typed = h->host, .realm = h->realm };
    const struct hc_trust_key *k;
    struct gw_levels levels;
    int ret;

    ret = gw_levels_find(&levels, s->profile, &subject);
    if (ret != 0)
        return ret;
    ret = load_credssp(s, h);
    if (ret == 0)
        ret = load_reachable(&levels, h);
    for (k = hc_trust_keys; k->key != NULL && ret == 0; k++)
        ret = gw_read_key(&levels, k->sub, k->key, k->reader,
                          (char *)h + k->field, NULL);
    if (ret == 0 && h->ca_file == NULL &&
        (h->ca_file = strdup("system")) == NULL)
        ret = ENOMEM;
    gw_levels_free(&levels);
    return ret;
}

/* Lower case, no final dot. */
static char *
plain_host(const char *host)
{
    size_t len = strlen(host), i;
    char *copy = strdup(host);

    if (copy == NULL)
        return NULL;
    if (len > 1 && copy[len - 1] == '.')
        copy[--len] = '\0';
    for (i = 0; i < len; i++)
        copy[i] = tolower((unsigned char)copy[i]);
    return copy;
}

int
hc_host_load(const char *host, struct hc_host **out, struct cs_error *err)
{
    struct hc_source s = { NULL, NULL };
    struct hc_host *h;
    int ret;

    *out = NULL;
    if (!gw_host_ok(host))
        return cs_fail(err, CS_USAGE, "not the name or address of a host");
    h = calloc(1, sizeof(*h));
    if (h == NULL || (h->host = plain_host(host)) == NULL) {
        free(h);
        return cs_nomem(err);
    }
    ret = hc_source_open(&s);
    if (ret == 0) {
        h->realm = gw_section_realm(s.context, h->host);
        ret = load_policy(&s, h);
    }
    if (ret == 0)
        ret = load_trust(&s, h);
    hc_source_close(&s);
    if (ret != 0) {
        hc_host_free(&h);
        return hc_error(ret, err);
    }
    *out = h;
    return 0;
}

void
hc_host_free(struct hc_host **host)
{
    struct hc_host *h = *host;

    *host = NULL;
    if (h == NULL)
        return;
    free(h->host);
    free(h->realm);
    gw_policy_free(h->policy);
    free(h->reachable_source);
    free(h->credential);
    free(h->ca_file);
    free(h->pin);
    free(h);
}

int
hc_port_ok(const struct hc_host *host, uint16_t port)
{
    size_t i;

    for (i = 0; i < host->policy->nports; i++) {
        if (host->policy->ports[i] == port)
            return 1;
    }
    return 0;
}

int
hc_node_ok(const struct hc_host *host, const char *node)
{
    char *const *n;

    /* A node is a name, not the suffix that a target may be. */
    for (n = gw_policy_trusted(host->policy)->nodes; n != NULL && *n != NULL; n++) {
        if (gw_target_rank(*n, node) == SIZE_MAX)
            return 1;
    }
    return 0;
}
