/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tscreds.c - TSCredentials, what CredSSP delegates (MS-CSSP 2.2.1.2). */
#include "config.h"

#include <string.h>

#include "plugin/bytes/der.h"
#include "plugin/credssp/tscreds.h"

/* TSPasswordCreds ::= SEQUENCE { domainName [0], userName [1],
 *                                password   [2] OCTET STRING } */
static void
read_password(struct cs_der *in, struct cs_password *out)
{
    out->domain = cs_der_tagged_octets(in, 0);
    out->user = cs_der_tagged_octets(in, 1);
    out->password = cs_der_tagged_octets(in, 2);
}

static void
write_password(struct cs_buf *out, const struct cs_password *in)
{
    cs_der_put_tagged_octets(out, 0, in->domain);
    cs_der_put_tagged_octets(out, 1, in->user);
    cs_der_put_tagged_octets(out, 2, in->password);
}

static void
write_optional(struct cs_buf *out, unsigned int n, struct cs_span value)
{
    if (value.p != NULL)
        cs_der_put_tagged_octets(out, n, value);
}

/*
 * TSSmartCardCreds ::= SEQUENCE { pin [0] OCTET STRING,
 *                                 cspData [1] TSCspDataDetail,
 *                                 userHint [2], domainHint [3] OCTET STRING
 *                                 OPTIONAL }
 * TSCspDataDetail ::= SEQUENCE { keySpec [0] INTEGER,
 *                                cardName [1], readerName [2],
 *                                containerName [3], cspName [4] OCTET STRING
 *                                OPTIONAL }
 */
static void
read_smartcard(struct cs_der *in, struct cs_smartcard *out)
{
    struct cs_der tagged, csp;

    out->pin = cs_der_tagged_octets(in, 0);
    cs_der_enter(in, CS_DER_CONTEXT(1), &tagged);
    cs_der_enter(&tagged, CS_DER_SEQUENCE, &csp);
    cs_der_end(&tagged);
    out->key_spec = cs_der_tagged_natural(&csp, 0);
    out->card = cs_der_optional_octets(&csp, 1);
    out->reader = cs_der_optional_octets(&csp, 2);
    out->container = cs_der_optional_octets(&csp, 3);
    out->csp = cs_der_optional_octets(&csp, 4);
    cs_der_end(&csp);
    out->user_hint = cs_der_optional_octets(in, 2);
    out->domain_hint = cs_der_optional_octets(in, 3);
}

static void
write_smartcard(struct cs_buf *out, const struct cs_smartcard *in)
{
    size_t tagged, csp;

    cs_der_put_tagged_octets(out, 0, in->pin);
    tagged = cs_der_open(out, CS_DER_CONTEXT(1));
    csp = cs_der_open(out, CS_DER_SEQUENCE);
    cs_der_put_tagged_natural(out, 0, in->key_spec);
    write_optional(out, 1, in->card);
    write_optional(out, 2, in->reader);
    write_optional(out, 3, in->container);
    write_optional(out, 4, in->csp);
    cs_der_close(out, csp);
    cs_der_close(out, tagged);
    write_optional(out, 2, in->user_hint);
    write_optional(out, 3, in->domain_hint);
}

/* TSRemoteGuardPackageCred ::= SEQUENCE { packageName [0] OCTET STRING,
 *                                         credBuffer  [1] OCTET STRING } */
static void
read_package(struct cs_der *in, struct cs_guard_package *out)
{
    struct cs_der package;

    cs_der_enter(in, CS_DER_SEQUENCE, &package);
    out->name = cs_der_tagged_octets(&package, 0);
    out->buffer = cs_der_tagged_octets(&package, 1);
    cs_der_end(&package);
}

static void
write_package(struct cs_buf *out, const struct cs_guard_package *in)
{
    size_t package = cs_der_open(out, CS_DER_SEQUENCE);

    cs_der_put_tagged_octets(out, 0, in->name);
    cs_der_put_tagged_octets(out, 1, in->buffer);
    cs_der_close(out, package);
}

/* TSRemoteGuardCreds ::= SEQUENCE {
 *     logonCred         [0] TSRemoteGuardPackageCred,
 *     supplementalCreds [1] SEQUENCE OF TSRemoteGuardPackageCred OPTIONAL } */
static void
read_remoteguard(struct cs_der *in, struct cs_remoteguard *out)
{
    struct cs_der tagged, list;

    cs_der_enter(in, CS_DER_CONTEXT(0), &tagged);
    read_package(&tagged, &out->logon);
    cs_der_end(&tagged);
    if (!cs_der_next_is(in, CS_DER_CONTEXT(1)))
        return;
    out->has_supplemental = 1;
    cs_der_enter(in, CS_DER_CONTEXT(1), &tagged);
    cs_der_enter(&tagged, CS_DER_SEQUENCE, &list);
    cs_der_end(&tagged);
    while (list.left > 0 && out->count < CS_GUARD_MAX)
        read_package(&list, &out->supplemental[out->count++]);
    cs_der_end(&list);
}

static void
write_remoteguard(struct cs_buf *out, const struct cs_remoteguard *in)
{
    size_t tagged = cs_der_open(out, CS_DER_CONTEXT(0)), list, i;

    write_package(out, &in->logon);
    cs_der_close(out, tagged);
    if (!in->has_supplemental)
        return;
    tagged = cs_der_open(out, CS_DER_CONTEXT(1));
    list = cs_der_open(out, CS_DER_SEQUENCE);
    for (i = 0; i < in->count; i++)
        write_package(out, &in->supplemental[i]);
    cs_der_close(out, list);
    cs_der_close(out, tagged);
}

/* The structure inside credentials.  Returns 0 for an unknown credType. */
static int
read_kind(struct cs_der *in, struct cs_tscreds *out)
{
    switch (out->type) {
    case CS_PASSWORD:
        read_password(in, &out->u.password);
        return 1;
    case CS_SMARTCARD:
        read_smartcard(in, &out->u.smartcard);
        return 1;
    case CS_REMOTEGUARD:
        read_remoteguard(in, &out->u.remoteguard);
        return 1;
    default:
        return 0;
    }
}

int
cs_tscreds_decode(struct cs_span in, struct cs_tscreds *out,
                  struct cs_error *err)
{
    struct cs_der all, fields, creds, kind;
    struct cs_span octets;
    int known;

    memset(out, 0, sizeof(*out));
    cs_der_begin(&all, in.p, in.len);
    cs_der_enter(&all, CS_DER_SEQUENCE, &fields);
    cs_der_end(&all);
    out->type = cs_der_tagged_natural(&fields, 0);
    octets = cs_der_tagged_octets(&fields, 1);
    cs_der_end(&fields);
    cs_der_begin(&creds, octets.p, octets.len);
    cs_der_enter(&creds, CS_DER_SEQUENCE, &kind);
    cs_der_end(&creds);
    known = read_kind(&kind, out);
    cs_der_end(&kind);
    if (!all.root_bad && !known)
        return cs_fail(err, CS_MALFORMED,
                       "TSCredentials of unknown type %u",
                       (unsigned int)out->type);
    if (all.root_bad || creds.root_bad) {
        memset(out, 0, sizeof(*out));
        return cs_fail(err, CS_MALFORMED, "TSCredentials are malformed");
    }
    return 0;
}

void
cs_tscreds_encode(const struct cs_tscreds *in, struct cs_buf *out)
{
    size_t all = cs_der_open(out, CS_DER_SEQUENCE), tagged, octets, kind;

    cs_der_put_tagged_natural(out, 0, in->type);
    tagged = cs_der_open(out, CS_DER_CONTEXT(1));
    octets = cs_der_open(out, CS_DER_OCTETS);
    kind = cs_der_open(out, CS_DER_SEQUENCE);
    switch (in->type) {
    case CS_PASSWORD:
        write_password(out, &in->u.password);
        break;
    case CS_SMARTCARD:
        write_smartcard(out, &in->u.smartcard);
        break;
    case CS_REMOTEGUARD:
        write_remoteguard(out, &in->u.remoteguard);
        break;
    default:
        out->error = CS_MALFORMED;
        break;
    }
    cs_der_close(out, kind);
    cs_der_close(out, octets);
    cs_der_close(out, tagged);
    cs_der_close(out, all);
}
