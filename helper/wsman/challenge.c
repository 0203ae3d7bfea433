/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* challenge.c - WWW-Authenticate and Authorization (RFC 9110 11), Base64. */
#include "config.h"

#include <string.h>

#include "helper/wsman/challenge.h"
#include "helper/wsman/text.h"

static const struct {
    const char *name;
    unsigned int offer;
    int token;                  /* its place in struct gate_challenge, or -1 */
} schemes[] = {
    { "Negotiate", GATE_OFFERS_NEGOTIATE, 0 },
    { "Kerberos", GATE_OFFERS_KERBEROS, 1 },
    { "CredSSP", GATE_OFFERS_CREDSSP, 2 },
    { "Basic", GATE_OFFERS_BASIC, -1 },
};
#define SCHEMES (sizeof(schemes) / sizeof(*schemes))

void
gate_challenge_init(struct gate_challenge *c, size_t token_max)
{
    size_t i;

    memset(c, 0, sizeof(*c));
    for (i = 0; i < 3; i++)
        c->token[i].max = token_max;
}

void
gate_challenge_free(struct gate_challenge *c)
{
    size_t i;

    for (i = 0; i < 3; i++)
        cs_buf_free(&c->token[i]);
    c->offers = c->with_token = 0;
}

/* --- Base64 (RFC 4648 4) --- */

static int
value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return (c == '+') ? 62 : (c == '/') ? 63 : -1;
}

/* Four characters, of which the last pad are '='; the bits that these leave
 * over must be 0, so that there is one text for some bytes. */
static int
decode_group(const uint8_t *in, size_t pad, struct cs_buf *out)
{
    static const uint32_t left_over[] = { 0, 0xFF, 0xFFFF };
    uint32_t bits = 0;
    uint8_t octets[3];
    size_t i;
    int value;

    for (i = 0; i < 4; i++) {
        value = (i < 4 - pad) ? value_of(in[i]) : 0;
        if (value < 0)
            return CS_MALFORMED;
        bits = bits << 6 | (uint32_t)value;
    }
    if (bits & left_over[pad])
        return CS_MALFORMED;
    octets[0] = bits >> 16;
    octets[1] = bits >> 8;
    octets[2] = bits;
    cs_buf_add(out, octets, 3 - pad);
    return out->error;
}

int
gate_base64_decode(const char *text, size_t len, struct cs_buf *out)
{
    const uint8_t *in = (const uint8_t *)text;
    size_t pad = 0;
    int ret = 0;

    if (len % 4 != 0)
        return CS_MALFORMED;
    while (len > 0 && pad < 2 && in[len - 1 - pad] == '=')
        pad++;
    for (; len > 0 && ret == 0; in += 4, len -= 4)
        ret = decode_group(in, (len == 4) ? pad : 0, out);
    return ret;
}

/* One to three bytes. */
static void
encode_group(const uint8_t *in, size_t n, struct cs_buf *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)in[0] << 16;
    char text[4];
    size_t i;

    if (n > 1)
        bits |= (uint32_t)in[1] << 8;
    if (n > 2)
        bits |= in[2];
    for (i = 0; i < 4; i++)
        text[i] = (i <= n) ? alphabet[bits >> (18 - 6 * i) & 0x3F] : '=';
    cs_buf_add(out, text, 4);
}

void
gate_authorization(struct cs_buf *out, const char *scheme,
                   struct cs_span token)
{
    size_t i;

    cs_buf_add(out, scheme, strlen(scheme));
    if (token.len > 0)
        cs_buf_add(out, " ", 1);
    for (i = 0; i < token.len; i += 3)
        encode_group(token.p + i, (token.len - i < 3) ? token.len - i : 3,
                     out);
}

/* --- Challenges --- */

static int
is_token68(uint8_t c)
{
    return value_of(c) >= 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

/* At the end of an element of the list? */
static int
at_end(struct cs_span in)
{
    gate_skip_blanks(&in);
    return in.len == 0 || *in.p == ',';
}

/* Step over a token68 that ends its element; else stay, and return 0. */
static int
take_token68(struct cs_span *in, struct cs_span *token)
{
    struct cs_span at = *in;

    while (at.len > 0 && is_token68(*at.p))
        (void)(at.p++, at.len--);
    if (at.p == in->p)
        return 0;
    while (at.len > 0 && *at.p == '=')
        (void)(at.p++, at.len--);
    if (!at_end(at))
        return 0;
    token->p = in->p;
    token->len = at.p - in->p;
    *in = at;
    return 1;
}

/* "=value" behind a parameter's name. */
static int
take_assignment(struct cs_span *in)
{
    struct cs_span value;

    gate_skip_blanks(in);
    if (!gate_take_text(in, "="))
        return CS_MALFORMED;
    gate_skip_blanks(in);
    return gate_take_value(in, &value);
}

static int
note(struct gate_challenge *c, struct cs_span name, struct cs_span token,
     struct cs_error *err)
{
    struct cs_buf *to;
    size_t i;
    int ret;

    for (i = 0; i < SCHEMES && !gate_span_is(name, schemes[i].name); i++)
        continue;
    if (i == SCHEMES)
        return 0;
    c->offers |= schemes[i].offer;
    if (token.len == 0 || schemes[i].token < 0)
        return 0;
    if (c->with_token & schemes[i].offer)
        return cs_fail(err, CS_MALFORMED, "the server sent two tokens for %s",
                       schemes[i].name);
    c->with_token |= schemes[i].offer;
    to = &c->token[schemes[i].token];
    ret = gate_base64_decode((const char *)token.p, token.len, to);
    if (ret == CS_NOMEM)
        return cs_nomem(err);
    if (ret != 0)
        return cs_fail(err, CS_MALFORMED, "the server's token for %s is %s",
                       schemes[i].name, to->error != 0 ? "too long" :
                       "not Base64");
    return 0;
}

/*
 * One element of the list is
 *     scheme                   a challenge
 *     scheme token68           a challenge with a token
 *     scheme name=value        a challenge and its first parameter
 *     name=value               another parameter of the last challenge
 */
static int
read_element(struct gate_challenge *c, struct cs_span *in, int *in_challenge,
             struct cs_error *err)
{
    struct cs_span name = gate_take_token(in), token = { NULL, 0 }, after;

    after = *in;
    gate_skip_blanks(&after);
    if (name.len == 0)
        return CS_MALFORMED;
    if (after.len > 0 && *after.p == '=' && *in_challenge)
        return take_assignment(in);
    *in_challenge = 1;
    if (!at_end(*in)) {
        if (after.p == in->p)
            return CS_MALFORMED;        /* no blank behind the scheme */
        *in = after;
        if (!take_token68(in, &token) &&
            (gate_take_token(in).len == 0 || take_assignment(in) != 0))
            return CS_MALFORMED;
    }
    return note(c, name, token, err);
}

int
gate_challenge_add(struct gate_challenge *c, const char *value, size_t len,
                   struct cs_error *err)
{
    struct cs_span in = { (const uint8_t *)value, len };
    struct cs_error why = { 0 };
    int in_challenge = 0, ret = 0;

    for (;;) {
        do
            gate_skip_blanks(&in);
        while (gate_take_text(&in, ","));
        if (in.len == 0)
            return 0;
        ret = read_element(c, &in, &in_challenge, &why);
        if (ret == 0 && !at_end(in))
            ret = CS_MALFORMED;
        if (ret != 0)
            return cs_fail(err, ret, "%s", why.code != 0 ? why.text :
                           "the server's WWW-Authenticate is malformed");
    }
}
