/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_spnego.c - NTLM inside SPNEGO, with whatever library is installed.
 *
 * The other end is written here: NegTokenInit and NegTokenResp (RFC 4178) by
 * hand, around gss-ntlmssp without a library's SPNEGO.  It offers Kerberos
 * first, too, as Windows does; and it cheats with the mechListMIC.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/cs_pair.h"
#include "plugin/bytes/der.h"
#include "plugin/credssp/spnego.h"

#define TOKEN_MAX 65536

enum mic { MIC_GOOD, MIC_WRONG, MIC_NONE };

/* MS-KRB5, Kerberos, NTLM: as Windows lists them; and NTLM alone. */
static const uint8_t three_mechs[] = {
    0x30, 0x22,
    6, 9, 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2,
    6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2,
    6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10
};
static const uint8_t ntlm_alone[] = {
    0x30, 0x0c, 6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10
};
#define NTLM_FIELD (ntlm_alone + 2), (sizeof(ntlm_alone) - 2)

static struct cs_span
span_of(const void *p, size_t len)
{
    struct cs_span span = { p, len };

    return span;
}

/* --- Tokens by hand --- */

static void
put_init(struct cs_buf *out, struct cs_span mechs, struct cs_span token)
{
    static const uint8_t oid[] = { 6, 6, 0x2b, 6, 1, 5, 5, 2 };
    size_t frame = cs_der_open(out, 0x60), choice, fields, types;

    cs_buf_add(out, oid, sizeof(oid));
    choice = cs_der_open(out, CS_DER_CONTEXT(0));
    fields = cs_der_open(out, CS_DER_SEQUENCE);
    types = cs_der_open(out, CS_DER_CONTEXT(0));
    cs_buf_add(out, mechs.p, mechs.len);
    cs_der_close(out, types);
    if (token.p != NULL)
        cs_der_put_tagged_octets(out, 2, token);
    cs_der_close(out, fields);
    cs_der_close(out, choice);
    cs_der_close(out, frame);
    assert_int_equal(out->error, 0);
}

/* state < 0, or any of the others NULL: left out. */
static void
put_resp(struct cs_buf *out, int state, struct cs_span mech,
         struct cs_span token, struct cs_span mic)
{
    size_t choice = cs_der_open(out, CS_DER_CONTEXT(1));
    size_t fields = cs_der_open(out, CS_DER_SEQUENCE), tag;
    uint8_t number[] = { 10, 1, state };

    if (state >= 0) {
        tag = cs_der_open(out, CS_DER_CONTEXT(0));
        cs_buf_add(out, number, sizeof(number));
        cs_der_close(out, tag);
    }
    if (mech.p != NULL) {
        tag = cs_der_open(out, CS_DER_CONTEXT(1));
        cs_buf_add(out, mech.p, mech.len);
        cs_der_close(out, tag);
    }
    if (token.p != NULL)
        cs_der_put_tagged_octets(out, 2, token);
    if (mic.p != NULL)
        cs_der_put_tagged_octets(out, 3, mic);
    cs_der_close(out, fields);
    cs_der_close(out, choice);
    assert_int_equal(out->error, 0);
}

struct resp {
    int state;                  /* -1: none */
    struct cs_span token, mic;  /* borrowed */
};

static void
get_resp(struct cs_span in, struct resp *r)
{
    struct cs_der all, choice, fields, inside;

    memset(r, 0, sizeof(*r));
    cs_der_begin(&all, in.p, in.len);
    cs_der_enter(&all, CS_DER_CONTEXT(1), &choice);
    cs_der_enter(&choice, CS_DER_SEQUENCE, &fields);
    r->state = -1;
    if (cs_der_next_is(&fields, CS_DER_CONTEXT(0))) {
        cs_der_enter(&fields, CS_DER_CONTEXT(0), &inside);
        r->state = inside.p[inside.left - 1];
    }
    if (cs_der_next_is(&fields, CS_DER_CONTEXT(1)))
        cs_der_enter(&fields, CS_DER_CONTEXT(1), &inside);
    r->token = cs_der_optional_octets(&fields, 2);
    r->mic = cs_der_optional_octets(&fields, 3);
    cs_der_end(&fields);
    assert_int_equal(all.root_bad, 0);
}

/* --- The end by hand --- */

struct hand {
    gss_cred_id_t cred;
    gss_name_t target;
    gss_ctx_id_t ctx;
    int initiator;
};

static void
open_hand(struct hand *h, int initiator)
{
    struct cs_creds_options options = {
        .user = "TEST\\alice",
        .password = { (const uint8_t *)PAIR_PASSWORD, strlen(PAIR_PASSWORD) }
    };
    gss_buffer_desc text = { 23, (void *)"HTTP@web01.test.example" };
    struct cs_creds *creds;
    OM_uint32 minor;

    memset(h, 0, sizeof(*h));
    h->initiator = initiator;
    if (!initiator)
        return;
    assert_int_equal(cs_creds_new(&options, &creds, NULL), 0);
    assert_int_equal(cs_creds_acquire(creds, CS_MECH_RAW_NTLM, NULL, &h->cred,
                                      NULL), 0);
    cs_creds_free(&creds);
    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &h->target), GSS_S_COMPLETE);
}

static void
close_hand(struct hand *h)
{
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, &h->ctx, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &h->cred);
    (void)gss_release_name(&minor, &h->target);
}

/* NTLMSSP's next message, to be freed by the mechglue. */
static struct cs_span
hand_step(struct hand *h, struct cs_span in)
{
    gss_buffer_desc token = { in.len, (void *)(uintptr_t)in.p }, out;
    gss_OID_desc ntlm = cs_oid_ntlmssp;
    OM_uint32 major, minor;

    if (h->initiator)
        major = gss_init_sec_context(&minor, h->cred, &h->ctx, h->target,
                                     &ntlm, GSS_C_INTEG_FLAG |
                                     GSS_C_CONF_FLAG, 0,
                                     GSS_C_NO_CHANNEL_BINDINGS, &token, NULL,
                                     &out, NULL, NULL);
    else
        major = gss_accept_sec_context(&minor, &h->ctx, h->cred, &token,
                                       GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                       &out, NULL, NULL, NULL);
    assert_false(GSS_ERROR(major));
    return span_of(out.value, out.length);
}

/* The mechListMIC; malloc()ed, or NULL. */
static struct cs_span
hand_mic(struct hand *h, struct cs_span mechs, enum mic how)
{
    gss_buffer_desc in = { mechs.len, (void *)(uintptr_t)mechs.p }, out;
    OM_uint32 minor;
    size_t len;
    uint8_t *copy;

    if (how == MIC_NONE)
        return span_of(NULL, 0);
    assert_int_equal(gss_get_mic(&minor, h->ctx, 0, &in, &out),
                     GSS_S_COMPLETE);
    len = out.length;
    copy = malloc(len);
    memcpy(copy, out.value, len);
    (void)gss_release_buffer(&minor, &out);
    /* Not the version in front: that would be another kind of wrong. */
    copy[len / 2] ^= (how == MIC_WRONG);
    return span_of(copy, len);
}

static int
hand_verifies(struct hand *h, struct cs_span mechs, struct cs_span mic)
{
    gss_buffer_desc in = { mechs.len, (void *)(uintptr_t)mechs.p };
    gss_buffer_desc token = { mic.len, (void *)(uintptr_t)mic.p };
    OM_uint32 minor;

    return gss_verify_mic(&minor, h->ctx, &in, &token, NULL) ==
        GSS_S_COMPLETE;
}

static void
free_token(struct cs_span span)
{
    gss_buffer_desc buffer = { span.len, (void *)(uintptr_t)span.p };
    OM_uint32 minor;

    (void)gss_release_buffer(&minor, &buffer);
}

/* --- Our acceptor --- */

/* Does our acceptor take a client who offers these and sends this MIC?  It
 * has no keytab, so Kerberos ends as NTLM. */
static int
accepts(struct cs_span mechs, enum mic how)
{
    static const uint8_t junk[] = "a Kerberos token, or so";
    int kerberos = mechs.p == three_mechs, ret;
    struct cs_policy policy = { 0 };
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX), out = CS_BUF_INIT(TOKEN_MAX);
    struct cs_span first, last, mic;
    struct cs_span none = { NULL, 0 };
    struct cs_inner *inner;
    struct cs_error err = { 0 };
    struct hand h;
    struct resp r;

    open_hand(&h, 1);
    assert_int_equal(cs_inner_acceptor(GSS_C_NO_CREDENTIAL, &policy, &inner,
                                       NULL), 0);
    first = hand_step(&h, none);
    put_init(&in, mechs, kerberos ? span_of(junk, sizeof(junk)) : first);
    assert_int_equal(inner->ops->step(inner, cs_buf_span(&in), &out, NULL), 0);
    if (kerberos) {
        get_resp(cs_buf_span(&out), &r);
        assert_int_equal(r.state, 3);           /* request-mic */
        cs_buf_reset(&in);
        cs_buf_reset(&out);
        put_resp(&in, -1, none, first, none);
        assert_int_equal(inner->ops->step(inner, cs_buf_span(&in), &out,
                                          NULL), 0);
    }
    get_resp(cs_buf_span(&out), &r);
    last = hand_step(&h, r.token);
    mic = hand_mic(&h, mechs, how);
    cs_buf_reset(&in);
    cs_buf_reset(&out);
    put_resp(&in, -1, none, last, mic);
    ret = inner->ops->step(inner, cs_buf_span(&in), &out, &err);
    if (ret == 0 && inner->complete) {
        get_resp(cs_buf_span(&out), &r);
        assert_int_equal(r.state, 0);           /* accept-completed */
        assert_true(hand_verifies(&h, mechs, r.mic));
    } else if (ret != 0) {
        print_message("# %s\n", err.text);
    }
    ret = (ret == 0 && inner->complete);
    cs_inner_free(&inner);
    free_token(first);
    free_token(last);
    free((void *)(uintptr_t)mic.p);
    close_hand(&h);
    cs_buf_free(&in);
    cs_buf_free(&out);
    return ret;
}

static void
test_acceptor(void **state)
{
    struct cs_span three = { three_mechs, sizeof(three_mechs) };
    struct cs_span alone = { ntlm_alone, sizeof(ntlm_alone) };

    (void)state;
    assert_true(accepts(alone, MIC_GOOD));
    assert_false(accepts(alone, MIC_WRONG));
    assert_true(accepts(three, MIC_GOOD));
    assert_false(accepts(three, MIC_WRONG));
    /* Somebody in between may have taken Kerberos away. */
    assert_false(accepts(three, MIC_NONE));
}

/* --- Our initiator --- */

/* Does our initiator take a server with this MIC? */
static int
initiates(enum mic how)
{
    static const struct pair plain;
    struct cs_span mechs = { ntlm_alone, sizeof(ntlm_alone) };
    struct cs_span none = { NULL, 0 };
    struct cs_span challenge, last, mic;
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX), out = CS_BUF_INIT(TOKEN_MAX);
    struct cs_inner *inner;
    struct cs_error err = { 0 };
    struct hand h;
    struct resp r;
    const uint8_t *ntlm;
    int ret;

    open_hand(&h, 0);
    assert_int_equal(pair_inner(&plain, &inner, NULL), 0);
    assert_int_equal(inner->ops->step(inner, none, &out, NULL), 0);
    ntlm = memmem(out.p, out.len, "NTLMSSP", 8);
    assert_non_null(ntlm);
    challenge = hand_step(&h, span_of(ntlm, out.len - (ntlm - out.p)));
    put_resp(&in, 1, span_of(NTLM_FIELD), challenge, none);
    cs_buf_reset(&out);
    assert_int_equal(inner->ops->step(inner, cs_buf_span(&in), &out, NULL), 0);
    get_resp(cs_buf_span(&out), &r);
    last = hand_step(&h, r.token);
    assert_true(hand_verifies(&h, mechs, r.mic));
    mic = hand_mic(&h, mechs, how);
    cs_buf_reset(&in);
    cs_buf_reset(&out);
    put_resp(&in, 0, none, none, mic);
    ret = inner->ops->step(inner, cs_buf_span(&in), &out, &err);
    if (ret != 0)
        print_message("# %s\n", err.text);
    ret = (ret == 0 && inner->complete);
    cs_inner_free(&inner);
    free_token(challenge);
    free_token(last);
    free((void *)(uintptr_t)mic.p);
    close_hand(&h);
    cs_buf_free(&in);
    cs_buf_free(&out);
    return ret;
}

static void
test_initiator(void **state)
{
    (void)state;
    assert_true(initiates(MIC_GOOD));
    assert_false(initiates(MIC_WRONG));
    assert_false(initiates(MIC_NONE));
}

/* --- The function itself --- */

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, \
    sizeof((const uint8_t[]){ __VA_ARGS__ })

static void
test_others(void **state)
{
    const struct cs_span tokens[] = {
        { NULL, 0 },
        { (const uint8_t *)"NTLMSSP", 8 },
        { BYTES(0x60, 0x02, 0xA3, 0x00) },
        { BYTES(0xA1, 0x07, 0x30, 0x05, 0xA0, 3, 10, 1, 1) },
        { BYTES(0xA1, 0x06, 0x30, 0x04, 0xA2, 2, 4, 0) },
        { BYTES(0xA1, 0x02, 0x30, 0x00) },
    };
    struct cs_buf room = CS_BUF_INIT(TOKEN_MAX);
    struct cs_span out;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
        assert_int_equal(cs_spnego_token(tokens[i], &room, &out, NULL), 0);
        assert_ptr_equal(out.p, tokens[i].p);
        assert_int_equal(out.len, tokens[i].len);
    }
    assert_int_equal(room.len, 0);
}

/* Nothing but the tag of the MIC may differ, and the token is another's. */
static void
test_mic(void **state)
{
    static const uint8_t token[] = {
        0xA1, 0x10, 0x30, 0x0E, 0xA0, 3, 10, 1, 0, 0xA2, 2, 4, 0,
        0xA3, 3, 4, 1, 0xA3
    };
    struct cs_buf room = CS_BUF_INIT(TOKEN_MAX), full = CS_BUF_INIT(8);
    struct cs_span in = { token, sizeof(token) }, out;
    uint8_t copy[sizeof(token)];

    (void)state;
    assert_int_equal(cs_spnego_token(in, &room, &out, NULL), 0);
    assert_int_equal(out.len, in.len);
    memcpy(copy, out.p, out.len);
    assert_true(copy[13] == 0xA3 || copy[13] == 0xA4);
    copy[13] = 0xA3;
    assert_memory_equal(copy, token, sizeof(token));
    if (out.p != token)
        assert_int_equal(cs_spnego_token(in, &full, &out, NULL), CS_NOMEM);
    cs_buf_free(&room);
    cs_buf_free(&full);
}

static void
test_malformed(void **state)
{
    const struct cs_span tokens[] = {
        { BYTES(0xA1) },
        { BYTES(0xA1, 0x02, 0x30) },
        { BYTES(0xA1, 0x02, 0x31, 0x00) },
        { BYTES(0xA1, 0x04, 0x30, 0x02, 0xA2, 1) },
        /* A MIC that is none, under either tag. */
        { BYTES(0xA1, 0x06, 0x30, 0x04, 0xA3, 2, 5, 0) },
        { BYTES(0xA1, 0x06, 0x30, 0x04, 0xA4, 2, 5, 0) },
        { BYTES(0xA1, 0x04, 0x30, 0x02, 0xA3, 0) },
        { BYTES(0xA1, 0x04, 0x30, 0x02, 0xA3, 127) },
    };
    struct cs_buf room = CS_BUF_INIT(TOKEN_MAX);
    struct cs_error err;
    struct cs_span out;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(tokens) / sizeof(*tokens); i++)
        assert_int_equal(cs_spnego_token(tokens[i], &room, &out, &err),
                         CS_MALFORMED);
    assert_int_equal(room.len, 0);
}

static int
setup(void **state)
{
    assert_int_equal(setenv("KRB5_KTNAME", "FILE:/nonexistent", 1), 0);
    return pair_setup(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_mic),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_acceptor),
        cmocka_unit_test(test_initiator),
    };

    return cmocka_run_group_tests_name("NTLM inside SPNEGO", tests, setup,
                                       pair_teardown);
}
