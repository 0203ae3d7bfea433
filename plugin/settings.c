/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* settings.c - the policy for a host, and the default cache, for a second. */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <krb5.h>

#include "plugin/base/clock.h"
#include "plugin/lock.h"
#include "plugin/conf/names.h"
#include "plugin/settings.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

#define SLOTS 8
#define LIFETIME_MS 1000

struct slot {
    struct gw_settings settings;        /* first: handed out as this */
    unsigned int refs;                  /* under the lock */
    long long loaded;                   /* milliseconds, CLOCK_MONOTONIC */
    /* What it depends on besides the files of krb5.conf. */
    char *host, *config, *ccname;
    uid_t euid;
};

static struct slot *slots[SLOTS];       /* under the lock */

static const char *
environment(const char *name)
{
    const char *value = secure_getenv(name);

    return (value != NULL) ? value : "";
}

static void
free_slot(struct slot *s)
{
    if (s == NULL)
        return;
    gw_policy_free(s->settings.policy);
    free(s->settings.ccache);
    free(s->host);
    free(s->config);
    free(s->ccname);
    free(s);
}

/* The host and realm of a name as krb5 canonicalised it: CLASS/HOST@REALM.
 * Both new memory, or NULL. */
static void
canonical_parts(const struct gw_name *name, char **host, char **realm)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    char *copy, *slash, *at;
    OM_uint32 minor;

    *host = *realm = NULL;
    if (GSS_ERROR(gss_display_name(&minor, gw_canonical((gss_name_t)(uintptr_t)
                                                        name), &text, NULL)))
        return;
    copy = strndup(text.value, text.length);
    (void)gss_release_buffer(&minor, &text);
    if (copy == NULL)
        return;
    at = strrchr(copy, '@');
    if (at != NULL)
        *at = '\0';
    slash = strchr(copy, '/');
    if (slash != NULL)
        *host = strdup(slash + 1);
    if (at != NULL && at[1] != '\0')
        *realm = strdup(at + 1);
    free(copy);
}

static int
load_policy(krb5_context context, const struct gw_name *name,
            struct gw_policy **policy)
{
    struct gw_subject subject = { .typed = gw_name_host(name) };
    char *host = NULL, *realm = NULL, *dflt = NULL, *typed = NULL;
    profile_t profile;
    int ret;

    ret = krb5_get_profile(context, &profile);
    if (ret != 0)
        return ret;
    if (gw_policy_has_sections(profile)) {
        canonical_parts(name, &host, &realm);
        (void)krb5_get_default_realm(context, &dflt);
        typed = gw_section_realm(context, subject.typed);
        subject.canon = host;
        subject.realm = (realm != NULL) ? realm : dflt;
        subject.typed_realm = typed;
    }
    if (gw_tracing())
        gw_policy_review(profile);
    ret = gw_policy_load(profile, &subject, policy);
    free(host);
    free(realm);
    krb5_free_default_realm(context, dflt);
    free(typed);
    profile_release(profile);
    return ret;
}

/* A full name of the default cache, or NULL. */
static char *
default_ccache(krb5_context context)
{
    const char *name = krb5_cc_default_name(context);

    return (name != NULL) ? strdup(name) : NULL;
}

static struct slot *
load(const struct gw_name *name)
{
    struct slot *s = calloc(1, sizeof(*s));
    krb5_context context;
    int ret;

    if (s == NULL)
        return NULL;
    s->refs = 1;
    s->euid = geteuid();
    s->host = strdup(gw_name_host(name));
    s->config = strdup(environment("KRB5_CONFIG"));
    s->ccname = strdup(environment("KRB5CCNAME"));
    if (s->host == NULL || s->config == NULL || s->ccname == NULL ||
        krb5_init_context(&context) != 0) {
        free_slot(s);
        return NULL;
    }
    ret = load_policy(context, name, &s->settings.policy);
    s->settings.ccache = default_ccache(context);
    krb5_free_context(context);
    if (ret != 0) {
        free_slot(s);
        return NULL;
    }
    s->loaded = gw_now_ms();
    return s;
}

static int
is_fresh(const struct slot *s, const char *host)
{
    return s != NULL && gw_now_ms() - s->loaded < LIFETIME_MS &&
        s->euid == geteuid() && strcmp(s->host, host) == 0 &&
        strcmp(s->config, environment("KRB5_CONFIG")) == 0 &&
        strcmp(s->ccname, environment("KRB5CCNAME")) == 0;
}

static struct slot **
slot_of(const char *host)
{
    return &slots[gw_hash(host) % SLOTS];
}

/* Under the lock.  What this returns is to be freed without it. */
static struct slot *
unref(struct slot *s)
{
    return (s != NULL && --s->refs == 0) ? s : NULL;
}

const struct gw_settings *
gw_settings_get(const struct gw_name *name)
{
    struct slot **where = slot_of(gw_name_host(name)), *s, *old;

    gw_lock();
    s = *where;
    if (is_fresh(s, gw_name_host(name))) {
        s->refs++;
        gw_unlock();
        return &s->settings;
    }
    gw_unlock();
    s = load(name);
    if (s == NULL)
        return NULL;
    gw_lock();
    old = unref(*where);
    *where = s;
    s->refs++;
    gw_unlock();
    free_slot(old);
    return &s->settings;
}

void
gw_settings_put(const struct gw_settings *settings)
{
    struct slot *s = (struct slot *)(uintptr_t)settings;

    if (s == NULL)
        return;
    gw_lock();
    s = unref(s);
    gw_unlock();
    free_slot(s);
}

void
gw_settings_clear(void)
{
    struct slot *old;
    size_t i;

    for (i = 0; i < SLOTS; i++) {
        gw_lock();
        old = unref(slots[i]);
        slots[i] = NULL;
        gw_unlock();
        free_slot(old);
    }
}
