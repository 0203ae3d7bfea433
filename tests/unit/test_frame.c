/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_frame.c - the mechglue's frames, and tokens, byte for byte. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/frame.h"
#include "plugin/token.h"
#include "tests/unit/unit.h"

/* u32 15, our OID and krb5's, and what follows. */
#define OID_FRAME "\x00\x00\x00\x0f\x69\x85\xbb\xf5\xe6\x18" \
    "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"

static gss_buffer_desc
buffer(const void *bytes, size_t len)
{
    gss_buffer_desc b = { len, (len > 0) ? malloc(len) : NULL };

    if (len > 0)
        memcpy(b.value, bytes, len);
    return b;
}

static void
test_frame(void **state)
{
    gss_buffer_desc token = { 3, (void *)"abc" }, none = { 0, NULL }, out;
    OM_uint32 minor;

    (void)state;
    assert_int_equal(gw_frame_ctx(&minor, &token, &out), 0);
    assert_int_equal(out.length, 22);
    assert_memory_equal(out.value, OID_FRAME "abc", 22);
    free(out.value);
    assert_int_equal(gw_frame_cred(&minor, &token, &out), 0);
    assert_int_equal(out.length, 26);
    assert_memory_equal(out.value, OID_FRAME "\x00\x00\x00\x03" "abc", 26);
    free(out.value);
    assert_int_equal(gw_frame_ctx(&minor, &none, &out), 0);
    assert_int_equal(out.length, 19);
    free(out.value);
}

static void
unframes(OM_uint32 (*unframe)(OM_uint32 *, gss_buffer_t), const void *bytes,
         size_t len, const char *want)
{
    gss_buffer_desc token = buffer(bytes, len);
    OM_uint32 minor, major = unframe(&minor, &token);

    if (want == NULL) {
        assert_int_equal(major, GSS_S_DEFECTIVE_TOKEN);
        assert_null(token.value);
        return;
    }
    assert_int_equal(major, GSS_S_COMPLETE);
    assert_int_equal(token.length, strlen(want));
    assert_memory_equal(token.value, want, strlen(want));
    free(token.value);
}
#define UNFRAMES(f, bytes, want) unframes(f, bytes, sizeof(bytes) - 1, want)

static void
test_unframe(void **state)
{
    (void)state;
    UNFRAMES(gw_unframe_ctx, "\0\0\0\2OItoken", "token");
    UNFRAMES(gw_unframe_ctx, "\0\0\0\2OI", "");
    UNFRAMES(gw_unframe_ctx, "\0\0\0\3OI", NULL);
    UNFRAMES(gw_unframe_ctx, "\377\377\377\377OI", NULL);
    UNFRAMES(gw_unframe_ctx, "\0\0\0", NULL);
    unframes(gw_unframe_ctx, NULL, 0, NULL);
    UNFRAMES(gw_unframe_cred, "\0\0\0\2OI\0\0\0\5token", "token");
    UNFRAMES(gw_unframe_cred, "\0\0\0\2OI\0\0\0\0", "");
    UNFRAMES(gw_unframe_cred, "\0\0\0\2OI\0\0\0\5toke", NULL);
    UNFRAMES(gw_unframe_cred, "\0\0\0\2OI\0\0\0\5token!", NULL);
    UNFRAMES(gw_unframe_cred, "\0\0\0\2OI\0\0\0", NULL);
    UNFRAMES(gw_unframe_cred, "\0\0\0\2OI\377\377\377\377", NULL);
}

static void
is_error(const void *bytes, size_t len, int want)
{
    assert_int_equal(gw_is_error_token(bytes, len), want);
}
#define IS_ERROR(bytes, want) is_error(bytes, sizeof(bytes) - 1, want)
#define K5 "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"

static void
test_error_token(void **state)
{
    (void)state;
    IS_ERROR("\x60\x0f" K5 "\x03\x00\x7e\x00", 1);
    IS_ERROR("\x60\x81\x90" K5 "\x03\x00\x7e", 1);
    IS_ERROR("\x60\x82\x01\x90" K5 "\x03\x00", 1);
    IS_ERROR("\x7e\x03\x30", 1);
    IS_ERROR("\x60\x0f" K5 "\x02\x00\x6f\x00", 0);   /* an AP-REP */
    IS_ERROR("\x60\x0f" K5 "\x03\x01\x7e\x00", 0);
    IS_ERROR("\x60\x0f" K5 "\x03", 0);               /* cut off */
    IS_ERROR("\x60\xff" K5 "\x03\x00", 0);
    IS_ERROR("\x60", 0);
    IS_ERROR("", 0);
    IS_ERROR("\xa1\x07\x30\x05\xa0\x03\x0a\x01\x02", 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_unframe),
        cmocka_unit_test(test_error_token),
    };

    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
