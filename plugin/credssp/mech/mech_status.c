/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mech_status.c - errors, and the texts that belong to them.
 *
 * A minor status is a number, the text of an error is longer.  The last texts
 * are kept, and the number says which.  There are few numbers, because the
 * mechglue remembers each that it has seen for the life of the process.
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/credssp/mech/mech.h"
#include "plugin/credssp/mechglue.h"

#define SLOTS 64
#define BASE 0x43530000u        /* "CS" */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cs_error kept[SLOTS];     /* under the lock */
static unsigned int next;               /* under the lock */

/* BASE, slot in bits 8 to 15, code in the lowest. */
static OM_uint32
keep(const struct cs_error *err)
{
    unsigned int slot;

    (void)pthread_mutex_lock(&lock);
    slot = next++ % SLOTS;
    kept[slot] = *err;
    (void)pthread_mutex_unlock(&lock);
    return BASE | slot << 8 | (unsigned int)-err->code;
}

/* The text for a number of ours, or NULL for another's. */
static char *
kept_text(OM_uint32 minor)
{
    int code = -(int)(minor & 0xFF);
    unsigned int slot = minor >> 8 & 0xFF;
    char *text;

    if ((minor & 0xFFFF0000) != BASE || slot >= SLOTS)
        return NULL;
    (void)pthread_mutex_lock(&lock);
    text = strdup(kept[slot].code == code ? kept[slot].text :
                  cs_code_text(code));
    (void)pthread_mutex_unlock(&lock);
    return text;
}

static const OM_uint32 majors[] = {
    [-CS_OK] = GSS_S_COMPLETE,
    [-CS_NOMEM] = GSS_S_FAILURE,
    [-CS_MALFORMED] = GSS_S_DEFECTIVE_TOKEN,
    [-CS_UNEXPECTED] = GSS_S_DEFECTIVE_TOKEN,
    [-CS_VERSION] = GSS_S_UNAUTHORIZED,
    [-CS_BINDING] = GSS_S_BAD_BINDINGS,
    [-CS_POLICY] = GSS_S_UNAUTHORIZED,
    [-CS_TLS] = GSS_S_FAILURE,
    [-CS_INNER] = GSS_S_FAILURE,
    [-CS_REMOTE] = GSS_S_UNAUTHORIZED,
    [-CS_USAGE] = GSS_S_FAILURE,
    [-CS_SYSTEM] = GSS_S_FAILURE,
};

OM_uint32
csm_keep(OM_uint32 *minor, const struct cs_error *err)
{
    *minor = keep(err);
    return (err->code == CS_INNER && GSS_ERROR(err->major)) ?
        err->major : majors[-err->code];
}

OM_uint32 KRB5_CALLCONV
csm_display_status(OM_uint32 *minor, OM_uint32 value, int type, gss_OID mech,
                   OM_uint32 *more, gss_buffer_t out)
{
    char *text;

    (void)mech;
    *minor = 0;
    if (more != NULL)
        *more = 0;
    if (type != GSS_C_MECH_CODE)
        return GSS_S_BAD_STATUS;
    text = (value == 0) ? strdup("Success") : kept_text(value);
    if (text == NULL)
        text = strdup(strerrorname_np((int)value) != NULL ?
                      strerrordesc_np((int)value) : "Unknown error");
    if (text == NULL)
        return GSS_S_FAILURE;
    out->value = text;
    out->length = strlen(text);
    return GSS_S_COMPLETE;
}

OM_uint32
csm_buffer(OM_uint32 *minor, const void *p, size_t len, gss_buffer_t out)
{
    out->value = malloc(len > 0 ? len : 1);
    out->length = 0;
    if (out->value == NULL)
        return csm_no_memory(minor);
    if (len > 0)
        memcpy(out->value, p, len);
    out->length = len;
    return GSS_S_COMPLETE;
}
