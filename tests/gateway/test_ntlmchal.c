/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_ntlmchal.c - the computer's name in an NTLM challenge. */
#include "config.h"

#include "tests/unit/cs_hex.h"
#include "helper/wsman/ntlmchal.h"

/* A domain member's, as Windows sends it; pyspnego 0.12.4's; and the first in
 * a NegTokenResp. */
#define MEMBER_HEAD "4e544c4d53535000020000000e000e0038000000158289e2" \
    "01020304050607080000000000000000" "8a008a0046000000" "0a0063450000000f" \
    "4500580041004d0050004c004500"
#define MEMBER_INFO "02000e004500580041004d0050004c004500" \
    "01000a0057004500420030003100" \
    "040016006500780061006d0070006c0065002e0063006f006d00" \
    "0300220057006500620030003100" \
    "2e004500780061006d0070006c0065002e0063006f006d00" \
    "050016006500780061006d0070006c0065002e0063006f006d00" \
    "070008000000000000000000" "00000000"
#define MEMBER MEMBER_HEAD MEMBER_INFO
#define ALONE "4e544c4d5353500002000000040004003800000035828ae2" \
    "96b32ea83b3ff5c9" \
    "00000000000000003a003a003c000000000c04000000000f56004d00" \
    "0100040056004d000200160057004f0052004b00530054004100540049004f004e00" \
    "0300040076006d0007000800acb81d26c47cdd0100000000"
/* gss-ntlmssp 1.2.0's answer to ours. */
#define GSS_NTLMSSP "4e544c4d5353500002000000040004003800000005828aa2" \
    "a943fa75991fde560000000000000000" "420042003c000000060200000000000f" \
    "56004d00" "0100040056004d00" "0200160057004f0052004b0053005400410054" \
    "0049004f004e00" "0300040076006d00" "06000400" "00000000" \
    "07000800e0f81422c67cdd01" "00000000"
#define SPNEGO "a181ec3081e9a0030a0101a10c060a2b06010401823702020a" \
    "a281d30481d0" MEMBER

/* A challenge of 48 bytes and this target information. */
#define CHALLENGE(len) "4e544c4d5353500002000000000000000000000005820820" \
    "01020304050607080000000000000000" len len "30000000"

static const struct {
    const char *hex, *name;     /* NULL: refused */
} challenges[] = {
    { MEMBER, "web01.example.com" },
    { ALONE, "vm" },
    { GSS_NTLMSSP, "vm" },
    { SPNEGO, "web01.example.com" },
    { CHALLENGE("0a00") "030002006100" "00000000", "a" },
    { CHALLENGE("0a00") "030002005f00" "00000000", "_" },
    { CHALLENGE("0a00") "030002006100" "00000000" "ff", "a" },

    { "", NULL },
    { CHALLENGE("0000"), NULL },
    { CHALLENGE("0400") "00000000", NULL },                 /* no name */
    { CHALLENGE("0a00") "010002006100" "00000000", NULL },  /* another */
    { CHALLENGE("0800") "03000000" "00000000", NULL },      /* empty */
    { CHALLENGE("0600") "030002006100", NULL },             /* no end */
    { CHALLENGE("0800") "030002006100" "0000", NULL },
    { CHALLENGE("0a00") "030002006100" "00000100", NULL },
    { CHALLENGE("0a00") "030004006100" "00000000", NULL },
    { CHALLENGE("0a00") "0300ffff6100" "00000000", NULL },
    { CHALLENGE("0b00") "030002006100" "00000000", NULL },  /* cut off */
    { CHALLENGE("ffff") "030002006100" "00000000", NULL },
    { CHALLENGE("1000") "030002006100" "030002006100" "00000000", NULL },
    { CHALLENGE("0900") "0300010061" "00000000", NULL },    /* odd */
    { CHALLENGE("0a00") "030002000000" "00000000", NULL },  /* NUL */
    { CHALLENGE("0a00") "030002002f00" "00000000", NULL },  /* slash */
    { CHALLENGE("0a00") "030002002000" "00000000", NULL },
    { CHALLENGE("0a00") "030002000a00" "00000000", NULL },
    { CHALLENGE("0a00") "030002002e00" "00000000", NULL },
    { CHALLENGE("0a00") "030002002d00" "00000000", NULL },
    { CHALLENGE("0a00") "03000200e900" "00000000", NULL },
    { CHALLENGE("0a00") "0300020000d8" "00000000", NULL },  /* surrogate */
    { CHALLENGE("0c00") "0300040061002e00" "00000000", NULL },
    /* An offset into the fixed part; a wrapped one; not a challenge. */
    { "4e544c4d5353500002000000" "0000000000000000" "05820820"
      "030002006100000000000000" "00000000" "0a000a0018000000", NULL },
    { "4e544c4d5353500002000000" "0000000000000000" "05820820"
      "0102030405060708" "0000000000000000" "0a000a00fcffffff"
      "03000200610000000000", NULL },
    { "4e544c4d5353500001000000" "0000000000000000" "05820820"
      "0102030405060708" "0000000000000000" "0a000a0030000000"
      "03000200610000000000", NULL },
    { "4e544c4d5353502002000000" "0000000000000000" "05820820"
      "0102030405060708" "0000000000000000" "0a000a0030000000"
      "03000200610000000000", NULL },
    /* NegTokenResp: without a token, with what follows it, not minimal. */
    { "a1073005a0030a0101", NULL },
    { SPNEGO "00", NULL },
    { "a18200ec3081e9a0030a0101a10c060a2b06010401823702020aa281d30481d0"
      MEMBER, NULL },
    { "a181dc3081d9a281d60481d30000", NULL },
};

static void
test_challenges(void **state)
{
    struct cs_error err;
    struct cs_span token;
    char name[64];
    size_t i;
    int ret;

    (void)state;
    for (i = 0; i < COUNT(challenges); i++) {
        memset(&err, 0, sizeof(err));
        token = unhex(challenges[i].hex);
        ret = gate_ntlm_name(token, name, sizeof(name), &err);
        if (challenges[i].name == NULL ?
            ret != CS_MALFORMED || name[0] != '\0' || err.text[0] == '\0' :
            ret != 0 || strcmp(name, challenges[i].name) != 0)
            fail_msg("%zu: %s", i, challenges[i].hex);
        drop(token);
    }
}

static void
test_truncated(void **state)
{
    const char *whole[] = { MEMBER, ALONE, SPNEGO };
    struct cs_span token, cut;
    char name[64];
    size_t i, len;

    (void)state;
    for (i = 0; i < COUNT(whole); i++) {
        token = unhex(whole[i]);
        for (len = 0; len < token.len; len++) {
            cut = exact(token.p, len);
            if (gate_ntlm_name(cut, name, sizeof(name), NULL) != CS_MALFORMED)
                fail_msg("%zu: %zu of %zu", i, len, token.len);
            drop(cut);
        }
        drop(token);
    }
}

/* The name and its NUL must fit. */
static void
test_room(void **state)
{
    struct cs_span token = unhex(MEMBER);
    char name[18];

    (void)state;
    assert_int_equal(gate_ntlm_name(token, name, 18, NULL), 0);
    assert_int_equal(gate_ntlm_name(token, name, 17, NULL), CS_MALFORMED);
    assert_int_equal(gate_ntlm_name(token, name, 1, NULL), CS_MALFORMED);
    drop(token);
}

static void
test_negotiate(void **state)
{
    (void)state;
    assert_true(is_hex(gate_ntlm_negotiate(), "4e544c4d5353500001000000"
                       "058208a0" "0000000000000000" "0000000000000000"
                       "0000000000000000"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_challenges),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_negotiate),
    };

    return cmocka_run_group_tests_name("NTLM challenges", tests, NULL, NULL);
}
