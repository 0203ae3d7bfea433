/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* kdcerr.c - what a domain controller's error says beyond its code. */
#include "config.h"

#include "plugin/bytes/der.h"
#include "plugin/credssp/kdcerr.h"

#define TYPE_STATUS 3           /* PA-PW-SALT, and KERB_ERR_TYPE_EXTENDED */

/* { [1] INTEGER type, [2] OCTET STRING value }, from its first field. */
static uint32_t
read_one(struct cs_der *in)
{
    uint32_t type = cs_der_tagged_natural(in, 1);
    struct cs_span value = cs_der_tagged_octets(in, 2);

    if (*in->bad || type != TYPE_STATUS || value.len < 4)
        return 0;
    return (uint32_t)value.p[0] | (uint32_t)value.p[1] << 8 |
        (uint32_t)value.p[2] << 16 | (uint32_t)value.p[3] << 24;
}

/* METHOD-DATA is a SEQUENCE OF these, KERB-ERROR-DATA is one. */
uint32_t
cs_kdc_error_status(struct cs_span e_data)
{
    struct cs_der root, list, one;
    uint32_t status = 0;

    cs_der_begin(&root, e_data.p, e_data.len);
    cs_der_enter(&root, CS_DER_SEQUENCE, &list);
    if (cs_der_next_is(&list, CS_DER_CONTEXT(1)))
        status = read_one(&list);
    while (status == 0 && cs_der_next_is(&list, CS_DER_SEQUENCE)) {
        cs_der_enter(&list, CS_DER_SEQUENCE, &one);
        status = read_one(&one);
    }
    /* Only errors' severity: a salt may begin with anything. */
    return (status >> 30) == 3 ? status : 0;
}
