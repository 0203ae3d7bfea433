/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* token.c - what an acceptor's token is. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "plugin/handles.h"
#include "plugin/token.h"

int
gw_is_error_token(const void *bytes, size_t len)
{
    const size_t oid = gw_oid_krb5.length;
    const uint8_t *p = bytes;
    size_t skip;

    if (len > 0 && p[0] == 0x7e)
        return 1;
    if (len < 2 || p[0] != 0x60)
        return 0;
    skip = (p[1] & 0x80) ? 2 + (p[1] & 0x7f) : 2;
    if (len < skip + 2 + oid + 2)
        return 0;
    p += skip;
    return p[0] == 0x06 && p[1] == oid &&
        memcmp(p + 2, gw_oid_krb5.elements, oid) == 0 &&
        p[2 + oid] == 0x03 && p[3 + oid] == 0x00;
}
