/* gsserr.c - GSSAPI's errors as ours. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>

#include "gsserr.h"
#include "mechglue.h"

/* The first text of a status code, in room bytes at to. */
static void
status_text(OM_uint32 code, int type, gss_const_OID mech, char *to,
            size_t room)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, more = 0;

    *to = '\0';
    if (GSS_ERROR(gss_display_status(&minor, code, type,
                                     (gss_OID)(uintptr_t)mech, &more, &text)))
        return;
    (void)snprintf(to, room, "%.*s", (int)text.length, (char *)text.value);
    (void)gss_release_buffer(&minor, &text);
}

int
cs_gss_fail(struct cs_error *err, const char *what, OM_uint32 major,
            OM_uint32 minor, gss_const_OID mech)
{
    char first[80], second[160];

    if (minor == ENOMEM)
        return cs_nomem(err);
    status_text(major, GSS_C_GSS_CODE, mech, first, sizeof(first));
    status_text(minor, GSS_C_MECH_CODE, mech, second, sizeof(second));
    (void)cs_fail(err, CS_INNER, "%s: %s: %s", what, first, second);
    if (err != NULL) {
        err->major = major;
        err->minor = minor;
    }
    return CS_INNER;
}
