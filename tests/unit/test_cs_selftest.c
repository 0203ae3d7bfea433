/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_selftest.c - what SPNEGO's self-test makes of a library.
 *
 * The linker sends GSSAPI's calls through here, for libraries that read the
 * one tag or the other, and for one that fails.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/credssp/spnego.h"
#include "tests/unit/unit.h"

#define TOKEN_MAX 64

static enum { READS_RIGHT = 0xA3, READS_ODD = 0xA4, FAILS = 0 } library;
static int asked;

__typeof__(gss_acquire_cred_from) __wrap_gss_acquire_cred_from;
__typeof__(gss_set_neg_mechs) __wrap_gss_set_neg_mechs;
__typeof__(gss_init_sec_context) __wrap_gss_init_sec_context;

OM_uint32
__wrap_gss_acquire_cred_from(OM_uint32 *minor, gss_name_t name,
                             OM_uint32 lifetime, gss_OID_set mechs,
                             gss_cred_usage_t usage,
                             gss_const_key_value_set_t store,
                             gss_cred_id_t *out, gss_OID_set *actual,
                             OM_uint32 *lasts)
{
    (void)name;
    (void)lifetime;
    (void)mechs;
    (void)usage;
    (void)store;
    (void)actual;
    (void)lasts;
    *minor = 0;
    *out = GSS_C_NO_CREDENTIAL;
    return GSS_S_COMPLETE;
}

OM_uint32
__wrap_gss_set_neg_mechs(OM_uint32 *minor, gss_cred_id_t cred,
                         const gss_OID_set mechs)
{
    (void)cred;
    (void)mechs;
    *minor = 0;
    return GSS_S_COMPLETE;
}

OM_uint32
__wrap_gss_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                            gss_ctx_id_t *ctx, gss_name_t target,
                            gss_OID mech, OM_uint32 flags, OM_uint32 time,
                            gss_channel_bindings_t bindings,
                            gss_buffer_t in, gss_OID *actual,
                            gss_buffer_t out, OM_uint32 *got,
                            OM_uint32 *lasts)
{
    (void)cred;
    (void)ctx;
    (void)target;
    (void)mech;
    (void)flags;
    (void)time;
    (void)bindings;
    (void)actual;
    (void)out;
    (void)got;
    (void)lasts;
    *minor = 0;
    if (in == GSS_C_NO_BUFFER) {
        asked++;
        return GSS_S_CONTINUE_NEEDED;
    }
    if (library == FAILS) {
        *minor = ENOMEM;
        return GSS_S_FAILURE;
    }
    return memchr(in->value, (int)library, in->length) != NULL ?
        GSS_S_DEFECTIVE_TOKEN : GSS_S_FAILURE;
}

/* The mechListMIC's tag in what the library gets. */
static uint8_t
tag(void)
{
    static const uint8_t token[] = {
        0xA1, 0x07, 0x30, 0x05, 0xA3, 3, 4, 1, 'x'
    };
    const struct cs_span in = { token, sizeof(token) };
    struct cs_buf room = CS_BUF_INIT(TOKEN_MAX);
    struct cs_span out;
    struct cs_error err;
    uint8_t made;

    assert_int_equal(cs_spnego_token(in, &room, &out, &err), 0);
    assert_int_equal(out.len, sizeof(token));
    made = out.p[4];
    cs_buf_free(&room);
    return made;
}

/* What a failure says of the library is nothing; what is found, is kept. */
static void
test_failure(void **state)
{
    int found;

    (void)state;
    library = FAILS;
    assert_int_equal(tag(), READS_RIGHT);
    library = READS_ODD;
    assert_int_equal(tag(), READS_ODD);
    found = asked;
    assert_true(found > 0);
    library = READS_RIGHT;
    assert_int_equal(tag(), READS_ODD);
    assert_int_equal(asked, found);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure),
    };

    return cmocka_run_group_tests_name("SPNEGO's self-test", tests, NULL,
                                       NULL);
}
