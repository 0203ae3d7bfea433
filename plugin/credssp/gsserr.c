/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* gsserr.c - GSSAPI's errors as ours. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>
#include <krb5.h>

#include "plugin/credssp/gsserr.h"
#include "plugin/credssp/mechglue.h"

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

/* What Windows itself makes of them (MS-KILE), as far as it can be told. */
static const struct {
    krb5_error_code code;
    uint32_t status;
} ntstatuses[] = {
    { KRB5KDC_ERR_PREAUTH_FAILED, 0xC000006A },
    { KRB5KRB_AP_ERR_BAD_INTEGRITY, 0xC000006A },
    { KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, 0xC0000064 },
    { KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, 0xC000018B },
    { KRB5KDC_ERR_KEY_EXP, 0xC0000071 },
    { KRB5KDC_ERR_NAME_EXP, 0xC0000193 },
    { KRB5KDC_ERR_CLIENT_REVOKED, 0xC0000234 },
    { KRB5KDC_ERR_POLICY, 0xC000006E },
    { KRB5KRB_AP_ERR_SKEW, 0xC0000133 },
    { KRB5_KDC_UNREACH, 0xC000005E },
    { KRB5_REALM_UNKNOWN, 0xC000005E },
    { KRB5_REALM_CANT_RESOLVE, 0xC000005E },
};

uint32_t
cs_krb5_ntstatus(uint32_t code)
{
    size_t i;

    for (i = 0; i < sizeof(ntstatuses) / sizeof(*ntstatuses); i++) {
        if ((uint32_t)ntstatuses[i].code == code)
            return ntstatuses[i].status;
    }
    return 0;
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
        err->ntstatus = cs_krb5_ntstatus(minor);
    }
    return CS_INNER;
}

int
cs_krb5_conf_fail(long code, struct cs_error *err)
{
    const char *text;

    if (code == 0)
        return 0;
    if (code == ENOMEM)
        return cs_nomem(err);
    text = krb5_get_error_message(NULL, (krb5_error_code)code);
    cs_set_error(err, CS_SYSTEM, "krb5.conf cannot be read: %s", text);
    krb5_free_error_message(NULL, text);
    return CS_SYSTEM;
}
