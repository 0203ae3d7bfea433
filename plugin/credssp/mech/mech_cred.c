/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mech_cred.c - credentials of the mechanism. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/gsserr.h"
#include "plugin/credssp/mech/mech.h"
#include "plugin/credssp/mechglue.h"

struct csm_cred *
csm_cred_ref(struct csm_cred *c)
{
    __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    return c;
}

void
csm_free_cred(struct csm_cred **cred)
{
    struct csm_cred *c = *cred;
    OM_uint32 minor;

    *cred = NULL;
    if (c == NULL || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    csm_free_name(&c->name);
    cs_creds_free(&c->user);
    cs_tls_config_free(&c->client_tls);
    cs_tls_config_free(&c->server_tls);
    (void)gss_release_cred(&minor, &c->accept);
    free(c);
}

/* The password may be in a file. */
static int
make_user(struct csm_cred *c, struct csm_options *o, struct cs_error *err)
{
    char *password = NULL;
    int ret = 0;

    if (o->password_file != NULL) {
        ret = csm_read_password(o->password_file, &password, err);
        if (ret == 0) {
            o->user.password.p = (const uint8_t *)password;
            o->user.password.len = strlen(password);
        }
    }
    if (ret == 0)
        ret = cs_creds_new(&o->user, &c->user, err);
    cs_wipe_string(password);
    return ret;
}

static OM_uint32
make_initiator(OM_uint32 *minor, struct csm_cred *c, struct csm_options *o)
{
    struct cs_tls_options tls = o->tls;
    struct cs_error err;
    int ret;

    if (o->user.user == NULL ||
        (o->user.password.p == NULL && o->password_file == NULL))
        return csm_refuse(minor, GSS_S_NO_CRED, "CredSSP needs a user and a "
                          "password: use gss_acquire_cred_with_password, or "
                          "the keys user and password_file");
    c->mechs = o->mechs;
    c->minimum_version = o->minimum_version;
    c->framing = o->framing;
    tls.acceptor = 0;
    ret = cs_tls_config_new(&tls, &c->client_tls, &err);
    if (ret == 0)
        ret = make_user(c, o, &err);
    if (ret != 0)
        return csm_error(minor, &err);
    return csm_user_name(minor, cs_creds_name(c->user), &c->name);
}

/*
 * gss-ntlmssp takes any store, even one without a key of its own, for a user's
 * and makes a credential that cannot accept.  So with a keytab SPNEGO is for
 * Kerberos alone, and NTLM by itself gets no store.
 */
static OM_uint32
acquire_accept(OM_uint32 *minor, gss_name_t name, const char *keytab,
               gss_cred_id_t *out)
{
    gss_OID_desc mechs[] = { cs_oid_spnego, cs_oid_ntlmssp };
    gss_OID_desc inside = cs_oid_krb5;
    gss_OID_set_desc set = { keytab != NULL ? 1 : 2, mechs };
    gss_OID_set_desc only = { 1, &inside };
    gss_key_value_element_desc element = { "keytab", keytab };
    gss_key_value_set_desc store = { 1, &element };
    OM_uint32 major, tmp;

    major = gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, &set,
                                  GSS_C_ACCEPT,
                                  keytab != NULL ? &store : NULL, out, NULL,
                                  NULL);
    if (GSS_ERROR(major) || keytab == NULL)
        return major;
    major = gss_set_neg_mechs(minor, *out, &only);
    if (GSS_ERROR(major))
        (void)gss_release_cred(&tmp, out);
    else                        /* there may be no gss-ntlmssp */
        (void)gss_add_cred_from(&tmp, *out, name, &mechs[1], GSS_C_ACCEPT,
                                GSS_C_INDEFINITE, GSS_C_INDEFINITE, NULL,
                                NULL, NULL, NULL, NULL);
    return major;
}

static OM_uint32
make_acceptor(OM_uint32 *minor, const struct csm_name *name,
              struct csm_cred *c, const struct csm_options *o)
{
    gss_name_t inner = (name != NULL) ? name->inner : GSS_C_NO_NAME;
    struct cs_tls_options tls = o->tls;
    struct cs_error err;
    OM_uint32 major, code;

    c->minimum_version = o->minimum_version;
    tls.acceptor = 1;
    if (cs_tls_config_new(&tls, &c->server_tls, &err) != 0)
        return csm_error(minor, &err);
    major = acquire_accept(&code, inner, o->keytab, &c->accept);
    if (!GSS_ERROR(major))
        return major;
    (void)cs_gss_fail(&err, "there is no acceptor credential", major, code,
                      &cs_oid_spnego);
    return csm_error(minor, &err);
}

OM_uint32
csm_make_cred(OM_uint32 *minor, const struct csm_name *name,
              struct csm_options *o, gss_cred_usage_t usage,
              struct csm_cred **out)
{
    struct csm_cred *c = calloc(1, sizeof(*c));
    OM_uint32 major = GSS_S_COMPLETE;

    *out = NULL;
    if (c == NULL)
        return csm_no_memory(minor);
    c->refs = 1;
    c->usage = usage;
    if (usage != GSS_C_ACCEPT)
        major = make_initiator(minor, c, o);
    if (!GSS_ERROR(major) && usage != GSS_C_INITIATE)
        major = make_acceptor(minor, name, c, o);
    if (GSS_ERROR(major))
        csm_free_cred(&c);
    *out = c;
    return major;
}

/* For all three ways to acquire one. */
static OM_uint32
acquire(OM_uint32 *minor, const gss_name_t name, struct csm_options *o,
        gss_const_key_value_set_t store, gss_cred_usage_t usage,
        gss_cred_id_t *out, gss_OID_set *mechs, OM_uint32 *time_rec)
{
    struct csm_cred *c = NULL;
    OM_uint32 major, tmp;

    *minor = 0;
    *out = GSS_C_NO_CREDENTIAL;
    o->mechs = CS_MECH_KRB5 | CS_MECH_NTLM;
    major = csm_read_store(minor, store, o);
    if (name != GSS_C_NO_NAME && usage != GSS_C_ACCEPT)
        o->user.user = ((const struct csm_name *)name)->text;
    if (!GSS_ERROR(major))
        major = csm_make_cred(minor, (const struct csm_name *)name, o, usage,
                              &c);
    if (!GSS_ERROR(major) && mechs != NULL) {
        major = gss_create_empty_oid_set(minor, mechs);
        if (!GSS_ERROR(major))
            major = gss_add_oid_set_member(minor,
                                           (gss_OID)(uintptr_t)&csm_oid,
                                           mechs);
        if (GSS_ERROR(major))
            (void)gss_release_oid_set(&tmp, mechs);
    }
    if (GSS_ERROR(major))
        csm_free_cred(&c);
    if (time_rec != NULL)
        *time_rec = GSS_ERROR(major) ? 0 : GSS_C_INDEFINITE;
    *out = (gss_cred_id_t)c;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_acquire_cred(OM_uint32 *minor, gss_name_t name, OM_uint32 time_req,
                 gss_OID_set desired, gss_cred_usage_t usage,
                 gss_cred_id_t *out, gss_OID_set *mechs, OM_uint32 *time_rec)
{
    return csm_acquire_cred_from(minor, name, time_req, desired, usage,
                                 GSS_C_NO_CRED_STORE, out, mechs, time_rec);
}

OM_uint32 KRB5_CALLCONV
csm_acquire_cred_from(OM_uint32 *minor, gss_name_t name, OM_uint32 time_req,
                      gss_OID_set desired, gss_cred_usage_t usage,
                      gss_const_key_value_set_t store, gss_cred_id_t *out,
                      gss_OID_set *mechs, OM_uint32 *time_rec)
{
    struct csm_options o = { 0 };

    (void)time_req;
    (void)desired;
    return acquire(minor, name, &o, store, usage, out, mechs, time_rec);
}

OM_uint32 KRB5_CALLCONV
csm_acquire_cred_with_password(OM_uint32 *minor, const gss_name_t name,
                               const gss_buffer_t password,
                               OM_uint32 time_req, const gss_OID_set desired,
                               gss_cred_usage_t usage, gss_cred_id_t *out,
                               gss_OID_set *mechs, OM_uint32 *time_rec)
{
    struct csm_options o = { 0 };

    (void)time_req;
    (void)desired;
    o.user.password.p = password->value;
    o.user.password.len = password->length;
    return acquire(minor, name, &o, GSS_C_NO_CRED_STORE, usage, out, mechs,
                   time_rec);
}

OM_uint32 KRB5_CALLCONV
csm_release_cred(OM_uint32 *minor, gss_cred_id_t *cred)
{
    struct csm_cred *c = (struct csm_cred *)*cred;

    *minor = 0;
    csm_free_cred(&c);
    *cred = GSS_C_NO_CREDENTIAL;
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
csm_inquire_cred_by_mech(OM_uint32 *minor, gss_cred_id_t cred, gss_OID mech,
                         gss_name_t *name, OM_uint32 *init_life,
                         OM_uint32 *accept_life, gss_cred_usage_t *usage)
{
    const struct csm_cred *c = (const struct csm_cred *)cred;

    (void)mech;
    *minor = 0;
    if (c == NULL)
        return csm_refuse(minor, GSS_S_NO_CRED,
                          "CredSSP has no default credential");
    if (init_life != NULL)
        *init_life = (c->usage != GSS_C_ACCEPT) ? GSS_C_INDEFINITE : 0;
    if (accept_life != NULL)
        *accept_life = (c->usage != GSS_C_INITIATE) ? GSS_C_INDEFINITE : 0;
    if (usage != NULL)
        *usage = c->usage;
    if (name == NULL)
        return GSS_S_COMPLETE;
    *name = GSS_C_NO_NAME;
    return (c->name == NULL) ? GSS_S_COMPLETE :
        csm_duplicate_name(minor, (gss_name_t)c->name, name);
}

OM_uint32 KRB5_CALLCONV
csm_inquire_cred(OM_uint32 *minor, gss_cred_id_t cred, gss_name_t *name,
                 OM_uint32 *lifetime, gss_cred_usage_t *usage,
                 gss_OID_set *mechs)
{
    OM_uint32 major;

    major = csm_inquire_cred_by_mech(minor, cred, GSS_C_NO_OID, name, NULL,
                                     NULL, usage);
    if (lifetime != NULL)
        *lifetime = GSS_C_INDEFINITE;
    if (!GSS_ERROR(major) && mechs != NULL)
        major = csm_indicate_mechs(minor, mechs);
    return major;
}
