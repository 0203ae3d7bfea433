/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* creds.c - a user's credential: its names, its password, its use. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/credssp/credsint.h"
#include "plugin/credssp/gsserr.h"
#include "plugin/bytes/utf16.h"
#include "plugin/credssp/tscreds.h"
#include "plugin/credssp/mechglue.h"

static uint64_t serials;        /* atomic */

const gss_OID_desc cs_oid_krb5 = {
    9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
};
const gss_OID_desc cs_oid_ntlmssp = {
    10, (void *)"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"
};
const gss_OID_desc cs_oid_spnego = { 6, (void *)"\x2b\x06\x01\x05\x05\x02" };

/* user@REALM, where REALM is in the case that AD has; or user alone. */
static char *
principal_name(const char *user, const char *realm)
{
    char *name, *p;

    if (realm == NULL || strchr(realm, '.') == NULL)
        return strdup(user);
    if (asprintf(&name, "%s@%s", user, realm) < 0)
        return NULL;
    for (p = name + strlen(user); *p != '\0'; p++)
        *p = toupper((unsigned char)*p);
    return name;
}

/* Take "user", "user@realm" or "DOMAIN\user" apart. */
static int
set_names(struct cs_creds *c, const char *text, const char *domain)
{
    const char *at = strrchr(text, '@'), *slash = strchr(text, '\\');
    int n;

    if (slash != NULL) {
        c->user = strdup(slash + 1);
        c->domain = strndup(text, slash - text);
    } else if (at != NULL) {
        c->user = strndup(text, at - text);
        c->domain = strdup(at + 1);
        c->upn = (domain == NULL) ? strdup(text) : NULL;
    } else {
        c->user = strdup(text);
        c->domain = strdup("");
    }
    if (domain != NULL) {
        free(c->domain);
        c->domain = strdup(domain);
    }
    if (c->user == NULL || c->domain == NULL ||
        (slash == NULL && at != NULL && domain == NULL && c->upn == NULL))
        return CS_NOMEM;
    c->principal = principal_name(c->user, (at != NULL && slash == NULL) ?
                                  at + 1 : c->domain);
    n = (slash == NULL && at != NULL) ? asprintf(&c->display, "%s", text) :
        asprintf(&c->display, "%s%s%s", c->domain, *c->domain ? "\\" : "",
                 c->user);
    if (n < 0)
        c->display = NULL;
    return (c->principal == NULL || c->display == NULL) ? CS_NOMEM : 0;
}

static int
set_password(struct cs_creds *c, struct cs_span password, struct cs_error *err)
{
    if (password.p == NULL)
        return 0;
    if (memchr(password.p, '\0', password.len) != NULL)
        return cs_fail(err, CS_USAGE, "the password contains a NUL");
    return cs_secret_set(&c->password, password, c->private) == 0 ? 0 :
        cs_nomem(err);
}

int
cs_creds_new(const struct cs_creds_options *o, struct cs_creds **out,
             struct cs_error *err)
{
    struct cs_creds *c;
    int ret;

    *out = NULL;
    if (o->user == NULL || *o->user == '\0')
        return cs_fail(err, CS_USAGE, "the credential has no user name");
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return cs_nomem(err);
    c->refs = 1;
    c->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
    c->user_tickets = o->user_tickets;
    c->private = o->private;
    (void)pthread_mutex_init(&c->asking, NULL);
    (void)pthread_mutex_init(&c->lock, NULL);
    ret = set_names(c, o->user, o->domain);
    if (ret == 0 && o->ccache != NULL &&
        (c->ccache = strdup(o->ccache)) == NULL)
        ret = CS_NOMEM;
    if (ret != 0)
        (void)cs_nomem(err);
    else if (*c->user == '\0')
        ret = cs_fail(err, CS_USAGE, "the credential has no user name");
    else
        ret = set_password(c, o->password, err);
    if (ret != 0) {
        cs_creds_free(&c);
        return ret;
    }
    *out = c;
    return 0;
}

struct cs_creds *
cs_creds_ref(struct cs_creds *c)
{
    __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    return c;
}

void
cs_creds_free(struct cs_creds **creds)
{
    struct cs_creds *c = *creds;

    *creds = NULL;
    if (c == NULL || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    cs_tickets_forget(c);
    cs_secret_free(&c->password);
    cs_secret_free(&c->nthash);
    free(c->user);
    free(c->domain);
    free(c->upn);
    free(c->principal);
    free(c->display);
    free(c->ccache);
    (void)pthread_mutex_destroy(&c->asking);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

void
cs_creds_wipe(struct cs_creds *c)
{
    (void)pthread_mutex_lock(&c->lock);
    cs_tickets_forget(c);
    cs_secret_free(&c->password);
    cs_secret_free(&c->nthash);
    (void)pthread_mutex_unlock(&c->lock);
}

int
cs_creds_has_password(struct cs_creds *c)
{
    int has;

    (void)pthread_mutex_lock(&c->lock);
    has = (c->password.p != NULL);
    (void)pthread_mutex_unlock(&c->lock);
    return has;
}

int
cs_creds_locked(struct cs_creds *c)
{
    int locked;

    (void)pthread_mutex_lock(&c->lock);
    locked = c->password.locked;
    (void)pthread_mutex_unlock(&c->lock);
    return locked;
}

const char *
cs_creds_domain(const struct cs_creds *c)
{
    return c->domain;
}

uint64_t
cs_creds_serial(const struct cs_creds *c)
{
    return c->serial;
}

const char *
cs_creds_name(const struct cs_creds *c)
{
    return c->display;
}

/* --- For the inner context --- */

#define CS_MECH_RAW (CS_MECH_RAW_NTLM | CS_MECH_RAW_KRB5)
#define NTLM_ANY (CS_MECH_NTLM | CS_MECH_RAW_NTLM)
#define KRB5_ANY (CS_MECH_KRB5 | CS_MECH_RAW_KRB5)

#define STORE_MAX 3

struct store {
    gss_key_value_element_desc e[STORE_MAX];
    gss_key_value_set_desc set;
};

static void
store_add(struct store *s, const char *key, const char *value)
{
    s->e[s->set.count].key = key;
    s->e[s->set.count].value = value;
    s->set.count++;
    s->set.elements = s->e;
}

static OM_uint32
import_user(OM_uint32 *minor, const char *text, gss_name_t *out)
{
    gss_buffer_desc buffer = { strlen(text), (void *)(uintptr_t)text };

    return gss_import_name(minor, &buffer, GSS_C_NT_USER_NAME, out);
}

/* Let SPNEGO offer these mechanisms and no other. */
static OM_uint32
restrict_mechs(OM_uint32 *minor, gss_cred_id_t cred, unsigned int mechs)
{
    gss_OID_desc list[2];
    gss_OID_set_desc set = { 0, list };

    if (mechs & CS_MECH_KRB5)
        list[set.count++] = cs_oid_krb5;
    if (mechs & CS_MECH_NTLM)
        list[set.count++] = cs_oid_ntlmssp;
    return gss_set_neg_mechs(minor, cred, &set);
}

static int
acquire(struct cs_creds *c, unsigned int mechs, const struct store *store,
        gss_cred_id_t *out, struct cs_error *err)
{
    int raw = (mechs & CS_MECH_RAW) != 0;
    gss_OID_desc mech = (mechs & CS_MECH_RAW_NTLM) ? cs_oid_ntlmssp :
        (mechs & CS_MECH_RAW_KRB5) ? cs_oid_krb5 : cs_oid_spnego;
    gss_OID_set_desc set = { 1, &mech };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, minor, tmp;

    major = import_user(&minor, c->principal, &name);
    if (!GSS_ERROR(major))
        major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &set,
                                      GSS_C_INITIATE, &store->set, out, NULL,
                                      NULL);
    (void)gss_release_name(&tmp, &name);
    if (!GSS_ERROR(major) && !raw) {
        major = restrict_mechs(&minor, *out, mechs);
        if (GSS_ERROR(major))
            (void)gss_release_cred(&tmp, out);
    }
    return GSS_ERROR(major) ? cs_gss_fail(err, "no credential for the inner "
                                          "authentication", major,
                                          minor, &mech) : 0;
}

/*
 * Without SPNEGO, FreeRDP's server answers an offer of OEM and of Unicode
 * strings with both, which gss-ntlmssp then refuses.  Its default flags, less
 * OEM; an option of gss-ntlmssp's, so that failing it is no error.
 */
static void
offer_unicode_only(gss_cred_id_t *cred)
{
    static const gss_OID_desc option = {
        11, (void *)"\x2b\x06\x01\x04\x01\xb7\x7d\x85\x0f\x01\x05"
    };
    uint32_t flags = 0xA2008205;
    gss_buffer_desc value = { sizeof(flags), &flags };
    OM_uint32 minor;

    (void)gss_set_cred_option(&minor, cred, (gss_OID)(uintptr_t)&option,
                              &value);
}

int
cs_creds_acquire(struct cs_creds *c, unsigned int mechs, const char *cache,
                 gss_cred_id_t *out, struct cs_error *err)
{
    struct store store = { 0 };
    char *tickets = NULL, hash[2 * CS_NTHASH_LENGTH + 1];
    int ret = 0;

    *out = GSS_C_NO_CREDENTIAL;
    if (mechs & CS_MECH_RAW)
        mechs &= (mechs & CS_MECH_RAW_NTLM) ? CS_MECH_RAW_NTLM :
            CS_MECH_RAW_KRB5;
    if (mechs & KRB5_ANY) {
        if (cache == NULL)
            ret = cs_tickets_get(c, 0, &tickets, err);
        if (ret == 0)
            store_add(&store, "ccache", cache != NULL ? cache : tickets);
        else
            mechs &= ~KRB5_ANY;
    }
    if (mechs & NTLM_ANY) {
        ret = cs_nthash_hex(c, hash, err);
        if (ret == 0) {
            store_add(&store, "ntlmssp_nthash", hash);
            if (*c->domain != '\0')
                store_add(&store, "ntlmssp_domain", c->domain);
        } else {
            mechs &= ~NTLM_ANY;
        }
    }
    if (mechs != 0)
        ret = acquire(c, mechs, &store, out, err);
    else if (ret == 0)
        ret = cs_fail(err, CS_POLICY, "no inner mechanism is available");
    if (ret == 0 && mechs == CS_MECH_RAW_NTLM)
        offer_unicode_only(out);
    explicit_bzero(hash, sizeof(hash));
    free(tickets);
    return ret;
}

/* --- For delegation --- */

/* Under the lock. */
static int
encode(const struct cs_creds *c, struct cs_buf *out)
{
    /* A user principal name goes whole into userName. */
    const char *texts[3] = { c->upn != NULL ? "" : c->domain,
                             c->upn != NULL ? c->upn : c->user,
                             (const char *)c->password.p };
    struct cs_buf wide[3];
    struct cs_tscreds creds = { .type = CS_PASSWORD };
    struct cs_span span;
    int ret = 0, i;

    for (i = 0; i < 3; i++) {
        wide[i] = (struct cs_buf)CS_BUF_INIT(CS_TSCREDS_MAX / 4);
        span.p = (const uint8_t *)texts[i];
        span.len = strlen(texts[i]);
        if (ret == 0)
            ret = cs_utf16_from_utf8(span, &wide[i]);
    }
    creds.u.password.domain = cs_buf_span(&wide[0]);
    creds.u.password.user = cs_buf_span(&wide[1]);
    creds.u.password.password = cs_buf_span(&wide[2]);
    if (ret == 0) {
        cs_tscreds_encode(&creds, out);
        ret = out->error;
    }
    for (i = 0; i < 3; i++)
        cs_buf_free(&wide[i]);
    return ret;
}

int
cs_creds_encode(struct cs_creds *c, struct cs_buf *out, struct cs_error *err)
{
    int ret;

    (void)pthread_mutex_lock(&c->lock);
    ret = (c->password.p != NULL) ? encode(c, out) : CS_POLICY;
    (void)pthread_mutex_unlock(&c->lock);
    if (ret == CS_POLICY)
        return cs_fail(err, CS_POLICY, "there is no password to delegate");
    if (ret == CS_NOMEM)
        return cs_nomem(err);
    return ret == 0 ? 0 : cs_fail(err, CS_USAGE, "the user name or password "
                                  "is not valid UTF-8, or too long");
}
