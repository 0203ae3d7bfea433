/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * handles.h - what our mechanism's handles are.
 *
 * The mechglue keeps an opaque name, credential and context for each
 * mechanism.  Ours each hold the union handle that the re-entered mechglue
 * returned, and the little that the rewriting needs to remember beside it.
 */
#ifndef GW_HANDLES_H
#define GW_HANDLES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

/* Every symbol that the mechglue looks up; all others are hidden. */
#define GW_EXPORT __attribute__((visibility("default")))

/*
 * An imported name.  Owns its members.  HTTP@host names are left as typed in
 * inner until somebody looks at the canonical form; others are canonical for
 * krb5 from the start.
 */
struct gw_name {
    gss_name_t inner;
    gss_name_t canon;           /* of an HTTP name, once made */
    char *http_host;            /* as typed after "HTTP@"; else NULL */
    char *other;                /* "host@HOST" or "WSMAN@HOST" as typed, which
                                 * are WinRM's names as well; else NULL */
};

/* The host of either, borrowed; else NULL. */
static inline const char *
gw_name_host(const struct gw_name *name)
{
    if (name->other != NULL)
        return strchr(name->other, '@') + 1;
    return name->http_host;
}

/* "CLASS@HOST" as the caller asked for it, for the trace ("%s%s"). */
static inline const char *
gw_name_prefix(const struct gw_name *name)
{
    return (name->other != NULL) ? "" : "HTTP@";
}

static inline const char *
gw_name_typed(const struct gw_name *name)
{
    return (name->other != NULL) ? name->other : name->http_host;
}

/* A credential.  Owns inner and ccache. */
struct gw_cred {
    gss_cred_id_t inner;
    char *ccache;               /* named by the caller's cred store, or NULL */
    int is_default;             /* neither a name nor a store was given */
};

struct gw_search;

/* A security context.  Owns inner and attempt. */
struct gw_ctx {
    gss_ctx_id_t inner;
    struct gw_search *attempt; /* the name search (search.h); NULL when the
                                 * call is none of our business */
};

/*
 * The OID that reaches the real krb5 mechanism from inside an interposer: our
 * own OID followed by krb5's.  (Not valid DER; only the mechglue sees it.)
 */
extern gss_OID_desc gw_oid_interposer;
extern gss_OID_desc gw_oid_krb5;
extern gss_OID_desc gw_oid_special;
extern gss_OID_set_desc gw_set_special;

/* The name for everything but authentication: canonical for krb5, or as
 * typed when krb5 cannot canonicalise it.  Borrowed from the name. */
gss_name_t gw_canonical(gss_name_t name);

/* The name for authentication: canonical only if that has been paid for. */
static inline gss_name_t
gw_cheapest(const struct gw_name *name)
{
    gss_name_t canon = __atomic_load_n(&name->canon, __ATOMIC_ACQUIRE);

    return (canon != GSS_C_NO_NAME) ? canon : name->inner;
}

static inline gss_cred_id_t
gw_inner_cred(gss_cred_id_t cred)
{
    return (cred == GSS_C_NO_CREDENTIAL) ? GSS_C_NO_CREDENTIAL :
        ((struct gw_cred *)cred)->inner;
}

static inline gss_ctx_id_t
gw_inner_ctx(gss_ctx_id_t ctx)
{
    return (ctx == GSS_C_NO_CONTEXT) ? GSS_C_NO_CONTEXT :
        ((struct gw_ctx *)ctx)->inner;
}

/*
 * Wrap a union handle of the re-entered mechglue in one of ours.  On success
 * *out owns inner.  On failure inner is released, *out is left alone, and
 * GSS_S_FAILURE with ENOMEM is returned.  A null handle gives a null handle.
 */
OM_uint32 gw_wrap_name(OM_uint32 *minor, gss_name_t inner, gss_name_t *out);
OM_uint32 gw_wrap_cred(OM_uint32 *minor, gss_cred_id_t inner,
                       const char *ccache, gss_cred_id_t *out);

/* A new, empty context, or NULL. */
struct gw_ctx *gw_ctx_new(void);

/* Release the name search.  Best done while the inner context lives: its krb5
 * context keeps krb5.conf in memory, which releasing a name would read again. */
void gw_ctx_forget(struct gw_ctx *ctx);

/* Release everything that ctx owns, and ctx.  NULL is fine. */
void gw_ctx_free(struct gw_ctx *ctx);

/*
 * Import a name for krb5 as the caller gave it (RFC 2743 section 2.4.5):
 * *out is canonical for the mechanism.  Same errors as gss_import_name().
 */
OM_uint32 gw_import(OM_uint32 *minor, const char *text, size_t len,
                    gss_OID type, gss_name_t *out);

#endif /* GW_HANDLES_H */
