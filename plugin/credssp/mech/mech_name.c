/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mech_name.c - names: the mechglue's, and their text. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/mech/mech.h"
#include "plugin/credssp/mechglue.h"

OM_uint32
csm_wrap_name(OM_uint32 *minor, gss_name_t inner, struct csm_name **out)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    struct csm_name *n = NULL;
    OM_uint32 major, tmp;

    *out = NULL;
    major = gss_display_name(minor, inner, &text, NULL);
    if (!GSS_ERROR(major)) {
        n = calloc(1, sizeof(*n));
        if (n != NULL)
            n->text = strndup(text.value, text.length);
        if (n == NULL || n->text == NULL)
            major = csm_no_memory(minor);
    }
    (void)gss_release_buffer(&tmp, &text);
    if (n == NULL || GSS_ERROR(major)) {
        free(n);
        (void)gss_release_name(&tmp, &inner);
        return major;
    }
    n->inner = inner;
    *out = n;
    return GSS_S_COMPLETE;
}

void
csm_free_name(struct csm_name **name)
{
    struct csm_name *n = *name;
    OM_uint32 minor;

    *name = NULL;
    if (n == NULL)
        return;
    (void)gss_release_name(&minor, &n->inner);
    free(n->text);
    free(n);
}

static OM_uint32
import(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
       struct csm_name **out)
{
    gss_buffer_desc whole = { strnlen(text->value, text->length),
                              text->value };
    gss_name_t inner;
    OM_uint32 major;

    *out = NULL;
    /* krb5 would take what is in front of a NUL for the name.  (One at the end
     * is what some programs count with it.) */
    if (whole.length + 1 < text->length)
        return csm_refuse(minor, GSS_S_BAD_NAME, "the name contains a NUL");
    major = gss_import_name(minor, &whole, type, &inner);
    return GSS_ERROR(major) ? major : csm_wrap_name(minor, inner, out);
}

OM_uint32
csm_user_name(OM_uint32 *minor, const char *text, struct csm_name **out)
{
    gss_buffer_desc buffer = { strlen(text), (void *)(uintptr_t)text };

    return import(minor, &buffer, GSS_C_NT_USER_NAME, out);
}

/* The type must not be the inner name's own copy: the caller keeps it. */
OM_uint32 KRB5_CALLCONV
csm_display_name(OM_uint32 *minor, gss_name_t name, gss_buffer_t text,
                 gss_OID *type)
{
    const gss_OID service = GSS_C_NT_HOSTBASED_SERVICE;
    gss_OID inner;
    OM_uint32 major;

    major = gss_display_name(minor, ((struct csm_name *)name)->inner, text,
                             &inner);
    if (type != NULL && !GSS_ERROR(major))
        *type = (inner != GSS_C_NO_OID && inner->length == service->length &&
                 memcmp(inner->elements, service->elements,
                        inner->length) == 0) ? service : GSS_C_NT_USER_NAME;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_compare_name(OM_uint32 *minor, gss_name_t a, gss_name_t b, int *equal)
{
    return gss_compare_name(minor, ((struct csm_name *)a)->inner,
                            ((struct csm_name *)b)->inner, equal);
}

OM_uint32 KRB5_CALLCONV
csm_duplicate_name(OM_uint32 *minor, const gss_name_t in, gss_name_t *out)
{
    struct csm_name *name;
    gss_name_t inner;
    OM_uint32 major;

    *out = GSS_C_NO_NAME;
    major = gss_duplicate_name(minor, ((const struct csm_name *)in)->inner,
                               &inner);
    if (GSS_ERROR(major))
        return major;
    major = csm_wrap_name(minor, inner, &name);
    *out = (gss_name_t)name;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_release_name(OM_uint32 *minor, gss_name_t *name)
{
    struct csm_name *n = (struct csm_name *)*name;

    *minor = 0;
    csm_free_name(&n);
    *name = GSS_C_NO_NAME;
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
csm_canonicalize_name(OM_uint32 *minor, const gss_name_t in,
                      const gss_OID mech, gss_name_t *out)
{
    (void)mech;
    return csm_duplicate_name(minor, in, out);
}

/*
 * RFC 2743 section 3.2: 04 01, u16 length of the OID's DER, that DER, u32
 * length, name.  Our name is an octet for its type and the text.
 */
#define EXPORT_FIXED 6
#define EXPORT_HEAD 16
enum { EXPORT_USER, EXPORT_SERVICE };
static const uint8_t export_fixed[EXPORT_FIXED] = { 4, 1, 0, 8, 6, 6 };

OM_uint32 KRB5_CALLCONV
csm_export_name(OM_uint32 *minor, const gss_name_t in, gss_buffer_t out)
{
    struct cs_buf buf = CS_BUF_INIT(SIZE_MAX / 2);
    gss_buffer_desc text;
    OM_uint32 major, tmp;
    gss_OID type;
    size_t len;

    major = csm_display_name(minor, in, &text, &type);
    if (GSS_ERROR(major))
        return major;
    len = text.length + 1;
    cs_buf_add(&buf, export_fixed, EXPORT_FIXED);
    cs_buf_add(&buf, csm_oid.elements, csm_oid.length);
    cs_buf_add(&buf, (uint8_t[]){ len >> 24, len >> 16, len >> 8, len,
                                  type == GSS_C_NT_HOSTBASED_SERVICE ?
                                  EXPORT_SERVICE : EXPORT_USER }, 5);
    cs_buf_add(&buf, text.value, text.length);
    (void)gss_release_buffer(&tmp, &text);
    major = (buf.error != 0) ? csm_no_memory(minor) :
        csm_buffer(minor, buf.p, buf.len, out);
    cs_buf_free(&buf);
    return major;
}

/* The mechglue would hand an exported name of ours back to us, for ever. */
static OM_uint32
import_exported(OM_uint32 *minor, gss_buffer_t token, struct csm_name **out)
{
    const uint8_t *p = token->value;
    gss_buffer_desc text;
    size_t len;

    *out = NULL;
    if (token->length <= EXPORT_HEAD ||
        memcmp(p, export_fixed, EXPORT_FIXED) != 0 ||
        memcmp(p + EXPORT_FIXED, csm_oid.elements, csm_oid.length) != 0)
        return csm_refuse(minor, GSS_S_BAD_NAME, "not an exported name");
    len = (size_t)p[12] << 24 | p[13] << 16 | p[14] << 8 | p[15];
    if (len != token->length - EXPORT_HEAD ||
        p[EXPORT_HEAD] > EXPORT_SERVICE)
        return csm_refuse(minor, GSS_S_BAD_NAME, "a malformed exported name");
    text.value = (char *)token->value + EXPORT_HEAD + 1;
    text.length = len - 1;
    return import(minor, &text, p[EXPORT_HEAD] == EXPORT_SERVICE ?
                  GSS_C_NT_HOSTBASED_SERVICE : GSS_C_NT_USER_NAME, out);
}

OM_uint32 KRB5_CALLCONV
csm_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
                gss_name_t *out)
{
    struct csm_name *name;
    OM_uint32 major;

    major = cs_same_oid(type, GSS_C_NT_EXPORT_NAME) ?
        import_exported(minor, text, &name) : import(minor, text, type, &name);
    *out = (gss_name_t)name;
    return major;
}

OM_uint32 KRB5_CALLCONV
csm_inquire_names_for_mech(OM_uint32 *minor, gss_OID mech, gss_OID_set *out)
{
    gss_OID types[3] = { GSS_C_NT_HOSTBASED_SERVICE, GSS_C_NT_USER_NAME,
                        GSS_C_NT_EXPORT_NAME };
    OM_uint32 major, tmp;
    size_t i;

    (void)mech;
    major = gss_create_empty_oid_set(minor, out);
    for (i = 0; i < 3 && !GSS_ERROR(major); i++)
        major = gss_add_oid_set_member(minor, types[i], out);
    if (GSS_ERROR(major))
        (void)gss_release_oid_set(&tmp, out);
    return major;
}
