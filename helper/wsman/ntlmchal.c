/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* ntlmchal.c - asking a server for its name by NTLM (MS-NLMP 2.2.1). */
#include "config.h"

#include <string.h>

#include "plugin/bytes/der.h"
#include "helper/wsman/ntlmchal.h"
#include "helper/wsman/text.h"
#include "plugin/bytes/utf16.h"

#define SIGNATURE "NTLMSSP"     /* with its NUL: 8 bytes */

/*
 * Unicode, request target, NTLM, always sign, extended session security, 128,
 * 56; no domain, no workstation.  The version is there, since gss-ntlmssp
 * wants the field, and 0, so that none is owed.
 */
static const uint8_t negotiate[40] = {
    'N', 'T', 'L', 'M', 'S', 'S', 'P', 0,
    1, 0, 0, 0, 0x05, 0x82, 0x08, 0xA0,
};

/*
 * A CHALLENGE_MESSAGE, little-endian:
 *      0 signature (8)         20 flags (4)            40 TargetInfo
 *      8 message type 2 (4)    24 server challenge (8) 48 version (8), or the
 *     12 TargetName            32 reserved (8)            payload
 * TargetName and TargetInfo are a length (2), another (2), and an offset (4).
 */
#define AT_TYPE 8
#define AT_INFO 40
#define FIXED 48                /* bytes that are always there */
#define MESSAGE_MAX 65535       /* bytes; real ones have a few hundred */

/* AvId of an AV_PAIR. */
#define AV_EOL 0
#define AV_DNS_COMPUTER 3

struct cs_span
gate_ntlm_negotiate(void)
{
    struct cs_span span = { negotiate, sizeof(negotiate) };

    return span;
}

static uint16_t
get16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static uint32_t
get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/*
 * responseToken of a NegTokenResp (RFC 4178 4.2.2), or of p == NULL:
 *     [1] SEQUENCE { [0] negState, [1] supportedMech, [2] responseToken,
 *                    [3] mechListMIC }, all OPTIONAL
 */
static struct cs_span
response_token(struct cs_span token)
{
    struct cs_span inside, none = { NULL, 0 };
    struct cs_der in, resp, fields, skipped;

    cs_der_begin(&in, token.p, token.len);
    cs_der_enter(&in, CS_DER_CONTEXT(1), &resp);
    cs_der_end(&in);
    cs_der_enter(&resp, CS_DER_SEQUENCE, &fields);
    cs_der_end(&resp);
    if (cs_der_next_is(&fields, CS_DER_CONTEXT(0)))
        cs_der_enter(&fields, CS_DER_CONTEXT(0), &skipped);
    if (cs_der_next_is(&fields, CS_DER_CONTEXT(1)))
        cs_der_enter(&fields, CS_DER_CONTEXT(1), &skipped);
    inside = cs_der_optional_octets(&fields, 2);
    (void)cs_der_optional_octets(&fields, 3);
    cs_der_end(&fields);
    return *in.bad ? none : inside;
}

/* TargetInfo of a CHALLENGE_MESSAGE. */
static int
target_info(struct cs_span message, struct cs_span *info)
{
    uint32_t offset;

    if (message.p == NULL || message.len < FIXED ||
        message.len > MESSAGE_MAX ||
        memcmp(message.p, SIGNATURE, sizeof(SIGNATURE)) != 0 ||
        get32(message.p + AT_TYPE) != 2)
        return CS_MALFORMED;
    info->len = get16(message.p + AT_INFO);
    offset = get32(message.p + AT_INFO + 4);
    if (offset < FIXED || offset > message.len ||
        info->len > message.len - offset)
        return CS_MALFORMED;
    info->p = message.p + offset;
    return 0;
}

/*
 * The pair of this id: AvId (2), AvLen (2), value; the last one is AV_EOL.
 * There must be exactly one.
 */
static int
find_pair(struct cs_span info, uint16_t wanted, struct cs_span *value)
{
    uint16_t id, len;
    int found = 0;

    value->p = NULL;
    value->len = 0;
    for (;;) {
        if (info.len < 4)
            return CS_MALFORMED;
        id = get16(info.p);
        len = get16(info.p + 2);
        info.p += 4;
        info.len -= 4;
        if (len > info.len)
            return CS_MALFORMED;
        if (id == AV_EOL)
            return (len == 0 && found == 1) ? 0 : CS_MALFORMED;
        if (id == wanted) {
            value->p = info.p;
            value->len = len;
            found++;
        }
        info.p += len;
        info.len -= len;
    }
}

/* Letters, digits, '-', '_' and '.': what a list in krb5.conf can name. */
static int
take_name(struct cs_span utf8, char *out, size_t size)
{
    size_t i;

    if (utf8.len == 0 || utf8.len >= size)
        return CS_MALFORMED;
    for (i = 0; i < utf8.len; i++) {
        out[i] = gate_lower((char)utf8.p[i]);
        if (!gate_is_digit(out[i]) && (out[i] < 'a' || out[i] > 'z') &&
            out[i] != '-' && out[i] != '_' && out[i] != '.')
            return CS_MALFORMED;
    }
    out[i] = '\0';
    return (out[0] == '.' || out[0] == '-' || out[i - 1] == '.') ?
        CS_MALFORMED : 0;
}

int
gate_ntlm_name(struct cs_span token, char *out, size_t size,
               struct cs_error *err)
{
    struct cs_buf utf8 = CS_BUF_INIT(MESSAGE_MAX);
    struct cs_span info, value;
    int ret;

    out[0] = '\0';
    if (token.len > 0 && token.p[0] == CS_DER_CONTEXT(1))
        token = response_token(token);
    if (target_info(token, &info) != 0)
        return cs_fail(err, CS_MALFORMED, "the server's answer is not an NTLM "
                       "challenge");
    if (find_pair(info, AV_DNS_COMPUTER, &value) != 0)
        return cs_fail(err, CS_MALFORMED, "the server's NTLM challenge does "
                       "not contain the computer name");
    ret = cs_utf8_from_utf16(value, &utf8);
    if (ret == 0)
        ret = take_name(cs_buf_span(&utf8), out, size);
    cs_buf_free(&utf8);
    if (ret == 0)
        return 0;
    out[0] = '\0';
    return (ret == CS_NOMEM) ? cs_nomem(err) :
        cs_fail(err, CS_MALFORMED, "the computer name in the server's NTLM "
                "challenge is not valid");
}
