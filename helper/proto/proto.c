/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * proto.c - the broker's messages, as bytes (docs/PROTOCOL.broker.md).
 *
 * A message is a row of a table: the kinds of its fields and where in struct
 * bp_message they are.  Reading and writing walk along the same row.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "helper/proto/proto.h"
#include "plugin/bytes/utf16.h"

enum kind {
    END, U8, BOOL, MECH, SCHEME, U32, PORT, U64, TEXT, BYTES, BINDING,
    CREDENTIALS, HOSTS,
    IF_TOKEN,                   /* bytes, empty unless has_token */
    IF_COMPLETE                 /* what follows is there if complete */
};

struct field {
    uint8_t kind;
    uint16_t at;                /* in struct bp_message */
};

#define FIELDS_MAX 9
#define AT(kind, member) { kind, offsetof(struct bp_message, member) }

static const struct row {
    enum bp_number number;
    const char *name;
    struct field fields[FIELDS_MAX + 1];
} rows[] = {
    { BP_HELLO, "HELLO", { AT(U32, version) } },
    { BP_LOGIN, "LOGIN",
      { AT(TEXT, user), AT(TEXT, domain), AT(TEXT, password),
        AT(U32, lifetime), AT(BOOL, check) } },
    { BP_LOGOUT, "LOGOUT", { AT(TEXT, name) } },
    { BP_STATUS, "STATUS", { { END, 0 } } },
    { BP_CONFINE, "CONFINE", { { END, 0 } } },
    { BP_CHANNEL, "CHANNEL", { { END, 0 } } },
    { BP_CREDSSP, "CREDSSP",
      { AT(TEXT, host), AT(PORT, port), AT(TEXT, node), AT(U32, candidate) } },
    { BP_STEP, "STEP", { AT(BOOL, has_token), AT(IF_TOKEN, token) } },
    { BP_BIND, "BIND", { AT(BINDING, binding) } },
    { BP_VERIFY, "VERIFY", { AT(BINDING, binding), AT(BYTES, sealed) } },
    { BP_DELEGATE, "DELEGATE", { { END, 0 } } },
    { BP_FINISH, "FINISH", { { END, 0 } } },
    { BP_CONTEXT, "CONTEXT",
      { AT(SCHEME, scheme), AT(TEXT, host), AT(PORT, port), AT(TEXT, node),
        AT(U32, candidate), AT(BYTES, bindings) } },
    { BP_EXPORT, "EXPORT", { { END, 0 } } },
    { BP_REPORT, "REPORT",
      { AT(TEXT, host), AT(U32, ntstatus), AT(TEXT, text) } },
    { BP_OK, "OK", { { END, 0 } } },
    { BP_ERROR, "ERROR",
      { AT(U32, code), AT(U32, ntstatus), AT(U32, major), AT(U32, minor),
        AT(TEXT, text) } },
    { BP_WELCOME, "WELCOME",
      { AT(U32, version), AT(U32, pid), AT(BOOL, locked) } },
    { BP_DATA, "DATA", { AT(BYTES, data) } },
    { BP_STEPPED, "STEPPED",
      { AT(BYTES, token), AT(BOOL, ready), AT(BOOL, complete),
        { IF_COMPLETE, 0 }, AT(MECH, mech), AT(TEXT, source),
        AT(TEXT, target), AT(U32, flags), AT(U32, lifetime) } },
    { BP_STATUS_IS, "STATUS_IS",
      { AT(CREDENTIALS, ncredentials), AT(HOSTS, nhosts) } },
    { BP_STARTED, "STARTED",
      { AT(TEXT, spn), AT(U32, candidate), AT(U32, candidates),
        AT(TEXT, credential) } },
    { BP_LOGGED_IN, "LOGGED_IN", { AT(TEXT, name), AT(U64, expiry) } },
    { BP_KEYS, "KEYS",
      { AT(BOOL, subkey), AT(U32, enctype), AT(U64, send_seq),
        AT(U64, recv_seq), AT(BYTES, data) } },
};

#define NROWS (sizeof(rows) / sizeof(*rows))

static const struct row *
find_row(unsigned int number)
{
    size_t i;

    for (i = 0; i < NROWS; i++) {
        if (rows[i].number == number)
            return &rows[i];
    }
    return NULL;
}

const char *
bp_name(enum bp_number number)
{
    const struct row *row = find_row(number);

    return (row != NULL) ? row->name : "unknown";
}

/* Are these values of a kind allowed? */
static int
number_ok(enum kind kind, uint64_t value)
{
    switch (kind) {
    case BOOL:
        return value <= 1;
    case MECH:
        return value == BP_MECH_KRB5 || value == BP_MECH_NTLM;
    case SCHEME:
        return value == BP_NEGOTIATE || value == BP_KERBEROS;
    case PORT:
        return value >= 1 && value <= UINT16_MAX;
    default:
        return 1;
    }
}

/* --- Writing --- */

/* n octets, the highest first. */
static void
put_number(struct cs_buf *out, uint64_t value, size_t n)
{
    uint8_t octets[8] = { 0 };
    size_t i;

    for (i = 0; i < n; i++)
        octets[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
    cs_buf_add(out, octets, n);
}

static void
put_bytes(struct cs_buf *out, struct cs_span s)
{
    put_number(out, s.len, 4);
    cs_buf_add(out, s.p, s.len);
}

static int
put_text(struct cs_buf *out, struct cs_span s)
{
    put_bytes(out, s);
    return cs_utf8_ok(s) ? 0 : CS_MALFORMED;
}

static int
put_binding(struct cs_buf *out, const struct cs_binding *b)
{
    put_number(out, b->version, 4);
    put_bytes(out, b->nonce);
    put_bytes(out, b->key);
    put_number(out, b->verified ? 1 : 0, 1);
    return 0;
}

static int
put_credentials(struct cs_buf *out, const struct bp_message *m)
{
    const struct bp_credential *c = m->credentials;
    uint32_t i;
    int ret = (m->ncredentials <= BP_LIST_MAX) ? 0 : CS_MALFORMED;

    put_number(out, m->ncredentials, 4);
    for (i = 0; i < m->ncredentials && ret == 0; i++, c++) {
        ret = put_text(out, c->name);
        if (ret == 0)
            ret = put_text(out, c->source);
        put_number(out, c->expiry, 8);
        put_number(out, c->uses, 4);
        put_number(out, c->ntstatus, 4);
        if (ret == 0)
            ret = put_text(out, c->text);
    }
    return ret;
}

static int
put_hosts(struct cs_buf *out, const struct bp_message *m)
{
    const struct bp_host *h = m->hosts;
    uint32_t i;
    int ret = (m->nhosts <= BP_LIST_MAX) ? 0 : CS_MALFORMED;

    put_number(out, m->nhosts, 4);
    for (i = 0; i < m->nhosts && ret == 0; i++, h++) {
        ret = put_text(out, h->host);
        put_number(out, h->when, 8);
        put_number(out, h->ntstatus, 4);
        if (ret == 0)
            ret = put_text(out, h->text);
    }
    return ret;
}

static int
put_field(struct cs_buf *out, const struct field *f,
          const struct bp_message *m)
{
    const void *at = (const char *)m + f->at;
    uint64_t value;

    switch ((enum kind)f->kind) {
    case U8: case BOOL: case MECH: case SCHEME:
        value = *(const uint8_t *)at;
        put_number(out, value, 1);
        return number_ok(f->kind, value) ? 0 : CS_MALFORMED;
    case U32: case PORT:
        value = *(const uint32_t *)at;
        put_number(out, value, 4);
        return number_ok(f->kind, value) ? 0 : CS_MALFORMED;
    case U64:
        put_number(out, *(const uint64_t *)at, 8);
        return 0;
    case TEXT:
        return put_text(out, *(const struct cs_span *)at);
    case IF_TOKEN:
        put_bytes(out, m->token);
        return (m->has_token || m->token.len == 0) ? 0 : CS_MALFORMED;
    case BYTES:
        put_bytes(out, *(const struct cs_span *)at);
        return 0;
    case BINDING:
        return put_binding(out, at);
    case CREDENTIALS:
        return put_credentials(out, m);
    case HOSTS:
        return put_hosts(out, m);
    default:
        return 0;
    }
}

int
bp_encode(const struct bp_message *m, struct cs_buf *out,
          struct cs_error *err)
{
    const struct row *row = find_row(m->number);
    struct cs_buf frame = CS_BUF_INIT(BP_FRAME_MAX);
    const struct field *f;
    int ret = (row != NULL) ? 0 : CS_MALFORMED;

    put_number(&frame, m->number, 1);
    for (f = (row != NULL) ? row->fields : NULL;
         ret == 0 && f->kind != END; f++) {
        if (f->kind == IF_COMPLETE && !m->complete)
            break;
        ret = put_field(&frame, f, m);
    }
    if (ret == 0)
        ret = frame.error;
    if (ret == 0) {
        put_bytes(out, cs_buf_span(&frame));
        ret = out->error;
    }
    cs_buf_free(&frame);
    if (ret == CS_NOMEM)
        return cs_nomem(err);
    return (ret == 0) ? 0 : cs_fail(err, CS_MALFORMED, "cannot encode the "
                                    "broker message %s: it is too long, or "
                                    "has text that is not UTF-8",
                                    bp_name(m->number));
}

/* --- Reading --- */

static int
get_number(struct cs_span *in, size_t n, uint64_t *out)
{
    size_t i;

    *out = 0;
    if (in->len < n)
        return CS_MALFORMED;
    for (i = 0; i < n; i++)
        *out = *out << 8 | in->p[i];
    in->p += n;
    in->len -= n;
    return 0;
}

static int
get_u32(struct cs_span *in, uint32_t *out)
{
    uint64_t value;
    int ret = get_number(in, 4, &value);

    *out = (uint32_t)value;
    return ret;
}

static int
get_bytes(struct cs_span *in, struct cs_span *out)
{
    uint32_t n;
    int ret = get_u32(in, &n);

    if (ret != 0 || in->len < n)
        return CS_MALFORMED;
    out->p = in->p;
    out->len = n;
    in->p += n;
    in->len -= n;
    return 0;
}

static int
get_text(struct cs_span *in, struct cs_span *out)
{
    int ret = get_bytes(in, out);

    return (ret == 0 && !cs_utf8_ok(*out)) ? CS_MALFORMED : ret;
}

static int
get_binding(struct cs_span *in, struct cs_binding *b)
{
    uint64_t verified = 0;
    int ret = get_u32(in, &b->version);

    if (ret == 0)
        ret = get_bytes(in, &b->nonce);
    if (ret == 0)
        ret = get_bytes(in, &b->key);
    if (ret == 0)
        ret = get_number(in, 1, &verified);
    b->verified = (int)verified;
    return (ret == 0 && number_ok(BOOL, verified)) ? 0 : CS_MALFORMED;
}

static int
get_credentials(struct cs_span *in, struct bp_message *m)
{
    struct bp_credential *c = m->credentials;
    uint32_t i;
    int ret = get_u32(in, &m->ncredentials);

    if (ret != 0 || m->ncredentials > BP_LIST_MAX)
        return CS_MALFORMED;
    for (i = 0; i < m->ncredentials && ret == 0; i++, c++) {
        ret = get_text(in, &c->name);
        if (ret == 0)
            ret = get_text(in, &c->source);
        if (ret == 0)
            ret = get_number(in, 8, &c->expiry);
        if (ret == 0)
            ret = get_u32(in, &c->uses);
        if (ret == 0)
            ret = get_u32(in, &c->ntstatus);
        if (ret == 0)
            ret = get_text(in, &c->text);
    }
    return ret;
}

static int
get_hosts(struct cs_span *in, struct bp_message *m)
{
    struct bp_host *h = m->hosts;
    uint32_t i;
    int ret = get_u32(in, &m->nhosts);

    if (ret != 0 || m->nhosts > BP_LIST_MAX)
        return CS_MALFORMED;
    for (i = 0; i < m->nhosts && ret == 0; i++, h++) {
        ret = get_text(in, &h->host);
        if (ret == 0)
            ret = get_number(in, 8, &h->when);
        if (ret == 0)
            ret = get_u32(in, &h->ntstatus);
        if (ret == 0)
            ret = get_text(in, &h->text);
    }
    return ret;
}

static int
get_field(struct cs_span *in, const struct field *f, struct bp_message *m)
{
    void *at = (char *)m + f->at;
    uint64_t value;
    int ret;

    switch ((enum kind)f->kind) {
    case U8: case BOOL: case MECH: case SCHEME:
        ret = get_number(in, 1, &value);
        *(uint8_t *)at = (uint8_t)value;
        return (ret == 0 && number_ok(f->kind, value)) ? 0 : CS_MALFORMED;
    case U32: case PORT:
        ret = get_number(in, 4, &value);
        *(uint32_t *)at = (uint32_t)value;
        return (ret == 0 && number_ok(f->kind, value)) ? 0 : CS_MALFORMED;
    case U64:
        return get_number(in, 8, at);
    case TEXT:
        return get_text(in, at);
    case IF_TOKEN:
        ret = get_bytes(in, at);
        return (m->has_token || m->token.len == 0) ? ret : CS_MALFORMED;
    case BYTES:
        return get_bytes(in, at);
    case BINDING:
        return get_binding(in, at);
    case CREDENTIALS:
        return get_credentials(in, m);
    case HOSTS:
        return get_hosts(in, m);
    default:
        return 0;
    }
}

int
bp_decode(struct cs_span frame, struct bp_message *m, struct cs_error *err)
{
    const struct row *row;
    const struct field *f;
    uint64_t number = 0;
    int ret;

    memset(m, 0, sizeof(*m));
    ret = (frame.len <= BP_FRAME_MAX) ? get_number(&frame, 1, &number) :
        CS_MALFORMED;
    row = find_row((unsigned int)number);
    if (ret != 0 || row == NULL)
        return cs_fail(err, CS_MALFORMED, "not a broker message");
    m->number = row->number;
    for (f = row->fields; ret == 0 && f->kind != END; f++) {
        if (f->kind == IF_COMPLETE && !m->complete)
            break;
        ret = get_field(&frame, f, m);
    }
    if (ret != 0 || frame.len > 0)
        return cs_fail(err, CS_MALFORMED, "the message %s is malformed",
                       row->name);
    return 0;
}
