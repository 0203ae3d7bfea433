/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* conf.c - what krb5.conf says about a host. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/common/conf.h"
#include "helper/common/confint.h"
#include "plugin/conf/names.h"
#include "plugin/conf/reader.h"
#include "plugin/base/strlist.h"

#define PIN_DIGITS 64           /* of a SHA-256 */

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

/* --- Keys --- */

int
hc_ca_file_ok(char *text)
{
    return *text == '/' || strcmp(text, "system") == 0;
}

/* Lower-case digits in the end; colons may stand between them. */
int
hc_pin_ok(char *text)
{
    char pin[PIN_DIGITS + 1];
    const char *p = text;
    size_t n = 0;

    for (; *p != '\0' && n < PIN_DIGITS; p++) {
        if (isxdigit((unsigned char)*p))
            pin[n++] = tolower((unsigned char)*p);
        else if (*p != ':')
            break;
    }
    if (*p != '\0' || n != PIN_DIGITS)
        return 0;
    pin[n] = '\0';
    memcpy(text, pin, sizeof(pin));
    return 1;
}

const struct gw_key hc_host_keys[] = {
#define GW_HOST_KEY(...) GW_ROW(struct hc_host, __VA_ARGS__)
#include "plugin/conf/keytable.h"
    { .name = NULL }
};

const struct gw_key *
hc_find_key(const char *section, const char *name)
{
    static const struct gw_key *const all[] = {
        gw_policy_keys, gw_credssp_keys, hc_host_keys, NULL
    };
    const struct gw_key *const *a, *k;

    for (a = all; *a != NULL; a++) {
        for (k = *a; k->name != NULL; k++) {
            if (strcmp(k->name, name) == 0 && strcmp(k->section, section) == 0)
                return k;
        }
    }
    return NULL;
}

/* An array of that key, with its fields in a struct hc_single. */
static void
single(const struct gw_key *key, struct gw_key array[2])
{
    memset(array, 0, 2 * sizeof(*array));
    array[0] = *key;
    array[0].field = offsetof(struct hc_single, value);
    array[0].source = offsetof(struct hc_single, source);
}

int
hc_read_single(const struct gw_levels *levels, const struct gw_key *key,
               struct hc_single *out)
{
    struct gw_key array[2];

    single(key, array);
    memset(out, 0, sizeof(*out));
    return gw_read_keys(levels, array, out);
}

void
hc_free_single(const struct gw_key *key, struct hc_single *s)
{
    struct gw_key array[2];

    single(key, array);
    gw_free_keys(array, s);
}

/* --- A host --- */

/* The policy's subject is the plugin's: the name that krb5 makes of the host
 * counts as well.  Asking DNS for that is saved when nothing depends on it. */
static int
load_policy(const struct hc_source *s, struct hc_host *h)
{
    struct gw_subject subject = { .typed = h->host, .realm = h->realm,
                                  .typed_realm = h->realm };
    char *canon = NULL, *realm = NULL;
    int ret;

    if (gw_policy_has_sections(s->profile) &&
        krb5_expand_hostname(s->context, h->host, &canon) == 0) {
        realm = gw_section_realm(s->context, canon);
        subject.canon = canon;
        subject.realm = realm;
    }
    ret = gw_policy_load(s->profile, &subject, &h->policy);
    krb5_free_string(s->context, canon);
    free(realm);
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
    int ret = gw_credssp_policy_load(s->profile, h->realm, &h->credssp_keys);

    if (ret != 0)
        return ret;
    h->credssp.ntlm = h->credssp_keys->ntlm;
    h->credssp.minimum_version = h->credssp_keys->minimum_version;
    ret = covered(h->credssp_keys->delegate_to, h->host,
                  "credssp: delegate_to", &h->reachable_source);
    h->credssp.delegate = h->reachable_source != NULL;
    return ret;
}

/* The best target for the host makes it reachable, unless that is to say that
 * there is no WinRM. */
static int
covered_by_target(const struct gw_levels *levels, struct hc_host *h)
{
    const struct gw_key *match = hc_find_key("", "match");
    struct gw_levels targets = *levels; /* borrows */
    struct hc_single found;
    int ret;

    for (targets.n = 0; targets.n < levels->n; targets.n++) {
        if (levels->v[targets.n].kind != L_TARGET)
            break;
    }
    if (targets.n == 0)
        return 0;
    ret = hc_read_single(&targets, match, &found);
    hc_free_single(match, &found);
    if (ret != 0 || found.value.number == GW_MATCH_NEVER)
        return ret;
    return asprintf(&h->reachable_source, "targets %s", targets.v[0].key) < 0 ?
        (h->reachable_source = NULL, ENOMEM) : 0;
}

/* What makes the host reachable, unless delegate_to has. */
static int
load_reachable(const struct gw_levels *levels, struct hc_host *h)
{
    int ret = 0;

    if (h->reachable_source == NULL)
        ret = covered(h->targets, h->host, "gateway: targets",
                      &h->reachable_source);
    if (ret == 0 && h->reachable_source == NULL)
        ret = covered_by_target(levels, h);
    h->reachable = h->reachable_source != NULL;
    return ret;
}

/*
 * What decides about trust: who the server has to be, and what it may have.
 * Only the name as given counts for it, never one that DNS has chosen.
 */
static int
load_trust(const struct hc_source *s, struct hc_host *h)
{
    struct gw_subject subject = { .typed = h->host, .realm = h->realm };
    struct gw_levels levels;
    int ret;

    ret = gw_levels_find(&levels, s->profile, &subject);
    if (ret != 0)
        return ret;
    ret = gw_read_keys(&levels, hc_host_keys, h);
    if (ret == 0)
        ret = load_credssp(s, h);
    if (ret == 0)
        ret = load_reachable(&levels, h);
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
        return cs_krb5_conf_fail(ret, err);
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
    gw_credssp_policy_free(h->credssp_keys);
    free(h->reachable_source);
    gw_free_keys(hc_host_keys, h);
    free(h);
}

/* The arrays of keys, and the structs that they are fields of. */
int
hc_setting_at(const struct hc_host *h, const struct hc_gateway *g, size_t i,
              struct hc_setting *out)
{
    const struct { const struct gw_key *keys; const void *base; } all[] = {
        { gw_policy_keys, h->policy }, { gw_credssp_keys, h->credssp_keys },
        { hc_host_keys, h }, { hc_gateway_keys, g },
    };
    const struct gw_key *k;
    size_t part;

    for (part = 0; part < sizeof(all) / sizeof(*all); part++) {
        if (all[part].base == NULL)
            continue;
        for (k = all[part].keys; k->name != NULL; k++) {
            if (i-- > 0)
                continue;
            out->key = k;
            out->value = (const char *)all[part].base + k->field;
            out->source = *(char *const *)((const char *)all[part].base +
                                           k->source);
            return 1;
        }
    }
    return 0;
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
