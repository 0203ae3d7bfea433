/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_inner.c - the order of what is done with the context inside, and
 * what has to be true before the password goes out (inner.h).
 *
 * Both ends of it are here without TLS and without messages around them, so
 * that each can be asked for anything at any time.  What the mechanism says of
 * itself goes through the stand-ins.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/cs_pair.h"
#include "plugin/bytes/secret.h"

/* The linker has them called in the mechglue's place. */
__typeof__(gss_inquire_context) __real_gss_inquire_context,
    __wrap_gss_inquire_context;
__typeof__(gss_wrap) __real_gss_wrap, __wrap_gss_wrap;
__typeof__(gss_unwrap) __real_gss_unwrap, __wrap_gss_unwrap;

static OM_uint32 lacking;       /* flags that were not granted */
static gss_OID other_mech;      /* what it was in the end; or NULL */
static int in_clear;            /* nothing is encrypted */
static int sealed;              /* how often something was */

OM_uint32 KRB5_CALLCONV
__wrap_gss_inquire_context(OM_uint32 *minor, gss_ctx_id_t ctx,
                           gss_name_t *source, gss_name_t *target,
                           OM_uint32 *lifetime, gss_OID *mech,
                           OM_uint32 *flags, int *local, int *opened)
{
    OM_uint32 major = __real_gss_inquire_context(minor, ctx, source, target,
                                                 lifetime, mech, flags, local,
                                                 opened);

    if (flags != NULL)
        *flags &= ~lacking;
    if (mech != NULL && other_mech != GSS_C_NO_OID)
        *mech = other_mech;
    return major;
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_wrap(OM_uint32 *minor, gss_ctx_id_t ctx, int conf, gss_qop_t qop,
                gss_buffer_t in, int *encrypted, gss_buffer_t out)
{
    OM_uint32 major = __real_gss_wrap(minor, ctx, conf, qop, in, encrypted,
                                      out);

    assert_true(conf);
    sealed++;
    if (in_clear)
        *encrypted = 0;
    return major;
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_unwrap(OM_uint32 *minor, gss_ctx_id_t ctx, gss_buffer_t in,
                  gss_buffer_t out, int *encrypted, gss_qop_t *qop)
{
    OM_uint32 major = __real_gss_unwrap(minor, ctx, in, out, encrypted, qop);

    if (in_clear)
        *encrypted = 0;
    return major;
}

/* What a block holds when the library frees it, or gives its pages back. */
void __real_free(void *p);
void __wrap_free(void *p);
__typeof__(munmap) __real_munmap, __wrap_munmap;
static const void *watched;
static char left_behind[8];

static void
look_at(const void *p)
{
    if (p != NULL && p == watched) {
        memcpy(left_behind, p, sizeof(left_behind));
        watched = NULL;
    }
}

void
__wrap_free(void *p)
{
    look_at(p);
    __real_free(p);
}

int
__wrap_munmap(void *p, size_t size)
{
    look_at(p);
    return __real_munmap(p, size);
}

static const uint8_t nonce[CS_NONCE_LENGTH] = { 9 };
static const struct cs_span none = { NULL, 0 };

static struct ends {
    struct cs_inner *client, *server;
    struct cs_binding binding;
    struct cs_buf proof, answer, secret, plain;
    struct cs_error err;
} e;

static int
begin(void **state)
{
    struct cs_policy policy = { 0, 0, 0 };
    struct pair p = { 0 };

    (void)state;
    memset(&e, 0, sizeof(e));
    lacking = 0;
    other_mech = GSS_C_NO_OID;
    in_clear = sealed = 0;
    e.binding.version = 6;
    e.binding.nonce = (struct cs_span){ nonce, sizeof(nonce) };
    e.binding.key = (struct cs_span){ (const uint8_t *)"key", 3 };
    e.proof.max = e.answer.max = e.secret.max = e.plain.max = 65536;
    return pair_inner(&p, &e.client, NULL) |
        cs_inner_acceptor(GSS_C_NO_CREDENTIAL, &policy, &e.server, NULL);
}

static int
end(void **state)
{
    (void)state;
    cs_inner_free(&e.client);
    cs_inner_free(&e.server);
    cs_buf_free(&e.proof);
    cs_buf_free(&e.answer);
    cs_buf_free(&e.secret);
    cs_buf_free(&e.plain);
    return 0;
}

/* One token from one end to the other; returns what came back. */
static struct cs_buf
pass(struct cs_inner *to, struct cs_span token)
{
    struct cs_buf out = CS_BUF_INIT(65536);

    assert_int_equal(to->ops->step(to, token, &out, &e.err), 0);
    return out;
}

/* Until the client can seal, and has not heard the last token; or to the
 * end. */
static void
authenticate(int whole)
{
    struct cs_buf a = pass(e.client, none), b = pass(e.server,
                                                     cs_buf_span(&a));

    cs_buf_free(&a);
    a = pass(e.client, cs_buf_span(&b));
    assert_true(e.client->ready);
    cs_buf_free(&b);
    b = pass(e.server, cs_buf_span(&a));
    assert_true(e.server->complete);
    cs_buf_free(&a);
    if (whole && b.len > 0) {
        a = pass(e.client, cs_buf_span(&b));
        assert_int_equal(a.len, 0);
        cs_buf_free(&a);
    }
    cs_buf_free(&b);
    assert_true(!whole || e.client->complete);
}

static int
bind(struct cs_inner *inner, struct cs_buf *out)
{
    return inner->ops->bind(inner, &e.binding, out, &e.err);
}

static int
verify(struct cs_inner *inner, const struct cs_buf *proof)
{
    return inner->ops->verify(inner, &e.binding, cs_buf_span(proof), &e.err);
}

static int
delegate(void)
{
    return e.client->ops->delegate(e.client, &e.secret, &e.err);
}

static int
receive(struct cs_span secret)
{
    return e.server->ops->receive(e.server, secret, &e.plain, &e.err);
}

/* Up to the server's proof, in answer. */
static void
prove(void)
{
    authenticate(1);
    assert_int_equal(bind(e.client, &e.proof), 0);
    assert_int_equal(verify(e.server, &e.proof), 0);
    assert_int_equal(bind(e.server, &e.answer), 0);
}

/* It works; and whatever is asked for twice or afterwards does not. */
static void
test_order(void **state)
{
    (void)state;
    assert_int_equal(bind(e.client, &e.proof), CS_USAGE);
    assert_int_equal(delegate(), CS_USAGE);
    prove();
    assert_int_equal(delegate(), CS_USAGE);     /* not verified yet */
    assert_int_equal(receive(cs_buf_span(&e.proof)), CS_INNER);
    end(state);
    begin(state);
    prove();
    assert_int_equal(verify(e.client, &e.answer), 0);
    assert_int_equal(verify(e.client, &e.answer), CS_USAGE);
    assert_int_equal(bind(e.client, &e.proof), CS_USAGE);
    assert_int_equal(receive(none), CS_MALFORMED);
    assert_int_equal(delegate(), 0);
    assert_int_equal(delegate(), CS_USAGE);
    /* The server has used up its one try. */
    assert_int_equal(receive(cs_buf_span(&e.secret)), CS_USAGE);
    end(state);
    begin(state);
    prove();
    assert_int_equal(verify(e.client, &e.answer), 0);
    assert_int_equal(delegate(), 0);
    assert_int_equal(receive(cs_buf_span(&e.secret)), 0);
    assert_true(e.plain.len > 0);
}

/* Nobody proves anything before it is his turn. */
static void
test_too_early(void **state)
{
    (void)state;
    authenticate(1);
    assert_int_equal(bind(e.server, &e.answer), CS_USAGE);
    assert_int_equal(verify(e.client, &e.proof), CS_USAGE);
    assert_int_equal(receive(cs_buf_span(&e.proof)), CS_USAGE);
    assert_int_equal(e.server->ops->delegate(e.server, &e.secret, &e.err),
                     CS_USAGE);
    assert_int_equal(e.client->ops->receive(e.client, cs_buf_span(&e.proof),
                                            &e.plain, &e.err), CS_USAGE);
    assert_int_equal(e.client->ops->step(e.client, e.binding.key, &e.proof,
                                         &e.err), CS_UNEXPECTED);
    assert_int_equal(e.server->ops->step(e.server, e.binding.key, &e.proof,
                                         &e.err), CS_UNEXPECTED);
    assert_int_equal(sealed, 0);
}

/* The client is ready, and the authentication is not over. */
static void
test_incomplete(void **state)
{
    (void)state;
    authenticate(0);
    assert_int_equal(bind(e.client, &e.proof), 0);
    assert_int_equal(verify(e.server, &e.proof), 0);
    assert_int_equal(bind(e.server, &e.answer), 0);
    if (e.client->complete)
        return;                 /* this library has no last token */
    assert_int_equal(verify(e.client, &e.answer), CS_UNEXPECTED);
    assert_int_equal(delegate(), CS_USAGE);
}

/* What the proofs are about is the same both ways. */
static void
test_changed_binding(void **state)
{
    (void)state;
    prove();
    e.binding.version = 5;
    assert_int_equal(verify(e.client, &e.answer), CS_USAGE);
    e.binding.version = 6;
    e.binding.verified = 1;
    assert_int_equal(verify(e.client, &e.answer), CS_USAGE);
    e.binding.verified = 0;
    e.binding.key.len = 2;
    assert_int_equal(verify(e.client, &e.answer), CS_BINDING);
    assert_int_equal(delegate(), CS_USAGE);
}

static void
test_version(void **state)
{
    (void)state;
    authenticate(1);
    e.binding.version = 4;
    assert_int_equal(bind(e.client, &e.proof), CS_VERSION);
    assert_int_equal(sealed, 0);
}

/* What a message has at least. */
static void
test_short(void **state)
{
    size_t i;

    (void)state;
    authenticate(1);
    assert_int_equal(bind(e.client, &e.proof), 0);
    for (i = 0; i < 17; i++) {
        e.proof.len = i;
        assert_int_equal(verify(e.server, &e.proof), CS_MALFORMED);
    }
}

/* What the context has to have, by the time that the server is verified. */
static void
test_lacking(void **state)
{
    static const struct {
        OM_uint32 flags;
        int krb5, ret;
    } cases[] = {
        { GSS_C_CONF_FLAG, 0, CS_POLICY },
        { GSS_C_INTEG_FLAG, 0, CS_POLICY },
        { GSS_C_MUTUAL_FLAG, 0, 0 },    /* NTLM has none */
        { GSS_C_MUTUAL_FLAG, 1, CS_POLICY },
    };
    gss_OID_desc krb5 = cs_oid_krb5;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        end(state);
        begin(state);
        lacking = cases[i].flags;
        other_mech = cases[i].krb5 ? &krb5 : GSS_C_NO_OID;
        authenticate(1);
        lacking = 0;
        assert_int_equal(bind(e.client, &e.proof), 0);
        /* The server looks at its own. */
        if (verify(e.server, &e.proof) == 0)
            assert_int_equal(bind(e.server, &e.answer), 0);
        assert_int_equal(cases[i].ret == 0 ? verify(e.client, &e.answer) :
                         verify(e.client, &e.proof), cases[i].ret);
        if (cases[i].ret != 0)
            assert_int_equal(delegate(), CS_USAGE);
    }
}

/* A mechanism that is neither Kerberos nor NTLM. */
static void
test_other_mechanism(void **state)
{
    gss_OID_desc other = { 3, (void *)"\x2a\x03\x04" };
    struct cs_buf a, b;

    (void)state;
    other_mech = &other;
    a = pass(e.client, none);
    b = pass(e.server, cs_buf_span(&a));
    cs_buf_free(&a);
    a = pass(e.client, cs_buf_span(&b));
    assert_int_equal(e.server->ops->step(e.server, cs_buf_span(&a), &e.answer,
                                         &e.err), CS_POLICY);
    cs_buf_free(&a);
    cs_buf_free(&b);
}

/* A mechanism that signs and does not encrypt. */
static void
test_in_clear(void **state)
{
    (void)state;
    authenticate(1);
    in_clear = 1;
    assert_int_equal(bind(e.client, &e.proof), CS_INNER);
    assert_int_equal(e.proof.len, 0);
    end(state);
    begin(state);
    prove();
    in_clear = 1;
    assert_int_equal(verify(e.client, &e.answer), CS_INNER);
    end(state);
    begin(state);
    prove();
    assert_int_equal(verify(e.client, &e.answer), 0);
    in_clear = 1;
    assert_int_equal(delegate(), CS_INNER);
    assert_int_equal(e.secret.len, 0);
}

/* Begin one as the client does, with this policy. */
static int
initiate(struct cs_policy policy, const char *password, int verified,
         struct cs_inner **out)
{
    struct cs_creds_options o = { .user = "TEST\\alice" };
    gss_buffer_desc text = { 7, (void *)"HTTP@w1" };
    struct cs_proof proof = { 0 };
    struct cs_creds *creds;
    OM_uint32 minor;
    int ret;

    if (password != NULL)
        o.password = (struct cs_span){ (const uint8_t *)password,
                                       strlen(password) };
    assert_int_equal(cs_creds_new(&o, &creds, NULL), 0);
    assert_false(GSS_ERROR(gss_import_name(&minor, &text,
                                           GSS_C_NT_HOSTBASED_SERVICE,
                                           &proof.ntlm)));
    ret = cs_inner_initiator(creds, &proof, &policy, verified, out, &e.err);
    (void)gss_release_name(&minor, &proof.ntlm);
    cs_creds_free(&creds);
    return ret;
}

static void
test_policy(void **state)
{
    const struct cs_policy good = { 1, 1, 0 }, nobody = { 0, 1, 0 },
        kerberos = { 1, 0, 0 };
    struct cs_inner *inner;

    (void)state;
    assert_int_equal(initiate(nobody, PAIR_PASSWORD, 1, &inner), CS_POLICY);
    assert_null(inner);
    assert_int_equal(initiate(good, NULL, 1, &inner), CS_POLICY);
    assert_int_equal(initiate(kerberos, PAIR_PASSWORD, 0, &inner), CS_POLICY);
    assert_int_equal(initiate(good, PAIR_PASSWORD, 0, &inner), 0);
    cs_inner_free(&inner);
}

/* What is no credential: CredSSP has texts with an end, and a user. */
static void
test_credentials(void **state)
{
    static const char *const nobodies[] = { "", "CORP\\", "@TEST.EXAMPLE" };
    struct cs_creds_options o = { .user = "alice" };
    struct cs_creds *creds;
    size_t i;

    (void)state;
    o.password = (struct cs_span){ (const uint8_t *)"pass\0word", 9 };
    assert_int_equal(cs_creds_new(&o, &creds, NULL), CS_USAGE);
    assert_null(creds);
    o.password.len = 4;
    for (i = 0; i < sizeof(nobodies) / sizeof(*nobodies); i++) {
        o.user = nobodies[i];
        assert_int_equal(cs_creds_new(&o, &creds, NULL), CS_USAGE);
        assert_null(creds);
    }
}

/* A buffer that grows leaves nothing where it was, nor does one that goes. */
static void
test_buffer(void **state)
{
    static const char zeros[sizeof(left_behind)];
    struct cs_buf buf = CS_BUF_INIT(4096);
    uint8_t more[2048] = { 0 };

    (void)state;
    cs_buf_add(&buf, "password", 8);
    memset(left_behind, 'x', sizeof(left_behind));
    watched = buf.p;
    cs_buf_add(&buf, more, sizeof(more));
    assert_null(watched);
    assert_memory_equal(left_behind, zeros, sizeof(zeros));
    assert_memory_equal(buf.p, "password", 8);
    memset(left_behind, 'x', sizeof(left_behind));
    watched = buf.p;
    cs_buf_free(&buf);
    assert_null(watched);
    assert_memory_equal(left_behind, zeros, sizeof(zeros));
}

/* Nor does a secret, whose pages may be somebody's next. */
static void
test_secret(void **state)
{
    static const char zeros[sizeof(left_behind)];
    struct cs_span bytes = { (const uint8_t *)"password", 8 };
    struct cs_secret s = { 0 };

    (void)state;
    assert_int_equal(cs_secret_set(&s, bytes, 1), 0);
    assert_memory_equal(s.p, "password", 8);
    memset(left_behind, 'x', sizeof(left_behind));
    watched = s.p;
    cs_secret_free(&s);
    assert_null(watched);
    assert_memory_equal(left_behind, zeros, sizeof(zeros));
}

/* A verified certificate makes NTLM enough; and it has to be the binding's. */
static void
test_verified(void **state)
{
    const struct cs_policy kerberos = { 1, 0, 0 };
    int verified;

    for (verified = 0; verified < 2; verified++) {
        end(state);
        begin(state);
        cs_inner_free(&e.client);
        assert_int_equal(initiate(kerberos, PAIR_PASSWORD, 1, &e.client), 0);
        authenticate(1);
        e.binding.verified = verified;
        assert_int_equal(bind(e.client, &e.proof), 0);
        assert_int_equal(verify(e.server, &e.proof), 0);
        assert_int_equal(bind(e.server, &e.answer), 0);
        assert_int_equal(verify(e.client, &e.answer), verified ? 0 :
                         CS_POLICY);
        assert_int_equal(delegate(), verified ? 0 : CS_USAGE);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order),
        TEST(test_too_early),
        TEST(test_incomplete),
        TEST(test_changed_binding),
        TEST(test_version),
        TEST(test_short),
        TEST(test_lacking),
        TEST(test_other_mechanism),
        TEST(test_in_clear),
        TEST(test_policy),
        TEST(test_credentials),
        TEST(test_buffer),
        TEST(test_secret),
        TEST(test_verified),
    };

    return cmocka_run_group_tests_name("CredSSP's inner context", tests,
                                       pair_setup, pair_teardown);
}
