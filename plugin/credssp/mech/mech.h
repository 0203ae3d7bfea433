/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mech.h - the handles of the GSSAPI mechanism, and what its files share.
 *
 * The entry points are csm_NAME() here; mech_exports.c alone has the names
 * that the mechglue looks up.
 */
#ifndef CS_MECH_H
#define CS_MECH_H

#include <pthread.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/credssp/credssp.h"

extern const gss_OID_desc csm_oid;

/* A name: the mechglue's, and its text.  Owns both. */
struct csm_name {
    gss_name_t inner;
    char *text;
};

/* A credential, counted.  Either side's members may be NULL. */
struct csm_cred {
    int refs;                   /* atomic */
    gss_cred_usage_t usage;
    struct csm_name *name;      /* initiator: the user; or NULL */
    /* initiator */
    struct cs_creds *user;
    struct cs_tls_config *client_tls;
    unsigned int mechs;
    int minimum_version;        /* 0: krb5.conf's */
    enum { CSM_FRAME_AUTO, CSM_FRAME_NONE, CSM_FRAME_RFC2743 } framing;
    /* acceptor */
    struct cs_tls_config *server_tls;
    gss_cred_id_t accept;       /* the mechglue's, for the inner context */
};

/* A context. */
struct csm_ctx {
    pthread_mutex_t lock;       /* mech_exports.c's */
    struct credssp *credssp;
    int initiator, framed;
    int delegated;              /* acceptor: a password came */
    long long end;              /* seconds of gw_now_ms(); 0: none */
    struct csm_cred *own;       /* acceptor: a reference, because the inner
                                 * context borrows its credential */
};

/* The flags of a context. */
OM_uint32 csm_granted(const struct csm_ctx *ctx);
/* Seconds that it is good for; 0 when it has expired. */
OM_uint32 csm_time_left(const struct csm_ctx *ctx);

/* Is there a password among what was delegated, and whose? */
int csm_has_delegated(const struct credssp *credssp);

/* The delegated domain, user and password in UTF-8, with a NUL each, in three
 * buffers of the caller's (mech_inquire.c). */
int csm_delegated_parts(const struct credssp *credssp, struct cs_buf part[3],
                        struct cs_error *err);

/* --- Errors (mech_status.c) --- */

/* Keep the text and return the major status for it; *minor finds the text. */
OM_uint32 csm_keep(OM_uint32 *minor, const struct cs_error *err);

/* (Here, so that every analyzer sees that it is an error.) */
static inline OM_uint32
csm_error(OM_uint32 *minor, const struct cs_error *err)
{
    OM_uint32 major = csm_keep(minor, err);

    return GSS_ERROR(major) ? major : GSS_S_FAILURE;
}

/* The same for an error of the caller's: major, with a text. */
static inline OM_uint32
csm_refuse(OM_uint32 *minor, OM_uint32 major, const char *text)
{
    struct cs_error err;

    cs_set_error(&err, CS_USAGE, "%s", text);
    (void)csm_keep(minor, &err);
    return major;
}

static inline OM_uint32
csm_no_memory(OM_uint32 *minor)
{
    struct cs_error err;

    (void)cs_nomem(&err);
    (void)csm_keep(minor, &err);
    return GSS_S_FAILURE;
}

/* --- Names (mech_name.c) --- */

/* Make one of a mechglue's name, which is taken over, also on failure. */
OM_uint32 csm_wrap_name(OM_uint32 *minor, gss_name_t inner,
                        struct csm_name **out);
void csm_free_name(struct csm_name **name);
/* Make one of a user's name in text. */
OM_uint32 csm_user_name(OM_uint32 *minor, const char *text,
                        struct csm_name **out);

/* --- Credentials (mech_cred.c) --- */

/* What a credential is made of: the keys of gss_acquire_cred_from(). */
struct csm_options {
    struct cs_creds_options user;
    const char *password_file;
    struct cs_tls_options tls;
    unsigned int mechs;
    int minimum_version, framing;
    const char *keytab;
};

/* name is the acceptor's; NULL: any. */
OM_uint32 csm_make_cred(OM_uint32 *minor, const struct csm_name *name,
                        struct csm_options *options, gss_cred_usage_t usage,
                        struct csm_cred **out);
struct csm_cred *csm_cred_ref(struct csm_cred *cred);
/* Give a reference up, and set it to NULL. */
void csm_free_cred(struct csm_cred **cred);

/* Read keys into options (mech_store.c); borrows the values. */
OM_uint32 csm_read_store(OM_uint32 *minor, gss_const_key_value_set_t store,
                         struct csm_options *options);
/* The first line of a password file, to be wiped with cs_wipe_string(). */
int csm_read_password(const char *path, char **out, struct cs_error *err);

/* A copy of bytes for the caller to gss_release_buffer(). */
OM_uint32 csm_buffer(OM_uint32 *minor, const void *p, size_t len,
                     gss_buffer_t out);

/* --- The entry points --- */

#define CSM_ENTRIES(X)                                                  \
    X(acquire_cred) X(acquire_cred_from) X(acquire_cred_with_password)  \
    X(release_cred) X(inquire_cred) X(inquire_cred_by_mech)             \
    X(import_name) X(display_name) X(compare_name) X(duplicate_name)    \
    X(release_name) X(canonicalize_name) X(export_name)                 \
    X(inquire_names_for_mech) X(init_sec_context) X(accept_sec_context) \
    X(delete_sec_context) X(context_time) X(inquire_context)            \
    X(inquire_sec_context_by_oid) X(export_sec_context)                 \
    X(wrap) X(unwrap) X(wrap_size_limit) X(wrap_iov) X(wrap_iov_length) \
    X(unwrap_iov) X(display_status) X(indicate_mechs)                   \
    X(inquire_attrs_for_mech)

#define CSM_DECLARE(name) extern __typeof__(gss_##name) csm_##name;
CSM_ENTRIES(CSM_DECLARE)

OM_uint32 csm_internal_release_oid(OM_uint32 *minor, gss_OID *oid);

#endif /* CS_MECH_H */
