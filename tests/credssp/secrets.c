/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * secrets.c - after a delegation by the mechanism, with Kerberos inside, no
 * copy of the password is left in either process, a core of it, or libkrb5's
 * trace.  secrets.py runs it in a realm that knows the user.
 *
 * (With NTLM, whose acceptor knows the password anyway, and at other points of
 * the exchange: tests/unit/test_cs_secrets.c.)
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gssapi/gssapi_ext.h>

#include "tests/unit/cs_search.h"
#include "plugin/credssp/mech/gss_credssp.h"

#define TOKEN_MAX ((size_t)1 << 20)

static gss_OID_desc mech = { GSS_CREDSSP_OID_LENGTH, (void *)GSS_CREDSSP_OID };
static gss_OID_desc ask_delegated = { GSS_CREDSSP_INQ_LENGTH,
                                      (void *)GSS_CREDSSP_INQ_DELEGATED };
static gss_OID_set_desc mechs = { 1, &mech };

/* Is all well?  If not, print why. */
static int
good(const char *what, OM_uint32 major, OM_uint32 minor)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 tmp, more = 0;

    if (!GSS_ERROR(major))
        return 1;
    (void)gss_display_status(&tmp, minor, GSS_C_MECH_CODE, &mech, &more,
                             &text);
    print_message("# %s: %.*s\n", what, (int)text.length,
                  (char *)text.value);
    (void)gss_release_buffer(&tmp, &text);
    return 0;
}

static int
send_buffer(int fd, gss_buffer_t token)
{
    struct cs_span span = { token->value, token->length };
    OM_uint32 minor;

    if (span.len > 0)
        send_token(fd, span);
    return !GSS_ERROR(gss_release_buffer(&minor, token));
}

static gss_name_t
target(void)
{
    gss_buffer_desc text = { 23, (void *)"HOST@web01.test.example" };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &name), GSS_S_COMPLETE);
    return name;
}

/* One call of the initiator. */
static OM_uint32
initiate(gss_cred_id_t cred, gss_ctx_id_t *ctx, gss_buffer_t in,
         gss_buffer_t out)
{
    gss_name_t name = target();
    OM_uint32 major, minor, tmp;

    major = gss_init_sec_context(&minor, cred, ctx, name, &mech,
                                 GSS_C_MUTUAL_FLAG, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS, in, NULL, out,
                                 NULL, NULL);
    (void)gss_release_name(&tmp, &name);
    return good("initiator", major, minor) ? major : GSS_S_FAILURE;
}

/* --- The acceptor's process --- */

struct acceptor {
    gss_cred_id_t cred, delegated;
    gss_ctx_id_t ctx;
    gss_name_t source;
};

static int
accept_all(int fd, struct acceptor *a)
{
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX);
    gss_buffer_desc token, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &mechs, GSS_C_ACCEPT,
                             &a->cred, NULL, NULL);
    if (!GSS_ERROR(major))
        major = GSS_S_CONTINUE_NEEDED;
    while (major == GSS_S_CONTINUE_NEEDED && receive_token(fd, &in)) {
        token.value = in.p;
        token.length = in.len;
        major = gss_accept_sec_context(&minor, &a->ctx, a->cred, &token,
                                       GSS_C_NO_CHANNEL_BINDINGS, &a->source,
                                       NULL, &out, NULL, NULL, &a->delegated);
        (void)send_buffer(fd, &out);
    }
    cs_buf_free(&in);
    return good("acceptor", major, minor) && major == GSS_S_COMPLETE;
}

/* A ticket is got with the password: the second hop's first leg. */
static int
use_delegated(gss_cred_id_t cred)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
    OM_uint32 minor, major = initiate(cred, &ctx, GSS_C_NO_BUFFER, &out);

    (void)gss_release_buffer(&minor, &out);
    (void)gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
    return major == GSS_S_CONTINUE_NEEDED;
}

/* Whoever asks for the password has to wipe it. */
static int
ask_and_wipe(gss_ctx_id_t ctx)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 minor, major;
    size_t i, last = 0;

    major = gss_inquire_sec_context_by_oid(&minor, ctx, &ask_delegated, &set);
    if (!good("inquiry", major, minor))
        return 0;
    for (i = 0; i < set->count; i++) {
        last = set->elements[i].length;
        explicit_bzero(set->elements[i].value, last);
    }
    (void)gss_release_buffer_set(&minor, &set);
    return i == 3 && last == SECRET_LENGTH;
}

/* Its status says what is wrong. */
static int
serve(int fd)
{
    struct acceptor a = { 0 };
    OM_uint32 minor;

    if (!accept_all(fd, &a) || a.delegated == GSS_C_NO_CREDENTIAL)
        return 1;
    if (secret_in_memory() == 0)
        return 2;
    if (!use_delegated(a.delegated))
        return 3;
    if (!ask_and_wipe(a.ctx))
        return 4;
    (void)gss_release_cred(&minor, &a.delegated);
    (void)gss_delete_sec_context(&minor, &a.ctx, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &a.cred);
    (void)gss_release_name(&minor, &a.source);
    if (secret_in_memory() != 0)
        return 5;
    return secret_in_core() > 0 ? 6 : 0;
}

/* --- The initiator's --- */

static gss_cred_id_t
acquire(void)
{
    char password[SECRET_LENGTH + 1];
    gss_key_value_element_desc keys[] = {
        { "user", "secret@TEST.EXAMPLE" }, { "mechs", "krb5" },
        { "framing", "rfc2743" }, { "password", password }
    };
    gss_key_value_set_desc store = { 4, keys };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 major, minor;

    secret_decode(password);
    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, 0, &mechs,
                                  GSS_C_INITIATE, &store, &cred, NULL, NULL);
    explicit_bzero(password, sizeof(password));
    assert_true(good("credential", major, minor));
    return cred;
}

static gss_ctx_id_t
initiate_all(int fd, gss_cred_id_t cred)
{
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX);
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
    OM_uint32 major;

    do {
        token.value = in.p;
        token.length = in.len;
        major = initiate(cred, &ctx, &token, &out);
        assert_true(send_buffer(fd, &out));
    } while (major == GSS_S_CONTINUE_NEEDED && receive_token(fd, &in));
    cs_buf_free(&in);
    assert_int_equal(major, GSS_S_COMPLETE);
    return ctx;
}

static void
test_kerberos(void **state)
{
    gss_cred_id_t cred;
    gss_ctx_id_t ctx;
    OM_uint32 minor;
    pid_t pid;
    int fd;

    (void)state;
    pid = start_process(serve, &fd);
    cred = acquire();
    assert_true(secret_in_memory() > 0);        /* there it is */
    ctx = initiate_all(fd, cred);
    (void)gss_release_cred(&minor, &cred);
    /* The context lives on, for messages, and the password does not. */
    assert_int_equal(secret_in_memory(), 0);
    assert_true(secret_in_core() <= 0);
    (void)close(fd);
    assert_int_equal(end_process(pid), 0);
    (void)gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
    assert_int_equal(secret_in_memory(), 0);
}

static void
test_trace(void **state)
{
    (void)state;
    secret_in_no_trace("KRB5_TRACE");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kerberos),
        cmocka_unit_test(test_trace),
    };

    return cmocka_run_group_tests_name("secrets by the mechanism", tests,
                                       NULL, NULL);
}
